"""Ranking of the elements of any set function."""

from collections.abc import Callable
from typing import Any

import numpy as np

from submod_core._checks import check_callable, check_flag
from submod_core._types import BoolArray, FloatArray
from submod_core.search.backward import Backward
from submod_core.search.base import Search
from submod_core.search.batched_lazy import BatchedLazy
from submod_core.search.beam import Beam
from submod_core.search.bidirectional import Bidirectional
from submod_core.search.greedy import Greedy
from submod_core.search.guided import Guided
from submod_core.search.lazy import Lazy
from submod_core.search.phase_window import PhaseWindow
from submod_core.search.questions import SearchRun, asked
from submod_core.search.random import Random
from submod_core.search.result import Ranking
from submod_core.search.singletons import Singletons
from submod_core.search.two_sided import TwoSided

SEARCHES: dict[str, Search] = {
    "bidirectional": Bidirectional(),
    "greedy": Greedy(),
    "guided": Guided(),
    "two_sided": TwoSided(),
    "backward": Backward(),
    "lazy": Lazy(),
    "batched_lazy": BatchedLazy(),
    "phase_window": PhaseWindow(),
    "beam": Beam(),
    "singletons": Singletons(),
    "random": Random(),
}
"""The searches by name, each with its default options."""


def as_search(search: Any) -> Search:
    """Search of a name, or the search itself.

    Parameters
    ----------
    search : str or Search
        A key of `SEARCHES` for its default options, or a search with options of its own.

    Raises
    ------
    ValueError
        If there is no search of that name.
    TypeError
        If `search` is neither a name nor a search.

    Examples
    --------
    >>> as_search("bidirectional")
    Bidirectional(n_pending=8)
    """
    if isinstance(search, str):
        if search not in SEARCHES:
            raise ValueError(
                f"`search` (={search!r}) must be one of {sorted(SEARCHES)}, or a Search"
            )
        return SEARCHES[search]
    if not isinstance(search, Search):
        hint = f"; did you mean {search.__name__}()?" if isinstance(search, type) else ""
        raise TypeError(
            f"`search` (={search!r}) must be one of {sorted(SEARCHES)}, or a Search{hint}"
        )
    return search


def rank(
    set_function: Callable[[Any], Any],
    n: int,
    search: str | Search = "guided",
    *,
    max_evaluations: int | None = None,
    batched: bool = False,
) -> Ranking:
    """Order the elements 0 … n−1 of a set function, the most important first.

    Parameters
    ----------
    set_function : callable
        Takes a frozenset of elements and returns a number; called once for each of
        `Ranking.evaluations`. Under `batched` it takes subsets as an ndarray of bool, (B, n), and
        returns their values, (B,): a vectorised function, or a game of the package shapiq.
    n : int
        Number of elements, at least 1.
    search : str or Search
        A key of `SEARCHES`, or a search such as ``Bidirectional(n_pending=4)``.
    max_evaluations : int, optional
        Most calls of `set_function`. When the next round would exceed it, the rest is ordered by
        its last known value and marked in `Ranking.searched`.
    batched : bool
        Whether `set_function` takes all subsets of a round at once.

    Returns
    -------
    Ranking

    Raises
    ------
    ValueError
        If an argument is out of range, or `set_function` returns NaN or an infinity.
    TypeError
        If `search` is neither a name nor a search, or `set_function` returns no number.
    RuntimeError
        If `set_function` raises StopIteration; all its other errors pass through.

    Examples
    --------
    Order three sets by the elements that each adds to the union:

    >>> sets = [{1, 2}, {2, 3, 4, 5}, {5}]
    >>> ranking = rank(lambda chosen: len(set().union(*(sets[i] for i in chosen))), 3, "greedy")
    >>> ranking.order, ranking.values, ranking.evaluations
    (array([1, 0, 2]), array([4., 5., 5.]), 6)

    All subsets of a round at once:

    >>> rank(lambda subsets: subsets @ np.array([1, 3, 2]), 3, "greedy", batched=True).order
    array([1, 2, 0])
    """
    check_callable("set_function", set_function)
    check_flag("batched", batched)
    run = as_search(search).start(n, max_evaluations=max_evaluations)
    answer = _advance(run, None)
    while not isinstance(answer, Ranking):
        if batched:
            values = _values(set_function, answer)
        else:
            sets = [frozenset(np.flatnonzero(subset).tolist()) for subset in answer]
            values = np.array([_value(set_function, chosen) for chosen in sets])
        answer = _advance(run, values)
    return answer


def _advance(run: SearchRun, values: FloatArray | None) -> BoolArray | Ranking:
    """The next subsets of a search, given the values of the last ones; its result at the end."""
    try:
        return asked(next(run) if values is None else run.send(values))
    except StopIteration as stop:
        ranking: Ranking = stop.value
        return ranking


def _values(set_function: Callable[[BoolArray], Any], subsets: BoolArray) -> FloatArray:
    """The values of subsets (B, n) by one call, (B,); errors name a subset that is at fault."""
    try:
        given = set_function(subsets.copy())
    except StopIteration as error:
        raise RuntimeError("`set_function` raised StopIteration") from error
    values = np.asarray(given)
    if values.shape != (len(subsets),) or values.dtype.kind not in "fiub":
        raise TypeError(
            f"`set_function` returned shape {values.shape} of {values.dtype} for {len(subsets)} "
            "subsets; with `batched` it must return a number for each"
        )
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        worst = int(np.isfinite(values).argmin())
        chosen = set(np.flatnonzero(subsets[worst]).tolist())
        raise ValueError(
            f"`set_function` returned {values[worst]} for {chosen}; it must return finite numbers"
        )
    return values


def _value(set_function: Callable[[frozenset[int]], float], chosen: frozenset[int]) -> float:
    """The value of a subset; errors name the subset where it is no finite number."""
    try:
        value = set_function(chosen)
    except StopIteration as error:
        # Callers that iterate would take the exception itself for their own end, as PEP 479 says.
        raise RuntimeError(f"`set_function` raised StopIteration for {set(chosen)}") from error
    try:
        # float() would read numbers out of strings.
        number = float(None if isinstance(value, str | bytes) else value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`set_function` returned {value!r} for {set(chosen)}; it must return finite numbers"
        ) from error
    if not np.isfinite(number):
        raise ValueError(
            f"`set_function` returned {number} for {set(chosen)}; it must return finite numbers"
        )
    return number
