"""Greedy maximisation and attribution on deep submodular functions, exact and with few evaluations.

Adding a feature changes the first layer by one column. Two upper bounds spare most evaluations: as
f is submodular, a gain is at most what it was before; as f is concave, it is at most what a tangent
says, in the inputs, and more tightly in the first hidden units.
"""

from dataclasses import dataclass, field

import numpy as np

from submod_core._checks import check_count, check_flag, check_type
from submod_core._types import AnyArray, FloatArray, IntArray
from submod_core.sea_nn._parts import growing
from submod_core.sea_nn.function import DeepSubmodularFunction

_LOOK = 64
# Gains nearer to each other than this share of f(1) are equal: they differ by rounding.
_TIE = 1e-12


@dataclass(frozen=True)
class _Tangent:
    """Upper bounds of the gains by tangents, as f is concave in its inputs and its hidden units.

    The tangent touches at A plus an equal share of every open candidate, t = A + Σ_v e_v / k. There
    f(A + e_v) − f(A) ≤ f(t) − f(A) + ∇f(t) · (A + e_v − t), and A + e_v − t = e_v − Σ_u e_u / k.

    Attributes
    ----------
    gain : float
        f(t) − f(A).
    by_input : ndarray, (n,)
        ∇f(t).
    mean : float
        The mean of `by_input` over the open candidates: ∇f(t) · Σ_u e_u / k.
    hidden, by_hidden : ndarray, (h,)
        The first hidden units at t, and the gradient by them.
    """

    gain: float
    by_input: AnyArray
    mean: float
    hidden: AnyArray
    by_hidden: AnyArray

    def at_inputs(self, elements: IntArray) -> AnyArray:
        """The bounds of elements, without evaluating anything."""
        if not np.isfinite(self.mean):
            return np.full(len(elements), np.inf)
        return self.gain + self.by_input[elements] - self.mean

    def at_hidden(self, hidden: AnyArray) -> AnyArray:
        """Tighter bounds, from the first hidden units (B, h) with each element."""
        if not np.isfinite(self.by_hidden).all():
            return np.full(len(hidden), np.inf)
        return np.asarray(self.gain + (hidden - self.hidden) @ self.by_hidden)


@dataclass
class Chain:
    """A growing set A of features, and upper bounds of the others' gains.

    Attributes
    ----------
    function : DeepSubmodularFunction
    lazy : bool
        False evaluates every candidate every time.
    evaluations : int
        Gains evaluated so far.
    bounds : ndarray, (n,)
        Upper bounds of the gains.
    open : ndarray of bool, (n,)
        The candidates: features neither in A nor closed.
    tolerance : float
        Gains nearer to each other than this are equal: they differ by rounding.

    Examples
    --------
    >>> chain = Chain(DeepSubmodularFunction.initial(5, (4,)))
    >>> grow(chain, 2).shape, chain.evaluations <= 9
    ((2,), True)
    """

    function: DeepSubmodularFunction
    lazy: bool = True
    evaluations: int = 0
    bounds: AnyArray = field(init=False)
    open: AnyArray = field(init=False)
    tolerance: float = field(init=False)
    _first: AnyArray = field(init=False)
    _columns: AnyArray = field(init=False)
    _rest: AnyArray = field(init=False)

    def __post_init__(self) -> None:
        check_type("function", self.function, DeepSubmodularFunction, "a DeepSubmodularFunction")
        check_flag("lazy", self.lazy)
        check_count("evaluations", self.evaluations, least=0)
        n = self.function.n
        self.bounds, self.open = np.full(n, np.inf), np.ones(n, dtype=bool)
        share = _TIE if self.function.dtype == np.float64 else 1e-6
        self.tolerance = share * float(self.function(np.ones(n)))
        self._columns = np.ascontiguousarray(self.function.weights[0].T)
        self._rest = self._columns.sum(axis=0)
        self._move(self.function.first(np.zeros(n, dtype=self.function.dtype)))

    def best(self) -> tuple[float, IntArray]:
        """The largest gain of the open candidates, and all that have it, in ascending order."""
        candidates = np.flatnonzero(self.open)
        if not self.lazy:
            gains = self._gains(candidates, self._after(candidates))
            return float(gains.max()), candidates[gains >= gains.max() - self.tolerance]
        # Candidates come in the order of their bounds, in three stages, each dearer and tighter:
        # the tangent in the inputs for all, the tangent in the hidden units for a block of them,
        # the gain itself for a few of the block. A stage ends where the next bound is below the
        # best gain by more than rounding: no candidate behind can reach or tie it.
        tangent = self._tangent()
        bounds = tangent.at_inputs(candidates) + self.tolerance
        self.bounds[candidates] = np.minimum(self.bounds[candidates], bounds)
        candidates = candidates[np.argsort(-self.bounds[candidates], kind="stable")]
        best, found, known = -np.inf, [], []
        for start in range(0, len(candidates), _LOOK):
            block = candidates[start : start + _LOOK]
            if self.bounds[block[0]] < best - 2 * self.tolerance:
                break
            after = self._after(block)
            self.bounds[block] = np.minimum(
                self.bounds[block], tangent.at_hidden(after) + self.tolerance
            )
            for part in growing(np.argsort(-self.bounds[block], kind="stable")):
                if self.bounds[block[part[0]]] < best - 2 * self.tolerance:
                    break
                gains = self._gains(block[part], after[part])
                best = max(best, float(gains.max()))
                found.append(block[part])
                known.append(gains)
        elements, values = np.concatenate(found), np.concatenate(known)
        return best, np.sort(elements[values >= best - self.tolerance])

    def close(self, elements: IntArray) -> None:
        """Take elements out of the candidates."""
        closing = elements[self.open[elements]]
        self.open[closing] = False
        # Rounding must not let an empty sum fall below 0.
        self._rest = np.maximum(self._rest - self._columns[closing].sum(axis=0), 0)

    def add(self, element: int) -> None:
        """Put an element into A."""
        self.close(np.array([element]))
        self._move(self._first + self._columns[element])

    def _move(self, first: AnyArray) -> None:
        self._first = first
        self._value = float(self.function.after_first(first))

    def _tangent(self) -> "_Tangent":
        # At A plus an equal share of every candidate, a point near to all that are bounded.
        first = self._first + self._rest / int(self.open.sum())
        hidden = self.function.activate(first)
        slopes = self.function.hidden_gradient(hidden)
        by_input = self.function.input_gradient(first, slopes)
        gain = float(self.function.after_hidden(hidden)) - self._value
        return _Tangent(gain, by_input, float(by_input[self.open].mean()), hidden, slopes)

    def _after(self, elements: IntArray) -> AnyArray:
        """The first hidden units (B, h) with each of the elements."""
        return self.function.activate(self._first + self._columns[elements])

    def _gains(self, elements: IntArray, hidden: AnyArray) -> AnyArray:
        self.evaluations += len(elements)
        gains = self.function.after_hidden(hidden) - self._value
        # A bound must not fall below the gain by rounding.
        self.bounds[elements] = gains + self.tolerance
        return gains


def maximise(function: DeepSubmodularFunction, size: int, *, lazy: bool = True) -> IntArray:
    """Greedily chosen features A with |A| ≤ size, in the order of their choice.

    On a monotone submodular function they reach (1 − 1/e) of the best value. Ties go to the lowest
    index. There are fewer when nothing gains any more.

    Parameters
    ----------
    function : DeepSubmodularFunction
    size : int
        From 1 to n.
    lazy : bool
        False evaluates every candidate every time, for comparison.

    Returns
    -------
    ndarray of intp
        Each prefix is the answer for a smaller size.

    Raises
    ------
    ValueError
        If `size` is not a whole number from 1 to n.

    Examples
    --------
    >>> weights = [np.array([[1.0, 3.0, 2.0]]), np.ones((1, 1))]
    >>> f = DeepSubmodularFunction(weights, [np.zeros(1), np.zeros(1)])
    >>> maximise(f, 2)
    array([1, 2])
    """
    _check_size("size", size, function)
    return grow(Chain(function, lazy), size)


def grow(chain: Chain, size: int) -> IntArray:
    """`maximise` on a chain, which counts the evaluations."""
    check_type("chain", chain, Chain, "a Chain")
    check_count("size", size)
    chosen: list[int] = []
    while len(chosen) < size:
        gain, elements = chain.best()
        if gain <= chain.tolerance:
            break
        chosen.append(int(elements[0]))
        chain.add(chosen[-1])
    return np.array(chosen, dtype=np.intp)


def top_features(function: DeepSubmodularFunction, p: int) -> IntArray:
    """The p features that together matter most, argmax f(A) over |A| ≤ p (SEA-NN, §3).

    They are influential and not redundant.

    Parameters
    ----------
    function : DeepSubmodularFunction
    p : int
        From 1 to n.

    Examples
    --------
    >>> units = np.array([[4.0, 3.0, 0.0], [0.0, 0.0, 1.0]])
    >>> f = DeepSubmodularFunction([units, np.ones((1, 2))], [np.zeros(2), np.zeros(1)])
    >>> top_features(f, 2)  # the second largest weight shares its unit with the largest
    array([0, 2])
    """
    _check_size("p", p, function)
    return maximise(function, p)


def attribute(function: DeepSubmodularFunction, *, lazy: bool = True) -> FloatArray:
    """The attribution of each feature (SEA-NN, Algorithm 1).

    It is the feature's gain in the context of the features chosen before it. All features that
    share the largest gain get it; the lowest of them joins the context, and none of them is a
    candidate again. The rest gets 0 when nothing gains any more.

    Parameters
    ----------
    function : DeepSubmodularFunction
    lazy : bool
        False evaluates every candidate every time, for comparison.

    Returns
    -------
    ndarray of float64, (n,)
        At least 0; not above f(1) − f(0) in sum, but for shared gains.

    Examples
    --------
    >>> weights = [np.array([[1.0, 3.0, 3.0]]), np.ones((1, 1))]
    >>> f = DeepSubmodularFunction(weights, [np.zeros(1), np.zeros(1)])
    >>> attribute(f).round(3)
    array([0.268, 1.732, 1.732])
    """
    return marginal_gains(Chain(function, lazy))


def _check_size(name: str, size: int, function: DeepSubmodularFunction) -> None:
    """Raise TypeError or ValueError unless a function has so many features."""
    check_type("function", function, DeepSubmodularFunction, "a DeepSubmodularFunction")
    check_count(name, size)
    if size > function.n:
        raise ValueError(f"`{name}` (={size}) must be at most the number of features, {function.n}")


def marginal_gains(chain: Chain) -> FloatArray:
    """`attribute` on a chain, which counts the evaluations."""
    check_type("chain", chain, Chain, "a Chain")
    scores = np.zeros(chain.function.n)
    while chain.open.any():
        gain, elements = chain.best()
        if gain <= chain.tolerance:
            break
        scores[elements] = gain
        chain.close(elements)
        chain.add(int(elements[0]))
    return scores
