"""Guided search: a regression on the subsets seen so far chooses the next ones."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from submod_core._checks import check_amount, check_count, check_count_or_share, check_share
from submod_core._types import BoolArray, IntArray
from submod_core.search._ahead import Ahead
from submod_core.search._judge import Judge, images, members
from submod_core.search._plan import Plan
from submod_core.search._polish import polish
from submod_core.search.base import Search
from submod_core.search.order import Order
from submod_core.search.questions import Steps


@dataclass(frozen=True)
class Guided(Search):
    """Admit a few, retire the rest from the full set on, then move elements; the default search.

    Only subsets that a regression favours are evaluated. The prefixes of a good order have high
    values, and their complements low ones: a subset S of all elements V is judged by its worth
    F(S) − `complement_weight` · F(V∖S). Kernel ridge regression on all subsets seen so far guesses
    the worth of other subsets. A pick evaluates the share `window` of the remaining elements for
    which the guess is best. Where F is a sum of parts that look at a subset and at what it leaves,
    as LiMA's is (`Order.parts`), only the sides on which the guesses differ are evaluated. The
    finished order is then improved by moves of single elements: the guess proposes the moves that
    raise the summed worth of all prefixes most, up to four of the prefixes that a move changes are
    evaluated, and it is made if the sum, guessed anew, still rises.

    Where elements differ much in size (`Order.sizes`), they are compared by what they add for it,
    and moves raise the area under the worth along the order.

    Within a budget of images that is too small for that, a pick looks at fewer candidates and fewer
    moves are tried; below four images an element (six, where both sides are evaluated) the first
    look is at groups of four neighbouring elements. Where a search among groups of elements went
    before, what it asked for (`Order.known`) stands for that look.

    Parameters
    ----------
    admitted : int, or float in (0, 1)
        Elements admitted from the empty set on, before the others are retired: a number, or a share
        of n, rounded down to at least 1. Admitted elements keep their places. More of them mean
        lower deletion curves, fewer mean higher insertion curves.
    window : float, optional
        Share of the remaining elements that a pick evaluates, in (0, 1]. By default a quarter; for
        more than 49 elements 1.75 / √n, since guesses are the better the more subsets were seen;
        for more than 400 elements 35 / n, since the regression's time grows with the evaluations.
    polish : float
        Most subsets, or single sides, evaluated to improve the finished order, as a multiple of n,
        beside the prefixes of the order that this ends with; at 0 the order stays as it is.
    ahead : int
        Subsets, or single sides, up to which a round is filled with those of picks and moves to
        come, as far as they can be foreseen, so that rounds are fewer and fuller: for a model that
        answers a large batch as fast as a small one, the size of such a batch. Some are asked in
        vain, and all count; moves then ask for more than `polish` says. Not within a budget of
        images that is too small for the default search.
    front : float, optional
        Share of the elements, in (0, 1], whose prefixes count 30 times more in the moves: for what
        a small share of the input can do. Best with `admitted=0`, `complement_weight=0.5` and
        `polish=15`.
    complement_weight : float, optional
        Weight of the complement's value, at least 0. At 0 complements are not asked for. By default
        1 where F looks at complements anyway, as LiMA's F with collaboration does: F of both then
        costs no more model calls. Otherwise 0.

    Raises
    ------
    ValueError
        If an option is out of range.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(sum, 5, Guided()).order
    array([4, 3, 2, 1, 0])
    """

    plans: ClassVar[bool] = True

    admitted: int | float = 0.04
    window: float | None = None
    polish: float = 6
    complement_weight: float | None = None
    ahead: int = 0
    front: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count_or_share("admitted", self.admitted, least=0)
        if self.window is not None:
            check_share("window", self.window)
        check_amount("polish", self.polish)
        check_count("ahead", self.ahead, least=0)
        if self.front is not None:
            check_share("front", self.front)
        if self.complement_weight is not None:
            check_amount("complement_weight", self.complement_weight)

    @property
    def fills_rounds(self) -> bool:
        """Whether rounds are filled up."""
        return self.ahead > 0

    def steps(self, order: Order) -> Steps:
        """Forward from the empty set, backward from the full one, then moves."""
        n = order.n
        share = min(0.25, 1.75 / n**0.5, 35 / n) if self.window is None else self.window
        weight = self.complement_weight
        judge = Judge(order, float(order.sees_complements) if weight is None else weight)
        plan = Plan(order, judge, share, int(self.polish * n), self.front or 0)
        # All elements; what they leave as well, where it is no more than another image, or where
        # gains are compared for the size of elements.
        both = np.array([True, judge.always is None or not judge.alike])
        everything = images(np.ones((1, n), dtype=bool), both)
        # Where one side is enough, what single elements leave serves the first pick on each end.
        # Where the images are too few for single elements, groups of them are left out.
        singles = ~np.eye(n, dtype=bool)
        asked = images(singles, judge.first(kept=True))
        groups = order.known
        if not len(groups) and not plan.pays(asked, beside=judge.sides * n):
            groups = np.array([~members(n, one) for one in plan.groups()])
            groups = images(groups, judge.first(kept=True))
        if grouped := len(groups) > 0:
            judge.assume_not_modular()
            yield from judge.look_at(np.concatenate([everything, groups]))
        elif judge.always is None:
            yield from judge.look_at(np.concatenate([everything, singles]))
            gains = judge.worth(np.ones((1, n), dtype=bool)) - judge.worth(singles)
            order.rate(np.arange(n), gains / order.sizes)
        else:
            yield from judge.look_at(everything)
        # Forward: admit the candidate with the highest worth of front ∪ {c}.
        admitted = 0 if grouped else min(self._admitted(n), n - 1)
        while len(order.front) < admitted:
            front = members(n, order.front)
            looked, sides = self._window(judge, plan, front, first=not order.front)
            worth = yield from judge.flip(front, looked, sides)
            best = int(np.argmax(worth))
            values = judge.values(front | (np.arange(n) == looked[:, None]))
            if np.isfinite(values).all():
                order.note(looked, values)
            order.admit(looked[best], values[best])
        # Backward: retire the candidate without which the rest has the highest worth. The rest is
        # the prefix that ends before the candidate.
        tight = plan.is_tight(len(order.candidates))
        ahead = Ahead(judge, plan, 0 if tight else int(self.ahead))
        while len(order.candidates) > 1:
            rest, first = ~members(n, order.back), not (order.back or grouped)
            looked, sides = ahead.window(rest) or self._window(judge, plan, rest, first)
            # The higher index goes first where values tie, so that the lowest stays.
            looked = looked[::-1]
            along = ahead.images(rest, looked, sides)
            worth = yield from judge.flip(rest, looked, sides, along)
            order.retire(looked[np.argmax(worth)])
        # The order of a modular function has nothing to gain.
        budget = plan.most_moves if n > 1 and not judge.modular else 0
        yield from polish(order, judge, len(order.front), budget, plan, ahead.size)

    @staticmethod
    def _window(
        judge: Judge, plan: Plan, base: BoolArray, first: bool
    ) -> tuple[IntArray, BoolArray]:
        """The candidates that a pick looks at, in ascending order, and the sides (2,).

        The first pick of either end looks at all: the regression knows nothing yet.
        """
        likely, sides = judge.likely(base, judge.order.candidates)
        if first:
            sides = judge.first(kept=bool(base.any()))
            subsets = base ^ (np.arange(len(base)) == likely[:, None])
            if plan.pays(images(subsets, sides)):
                return np.sort(likely), sides
        shown = max(int(sides.sum()), judge.sides)
        return np.sort(likely[: plan.candidates(len(likely), shown)]), sides

    def _admitted(self, n: int) -> int:
        """Number of elements to admit before the others are retired."""
        share = 0 < self.admitted < 1
        return max(1, int(self.admitted * n)) if share else int(self.admitted)
