"""One heatmap out of several, by a deep submodular function learned from them (SEA-NN, Fig. 2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from submod_core._checks import check_counts, check_flag
from submod_core._docs import documented
from submod_core._types import FloatArray, IntArray
from submod_core.sea_nn.function import DeepSubmodularFunction
from submod_core.sea_nn.heatmaps import (
    THRESHOLDS,
    binary_maps,
    cells_of,
    downsample,
    each_scaled,
    upsample,
)
from submod_core.sea_nn.learning import Learned, learn
from submod_core.sea_nn.maximise import Chain, marginal_gains, top_features
from submod_core.sea_nn.options import OPTIONS
from submod_core.sea_nn.settings import Learning


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The attribution that SEA-NN learns from the maps of one input, or of a class.

    Attributes
    ----------
    heatmap : ndarray of float64
        The attribution, shaped like the maps: each pixel has its cell's.
    scores : ndarray of float64, (n,)
        The attribution of each cell (SEA-NN, Algorithm 1).
    cells : ndarray of intp
        Label map of the cells, shaped like the maps.
    learned : Learned
        The function and the history of its loss.
    evaluations : int
        Gains evaluated in all.
    """

    heatmap: FloatArray
    scores: FloatArray
    cells: IntArray
    learned: Learned
    evaluations: int

    def top(self, p: int) -> Any:
        """The cells of the p most influential, non-redundant features (SEA-NN, §3).

        Parameters
        ----------
        p : int
            From 1 to the number of cells.

        Returns
        -------
        ndarray of bool
            Shaped like the heatmap.
        """
        return np.isin(self.cells, top_features(self.learned.function, p))


@documented(OPTIONS)
def ensemble(
    heatmaps: Sequence[Any],
    settings: Learning | None = None,
    *,
    side: int = 28,
    thresholds: Sequence[int] = THRESHOLDS,
    names: Sequence[str] | None = None,
    start: DeepSubmodularFunction | None = None,
    lazy: bool = True,
) -> Ensemble:
    """Learn a function from heatmaps and attribute by it.

    Parameters
    ----------
    heatmaps : sequence of array_like, each (H, W) or (n,)
        Non-negative or not; each is scaled to [0, 1]. The maps of many inputs of a class give the
        class's attribution.
    {learning}
    names : sequence of str, optional
        Names of the maps in errors.
    start : DeepSubmodularFunction, optional
        Go on from this one.
    lazy : bool
        False for the plain computation of the same result.

    Returns
    -------
    Ensemble

    Raises
    ------
    ValueError
        If a map is constant, not finite or of another shape, or a setting is out of range.

    Examples
    --------
    >>> maps = np.random.default_rng(0).random((3, 8, 8))
    >>> found = ensemble(maps, Learning(widths=(16,), epochs=3), side=4, thresholds=[5, 10])
    >>> found.heatmap.shape, found.scores.shape, found.top(3).sum()
    ((8, 8), (16,), np.int64(12))
    """
    check_counts("thresholds", thresholds)
    check_flag("lazy", lazy)
    maps = each_scaled(heatmaps, names)
    cells = cells_of(maps[0].shape, side)
    real = np.array([downsample(heatmap, cells) for heatmap in maps])
    binary = np.concatenate([binary_maps(heatmap, cells, thresholds) for heatmap in maps])
    learned = learn(real, binary, settings, start=start, lazy=lazy)
    chain = Chain(learned.function, lazy)
    scores = marginal_gains(chain).astype(np.float64)
    return Ensemble(
        upsample(scores, cells), scores, cells, learned, learned.evaluations + chain.evaluations
    )
