"""Metrics with queries of their own to the model: µFidelity and the perturbation curve."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from scipy.stats import pearsonr, spearmanr

from submod_core._checks import (
    check_choice,
    check_count,
    check_flag,
    is_number,
)
from submod_core._types import FloatArray, IntArray
from submod_core.engine import Procedure, Query
from submod_core.metrics.base import ModelMetric, Question
from submod_core.metrics.patches import sliding_patches, square_patches
from submod_core.regions import every_element, grid, region_sums
from submod_core.results import RevealOrder, painted, reveal_order
from submod_core.search import prefixes

Correlation = Literal["spearman", "pearson"]

Windows = Literal["grid", "sliding"]

CORRELATIONS: dict[str, Callable[..., Any]] = {"spearman": spearmanr, "pearson": pearsonr}


@dataclass(frozen=True, kw_only=True)
class MuFidelity(ModelMetric[float]):
    """Correlation of a set's importance with the fall of the score without the set.

    µFidelity (Bhatt et al., 2020), in [−1, 1]; higher is better. 0 where the score or the
    importance is constant over the sets. All sets have the same size, and are the same for each
    example.

    Parameters
    ----------
    cells : int
        Cells along each axis of the grid that images and volumes are cut into where no regions are
        given. In other inputs every element is a region. Explanations bring their own.
    subset_size : float
        Share of the regions that each set removes, in (0, 1); at least one region.
    n_samples : int
        Number of random sets.
    seed : int
    correlation : {"spearman", "pearson"}
        Spearman's is what Xplique and LiMA report, Pearson's the original definition.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> MuFidelity(cells=2).default_regions((2, 2), image=True)
    array([[0, 1],
           [2, 3]])
    """

    name: ClassVar[str] = "mu_fidelity"
    higher_is_better: ClassVar[bool | None] = True
    steps_by: ClassVar[str] = "random sets of regions"
    example: ClassVar[str] = "cells=4"

    cells: int = 9
    subset_size: float = 0.2
    n_samples: int = 200
    seed: int = 0
    correlation: Correlation = "spearman"

    def __post_init__(self) -> None:
        check_count("cells", self.cells)
        size = self.subset_size
        if not is_number(size) or not 0 < size < 1:
            raise ValueError(f"`subset_size` (={size!r}) must be a share of the regions in (0, 1)")
        check_choice("correlation", self.correlation, CORRELATIONS)
        check_count("n_samples", self.n_samples)
        check_count("seed", self.seed, least=0)

    def default_regions(self, shape: tuple[int, ...], image: bool) -> IntArray:
        """Grid of `cells` × `cells` for an image, single elements for another input."""
        return grid(shape, (self.cells,) * len(shape)) if image else every_element(shape)

    def reveal(self, attribution: Any, shape: tuple[int, ...], regions: Any) -> RevealOrder:
        """Order of the regions that the random sets are made of."""
        return reveal_order(attribution, shape, regions)

    def ask(self, attribution: Any, order: RevealOrder, sizes: FloatArray) -> Procedure[float]:
        """Show the input without each of the random sets."""
        # The importance of a set is the sum of its elements' scores: summed over each region here,
        # and over the regions of each set by the product with `removed` below.
        regions = order.regions
        sums = region_sums(painted(attribution, regions.shape, regions), regions)
        n, rng = len(sums), np.random.default_rng(self.seed)
        # Draw the sets from the seed alone, so that every example and every host removes the same.
        removed = np.zeros((self.n_samples, n), dtype=bool)
        for row in removed:
            row[rng.choice(n, max(1, round(self.subset_size * n)), replace=False)] = True
        responses = yield Query(np.concatenate([np.ones((1, n), dtype=bool), ~removed]))
        falls, importance = responses.target[0] - responses.target[1:], removed @ sums
        # The correlation with a constant is not defined.
        if np.ptp(falls) == 0 or np.ptp(importance) == 0:
            return 0.0
        return float(CORRELATIONS[self.correlation](importance, falls)[0])

    def number(self, answer: float) -> float:
        """The correlation itself."""
        return answer


@dataclass(frozen=True, kw_only=True)
class PerturbationCurves(Question[FloatArray]):
    """Score of the target as square patches of images are replaced by noise (SEA-NN, §5).

    The patch of the highest mean score goes first. Each curve is a share of the whole input's
    score, so that it starts at 1; NaN where that score is 0.

    Parameters
    ----------
    patch_size : int
        Side of a patch in pixels; the last row and column may be smaller.
    n_patches : int
        Number of patches that are replaced, one after the other.
    windows : {"grid", "sliding"}
        Places of the patches: the cells of a grid, or all positions, each next one where it
        overlaps none of the earlier ones. Of the latter there are fewer than `n_patches` where no
        further one fits.

    Raises
    ------
    ValueError
        If a setting is out of range for the images.

    Examples
    --------
    >>> question = PerturbationCurves(patch_size=1, n_patches=1)
    >>> question.reveal(np.array([[0.0, 1.0]]), (1, 2)).order
    array([1, 0])
    """

    baseline: ClassVar[Any] = "noise"
    images_only: ClassVar[bool] = True
    example: ClassVar[str] = "patch_size=2"

    patch_size: int = 16
    n_patches: int = 8
    windows: Windows = "grid"

    def __post_init__(self) -> None:
        check_count("patch_size", self.patch_size)
        check_count("n_patches", self.n_patches)
        check_choice("windows", self.windows, ("grid", "sliding"))

    def reveal(self, attribution: Any, shape: tuple[int, ...], regions: Any = None) -> RevealOrder:
        """Order of the patches by their mean score; ValueError if there are too few."""
        if self.windows == "sliding":
            scores = painted(attribution, shape)
            labels = sliding_patches(scores, self.patch_size, self.n_patches)
            return RevealOrder(labels, np.arange(int(labels.max()) + 1))
        labels = square_patches((shape[0], shape[1]), self.patch_size)
        n = int(labels.max()) + 1
        if self.n_patches > n:
            raise ValueError(
                f"`n_patches` (={self.n_patches}) must be at most {n}, as many as the image has"
            )
        return reveal_order(painted(attribution, shape), shape, labels)

    def ask(self, attribution: Any, order: RevealOrder, sizes: FloatArray) -> Procedure[FloatArray]:
        """Show the input without the first 0 … `n_patches` patches."""
        responses = yield Query(~prefixes(order.order)[: self.n_patches + 1])
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(responses.target / responses.target[0])


@dataclass(frozen=True, kw_only=True)
class AUPC(PerturbationCurves, ModelMetric[FloatArray]):
    """Area under the perturbation curve over the number of patches (SEA-NN, §5); lower is better.

    Square patches of images are replaced by noise, the patch of the highest mean score first. The
    paper's printed numbers have `windows="sliding"`, `divided=False` and the median of several
    `draws`.

    Parameters
    ----------
    patch_size : int
        Side of a patch in pixels; the last row and column may be smaller.
    n_patches : int
        Number of patches that are replaced, one after the other.
    windows : {"grid", "sliding"}
        Places of the patches: the cells of a grid, or all positions, each next one where it
        overlaps none of the earlier ones. Of the latter there are fewer than `n_patches` where no
        further one fits.
    divided : bool
        Whether the area is divided by the number of steps. The paper's is not: eight patches that
        change nothing have an area of 8.
    draws : int
        Number of times that the noise is drawn, with the seeds 0 … `draws` − 1. The number is the
        median of their areas; the model is asked `draws` times as often.

    Raises
    ------
    ValueError
        If a setting is out of range for the images, or there are several draws of a baseline that
        is no noise.

    Examples
    --------
    >>> curve = np.array([1.0, 0.5, 0.0])
    >>> AUPC().number(curve), AUPC(divided=False).number(curve)
    (0.5, 1.0)
    """

    name: ClassVar[str] = "aupc"
    higher_is_better: ClassVar[bool | None] = False
    steps_by: ClassVar[str] = "square patches"

    divided: bool = True
    draws: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_flag("divided", self.divided)
        check_count("draws", self.draws)

    def noise_seeds(self, baseline: Any) -> list[int | None]:
        """A seed for each draw."""
        if self.draws == 1:
            return [None]
        if not (isinstance(baseline, str) and baseline == "noise"):
            raise ValueError(
                f"`draws` (={self.draws}) must be 1 where the baseline is given, which is the same "
                "each time"
            )
        return list(range(self.draws))

    def merged(self, answers: list[FloatArray]) -> FloatArray:
        """Curves of all draws, (draws, n + 1); of one alone, (n + 1,)."""
        return answers[0] if len(answers) == 1 else np.stack(answers)

    def number(self, answer: FloatArray) -> float:
        """Area by the trapezoid rule, over the number of steps where it is `divided` by them.

        Of several curves (draws, n + 1), the median of their areas.
        """
        steps = answer.shape[-1] - 1 if self.divided else 1
        return float(np.median(np.trapezoid(answer) / steps))
