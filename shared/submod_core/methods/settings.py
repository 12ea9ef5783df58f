"""Settings of LiMA, apart from the model, and its options as attributes."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import check_count, check_flag, check_type
from submod_core._repr import differing
from submod_core.regions import Division, GroundSet, Layout, Regions, check_regions
from submod_core.scores import Distance, Readout, Weights, as_distance, count_inputs
from submod_core.search import Search, SearchRun, as_search
from submod_core.search.base import check_budget
from submod_core.search.questions import Budget

# Images for each region: for which that many regions are best, and without a budget all groups of
# regions are divided.
_FOR_REGION = 8
# Regions of images and other inputs with places, without a budget, and the fewest and most within
# one.
_REGIONS, _FEWEST, _MOST = 49, 16, 1024


@dataclass(frozen=True)
class LiMASettings:
    """Settings of LiMA and SMDL apart from the model: search, objective and budget.

    Attributes
    ----------
    search : Search
    weights : Weights
    distance : str or callable
        Distance between features, for effectiveness.
    max_evaluations : int or None
        Most subsets that the search may ask for, per input.
    max_model_inputs : int or None
        Most images that may go through the model, per input, those of the curves included.
    k : int or None
        For SMDL: rank only that many regions; the others share the lowest importance.
    feature_target : bool
        For SMDL: the target is the feature vector of the whole input.
    quiet : bool
        Leave effectiveness out without a warning where images do not pay for it.
    """

    search: Search
    weights: Weights
    distance: str | Distance = "cosine"
    max_evaluations: int | None = None
    max_model_inputs: int | None = None
    k: int | None = None
    feature_target: bool = False
    quiet: bool = False

    def __post_init__(self) -> None:
        check_type("search", self.search, Search, "a Search")
        check_type("weights", self.weights, Weights, "Weights")
        as_distance(self.distance)
        check_budget(self.max_evaluations)
        for name in ("max_model_inputs", "k"):
            if getattr(self, name) is not None:
                check_count(name, getattr(self, name))
        check_flag("feature_target", self.feature_target)
        check_flag("quiet", self.quiet)

    @classmethod
    def of(
        cls,
        search: str | Search = "guided",
        weights: Mapping[Any, float] | Weights | None = None,
        distance: str | Distance = "cosine",
        max_evaluations: int | None = None,
        max_model_inputs: int | None = None,
    ) -> "LiMASettings":
        """Settings from an adapter's arguments of the same names, validated.

        Raises
        ------
        ValueError, TypeError
            If an argument is unknown or out of range.

        Examples
        --------
        >>> LiMASettings.of(weights={"consistency": 1}).search
        Guided(admitted=0.04, window=None, polish=6, complement_weight=None, ahead=0, front=None)
        """
        weights = Weights.of(weights)
        return cls(as_search(search), weights, distance, max_evaluations, max_model_inputs)

    def start(
        self,
        n: int,
        budget: Budget | None = None,
        sizes: ArrayLike | None = None,
        known: ArrayLike | None = None,
    ) -> SearchRun:
        """Start the search on n regions of some sizes, within the budgets; see `Search.start`."""
        return self.search.start(
            n,
            sees_complements=self.weights.sees_complements,
            parts=self.weights.parts,
            max_evaluations=self.max_evaluations,
            budget=budget,
            sizes=sizes,
            known=known,
        )

    def images_for(self, ground_set: GroundSet) -> int | None:
        """Most images of an input; where its regions have groups, 8 for each region by default."""
        if self.max_model_inputs is None and ground_set.groups is not None:
            return _FOR_REGION * len(ground_set.sizes)
        return self.max_model_inputs

    def expected_model_inputs(self, sets: Sequence[GroundSet]) -> int:
        """Estimate the number of images that will go through the model, for progress bars."""
        # Searches of groups and then of regions take nearly all images that they may.
        budgets = [self.images_for(one) or 0 for one in sets if one.groups is not None]
        sizes = np.array([len(one.sizes) for one in sets if one.groups is None])
        if not len(sizes):
            return sum(budgets)
        # Count for the largest input alone, and scale by n² for the others: with hundreds of
        # regions the regression of `Guided` takes seconds per input.
        counted = count_inputs(self.start(int(sizes.max())), self.weights.sees_complements)
        most = math.inf if self.max_model_inputs is None else self.max_model_inputs
        counts = np.minimum(counted * (sizes / sizes.max()) ** 2, most)
        return sum(budgets) + round(counts.sum())


def regions_within(most: int | None) -> int:
    """Number of regions on which a budget of images is best spent; 49 without one.

    Examples
    --------
    >>> [regions_within(most) for most in (None, 40, 100, 300, 2500)]
    [49, 10, 16, 37, 312]
    """
    if most is None:
        return _REGIONS
    # Half of the images is left beside the curves where regions are few, and those of single
    # features; and divisions may have a few more regions than asked for.
    return max(1, min(_MOST, max(_FEWEST, most // _FOR_REGION), most // 4))


class RegionMethod:
    """A method that is defined by its attributes, under any host."""

    layout: str | Layout | None = None
    coarse: Regions = None

    def _check_layout(self) -> None:
        """Raise TypeError or ValueError unless `layout` is None or the axes of inputs."""
        if self.layout is not None and not isinstance(self.layout, Layout):
            Layout(self.layout)

    def _division(self) -> Division:
        """The way to divide inputs that come without label maps."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({differing(self, type(self).__init__)})"

    def _settings(self) -> LiMASettings:
        """The search and the objective that the attributes ask for."""
        raise NotImplementedError

    def _readout(self) -> Readout:
        """The way to read the model that the attributes ask for."""
        raise NotImplementedError

    def _source(self, features: Any) -> Any:
        """The option `features`, a layer in place of its name where the host knows of names."""
        return self._layer(features) if isinstance(features, str) else features

    def _layer(self, name: str) -> Any:
        return name

    def _read_by(self, activation: Any) -> Any:
        """The option `activation`, or None by default where the model says to be a quantity."""
        sources = (getattr(self, name, None) for name in ("forward_func", "operator"))
        quantity = any(getattr(source, "is_quantity", False) is True for source in sources)
        return None if quantity and activation == "softmax" else activation


class LiMAOptions(RegionMethod):
    """Options of LiMA as attributes, with their checks: the base of each host's class."""

    regions: Regions
    search: str | Search
    weights: Mapping[Any, float] | Weights | None
    activation: str | Callable[..., Any] | None
    features: Any
    distance: str | Distance
    class_embeddings: Any
    scale: float
    max_evaluations: int | None
    max_model_inputs: int | None
    class_axis: int | None = None

    def _check(self) -> None:
        """Raise TypeError or ValueError if an option is of the wrong type or out of range."""
        check_regions(self.regions)
        check_regions(self.coarse, "coarse")
        self._check_layout()
        self._settings(), self._readout()

    def _division(self) -> Division:
        n = regions_within(self.max_model_inputs)
        return Division(self.regions, of_images=n, of_others=n)

    def _settings(self) -> LiMASettings:
        weights = Weights.of(self.weights)
        if self._read_by(self.activation) is None and self.class_embeddings is None:
            weights = weights.of_values()
        return LiMASettings.of(
            self.search, weights, self.distance, self.max_evaluations, self.max_model_inputs
        )

    def _readout(self) -> Readout:
        return Readout(
            self._read_by(self.activation),
            self._source(self.features),
            self.class_embeddings,
            self.scale,
            class_axis=self.class_axis,
        )
