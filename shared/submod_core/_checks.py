"""Checks of arguments that several public functions share."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from submod_core._types import AnyArray, BoolArray, FloatArray, IntArray


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, Python's or NumPy's; True and False are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether a value is a finite real number, Python's or NumPy's; True and False are none."""
    real = is_whole(value) or isinstance(value, float | np.floating)
    return real and bool(-np.inf < value < np.inf)


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Raise ValueError unless `value` is a whole number of at least `least`."""
    if not is_whole(value) or value < least:
        raise ValueError(f"`{name}` (={value!r}) must be a whole number of at least {least}")


def check_count_or_share(name: str, value: Any, least: int = 1) -> None:
    """Raise ValueError unless `value` is a whole number ≥ `least`, or a float in (0, 1)."""
    if isinstance(value, float | np.floating) and 0 < value < 1:
        return
    try:
        check_count(name, value, least)
    except ValueError as error:
        raise ValueError(f"{error}, or a share in (0, 1)") from None


def check_counts(name: str, values: Any, least: int = 1, *, empty: bool = False) -> None:
    """Raise ValueError unless `values` is a sequence of whole numbers of at least `least`."""
    listed = isinstance(values, Sequence | np.ndarray) and np.ndim(values) == 1
    if not listed or isinstance(values, str) or not (empty or len(values)):
        raise ValueError(
            f"`{name}` (={values!r}) must be a sequence of whole numbers of at least {least}"
        )
    for value in values:
        check_count(name, value, least)


def check_index(name: str, value: Any, n: int, what: str) -> None:
    """Raise ValueError unless `value` is a whole number from −n to n − 1."""
    if not is_whole(value) or not -n <= value < n:
        raise ValueError(f"`{name}` (={value!r}) must be one of the {n} {what}")


def check_share(name: str, value: Any, of: str = "") -> None:
    """Raise ValueError unless `value` is a number in (0, 1]; `of` says what is shared."""
    if not is_number(value) or not 0 < value <= 1:
        raise ValueError(f"`{name}` (={value!r}) must be a share {of}in (0, 1]")


def check_amount(name: str, value: Any) -> None:
    """Raise ValueError unless `value` is a finite number of at least 0."""
    if not is_number(value) or value < 0:
        raise ValueError(f"`{name}` (={value!r}) must be a finite number of at least 0")


def check_positive(name: str, value: Any) -> None:
    """Raise ValueError unless `value` is a finite number above 0."""
    if not is_number(value) or value <= 0:
        raise ValueError(f"`{name}` (={value!r}) must be a finite number above 0")


def check_number(name: str, value: Any) -> None:
    """Raise ValueError unless `value` is a finite number."""
    if not is_number(value):
        raise ValueError(f"`{name}` (={value!r}) must be a finite number")


def check_flag(name: str, value: Any) -> None:
    """Raise TypeError unless `value` is True or False; 1 and 0 stand for them."""
    if not isinstance(value, bool | np.bool_) and not (is_whole(value) and value in (0, 1)):
        raise TypeError(f"`{name}` (={value!r}) must be True or False")


def check_choice(name: str, value: Any, choices: Collection[str]) -> None:
    """Raise ValueError unless `value` is one of several names."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"`{name}` (={value!r}) must be one of {sorted(choices)}")


def check_type(name: str, value: Any, types: Any, what: str) -> None:
    """Raise TypeError unless `value` is of one of the types; `what` describes these."""
    if not isinstance(value, types):
        raise TypeError(f"`{name}` (of type {type(value).__name__}) must be {what}")


def check_text(name: str, value: Any) -> None:
    """Raise TypeError unless `value` is a string or None."""
    check_type(name, value, str | None, "a string")


def check_sized(name: str, value: Any) -> None:
    """Raise TypeError unless `value` has a length, and an item for each number."""
    try:
        len(value)
    except TypeError:
        sized = False
    else:
        # A class has the methods of its objects, and no items of its own.
        sized = hasattr(type(value), "__getitem__") and not isinstance(value, str | bytes | Mapping)
    if not sized:
        raise TypeError(
            f"`{name}` (of type {type(value).__name__}) must have a length and an item for each "
            "number"
        )


def check_callable(name: str, value: Any) -> None:
    """Raise TypeError unless `value` can be called."""
    if not callable(value):
        raise TypeError(f"`{name}` (of type {type(value).__name__}) must be callable")


def as_numbers(name: str, value: Any, *, finite: bool = True) -> FloatArray:
    """An array of real numbers in float64.

    Raises
    ------
    TypeError
        If `value` holds anything but real numbers.
    ValueError
        If its rows differ in length, or one of them is NaN or infinite though all must be finite.

    Examples
    --------
    >>> as_numbers("scores", [1, 2])
    array([1., 2.])
    """
    array = _array(name, value)
    if array.dtype.kind in "OUSMmc":
        raise TypeError(f"`{name}` (of dtype {array.dtype}) must hold real numbers")
    numbers = array.astype(np.float64, copy=False)
    if finite and not np.isfinite(numbers).all():
        raise ValueError(f"`{name}` holds NaN or infinite values")
    return numbers


def as_whole_numbers(name: str, value: Any) -> IntArray:
    """An array of whole numbers; floats of whole value are such.

    Raises
    ------
    TypeError, ValueError
        If `value` holds anything else.

    Examples
    --------
    >>> as_whole_numbers("order", [1.0, 0.0])
    array([1, 0])
    """
    array = _array(name, value)
    if array.dtype.kind in "iub":
        return array.astype(np.intp, copy=False)
    numbers = as_numbers(name, array)
    if (numbers != np.rint(numbers)).any():
        raise ValueError(f"`{name}` (of dtype {numbers.dtype}) must hold whole numbers")
    return numbers.astype(np.intp)


def as_order(name: str, value: Any) -> IntArray:
    """An order of 0 … n − 1, as an array.

    Raises
    ------
    TypeError, ValueError
        If it is none.

    Examples
    --------
    >>> as_order("order", [1, 0])
    array([1, 0])
    """
    order = as_whole_numbers(name, value)
    if order.ndim != 1 or not np.array_equal(np.sort(order), np.arange(len(order))):
        raise ValueError(f"`{name}` (of shape {order.shape}) must hold 0 … n − 1, each once")
    return order


def as_masks(name: str, value: Any, n: int) -> BoolArray:
    """Masks of n elements, as an array (m, n) of bool.

    Raises
    ------
    ValueError
        If they are none.

    Examples
    --------
    >>> as_masks("known", [[True, False]], 2)
    array([[ True, False]])
    """
    masks = _array(name, value)
    if masks.dtype != bool or masks.ndim != 2 or masks.shape[1] != n:
        raise ValueError(
            f"`{name}` (of dtype {masks.dtype} and shape {masks.shape}) must be masks (m, {n}) of "
            "bool"
        )
    return masks


def check_axes(name: str, array: AnyArray, n_axes: int, what: str) -> None:
    """Raise ValueError unless an array has so many axes; `what` shows them."""
    if array.ndim != n_axes:
        raise ValueError(f"`{name}` (of shape {array.shape}) must be {what}")


def check_alike(name: str, array: AnyArray, other: str, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless an array has the shape of another argument."""
    if array.shape != shape:
        raise ValueError(
            f"`{name}` (of shape {array.shape}) must be shaped like `{other}`, {shape}"
        )


def _array(name: str, value: Any) -> AnyArray:
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"`{name}` must be an array: its rows differ in length") from None
