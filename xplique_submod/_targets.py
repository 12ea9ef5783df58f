"""Targets of a classifier: which rows name no class, and both classes of a single output."""

from typing import Any

import numpy as np
import tensorflow as tf

_HINT = (
    "; a single output is the probability of a class under activation='sigmoid', if it is a logit, "
    "or 'identity', if it is a probability"
)


def check_classes(targets: Any) -> None:
    """Raise ValueError where a row of targets (N, C) names no class, or is not finite.

    A single column may be 0: it names class 0 of a classifier with one output.
    """
    rows = np.asarray(targets)
    one = rows.ndim == 1 or rows.shape[1:] == (1,)
    bad = [i for i, row in enumerate(rows) if not np.isfinite(row).all() or not (one or row.any())]
    if bad:
        raise ValueError(
            f"`targets` name no class for the examples {bad[:8]}: their rows are all 0, as "
            "`tf.one_hot` makes them for a class out of range, or not finite"
        )


def rows_of(classes: Any, n_outputs: int) -> tf.Tensor:
    """Targets of classes (N,): one-hot rows, or the classes themselves for one output.

    Raises
    ------
    ValueError
        If a class is out of range.

    Examples
    --------
    >>> rows_of([0, 1], 1).numpy().tolist(), rows_of([1], 3).numpy().tolist()
    ([[0.0], [1.0]], [[0.0, 1.0, 0.0]])
    """
    named, n_classes = np.asarray(classes), max(2, n_outputs)
    if bool(((named < 0) | (named >= n_classes)).any()):
        raise ValueError(
            f"`targets` (={named.tolist()}) must be classes from 0 to {n_classes - 1} of a model "
            f"with {n_outputs} outputs"
        )
    if n_outputs == 1:
        return tf.constant(named[:, None], tf.float32)
    return tf.one_hot(named, n_outputs)


def of_one_output(targets: tf.Tensor, is_probability: bool) -> tf.Tensor:
    """Targets of a model with one output: columns of the classes 0 and 1, or the one of a value.

    Raises
    ------
    ValueError
        If a row is 0 and the output is the probability of no class; or a row is neither 0 nor 1,
        and it is that of one.

    Examples
    --------
    >>> of_one_output(tf.constant([[0.0], [1.0]]), True).numpy().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if targets.shape[1:] != (1,):
        return targets
    zero = targets.numpy()[:, 0] == 0
    if is_probability:
        if not np.isin(targets.numpy(), (0, 1)).all():
            raise ValueError(
                f"`targets` (={targets.numpy()[:, 0].tolist()}) must be 0 or 1 for a model with "
                "one output, the probability of class 1"
            )
        return tf.concat([tf.constant(zero[:, None], tf.float32), targets], 1)
    if zero.any():
        raise ValueError(
            f"`targets` name no class for the examples {np.flatnonzero(zero)[:8].tolist()}: their "
            f"rows are 0, and the model's one output is the probability of none{_HINT}"
        )
    return targets


def check_targets(targets: tf.Tensor, classes: tf.Tensor) -> None:
    """Raise ValueError unless targets (B, C) are shaped like class scores (B, C)."""
    if len(classes.shape) != 2 or classes.shape[1:] != targets.shape[1:]:
        one = classes.shape[1:] == (1,) and targets.shape[1:] == (2,)
        raise ValueError(
            f"`targets` (of shape {tuple(targets.shape[1:])} per example) must be shaped like the "
            f"model's outputs, {tuple(classes.shape[1:])}, which have one axis; for other outputs "
            f"give an `operator`{_HINT if one else ''}"
        )
