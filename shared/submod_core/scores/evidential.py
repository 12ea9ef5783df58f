"""Evidential deep learning: the evidence for each class, and its lack as uncertainty (SMDL, §4.2).

SMDL's confidence score is 1 − `uncertainty`. The functions take numpy arrays, torch tensors and
TensorFlow tensors, and are differentiable in the latter two.
"""

import numpy as np

from submod_core._checks import as_numbers
from submod_core.backends import Array, Backend, backend_of

_CLAMP = 10.0


def evidence(outputs: Array) -> Array:
    """Evidence for each class: e = exp(outputs), with the outputs clamped to ±10.

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
    xp = _backend("outputs", outputs)
    return xp.exp(xp.clip(outputs, -_CLAMP, _CLAMP))


def uncertainty(outputs: Array) -> Array:
    """Lack of evidence for any class: u = C / Σ_c (e_c + 1) (SMDL, Eq. 4).

    The confidence is 1 − u.

    Parameters
    ----------
    outputs : array, (..., C)
        Outputs of the evidential model, before any activation.

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
    xp = _backend("outputs", outputs)
    return outputs.shape[-1] / xp.sum(evidence(outputs) + 1, -1)


def evidential_loss(outputs: Array, targets: Array) -> Array:
    """Training loss of an evidential model (SMDL, Eq. 3).

    Σ_c y_c (log Σ_k (e_k + 1) − log(e_c + 1)).

    Parameters
    ----------
    outputs : array, (..., C)
        Outputs of the evidential model, before any activation.
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
    xp = _backend("outputs", outputs)
    _backend("targets", targets)
    if tuple(outputs.shape) != tuple(targets.shape):
        raise ValueError(
            f"`targets` (of shape {tuple(targets.shape)}) must be one-hot, shaped like `outputs`, "
            f"{tuple(outputs.shape)}"
        )
    strength = evidence(outputs) + 1
    return xp.log(xp.sum(strength, -1)) - xp.sum(targets * xp.log(strength), -1)


def _backend(name: str, array: Array) -> Backend:
    """The backend of an array (…, C) of real numbers; TypeError or ValueError where it is none."""
    xp = backend_of(array, name)
    if isinstance(array, np.ndarray | np.generic):
        as_numbers(name, array, finite=False)
    if not len(array.shape):
        raise ValueError(f"`{name}` must be (…, C): a number for each class")
    return xp
