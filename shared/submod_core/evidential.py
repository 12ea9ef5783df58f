"""Evidential deep learning: a classifier that knows when it does not know, SMDL's confidence score (SMDL, §4.2).

The functions take numpy arrays, torch tensors and TensorFlow tensors, and are differentiable in the latter two.
"""

from submod_core._arrays import Array, operations

_CLAMP = 10.0


def evidence(outputs: Array) -> Array:
    """What the outputs say for each class: e = exp(outputs), with the outputs clamped to ±10.

    Parameters
    ----------
    outputs : array, (..., C)
        Outputs of the evidential model, before any activation.

    Returns
    -------
    array, (..., C)
        Above 0, in the same framework.

    Examples
    --------
    >>> import numpy as np
    >>> evidence(np.array([0.0, -1000.0])).round(5)
    array([1.e+00, 5.e-05])
    """
    ops = operations(outputs)
    return ops.exp(ops.clip(outputs, -_CLAMP, _CLAMP))


def uncertainty(outputs: Array) -> Array:
    """How little evidence there is for any class: u = C / Σ_c (e_c + 1) (SMDL, Eq. 4); the confidence is 1 − u.

    Parameters
    ----------
    outputs : array, (..., C)

    Returns
    -------
    array, (...,)
        In (0, 1), in the same framework.

    Examples
    --------
    >>> import numpy as np
    >>> uncertainty(np.array([[-9.0, -9.0], [9.0, -9.0]])).round(3)
    array([1., 0.])
    """
    return outputs.shape[-1] / operations(outputs).total(evidence(outputs) + 1, -1)


def evidential_loss(outputs: Array, targets: Array) -> Array:
    """The loss that an evidential model is trained with: Σ_c y_c (log Σ_k (e_k + 1) − log(e_c + 1)) (SMDL, Eq. 3).

    Parameters
    ----------
    outputs : array, (..., C)
    targets : array, (..., C)
        One-hot, of the same framework and dtype as `outputs`.

    Returns
    -------
    array, (...,)
        The loss of each example, at least 0.

    Raises
    ------
    ValueError
        If the targets are not shaped like the outputs.

    Examples
    --------
    >>> import numpy as np
    >>> evidential_loss(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]])).round(3)
    array([0.693])
    """
    if tuple(outputs.shape) != tuple(targets.shape):
        raise ValueError(
            f"`targets` (of shape {tuple(targets.shape)}) must be one-hot, shaped like `outputs`, "
            f"{tuple(outputs.shape)}"
        )
    ops = operations(outputs)
    strength = evidence(outputs) + 1
    return ops.log(ops.total(strength, -1)) - ops.total(targets * ops.log(strength), -1)
