"""The TensorFlow backend."""

import math

import tensorflow as tf

from submod_core._types import AnyArray
from submod_core.backends.base import Array, Backend


class TensorFlowBackend(Backend):
    """TensorFlow tensors, with gradients, eagerly and in graphs."""

    exp = staticmethod(tf.exp)
    log = staticmethod(tf.math.log)
    sin = staticmethod(tf.sin)
    cos = staticmethod(tf.cos)
    floor = staticmethod(tf.floor)
    abs = staticmethod(tf.abs)
    clip = staticmethod(tf.clip_by_value)
    sum = staticmethod(tf.reduce_sum)
    mean = staticmethod(tf.reduce_mean)
    max = staticmethod(tf.reduce_max)
    min = staticmethod(tf.reduce_min)
    maximum = staticmethod(tf.maximum)
    minimum = staticmethod(tf.minimum)
    relu = staticmethod(tf.nn.relu)
    concat = staticmethod(tf.concat)
    stack = staticmethod(tf.stack)
    sigmoid = staticmethod(tf.sigmoid)
    matrix_transpose = staticmethod(tf.linalg.matrix_transpose)

    def argsort(self, x: Array, *, descending: bool = False) -> Array:
        return tf.argsort(x, -1, "DESCENDING" if descending else "ASCENDING", stable=True)

    def asarray_like(self, x: Array, other: Array) -> Array:
        return tf.cast(x, other.dtype)

    def astype(self, x: Array, dtype: str) -> Array:
        return tf.cast(x, dtype)

    def to_numpy(self, x: Array) -> AnyArray:
        array: AnyArray = x.numpy()
        return array

    def arange_like(self, x: Array) -> Array:
        return tf.cast(tf.range(tf.shape(x)[-1]), x.dtype)

    def softmax(self, x: Array) -> Array:
        return tf.nn.softmax(x, -1)

    def normalize(self, x: Array) -> Array:
        return tf.linalg.l2_normalize(x, -1)

    def plogp(self, p: Array) -> Array:
        return tf.math.xlogy(p, p)

    def simplex_threshold(self, x: Array) -> Array:
        # Many short rows take TensorFlow several times as long to sort as to narrow down: the
        # entries above the threshold of a superset of the support contain the support (Michelot
        # 1986). Rows are turned into columns, which are added up many at once.
        columns = tf.linalg.matrix_transpose(x[..., None, :] if x.shape.rank == 1 else x)
        fixed = tf.stop_gradient(columns)

        def threshold_of(members: Array, columns: Array) -> Array:
            kept = tf.where(members, columns, 0)
            return (tf.reduce_sum(kept, -2) - 1) / tf.reduce_sum(tf.cast(members, x.dtype), -2)

        def above(threshold: Array) -> Array:
            return fixed > threshold[..., None, :]

        # The support shrinks until the threshold no longer rises; only then is it differentiated.
        start = threshold_of(tf.ones_like(fixed, tf.bool), fixed)
        _, found = tf.while_loop(
            lambda before, threshold: tf.reduce_any(threshold > before),
            lambda _, threshold: (threshold, threshold_of(above(threshold), fixed)),
            (start - 1, start),
            maximum_iterations=tf.shape(x)[-1],
        )
        return tf.reshape(threshold_of(above(found), columns), tf.shape(x)[:-1])

    def pool(self, x: Array) -> Array:
        if len(x.shape) > 3:
            return tf.reduce_mean(x, axis=list(range(1, len(x.shape) - 1)))
        return tf.reshape(x, (tf.shape(x)[0], math.prod(x.shape[1:])))


BACKEND = TensorFlowBackend()
