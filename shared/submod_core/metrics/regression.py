"""Squared errors of models that predict values from groups of features (SOP v2, §4.2, App. C.4).

The papers' cosmology: error by sparsity (Fig. 18), insertion and deletion (Table 8).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from submod_core._checks import as_numbers, check_callable
from submod_core._types import FloatArray
from submod_core.backends import Array, backend_of
from submod_core.metrics._growing import check_call, check_growing, check_tops, count_of
from submod_core.metrics.base import declared
from submod_core.metrics.grown import TOPS
from submod_core.results import auc


@declared("squared_errors_by_sparsity", False, "groups of several sizes")
def squared_errors_by_sparsity(
    model: Any,
    inputs: Array,
    targets: Array,
    tops: Sequence[float] = TOPS,
    feature_mask: Array | None = None,
) -> FloatArray:
    """Mean squared error of predicted values with groups of several sizes (SOP v2, Fig. 18).

    Parameters
    ----------
    model, inputs, feature_mask
        As in `grown_insertion`.
    targets : array, (N, C) or (N,)
        The true values.
    tops : sequence of float
        Shares of the features in each group.

    Returns
    -------
    ndarray of float64, (len(tops),)
        Mean over examples and outputs; lower is better.

    Raises
    ------
    ValueError
        If a target or an answer is not finite, or their shapes differ.

    Examples
    --------
    >>> def model(inputs, feature_mask, top):
    ...     return np.array([[top, 0.0]] * len(inputs))
    >>> squared_errors_by_sparsity(model, np.zeros((1, 4)), np.array([[1.0, 0.0]]), [0.5, 1.0])
    array([0.125, 0.   ])
    """
    check_call(model, inputs)
    check_tops(tops)
    return _errors(model, inputs, targets, tops, feature_mask).mean(1)


@declared("grown_insertion_error", False, "all groups grow by a tenth of the features")
def grown_insertion_error(
    model: Any,
    inputs: Array,
    targets: Array,
    feature_mask: Array | None = None,
    tops: Sequence[float] = TOPS,
) -> FloatArray:
    """Area under the squared error as every group grows (SOP v2, Table 8).

    Parameters
    ----------
    model, inputs, feature_mask, tops
        As in `grown_insertion`.
    targets : array, (N, C) or (N,)
        The true values.

    Returns
    -------
    ndarray of float64, (N,)
        In squares of the unit of the values: errors have no probability to be relative to. Lower is
        better.

    Raises
    ------
    ValueError
        If a target or an answer is not finite, or their shapes differ.

    Examples
    --------
    >>> def model(inputs, feature_mask, top):
    ...     return np.array([[top]] * len(inputs))
    >>> grown_insertion_error(model, np.zeros((1, 4)), np.array([[1.0]]), tops=[0.5, 1.0])
    array([0.125])
    """
    check_call(model, inputs)
    check_growing(tops)
    return _areas(_errors(model, inputs, targets, tops, feature_mask), tops)


@declared("grown_deletion_error", True, "all groups shrink by a tenth of the features")
def grown_deletion_error(
    model: Any,
    inputs: Array,
    targets: Array,
    feature_mask: Array | None = None,
    tops: Sequence[float] = TOPS,
) -> FloatArray:
    """Area under the squared error as the highest of every group are deleted (SOP v2, Table 8).

    Parameters and errors are those of `grown_insertion_error`.

    Returns
    -------
    ndarray of float64, (N,)
        Higher is better: without what counts, the error is large.

    Examples
    --------
    >>> class Model:
    ...     def __call__(self, inputs, feature_mask, top):
    ...         return np.array([[top]] * len(inputs))
    ...     def without(self, inputs, feature_mask, top):
    ...         return self(inputs, feature_mask, 1 - top)
    >>> grown_deletion_error(Model(), np.zeros((1, 4)), np.array([[1.0]]), tops=[0.5, 1.0])
    array([0.625])
    """
    check_call(model, inputs)
    check_growing(tops)
    check_callable("model", getattr(model, "without", None))
    return _areas(_errors(model.without, inputs, targets, tops, feature_mask), tops)


def _errors(
    answer: Callable[..., Array], inputs: Array, targets: Any, tops: Any, feature_mask: Any
) -> FloatArray:
    """Squared errors, the mean over the outputs, for groups of each size, (K, N)."""
    listed = isinstance(targets, list | tuple)
    given = targets if listed else backend_of(targets, "targets").to_numpy(targets)
    wanted = as_numbers("targets", given)
    wanted = wanted[:, None] if wanted.ndim == 1 else wanted
    rows = []
    for top in tops:
        values = answer(inputs, feature_mask, top=top)
        found = np.asarray(backend_of(values).to_numpy(values), np.float64)
        if wanted.shape != found.shape or len(wanted) != count_of(inputs):
            raise ValueError(
                f"`targets` (of shape {np.shape(given)}) must be a value for each of the model's "
                f"outputs, {found.shape}"
            )
        if not np.isfinite(found).all():
            raise ValueError(f"`model` gave values that are not finite for `top` (={top})")
        rows.append(((found - wanted) ** 2).mean(1))
    return np.array(rows)


def _areas(errors: FloatArray, tops: Sequence[float]) -> FloatArray:
    """Mean over the sizes of the groups, by the trapezoid rule, (N,)."""
    sizes = np.asarray(tops, np.float64)
    return np.array([auc(column, sizes) for column in errors.T]) / (sizes[-1] - sizes[0])
