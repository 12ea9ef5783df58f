"""Errors for parts that are not finite: each names the example and the source."""

import numpy as np

from submod_core._types import AnyArray, BoolArray
from submod_core.backends import Array, backend_of
from submod_core.engine.protocol import NonFiniteOutputError
from submod_core.sop.parts import Parts

SOURCES = (
    "an embedding of its features, by `layer` or `encoder`,",
    "the answer of `backbone` to a group of its features",
    "the hidden state of `backbone` for a group of its features",
)
"""The source of each row of `spoilt`."""


def spoilt(parts: Parts[Array]) -> Array:
    """0 for each example whose parts are finite, NaN for others, (3, N): see `SOURCES`.

    An example with embeddings of NaN has an attention of NaN, and groups that mean nothing.
    """
    xp = backend_of(parts.partials)
    arrays = parts.groups.attention, parts.partials, parts.scores
    return xp.stack([xp.astype(xp.sum(xp.sum(each * 0, -1), -1), "float32") for each in arrays])


def check_parts(parts: Parts[Array], first: int = 0) -> None:
    """Raise an error unless all that predictions are made of is finite.

    Parameters
    ----------
    parts : Parts
    first : int
        The number of the first example.

    Raises
    ------
    NonFiniteOutputError
    """
    rows = spoilt(parts)
    check_finite(backend_of(rows).to_numpy(rows), SOURCES, first)


def check_finite(rows: AnyArray, sources: tuple[str, ...], first: int = 0) -> None:
    """Raise an error unless rows, (k, N) or (k, N, …), are finite.

    Parameters
    ----------
    rows : ndarray
    sources : tuple of str
        What each of the k is about.
    first : int
        The number of the first of the N examples.

    Examples
    --------
    >>> check_finite(np.array([[0.0, np.inf]]), ("the answer of `backbone`",), first=8)
    Traceback (most recent call last):
    submod_core.engine.protocol.NonFiniteOutputError: example 9: the answer of `backbone` is not
    finite; it must be, also for inputs that are mostly baseline
    """
    finite: BoolArray = np.asarray(np.isfinite(rows).all(axis=tuple(range(2, rows.ndim))))
    if finite.all():
        return
    example = int(finite.all(0).argmin())
    source = sources[int(finite[:, example].argmin())]
    raise NonFiniteOutputError(
        f"example {first + example}: {source} is not finite; it must be, also for inputs that are "
        "mostly baseline"
    )
