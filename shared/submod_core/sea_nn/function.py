"""Deep submodular functions: networks that are monotone and submodular on sets (SEA-NN, §3)."""

from collections.abc import Sequence
from itertools import pairwise
from os import PathLike
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from submod_core._archives import blamed, check_array, check_names, read_arrays, write_arrays
from submod_core._checks import as_numbers, check_choice, check_count
from submod_core._types import AnyArray, BoolArray
from submod_core.sea_nn._checks import ACTIVATIONS, check_layers, check_start
from submod_core.sea_nn._products import product, times

Activation = Literal["sqrt", "log"]
Init = Literal["random", "ones"]
_BIAS = 1.0


class Parameters(NamedTuple):
    """Weights (out, in) and biases (out,) of each layer, or gradients of the same shapes."""

    weights: list[AnyArray]
    biases: list[AnyArray]


class DeepSubmodularFunction:
    """A fully connected network with non-negative weights and concave activations.

    An activation follows each layer but the last. On {0, 1}^n the network is a monotone submodular
    set function, on [0, 1]^n its monotone concave extension.

    Parameters
    ----------
    weights : sequence of ndarray, (out, in)
        The last has one row.
    biases : sequence of ndarray, (out,)
    activation : {"sqrt", "log"}
        √x, or log(1 + x).

    Raises
    ------
    ValueError
        If the shapes do not fit each other, or a weight or bias is negative or not finite.

    Examples
    --------
    >>> weights, biases = [np.ones((1, 3)), np.ones((1, 1))], [np.zeros(1), np.zeros(1)]
    >>> f = DeepSubmodularFunction(weights, biases)
    >>> f([[0, 0, 0], [1, 0, 0], [1, 1, 0]]).round(3)
    array([0.   , 1.   , 1.414])
    """

    def __init__(
        self,
        weights: Sequence[AnyArray],
        biases: Sequence[AnyArray],
        activation: Activation = "sqrt",
    ) -> None:
        check_choice("activation", activation, ACTIVATIONS)
        check_layers(weights=weights, biases=biases)
        self.weights, self.biases, self.activation = list(weights), list(biases), activation
        shapes = [w.shape for w in self.weights]
        deep = len(shapes) > 1 and all(len(s) == 2 for s in shapes)
        chained = deep and all(a[0] == b[1] for a, b in pairwise(shapes)) and shapes[-1][0] == 1
        if not chained or [b.shape for b in self.biases] != [s[:1] for s in shapes]:
            raise ValueError(
                f"`weights` (of shapes {shapes}) and `biases` must chain from n inputs, by at "
                "least one hidden layer, to one value"
            )
        if any(not np.isfinite(p).all() or (p < 0).any() for p in (*self.weights, *self.biases)):
            raise ValueError("`weights` and `biases` must be finite and at least 0")

    @classmethod
    def initial(
        cls,
        n: int,
        widths: Sequence[int] = (512, 256, 32),
        activation: Activation = "sqrt",
        init: Init = "random",
        seed: int = 0,
        dtype: Any = np.float64,
    ) -> "DeepSubmodularFunction":
        """A function to start learning from.

        Parameters
        ----------
        n : int
            Number of features.
        widths : sequence of int
            Of the hidden layers.
        activation : {"sqrt", "log"}
        init : {"random", "ones"}
            Every weight uniform in [0, 2], or 1. With "ones" all units of a layer stay equal for
            ever, so that the function is concave over *modular*: the map depends on the rank of the
            features alone.
        seed : int
        dtype : float64 or float32

        Raises
        ------
        ValueError
            If an argument is out of range.

        Examples
        --------
        >>> DeepSubmodularFunction.initial(784).n
        784
        """
        check_count("n", n)
        check_start(widths, activation, init, seed, dtype)
        rng, sizes = np.random.default_rng(seed), [n, *widths, 1]
        shapes = [(b, a) for a, b in pairwise(sizes)]
        weights = [
            rng.uniform(0, 2, shape) if init == "random" else np.ones(shape) for shape in shapes
        ]
        # Biases start above 0, where √ has a finite slope.
        biases = [np.full(shape[0], _BIAS, dtype) for shape in shapes]
        return cls([w.astype(dtype) for w in weights], biases, activation)

    @property
    def n(self) -> int:
        """The number of features."""
        return int(self.weights[0].shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the weights and values."""
        return self.weights[0].dtype

    def __call__(self, x: ArrayLike) -> Any:
        """Values (...,) of points or sets (..., n)."""
        return self.after_first(self.first(np.asarray(x, dtype=self.dtype)))

    def first(self, x: AnyArray) -> AnyArray:
        """Pre-activations (..., h) of the first layer."""
        return np.asarray(x @ self.weights[0].T + self.biases[0])

    def after_first(self, z: AnyArray) -> AnyArray:
        """Values (...,) from the first pre-activations (..., h)."""
        return self.after_hidden(self.activate(z))

    def after_hidden(self, h: AnyArray) -> AnyArray:
        """Values (...,) from the first hidden units (..., h)."""
        z = h @ self.weights[1].T + self.biases[1]
        for weight, bias in zip(self.weights[2:], self.biases[2:], strict=True):
            z = self.activate(z) @ weight.T + bias
        return np.asarray(z[..., 0])

    def activate(self, z: AnyArray) -> AnyArray:
        """√z or log(1 + z)."""
        return np.sqrt(z) if self.activation == "sqrt" else np.log1p(z)

    def gains(self, chosen: ArrayLike) -> AnyArray:
        """The marginal gains f(A ∪ {v}) − f(A) of all features, (n,); 0 for those in the set A.

        Parameters
        ----------
        chosen : array_like of bool, (n,)
            True for the features of A.

        Examples
        --------
        >>> weights, biases = [np.ones((1, 3)), np.ones((1, 1))], [np.zeros(1), np.zeros(1)]
        >>> f = DeepSubmodularFunction(weights, biases)
        >>> f.gains([True, False, False]).round(3)
        array([0.   , 0.414, 0.414])
        """
        mask: BoolArray = self._point("chosen", chosen) != 0
        z = self.first(mask.astype(self.dtype))
        # Adding a feature adds one column to the first layer.
        after = self.after_first(z + self.weights[0].T)
        return np.where(mask, 0, after - self.after_first(z))

    def gradient(self, x: ArrayLike) -> AnyArray:
        """The gradient (n,) at a point.

        As f is concave, no gain at a set exceeds the gradient there. Where √ has infinite slope the
        gradient is infinite, or 0 for weights of 0.

        Parameters
        ----------
        x : array_like, (n,)
            In [0, 1].

        Examples
        --------
        >>> weights, biases = [np.ones((1, 2)), np.ones((1, 1))], [np.ones(1), np.zeros(1)]
        >>> f = DeepSubmodularFunction(weights, biases)
        >>> f.gradient([0, 0])
        array([0.5, 0.5])
        """
        z = self.first(self._point("x", x).astype(self.dtype))
        return self.input_gradient(z, self.hidden_gradient(self.activate(z)))

    def _point(self, name: str, x: Any) -> AnyArray:
        point = as_numbers(name, x)
        if point.shape != (self.n,):
            raise ValueError(f"`{name}` (of shape {point.shape}) must be ({self.n},)")
        return point

    def input_gradient(self, z: AnyArray, hidden: AnyArray) -> AnyArray:
        """The gradient by the input, (n,).

        Parameters
        ----------
        z : ndarray, (h,)
            First pre-activations.
        hidden : ndarray, (h,)
            Gradient by the first hidden units, of `hidden_gradient`.
        """
        return product(times(hidden, self._slope(z)), self.weights[0])

    def hidden_gradient(self, h: AnyArray) -> AnyArray:
        """The gradient of the value by the first hidden units, (h,): it is concave in them."""
        # Forward once to know each layer's slopes σ'(z), then back: w_lastᵀ diag(σ') W … W_2.
        slopes, z = [], h @ self.weights[1].T + self.biases[1]
        for weight, bias in zip(self.weights[2:], self.biases[2:], strict=True):
            slopes.append(self._slope(z))
            z = self.activate(z) @ weight.T + bias
        back = self.weights[-1][0]
        for weight, slope in zip(self.weights[-2:0:-1], slopes[::-1], strict=True):
            back = product(times(back, slope), weight)
        return back

    def parameter_gradient(self, x: AnyArray, coefficients: AnyArray) -> Parameters:
        """The gradient of Σ_r c_r f(x_r) by the weights and biases.

        Units whose pre-activation is 0 are dead: they take no part.

        Parameters
        ----------
        x : ndarray, (R, n)
            Points.
        coefficients : ndarray, (R,)
        """
        # Backpropagation for all points at once: forward, keeping each layer's inputs and slopes;
        # then back from the coefficients. `back` is the gradient by a layer's outputs, (R, out).
        inputs, slopes = [np.asarray(x, dtype=self.dtype)], []
        z = self.first(inputs[0])
        for weight, bias in zip(self.weights[1:], self.biases[1:], strict=True):
            slope = self._slope(z)
            slopes.append(np.where(np.isfinite(slope), slope, 0))
            inputs.append(self.activate(z))
            z = inputs[-1] @ weight.T + bias
        back = np.asarray(coefficients, dtype=self.dtype)[:, None]
        weights, biases = [], []
        for k in reversed(range(len(self.weights))):
            weights.append(back.T @ inputs[k])
            biases.append(back.sum(axis=0))
            if k:
                back = (back @ self.weights[k]) * slopes[k - 1]
        return Parameters(weights[::-1], biases[::-1])

    def _slope(self, z: AnyArray) -> AnyArray:
        """The derivative of the activation; that of √ is infinite at 0."""
        if self.activation == "log":
            return np.asarray(1 / (1 + z))
        with np.errstate(divide="ignore"):
            return np.asarray(0.5 / np.sqrt(z))

    def save(self, file: str | PathLike[str]) -> None:
        """Write the function to one ``.npz`` file of exactly that name, without pickle.

        It is written whole or not at all: an earlier file stays where writing fails.

        Examples
        --------
        >>> import tempfile
        >>> f = DeepSubmodularFunction.initial(4, (3,))
        >>> with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        ...     f.save(file.name)
        ...     bool(DeepSubmodularFunction.load(file.name)(np.ones(4)) == f(np.ones(4)))
        True
        """
        arrays = {f"weights_{k}": w for k, w in enumerate(self.weights)}
        arrays |= {f"biases_{k}": b for k, b in enumerate(self.biases)}
        arrays["activation"] = np.array(self.activation)
        write_arrays(file, arrays)

    @classmethod
    def load(cls, file: str | PathLike[str]) -> "DeepSubmodularFunction":
        """Read a file that `save` wrote.

        Raises
        ------
        OSError, ValueError
            If the file cannot be opened, or is not a saved function.
        """
        arrays = read_arrays(file, "a saved deep submodular function")
        with blamed(file, "a saved deep submodular function"):
            depth = sum(name.startswith("weights_") for name in arrays) or 1
            names = [f"{kind}_{k}" for kind in ("weights", "biases") for k in range(depth)]
            check_names(arrays, [*names, "activation"])
            checked = [check_array(name, arrays[name], "f", None, 0) for name in names]
            how: Any = str(arrays["activation"])
            return cls(checked[:depth], checked[depth:], how)
