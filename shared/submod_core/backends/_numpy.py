"""The NumPy backend."""

import numpy as np
from scipy.special import expit, softmax, xlogy

from submod_core._types import AnyArray
from submod_core.backends.base import Array, Backend


class NumpyBackend(Backend):
    """NumPy arrays; without gradients."""

    exp = staticmethod(np.exp)
    log = staticmethod(np.log)
    sin = staticmethod(np.sin)
    cos = staticmethod(np.cos)
    floor = staticmethod(np.floor)
    abs = staticmethod(np.abs)
    clip = staticmethod(np.clip)
    sum = staticmethod(np.sum)
    mean = staticmethod(np.mean)
    max = staticmethod(np.max)
    min = staticmethod(np.min)
    maximum = staticmethod(np.maximum)
    minimum = staticmethod(np.minimum)
    concat = staticmethod(np.concatenate)
    stack = staticmethod(np.stack)
    sigmoid = staticmethod(expit)

    def argsort(self, x: Array, *, descending: bool = False) -> Array:
        return np.argsort(-x if descending else x, -1, kind="stable")

    def matrix_transpose(self, x: Array) -> Array:
        return np.swapaxes(x, -1, -2)

    def asarray_like(self, x: Array, other: Array) -> Array:
        return np.asarray(x).astype(other.dtype)

    def astype(self, x: Array, dtype: str) -> Array:
        return x.astype(dtype)

    def to_numpy(self, x: Array) -> AnyArray:
        return np.asarray(x)

    def arange_like(self, x: Array) -> Array:
        return np.arange(x.shape[-1]).astype(x.dtype)

    def relu(self, x: Array) -> Array:
        return np.maximum(x, 0)

    def softmax(self, x: Array) -> Array:
        return softmax(x, axis=-1)

    def normalize(self, x: Array) -> Array:
        lengths = np.linalg.norm(x, axis=-1, keepdims=True)
        return x / np.where(lengths > 0, lengths, 1)

    def plogp(self, p: Array) -> Array:
        return xlogy(p, p)

    def simplex_threshold(self, x: Array) -> Array:
        # τ = max_k (Σ of the k largest − 1) / k.
        falling = -np.sort(-x, -1)
        return np.max((np.cumsum(falling, -1) - 1) / (self.arange_like(x) + 1), -1)

    def pool(self, x: Array) -> Array:
        if x.ndim > 3:
            return x.mean(axis=tuple(range(1, x.ndim - 1)))
        return x.reshape(len(x), -1)


BACKEND = NumpyBackend()
