"""Metrics of a map: under noise on the input, against a mask, alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import as_numbers, check_alike, check_count, check_counts, check_positive
from submod_core._types import BoolArray, FloatArray
from submod_core.metrics.base import MapMetric, Metric


def top_k(scores: ArrayLike, k: int) -> BoolArray:
    """Mask of the k highest scores; equal scores are taken in reading order.

    Parameters
    ----------
    scores : array_like, any shape
    k : int

    Returns
    -------
    ndarray of bool, same shape

    Raises
    ------
    ValueError
        If `k` is not a whole number from 1 to the number of scores, or a score is not finite.

    Examples
    --------
    >>> top_k([[1, 3], [2, 3]], 2)
    array([[False,  True],
           [False,  True]])
    """
    array = as_numbers("attributions", scores)
    check_count("k", k)
    if k > array.size:
        raise ValueError(f"`k` (={k}) must be at most the number of scores, {array.size}")
    chosen = np.zeros(array.size, dtype=bool)
    chosen[np.argsort(-array, axis=None, kind="stable")[:k]] = True
    return chosen.reshape(array.shape)


def jaccard(one: BoolArray, other: BoolArray) -> float:
    """Size of the intersection of two masks over that of their union; NaN if both are empty.

    Examples
    --------
    >>> jaccard(np.array([True, True]), np.array([True, False]))
    0.5
    """
    first, second = as_mask("one", one), as_mask("other", other)
    check_alike("other", second, "one", first.shape)
    union = int((first | second).sum())
    return float((first & second).sum() / union) if union else np.nan


@dataclass(frozen=True, kw_only=True)
class HumanAgreement(MapMetric):
    """Jaccard score of the k highest scores with a human's mask (SEA-NN, §5); higher is better.

    Masks are boolean, or heatmaps, of which the k highest scores are taken too.

    Parameters
    ----------
    k : int or sequence of int
        Number of pixels; for a sequence the metric gives one number for each k.

    Raises
    ------
    ValueError
        If `k` is not a whole number of at least 1, or on use more than there are pixels.

    Examples
    --------
    >>> HumanAgreement(k=2).number([0.9, 0.1, 0.5], np.array([True, False, False]))
    0.5
    """

    name: ClassVar[str] = "human_agreement"
    higher_is_better: ClassVar[bool | None] = True
    steps_by: ClassVar[str] = "none: compares the map with a mask"
    needs_masks: ClassVar[bool] = True
    example: ClassVar[str] = "k=16"

    k: int | Sequence[int]

    def __post_init__(self) -> None:
        if isinstance(self.k, Sequence | np.ndarray) and not isinstance(self.k, str):
            check_counts("k", self.k)
        else:
            check_count("k", self.k)

    def number(self, scores: Any, mask: Any = None) -> float | list[float]:
        """The score, or one for each k."""
        found = [
            jaccard(top_k(scores, k), _mask(scores, mask, k))
            for k in np.atleast_1d(self.k).tolist()
        ]
        return found[0] if np.ndim(self.k) == 0 else found


@dataclass(frozen=True, kw_only=True)
class PointingGame(MapMetric):
    """Pointing game: 1 if the highest score lies in a mask, else 0; higher is better.

    Where several scores are equally high, the share of these that lies in the mask. Masks are
    boolean.

    Examples
    --------
    >>> mask = np.array([True, False])
    >>> PointingGame().number([0.9, 0.1], mask), PointingGame().number([0.9, 0.9], mask)
    (1.0, 0.5)
    """

    name: ClassVar[str] = "pointing_game"
    higher_is_better: ClassVar[bool | None] = True
    steps_by: ClassVar[str] = "none: compares the map with a mask"
    needs_masks: ClassVar[bool] = True

    def number(self, scores: Any, mask: Any = None) -> float:
        """Share of the highest scores that lies in the mask."""
        array = as_numbers("attributions", scores)
        inside = _mask(scores, mask)
        return float(inside[array == array.max()].mean())


@dataclass(frozen=True, kw_only=True)
class Sparsity(MapMetric):
    """Gini index of the scores' absolute values: their concentration on few elements.

    In [0, 1): 0 if all are equal, near 1 if one has the whole sum; NaN if all are 0. The number
    only describes; neither direction is better.

    Examples
    --------
    >>> Sparsity().number([1, 1, 1, 1]), Sparsity().number([0, 0, 0, 5])
    (0.0, 0.75)
    """

    name: ClassVar[str] = "sparsity"
    higher_is_better: ClassVar[bool | None] = None
    steps_by: ClassVar[str] = "none: looks at the map alone"

    def number(self, scores: Any, mask: Any = None) -> float:
        """Gini index 2 Σ_i i·x_i / (n Σ x) − (n + 1) / n of the values x in ascending order."""
        ordered = np.sort(np.abs(as_numbers("attributions", scores)), axis=None)
        n, total = len(ordered), ordered.sum()
        gini = 2 * (np.arange(1, n + 1) @ ordered) / (n * total) - (n + 1) / n if total else np.nan
        return float(gini)


@dataclass(frozen=True, kw_only=True)
class Robustness(Metric):
    """Overlap of the k highest scores before and after noise on the input (SEA-NN, §5).

    The mean intersection over union, in [0, 1]; higher is better.

    Parameters
    ----------
    k : int
        Number of highest pixels, or elements where the inputs are no images.
    radius : float
        The noise is uniform in [−radius, radius], in the input's own units.
    n_samples : int
        Noisy inputs per example.
    seed : int

    Raises
    ------
    ValueError
        If a setting is out of range.
    """

    name: ClassVar[str] = "robustness"
    higher_is_better: ClassVar[bool | None] = True
    steps_by: ClassVar[str] = "none: compares maps of noisy inputs"

    k: int
    radius: float = 0.02
    n_samples: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        check_count("k", self.k)
        check_count("n_samples", self.n_samples)
        check_count("seed", self.seed, least=0)
        check_positive("radius", self.radius)

    def numbers(
        self, maps: Callable[[FloatArray | None], Sequence[Any]], shape: tuple[int, ...]
    ) -> FloatArray:
        """Compute the number of each example, (N,).

        Parameters
        ----------
        maps : callable
            From noise, or None, to the map of each example with this noise added to the inputs.
        shape : tuple of int
            Shape of the inputs with their channels last: the noise is the same under every host.

        Examples
        --------
        >>> Robustness(k=1).numbers(lambda noise: [np.array([1.0, 0.0])], (1, 2))
        array([1.])
        """
        # One draw of noise for all examples at once, so that the maps of a draw are computed in
        # one call; the overlap with the clean maps is averaged over the draws.
        rng = np.random.default_rng(self.seed)
        clean = [top_k(scores, self.k) for scores in maps(None)]
        overlaps = []
        for _ in range(self.n_samples):
            noise = rng.uniform(-self.radius, self.radius, shape)
            noisy = [top_k(scores, self.k) for scores in maps(noise)]
            overlaps.append([jaccard(a, b) for a, b in zip(clean, noisy, strict=True)])
        return np.asarray(np.mean(overlaps, axis=0), dtype=np.float64)


def _mask(scores: Any, human: Any, k: int | None = None) -> BoolArray:
    """A mask shaped like the scores; of a heatmap the k highest values, where k is given."""
    mask = np.asarray(human)
    as_numbers("mask", mask)
    if mask.shape != np.shape(scores):
        raise ValueError(
            f"`mask` (of shape {mask.shape}) must be shaped like the attribution, "
            f"{np.shape(scores)}"
        )
    if mask.dtype == bool:
        return mask
    if k is None:
        raise ValueError(f"`mask` (of dtype {mask.dtype}) must be boolean")
    return top_k(mask, k)


def as_mask(name: str, mask: Any) -> BoolArray:
    """A mask as a boolean array; ValueError unless it holds True and False, or 1 and 0."""
    array = as_numbers(name, mask)
    if not ((array == 0) | (array == 1)).all():
        raise ValueError(f"`{name}` must hold True and False, or 1 and 0, alone")
    return array != 0
