"""Means over a dataset with bootstrap intervals, and paired differences between methods."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from submod_core._checks import (
    as_numbers,
    check_axes,
    check_count,
    check_share,
    check_sized,
    check_type,
)
from submod_core._types import FloatArray

_DRAWS = 2000


class Estimate(NamedTuple):
    """A mean with its interval.

    Attributes
    ----------
    mean, low, high : float
    n : int
        Examples that it rests on.

    Examples
    --------
    >>> print(Estimate(0.5, 0.4, 0.6, 20))
    0.5000 [0.4000, 0.6000]
    """

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}]"


def bootstrap_mean(values: FloatArray, level: float = 0.95, seed: int = 0) -> Estimate:
    """Mean of the finite values, with a percentile bootstrap interval (2,000 draws).

    Parameters
    ----------
    values : array_like, (n,)
        NaN where an example has none.
    level : float
        In (0, 1].
    seed : int

    Returns
    -------
    Estimate
        NaN where no value is finite.

    Examples
    --------
    >>> bootstrap_mean(np.array([1.0, 1.0, np.nan]))
    Estimate(mean=1.0, low=1.0, high=1.0, n=2)
    """
    check_share("level", level)
    check_count("seed", seed, least=0)
    numbers = as_numbers("values", values, finite=False)
    check_axes("values", numbers, 1, "(n,)")
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return Estimate(np.nan, np.nan, np.nan, 0)
    # Draws one by one: all at once would hold 2,000 × n numbers.
    rng = np.random.default_rng(seed)
    means = [known[rng.integers(len(known), size=len(known))].mean() for _ in range(_DRAWS)]
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Estimate(float(known.mean()), float(low), float(high), len(known))


@dataclass(frozen=True, eq=False)
class Scores:
    """Numbers of a metric over a dataset.

    Attributes
    ----------
    values : ndarray of float64, (n,)
        NaN where an example failed.
    ids : tuple of str

    Examples
    --------
    >>> ids = ("a", "b")
    >>> one, other = Scores(np.array([0.5, 0.7]), ids), Scores(np.array([0.4, 0.6]), ids)
    >>> one.mean
    Estimate(mean=0.6, low=0.5, high=0.7, n=2)
    >>> round(one.minus(other).mean, 3)
    0.1
    """

    values: FloatArray
    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        numbers = as_numbers("values", self.values, finite=False)
        check_axes("values", numbers, 1, "(n,)")
        check_sized("ids", self.ids)
        for name in self.ids:
            check_type("ids", name, str, "text, each")
        if len(self.ids) != len(numbers):
            raise ValueError(
                f"`ids` (of length {len(self.ids)}) must have one entry for each of the "
                f"{len(numbers)} `values`"
            )
        object.__setattr__(self, "values", numbers)
        object.__setattr__(self, "ids", tuple(self.ids))

    @property
    def mean(self) -> Estimate:
        """Mean with its 95 % interval."""
        return bootstrap_mean(self.values)

    def minus(self, other: "Scores") -> Estimate:
        """Mean of the differences example by example, with its 95 % interval.

        Raises
        ------
        ValueError
            If the other scores are of other examples.
        """
        check_type("other", other, Scores, "scores")
        if other.ids != self.ids:
            raise ValueError("`other` must be of the same examples in the same order")
        return bootstrap_mean(self.values - other.values)

    def __len__(self) -> int:
        return len(self.values)
