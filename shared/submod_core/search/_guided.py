"""Search guided by a regression on the subsets seen so far."""

from collections.abc import Generator, Sequence
from typing import NamedTuple

import numpy as np

from submod_core._checks import check_count, check_count_or_share, check_share
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.search._base import Order, Search, Steps, search
from submod_core.search._surrogate import Surrogate

_MOVES_PER_ROUND = 8
_NOISE = 1e-6


def guided(
    n: int, /, admitted: int | float = 0.04, window: float | None = None, polish: float = 6, remainder: float = 1
) -> Search:
    """Admit a few, retire the rest from the full set on, then move elements; evaluate only what a regression favours.

    A good order has beginnings of high value, and what they leave has low value: a subset S of all elements V is judged
    by its worth F(S) − `remainder` · F(V∖S). LiMA's F looks at both parts of the image for either value, so that asking
    for both costs nothing more. Kernel ridge regression on all subsets seen so far guesses the worth of the others. A
    pick evaluates the share `window` of the remaining elements for which the guess is best. The finished order is then
    improved: elements move to where the guess promises the largest rise of the worth of all prefixes together, and stay
    there if it does rise.

    Parameters
    ----------
    n : int
        Number of elements.
    admitted : int, or float in (0, 1)
        Elements admitted from the empty set on, before the others are retired; they keep their places. More of them
        mean lower deletion curves, fewer mean higher insertion curves. Or a share of n, rounded down to at least 1.
    window : float, optional
        Share of the remaining elements that a pick evaluates, in (0, 1]. By default a quarter, of more than 49 elements
        1.75 / √n: the more subsets have been seen, the better the guesses are.
    polish : float
        Most subsets evaluated to improve the finished order, as a multiple of n; 0 leaves it as it is.
    remainder : float
        Weight of what a subset leaves, at least 0. At 0 it is not asked for: for an F that does not look at it anyway.

    Raises
    ------
    ValueError
        If an option is out of range.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(lambda chosen: sum(chosen), 5, search="guided").order
    array([4, 3, 2, 1, 0])
    """
    check_count("n", n)
    check_count_or_share("admitted", admitted, least=0)
    window = min(0.25, 1.75 / n**0.5) if window is None else window
    check_share("window", window)
    for name, value in (("polish", polish), ("remainder", remainder)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < np.inf:
            raise ValueError(f"`{name}` (={value!r}) must be a finite number of at least 0")
    share = 0 < admitted < 1
    return _guided(n, max(1, int(admitted * n)) if share else int(admitted), window, polish, remainder)


@search
def _guided(order: Order, admitted: int, window: float, polish: float, remainder: float) -> Steps:
    n, judge = order.n, _Judge(order, remainder)
    known = np.zeros((2, n))  # F and the worth of the prefixes of the order to be, by size − 1
    known[0, -1:] = yield from order.whole()
    while len(order.front) < min(admitted, n - 1):
        looked = judge.promising(_members(n, order.front), window if order.front else 1)
        values, worth = yield from judge.look(order.joined(looked))
        order.note(looked, values)
        best = np.argmax(worth)
        known[:, len(order.front)] = values[best], worth[best]
        order.admit(looked[best], values[best])
    while len(candidates := order.candidates) > 1:
        # The higher index goes first where values tie, so that the lowest stays.
        looked = judge.promising(~_members(n, order.back), window if order.back else 1)[::-1]
        values, worth = yield from judge.look(order.left_by(looked))
        best = np.argmax(worth)
        known[:, len(order.front) + len(candidates) - 2] = values[best], worth[best]
        order.retire(looked[best])
    yield from _polish(order, known, judge, len(order.front), int(polish * n) if n > 1 else 0)


def _members(n: int, elements: Sequence[int]) -> BoolArray:
    members = np.zeros(n, dtype=bool)
    members[list(elements)] = True
    return members


class _Judge:
    """Finds out what subsets are worth, and guesses it for others."""

    def __init__(self, order: Order, remainder: float) -> None:
        self.order, self.remainder, self.surrogate = order, remainder, Surrogate(order.n)

    def look(self, subsets: BoolArray) -> Generator[BoolArray, FloatArray, FloatArray]:
        """Ask for F and the worth of subsets (B, n); return them as (2, B)."""
        if self.remainder:
            values, left = np.split((yield from self.order.ask(np.concatenate([subsets, ~subsets]))), 2)
            # What cancels leaves the rounding noise of float32 models, which must not decide.
            noise = max(_NOISE * float(np.abs(values).max()), 1e-300)
            worth = np.rint((values - self.remainder * left) / noise) * noise
        else:
            values = worth = yield from self.order.ask(subsets)
        self.surrogate.observe(subsets, worth)
        return np.stack([values, worth])

    def promising(self, base: BoolArray, share: float) -> IntArray:
        """The candidates whose joining or leaving of the base promises the highest worth, in ascending order."""
        candidates = self.order.candidates
        if share == 1:
            return candidates
        size = max(2, int(np.ceil(share * len(candidates))))
        guesses = self.surrogate.flipped(base[None])[0, candidates]
        return np.sort(candidates[np.argsort(-guesses, kind="stable")[:size]])


class _Move(NamedTuple):
    """An element's move between two places of an order; it changes the prefixes of `low` + 1 … `high` elements."""

    start: int
    end: int

    @property
    def low(self) -> int:
        return min(self)

    @property
    def high(self) -> int:
        return max(self)

    def of(self, order: Sequence[int]) -> list[int]:
        moved = list(order)
        moved.insert(self.end, moved.pop(self.start))
        return moved


def _polish(
    order: Order, known: FloatArray, judge: _Judge, fixed: int, budget: int
) -> Generator[BoolArray, FloatArray, None]:
    chain = [*order.front, *order.candidates.tolist(), *order.back]
    order.rearrange(chain, known[0])
    least = judge.surrogate.resolution
    while budget > 0 and (moves := _moves(chain, known[1], judge.surrogate, fixed, least)):
        sets = [m.of(chain)[: size + 1] for m in moves for size in range(m.low, m.high)]
        if (budget := budget - len(sets)) < 0:
            break
        found = yield from judge.look(np.array([_members(order.n, s) for s in sets]))
        for move in moves:
            mine, found = np.split(found, [move.high - move.low], axis=1)
            gains = mine[1] - known[1, move.low : move.high]
            down = move.start < move.end
            summed = np.cumsum(gains if down else gains[::-1])
            if summed.max() > least:  # as far as it pays
                steps = 1 + int(np.argmax(summed))
                done = _Move(move.start, move.start + (steps if down else -steps))
                chain = done.of(chain)
                known[:, done.low : done.high] = mine[:, done.low - move.low : done.high - move.low]
        order.rearrange(chain, known[0])


def _moves(chain: Sequence[int], worth: FloatArray, surrogate: Surrogate, fixed: int, least: float) -> list[_Move]:
    """Moves that promise most for what they cost, no two of which touch the same prefix."""
    n = len(chain)
    places = np.arange(n)
    prefixes = np.arange(n + 1)[:, None] > np.argsort(chain)
    guesses = surrogate.flipped(prefixes)[:, chain]
    size, place = places[:-1, None], places[None]
    # Moving down from a place changes the prefixes after it, moving up those before it.
    without, with_ = (g - worth[:-1, None] for g in (guesses[2:], guesses[:-2]))
    down = np.cumsum(np.where(size >= place, without, 0), axis=0)
    up = np.cumsum(np.where(size < place, with_, 0)[::-1], axis=0)[::-1]
    promise = np.where(size >= place, down, up)
    length = np.abs(size - place + (size >= place))
    rating = np.where((promise > least) & (np.minimum(size, place) >= fixed), promise / np.sqrt(length), 0)
    best = np.argsort(-rating, axis=None, kind="stable")[: min(4 * n, np.count_nonzero(rating))]
    rows, starts = np.unravel_index(best, rating.shape)
    ends = rows + (rows >= starts)
    moves: list[_Move] = []
    while len(starts) and len(moves) < _MOVES_PER_ROUND:
        moves.append(_Move(int(starts[0]), int(ends[0])))
        apart = (np.maximum(starts, ends) < moves[-1].low) | (np.minimum(starts, ends) > moves[-1].high)
        starts, ends = starts[apart], ends[apart]
    return moves
