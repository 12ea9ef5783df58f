"""Metrics of the maps: against noise, against masks, alone."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from submod_core import Explanation
from submod_core import metrics as core
from submod_core._checks import check_count
from submod_core.metrics import METRICS
from xplique_submod._compat import ExplainerMetric
from xplique_submod.metrics._model import rows_of


class Robustness(ExplainerMetric):
    """Overlap of the k highest scores before and after noise on the input (SEA-NN, §5); higher is better.

    Parameters
    ----------
    model, inputs, targets, batch_size, activation
        As in Xplique's metrics of explainers.
    k : int
        How many pixels (elements, where the inputs are no images) count as the highest.
    radius : float
        The noise is uniform in [−radius, radius], in the inputs' own units.
    n_samples : int
        Noisy inputs per example.
    seed : int

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> from xplique_submod import LiMA
    >>> import tensorflow as tf
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
    >>> images, targets = np.random.default_rng(0).random((2, 8, 8, 3), np.float32), np.eye(10)[:2]
    >>> 0 <= Robustness(model, images, targets, k=16, n_samples=1)(LiMA(model, regions=(2, 2))) <= 1
    True
    """

    name = "robustness"
    higher_is_better = True

    def __init__(
        self,
        model: Any,
        inputs: Any,
        targets: Any = None,
        batch_size: int | None = 64,
        activation: str | None = None,
        *,
        k: int,
        radius: float = 0.02,
        n_samples: int = 10,
        seed: int = 0,
    ) -> None:
        check_count("k", k)
        check_count("n_samples", n_samples)
        if not radius > 0:
            raise ValueError(f"`radius` (={radius!r}) must be above 0")
        super().__init__(model, inputs, targets, batch_size, activation)
        self.k, self.radius, self.n_samples, self.seed = k, radius, n_samples, seed

    def per_example(self, explainer: Callable[..., Any]) -> np.ndarray:
        """Mean intersection over union of each example, (N,) float64 in [0, 1]."""
        rng = np.random.default_rng(self.seed)
        clean = self._highest(explainer, self.inputs)
        overlaps = []
        for _ in range(self.n_samples):
            noise = rng.uniform(-self.radius, self.radius, self.inputs.shape).astype(np.float32)
            noisy = self._highest(explainer, self.inputs + noise)
            overlaps.append([core.jaccard(a, b) for a, b in zip(clean, noisy, strict=True)])
        return np.asarray(np.mean(overlaps, axis=0), dtype=np.float64)

    def evaluate(self, explainer: Callable[..., Any]) -> float:
        """The mean over the examples."""
        return float(np.mean(self.per_example(explainer)))

    def _highest(self, explainer: Callable[..., Any], inputs: np.ndarray) -> list[Any]:
        shape = inputs.shape[1:3] if inputs.ndim == 4 else inputs.shape[1:]
        return [
            core.top_k(core.painted(row, shape), self.k) for row in rows_of(explainer(inputs, self.targets), inputs)
        ]


class _MaskMetric:
    """What looks at the maps alone."""

    name: ClassVar[str]

    @property
    def higher_is_better(self) -> bool | None:
        """The direction; None where the number only describes."""
        return METRICS[self.name].higher_is_better

    def evaluate(self, explanations: Any) -> float:
        """The mean over the examples."""
        return float(np.mean(self.per_example(explanations)))

    def __call__(self, explanations: Any) -> float:
        """The same as `evaluate`."""
        return self.evaluate(explanations)

    def per_example(self, explanations: Any) -> np.ndarray:
        """The number of each example, (N,) float64."""
        return np.array([self.number(i, scores) for i, scores in enumerate(_maps(explanations))], dtype=np.float64)

    def number(self, i: int, scores: np.ndarray) -> float:
        """The number of example i."""
        raise NotImplementedError


class PointingGame(_MaskMetric):
    """Whether the highest score lies in a mask: 1 or 0, or the share of equally high ones that do; higher is better.

    Parameters
    ----------
    masks : array_like of bool, (N, H, W) or (N, …)

    Raises
    ------
    ValueError
        On use, if a mask does not have the size of its map or is not boolean.

    Examples
    --------
    >>> PointingGame(np.array([[False, True]]))(np.array([[0.1, 0.9]]))
    1.0
    """

    name = "pointing_game"

    def __init__(self, masks: Any) -> None:
        self.masks = np.asarray(masks)

    def per_example(self, explanations: Any) -> np.ndarray:
        """The number of each example, (N,) float64."""
        maps = _maps(explanations)
        if len(self.masks) != len(maps):
            raise ValueError(f"`masks` (of shape {self.masks.shape}) must be one for each of the {len(maps)} maps")
        return super().per_example(explanations)

    def number(self, i: int, scores: np.ndarray) -> float:
        """The number of example i."""
        return core.pointing(scores, self.masks[i])


class HumanAgreement(PointingGame):
    """Jaccard score of the k highest scores with a human's mask (SEA-NN, §5); higher is better.

    Parameters
    ----------
    masks : array_like, (N, H, W) or (N, …)
        Boolean, or heatmaps, of which the k highest are taken too.
    k : int or sequence of int
        How many pixels; the mean over several such numbers.

    Raises
    ------
    ValueError
        On use, if a mask does not have the size of its map, or `k` is out of range.

    Examples
    --------
    >>> HumanAgreement(np.eye(4, dtype=bool)[None], k=[2, 4])(np.eye(4)[None])
    0.75
    """

    name = "human_agreement"

    def __init__(self, masks: Any, k: int | Sequence[int]) -> None:
        super().__init__(masks)
        self.k = np.atleast_1d(k).tolist()

    def number(self, i: int, scores: np.ndarray) -> float:
        """The number of example i."""
        return float(np.mean([core.human_agreement(scores, self.masks[i], k) for k in self.k]))


class Sparsity(_MaskMetric):
    """Gini index of the scores' absolute values, in [0, 1): how few of them have it all.

    Examples
    --------
    >>> Sparsity()(np.array([[0.0, 0.0, 0.0, 5.0]]))
    0.75
    """

    name = "sparsity"

    def number(self, i: int, scores: np.ndarray) -> float:
        """The number of example i."""
        return core.sparsity(scores)


def _maps(explanations: Any) -> list[Any]:
    return [row.paint() if isinstance(row, Explanation) else row for row in rows_of(explanations)]
