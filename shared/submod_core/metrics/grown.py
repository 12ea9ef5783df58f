"""Metrics of models that predict from groups of features, as the groups grow (SOP v2, App. C.4).

A model here is a `SumOfParts` or `SelfAttributing` of any host: called with inputs, a feature mask
and the share `top` of the features in each group it returns logits, as its `without` does. What
replaces features is the model's own baseline: `with_baseline` makes a model of another.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import (
    as_numbers,
    as_whole_numbers,
    check_axes,
    check_callable,
    check_count,
)
from submod_core._types import FloatArray, IntArray
from submod_core.backends import Array, backend_of
from submod_core.metrics._growing import check_call, check_growing, check_tops, count_of
from submod_core.metrics.base import declared
from submod_core.results import auc

TOPS = tuple(k / 10 for k in range(1, 11))
"""Shares of the features in each group, as groups grow: 0.1, 0.2, …, 1."""


def tops_by(step: int, n: int) -> tuple[float, ...]:
    """Shares of the features in each group, as groups grow by some features at a time.

    Parameters
    ----------
    step : int
        Features in a step: the papers' finer steps are of one patch (SOP v2, Table 9).
    n : int
        Number of features.

    Returns
    -------
    tuple of float
        The last is 1, where a last step may be smaller.

    Raises
    ------
    ValueError
        If a number is below 1, or there are not two steps.

    Examples
    --------
    >>> tops_by(2, 5)
    (0.4, 0.8, 1.0)
    """
    check_count("step", step)
    check_count("n", n)
    if step >= n:
        raise ValueError(f"`step` (={step}) must be below `n` (={n})")
    return (*(k / n for k in range(step, n, step)), 1.0)


@declared("grown_insertion", True, "all groups grow by a tenth of the features")
def grown_insertion(
    model: Any,
    inputs: Array,
    feature_mask: Array | None = None,
    tops: Sequence[float] = TOPS,
) -> FloatArray:
    """Score of the class as every group grows from 10 % to 100 % of the features.

    SOP v2, App. C.4.4.

    Parameters
    ----------
    model : SumOfParts or SelfAttributing
    inputs : array, (N, …), or mapping
    feature_mask : array, optional
    tops : sequence of float
        Sizes of the groups, rising, as shares of the features: by default tenths.

    Returns
    -------
    ndarray of float64, (N,)
        Area under the probability of the class that is predicted from all features, relative to
        that probability; higher is better.

    Examples
    --------
    A model whose logit of class 0 is the share of the features that it sees:

    >>> def model(inputs, feature_mask, top):
    ...     return np.array([[top, 0.0]] * len(inputs))
    >>> grown_insertion(model, np.zeros((2, 4))).round(3)
    array([0.865, 0.865])
    """
    check_call(model, inputs)
    check_growing(tops)
    full, predicted = _full(model, inputs, feature_mask)
    rows = [
        _probabilities(_finite(model(inputs, feature_mask, top=top), top), predicted)
        for top in tops
    ]
    return grown_area(rows, full, tops)


@declared("grown_deletion", False, "all groups shrink by a tenth of the features")
def grown_deletion(
    model: Any,
    inputs: Array,
    labels: Array | None = None,
    feature_mask: Array | None = None,
    tops: Sequence[float] = TOPS,
) -> FloatArray:
    """Score of the class as the highest 10 % to 100 % of every group are deleted.

    SOP v2, App. C.4.4.

    Parameters
    ----------
    model, inputs, feature_mask, tops
        As in `grown_insertion`; the highest features are deleted.
    labels : array of int, (N,), optional
        The true classes: an example that is wrongly classified from all features scores 1, so that
        a model does not gain by being wrong.

    Returns
    -------
    ndarray of float64, (N,)
        Lower is better.

    Examples
    --------
    >>> class Model:
    ...     def __call__(self, inputs, feature_mask, top):
    ...         return np.array([[top, 0.0]] * len(inputs))
    ...     def without(self, inputs, feature_mask, top):
    ...         return self(inputs, feature_mask, 1 - top)
    >>> grown_deletion(Model(), np.zeros((2, 4)), labels=np.array([0, 1])).round(3)
    array([0.833, 1.   ])
    """
    check_call(model, inputs)
    check_growing(tops)
    check_callable("model", getattr(model, "without", None))
    truth = None if labels is None else true_classes(labels, count_of(inputs))
    full, predicted = _full(model, inputs, feature_mask)
    rows = [
        _probabilities(_finite(model.without(inputs, feature_mask, top=top), top), predicted)
        for top in tops
    ]
    areas = grown_area(rows, full, tops)
    return areas if truth is None else np.where(predicted == truth, areas, 1.0)


@declared("errors_by_sparsity", False, "groups of several sizes")
def errors_by_sparsity(
    model: Any,
    inputs: Array,
    labels: Array,
    tops: Sequence[float] = TOPS,
    feature_mask: Array | None = None,
) -> FloatArray:
    """Share of wrong predictions with groups of several sizes (SOP v2, §4.2).

    Parameters
    ----------
    model, inputs, feature_mask
        As in `grown_insertion`.
    labels : array of int, (N,)
        The true classes.
    tops : sequence of float
        Shares of the features in each group.

    Returns
    -------
    ndarray of float64, (len(tops),)
        Lower is better.

    Examples
    --------
    >>> def model(inputs, feature_mask, top):
    ...     return np.array([[top, 0.5]] * len(inputs))
    >>> errors_by_sparsity(model, np.zeros((2, 4)), np.array([0, 1]), [0.2, 0.8])
    array([0.5, 0.5])
    """
    check_call(model, inputs)
    check_tops(tops)
    wanted = true_classes(labels, count_of(inputs))
    answers = [
        _numpy(_finite(model(inputs, feature_mask, top=top), top)).argmax(-1) for top in tops
    ]
    return np.array([float((answer != wanted).mean()) for answer in answers])


def grown_area(probabilities: ArrayLike, full: ArrayLike, tops: ArrayLike = TOPS) -> FloatArray:
    """Area under the probability that growing groups reach, relative to the full input's.

    SOP, App. C.4.4.

    Parameters
    ----------
    probabilities : array_like, (K, N)
        Of the predicted class, with groups of each size.
    full : array_like, (N,)
        Of the same class, with all features.
    tops : array_like, (K,)
        The sizes, rising; the area is taken from the first to the last and divided by their
        distance.

    Returns
    -------
    ndarray of float64, (N,)
        1 where no size changes the probability; more where a part of the input has a higher
        probability than the whole.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> grown_area([[0.2], [0.4]], [0.4], tops=[0.5, 1.0])
    array([0.75])
    """
    named = {"probabilities": probabilities, "full": full, "tops": tops}
    values, whole, sizes = (as_numbers(name, value) for name, value in named.items())
    for name, array in (("full", whole), ("tops", sizes)):
        check_axes(name, array, 1, "a vector")
    if (whole <= 0).any():
        raise ValueError(f"`full` (={full!r}) must be above 0")
    if (np.diff(sizes) <= 0).any():
        raise ValueError(f"`tops` (={tops!r}) must rise")
    if values.shape != (len(sizes), len(whole)) or len(sizes) < 2:
        raise ValueError(
            f"`probabilities` (of shape {values.shape}) must have a row for each of two `tops` or "
            f"more ({len(sizes)}), as long as `full` ({len(whole)})"
        )
    relative = values / whole
    return np.array([auc(column, sizes) for column in relative.T]) / (sizes[-1] - sizes[0])


def _full(model: Any, inputs: Array, feature_mask: Array | None) -> tuple[FloatArray, IntArray]:
    """Probability of the class that is predicted from all features, and the class, (N,) each."""
    logits = _finite(model(inputs, feature_mask, top=1.0), 1.0)
    predicted = _numpy(logits).argmax(-1)
    return _probabilities(logits, predicted), predicted


def _probabilities(logits: Array, classes: IntArray) -> FloatArray:
    """Softmax probabilities (N,) of one class per row, in float64."""
    xp = backend_of(logits)
    values: FloatArray = xp.to_numpy(xp.softmax(xp.astype(logits, "float64")))
    return np.take_along_axis(values, classes[:, None], axis=-1)[:, 0]


def _numpy(array: Any) -> Any:
    return (
        np.asarray(array) if isinstance(array, list | tuple) else backend_of(array).to_numpy(array)
    )


def true_classes(labels: Any, n: int) -> IntArray:
    """True classes as an array, one for each of n examples."""
    listed = isinstance(labels, list | tuple)
    given = labels if listed else backend_of(labels, "labels").to_numpy(labels)
    array = as_whole_numbers("labels", given)
    if array.shape != (n,):
        raise ValueError(f"`labels` (of shape {array.shape}) must be ({n},), one for each example")
    return array


def _finite(logits: Array, top: float) -> Array:
    """The logits, if all are finite; NaN would be counted as a class."""
    if not np.isfinite(_numpy(logits)).all():
        raise ValueError(f"`model` gave logits that are not finite for `top` (={top})")
    return logits
