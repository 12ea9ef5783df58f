"""Beam search: several greedy orders at once."""

from dataclasses import dataclass

import numpy as np

from submod_core._checks import check_count
from submod_core.search.base import Search
from submod_core.search.order import Order
from submod_core.search.questions import Steps


@dataclass(frozen=True)
class Beam(Search):
    """Keep the best subsets of each size, and return the best of the orders that lead to them.

    The best order is the one whose prefixes have the largest sum of F.

    Parameters
    ----------
    width : int
        Subsets kept per size; 1 is greedy. The evaluations grow in proportion.

    Raises
    ------
    ValueError
        If `width` is not a whole number of at least 1.

    Examples
    --------
    >>> from submod_core import rank
    >>> pair = {(0,): 2, (1,): 1, (2,): 1, (1, 2): 9, (0, 1, 2): 9}
    >>> rank(lambda chosen: pair.get(tuple(sorted(chosen)), 3), 3, Beam()).order
    array([1, 2, 0])
    """

    width: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("width", self.width)

    def steps(self, order: Order) -> Steps:
        """Extend every kept chain by every element, and keep the best `width` of the new ones."""
        everyone = frozenset(range(order.n))
        kept: list[tuple[list[int], list[float]]] = [([], [])]
        for _ in range(order.n):
            # Of all chains that lead to the same subset, only the one with the largest sum of F is
            # extended.
            chains: dict[frozenset[int], tuple[list[int], list[float]]] = {}
            for members, values in kept:
                for element in sorted(everyone - set(members)):
                    chain = [*members, element]
                    rival = chains.get(frozenset(chain))
                    if rival is None or sum(values) > sum(rival[1]):
                        chains[frozenset(chain)] = (chain, values)
            places = np.arange(order.n)
            subsets = np.array([np.isin(places, chain) for chain, _ in chains.values()])
            found = yield from order.ask(subsets)
            grown = [
                (chain, [*values, float(f)])
                for (chain, values), f in zip(chains.values(), found, strict=True)
            ]
            # If the budget ends here, the best order so far is already in place.
            kept = sorted(grown, key=lambda chain: -chain[1][-1])[: self.width]
            best, values = max(kept, key=lambda chain: sum(chain[1]))
            order.rearrange(best, values)
