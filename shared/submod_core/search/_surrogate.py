"""A regression on the subsets seen so far, to guess the values of those not yet evaluated."""

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky
from scipy.linalg.blas import dgemm
from scipy.linalg.lapack import dtrtrs
from scipy.special import expit

from submod_core._types import BoolArray, FloatArray, IntArray

_JITTER = 1e-4
_MARGIN = 0.05
_RESOLUTION = 1e-5
# OpenBLAS computes small products and single solutions on the caller's thread. Waking others for what takes a tenth of
# a millisecond gains little, and a model that ran beside them was slowed down; but from some millions of operations on
# solving one by one takes several times as long, even on a single thread.
_ONE_THREAD = 1 << 18
_ONE_BY_ONE = 1 << 24


class Surrogate:
    """Kernel ridge regression of a set function (Gaussian process regression's mean).

    The kernel of two subsets depends on the number d of elements in which they differ alone:
    exp(−d / (reach · n)) + 1 − 2d/n. Its second part is that of modular functions. Regressed are the log-odds of the
    values between bounds a little beyond those seen, since probabilities saturate.

    Parameters
    ----------
    n : int
        Number of elements.
    reach : float
        Share of the elements over which what is known of a subset fades, above 0.
    memory : int
        Most subsets remembered; beyond it the older half is forgotten.

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
        nearer, away = self._kernel[np.maximum(d - 1, 0)], self._kernel[np.minimum(d + 1, n)]
        self._half_sum, self._half_difference = (away + nearer) / 2, (away - nearer) / 2
        self._signs = np.zeros((0, n))
        self._words = _words(np.zeros((0, n), dtype=bool))
        self._values = np.zeros(0)
        # The upper Cholesky factor, which grows by columns: LAPACK takes the first of them without a copy.
        self._factor = np.zeros((0, 0), order="F")

    @property
    def resolution(self) -> float:
        """What guesses are rounded to, so that the rounding noise of float32 models decides nothing."""
        return max(_RESOLUTION * float(np.abs(self._values).max(initial=0.0)), 1e-300)

    def observe(self, subsets: BoolArray, values: FloatArray) -> None:
        """Take in the values (B,) of subsets (B, n)."""
        known = len(self._values)
        self._signs = np.concatenate([self._signs, _signs(subsets)])
        self._words = np.concatenate([self._words, _words(subsets)])
        self._values = np.concatenate([self._values, values])
        if len(self._values) > self.memory:
            kept = slice(-(self.memory // 2), None)
            self._signs, self._words, self._values = self._signs[kept], self._words[kept], self._values[kept]
            known = 0
        total = len(self._values)
        kernels = self._kernel[_differing(self._words[known:], self._words)].T
        self._make_room(known, total)
        across, within = kernels[:known], kernels[known:] + _JITTER * np.eye(total - known)
        if known:
            across = self._solve(across, transposed=True)
            self._factor[:known, known:total] = across
            within -= _product(across.T, across)
        self._factor[known:total, known:total] = cholesky(within, check_finite=False)

    def _make_room(self, known: int, total: int) -> None:
        if total > len(self._factor):
            before = self._factor[:known, :known]
            size = max(total, min(2 * len(self._factor), self.memory))
            self._factor = np.zeros((size, size), order="F")
            self._factor[:known, :known] = before

    def _solve(self, right: FloatArray, transposed: bool = False) -> FloatArray:
        factor = self._factor[:, : len(right)]
        if right.shape[1] > 1 and right.size * len(right) >= _ONE_BY_ONE:
            return np.asarray(dtrtrs(factor, right, trans=transposed)[0])
        solved = np.empty_like(right)
        for i, column in enumerate(right.T):
            solved[:, i] = dtrtrs(factor, column, trans=transposed)[0]
        return solved

    def flipped(self, bases: BoolArray) -> FloatArray:
        """Guess the values (B, n) of subsets (B, n) with one element put in or taken out, rounded to `resolution`."""
        lowest, spread = self._values.min(), max(float(np.ptp(self._values)), 1e-12)
        share = (self._values - lowest) / spread
        odds = np.log((share + _MARGIN) / (1 + _MARGIN - share))
        mean = odds.mean()
        weights = self._solve(self._solve((odds - mean)[:, None], transposed=True))
        d = _differing(_words(bases), self._words)
        # Flipping an element moves a subset away from those that agree about it and nearer to the others: the two
        # kernels' sum counts for all of them, their difference by the sign of the agreement.
        whoever = _product(self._half_sum[d], weights)
        by_element = _product(self._half_difference[d] * weights[:, 0], self._signs)
        guessed = expit(mean + whoever + _signs(bases) * by_element)
        guesses = lowest + spread * ((1 + 2 * _MARGIN) * guessed - _MARGIN)
        return np.asarray(np.rint(guesses / self.resolution) * self.resolution)


def _signs(subsets: BoolArray) -> FloatArray:
    """1 for members, −1 for the others: of two subsets, the product counts where they agree."""
    return np.where(subsets, 1.0, -1.0)


def _words(subsets: BoolArray) -> npt.NDArray[np.uint64]:
    """Members as the bits of whole words, (B, words)."""
    octets = np.packbits(subsets, axis=1)
    words = np.zeros((len(octets), -(-octets.shape[1] // 8)), dtype=np.uint64)
    words.view(np.uint8)[:, : octets.shape[1]] = octets
    return words


def _differing(left: npt.NDArray[np.uint64], right: npt.NDArray[np.uint64]) -> IntArray:
    """In how many elements the subsets of two sides differ, (B, C)."""
    counts = np.zeros((len(left), len(right)), dtype=np.intp)
    for mine, others in zip(left.T, right.T, strict=True):
        counts += np.bitwise_count(mine[:, None] ^ others)
    return counts


def _product(left: FloatArray, right: FloatArray) -> FloatArray:
    """The matrix product by SciPy's BLAS, which solves as well: the idle threads of NumPy's would take its cores."""
    rows = max(1, _ONE_THREAD // max(1, right.size)) if right.size < _ONE_THREAD // 4 else len(left)
    return np.concatenate([dgemm(1.0, right.T, left[i : i + rows].T).T for i in range(0, len(left), rows)])
