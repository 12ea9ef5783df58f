"""A random order, as a floor for comparisons."""

from dataclasses import dataclass

import numpy as np

from submod_core._checks import check_count
from submod_core.search.base import Search
from submod_core.search.order import Order
from submod_core.search.questions import Steps


@dataclass(frozen=True)
class Random(Search):
    """A random order; no evaluations.

    Parameters
    ----------
    seed : int
        At least 0.

    Raises
    ------
    ValueError
        If `seed` is not a whole number of at least 0.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(len, 4, Random(seed=1)).evaluations
    0
    """

    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("seed", self.seed, least=0)

    def steps(self, order: Order) -> Steps:
        """Place all elements without a question."""
        for element in np.random.default_rng(self.seed).permutation(order.n):
            order.admit(element, np.nan)
        yield from ()
