"""Searches: orders of the elements of a set, found by asking for the values of subsets.

A search is a frozen dataclass; its fields are its options. `Search` is the base of your own.
"""

from submod_core.search.backward import Backward
from submod_core.search.base import Search, prefixes
from submod_core.search.batched_lazy import BatchedLazy
from submod_core.search.beam import Beam
from submod_core.search.bidirectional import Bidirectional
from submod_core.search.greedy import Greedy
from submod_core.search.guided import Guided
from submod_core.search.lazy import Lazy
from submod_core.search.order import Order
from submod_core.search.phase_window import PhaseWindow
from submod_core.search.questions import BudgetExhausted, Parts, SearchRun, Steps
from submod_core.search.random import Random
from submod_core.search.ranking import SEARCHES, as_search, rank
from submod_core.search.result import Ranking, Round
from submod_core.search.singletons import Singletons
from submod_core.search.swaps import Swaps
from submod_core.search.two_sided import TwoSided

__all__ = [
    "SEARCHES",
    "Backward",
    "BatchedLazy",
    "Beam",
    "Bidirectional",
    "BudgetExhausted",
    "Greedy",
    "Guided",
    "Lazy",
    "Order",
    "Parts",
    "PhaseWindow",
    "Random",
    "Ranking",
    "Round",
    "Search",
    "SearchRun",
    "Singletons",
    "Steps",
    "Swaps",
    "TwoSided",
    "as_search",
    "prefixes",
    "rank",
]
