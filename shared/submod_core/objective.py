"""LiMA's set function F (Eq. 8) as a dialogue: which masked inputs the model has to see, and what F makes of it."""

import contextlib
from collections.abc import Callable, Collection, Generator

import numpy as np

from submod_core._types import BoolArray, FloatArray
from submod_core.dialogue import REMEMBERED, Dialogue, Query, Responses
from submod_core.scores import Distance, NearestFellows, Weights, cosine_to
from submod_core.search import Ranking, Search

Scores = dict[str, FloatArray]


class Objective:
    """F of one input.

    Parameters
    ----------
    n : int
        Number of regions.
    weights : Weights
        A score of weight 0 is not asked for.
    distance : callable
        Pairwise distances (n, n) of feature vectors (n, d), for effectiveness.
    feature_target : bool
        The target is the feature vector of the whole input, and a subset's score the cosine to it (SMDL, Eq. 7).
    """

    def __init__(self, n: int, weights: Weights, distance: Distance, feature_target: bool = False) -> None:
        self.n = n
        self.weights = weights
        self.feature_target = feature_target
        self._distance = distance
        self._fellows = NearestFellows(np.zeros((n, n)))
        self._whole = np.zeros(0)

    def prepare(self) -> Dialogue[None]:
        """Ask for the features of the single regions and of the whole input, where the scores need them."""
        if "effectiveness" in self.weights.used:
            responses = yield Query(np.eye(self.n, dtype=bool), features=True)
            self._fellows = NearestFellows(self._distance(_features(responses)))
        if self.feature_target:
            responses = yield Query(np.ones((1, self.n), dtype=bool), features=True)
            self._whole = _features(responses)[0]

    def scores(self, subsets: BoolArray, names: Collection[str]) -> Dialogue[Scores]:
        """The named scores of subsets (B, n), each (B,); without confidence where the model has no probabilities."""
        forward = bool({"consistency", "confidence"} & set(names))
        backward = "collaboration" in names
        scores: Scores = {}
        if forward or backward:
            # A subset and its complement go to the model side by side.
            keep = np.concatenate([subsets] * forward + [~subsets] * backward)
            responses: Responses = yield Query(keep, features=self.feature_target)
            target = cosine_to(self._whole, _features(responses)) if self.feature_target else responses.target
            if forward:
                scores["consistency"] = target[: len(subsets)]
                if responses.confidence is not None:
                    scores["confidence"] = responses.confidence[: len(subsets)]
            if backward:
                scores["collaboration"] = 1 - target[-len(subsets) :]
        if "effectiveness" in names:
            scores["effectiveness"] = self._fellows.effectiveness(subsets)
        return {name: scores[name] for name in names if name in scores}

    def answer(self, search: Search) -> Dialogue[Ranking]:
        """Give a search the values of F that it asks for."""
        try:
            subsets = next(search)
            while True:
                scores = yield from self.scores(subsets, self.weights.used)
                subsets = search.send(self.weights.total(scores))
        except StopIteration as stop:
            ranking: Ranking = stop.value
            return ranking


def _features(responses: Responses) -> FloatArray:
    assert responses.features is not None, "the oracle was asked for features"
    return responses.features


def count_inputs(search: Search, complements: bool = False) -> int:
    """About how many inputs a model sees for a search: as many as a small network with random weights.

    Some searches ask for more or less, depending on what they are told.

    Parameters
    ----------
    search : Search
    complements : bool
        The function looks at the complement of a subset as well.

    Examples
    --------
    >>> from submod_core.search import greedy
    >>> count_inputs(greedy(49))
    1225
    """
    walk: Generator[BoolArray, FloatArray, Ranking] = search
    counted, seen = 0, set[bytes]()
    with contextlib.suppress(StopIteration):
        subsets = next(walk)
        network = _random_network(subsets.shape[1])
        while True:
            for side in (subsets, ~subsets)[: 1 + complements]:
                seen.update(row.tobytes() for row in np.packbits(side, axis=1))
            if len(seen) > REMEMBERED:
                counted += len(seen)
                seen.clear()
            subsets = walk.send(network(subsets))
    return counted + len(seen)


def _random_network(n: int) -> Callable[[BoolArray], FloatArray]:
    rng, units = np.random.default_rng(0), 8
    inner, outer = rng.normal(size=(n, units)) * 3 / n**0.5, rng.normal(size=units)
    return lambda subsets: np.asarray(np.tanh(subsets @ inner) @ outer)
