"""Base of every score, and the answers that scores are computed from."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeVar

from submod_core._types import BoolArray, FloatArray
from submod_core.engine import Responses

T = TypeVar("T")

Need = Literal["kept", "left", "confidence", "features", "region_features"]
"""Answers that a score can ask for: see `Score.needs`."""


@dataclass(frozen=True, eq=False)
class Answers:
    """A model's answers about some subsets of one input: all that scores are computed from.

    Attributes
    ----------
    subsets : ndarray of bool, (B, n)
    kept : Responses or None
        The model's answers with only the subset kept, where a score needs them.
    left : Responses or None
        The model's answers with only the complement kept, where a score needs them.
    region_features : ndarray, (n, d), or None
        The features of each region alone, where a score needs them.
    """

    subsets: BoolArray
    kept: Responses | None = None
    left: Responses | None = None
    region_features: FloatArray | None = None
    _computed: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Compute a value once for the input, and keep it for all of the input's subsets.

        Examples
        --------
        >>> import numpy as np
        >>> answers = Answers(np.ones((1, 2), bool))
        >>> answers.once("sizes", lambda: 3), answers.once("sizes", lambda: 4)
        (3, 3)
        """
        if key not in self._computed:
            self._computed[key] = compute()
        value: T = self._computed[key]
        return value


class Score(ABC):
    """One term of F: a number for each subset of an input's regions.

    A score of your own has a `name` and its `needs`, and computes all subsets of a batch at once.
    Give it to a method by ``weights={"consistency": 20, MyScore(): 1}``; its curve is in
    `Explanation.curves` under its name.

    Attributes
    ----------
    name : str
        The key of the score's curve; no other score in use may have the same name.
    needs : frozenset of str
        - ``"kept"``: the answers to the subset, `Answers.kept`;
        - ``"left"``: the answers to its complement, `Answers.left`;
        - ``"confidence"``: the model's certainty in both;
        - ``"features"``: the model's features in both;
        - ``"region_features"``: the features of each region alone.

    Examples
    --------
    The share of the regions that a subset leaves out:

    >>> class Brevity(Score):
    ...     name = "brevity"
    ...     def evaluate(self, answers):
    ...         return 1 - answers.subsets.mean(axis=1)
    >>> import numpy as np
    >>> Brevity().evaluate(Answers(np.array([[True, False]])))
    array([0.5])
    """

    name: ClassVar[str]
    needs: ClassVar[frozenset[Need]] = frozenset()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @abstractmethod
    def evaluate(self, answers: Answers) -> FloatArray | None:
        """Compute the score of each subset, (B,); None where this model's answers do not allow."""


def given(responses: Responses | None) -> Responses:
    """Responses that a score has in its `needs`, and that are therefore present."""
    assert responses is not None, "a score looks only at what it needs"
    return responses
