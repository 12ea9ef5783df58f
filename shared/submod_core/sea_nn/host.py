"""The part of SEA-NN's adapters that both hosts share: from the maps of methods to one map."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from submod_core._checks import as_numbers, check_count, check_counts, check_type
from submod_core._repr import differing
from submod_core._types import FloatArray
from submod_core.sea_nn.ensemble import Ensemble, ensemble
from submod_core.sea_nn.heatmaps import THRESHOLDS, aggregate_mean
from submod_core.sea_nn.settings import Learning


class HeatmapMethods:
    """Methods whose heatmaps become one.

    Attributes
    ----------
    methods : list
        The methods in use: those given, or the host's defaults.
    """

    methods: list[Any]
    _defaults: bool

    def _take(
        self,
        methods: Sequence[Any] | None,
        default: Callable[[], list[Any]],
        is_method: Callable[[Any], bool],
    ) -> None:
        """Take the methods given, or the default ones.

        Raises
        ------
        ValueError, TypeError
            If there is none, or one is no method.
        """
        if methods is not None:
            check_type("methods", methods, Sequence, "a sequence of methods")
        self._defaults = methods is None
        self.methods = default() if methods is None else list(methods)
        if not self.methods:
            raise ValueError("`methods` must hold at least one method")
        for i, method in enumerate(self.methods):
            if not is_method(method):
                raise TypeError(
                    f"`methods[{i}]` (a {type(method).__name__}) must be a method of the host or a "
                    "function"
                )

    def __repr__(self) -> str:
        shown = SimpleNamespace(**vars(self))
        if self._defaults:
            del shown.methods
        return f"{type(self).__name__}({differing(shown, type(self).__init__)})"

    def _names(self, example: int | None = None) -> list[str]:
        """The names of the maps in errors."""
        suffix = "" if example is None else f" for example {example}"
        return [
            f"methods[{i}], {type(method).__name__}{suffix}"
            for i, method in enumerate(self.methods)
        ]

    def _combine(self, maps: Sequence[Any], names: Sequence[str]) -> FloatArray:
        """One map out of those of one example."""
        raise NotImplementedError

    def _combine_examples(self, rows: Iterable[Sequence[Any]]) -> FloatArray:
        """The map of each example, (N, H, W)."""
        return np.stack([self._combine_or_none(row, self._names(i)) for i, row in enumerate(rows)])

    def _combine_or_none(self, maps: Sequence[Any], names: Sequence[str]) -> FloatArray:
        """One map out of those of one example; 0 where none of them ranks anything."""
        kept, called = _that_rank(maps, names)
        return self._combine(kept, called) if kept else np.zeros(np.shape(maps[0]))

    def _combine_given(self, maps: Sequence[Any]) -> FloatArray:
        """The map of each example, of arrays (N, H, W) or (N, n) computed elsewhere.

        Raises
        ------
        ValueError
            If the shapes differ, or a map is constant or not finite.
        """
        arrays = [as_numbers("maps", each) for each in maps]
        shapes = [array.shape for array in arrays]
        if not arrays or len(set(shapes)) > 1 or len(shapes[0]) not in (2, 3):
            raise ValueError(
                f"`maps` (of shapes {shapes}) must be of one shape, (N, H, W) or (N, n)"
            )
        names = [f"maps[{k}]" for k in range(len(arrays))]
        return np.stack([self._combine(row, names) for row in zip(*arrays, strict=True)])


def _that_rank(maps: Sequence[Any], names: Sequence[str]) -> tuple[list[Any], list[str]]:
    """The maps of one example without those that are constant, as of a blank image; their names."""
    ranks = [np.ptp(one) != 0 for one in maps]  # NaN, which is an error of its own, is kept
    if not all(ranks):
        constant = [name for name, one in zip(names, ranks, strict=True) if not one]
        warnings.warn(
            f"{constant[0]}{f' and {len(constant) - 1} others' if constant[1:] else ''} gave a "
            "constant map, which ranks nothing: it is left out, and where all are, the result is 0",
            stacklevel=4,
        )
    pairs = [pair for pair, one in zip(zip(maps, names, strict=True), ranks, strict=True) if one]
    return [one for one, _ in pairs], [name for _, name in pairs]


class SubmodularEnsemble(HeatmapMethods):
    """An ensemble by a learned deep submodular function."""

    settings: Learning | None
    side: int
    thresholds: Sequence[int]

    def _check(self) -> None:
        """Raise TypeError or ValueError if an option is of the wrong type or out of range."""
        if self.settings is not None:
            check_type("settings", self.settings, Learning, "a Learning")
        check_count("side", self.side)
        check_counts("thresholds", self.thresholds)

    def _learn(self, maps: Sequence[Any], names: Sequence[str]) -> Ensemble:
        # The paper's numbers of highest pixels, as far as a small map has so many.
        pixels, thresholds = np.size(maps[0]), self.thresholds
        if tuple(thresholds) == tuple(THRESHOLDS):
            thresholds = [k for k in THRESHOLDS if k <= pixels] or [1]
        return ensemble(maps, self.settings, side=self.side, thresholds=thresholds, names=names)

    def _learn_examples(self, rows: Iterable[Sequence[Any]]) -> list[Ensemble]:
        """A function for each example."""
        return [self._learn(*row) for row in self._ranking(rows)]

    def _learn_class(self, rows: Sequence[Sequence[Any]]) -> Ensemble:
        """One function for all examples."""
        found = self._ranking(rows)
        maps = [heatmap for kept, _ in found for heatmap in kept]
        return self._learn(maps, [name for _, names in found for name in names])

    def _ranking(self, rows: Iterable[Sequence[Any]]) -> list[tuple[list[Any], list[str]]]:
        """For each example the maps that are not constant, and their names."""
        found = [_that_rank(row, self._names(i)) for i, row in enumerate(rows)]
        none = [i for i, (kept, _) in enumerate(found) if not kept]
        if none:
            raise ValueError(
                f"the maps of all methods are constant for the examples {none[:8]}: there is "
                "nothing to learn from"
            )
        return found

    def _combine(self, maps: Sequence[Any], names: Sequence[str]) -> FloatArray:
        """The attribution by that function (SEA-NN, Algorithm 1)."""
        return self._learn(maps, names).heatmap


class MeanEnsemble(HeatmapMethods):
    """An ensemble by the mean of the scaled maps."""

    def _combine(self, maps: Sequence[Any], names: Sequence[str]) -> FloatArray:
        return aggregate_mean(maps, names)
