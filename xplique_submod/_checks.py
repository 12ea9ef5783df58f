"""Checks of the arguments that Xplique's methods and metrics share."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._checks import check_count
from xplique_submod._compat import Tasks


def check_model(model: Any) -> None:
    """Raise TypeError unless `model` can be called, predicts probabilities or is of TFLite."""
    interpreter = isinstance(model, tf.lite.Interpreter)
    if not callable(model) and not hasattr(model, "predict_proba") and not interpreter:
        raise TypeError(f"`model` (={model!r}) must be callable")


def check_operator(operator: Any) -> None:
    """Raise TypeError or ValueError unless `operator` is None, a task, its name, or a function."""
    if isinstance(operator, str):
        try:
            Tasks.from_string(operator)
        except AssertionError as error:
            raise ValueError(
                f"`operator` (={operator!r}) must be the name of one of Xplique's tasks, such as "
                "'classification' or 'object detection'"
            ) from error
    elif not (operator is None or callable(operator)):
        raise TypeError(f"`operator` (={operator!r}) must be a task, its name, a function or None")


def check_batch(batch_size: Any) -> None:
    """Raise ValueError unless `batch_size` is None or a whole number of at least 1."""
    if batch_size is not None:
        check_count("batch_size", batch_size)


def tensor_of(name: str, value: Any) -> tf.Tensor:
    """A tensor of real numbers.

    Raises
    ------
    TypeError
        If `value` is anything else.

    Examples
    --------
    >>> tensor_of("inputs", [1, 2]).shape
    TensorShape([2])
    """
    try:
        tensor = tf.convert_to_tensor(value)
    except (TypeError, ValueError, tf.errors.OpError) as error:
        raise TypeError(
            f"`{name}` (a {type(value).__name__}) must be an array or tensor of numbers"
        ) from error
    if not (tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_bool):
        raise TypeError(f"`{name}` (of dtype {tensor.dtype.name}) must hold real numbers")
    return tensor


def numbers_of(name: str, value: Any) -> tf.Tensor:
    """A tensor of real numbers as float32; TypeError where `value` is none.

    ValueError where numbers of more digits would lose what tells them apart, as seconds since 1970.
    """
    tensor = tensor_of(name, value)
    numbers = tf.cast(tensor, tf.float32)
    if tensor.dtype.size < 4 or tensor.dtype == tf.float32 or not tf.size(tensor):
        return numbers
    given = tensor.numpy().astype(np.float64)
    with np.errstate(invalid="ignore"):  # infinities are told of by others
        off, spread = np.abs(numbers.numpy() - given).max(), np.ptp(given)
    if off > 1e-3 * spread and (spread > 0 or tensor.dtype.is_integer):
        raise ValueError(
            f"`{name}` (of dtype {tensor.dtype.name}, from {given.min()} to {given.max()}) must "
            "keep their differences as float32, in which Xplique computes: subtract an offset first"
        )
    return numbers
