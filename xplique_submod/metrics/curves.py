"""Faithfulness curves and the numbers that they give."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from submod_core import Curves, walk
from submod_core import metrics as core
from submod_core._checks import check_count
from xplique_submod.metrics._model import ModelMetric, rows_of


class _CurveMetric(ModelMetric):
    """A number of the insertion and deletion curves (LiMA, Eq. 13–14).

    Parameters
    ----------
    model, inputs, targets, batch_size, operator
        As in Xplique's metrics; the result does not depend on `batch_size`.
    baseline_mode : number, array, str or callable
        What replaces a removed pixel: a number, an array that broadcasts to the inputs, a name of
        `submod_core.BASELINES`, or a function of all inputs.
    regions : array_like of int, optional
        One label map (H, W), or one for each input. With it the steps are region by region, ordered by the mean score
        of each; without it they are pixel by pixel (element by element in inputs that are no images).
    steps : int
        Number of pixel-wise steps, of nearly equal size; equal scores are taken in reading order.
    activation : {None, "softmax", "sigmoid"}
        What turns the outputs into probabilities; by default nothing, as in Xplique.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or shape, on construction or on the first use.
    """

    def __init__(
        self,
        model: Any,
        inputs: Any,
        targets: Any = None,
        batch_size: int | None = 64,
        baseline_mode: Any = 0.0,
        regions: Any = None,
        steps: int = 50,
        operator: Any = None,
        activation: str | None = None,
    ) -> None:
        check_count("steps", steps)
        super().__init__(model, inputs, targets, batch_size, baseline_mode, regions, operator, activation)
        self.steps = steps

    def curves(self, explanations: Any) -> list[Curves]:
        """The curves of each example, with both end points."""
        rows, labels = rows_of(explanations, self.inputs), self._labels()
        parts = [core.steps_of(row, self._shape(), map_, self.steps) for row, map_ in zip(rows, labels, strict=True)]
        return self._ask(lambda i, sizes: walk(parts[i].order, sizes), parts)

    def per_example(self, explanations: Any) -> np.ndarray:
        """The number of each example, (N,) float64."""
        return np.array([self.number(curves) for curves in self.curves(explanations)], dtype=np.float64)

    def number(self, curves: Curves) -> float:
        """The number of one example's curves."""
        raise NotImplementedError


class Insertion(_CurveMetric):
    """Area under the insertion curve; higher is better.

    Parameters, `curves` and `per_example` are those of every curve metric: model, inputs, targets, batch_size,
    baseline_mode, regions, steps, operator, activation.

    Examples
    --------
    >>> import tensorflow as tf
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
    >>> images, targets = np.random.default_rng(0).random((2, 8, 8, 3), np.float32), np.eye(10)[:2]
    >>> metric = Insertion(model, images, targets, steps=16, activation="softmax")
    >>> metric.per_example(images).shape, metric.curves(images)[0].insertion.shape
    ((2,), (17,))
    """

    name = "insertion"

    def number(self, curves: Curves) -> float:
        """Area by the trapezoid rule over the share of the input that is revealed."""
        return curves.insertion_auc

    def detailed_evaluate(self, explanations: Any) -> dict[int, float]:
        """The mean curve as Xplique's plots take it: from the number of elements revealed to the score."""
        return _mean_curve(self.curves(explanations), "insertion", self._shape())


class Deletion(_CurveMetric):
    """Area under the deletion curve; lower is better.

    Parameters, `curves` and `per_example` are those of `Insertion`.

    Examples
    --------
    >>> import tensorflow as tf
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
    >>> images, targets = np.random.default_rng(0).random((2, 8, 8, 3), np.float32), np.eye(10)[:2]
    >>> isinstance(Deletion(model, images, targets, baseline_mode="blur")(images), float)
    True
    """

    name = "deletion"

    def number(self, curves: Curves) -> float:
        """Area by the trapezoid rule over the share of the input that is removed."""
        return curves.deletion_auc

    def detailed_evaluate(self, explanations: Any) -> dict[int, float]:
        """The mean curve as Xplique's plots take it: from the number of elements removed to the score."""
        return _mean_curve(self.curves(explanations), "deletion", self._shape())


class HighestConfidence(_CurveMetric):
    """The target's highest score with at most `max_area` of the input revealed (LiMA, Eq. 15); higher is better.

    NaN for an example that no step leaves so small. The mean is the papers' average highest confidence.

    Parameters
    ----------
    max_area : float
        Share of the input, in (0, 1]. The other parameters are those of `Insertion`.

    Raises
    ------
    ValueError
        If `max_area` is out of range.

    Examples
    --------
    >>> import tensorflow as tf
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
    >>> images, targets = np.random.default_rng(0).random((2, 8, 8, 3), np.float32), np.eye(10)[:2]
    >>> HighestConfidence(model, images, targets, max_area=0.25).per_example(images).shape
    (2,)
    """

    name = "highest_confidence"

    def __init__(self, *args: Any, max_area: float = 1.0, **kwargs: Any) -> None:
        core.check_areas([max_area])
        super().__init__(*args, **kwargs)
        self.max_area = max_area

    def number(self, curves: Curves) -> float:
        """The highest score within the area."""
        return core.highest_confidences(curves, [self.max_area])[0]


class StrongInteractions(_CurveMetric):
    """How many single steps move the target's score by more than `threshold` (LiMA, §5); neither direction is better.

    Parameters
    ----------
    threshold : float
        The other parameters are those of `Insertion`.

    Examples
    --------
    >>> import tensorflow as tf
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
    >>> images, targets = np.random.default_rng(0).random((2, 8, 8, 3), np.float32), np.eye(10)[:2]
    >>> StrongInteractions(model, images, targets, activation="softmax")(images)
    0.0
    """

    name = "strong_interactions"

    def __init__(self, *args: Any, threshold: float = 0.5, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.threshold = threshold

    def number(self, curves: Curves) -> float:
        """The number of such steps of the insertion curve."""
        return core.strong_interactions(curves, self.threshold)


def _mean_curve(curves: Sequence[Curves], name: str, shape: tuple[int, ...]) -> dict[int, float]:
    if len({tuple(curve.area.round(9)) for curve in curves}) > 1:
        raise ValueError("the curves of examples whose steps differ have no common mean; use `curves`")
    mean = np.mean([getattr(curve, name) for curve in curves], axis=0)
    counts = np.rint(curves[0].area * np.prod(shape)).astype(int)
    return dict(zip(counts.tolist(), mean.tolist(), strict=True))
