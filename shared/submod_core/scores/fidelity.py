"""Consistency and collaboration: the scores that are a model's answers for the target."""

from dataclasses import dataclass
from typing import ClassVar

from submod_core._types import FloatArray
from submod_core.scores.base import Answers, Need, Score, given


@dataclass(frozen=True)
class Consistency(Score):
    """The target's score with the subset alone (LiMA, Eq. 3).

    Examples
    --------
    >>> import numpy as np
    >>> from submod_core.engine import Responses
    >>> subsets, kept = np.array([[True, False]]), Responses(target=np.array([0.9]))
    >>> Consistency().evaluate(Answers(subsets, kept=kept))
    array([0.9])
    """

    name: ClassVar[str] = "consistency"
    needs: ClassVar[frozenset[Need]] = frozenset({"kept"})

    def evaluate(self, answers: Answers) -> FloatArray:
        """Answers to the subsets, (B,)."""
        return given(answers.kept).target


@dataclass(frozen=True)
class Collaboration(Score):
    """One minus the target's score without the subset (LiMA, Eq. 4).

    Examples
    --------
    >>> import numpy as np
    >>> from submod_core.engine import Responses
    >>> subsets, left = np.array([[True, False]]), Responses(target=np.array([0.25]))
    >>> Collaboration().evaluate(Answers(subsets, left=left))
    array([0.75])
    """

    name: ClassVar[str] = "collaboration"
    needs: ClassVar[frozenset[Need]] = frozenset({"left"})

    def evaluate(self, answers: Answers) -> FloatArray:
        """One minus the answers to the complements, (B,)."""
        return 1 - given(answers.left).target
