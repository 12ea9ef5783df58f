"""Objective: the set function F (LiMA, Eq. 8) of one input, as a procedure."""

import contextlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from submod_core._checks import check_count, check_flag, check_type
from submod_core._types import BoolArray, FloatArray
from submod_core.engine import Procedure, Query, Responses
from submod_core.engine._queue import REMEMBERED
from submod_core.scores.base import Answers, Need, Score
from submod_core.scores.budget import ImageBudget
from submod_core.scores.distances import Distance, cosine_to
from submod_core.scores.weights import Weights
from submod_core.search import Ranking, SearchRun
from submod_core.search.questions import BudgetExhausted, Parts, Question, asked

Scores = dict[str, FloatArray]


class Objective:
    """The set function F of one input: its queries to the model, and the scores of the responses.

    Parameters
    ----------
    n : int
        Number of regions.
    weights : Weights
        A score of weight 0 is not asked for.
    distance : str or callable
        Distance between features, for effectiveness.
    feature_target : bool
        The target is the feature vector of the whole input, and a subset's score the cosine to it
        (SMDL, Eq. 7).
    budget : ImageBudget, optional
        Counts the images that the questions need, and ends the search in time.
    fewer_rounds : bool
        Ask for the features of single regions along with the first images, rather than before. Not
        within a budget: images that were answered without features are asked for again.

    Examples
    --------
    >>> objective = Objective(2, Weights.of({"consistency": 1}))
    >>> procedure = objective.scores(np.array([[True, False]]))
    >>> next(procedure)
    Query(keep=array([[ True, False]]), features=False)
    """

    def __init__(
        self,
        n: int,
        weights: Weights,
        distance: str | Distance = "cosine",
        feature_target: bool = False,
        budget: ImageBudget | None = None,
        fewer_rounds: bool = False,
    ) -> None:
        check_count("n", n)
        check_type("weights", weights, Weights, "Weights")
        check_flag("feature_target", feature_target)
        check_type("budget", budget, ImageBudget | None, "an ImageBudget")
        check_flag("fewer_rounds", fewer_rounds)
        self.budget = budget
        self.n = n
        self.weights = weights
        self.feature_target = feature_target
        self._used = [score for score, _ in weights.terms(distance)]
        self._region_features: FloatArray | None = None
        self._fewer_rounds = fewer_rounds and budget is None
        self._waiting = False  # whether the features of single regions go along with other images
        self._whole: FloatArray | None = None
        self._computed: dict[Any, Any] = {}

    def prepare(self) -> Procedure[None]:
        """Ask for the features of single regions and of the whole input, where they are needed."""
        needs = self.weights.needs
        if "region_features" in needs:
            self._waiting = self._fewer_rounds and bool(needs & {"kept", "left"})
            if not self._waiting:
                responses = yield from self._ask(np.eye(self.n, dtype=bool), features=True)
                self._region_features = responses.features
        if self.feature_target:
            responses = yield from self._ask(np.ones((1, self.n), dtype=bool), features=True)
            self._whole = _features(responses)[0]

    def _ask(self, keep: BoolArray, features: bool) -> Procedure[Responses]:
        """Ask the model, and count the images."""
        if self.budget is not None:
            self.budget.spend(keep, features)
        if self._waiting:
            # The engine knows all and nothing kept, without features, and then all these images.
            self._waiting = False
            new = keep.any(axis=1) & ~keep.all(axis=1)
            along = np.concatenate([np.eye(self.n, dtype=bool), keep[new]])
            found = (yield Query(along, features=True)).features
            self._region_features = None if found is None else found[: self.n]
        return (yield Query(keep, features))

    def scores(self, subsets: BoolArray, also: Sequence[Score] = ()) -> Procedure[Scores]:
        """The scores in use, and others, of subsets (B, n): each (B,), by name.

        A score that the model's answers cannot give is left out.
        """
        names = {score.name for score in self._used}
        used = [*self._used, *(score for score in also if score.name not in names)]
        answers = yield from self._answers(subsets, used)
        found = {score.name: score.evaluate(answers) for score in used}
        return {name: values for name, values in found.items() if values is not None}

    def _answers(self, subsets: BoolArray, used: Sequence[Score]) -> Procedure[Answers]:
        """The model's answers that some scores need, by one query for all of them."""
        needs = frozenset().union(*(score.needs for score in used))
        sides = [subsets] * ("kept" in needs) + [~subsets] * ("left" in needs)
        kept: Responses | None = None
        left: Responses | None = None
        if sides:
            # A subset and its complement go to the model side by side.
            responses = yield from self._looked(np.concatenate(sides), needs)
            kept = responses[: len(subsets)] if "kept" in needs else None
            left = responses[-len(subsets) :] if "left" in needs else None
        return Answers(subsets, kept, left, self._region_features, self._computed)

    def _looked(self, keep: BoolArray, needs: frozenset[Need]) -> Procedure[Responses]:
        """The model's answers to images with the regions `keep` (B, n)."""
        responses = yield from self._ask(keep, self.feature_target or "features" in needs)
        if self._whole is not None:
            # The model has no target of its own: its score is the cosine to the whole input's.
            responses = replace(responses, target=cosine_to(self._whole, _features(responses)))
        return responses

    def answer(self, run: SearchRun) -> Procedure[Ranking]:
        """Give a search the values of F that it asks for, until the budget of images is spent."""
        try:
            question = next(run)
            while True:
                if self.budget is not None and not self.budget.allows(self._needed(question)):
                    question = run.throw(BudgetExhausted())
                elif isinstance(question, Parts):
                    question = run.send((yield from self._parts(question.sides)))
                else:
                    scores = yield from self.scores(question)
                    question = run.send(self.weights.total(scores))
        except StopIteration as stop:
            ranking: Ranking = stop.value
            return ranking

    def _parts(self, sides: BoolArray) -> Procedure[FloatArray]:
        """The parts of F that look at sides X (B, n): at X as what is kept, and as what is left."""
        needs, looked = self.weights.needs, None
        if needs & {"kept", "left"}:
            looked = yield from self._looked(sides, needs)
        as_kept = Answers(sides, looked, None, self._region_features, self._computed)
        as_left = replace(as_kept, subsets=~sides, kept=None, left=looked)
        found = [
            {s.name: s.evaluate(as_kept) for s in self._used if "left" not in s.needs},
            {s.name: s.evaluate(as_left) for s in self._used if "left" in s.needs},
        ]
        given = [{k: v for k, v in part.items() if v is not None} for part in found]
        if not any(given):
            self.weights.total({})  # raises the error that says so
        none = np.zeros(len(sides))
        return np.stack([self.weights.total(part) if part else none for part in given])

    def _needed(self, question: Question) -> BoolArray:
        """The kept regions of all images that the answer to a question needs."""
        needs, subsets = self.weights.needs, asked(question)
        if isinstance(question, Parts):
            return subsets if needs & {"kept", "left"} else subsets[:0]
        sides = [subsets] * ("kept" in needs) + [~subsets] * ("left" in needs)
        return np.concatenate(sides) if sides else subsets[:0]


def _features(responses: Responses) -> FloatArray:
    """Features of responses to a query that asked for them."""
    assert responses.features is not None, "the oracle was asked for features"
    return responses.features


def count_inputs(run: SearchRun, complements: bool = False) -> int:
    """Estimate the number of inputs that a model sees for a search, by a run on a random network.

    Some searches ask for more or less, depending on the values that they receive.

    Parameters
    ----------
    run : SearchRun
        A search that has just been started.
    complements : bool
        Whether the function looks at the complement of a subset as well.

    Returns
    -------
    int

    Examples
    --------
    >>> from submod_core.search import Greedy
    >>> count_inputs(Greedy().start(49))
    1225
    """
    check_type("run", run, Generator, "a search that has been started")
    check_flag("complements", complements)
    counted, seen = 0, set[bytes]()
    with contextlib.suppress(StopIteration):
        question = next(run)
        network = _random_network(asked(question).shape[1])
        while True:
            subsets, parts = asked(question), isinstance(question, Parts)
            for side in (subsets, ~subsets)[: 1 + (complements and not parts)]:
                seen.update(row.tobytes() for row in np.packbits(side, axis=1))
            # The engine remembers a limited number of answers; forgotten subsets are asked anew.
            if len(seen) > REMEMBERED:
                counted += len(seen)
                seen.clear()
            values = network(subsets)
            question = run.send(np.stack([values, -values]) if parts else values)
    return counted + len(seen)


def _random_network(n: int) -> Callable[[BoolArray], FloatArray]:
    """A set function of n elements, neither modular nor submodular: one hidden layer of 8 units."""
    rng, units = np.random.default_rng(0), 8
    inner, outer = rng.normal(size=(n, units)) * 3 / n**0.5, rng.normal(size=units)
    return lambda subsets: cast(FloatArray, np.tanh(subsets @ inner) @ outer)
