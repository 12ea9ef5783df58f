"""Confidence score: the certainty of the model's answer."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from submod_core._checks import as_numbers
from submod_core._types import FloatArray
from submod_core.scores.base import Answers, Need, Score, given


@dataclass(frozen=True)
class Confidence(Score):
    """Certainty of the model with the subset alone (LiMA, Eq. 5; SMDL, Eq. 4).

    Examples
    --------
    >>> from submod_core.engine import Responses
    >>> kept = Responses(target=np.array([0.9]), confidence=np.array([0.6]))
    >>> Confidence().evaluate(Answers(np.array([[True, False]]), kept=kept))
    array([0.6])
    """

    name: ClassVar[str] = "confidence"
    needs: ClassVar[frozenset[Need]] = frozenset({"kept", "confidence"})

    def evaluate(self, answers: Answers) -> FloatArray | None:
        """Certainty of the answers, (B,); None where the model has no class probabilities."""
        return given(answers.kept).confidence


def confidence(probabilities: ArrayLike) -> FloatArray:
    """One minus the normalised entropy of class probabilities (LiMA, Eq. 5).

    Parameters
    ----------
    probabilities : array_like, (..., C)
        Class probabilities, C ≥ 2; 0 · log 0 counts as 0.

    Returns
    -------
    ndarray of float64, (...)
        Values in [0, 1]: 0 for the uniform distribution, 1 for a certain class.

    Examples
    --------
    >>> confidence([[0.5, 0.5], [1.0, 0.0]])
    array([0., 1.])
    """
    p = as_numbers("probabilities", probabilities)
    if p.ndim < 1 or p.shape[-1] < 2 or (p < 0).any():
        raise ValueError(
            f"`probabilities` (of shape {p.shape}) must be (…, C), at least 0, for two classes or "
            "more"
        )
    return 1 + xlogy(p, p).sum(axis=-1) / np.log(p.shape[-1])
