"""Greedy maximisation and attribution on deep submodular functions, exact and with few evaluations.

Adding a feature changes the first layer by one column. What a gain can be now is bounded, since f is submodular, by
what it was before; and since f is concave, by a tangent: in the inputs, and more tightly in the first hidden units.
Few features have to be evaluated to the end.
"""

from dataclasses import dataclass, field

import numpy as np

from submod_core._checks import check_count
from submod_core._types import AnyArray, FloatArray, IntArray
from submod_core.sea_nn.function import DeepSubmodularFunction

_LOOK, _FIRST = 64, 8
# Gains nearer to each other than this share of f(1) are equal: they differ by rounding.
_TIE = 1e-12


@dataclass(frozen=True)
class _Tangent:
    """Linear functions that nowhere lie below the gains, since f is concave in its inputs and its hidden units."""

    gain: float
    by_input: AnyArray
    mean: float
    hidden: AnyArray
    by_hidden: AnyArray

    def at_inputs(self, elements: IntArray) -> AnyArray:
        if not np.isfinite(self.mean):
            return np.full(len(elements), np.inf)
        return self.gain + self.by_input[elements] - self.mean

    def at_hidden(self, hidden: AnyArray) -> AnyArray:
        if not np.isfinite(self.by_hidden).all():
            return np.full(len(hidden), np.inf)
        return np.asarray(self.gain + (hidden - self.hidden) @ self.by_hidden)


@dataclass
class Chain:
    """A growing set A of features, and what is known of the others' gains.

    Attributes
    ----------
    function : DeepSubmodularFunction
    lazy : bool
        False evaluates every candidate every time.
    evaluations : int
        Gains evaluated so far.
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
        n = self.function.n
        self.bounds, self.open = np.full(n, np.inf), np.ones(n, dtype=bool)
        share = _TIE if self.function.dtype == np.float64 else 1e-6
        self.tolerance = share * float(self.function(np.ones(n)))
        self._columns = np.ascontiguousarray(self.function.weights[0].T)
        self._rest = self._columns.sum(axis=0)
        self._move(self.function.first(np.zeros(n, dtype=self.function.dtype)))

    def best(self) -> tuple[float, IntArray]:
        """The largest gain of the open candidates, and all of them that have it, in ascending order."""
        candidates = np.flatnonzero(self.open)
        if not self.lazy:
            gains = self._gains(candidates, self._after(candidates))
            return float(gains.max()), candidates[gains >= gains.max() - self.tolerance]
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
            self.bounds[block] = np.minimum(self.bounds[block], tangent.at_hidden(after) + self.tolerance)
            for part in _growing(np.argsort(-self.bounds[block], kind="stable")):
                if self.bounds[block[part[0]]] < best - 2 * self.tolerance:
                    break
                gains = self._gains(block[part], after[part])
                best = max(best, float(gains.max()))
                found.append(block[part])
                known.append(gains)
        elements, values = np.concatenate(found), np.concatenate(known)
        return best, np.sort(elements[values >= best - self.tolerance])

    def close(self, elements: IntArray) -> None:
        """Look at these no more."""
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
        # At A plus an equal share of every candidate: they all are near to that.
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
        # Rounding must not make a bound of a gain that is smaller than the gain.
        self.bounds[elements] = gains + self.tolerance
        return gains


def _growing(places: IntArray) -> list[IntArray]:
    """Parts of doubling size: a few evaluations where the first ones settle it, large products where they do not."""
    ends = [_FIRST * (2**k - 1) for k in range(1, len(places).bit_length())]
    return [part for part in np.split(places, ends) if len(part)]


def maximise(function: DeepSubmodularFunction, size: int, *, lazy: bool = True) -> IntArray:
    """Greedily chosen features A with |A| ≤ size; each prefix is what a smaller size would give.

    On a monotone submodular function it reaches (1 − 1/e) of the best. Ties go to the lowest index; it ends early when
    nothing gains any more.

    Raises
    ------
    ValueError
        If `size` is not a whole number from 1 to n.

    Examples
    --------
    >>> f = DeepSubmodularFunction([np.array([[1.0, 3.0, 2.0]]), np.ones((1, 1))], [np.zeros(1), np.zeros(1)])
    >>> maximise(f, 2)
    array([1, 2])
    """
    check_count("size", size)
    if size > function.n:
        raise ValueError(f"`size` (={size}) must be at most the number of features, {function.n}")
    return grow(Chain(function, lazy), size)


def grow(chain: Chain, size: int) -> IntArray:
    """The same on a chain, whose count of evaluations the caller wants."""
    chosen: list[int] = []
    while len(chosen) < size:
        gain, elements = chain.best()
        if gain <= chain.tolerance:
            break
        chosen.append(int(elements[0]))
        chain.add(chosen[-1])
    return np.array(chosen, dtype=np.intp)


def top_features(function: DeepSubmodularFunction, p: int) -> IntArray:
    """The p features that together matter most, argmax f(A) over |A| ≤ p: influential and not redundant (SEA-NN, §3).

    Examples
    --------
    >>> units = np.array([[4.0, 3.0, 0.0], [0.0, 0.0, 1.0]])
    >>> f = DeepSubmodularFunction([units, np.ones((1, 2))], [np.zeros(2), np.zeros(1)])
    >>> top_features(f, 2)  # the second largest weight shares its unit with the largest
    array([0, 2])
    """
    return maximise(function, p)


def attribute(function: DeepSubmodularFunction, *, lazy: bool = True) -> FloatArray:
    """A feature's attribution is its gain in the context of those chosen before it (SEA-NN, Algorithm 1).

    All features that share the largest gain get it; one of them, the lowest, joins the context, and none of them is
    looked at again. It ends when nothing gains any more.

    Returns
    -------
    ndarray of float64, (n,)
        At least 0; not above f(1) − f(0) in sum, but for shared gains.

    Examples
    --------
    >>> f = DeepSubmodularFunction([np.array([[1.0, 3.0, 3.0]]), np.ones((1, 1))], [np.zeros(1), np.zeros(1)])
    >>> attribute(f).round(3)
    array([0.268, 1.732, 1.732])
    """
    return walk(Chain(function, lazy))


def walk(chain: Chain) -> FloatArray:
    """The same on a chain, whose count of evaluations the caller wants."""
    scores = np.zeros(chain.function.n)
    while chain.open.any():
        gain, elements = chain.best()
        if gain <= chain.tolerance:
            break
        scores[elements] = gain
        chain.close(elements)
        chain.add(int(elements[0]))
    return scores
