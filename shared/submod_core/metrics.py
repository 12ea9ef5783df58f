"""Numbers that judge an attribution: from faithfulness curves, from the map alone, or from questions to the model.

Each adapter shows masked inputs to its model and leaves the rest to this module, so that a metric is one and the same
under every host.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import pearsonr, spearmanr

from submod_core._checks import check_count
from submod_core._types import AnyArray, BoolArray, FloatArray, IntArray
from submod_core.curves import Curves, rank_groups
from submod_core.explanation import Explanation
from submod_core.ground_set import every_element
from submod_core.regions import grid
from submod_core.scheduler import Dialogue, Query
from submod_core.scores import prefixes

Correlation = Literal["spearman", "pearson"]
CORRELATIONS: dict[str, Callable[..., Any]] = {"spearman": spearmanr, "pearson": pearsonr}


class MetricInfo(NamedTuple):
    """What a metric's number means.

    Attributes
    ----------
    higher_is_better : bool or None
        None where the number only describes.
    steps : str
        What is revealed or removed at a time.
    """

    higher_is_better: bool | None
    steps: str


_ANY = "pixel by pixel, or region by region where regions or an explanation are given"

METRICS = {
    "insertion": MetricInfo(True, _ANY),
    "deletion": MetricInfo(False, _ANY),
    "highest_confidence": MetricInfo(True, _ANY),
    "strong_interactions": MetricInfo(None, _ANY),
    "mu_fidelity": MetricInfo(True, "random sets of regions"),
    "aupc": MetricInfo(False, "square patches"),
    "robustness": MetricInfo(True, "none: compares maps of noisy inputs"),
    "human_agreement": MetricInfo(True, "none: compares the map with a mask"),
    "pointing_game": MetricInfo(True, "none: compares the map with a mask"),
    "sparsity": MetricInfo(None, "none: looks at the map alone"),
}
"""The metrics that both adapters offer under these names."""


class Steps(NamedTuple):
    """Along which regions an attribution is judged.

    Attributes
    ----------
    regions : ndarray of intp
        Label map over the pixels (H, W) of an image, or over the elements of another input.
    order : ndarray of intp, (n,)
        The regions, the most important first.
    """

    regions: IntArray
    order: IntArray


def steps_of(attribution: Any, shape: tuple[int, ...], regions: Any = None, steps: int = 50) -> Steps:
    """The steps in which an attribution reveals or removes its input.

    Parameters
    ----------
    attribution : Explanation or array_like
        An explanation brings its regions and its order. Scores shaped like `shape` step pixel by pixel, or with
        `regions` region by region, by their mean in each; a vector of n scores is one for each of n `regions`.
    shape : tuple of int
        (H, W) of an image, or the shape of another input.
    regions : array_like of int, optional
        Label map that broadcasts to `shape`, with ids 0 … n−1.
    steps : int
        Number of pixel-wise steps, of nearly equal size; equal scores are taken in reading order.

    Raises
    ------
    ValueError
        If the attribution does not fit, or is not finite.

    Examples
    --------
    >>> steps_of([[0.1, 0.9]], (1, 2)).regions, steps_of([[0.1, 0.9]], (1, 2), [[0, 1]]).order
    (array([[1, 0]]), array([1, 0]))
    """
    if isinstance(attribution, Explanation):
        if isinstance(attribution.regions, tuple) or not _broadcasts(attribution.regions.shape, shape):
            raise ValueError(f"`attributions` holds an explanation that is not one of an input of shape {shape}")
        return Steps(attribution.regions, attribution.order)
    scores = np.asarray(attribution, dtype=np.float64)
    if not np.isfinite(scores).all():
        raise ValueError("`attributions` holds NaN or infinite values")
    labels = None if regions is None else np.asarray(regions)
    if labels is not None and scores.shape == (int(labels.max()) + 1,) and scores.shape != shape:
        return Steps(labels, np.argsort(-scores, kind="stable"))
    if scores.shape != shape:
        each = "" if labels is None else f" or, per region, ({int(labels.max()) + 1},)"
        raise ValueError(f"`attributions` (of shape {scores.shape} per example) must be {shape}{each}")
    if labels is None:
        groups = rank_groups(scores, steps)
        return Steps(groups, np.arange(int(groups.max()) + 1))
    return Steps(labels, np.argsort(-region_means(scores, labels), kind="stable"))


def painted(attribution: Any, shape: tuple[int, ...], regions: Any = None) -> FloatArray:
    """The score of each pixel or element, whatever form the attribution has; arguments and errors as in `steps_of`.

    Examples
    --------
    >>> painted([0.5, 2.0], (1, 3), [[0, 0, 1]])
    array([[0.5, 0.5, 2. ]])
    """
    steps = steps_of(attribution, shape, regions, steps=1)
    if isinstance(attribution, Explanation):
        return np.broadcast_to(attribution.importance[steps.regions], shape)
    scores = np.asarray(attribution, dtype=np.float64)
    return scores if scores.shape == shape else np.broadcast_to(scores[steps.regions], shape)


def each_attribution(attributions: Any, n: int) -> Sequence[Any]:
    """One attribution per example: an `Explanation` each, or rows of an array.

    Raises
    ------
    ValueError
        If there are not n of them.

    Examples
    --------
    >>> len(each_attribution(np.zeros((3, 4)), 3))
    3
    """
    each = [attributions] if isinstance(attributions, Explanation) else attributions
    if len(each) != n:
        raise ValueError(f"`attributions` (of length {len(each)}) must have one entry for each of the {n} examples")
    return list(each)


def are_explanations(attributions: Any) -> bool:
    """Whether attributions came as one `Explanation`, or as a sequence of them."""
    listed = isinstance(attributions, list | tuple) and len(attributions) > 0
    return isinstance(attributions, Explanation) or (listed and all(isinstance(a, Explanation) for a in attributions))


def _broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    return len(shape) == len(target) and all(a in (1, b) for a, b in zip(shape, target, strict=True))


def region_means(scores: FloatArray, labels: AnyArray) -> FloatArray:
    """The mean score of each region, (n,), of a label map that broadcasts to the scores.

    Examples
    --------
    >>> region_means(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]))
    array([2., 5.])
    """
    flat = np.broadcast_to(labels, scores.shape).ravel()
    return np.asarray(region_sums(scores, labels) / np.bincount(flat))


# Numbers of a curve


def strong_interactions(curves: Curves, threshold: float = 0.5) -> int:
    """How many single steps move the target's score by more than a threshold (LiMA, §5).

    Examples
    --------
    >>> strong_interactions(Curves(np.array([0, 0.5, 1]), np.array([0.1, 0.2, 0.9]), np.zeros(3)))
    1
    """
    return int((np.abs(np.diff(curves.insertion)) > threshold).sum())


def highest_confidences(curves: Curves, max_areas: Sequence[float] = (0.25, 0.5, 0.75, 1.0)) -> list[float]:
    """The target's highest score over prefixes within each share of the area (LiMA, Eq. 15).

    NaN where no prefix is that small, so that a mean over many inputs says that it lacks one.

    Raises
    ------
    ValueError
        If a share is not in (0, 1].

    Examples
    --------
    >>> highest_confidences(Curves(np.array([0, 0.4, 1]), np.array([0.1, 0.7, 0.8]), np.zeros(3)), [0.25, 0.5, 1])
    [nan, 0.7, 0.8]
    """
    if not all(isinstance(area, int | float) and 0 < area <= 1 for area in max_areas):
        raise ValueError(f"`max_area` (={max_areas!r}) must be a share of the input in (0, 1]")
    found = [curves.highest_confidence(area) for area in max_areas]
    return [np.nan if highest is None else highest.value for highest in found]


# Numbers of a map


def top_k(scores: ArrayLike, k: int) -> BoolArray:
    """Where the k highest scores lie; equal ones in reading order.

    Parameters
    ----------
    scores : array_like, any shape
    k : int

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
    array = np.asarray(scores, dtype=np.float64)
    check_count("k", k)
    if k > array.size:
        raise ValueError(f"`k` (={k}) must be at most the number of scores, {array.size}")
    if not np.isfinite(array).all():
        raise ValueError("`attributions` holds NaN or infinite values")
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
    union = int((one | other).sum())
    return float((one & other).sum() / union) if union else np.nan


def human_agreement(scores: ArrayLike, human: ArrayLike, k: int) -> float:
    """Jaccard score of the k highest scores with a human's mask (SEA-NN, §5).

    Parameters
    ----------
    scores : array_like, any shape
    human : array_like, same shape
        A boolean mask, or a heatmap, of which the k highest are taken too.
    k : int

    Raises
    ------
    ValueError
        If the shapes differ, or `k` is out of range.

    Examples
    --------
    >>> human_agreement([0.9, 0.1, 0.5], np.array([True, False, False]), k=2)
    0.5
    """
    return jaccard(top_k(scores, k), _mask(scores, human, k))


def _mask(scores: ArrayLike, human: ArrayLike, k: int | None = None) -> BoolArray:
    mask = np.asarray(human)
    if mask.shape != np.shape(scores):
        raise ValueError(f"`mask` (of shape {mask.shape}) must be shaped like the attribution, {np.shape(scores)}")
    if mask.dtype == bool:
        return mask
    if k is None:
        raise ValueError(f"`mask` (of dtype {mask.dtype}) must be boolean")
    return top_k(mask, k)


def pointing(scores: ArrayLike, mask: ArrayLike) -> float:
    """Whether the highest score lies in the mask: 1 or 0, or the share of the equally highest that do.

    Raises
    ------
    ValueError
        If the shapes differ, the mask is not boolean, or a score is not finite.

    Examples
    --------
    >>> pointing([0.9, 0.1], np.array([True, False])), pointing([0.9, 0.9], np.array([True, False]))
    (1.0, 0.5)
    """
    inside = _mask(scores, mask)
    array = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError("`attributions` holds NaN or infinite values")
    return float(inside[array == array.max()].mean())


def sparsity(scores: ArrayLike) -> float:
    """Gini index of the scores' absolute values: 0 if all are equal, near 1 if one has everything; NaN if all are 0.

    Examples
    --------
    >>> sparsity([1, 1, 1, 1]), sparsity([0, 0, 0, 5])
    (0.0, 0.75)
    """
    ordered = np.sort(np.abs(np.asarray(scores, dtype=np.float64)), axis=None)
    if not np.isfinite(ordered).all():
        raise ValueError("`attributions` holds NaN or infinite values")
    n, total = len(ordered), ordered.sum()
    return float(2 * (np.arange(1, n + 1) @ ordered) / (n * total) - (n + 1) / n) if total else np.nan


# Numbers that ask the model


class MuFidelitySettings(NamedTuple):
    """How µFidelity draws its sets.

    Attributes
    ----------
    subset_size : float
        Share of the regions that each set removes, in (0, 1); at least one region.
    n_samples : int
        Random sets.
    seed : int
    correlation : {"spearman", "pearson"}
        Spearman's is what Xplique and LiMA report, Pearson's the original definition.
    """

    subset_size: float = 0.2
    n_samples: int = 200
    seed: int = 0
    correlation: Correlation = "spearman"

    def check(self) -> "MuFidelitySettings":
        """Raise ValueError if a setting is out of range."""
        size = self.subset_size
        if isinstance(size, bool) or not isinstance(size, int | float) or not 0 < size < 1:
            raise ValueError(f"`subset_size` (={size!r}) must be a share of the regions in (0, 1)")
        if self.correlation not in CORRELATIONS:
            raise ValueError(f"`correlation` (={self.correlation!r}) must be one of {list(CORRELATIONS)}")
        check_count("n_samples", self.n_samples)
        return self


def mu_fidelity(sums: FloatArray, settings: MuFidelitySettings) -> Dialogue[float]:
    """Correlation of a set's summed importance with the fall of the score without it: µFidelity (Bhatt et al., 2020).

    Parameters
    ----------
    sums : ndarray, (n,)
        Importance of each region, summed over its elements.
    settings : MuFidelitySettings

    Returns
    -------
    float
        In [-1, 1]; 0 where either side never moves.
    """
    n, rng = len(sums), np.random.default_rng(settings.seed)
    removed = np.zeros((settings.n_samples, n), dtype=bool)
    for row in removed:
        row[rng.choice(n, max(1, round(settings.subset_size * n)), replace=False)] = True
    responses = yield Query(np.concatenate([np.ones((1, n), dtype=bool), ~removed]))
    falls, importance = responses.target[0] - responses.target[1:], removed @ sums
    if np.ptp(falls) == 0 or np.ptp(importance) == 0:
        return 0.0
    return float(CORRELATIONS[settings.correlation](importance, falls)[0])


def region_sums(scores: FloatArray, labels: AnyArray) -> FloatArray:
    """The summed score of each region, (n,), of a label map that broadcasts to the scores.

    Examples
    --------
    >>> region_sums(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]))
    array([4., 5.])
    """
    return np.bincount(np.broadcast_to(labels, scores.shape).ravel(), weights=scores.ravel()).astype(np.float64)


def default_regions(shape: tuple[int, ...], cells: int, image: bool) -> IntArray:
    """What µFidelity's sets are made of: a grid of an image's cells, the single elements of another input.

    Examples
    --------
    >>> int(default_regions((2, 2), 1, image=True).max()), int(default_regions((2, 2), 1, image=False).max())
    (0, 3)
    """
    check_count("cells", cells)
    return grid((shape[0], shape[1]), (cells, cells)) if image else every_element(shape)


def square_patches(shape: tuple[int, int], size: int) -> IntArray:
    """Label map of square patches; the last row and column are smaller where the size does not divide the image.

    Raises
    ------
    ValueError
        If the size is not a whole number from 1 to the smaller side.

    Examples
    --------
    >>> square_patches((2, 3), 2)
    array([[0, 0, 1],
           [0, 0, 1]])
    """
    check_count("patch_size", size)
    if size > min(shape):
        raise ValueError(f"`patch_size` (={size}) must be at most the smaller side of the image, {min(shape)}")
    rows, columns = np.arange(shape[0]) // size, np.arange(shape[1]) // size
    return np.asarray(rows[:, None] * (int(columns[-1]) + 1) + columns, dtype=np.intp)


def patch_steps(attribution: Any, shape: tuple[int, int], patch_size: int, n_patches: int) -> Steps:
    """The patches in the order of their mean score.

    Raises
    ------
    ValueError
        If `patch_size` or `n_patches` is out of range, or the attribution does not fit.

    Examples
    --------
    >>> patch_steps(np.array([[0.0, 1.0]]), (1, 2), 1, 1).order
    array([1, 0])
    """
    check_count("n_patches", n_patches)
    labels = square_patches(shape, patch_size)
    n = int(labels.max()) + 1
    if n_patches > n:
        raise ValueError(f"`n_patches` (={n_patches}) must be at most {n}, as many as the image has")
    return steps_of(painted(attribution, shape), shape, labels)


def perturbation_curve(order: IntArray, n_steps: int) -> Dialogue[FloatArray]:
    """The target's score as the first regions of an order are removed, as a share of what it was (SEA-NN, §5).

    Returns
    -------
    ndarray of float64, (n_steps + 1,)
        It starts at 1; NaN where the input's score is 0.
    """
    responses = yield Query(~prefixes(order)[: n_steps + 1])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(responses.target / responses.target[0])


def perturbation_auc(curve: FloatArray) -> float:
    """AUPC: the area under a perturbation curve over the number of its steps.

    Examples
    --------
    >>> perturbation_auc(np.array([1.0, 0.5, 0.0]))
    0.5
    """
    return float(np.trapezoid(curve) / (len(curve) - 1))
