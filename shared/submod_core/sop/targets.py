"""Targets that a sum of parts learns, and the loss that they stand for."""

import math
from typing import Any

import numpy as np

from submod_core._types import AnyArray

# Rows of shares sum to 1 in half precision.
_ROUNDING = 1e-2

# Loss, and the shapes of its targets: classes (N,), or a number for each output (N, C).
_KINDS = {
    "cross_entropy": "classes, (N,) of whole numbers, or shares of them, (N, {n}), that sum to 1",
    "binary_cross_entropy": "a share in [0, 1] of each of several labels, (N, {n})",
    "squared_error": "values, (N, {n})",
}


def chosen_loss(targets: AnyArray, n_outputs: int, loss: str | None = None) -> str:
    """The loss that targets are learned by, or an error where they are none of its targets.

    Parameters
    ----------
    targets : ndarray
        (N,) or (N, C).
    n_outputs : int
        C, of the model.
    loss : {"cross_entropy", "binary_cross_entropy", "squared_error"}, optional
        By default classes are learned by cross-entropy, and floats by squared error unless they
        look like labels.

    Raises
    ------
    ValueError
        If targets are not of the loss, the model has no such classes, or floats look like labels
        and `loss` does not say what they are.

    Examples
    --------
    >>> chosen_loss(np.array([3, 1]), 5), chosen_loss(np.array([[0.5, -2.0]]), 2)
    ('cross_entropy', 'squared_error')
    >>> chosen_loss(np.array([3, 5]), 5)
    Traceback (most recent call last):
    ValueError: `targets` (from 3 to 5) must be classes from 0 to 4
    """
    check_loss(loss)
    check_kind(targets.dtype.kind, targets.shape, n_outputs, loss)
    classes = is_classes(targets.dtype.kind, targets.shape, loss)
    found = loss or ("cross_entropy" if classes else "squared_error")
    if targets.size:
        _check_values(targets, n_outputs, found, classes)
        if loss is None and not classes:
            _check_not_labels(targets)
    return found


def check_loss(loss: Any) -> None:
    """Raise ValueError unless a loss is None or has a name."""
    if loss is not None and (not isinstance(loss, str) or loss not in _KINDS):
        raise ValueError(f"`loss` (={loss!r}) must be one of {', '.join(_KINDS)}")


def is_classes(kind: str, shape: tuple[int | None, ...], loss: str | None) -> bool:
    """Whether targets are numbers of classes, rather than numbers for each output."""
    narrow = len(shape) < 2 or shape[1:] == (1,)
    return kind in "iu" and (loss is None or (loss == "cross_entropy" and narrow))


def check_kind(kind: str, shape: tuple[int | None, ...], n_outputs: int, loss: str | None) -> None:
    """Raise ValueError unless the dtype's kind and the shape of targets are those of a loss.

    Parameters
    ----------
    kind : str
        Of the dtype, as NumPy's.
    shape : tuple of int
    n_outputs : int
    loss : str, optional
    """
    rest = shape[1:]
    narrow = rest == () and n_outputs == 1 and (kind == "f" or loss is not None)
    each = rest == (n_outputs,) or narrow
    classes = is_classes(kind, shape, loss) and rest in ((), (1,))
    if loss is None:
        right = len(shape) > 0 and (classes or (kind == "f" and each))
        rule = "classes, (N,) of whole numbers, or values, (N, {n}) of floats; `loss` may say more"
    else:
        wide = kind in "iufb" and each
        right = len(shape) > 0 and (classes or wide)
        rule = f"{_KINDS[loss]}, for {loss!r}"
    if not right:
        numbers = {"i": "whole numbers", "u": "whole numbers", "f": "floats", "b": "bools"}
        raise ValueError(
            f"`targets` ({numbers.get(kind, 'no numbers')} of shape {shape}) must be "
            f"{rule.format(n=n_outputs)}"
        )


def _check_values(targets: AnyArray, n_outputs: int, loss: str, classes: bool) -> None:
    low, high = targets.min().item(), targets.max().item()
    if classes:
        if not 0 <= low <= high < n_outputs:
            raise ValueError(
                f"`targets` (from {low} to {high}) must be classes from 0 to {n_outputs - 1}"
            )
        return
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"`targets` (from {low} to {high}) must be finite")
    if loss != "squared_error" and not 0 <= low <= high <= 1:
        raise ValueError(f"`targets` (from {low} to {high}) must be in [0, 1] for {loss!r}")
    if loss == "cross_entropy" and not _are_shares(targets):
        sums = targets.astype(np.float64).sum(1)
        raise ValueError(
            f"`targets` (rows that sum to {sums.min():.3g} to {sums.max():.3g}) must sum to 1 in "
            "each row for 'cross_entropy'; for several labels at a time there is "
            "'binary_cross_entropy'"
        )


def _are_shares(targets: AnyArray) -> bool:
    wide = targets.ndim == 2 and targets.shape[1] > 1
    return wide and bool((abs(targets.astype(np.float64).sum(1) - 1) < _ROUNDING).all())


def _check_not_labels(targets: AnyArray) -> None:
    """Raise ValueError where floats look like labels, which squared error would misread."""
    if len(targets) < 2:
        return  # one row tells nothing
    labels = bool(np.isin(targets, (0, 1)).all()) and bool(targets.any())
    shares = bool((targets >= 0).all()) and _are_shares(targets)
    if labels or shares:
        what = "shares of classes" if _are_shares(targets) else "labels of 0 and 1"
        raise ValueError(
            f"`targets` (floats of shape {targets.shape}) look like {what}: say by `loss` whether "
            "they are learned by 'cross_entropy', 'binary_cross_entropy' or 'squared_error'"
        )
