"""Local refinement of a finished order."""

from collections.abc import Callable
from typing import Any

import numpy as np

from submod_core._checks import check_count
from submod_core.search._base import Order, Search, Steps, search


def swaps(n: int, /, base: Callable[..., Search], passes: int = 10, **options: Any) -> Search:
    """Run another search, then exchange neighbours in its order for as long as that raises F of a prefix.

    An exchange changes the prefix between the two alone: a pass costs n − 1 evaluations. Greedy's order has nothing to
    gain here; that of a search which looked at less may.

    Parameters
    ----------
    n : int
        Number of elements.
    base : callable
        The search whose order is refined, such as `two_sided`.
    passes : int
        Most passes over the order.
    **options
        The options of `base`.

    Raises
    ------
    ValueError
        If `passes` is not a whole number of at least 1.

    Examples
    --------
    >>> from submod_core import rank
    >>> from submod_core.search import singletons
    >>> pair = {frozenset({0}): 2, frozenset({1}): 1, frozenset({0, 2}): 5}
    >>> rank(lambda chosen: pair.get(chosen, len(chosen)), 3, search=swaps, base=singletons).order
    array([0, 2, 1])
    """
    check_count("passes", passes)
    return _swaps(n, base(n, **options), passes)


@search
def _swaps(order: Order, base: Search, passes: int) -> Steps:
    order.adopt((yield from base))
    if len(order.candidates):  # the budget is spent
        return
    chain = order.front
    places = np.arange(order.n)
    values = yield from order.ask(places[:, None] >= np.argsort(chain))
    order.rearrange(chain, values)
    for _ in range(passes):
        before = chain
        for first in (0, 1):
            starts = places[first : order.n - 1 : 2]
            if not len(starts):
                continue
            # The prefix that ends with the right neighbour in the left one's place.
            tried = [[*chain[:i], chain[i + 1]] for i in starts]
            found = yield from order.ask(np.array([np.isin(places, members) for members in tried]))
            chain = list(chain)
            for i, value in zip(starts, found, strict=True):
                if value > values[i]:
                    chain[i], chain[i + 1], values[i] = chain[i + 1], chain[i], value
            order.rearrange(chain, values)
        if chain == before:
            break
