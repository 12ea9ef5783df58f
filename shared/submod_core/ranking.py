"""Ranking the elements of any set function."""

from collections.abc import Callable
from typing import Any

import numpy as np

from submod_core.search import Ranking, Search, limited, make_search


def rank(
    set_function: Callable[[frozenset[int]], float],
    n: int,
    search: str | Callable[..., Search] = "bidirectional",
    *,
    max_evaluations: int | None = None,
    **options: Any,
) -> Ranking:
    """Order the elements 0 … n−1 of a set function, the most important first.

    Parameters
    ----------
    set_function : callable
        Takes a frozenset of elements and returns a number; called once for each of `Ranking.evaluations`.
    n : int
        Number of elements, at least 1.
    search : str or callable
        A key of `submod_core.SEARCHES`; a callable is a search of your own.
    max_evaluations : int, optional
        Most calls of `set_function`. When the next round would exceed it, the rest is ordered by its last known value
        and marked in `Ranking.searched`.
    **options
        The search's own options, such as ``n_pending=8`` for ``"bidirectional"``.

    Returns
    -------
    Ranking

    Raises
    ------
    ValueError
        If an argument is out of range, or `set_function` returns NaN or an infinity.
    TypeError
        If the search has no such option.

    Examples
    --------
    Which of three sets cover most, one after the other?

    >>> sets = [{1, 2}, {2, 3, 4, 5}, {5}]
    >>> ranking = rank(lambda chosen: len(set().union(*(sets[i] for i in chosen))), 3, search="greedy")
    >>> ranking.order, ranking.values, ranking.evaluations
    (array([1, 0, 2]), array([4., 5., 5.]), 6)
    """
    process = limited(make_search(search, **options)(n), max_evaluations)
    try:
        subsets = next(process)
        while True:
            sets = [frozenset(np.flatnonzero(subset).tolist()) for subset in subsets]
            subsets = process.send(np.array([_value(set_function, chosen) for chosen in sets]))
    except StopIteration as stop:
        ranking: Ranking = stop.value
        return ranking


def _value(set_function: Callable[[frozenset[int]], float], chosen: frozenset[int]) -> float:
    value = float(set_function(chosen))
    if not np.isfinite(value):
        raise ValueError(f"`set_function` returned {value} for {set(chosen)}; it must return finite numbers")
    return value
