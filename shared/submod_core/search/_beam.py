"""Beam search: several greedy orders at once."""

import numpy as np

from submod_core._checks import check_count
from submod_core.search._base import Order, Search, Steps, search


def beam(n: int, /, width: int = 3) -> Search:
    """Keep the `width` best subsets of each size; return the order with the largest sum of F over its prefixes.

    Of orders that lead to the same subset only the one with the largest sum goes on.

    Parameters
    ----------
    n : int
        Number of elements.
    width : int
        Subsets kept per size; 1 is greedy. The evaluations grow in proportion.

    Raises
    ------
    ValueError
        If `width` is not a whole number of at least 1.

    Examples
    --------
    >>> from submod_core import rank
    >>> pair = {frozenset(): 0, frozenset({0}): 2, frozenset({1}): 1, frozenset({2}): 1, frozenset({1, 2}): 9}
    >>> rank(lambda chosen: pair.get(chosen, 3 if len(chosen) == 2 else 9), 3, search="beam").order
    array([1, 2, 0])
    """
    check_count("width", width)
    return _beam(n, width)


@search
def _beam(order: Order, width: int) -> Steps:
    everyone = frozenset(range(order.n))
    kept: list[tuple[list[int], list[float]]] = [([], [])]
    for _ in range(order.n):
        chains: dict[frozenset[int], tuple[list[int], list[float]]] = {}
        for members, values in kept:
            for element in sorted(everyone - set(members)):
                chain, rival = [*members, element], chains.get(frozenset([*members, element]))
                if rival is None or sum(values) > sum(rival[1]):
                    chains[frozenset(chain)] = (chain, values)
        subsets = np.array([np.isin(np.arange(order.n), chain) for chain, _ in chains.values()])
        found = yield from order.ask(subsets)
        grown = [(chain, [*values, float(f)]) for (chain, values), f in zip(chains.values(), found, strict=True)]
        kept = sorted(grown, key=lambda chain: -chain[1][-1])[:width]
        best, values = max(kept, key=lambda chain: sum(chain[1]))
        order.rearrange(best, values)
