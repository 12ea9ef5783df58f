"""Explanation of mistakes: regions that support the truth, regions that cause the error.

LiMA, §6.4.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from submod_core._checks import (
    as_numbers,
    as_whole_numbers,
    check_alike,
    check_axes,
    check_callable,
    check_count,
    check_index,
    check_type,
)
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.engine._finite import check_finite_row
from submod_core.methods.coarse_to_fine import places_of
from submod_core.regions import GroundSet
from submod_core.results import Explanation, check_areas

Classify = Callable[[int, BoolArray], FloatArray]
"""The class probabilities (C,) of an example with the regions (n,) kept."""


@dataclass(frozen=True, eq=False)
class Mistake:
    """An input that a model misclassifies, explained for its true class.

    Attributes
    ----------
    explanation : Explanation
        For the true class.
    truth : int
        The true class.
    supports : ndarray of intp
        The prefix of the order with which alone the model is most confident of the truth.
    causes : ndarray of intp
        All other regions, which keep the model from the truth; the last of the order first.
    before, after : ndarray of float64, (C,)
        The class probabilities of the whole input, and without the causes.
    example : int
        The place of the input among those given.
    """

    explanation: Explanation
    truth: int
    supports: IntArray
    causes: IntArray
    before: FloatArray
    after: FloatArray
    example: int = 0

    def __post_init__(self) -> None:
        check_type("explanation", self.explanation, Explanation, "an Explanation")
        before, after = as_numbers("before", self.before), as_numbers("after", self.after)
        check_axes("before", before, 1, "(C,)")
        check_alike("after", after, "before", before.shape)
        check_index("truth", self.truth, len(before), "classes")
        check_count("example", self.example, least=0)
        parts = [as_whole_numbers(name, getattr(self, name)) for name in ("supports", "causes")]
        whole = np.arange(len(self.explanation.order))
        if any(part.ndim != 1 for part in parts) or not np.array_equal(
            np.sort(np.concatenate(parts)), whole
        ):
            raise ValueError(
                f"`supports` and `causes` must hold the {len(whole)} regions of `explanation`, "
                "each once"
            )

    @property
    def predicted(self) -> int:
        """Class that the model predicts for the whole input."""
        return int(self.before.argmax())

    @property
    def confidence_before(self) -> float:
        """Probability of the truth for the whole input."""
        return float(self.before[self.truth])

    @property
    def confidence_after(self) -> float:
        """Probability of the truth without the causes."""
        return float(self.after[self.truth])

    @property
    def corrected(self) -> bool:
        """Whether the model recognises the truth without the causes."""
        return int(self.after.argmax()) == self.truth

    def __repr__(self) -> str:
        ending = "recognised" if self.corrected else "not recognised"
        return (
            f"Mistake(class {self.truth} taken for {self.predicted}; without {len(self.causes)} of "
            f"{len(self.explanation.order)} regions its probability goes from "
            f"{self.confidence_before:.3f} to {self.confidence_after:.3f}, {ending})"
        )


class Mistakes(list[Mistake]):
    """The mistakes of a batch, in its order.

    Attributes
    ----------
    right : list of int
        The examples whose true class the model predicts, and that therefore are not in the list.

    Examples
    --------
    >>> Mistakes(right=[0, 2]).right
    [0, 2]
    """

    def __init__(self, mistakes: Iterable[Mistake] = (), *, right: Iterable[int] = ()) -> None:
        super().__init__(mistakes)
        self.right = list(right)


def find_mistakes(
    classify: Classify,
    explain: Callable[[IntArray], list[Explanation]],
    sets: Sequence[GroundSet],
    truths: Sequence[int],
    max_area: float,
) -> Mistakes:
    """Explain each example that the model takes for another class for its true class.

    Parameters
    ----------
    classify : callable
        From an example and its kept regions to the class probabilities.
    explain : callable
        Explains some examples for their true classes, given their indices.
    sets : sequence of GroundSet, N
    truths : sequence of int, N
    max_area : float in (0, 1]
        Largest share of the input for `Mistake.supports`.

    Returns
    -------
    Mistakes

    Raises
    ------
    NonFiniteOutputError
        If a probability is NaN: it would be taken for the highest.
    ValueError
        If `max_area` is not in (0, 1] or leaves no region, or every example is classified
        correctly.

    Examples
    --------
    A model that takes every input for class 0 as long as region 1 is there:

    >>> from submod_core import Curves
    >>> def classify(example, keep):
    ...     return np.array([0.9, 0.1]) if keep[1] else np.array([0.3, 0.7])
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0.5, 0.7, 0.1]), np.array([0.9, 0.2, 0.3]))
    >>> regions, order, scores = np.array([[0, 1]]), np.array([0, 1]), np.array([1.0, 0.0])
    >>> one = Explanation(regions, order, scores, curves, np.ones(2, bool), 3, 4)
    >>> cells = GroundSet(regions, np.ones(2), np.zeros(2, dtype=bool))
    >>> found = find_mistakes(classify, lambda _: [one], [cells, cells], [1, 0], max_area=1.0)
    >>> found, found.right
    ([Mistake(class 1 taken for 0; without 1 of 2 regions its probability goes from 0.100 to 0.700,
    recognised)], [1])
    """
    check_areas([max_area])
    check_callable("classify", classify)
    check_callable("explain", explain)
    check_type("sets", sets, Sequence, "a sequence of GroundSet")
    for ground_set in sets:
        check_type("sets", ground_set, GroundSet, "a sequence of GroundSet")
    # Of any number: which classes there are, `explain` knows.
    check_axes("truths", as_whole_numbers("truths", truths), 1, "(N,)")
    if len(truths) != len(sets):
        raise ValueError(
            f"`truths` (of length {len(truths)}) must have a class for each of {len(sets)} examples"
        )

    def probabilities(example: int, keep: BoolArray) -> FloatArray:
        return check_finite_row(classify(example, keep), example, "the model of `method`")

    before = [probabilities(i, np.ones(len(one.sizes), bool)) for i, one in enumerate(sets)]
    predicted = np.array([int(p.argmax()) for p in before])
    wrong = np.flatnonzero(predicted != np.asarray(truths))
    if not len(wrong):
        raise ValueError(
            "`target` is what the model already predicts for all examples; there is no mistake"
        )
    mistakes = Mistakes(right=np.flatnonzero(predicted == np.asarray(truths)).tolist())
    for i, explanation in zip(wrong.tolist(), explain(wrong), strict=True):
        highest = explanation.curves.highest_confidence(max_area)
        if highest is None:
            raise ValueError(
                f"`max_area` (={max_area}) is smaller than the first region of example {i}"
            )
        # Cut the order where the model is most confident of the truth, and show it the first part.
        supports, rest = np.split(explanation.order, [highest.n_regions])
        after = probabilities(i, np.isin(places_of(sets[i], explanation), supports))
        mistakes.append(
            Mistake(explanation, int(truths[i]), supports, rest[::-1], before[i], after, i)
        )
    return mistakes
