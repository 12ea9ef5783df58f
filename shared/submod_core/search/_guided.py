"""Search guided by a regression on the subsets seen so far."""

from collections.abc import Generator, Sequence
from typing import NamedTuple

import numpy as np

from submod_core._checks import check_count, check_share
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.search._base import Order, Search, Steps, search
from submod_core.search._surrogate import Surrogate

_MOVES_PER_ROUND = 8
# Among small prefixes F is nearly all collaboration, whose weight is a quarter of consistency's: were they not weighed
# more, the moves would buy insertion with deletion.
_EMPHASIS = 8


def guided(n: int, /, admitted: int = 4, window: float = 0.25, polish: float = 6) -> Search:
    """Admit a few, retire the rest from the full set on, then move elements; evaluate only what a regression favours.

    Kernel ridge regression on all subsets seen so far guesses the values of the others. A pick evaluates the share
    `window` of the remaining elements for which the guess is best. The finished order is then improved: elements move
    to where the guess promises the largest rise of the sum of F over all prefixes, and stay there if it does rise.

    Parameters
    ----------
    n : int
        Number of elements.
    admitted : int
        Elements admitted from the empty set on, before the others are retired; they keep their places. More of them
        mean lower deletion curves, fewer mean higher insertion curves.
    window : float
        Share of the remaining elements that a pick evaluates, in (0, 1].
    polish : float
        Most evaluations spent on improving the finished order, as a multiple of n; 0 leaves it as it is.

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
    check_count("admitted", admitted, least=0)
    check_share("window", window)
    if isinstance(polish, bool) or not isinstance(polish, int | float) or not 0 <= polish < np.inf:
        raise ValueError(f"`polish` (={polish!r}) must be a finite number of at least 0")
    return _guided(n, admitted, window, polish)


@search
def _guided(order: Order, admitted: int, window: float, polish: float) -> Steps:
    n, surrogate = order.n, Surrogate(order.n)
    values = np.zeros(n)  # F of the prefixes of the order to be, by size − 1
    values[-1:] = yield from _learning(surrogate, order.whole())
    while len(order.front) < min(admitted, n - 1):
        looked = _promising(order, surrogate, _members(n, order.front), window if order.front else 1)
        answers = yield from _learning(surrogate, order.join_front(looked))
        best = np.argmax(answers)
        values[len(order.front)] = answers[best]
        order.admit(looked[best], answers[best])
    while len(candidates := order.candidates) > 1:
        # The higher index goes first where values tie, so that the lowest stays.
        looked = _promising(order, surrogate, ~_members(n, order.back), window if order.back else 1)[::-1]
        answers = yield from _learning(surrogate, order.leave_out(looked))
        best = np.argmax(answers)
        values[len(order.front) + len(candidates) - 2] = answers[best]
        order.retire(looked[best])
    yield from _polish(order, values, surrogate, len(order.front), int(polish * n))


def _learning(
    surrogate: Surrogate, question: Generator[BoolArray, FloatArray, FloatArray]
) -> Generator[BoolArray, FloatArray, FloatArray]:
    """The same question; the surrogate takes in its answer."""
    subsets = next(question)
    answers = yield subsets
    surrogate.observe(subsets, answers)
    try:
        question.send(answers)
    except StopIteration as stop:
        values: FloatArray = stop.value
    return values


def _members(n: int, elements: Sequence[int]) -> BoolArray:
    return np.isin(np.arange(n), elements)


def _promising(order: Order, surrogate: Surrogate, base: BoolArray, share: float) -> IntArray:
    """The candidates whose joining or leaving of the base promises the highest values, in ascending order."""
    candidates = order.candidates
    if share == 1:
        return candidates
    size = max(2, int(np.ceil(share * len(candidates))))
    guesses = surrogate.flipped(base[None])[0, candidates]
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
    order: Order, values: FloatArray, surrogate: Surrogate, fixed: int, budget: int
) -> Generator[BoolArray, FloatArray, None]:
    chain = [*order.front, *order.candidates.tolist(), *order.back]
    order.rearrange(chain, values)
    least = surrogate.resolution
    weights = 1 + _EMPHASIS * np.clip(1 - 3 * np.arange(order.n) / order.n, 0, None)
    while moves := _moves(chain, values, surrogate, weights, fixed, least):
        sets = [m.of(chain)[: size + 1] for m in moves for size in range(m.low, m.high)]
        if (budget := budget - len(sets)) < 0:
            break
        answers = yield from _learning(surrogate, order.ask(np.array([_members(order.n, s) for s in sets])))
        for move in moves:
            mine, answers = np.split(answers, [move.high - move.low])
            gains = (mine - values[move.low : move.high]) * weights[move.low : move.high]
            down = move.start < move.end
            summed = np.cumsum(gains if down else gains[::-1])
            if summed.max() > least:  # as far as it pays
                steps = 1 + int(np.argmax(summed))
                done = _Move(move.start, move.start + (steps if down else -steps))
                chain = done.of(chain)
                values[done.low : done.high] = mine[done.low - move.low : done.high - move.low]
        order.rearrange(chain, values)


def _moves(
    chain: Sequence[int], values: FloatArray, surrogate: Surrogate, weights: FloatArray, fixed: int, least: float
) -> list[_Move]:
    """Moves that promise most for what they cost, no two of which touch the same prefix."""
    n = len(chain)
    places = np.arange(n)
    prefixes = np.arange(n + 1)[:, None] > np.argsort(chain)
    guesses = surrogate.flipped(prefixes)[:, chain]
    size, place = places[:-1, None], places[None]
    # Moving down from a place changes the prefixes after it, moving up those before it.
    without, with_ = (weights[:-1, None] * (g - values[:-1, None]) for g in (guesses[2:], guesses[:-2]))
    down = np.cumsum(np.where(size >= place, without, 0), axis=0)
    up = np.cumsum(np.where(size < place, with_, 0)[::-1], axis=0)[::-1]
    promise = np.where(size >= place, down, up)
    length = np.abs(size - place + (size >= place))
    worth = np.where((promise > least) & (np.minimum(size, place) >= fixed), promise / np.sqrt(length), 0)
    taken = np.zeros(n, dtype=bool)
    moves: list[_Move] = []
    for flat in np.argsort(-worth, axis=None, kind="stable")[: 4 * n]:
        row, start = np.unravel_index(flat, worth.shape)
        if worth[row, start] <= 0 or len(moves) == _MOVES_PER_ROUND:
            break
        move = _Move(int(start), int(row) + (row >= start))
        if not taken[move.low : move.high + 1].any():
            taken[move.low : move.high + 1] = True
            moves.append(move)
    return moves
