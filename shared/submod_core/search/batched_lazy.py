"""Lazy greedy search in rounds of one size, large enough to fill a model's batch."""

from dataclasses import dataclass

from submod_core._checks import check_count
from submod_core.search._gains import LastGains
from submod_core.search.base import Search
from submod_core.search.order import Order
from submod_core.search.questions import Steps


@dataclass(frozen=True)
class BatchedLazy(Search):
    """Evaluate one batch of elements, those with the largest last gains, and admit the best.

    Parameters
    ----------
    batch : int
        Elements evaluated per round; all of them in the first.

    Raises
    ------
    ValueError
        If `batch` is not a whole number of at least 1.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(sum, 5, BatchedLazy(batch=2)).order
    array([4, 3, 2, 1, 0])
    """

    batch: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("batch", self.batch)

    def steps(self, order: Order) -> Steps:
        """Each round evaluates one batch; ties break to the lowest index."""
        last = LastGains(order.n)
        while len(candidates := order.candidates):
            looked = last.highest(candidates, self.batch if order.front else order.n)
            values = yield from order.join_front(looked)
            best = last.update(looked, values)
            order.admit(looked[best], values[best])
