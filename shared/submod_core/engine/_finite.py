"""Check of a model's answers: NaN and infinity never become a result."""

from collections.abc import Mapping

import numpy as np

from submod_core._types import AnyArray, BoolArray, FloatArray, IntArray
from submod_core.engine.protocol import NonFiniteOutputError, Responses


def check_finite(
    examples: IntArray, keep: BoolArray, responses: Responses, sources: Mapping[str, str]
) -> None:
    """Raise NonFiniteOutputError that names the example, its subset and the argument at fault.

    TypeError or ValueError where the oracle's answer is none at all.
    """
    check_rows(responses, len(keep), sources)
    for name in responses.names():
        array = getattr(responses, name)
        if array is None or np.isfinite(array).all():
            continue
        # Report the first row, and the argument that its value comes from.
        row = int(np.isfinite(array).reshape(len(keep), -1).all(1).argmin())
        kept = np.flatnonzero(keep[row]).tolist()
        named = str(kept) if len(kept) <= 8 else f"{str(kept[:8])[:-1]}, …] ({len(kept)} in all)"
        raise NonFiniteOutputError(
            f"the output of `{sources.get(name, 'model')}` for example {examples[row]} with only "
            f"the regions {named} kept is not finite ({name} {np.ravel(array[row])[:4]}); it must "
            "be, also for inputs that are mostly baseline"
        )


def check_rows(responses: Responses, n: int, sources: Mapping[str, str]) -> None:
    """Raise TypeError or ValueError unless an oracle's answer has a row for each of n subsets."""
    if not isinstance(responses, Responses):
        raise TypeError(
            f"`oracle` gave a {type(responses).__name__}; it must return Responses, or a function "
            "that returns them"
        )
    for name in responses.names():
        array = getattr(responses, name)
        if array is None and name != "target":
            continue
        if np.asarray(array).dtype.kind not in "fiub" or np.shape(array)[:1] != (n,):
            raise ValueError(
                f"the output of `{sources.get(name, 'model')}`, as `oracle` gives it, is {name} of "
                f"dtype {np.asarray(array).dtype} and shape {np.shape(array)}; there must be a row "
                f"of real numbers for each of {n} subsets"
            )


def check_finite_maps(maps: AnyArray, name: str) -> None:
    """Raise NonFiniteOutputError that names the example and the argument unless maps are finite.

    Parameters
    ----------
    maps : ndarray, (N, …)
    name : str
        The argument that the maps are of.

    Examples
    --------
    >>> check_finite_maps(np.array([[0.0], [np.nan]]), "prior")
    Traceback (most recent call last):
    submod_core.engine.protocol.NonFiniteOutputError: the map by `prior` of example 1 is not
    finite; it must be
    """
    finite = np.isfinite(maps).reshape(len(maps), -1).all(1)
    if not finite.all():
        raise NonFiniteOutputError(
            f"the map by `{name}` of example {int(finite.argmin())} is not finite; it must be"
        )


def check_finite_row(values: FloatArray, example: int, source: str) -> FloatArray:
    """The class probabilities (C,) of an example, or NonFiniteOutputError that names it.

    Examples
    --------
    >>> check_finite_row(np.array([0.2, 0.8]), 3, "the model of `method`")
    array([0.2, 0.8])
    """
    if not np.isfinite(values).all():
        raise NonFiniteOutputError(
            f"the answer of {source} for example {example} is not finite ({values[:4]}); it must "
            "be, also for inputs that are mostly baseline"
        )
    return values
