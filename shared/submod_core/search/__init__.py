"""Searches: coroutines that order the elements of a set by asking for the values of subsets."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from submod_core.search._backward import backward
from submod_core.search._base import (
    BudgetExhausted,
    Order,
    Ranking,
    Round,
    Search,
    Steps,
    check_budget,
    limited,
    search,
)
from submod_core.search._baselines import random, singletons
from submod_core.search._beam import beam
from submod_core.search._bidirectional import bidirectional
from submod_core.search._greedy import greedy
from submod_core.search._guided import guided
from submod_core.search._lazy import batched_lazy, lazy
from submod_core.search._phase_window import phase_window
from submod_core.search._swaps import swaps
from submod_core.search._two_sided import two_sided

SEARCHES: dict[str, Callable[..., Search]] = {
    search.__name__: search
    for search in (
        bidirectional,
        greedy,
        guided,
        two_sided,
        backward,
        lazy,
        batched_lazy,
        phase_window,
        beam,
        singletons,
        random,
    )
}


def make_search(name: str | Callable[..., Search], **options: Any) -> Callable[[int], Search]:
    """A search with its options, ready to be started with the number of elements.

    Parameters
    ----------
    name : str or callable
        A key of `SEARCHES`. A callable is a search of your own, written with `submod_core.search.search`.
    **options
        The search's own options, such as ``n_pending`` for ``"bidirectional"``.

    Raises
    ------
    ValueError
        If the search is unknown, or an option has a value that it does not allow.
    TypeError
        If the search has no such option.

    Examples
    --------
    >>> start = make_search("bidirectional", n_pending=4)
    >>> next(start(2))
    array([[ True, False],
           [False,  True]])
    """
    if not callable(name) and name not in SEARCHES:
        raise ValueError(f"`search` (={name!r}) must be one of {sorted(SEARCHES)} or a callable")
    function = name if callable(name) else SEARCHES[name]
    parameters = list(inspect.signature(function).parameters.values())
    known = {parameter.name for parameter in parameters[1:]}
    if not any(p.kind is p.VAR_KEYWORD for p in parameters) and (unknown := set(options) - known):
        raise TypeError(f"`search` (={name!r}) takes no option {sorted(unknown)}; its options are {sorted(known)}")
    start = partial(function, **options)
    start(1).close()  # a search checks its options when it starts: let that be now
    return start


__all__ = [
    "SEARCHES",
    "BudgetExhausted",
    "Order",
    "Ranking",
    "Round",
    "Search",
    "Steps",
    "backward",
    "batched_lazy",
    "beam",
    "bidirectional",
    "check_budget",
    "greedy",
    "guided",
    "lazy",
    "limited",
    "make_search",
    "phase_window",
    "random",
    "search",
    "singletons",
    "swaps",
    "two_sided",
]
