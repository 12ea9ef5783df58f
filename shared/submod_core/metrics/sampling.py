"""Numbers with questions of their own to the model: µFidelity and the perturbation curve."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.stats import pearsonr, spearmanr

from submod_core._checks import check_count
from submod_core._types import FloatArray, IntArray
from submod_core.dialogue import Dialogue, Query
from submod_core.ground_set import every_element
from submod_core.metrics.steps import Steps, painted, steps_of
from submod_core.regions import grid
from submod_core.scores import prefixes

Correlation = Literal["spearman", "pearson"]


CORRELATIONS: dict[str, Callable[..., Any]] = {"spearman": spearmanr, "pearson": pearsonr}


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
