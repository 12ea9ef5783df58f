"""Regression on the subsets seen so far, which guesses the values of other subsets."""

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky
from scipy.linalg.blas import dgemm
from scipy.linalg.lapack import dtrtrs
from scipy.special import expit

from submod_core._types import BoolArray, FloatArray, IntArray

# Added to the kernel's diagonal: the regression need not reproduce every value exactly.
_JITTER = 1e-4
# Distance of the bounds of the log-odds from the values seen, as a share of their spread.
_MARGIN = 0.01
# Step of guesses, as a share of the largest value seen.
_RESOLUTION = 1e-5
# OpenBLAS computes small products and solutions of a single column on the caller's thread. For work
# of a tenth of a millisecond other threads gain little, and they slow down a model that runs beside
# them. From some millions of operations on, a solution column by column takes several times as
# long, even on a single thread.
_ONE_THREAD = 1 << 18
_ONE_BY_ONE = 1 << 24


class Surrogate:
    """Kernel ridge regression of a set function (Gaussian process regression's mean).

    Its nearest relatives are regressions of games that estimate Shapley values: Gaussian processes
    with kernels of the Hamming distance, as in shapiq's ShaplEIG, which chooses by the expected
    information gain on the values. Here the order is what is asked for: no value is estimated, and
    candidates are chosen by the mean.

    The kernel of two subsets depends only on the number d of elements in which they differ:
    exp(−d / (reach · n)) + 1 − 2d/n. The part 1 − 2d/n is the kernel of modular functions. The
    regression is of log-odds, since probabilities saturate: of the values' place between bounds a
    little beyond the lowest and the highest value seen. Values should be counted from one of those
    seen: guesses are rounded to a share of the largest.

    Parameters
    ----------
    n : int
        Number of elements.
    reach : float
        Length scale of the kernel as a share of n, above 0: the value of a subset says little
        about subsets that differ in more elements.
    memory : int
        Most subsets remembered; beyond this number the older half is forgotten.

    Examples
    --------
    >>> surrogate = Surrogate(3)
    >>> surrogate.observe(~np.eye(3, dtype=bool), np.array([2.0, 1.0, 0.0]))
    >>> surrogate.flipped(np.ones((1, 3), dtype=bool)).round(2)
    array([[2., 1., 0.]])
    """

    def __init__(self, n: int, reach: float = 0.12, memory: int = 2000) -> None:
        d = np.arange(n + 1)
        self.n, self.memory = n, memory
        self._kernel = np.exp(-d / (reach * n)) + 1 - 2 * d / n
        # The kernel after a flip, at distance d − 1 or d + 1, as a mean and a half difference: see
        # `flipped`.
        nearer, away = self._kernel[np.maximum(d - 1, 0)], self._kernel[np.minimum(d + 1, n)]
        self._half_sum, self._half_difference = (away + nearer) / 2, (away - nearer) / 2
        self._signs = np.zeros((0, n))
        self._words = _words(np.zeros((0, n), dtype=bool))
        self._values = np.zeros(0)
        # What `flipped` and `guess` need of the values, until others are observed.
        self._fitted: tuple[float, float, float, FloatArray] | None = None
        # Log-odds of the values and, by forward substitution, R⁻ᵀ of them and of ones: both grow by
        # rows as long as the bounds of the log-odds hold.
        self._bounds, self._odds, self._forward = (0.0, 0.0), np.zeros(0), np.zeros((0, 2))
        # The upper Cholesky factor, which grows by columns: LAPACK takes the first of them without
        # a copy.
        self._factor = np.zeros((0, 0), order="F")

    @property
    def resolution(self) -> float:
        """Step to which guesses are rounded: above the rounding noise of float32 models."""
        return _RESOLUTION * float(np.abs(self._values).max(initial=0.0))

    def observe(self, subsets: BoolArray, values: FloatArray) -> None:
        """Take in the values (B,) of subsets (B, n)."""
        known, self._fitted = len(self._values), None
        self._signs = np.concatenate([self._signs, _signs(subsets)])
        self._words = np.concatenate([self._words, _words(subsets)], axis=1)
        self._values = np.concatenate([self._values, values])
        if len(self._values) > self.memory:
            kept = slice(-(self.memory // 2), None)
            self._signs, self._words, self._values = (
                self._signs[kept],
                self._words[:, kept],
                self._values[kept],
            )
            known = 0
        # Grow the Cholesky factor of K + jitter by the new subsets' columns, rather than factor all
        # of K again. With the known factor R (RᵀR = K), the new columns are A = R⁻ᵀ K_across above
        # and the factor of K_within − AᵀA in the corner.
        total = len(self._values)
        kernels = self._kernel[self._differing(self._words[:, known:])].T
        self._make_room(known, total)
        across, within = kernels[:known], kernels[known:] + _JITTER * np.eye(total - known)
        if known:
            across = self._solve(across, transposed=True)
            self._factor[:known, known:total] = across
            within -= _product(across.T, across)
        self._factor[known:total, known:total] = cholesky(within, check_finite=False)
        self._extend(known, across)

    def _extend(self, known: int, across: FloatArray) -> None:
        """Log-odds and forward substitution of the new values, or of all where the bounds moved."""
        bounds = float(self._values.min()), float(self._values.max())
        if not known or bounds != self._bounds:
            known, self._bounds = 0, bounds
        # Log-odds of each value's place between the bounds.
        lowest, highest = bounds
        share = (self._values[known:] - lowest) / (highest - lowest or 1.0)
        odds = np.log((share + _MARGIN) / (1 + _MARGIN - share))
        right = np.stack([odds, np.ones_like(odds)], axis=1)
        if known:
            corner = self._factor[known : len(self._values), known : len(self._values)]
            right -= _product(across.T, self._forward)
            solved = dtrtrs(np.asfortranarray(corner), right, trans=True)[0]
        else:
            solved = self._solve(right, transposed=True)
        self._odds = np.concatenate([self._odds[:known], odds])
        self._forward = np.concatenate([self._forward[:known], solved])

    def _make_room(self, known: int, total: int) -> None:
        """Double the factor's array where `total` columns do not fit, keeping the known ones."""
        if total > len(self._factor):
            before = self._factor[:known, :known]
            size = max(total, min(2 * len(self._factor), self.memory))
            self._factor = np.zeros((size, size), order="F")
            self._factor[:known, :known] = before

    def _solve(self, right: FloatArray, transposed: bool = False) -> FloatArray:
        """Solve R x = right, or Rᵀ x = right, with the first columns of the factor R."""
        factor = self._factor[:, : len(right)]
        if right.shape[1] > 1 and right.size * len(right) >= _ONE_BY_ONE:
            return np.asarray(dtrtrs(factor, right, trans=transposed)[0])
        solved = np.empty_like(right)
        for i, column in enumerate(right.T):
            solved[:, i] = dtrtrs(factor, column, trans=transposed)[0]
        return solved

    def flipped(self, bases: BoolArray, elements: IntArray | None = None) -> FloatArray:
        """Guess the values (B, m) of subsets (B, n) with one of m elements put in or taken out.

        By default with each of all n.

        Guesses are rounded to `resolution`.
        """
        weights = self._fit()[-1]
        d = self._differing(_words(bases))
        sides, signs = _signs(bases), self._signs
        if elements is not None and len(elements) < self.n:
            sides, signs = sides.take(elements, axis=1), signs.take(elements, axis=1)
        # Flipping an element changes the distance to a subset seen from d to d + 1 where both agree
        # about the element, else to d − 1. With s = 1 for agreement and −1 otherwise, the kernel is
        # (k(d + 1) + k(d − 1)) / 2 + s (k(d + 1) − k(d − 1)) / 2. The first term is alike for all
        # elements; s is a product of signs, so that the second is one matrix product.
        alike = _product(self._half_sum[d], weights)
        by_element = _product(self._half_difference[d] * weights[:, 0], signs)
        return self._values_of(alike + sides * by_element)

    def guess(self, subsets: BoolArray) -> FloatArray:
        """Guess the values (B,) of subsets (B, n), rounded to `resolution`."""
        kernels = self._kernel[self._differing(_words(subsets))]
        return self._values_of(_product(kernels, self._fit()[-1])[:, 0])

    def _differing(self, words: npt.NDArray[np.uint64]) -> npt.NDArray[np.unsignedinteger]:
        """Number of elements in which subsets, given as words, differ from those seen, (B, C)."""
        # In the smallest type that holds n: what takes time here is memory.
        shape = words.shape[1], self._words.shape[1]
        counts = np.zeros(shape, dtype=np.min_scalar_type(self.n))
        for mine, seen in zip(words, self._words, strict=True):
            counts += np.bitwise_count(mine[:, None] ^ seen)
        return counts

    def _fit(self) -> tuple[float, float, float, FloatArray]:
        """Lowest value, spread, mean of the log-odds, and the regression's weights (B, 1)."""
        if self._fitted is None:
            # (K + jitter)⁻¹ (odds − mean), whose forward substitution is known.
            lowest, highest = self._bounds
            mean = float(self._odds.mean())
            weights = self._solve(self._forward[:, :1] - mean * self._forward[:, 1:])
            self._fitted = lowest, highest - lowest, mean, weights
        return self._fitted

    def _values_of(self, odds: FloatArray) -> FloatArray:
        """Values of log-odds that are counted from their mean."""
        lowest, spread, mean, _ = self._fit()
        guesses = lowest + spread * ((1 + 2 * _MARGIN) * expit(mean + odds) - _MARGIN)
        step = self.resolution or 1.0
        return np.asarray(np.rint(guesses / step) * step)


def _signs(subsets: BoolArray) -> FloatArray:
    """1 for members, −1 for other elements: two subsets agree where the product is 1."""
    return np.where(subsets, 1.0, -1.0)


def _words(subsets: BoolArray) -> npt.NDArray[np.uint64]:
    """Members as the bits of 64-bit words, (words, B); unused bits are 0."""
    octets = np.packbits(subsets, axis=1)
    words = np.zeros((len(octets), -(-octets.shape[1] // 8)), dtype=np.uint64)
    words.view(np.uint8)[:, : octets.shape[1]] = octets
    return np.ascontiguousarray(words.T)


def _product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Matrix product by SciPy's BLAS, which solves as well.

    NumPy brings a BLAS of its own, whose idle threads would take the cores of SciPy's.
    """
    # Small right sides: cut the left side into products small enough for one thread.
    rows = max(1, _ONE_THREAD // max(1, right.size)) if right.size < _ONE_THREAD // 4 else len(left)
    return np.concatenate(
        [dgemm(1.0, right.T, left[i : i + rows].T).T for i in range(0, len(left), rows)]
    )
