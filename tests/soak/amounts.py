"""Numbers of trials: few in the ordinary tests, more by `make soak`."""

import os
from collections.abc import Iterable
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")

SOAK = int(os.environ.get("SOAK", "1"))

FULL = SOAK > 1 or bool(os.environ.get("FULL"))
"""Whether all combinations are tested, and all functions traced to graphs: by `make soak`."""

KILLS = SOAK
"""Kills of each writer: 50 by `make soak`."""

POINTS = max(2, SOAK)
"""Calls of the model that are made to fail one after the other; all where it has no more."""

CALLS = 4 if SOAK == 1 else 6 * SOAK
"""Calls of one object whose memory, files and threads are counted: 300 by `make soak`."""

THREADED = min(4 * SOAK, 40)
"""Calls of one object in four threads."""


def some(cases: dict[str, T], *names: str) -> dict[str, T]:
    """All cases by `make soak`; in the ordinary tests those of some names, one a kind."""
    return cases if SOAK > 1 else {name: cases[name] for name in names}


def combined(first: Iterable[S], second: Iterable[T], each: int = 1) -> list[tuple[S, T]]:
    """All pairs of two axes by `make soak`; in the ordinary tests each value in some of them.

    A value of the first, which is the longer, is with `each` values of the second, in turn.
    """
    first, second = list(first), list(second)
    each = len(second) if FULL else each
    turns = enumerate(one for one in first for _ in range(each))
    return [(one, second[k % len(second)]) for k, one in turns]


def points(n_calls: int) -> list[int]:
    """Numbers of some of n calls, the first and the last among them, evenly spaced."""
    if n_calls <= POINTS:
        return list(range(1, n_calls + 1))
    return sorted({1 + k * (n_calls - 1) // (POINTS - 1) for k in range(POINTS)})
