"""Moves of single elements that improve a finished order, for the guided search."""

from collections.abc import Generator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.search._judge import Judge, images
from submod_core.search._plan import Plan
from submod_core.search._summed import Summed
from submod_core.search.base import prefixes
from submod_core.search.order import Order
from submod_core.search.questions import Question

# Moves that a round tries at most, of orders up to 100 places and of longer ones: rounds take the
# search's own time.
_MOVES, _MOVES_OF_LONG, _LONG = 8, 16, 100
# Prefixes evaluated of those that a move changes; the regression, which has seen these, guesses the
# others as well as it needs to: the gains of neighbouring prefixes are much alike.
_SAMPLE = 4
# Rounds of moves that the budget is enough for, where they are filled.
_ROUNDS = 8
# Share of the fullest round below which a round of moves is the last one, where rounds are filled.
_LAST = 1 / 8
# Places of an order among which moves are looked for: time and memory grow with the square. Longer
# orders are cut into blocks of equal length.
_BLOCK = 400
# Prefixes changed by the moves of a round, from which on no further moves join: time and memory.
_PREFIXES = 4096


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


class _Round(NamedTuple):
    """Moves that a round tries on an order, and what it asks for.

    `subsets` (B, n) are the prefixes of `sizes` + 1 elements that the moves change, one move after
    the other; `asked` (k, n) are images of some of them, none of which is known.
    """

    chain: list[int]
    moves: list[_Move]
    subsets: BoolArray
    sizes: IntArray
    asked: BoolArray

    def filled(self, judge: Judge, plan: Plan, ahead: int) -> BoolArray:
        """Images to ask for: up to `ahead`, with sides of the prefixes before and after the moves.

        A budget keeps those back that the curves need anew where all moves are made.
        """
        if len(self.asked) >= ahead:
            return self.asked
        most = max(len(self.asked), min(ahead, plan.affordable() - 2 * len(self.subsets)))
        needed = images(np.concatenate([prefixes(self.chain)[1:-1], self.subsets]), judge.needed)
        return judge.unknown(np.concatenate([self.asked, needed]))[:most]

    def outcome(self, judge: Judge, plan: Plan) -> list[int]:
        """The order after the moves that raise the sum."""
        worth = judge.worth(prefixes(self.chain))
        gains = judge.worth(self.subsets) - worth[self.sizes + 1]
        summed = Summed(self.chain, worth, judge.order.sizes, plan.front)
        return _moved(self.chain, self.moves, gains, summed, judge.resolution)


def polish(
    order: Order, judge: Judge, fixed: int, budget: int, plan: Plan, ahead: int = 0
) -> Generator[Question, FloatArray, None]:
    """Move elements of a complete order to places where the summed worth of all prefixes rises.

    The sum, an area where sizes differ, is `Summed`; of the prefixes that a move changes a few are
    evaluated, the others guessed. The first `fixed` places stay. Moves ask for at most `budget`
    images, and no more than the plan allows. `ahead` is the number of images up to which a round is
    filled, beyond the budget, with further moves, of which only the best are made, and with sides
    of prefixes that are not known. In the end F of all prefixes is known, unless the evaluations
    end before.
    """
    chain = rough = [*order.front, *order.candidates.tolist(), *order.back]
    order.rearrange(chain, judge.values(prefixes(chain)[1:]))
    # What a round counts at most: filled rounds are followed by others, however full they are.
    most = -(-budget // _ROUNDS) if ahead else budget
    fullest = 0
    try:
        # Each round evaluates some of the prefixes that a few moves change. Of moves that touch the
        # same prefix one at most is made, so that each can be judged, and made, without the others.
        while budget > 0 and (
            tried := _round(chain, judge, fixed, max(budget, ahead), plan, ahead)
        ):
            count = len(tried.asked)
            fullest = max(fullest, count)
            budget -= max(1, min(count, most))  # at least 1, so that it ends
            # A small round is worth a call only where F along the order needs one anyway.
            if ahead and 0 < count < _LAST * fullest:
                if not len(_unknown(chain, judge)):
                    break
                budget = 0
            yield from judge.look_at(tried.filled(judge, plan, ahead))
            before, chain = chain, tried.outcome(judge, plan)
            if chain == before and not count:
                break  # guesses promise what answers do not hold
            order.rearrange(chain, judge.values(prefixes(chain)[1:]))
        # Prefixes that were guessed, or judged by one side.
        yield from judge.look_at(_unknown(chain, judge))
        # Where guesses were too high, the order goes back to what it was.
        unknown = _unknown(rough, judge)
        if _total(rough, judge, plan) > _total(chain, judge, plan) and plan.affords(unknown):
            yield from judge.look_at(unknown)
    finally:
        known = [one for one in (chain, rough) if not len(_unknown(one, judge))]
        chain = max(known or [chain], key=lambda one: _total(one, judge, plan))
        order.rearrange(chain, judge.values(prefixes(chain)[1:]))


def _total(chain: list[int], judge: Judge, plan: Plan) -> float:
    """The summed worth of an order's prefixes, guessed where it is not known."""
    worth = judge.worth(prefixes(chain))
    return Summed(chain, worth, judge.order.sizes, plan.front).total


def _round(
    chain: list[int], judge: Judge, fixed: int, budget: int, plan: Plan, ahead: int
) -> _Round | None:
    """The moves to try next, None where there are none."""
    n, whole = len(chain), prefixes(chain)
    apart, further, sides = _moves(chain, judge.worth(whole), judge, fixed, plan)
    # What a budget pays for: images of the moves, and those that the curves need anew where images
    # of a prefix were known that a move changes. Moves that cost more than is left are passed over.
    affordable = plan.affordable()
    tried, asked, spent = list[_Move](), dict[bytes, BoolArray](), 0
    limits = [(move, budget) for move in apart]
    limits += [(move, min(budget, ahead)) for move in further if ahead]
    for move, most in limits:
        if spent >= most or sum(one.high - one.low for one in tried) >= _PREFIXES:
            break
        sample = np.linspace(move.low, move.high - 1, min(move.high - move.low, _SAMPLE))
        sizes = sample.round().astype(int)
        new = judge.unknown(images(_changed(chain, move, sizes), sides[sizes]))
        price = plan.price(new)
        replaced = plan.known_images(whole[move.low + 1 : move.high + 1])
        if spent + price <= min(most, affordable - replaced):
            affordable -= replaced
            spent += price
            tried.append(move)
            asked |= {one.tobytes(): one for one in new}
    if not tried:
        return None
    sizes = np.concatenate([np.arange(move.low, move.high) for move in tried])
    subsets = np.concatenate([_changed(chain, m, np.arange(m.low, m.high)) for m in tried])
    unknown = np.array(list(asked.values()), dtype=bool).reshape(-1, n)
    return _Round(chain, tried, subsets, sizes, unknown)


def _changed(chain: list[int], move: _Move, sizes: IntArray) -> BoolArray:
    """Prefixes of `sizes` + 1 elements (B,) after a move, (B, n)."""
    ranks = np.argsort(move.applied(chain))
    return np.asarray(ranks <= sizes[:, None])


def _moved(
    chain: list[int], moves: list[_Move], gains: FloatArray, summed: Summed, least: float
) -> list[int]:
    """The order after those moves by which the sum rises, given what prefixes gain by each."""
    rises, start = list[tuple[float, _Move]](), 0
    for move in moves:
        mine = gains[start : start + move.high - move.low]
        start += len(mine)
        down = move.start < move.end
        # An element that moves only part of the way changes only the prefixes nearest to its
        # start. Move it as far as the summed gain is highest, if there is a gain at all.
        rows = np.arange(move.low, move.high)
        if not down:
            rows, mine = rows[::-1], mine[::-1]
        total = np.cumsum(summed.rises(mine, rows + 1, down))
        total += summed.ends(mine, rows + 1, np.full_like(rows, move.start + 1), down)
        if total.max() > least:
            steps = 1 + int(np.argmax(total))
            end = move.start + (steps if down else -steps)
            rises.append((float(total.max()), _Move(move.start, end)))
    touched = np.zeros(len(chain), dtype=bool)
    for _, done in sorted(rises, key=lambda rise: -rise[0]):
        if not touched[done.low : done.high + 1].any():
            touched[done.low : done.high + 1] = True
            chain = done.applied(chain)
    return chain


def _unknown(chain: Sequence[int], judge: Judge) -> BoolArray:
    """Images (k, n) that F and the worth of the prefixes of an order still need."""
    along = prefixes(chain)[1:]
    inner, whole = images(along[:-1], judge.needed), images(along[-1:], judge.seen)
    return judge.unknown(np.concatenate([inner, whole]))


def _moves(
    chain: Sequence[int], worth: FloatArray, judge: Judge, fixed: int, plan: Plan
) -> tuple[list[_Move], list[_Move], BoolArray]:
    """Moves with the best ratio of promise to cost, no two of which touch the same prefix.

    Then the next best, which may touch any, and the telling sides (n, 2) of the prefixes of 1 … n
    elements.
    """
    n = len(chain)
    cuts = np.linspace(0, n, -(-n // _BLOCK) + 1).astype(int).tolist()
    apart, further, telling = list[_Move](), list[_Move](), np.ones((n, 2), dtype=bool)
    summed = Summed(chain, worth, judge.order.sizes, plan.front)
    for start, end in pairwise(cuts):
        # Guessed worth of every prefix from the block's start on (row: its size) with the element
        # of every place of the block (column) put in or taken out.
        block = np.array(chain[start:end])
        bases = np.arange(start, end + 1)[:, None] > np.argsort(chain)
        elements = np.sort(block)
        guesses, sides = judge.guess(bases, elements)
        telling[start:end] = sides[1:]
        guesses = guesses[:, np.searchsorted(elements, block)]
        found = _within(guesses, start, summed, fixed - start, judge.resolution)
        for moves, some in zip((apart, further), found, strict=True):
            moves += [_Move(start + move.start, start + move.end) for move in some]
    return apart, further, telling


def _within(
    guesses: FloatArray, first: int, summed: Summed, fixed: int, least: float
) -> tuple[list[_Move], list[_Move]]:
    """Moves within a block of m places from the `first` on, by the guesses (m + 1, m) of `_moves`.

    Those that touch no prefix of one another, then the others. Places are counted from the first.
    """
    n = guesses.shape[1]
    places = np.arange(n)
    # Moving down from a place changes the prefixes from that place on: each loses the element and
    # takes in the next one. Moving up changes the prefixes before the place: each gains the element
    # and gives up its last. Row s, column p of `promise` is what a move from p promises whose
    # change farthest from p is at the prefix of s + 1 places.
    size, place = places[:-1, None], places[None]
    promise = np.zeros((n - 1, n))
    for down, flipped in ((True, guesses[2:]), (False, guesses[:-2])):
        length = first + size + 1
        gains = flipped - summed.worth[length]
        changed = (size >= place) == down
        rises = np.where(changed, summed.rises(gains, length, down), 0)
        total = np.cumsum(rises, axis=0) if down else np.cumsum(rises[::-1], axis=0)[::-1]
        total = total + summed.ends(gains, length, first + place + 1, down)
        promise = np.where(changed, total, promise)
    # Of long moves more is guessed: they must promise more. Moves that touch the fixed places or
    # promise no more than the resolution of guesses are out.
    length = np.abs(size - place + (size >= place))
    rating = np.where(
        (promise > least) & (np.minimum(size, place) >= fixed), promise / np.sqrt(length), 0
    )
    best = np.argsort(-rating, axis=None, kind="stable")[: min(4 * n, np.count_nonzero(rating))]
    rows, starts = np.unravel_index(best, rating.shape)
    ends = rows + (rows >= starts)
    found = [_Move(*places) for places in zip(starts.tolist(), ends.tolist(), strict=True)]
    # Take the best move, drop all moves that touch its prefixes, and repeat a few times.
    apart, most = list[_Move](), _MOVES if n <= _LONG else _MOVES_OF_LONG
    while len(starts) and len(apart) < most:
        apart.append(_Move(int(starts[0]), int(ends[0])))
        before = np.maximum(starts, ends) < apart[-1].low
        behind = np.minimum(starts, ends) > apart[-1].high
        starts, ends = starts[before | behind], ends[before | behind]
    taken = set(apart)
    return apart, [move for move in found if move not in taken]
