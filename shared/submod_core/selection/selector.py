"""Selector of rows with the interface of scikit-learn's estimators, which is not imported."""

import inspect
from typing import Any, Self

import numpy as np

from submod_core._checks import as_numbers, check_axes, check_choice, check_count, check_positive
from submod_core._repr import differing
from submod_core._types import FloatArray
from submod_core.search import Lazy, rank
from submod_core.selection._functions import (
    CONCAVE,
    Coverage,
    FacilityLocation,
    RowFunction,
    similarities,
)

FUNCTIONS = ("facility_location", "coverage")
KERNELS = ("cosine", "rbf", "precomputed")


class SubmodularSelector:
    """Chooses rows of data that stand for all: a small training set, examples to look at.

    The rows are chosen one after the other, each the one that raises a monotone submodular function
    most: the first k reach at least 1 − 1/e of the best k [1]_. The search is `Lazy`, which gives
    greedy's order with a fraction of its evaluations.

    Parameters
    ----------
    n_samples_to_select : int
        Number of rows, at most as many as there are.
    function : {"facility_location", "coverage"}
        Σᵢ max over chosen j of K[i, j], each row's similarity to the nearest chosen one: rows that
        represent all others, in n² memory. Or Σ over features d of φ(Σ over chosen j of X[j, d]),
        the feature-based function: rows that hold much of every feature, such as words of texts;
        data must be at least 0.
    kernel : {"cosine", "rbf", "precomputed"}
        Similarity K of `facility_location`: the cosine, where below 0 it counts as 0;
        exp(−γ ‖x − y‖²); or data that are similarities themselves, (n, n), at least 0, K[i, j] of
        how well row j stands for row i.
    gamma : float, optional
        γ of "rbf"; by default 1 / (number of features · variance of the data).
    concave : {"sqrt", "log", "saturated"}
        φ of `coverage`: √x, log(1 + x) or min(x, 1), which counts the features that are covered
        where they are 0 or 1.

    Attributes
    ----------
    ranking_ : ndarray of intp, (n_samples_to_select,)
        The chosen rows in the order of their choice, so that each prefix is a selection as well.
    indices_ : ndarray of intp, (n_samples_to_select,)
        The same in ascending order.
    gains_ : ndarray of float64, (n_samples_to_select,)
        What each row of `ranking_` added to the function; never rising.
    evaluations_ : int
        Subsets that the search asked for.
    n_features_in_ : int

    Raises
    ------
    TypeError, ValueError
        By `fit`: if an option is unknown or out of range, or the data do not fit it. By
        `transform`: if there was no `fit`, or the data have another number of rows.

    References
    ----------
    .. [1] Nemhauser, Wolsey and Fisher, "An analysis of approximations for maximizing submodular
       set functions" (1978).

    Examples
    --------
    >>> rows = np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0], [1.0, 0.1]])
    >>> selector = SubmodularSelector(2).fit(rows)
    >>> selector.indices_, selector.transform(rows)
    (array([1, 3]), array([[0.1, 1. ],
           [1. , 0.1]]))
    >>> SubmodularSelector(1, "coverage", concave="log").fit_transform(rows)
    array([[0.1, 1. ]])
    """

    def __init__(
        self,
        n_samples_to_select: int = 10,
        function: str = "facility_location",
        *,
        kernel: str = "cosine",
        gamma: float | None = None,
        concave: str = "sqrt",
    ) -> None:
        # Not checked here: an estimator keeps its parameters as given, for `clone`.
        self.n_samples_to_select, self.function = n_samples_to_select, function
        self.kernel, self.gamma, self.concave = kernel, gamma, concave

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803
        """Choose rows of data.

        Parameters
        ----------
        X : array_like of float, (n, d)
            Finite; similarities (n, n) where `kernel` is "precomputed".
        y : ignored
            Targets, as scikit-learn's pipelines pass them.

        Returns
        -------
        SubmodularSelector
        """
        rows = as_numbers("X", X)
        check_axes("X", rows, 2, "(n, d)")
        function = self._function(rows)
        k = self.n_samples_to_select
        check_count("n_samples_to_select", k)
        if k > len(rows):
            raise ValueError(
                f"`n_samples_to_select` (={k}) must be at most the number of rows, {len(rows)}"
            )
        ranking = rank(function, len(rows), Lazy(k), batched=True)
        self.ranking_ = ranking.order[:k]
        self.indices_ = np.sort(self.ranking_)
        self.gains_ = np.diff(ranking.values[:k], prepend=0.0)
        self.evaluations_ = ranking.evaluations
        self.n_features_in_ = rows.shape[1]
        self._n_rows = len(rows)
        return self

    def transform(self, X: Any) -> Any:  # noqa: N803
        """Give the chosen rows of the data that were fitted, or of their targets, in their order.

        Parameters
        ----------
        X : array_like or pandas.DataFrame, (n, …)

        Returns
        -------
        ndarray or pandas.DataFrame, (n_samples_to_select, …)
        """
        if not hasattr(self, "ranking_"):
            raise ValueError("`fit` must be called before `transform`")
        data = X if hasattr(X, "iloc") else np.asarray(X)
        if not np.ndim(data) or len(data) != self._n_rows:
            raise ValueError(
                f"`X` (of shape {np.shape(data)}) must have the {self._n_rows} rows that were "
                "fitted: rows are chosen by their place"
            )
        return data.iloc[self.ranking_] if hasattr(data, "iloc") else data[self.ranking_]

    def fit_transform(self, X: Any, y: Any = None) -> Any:  # noqa: N803
        """Choose rows of data and give them, in the order of their choice."""
        return self.fit(X, y).transform(X)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name, as scikit-learn asks for them."""
        return {name: getattr(self, name) for name in _parameters(type(self))}

    def set_params(self, **params: Any) -> Self:
        """Change parameters by name; ValueError for an unknown one, before any is changed."""
        known = _parameters(type(self))
        for name in params:
            if name not in known:
                raise ValueError(f"`{name}` must be one of the parameters {known}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({differing(self, type(self).__init__)})"

    def _function(self, rows: FloatArray) -> RowFunction:
        """The set function that the parameters ask for; errors name the parameter."""
        check_choice("function", self.function, FUNCTIONS)
        check_choice("kernel", self.kernel, KERNELS)
        check_choice("concave", self.concave, CONCAVE)
        if self.gamma is not None:
            check_positive("gamma", self.gamma)
        if not rows.size:
            raise ValueError(f"`X` (of shape {rows.shape}) must hold rows and features")
        if (self.function == "coverage" or self.kernel == "precomputed") and rows.min() < 0:
            raise ValueError(
                f"`X` holds values down to {rows.min()}; of coverage and of similarities they must "
                "be at least 0"
            )
        if self.function == "coverage":
            return Coverage(rows, self.concave)
        if self.kernel != "precomputed":
            return FacilityLocation(similarities(rows, self.kernel, self.gamma))
        if rows.shape[0] != rows.shape[1]:
            raise ValueError(f"`X` (of shape {rows.shape}) must be (n, n) where it is precomputed")
        return FacilityLocation(rows)


def _parameters(kind: type) -> list[str]:
    """Names of the constructor's arguments."""
    return [name for name in inspect.signature(kind).parameters if name != "self"]
