"""Local refinement of a finished order."""

from dataclasses import dataclass

import numpy as np

from submod_core._checks import check_count
from submod_core.search.base import Search
from submod_core.search.order import Order
from submod_core.search.questions import Steps


@dataclass(frozen=True)
class Swaps(Search):
    """Run another search, then exchange neighbours in its order while that raises F of a prefix.

    An exchange changes only the prefix that ends between the two: a pass costs n − 1 evaluations.
    The order of `Greedy` has nothing to gain; the order of a search with fewer evaluations may.

    Parameters
    ----------
    base : Search
        The search whose order is refined, such as ``TwoSided()``.
    passes : int
        Most passes over the order.

    Raises
    ------
    TypeError
        If `base` is not a search.
    ValueError
        If `passes` is not a whole number of at least 1.

    Examples
    --------
    >>> from submod_core import rank
    >>> from submod_core.search import Singletons
    >>> pair = {frozenset({0}): 2, frozenset({1}): 1, frozenset({0, 2}): 5}
    >>> rank(lambda chosen: pair.get(chosen, len(chosen)), 3, Swaps(Singletons())).order
    array([0, 2, 1])
    """

    base: Search
    passes: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.base, Search):
            raise TypeError(f"`base` (={self.base!r}) must be a Search, such as TwoSided()")
        check_count("passes", self.passes)

    def steps(self, order: Order) -> Steps:
        """Odd and even neighbours take turns, so that no two exchanges touch the same prefix."""
        run = self.base.start(
            order.n,
            sees_complements=order.sees_complements,
            parts=order.parts,
            sizes=order.sizes,
        )
        order.adopt((yield from run))
        if len(order.candidates):  # the budget is spent
            return
        chain = order.front
        places = np.arange(order.n)
        values = yield from order.ask(places[:, None] >= np.argsort(chain))
        order.rearrange(chain, values)
        for _ in range(self.passes):
            before = chain
            for first in (0, 1):
                starts = places[first : order.n - 1 : 2]
                if not len(starts):
                    continue
                # The one prefix that an exchange changes: the right neighbour at its end, in the
                # left neighbour's place.
                tried = [[*chain[:i], chain[i + 1]] for i in starts]
                subsets = np.array([np.isin(places, members) for members in tried])
                found = yield from order.ask(subsets)
                chain = list(chain)
                for i, value in zip(starts, found, strict=True):
                    if value > values[i]:
                        chain[i], chain[i + 1], values[i] = chain[i + 1], chain[i], value
                order.rearrange(chain, values)
            if chain == before:
                break
