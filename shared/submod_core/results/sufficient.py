"""Sufficient regions: small sets of regions that are enough for a score of the target."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from submod_core._checks import check_count, check_number, check_type
from submod_core._types import BoolArray, IntArray
from submod_core.engine import Procedure, Query
from submod_core.results.explanation import Explanation
from submod_core.search import prefixes

# Answers to a subset that was asked for before differ by rounding; see `submod_core.engine.whole`.
_RELATIVE, _OF_LARGEST = 0.05, 1e-4


@dataclass(frozen=True)
class SufficientSet:
    """A set of regions that is enough for the score, and would not be without any one of them.

    Attributes
    ----------
    regions : tuple of int
        Ids in ascending order.
    value : float
        The target's score with these regions alone.
    area : float
        Share of the input that they cover, in (0, 1].

    Examples
    --------
    >>> SufficientSet(regions=(2, 5), value=0.9, area=0.1).regions
    (2, 5)
    """

    regions: tuple[int, ...]
    value: float
    area: float


@dataclass(frozen=True)
class Sufficient:
    """Disjoint sets of regions of one input, each of which is enough for a score of the target.

    Attributes
    ----------
    sets : tuple of SufficientSet
        The first is made of the first regions of the order, each next one of what the earlier ones
        leave. Empty where no prefix of the order reaches the score.
    score : float
        The score that each set reaches.
    model_inputs : int
        Images that went through the model.

    Examples
    --------
    >>> found = Sufficient((SufficientSet((2, 5), 0.9, 0.1),), score=0.8, model_inputs=7)
    >>> [one.regions for one in found.sets]
    [(2, 5)]
    """

    sets: tuple[SufficientSet, ...]
    score: float
    model_inputs: int


def sufficient_sets(
    explanation: Explanation, score: float, n: int = 1
) -> Procedure[tuple[SufficientSet, ...]]:
    """Ask the model for sets of regions that reach a score, none with a region to spare.

    The smallest prefix of the order that reaches the score is made minimal: each of its regions,
    the least important first, is dropped where the score is still reached, until no single one can
    be. A smaller set may exist, of other regions or without several at once. The last region of a
    set is never dropped.

    Parameters
    ----------
    explanation : Explanation
        Of the input that the model is asked about.
    score : float
    n : int
        Most sets, each made of the regions that the earlier ones leave, in their order.

    Raises
    ------
    ValueError
        If the model answers otherwise than when it was explained.

    Examples
    --------
    >>> from submod_core import Curves
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.5, 1]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(np.array([[0, 1]]), order, order / 1.0, curves, searched, 3, 4)
    >>> next(sufficient_sets(one, score=0.9)).keep.tolist()  # what is known, as a check
    [[False, True], [True, True]]
    """
    check_type("explanation", explanation, Explanation, "an Explanation")
    if not (isinstance(score, float) and score == np.inf):  # which nothing reaches
        check_number("score", score)
    check_count("n", n)
    yield from _check_answers(explanation)
    order, scores = explanation.order, explanation.curves.consistency[1:]
    found: list[SufficientSet] = []
    left = order
    while len(found) < n and len(left):
        if found:  # the curves are those of the whole order alone
            scores = (yield Query(_prefixes_of(left, len(order)))).target
        enough = np.flatnonzero(scores >= score)
        if not len(enough):
            break
        k = int(enough[0])
        one = yield from _minimal(explanation, left[: k + 1], float(scores[k]), score)
        found.append(one)
        left = left[~np.isin(left, one.regions)]
    return tuple(found)


def _minimal(
    explanation: Explanation, regions: IntArray, value: float, score: float
) -> Procedure[SufficientSet]:
    """Drop regions of a set that reaches the score, the last first, until each is needed."""
    shares = np.empty(len(explanation.order))
    shares[explanation.order] = np.diff(explanation.curves.area)
    kept = np.isin(np.arange(len(shares)), regions)
    # Where the score is not monotone a region may become redundant after another one was dropped:
    # pass over the set again until a pass drops nothing. The engine remembers what was asked.
    dropped = True
    while dropped:
        dropped = False
        for region in regions[::-1]:
            if not kept[region] or kept.sum() == 1:
                continue
            kept[region] = False
            answer = float((yield Query(kept[None].copy())).target[0])
            if answer >= score:
                value, dropped = answer, True
            else:
                kept[region] = True
    ids = tuple(np.flatnonzero(kept).tolist())
    return SufficientSet(ids, value, float(shares[kept].sum()))


def _prefixes_of(regions: IntArray, n: int) -> BoolArray:
    """The non-empty prefixes of some of n regions, (k, n)."""
    keep = np.zeros((len(regions), n), dtype=bool)
    keep[:, regions] = np.tri(len(regions), dtype=bool)
    return keep


def _check_answers(explanation: Explanation) -> Procedure[None]:
    """Raise ValueError unless the model answers as the explanation's curves say."""
    # With one region nearly all is baseline, with all of them nothing is: both are compared.
    ends = [1, -1]
    answers = (yield Query(prefixes(explanation.order)[ends])).target
    known = explanation.curves.consistency[ends]
    apart = np.abs(answers - known)
    if (apart > _RELATIVE * np.abs(known) + _OF_LARGEST * np.abs(known).max()).any():
        i = int(apart.argmax())
        raise ValueError(
            "`explanations` must be of the same model, inputs, baselines and targets: one says "
            f"that the score of {('its first region', 'the whole input')[i]} is {known[i]:.4g}, "
            f"and the model answers {answers[i]:.4g}"
        )


def check_explanations(explanations: Any, n: int) -> Sequence[Explanation]:
    """The explanation of each of n inputs, as a list; a single one stands for itself.

    Raises
    ------
    TypeError, ValueError
        If they are anything else than n explanations.

    Examples
    --------
    >>> check_explanations([], 1)
    Traceback (most recent call last):
    ValueError: `explanations` (of length 0) must have one for each of the 1 inputs
    """
    check_count("n", n, least=0)
    each = [explanations] if isinstance(explanations, Explanation) else explanations
    listed = isinstance(each, list | tuple) and all(isinstance(one, Explanation) for one in each)
    if not listed:
        raise TypeError(
            f"`explanations` (a {type(explanations).__name__}) must be an Explanation, or a list "
            "with one for each input"
        )
    if len(each) != n:
        raise ValueError(
            f"`explanations` (of length {len(each)}) must have one for each of the {n} inputs"
        )
    return list(each)
