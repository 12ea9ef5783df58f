"""What SEA-NN's adapters share: which methods there are, what errors call them, what becomes of their maps."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from submod_core._types import FloatArray
from submod_core.sea_nn.ensemble import Ensemble, ensemble
from submod_core.sea_nn.heatmaps import aggregate_mean
from submod_core.sea_nn.learning import Learning


class HeatmapMethods:
    """Methods whose heatmaps are made one."""

    methods: list[Any]

    def use(self, methods: Sequence[Any], is_method: Callable[[Any], bool]) -> None:
        """Take these methods.

        Raises
        ------
        ValueError, TypeError
            If there is none, or one is no method.
        """
        self.methods = list(methods)
        if not self.methods:
            raise ValueError("`methods` must hold at least one method")
        for i, method in enumerate(self.methods):
            if not is_method(method):
                raise TypeError(
                    f"`methods[{i}]` (a {type(method).__name__}) must be a method of the host or a function"
                )

    def names(self, example: int | None = None) -> list[str]:
        """What errors call the maps."""
        suffix = "" if example is None else f" for example {example}"
        return [f"methods[{i}], {type(method).__name__}{suffix}" for i, method in enumerate(self.methods)]

    def combine(self, maps: Sequence[Any], names: Sequence[str]) -> FloatArray:
        """One map out of those of one example."""
        raise NotImplementedError

    def combine_examples(self, rows: Iterable[Sequence[Any]]) -> FloatArray:
        """The map of each example, (N, H, W)."""
        return np.stack([self.combine(row, self.names(i)) for i, row in enumerate(rows)])

    def combine_given(self, maps: Sequence[Any]) -> FloatArray:
        """The same of maps computed elsewhere, one array (N, H, W) or (N, n) for each method.

        Raises
        ------
        ValueError
            If the shapes differ, or a map is constant or not finite.
        """
        arrays = [np.asarray(each, dtype=np.float64) for each in maps]
        if not arrays or any(array.shape != arrays[0].shape or array.ndim not in (2, 3) for array in arrays):
            raise ValueError(
                f"`maps` (of shapes {[a.shape for a in arrays]}) must be of one shape, (N, H, W) or (N, n)"
            )
        names = [f"maps[{k}]" for k in range(len(arrays))]
        return np.stack([self.combine(row, names) for row in zip(*arrays, strict=True)])


class SubmodularEnsemble(HeatmapMethods):
    """By a learned deep submodular function."""

    settings: Learning
    side: int
    thresholds: Sequence[int]

    def learn(self, maps: Sequence[Any], names: Sequence[str]) -> Ensemble:
        """One function of these maps."""
        return ensemble(maps, self.settings, side=self.side, thresholds=self.thresholds, names=names)

    def learn_examples(self, rows: Iterable[Sequence[Any]]) -> list[Ensemble]:
        """A function for each example."""
        return [self.learn(row, self.names(i)) for i, row in enumerate(rows)]

    def learn_class(self, rows: Sequence[Sequence[Any]]) -> Ensemble:
        """One function for all examples."""
        names = [name for i in range(len(rows)) for name in self.names(i)]
        return self.learn([heatmap for row in rows for heatmap in row], names)

    def combine(self, maps: Sequence[Any], names: Sequence[str]) -> FloatArray:
        """The attribution by that function (SEA-NN, Algorithm 1)."""
        return self.learn(maps, names).heatmap


class MeanEnsemble(HeatmapMethods):
    """By the mean."""

    def combine(self, maps: Sequence[Any], names: Sequence[str]) -> FloatArray:
        """The mean of the scaled maps."""
        return aggregate_mean(maps, names)
