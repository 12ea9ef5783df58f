"""Checks of the arrays that formulas take, of any framework, eager or in a graph."""

from functools import cache
from typing import Any

import numpy as np

from submod_core._checks import check_share
from submod_core.backends import Array, Backend, backend_of

_REAL = ("float", "bfloat", "double", "half", "int", "uint", "bool")


def operations(**given: tuple[Array, str]) -> Backend:
    """The operations of the framework that arrays are of.

    Kinds and shapes are checked alone: values may be unknown in a graph, and reading them would
    make an accelerator wait.

    Parameters
    ----------
    **given : tuple of (array, str)
        Each argument with the letters of its axes, "NmC": equal letters are equally long. "…C" may
        have further axes in front.

    Raises
    ------
    TypeError, ValueError
        If one is no array of real numbers, of another framework than the first, or of other axes.

    Examples
    --------
    >>> xp = operations(scores=(np.ones((2, 3)), "NC"), scales=(np.ones((1, 3)), "NC"))
    Traceback (most recent call last):
    ValueError: `scales` (of shape (1, 3)) must be (N, C), with N = 2 as in `scores`
    """
    known: dict[str, tuple[int, str]] = {}
    found: dict[str, Backend] = {}
    for name, (array, axes) in given.items():
        found[name] = backend_of(array, name)
        first = next(iter(found))
        if found[name] is not found[first]:
            raise TypeError(
                f"`{name}` (a {type(array).__module__}.{type(array).__qualname__}) must be an "
                f"array of the framework of `{first}`"
            )
        if not _is_real(array.dtype):
            raise TypeError(f"`{name}` (of dtype {array.dtype}) must hold real numbers")
        _check_axes(name, array, axes, known)
    return found[first]


@cache
def _is_real(dtype: Any) -> bool:
    """Whether the name of a framework's dtype is one of real numbers."""
    name = getattr(dtype, "name", None) or str(dtype).removeprefix("torch.")
    return str(name).startswith(_REAL)


def _check_axes(name: str, array: Array, axes: str, known: dict[str, tuple[int, str]]) -> None:
    """Raise ValueError unless an array has some axes, of the lengths known for their letters."""
    if getattr(array.shape, "rank", 0) is None:  # in a graph
        return
    shape, letters = tuple(array.shape), axes.removeprefix("…")
    shown = ", ".join(axes)
    if len(shape) != len(letters) and (letters == axes or len(shape) < len(letters)):
        raise ValueError(f"`{name}` (of shape {shape}) must be ({shown})")
    for letter, size in zip(letters, shape[len(shape) - len(letters) :], strict=True):
        wanted, owner = known.setdefault(letter, (size, name)) if size is not None else (None, "")
        if wanted is not None and size != wanted:
            raise ValueError(
                f"`{name}` (of shape {shape}) must be ({shown}), with {letter} = {wanted} as in "
                f"`{owner}`"
            )


def check_top(top: Any) -> None:
    """Raise ValueError unless a share of the features is one in (0, 1]; tensors are not looked at.

    Examples
    --------
    >>> check_top(2.0)
    Traceback (most recent call last):
    ValueError: `top` (=2.0) must be a share in (0, 1]
    """
    if isinstance(top, np.ndarray | np.generic) or not hasattr(top, "shape"):
        check_share("top", top)
