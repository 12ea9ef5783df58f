"""Moves of single elements that improve a finished order, for the guided search."""

from collections.abc import Generator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.search._judge import Judge, images, members
from submod_core.search._plan import Plan
from submod_core.search._summed import Summed
from submod_core.search.base import Order, prefixes
from submod_core.search.questions import Question

_MOVES_PER_ROUND = 8
# Places of an order among which moves are looked for: time and memory grow with the square. Longer
# orders are cut into blocks of equal length.
_BLOCK = 400


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

    `subsets` (B, n) are the prefixes of `sizes` elements that the moves change, less one, one move
    after the other; `asked` are those images of their telling sides
    that are not known.
    """

    chain: list[int]
    moves: list[_Move]
    subsets: BoolArray
    sizes: IntArray
    asked: BoolArray

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

    The sum, an area where sizes differ, is `Summed`. The first `fixed` places stay. At most
    `budget` images are asked for, and no more than the plan allows. `ahead` is the number of images
    up to which a round is filled with further moves, of which only the best are made, and with
    sides of prefixes that are not known. In the end F of all prefixes is known.
    """
    chain = [*order.front, *order.candidates.tolist(), *order.back]
    order.rearrange(chain, judge.values(prefixes(chain)[1:]))
    # Each round evaluates the prefixes that a few moves change. Of moves that touch the same prefix
    # one at most is made, so that each can be judged, and made, without the others.
    while budget > 0 and (tried := _round(chain, judge, fixed, budget, plan, ahead)):
        asked = tried.asked
        budget -= max(1, len(asked))  # so that it ends
        if ahead:
            asked = np.concatenate([asked, _unknown(chain, judge)])[: max(ahead, len(asked))]
        yield from judge.look_at(asked)
        before, chain = chain, tried.outcome(judge, plan)
        if chain == before and not len(tried.asked):
            break  # guesses promise what answers do not hold
        order.rearrange(chain, judge.values(prefixes(chain)[1:]))
    # F of the prefixes that were judged by one side.
    yield from judge.look_at(_unknown(chain, judge))
    order.rearrange(chain, judge.values(prefixes(chain)[1:]))


def _round(
    chain: list[int], judge: Judge, fixed: int, budget: int, plan: Plan, ahead: int
) -> _Round | None:
    """The moves to try next, None where there are none."""
    worth = judge.worth(prefixes(chain))
    moves, sides = _moves(chain, worth, judge, fixed, plan, ahead)
    # Where the images run out, the least promising moves are left out.
    most, costs = min(budget, plan.affordable()), plan.costs(sides)
    while moves and sum(costs[m.low : m.high].sum() for m in moves) > most:
        moves.pop()
    if not moves:
        return None
    sizes = np.concatenate([np.arange(m.low, m.high) for m in moves])
    sets = [m.applied(chain)[: size + 1] for m in moves for size in range(m.low, m.high)]
    subsets = np.array([members(len(chain), one) for one in sets])
    asked = judge.unknown(images(subsets, sides[sizes]))
    return _Round(chain, moves, subsets, sizes, asked)


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
    """Images (k, n) that F of the prefixes of an order still needs."""
    unknown = prefixes(chain)[1:][np.isnan(judge.values(prefixes(chain)[1:]))]
    return judge.unknown(images(unknown, judge.seen))


def _moves(
    chain: Sequence[int], worth: FloatArray, judge: Judge, fixed: int, plan: Plan, most: int
) -> tuple[list[_Move], BoolArray]:
    """Moves with the best ratio of promise to cost, no two of which touch the same prefix.

    Up to `most` subsets they are followed by the next best, which may touch any. Beside them the
    telling sides (n, 2) of the prefixes of 1 … n elements.
    """
    n = len(chain)
    cuts = np.linspace(0, n, -(-n // _BLOCK) + 1).astype(int).tolist()
    moves, telling = list[_Move](), np.ones((n, 2), dtype=bool)
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
        found = _within(guesses, start, summed, fixed - start, judge.resolution, most)
        moves += [_Move(start + move.start, start + move.end) for move in found]
    return moves, telling


def _within(
    guesses: FloatArray, first: int, summed: Summed, fixed: int, least: float, most: int
) -> list[_Move]:
    """Moves within a block of m places from the `first` on, by the guesses (m + 1, m) of `_moves`.

    The moves' places are counted from the first.
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
    # A move of length l costs l evaluations: long moves must promise more. Moves that touch the
    # fixed places or promise no more than the resolution of guesses are out.
    length = np.abs(size - place + (size >= place))
    rating = np.where(
        (promise > least) & (np.minimum(size, place) >= fixed), promise / np.sqrt(length), 0
    )
    best = np.argsort(-rating, axis=None, kind="stable")[: min(4 * n, np.count_nonzero(rating))]
    rows, starts = np.unravel_index(best, rating.shape)
    ends = rows + (rows >= starts)
    further = [_Move(*ends_of) for ends_of in zip(starts.tolist(), ends.tolist(), strict=True)]
    # Take the best move, drop all moves that touch its prefixes, and repeat a few times.
    moves: list[_Move] = []
    while len(starts) and len(moves) < _MOVES_PER_ROUND:
        moves.append(_Move(int(starts[0]), int(ends[0])))
        before = np.maximum(starts, ends) < moves[-1].low
        behind = np.minimum(starts, ends) > moves[-1].high
        starts, ends = starts[before | behind], ends[before | behind]
    taken = set(moves)
    for move in further if most else []:
        most_left = most - sum(m.high - m.low for m in moves)
        if most_left <= 0:
            break
        if move not in taken and move.high - move.low <= most_left:
            moves.append(move)
    return moves
