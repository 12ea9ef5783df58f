"""The operations of a backend, and how the backend of an array is found."""

import sys
from abc import ABC, abstractmethod
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from submod_core._checks import check_type
from submod_core._types import AnyArray

Array = Any
"""A NumPy array, a torch tensor or a TensorFlow tensor."""


class Backend(ABC):
    """Operations on arrays of one framework; an axis counts from the front or, below 0, the back.

    Operators (``+``, ``@``, ``**``, ``<``, indexing) are the arrays' own.

    Attributes
    ----------
    exp, log, sin, cos, floor, abs, sigmoid, relu : callable
        Of an array, element by element. The slope of `relu` is 0 at 0.
    clip : callable
        Of an array and two numbers.
    sum, mean, max, min : callable
        Of an array and an axis.
    maximum, minimum : callable
        Of two arrays, element by element.
    concat, stack : callable
        Of a sequence of arrays and an axis.
    """

    exp: Any
    log: Any
    sin: Any
    cos: Any
    floor: Any
    abs: Any
    sigmoid: Any
    relu: Any
    clip: Any
    sum: Any
    mean: Any
    max: Any
    min: Any
    maximum: Any
    minimum: Any
    concat: Any
    stack: Any

    @abstractmethod
    def argsort(self, x: Array, *, descending: bool = False) -> Array:
        """The stable order of the last axis."""

    @abstractmethod
    def matrix_transpose(self, x: Array) -> Array:
        """The array with its last two axes exchanged."""

    @abstractmethod
    def asarray_like(self, x: Array, other: Array) -> Array:
        """An array of the other's framework, dtype and device."""

    @abstractmethod
    def arange_like(self, x: Array) -> Array:
        """0, 1, 2, … for the last axis, (n,), of the array's dtype."""

    @abstractmethod
    def astype(self, x: Array, dtype: str) -> Array:
        """The array in another dtype, such as "float64"."""

    @abstractmethod
    def to_numpy(self, x: Array) -> AnyArray:
        """A NumPy array of the same values, on the host."""

    @abstractmethod
    def softmax(self, x: Array) -> Array:
        """exp(x) over its sum along the last axis: the framework's own."""

    @abstractmethod
    def normalize(self, x: Array) -> Array:
        """Vectors of length 1 along the last axis; those of length 0 stay as they are."""

    @abstractmethod
    def plogp(self, p: Array) -> Array:
        """Compute p log p, which is 0 where p is 0."""

    @abstractmethod
    def simplex_threshold(self, x: Array) -> Array:
        """Number by which each row's larger entries exceed it, summed, is 1: sparsemax's τ."""

    @abstractmethod
    def pool(self, x: Array) -> Array:
        """Vectors (B, d) of a layer's output: its maps averaged over space, anything else flat.

        Maps lie as in the framework: channels first in torch, last in TensorFlow and NumPy.
        """


_FRAMEWORKS = ("torch", "tensorflow")


def backend_of(array: Array, name: str = "array") -> Backend:
    """The backend of the framework that an array belongs to.

    A framework that is not imported is not imported here either.

    Parameters
    ----------
    array : array
        Subclasses of the frameworks' own types count as theirs.
    name : str
        The argument, for errors.

    Raises
    ------
    TypeError
        If it is an array of none of the frameworks.

    Examples
    --------
    >>> backend_of(np.ones(3)).sum(np.ones((2, 3)), -1)
    array([3., 3.])
    """
    check_type("name", name, str, "a string")
    if isinstance(array, np.ndarray | np.generic):
        return _backend("numpy")
    for library in _FRAMEWORKS:
        framework = sys.modules.get(library)
        if framework is not None and isinstance(array, _types(library)):
            return _backend(library)
    raise TypeError(
        f"`{name}` (a {type(array).__module__}.{type(array).__qualname__}) must be a NumPy array, "
        "a torch tensor or a TensorFlow tensor"
    )


@cache
def _backend(name: str) -> Backend:
    module = import_module(f"submod_core.backends._{name}")
    backend: Backend = module.BACKEND
    return backend


def _types(name: str) -> tuple[type, ...]:
    framework = sys.modules[name]
    if name == "torch":
        return (framework.Tensor,)
    return (framework.Tensor, framework.Variable)
