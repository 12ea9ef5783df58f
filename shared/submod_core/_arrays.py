"""The few operations that formulas need which must run, with gradients, on numpy, torch and TensorFlow alike."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

Array = Any
"""A numpy array, a torch tensor or a TensorFlow tensor."""


class Operations(NamedTuple):
    """One framework's names for them; an axis is the last one where none is named.

    `simplex_threshold` is what sparsemax subtracts: what each row exceeds it by sums to 1. Every framework has its own
    fastest way.
    """

    exp: Callable[[Array], Array]
    log: Callable[[Array], Array]
    sin: Callable[[Array], Array]
    cos: Callable[[Array], Array]
    floor: Callable[[Array], Array]
    clip: Callable[[Array, float, float], Array]
    relu: Callable[[Array], Array]
    total: Callable[[Array, int], Array]
    largest: Callable[[Array, int], Array]
    counted: Callable[[Array], Array]
    simplex_threshold: Callable[[Array], Array]
    order_down: Callable[[Array], Array]
    order_up: Callable[[Array], Array]
    transpose: Callable[[Array], Array]
    join: Callable[[Sequence[Array], int], Array]
    like: Callable[[Array, Array], Array]


def operations(array: Array) -> Operations:
    """The operations of the framework that an array belongs to; importing none that is not in use.

    Examples
    --------
    >>> operations(np.ones(3)).total(np.ones((2, 3)), -1)
    array([3., 3.])
    """
    name = type(array).__module__.partition(".")[0]
    framework = sys.modules.get(name)
    if name == "torch" and framework is not None:
        return _torch(framework)
    if name == "tensorflow" and framework is not None:
        return _tensorflow(framework)
    return _NUMPY


def places(array: Array) -> Array:
    """0, 1, 2, … for the last axis of an array, (n,), of its dtype.

    Examples
    --------
    >>> places(np.zeros((2, 3)))
    array([0., 1., 2.])
    """
    ops = operations(array)
    return ops.like(ops.counted(array), array)


_NUMPY = Operations(
    exp=np.exp,
    log=np.log,
    sin=np.sin,
    cos=np.cos,
    floor=np.floor,
    clip=np.clip,
    relu=lambda x: np.maximum(x, 0),
    total=np.sum,
    largest=np.max,
    counted=lambda x: np.arange(x.shape[-1]),
    simplex_threshold=lambda x: np.max((np.cumsum(-np.sort(-x, -1), -1) - 1) / (places(x) + 1), -1),
    order_down=lambda x: np.argsort(-x, -1, kind="stable"),
    order_up=lambda x: np.argsort(x, -1, kind="stable"),
    transpose=lambda x: np.swapaxes(x, -1, -2),
    join=np.concatenate,
    like=lambda x, other: np.asarray(x).astype(other.dtype),
)


def _torch(torch: Any) -> Operations:
    def simplex_threshold(x: Array) -> Array:
        falling = torch.sort(x, -1, descending=True).values
        return torch.amax((torch.cumsum(falling, -1) - 1) / (places(x) + 1), -1)

    return Operations(
        exp=torch.exp,
        log=torch.log,
        sin=torch.sin,
        cos=torch.cos,
        floor=torch.floor,
        clip=torch.clip,
        relu=torch.relu,
        total=torch.sum,
        largest=torch.amax,
        counted=lambda x: torch.arange(x.shape[-1], device=x.device),
        simplex_threshold=simplex_threshold,
        order_down=lambda x: torch.argsort(x, dim=-1, descending=True, stable=True),
        order_up=lambda x: torch.argsort(x, -1),
        transpose=lambda x: x.transpose(-1, -2),
        join=torch.cat,
        like=lambda x, other: torch.as_tensor(x).to(other),
    )


def _tensorflow(tf: Any) -> Operations:
    # Many short rows take TensorFlow several times as long to sort as to narrow down: what lies above the threshold of
    # more than the support contains the support (Michelot 1986). In columns, which are added up many at once.
    def simplex_threshold(x: Array) -> Array:
        columns = tf.linalg.matrix_transpose(x[..., None, :] if x.shape.rank == 1 else x)
        fixed = tf.stop_gradient(columns)

        def of(members: Array, columns: Array) -> Array:
            kept = tf.where(members, columns, 0)
            return (tf.reduce_sum(kept, -2) - 1) / tf.reduce_sum(tf.cast(members, x.dtype), -2)

        def above(threshold: Array) -> Array:
            return fixed > threshold[..., None, :]

        start = of(tf.ones_like(fixed, tf.bool), fixed)
        _, found = tf.while_loop(
            lambda before, threshold: tf.reduce_any(threshold > before),
            lambda _, threshold: (threshold, of(above(threshold), fixed)),
            (start - 1, start),
            maximum_iterations=tf.shape(x)[-1],
        )
        return tf.reshape(of(above(found), columns), tf.shape(x)[:-1])

    return Operations(
        exp=tf.exp,
        log=tf.math.log,
        sin=tf.sin,
        cos=tf.cos,
        floor=tf.floor,
        clip=tf.clip_by_value,
        relu=tf.nn.relu,
        total=tf.reduce_sum,
        largest=tf.reduce_max,
        counted=lambda x: tf.range(tf.shape(x)[-1]),
        simplex_threshold=simplex_threshold,
        order_down=lambda x: tf.argsort(x, -1, "DESCENDING", stable=True),
        order_up=lambda x: tf.argsort(x, -1),
        transpose=tf.linalg.matrix_transpose,
        join=tf.concat,
        like=lambda x, other: tf.cast(x, other.dtype),
    )
