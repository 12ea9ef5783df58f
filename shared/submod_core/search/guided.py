"""Guided search: a regression on the subsets seen so far chooses the next ones."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from submod_core._checks import check_amount, check_count_or_share, check_share
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.search._surrogate import Surrogate
from submod_core.search.base import Order, Search, Steps

_MOVES_PER_ROUND = 8
# Step to which worths are rounded, as a share of the largest value.
_NOISE = 1e-6


@dataclass(frozen=True)
class Guided(Search):
    """Admit a few, retire the rest from the full set on, then move elements; the default search.

    Only subsets that a regression favours are evaluated. The prefixes of a good order have high
    values, and their complements low ones: a subset S of all elements V is judged by its worth
    F(S) − `complement_weight` · F(V∖S). Kernel ridge regression on all subsets seen so far guesses
    the worth of other subsets. A pick evaluates the share `window` of the remaining elements for
    which the guess is best. The finished order is then improved by moves of single elements: the
    guess proposes the moves that raise the summed worth of all prefixes most, and a move is made
    if the evaluated sum does rise.

    Parameters
    ----------
    admitted : int, or float in (0, 1)
        Elements admitted from the empty set on, before the others are retired: a number, or a share
        of n, rounded down to at least 1. Admitted elements keep their places. More of them mean
        lower deletion curves, fewer mean higher insertion curves.
    window : float, optional
        Share of the remaining elements that a pick evaluates, in (0, 1]. By default a quarter; for
        more than 49 elements 1.75 / √n, since guesses are the better the more subsets were seen.
    polish : float
        Most subsets evaluated to improve the finished order, as a multiple of n; at 0 the order
        stays as it is.
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

    admitted: int | float = 0.04
    window: float | None = None
    polish: float = 6
    complement_weight: float | None = None

    def __post_init__(self) -> None:
        check_count_or_share("admitted", self.admitted, least=0)
        if self.window is not None:
            check_share("window", self.window)
        check_amount("polish", self.polish)
        if self.complement_weight is not None:
            check_amount("complement_weight", self.complement_weight)

    def steps(self, order: Order) -> Steps:
        """Forward from the empty set, backward from the full one, then moves."""
        n = order.n
        window = min(0.25, 1.75 / n**0.5) if self.window is None else self.window
        share = 0 < self.admitted < 1
        admitted = max(1, int(self.admitted * n)) if share else int(self.admitted)
        weight = self.complement_weight
        judge = _Judge(order, float(order.sees_complements) if weight is None else weight)
        known = np.zeros((2, n))  # F and the worth of the prefixes of the order to be, by size − 1
        known[0, -1:] = yield from order.whole()
        # Forward: admit the candidate with the highest worth of front ∪ {c}. The first pick looks
        # at all candidates, since the regression knows nothing yet.
        while len(order.front) < min(admitted, n - 1):
            looked = judge.promising(_members(n, order.front), window if order.front else 1)
            values, worth = yield from judge.look(order.joined(looked))
            order.note(looked, values)
            best = np.argmax(worth)
            known[:, len(order.front)] = values[best], worth[best]
            order.admit(looked[best], values[best])
        # Backward: retire the candidate without which the rest has the highest worth. The rest is
        # the prefix that ends before the candidate.
        while len(candidates := order.candidates) > 1:
            # The higher index goes first where values tie, so that the lowest stays.
            looked = judge.promising(~_members(n, order.back), window if order.back else 1)[::-1]
            values, worth = yield from judge.look(order.left_by(looked))
            best = np.argmax(worth)
            known[:, len(order.front) + len(candidates) - 2] = values[best], worth[best]
            order.retire(looked[best])
        budget = int(self.polish * n) if n > 1 else 0
        yield from _polish(order, known, judge, len(order.front), budget)


def _members(n: int, elements: Sequence[int]) -> BoolArray:
    """One subset of n elements as a mask, (n,)."""
    members = np.zeros(n, dtype=bool)
    members[list(elements)] = True
    return members


class _Judge:
    """Evaluates the worth of subsets, and guesses the worth of others."""

    def __init__(self, order: Order, complement_weight: float) -> None:
        self.order, self.complement_weight = order, complement_weight
        self.surrogate = Surrogate(order.n)

    def look(self, subsets: BoolArray) -> Generator[BoolArray, FloatArray, FloatArray]:
        """Ask for F and the worth of subsets (B, n); return them as (2, B)."""
        if self.complement_weight:
            both = yield from self.order.ask(np.concatenate([subsets, ~subsets]))
            values, left = np.split(both, 2)
            # The difference is rounded: float32 noise must not decide between equal worths.
            noise = max(_NOISE * float(np.abs(values).max()), 1e-300)
            worth = np.rint((values - self.complement_weight * left) / noise) * noise
        else:
            values = worth = yield from self.order.ask(subsets)
        self.surrogate.observe(subsets, worth)
        return np.stack([values, worth])

    def promising(self, base: BoolArray, share: float) -> IntArray:
        """The share of the candidates with the highest guesses, at least two, in ascending order.

        The guess is of the worth of the base with one candidate put in, or taken out.
        """
        candidates = self.order.candidates
        if share == 1:
            return candidates
        size = max(2, int(np.ceil(share * len(candidates))))
        guesses = self.surrogate.flipped(base[None])[0, candidates]
        return np.sort(candidates[np.argsort(-guesses, kind="stable")[:size]])


class _Move(NamedTuple):
    """Move of an element between two places of an order.

    The move changes the prefixes of `low` + 1 … `high` elements and no others.
    """

    start: int
    end: int

    @property
    def low(self) -> int:
        return min(self)

    @property
    def high(self) -> int:
        return max(self)

    def applied(self, order: Sequence[int]) -> list[int]:
        """The order after the move."""
        moved = list(order)
        moved.insert(self.end, moved.pop(self.start))
        return moved


def _polish(
    order: Order, known: FloatArray, judge: _Judge, fixed: int, budget: int
) -> Generator[BoolArray, FloatArray, None]:
    """Move elements of a complete order to places where the summed worth of all prefixes rises.

    `known` holds F and the worth of each prefix, (2, n); the first `fixed` places stay.
    """
    chain = [*order.front, *order.candidates.tolist(), *order.back]
    order.rearrange(chain, known[0])
    least = judge.surrogate.resolution
    # Each round evaluates the prefixes that a few moves change. No two moves touch the same prefix,
    # so that each can be judged, and made, without the others.
    while budget > 0 and (moves := _moves(chain, known[1], judge.surrogate, fixed, least)):
        sets = [m.applied(chain)[: size + 1] for m in moves for size in range(m.low, m.high)]
        if (budget := budget - len(sets)) < 0:
            break
        found = yield from judge.look(np.array([_members(order.n, s) for s in sets]))
        for move in moves:
            mine, found = np.split(found, [move.high - move.low], axis=1)
            gains = mine[1] - known[1, move.low : move.high]
            down = move.start < move.end
            # An element that moves only part of the way changes only the prefixes nearest to its
            # start. Move it as far as the summed gain is highest, if there is a gain at all.
            summed = np.cumsum(gains if down else gains[::-1])
            if summed.max() > least:
                steps = 1 + int(np.argmax(summed))
                done = _Move(move.start, move.start + (steps if down else -steps))
                chain = done.applied(chain)
                known[:, done.low : done.high] = mine[:, done.low - move.low : done.high - move.low]
        order.rearrange(chain, known[0])


def _moves(
    chain: Sequence[int], worth: FloatArray, surrogate: Surrogate, fixed: int, least: float
) -> list[_Move]:
    """Moves with the best ratio of promise to cost, no two of which touch the same prefix."""
    # Guessed worth of every prefix (row: its size) with the element of every place (column) put in
    # or taken out.
    n = len(chain)
    places = np.arange(n)
    prefixes = np.arange(n + 1)[:, None] > np.argsort(chain)
    guesses = surrogate.flipped(prefixes)[:, chain]
    # Moving down from a place changes the prefixes from that place on: each loses the element and
    # takes in the next one. Moving up changes the prefixes before the place: each gains the element
    # and gives up its last. Row s, column p of `promise` sums what a move from p to s promises.
    size, place = places[:-1, None], places[None]
    without, with_ = (g - worth[:-1, None] for g in (guesses[2:], guesses[:-2]))
    down = np.cumsum(np.where(size >= place, without, 0), axis=0)
    up = np.cumsum(np.where(size < place, with_, 0)[::-1], axis=0)[::-1]
    promise = np.where(size >= place, down, up)
    # A move of length l costs l evaluations: long moves must promise more. Moves that touch the
    # fixed places or promise no more than the resolution of guesses are out.
    length = np.abs(size - place + (size >= place))
    rating = np.where(
        (promise > least) & (np.minimum(size, place) >= fixed), promise / np.sqrt(length), 0
    )
    best = np.argsort(-rating, axis=None, kind="stable")[: min(4 * n, np.count_nonzero(rating))]
    rows, starts = np.unravel_index(best, rating.shape)
    ends = rows + (rows >= starts)
    # Take the best move, drop all moves that touch its prefixes, and repeat a few times.
    moves: list[_Move] = []
    while len(starts) and len(moves) < _MOVES_PER_ROUND:
        moves.append(_Move(int(starts[0]), int(ends[0])))
        before = np.maximum(starts, ends) < moves[-1].low
        behind = np.minimum(starts, ends) > moves[-1].high
        starts, ends = starts[before | behind], ends[before | behind]
    return moves
