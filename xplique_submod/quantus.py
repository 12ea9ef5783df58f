"""Function that explains for Quantus (Hedström et al., 2023), which this module does not import."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._checks import as_numbers, as_whole_numbers, check_callable, check_flag, check_type
from submod_core._types import AnyArray
from xplique_submod._targets import rows_of
from xplique_submod.lima import LiMA

__all__ = ["explain_func"]


def explain_func(
    model: Any,
    inputs: AnyArray,
    targets: AnyArray,
    *,
    method: Callable[[Any], Any] = LiMA,
    channel_first: bool | None = None,
    device: Any = None,
) -> AnyArray:
    """Explain a batch as Quantus asks for it; an argument `explain_func` of its metrics.

    Quantus turns inputs to channels first, also those of a Keras model, and sometimes back; the
    model's own input shape tells how they come. Attributions it compares channels first.

    Parameters
    ----------
    model : keras.Model
        With outputs (N, classes), or (N, 1), the probability of class 1.
    inputs : ndarray, (N, …)
        As the model takes them, or with their last axis as the first after N.
    targets : ndarray of int, (N,), or an int
        The classes to explain.
    method : callable
        Makes the method from the model: `LiMA`, `SMDL`, or
        ``functools.partial(LiMA, regions=(4, 4))``.
    channel_first : bool, optional
        Whether channels of `inputs` come first; needed where the shape fits both ways.
    device : object, optional
        Quantus may add one; TensorFlow places the model itself.

    Returns
    -------
    ndarray of float32
        Scores in [0, 1], the mean of all channels: (N, 1, H, W) for images, (N, 1, T) for series,
        (N, F) for tables.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or shape; those of the method.

    Examples
    --------
    >>> layers = tf.keras.layers
    >>> net = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(5)])
    >>> explain_func(net, np.ones((2, 3, 8, 8)), np.array([0, 4])).shape
    (2, 1, 8, 8)
    """
    check_type("model", model, tf.keras.Model, "a keras.Model")
    check_callable("method", method)
    if channel_first is not None:
        check_flag("channel_first", channel_first)
    given = as_numbers("inputs", inputs).astype(np.float32)
    moved = _channels_come_first(given.shape[1:], model.input_shape[1:], channel_first)
    classes = as_whole_numbers("targets", targets).reshape(-1)
    if len(classes) not in (1, len(given)):
        raise ValueError(
            f"`targets` (of shape {np.shape(targets)}) must have one class for each of the "
            f"{len(given)} inputs"
        )
    rows = rows_of(np.broadcast_to(classes, len(given)), model.output_shape[-1])
    maps = method(model).explain(np.moveaxis(given, 1, -1) if moved else given, rows)
    scores: AnyArray = np.array(maps)
    # Quantus compares attributions with inputs whose channels are first, however it asked.
    return scores.mean(-1)[:, None] if scores.ndim >= 3 else scores


def _channels_come_first(
    shape: tuple[int, ...], wanted: tuple[int | None, ...], said: bool | None
) -> bool:
    """Whether inputs of a shape have the channels first that a model wants last."""

    def fits(one: tuple[int, ...]) -> bool:
        return len(one) == len(wanted) and all(b in (None, a) for a, b in zip(one, wanted))  # noqa: B905

    as_wanted = fits(shape)
    turned = len(shape) > 1 and fits((*shape[1:], shape[0]))
    found = [way for way, fit in ((False, as_wanted), (True, turned)) if fit]
    if said is not None and said in found:
        return bool(said)
    if len(found) == 1 and said is None:
        return found[0]
    if len(found) == 2:
        raise ValueError(
            f"`channel_first` (=None) is needed: inputs of shape {shape} per example fit the "
            f"model's {wanted} both ways"
        )
    raise ValueError(
        f"`inputs` (of shape {shape} per example) must be {wanted} as the model's, or that with "
        "the channels first"
    )
