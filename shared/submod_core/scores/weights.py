"""The weights of the scores in F (LiMA, Eq. 8)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from submod_core._checks import check_amount
from submod_core._types import FloatArray
from submod_core.scores.base import Need, Score
from submod_core.scores.confidence import Confidence
from submod_core.scores.distances import Distance
from submod_core.scores.effectiveness import Effectiveness
from submod_core.scores.fidelity import Collaboration, Consistency

SCORES = ("consistency", "collaboration", "confidence", "effectiveness")
"""The papers' four scores, by name."""

_PLAIN = (Consistency, Collaboration, Confidence)


@dataclass(frozen=True)
class Weights:
    """Weights of the scores in F (LiMA, Eq. 8); the defaults are the paper's.

    Parameters
    ----------
    consistency, collaboration, confidence, effectiveness : float
        At least 0; a score of weight 0 is not computed.
    own : tuple of (Score, float)
        Further scores with their weights.

    Raises
    ------
    TypeError, ValueError
        If a weight is negative or not finite, all are zero, or two scores share a name.

    Examples
    --------
    >>> Weights.of({"consistency": 1, "collaboration": 1}).used
    ('consistency', 'collaboration')
    """

    consistency: float = 20.0
    collaboration: float = 5.0
    confidence: float = 0.05
    effectiveness: float = 0.01
    own: tuple[tuple[Score, float], ...] = ()

    def __post_init__(self) -> None:
        for name in SCORES:
            object.__setattr__(self, name, _weight(name, getattr(self, name)))
        pairs = isinstance(self.own, tuple) and all(
            isinstance(pair, tuple) and len(pair) == 2 for pair in self.own
        )
        if not pairs:
            raise TypeError(f"`own` (={self.own!r}) must be a tuple of pairs (Score, weight)")
        for score, _ in self.own:
            if not isinstance(score, Score) or not isinstance(getattr(score, "name", None), str):
                raise TypeError(f"`weights` has {score!r}, which is not a Score with a `name`")
        own = tuple((score, _weight(score.name, weight)) for score, weight in self.own)
        object.__setattr__(self, "own", own)
        if not self.used:
            raise ValueError("`weights` must give at least one score a weight above 0")
        if len(set(self.used)) < len(self.used):
            raise ValueError(f"`weights` has two scores of one name among {list(self.used)}")

    @classmethod
    def of(cls, weights: "Weights | Mapping[Any, float] | None") -> "Weights":
        """Weights from a mapping of scores, or names of the papers' scores, to numbers.

        Scores left out have the weight 0; None stands for the paper's weights.

        Raises
        ------
        TypeError
            If `weights` is no mapping.
        ValueError
            If a score is unknown.
        """
        if weights is None:
            return cls()
        if isinstance(weights, cls):
            return weights
        if not isinstance(weights, Mapping):
            raise TypeError(
                f"`weights` (={weights!r}) must be a mapping of scores to numbers, or Weights"
            )
        # `Consistency()` and the like have no options: their names say as much.
        named = {s.name if type(s) in _PLAIN else s: weight for s, weight in weights.items()}
        own = tuple((s, weight) for s, weight in named.items() if isinstance(s, Score))
        unknown = set(named) - set(SCORES) - {score for score, _ in own}
        if unknown:
            raise ValueError(
                f"`weights` names {sorted(map(str, unknown))}; the scores are {list(SCORES)}, and "
                "objects of a class derived from submod_core.scores.Score"
            )
        return cls(**{name: named.get(name, 0.0) for name in SCORES}, own=own)

    def of_values(self) -> "Weights":
        """The weights for a model's values, which have a unit that only two scores share.

        Confidence and effectiveness, which would decide or not by the unit, are left out.

        Raises
        ------
        ValueError
            If no other score is in use.

        Examples
        --------
        >>> Weights().of_values().used
        ('consistency', 'collaboration')
        """
        if set(self.used) <= {"confidence", "effectiveness"}:
            raise ValueError(
                f"`weights` uses {sorted(self.used)} alone, which values without classes "
                "(`activation=None`) do not have"
            )
        return replace(self, confidence=0.0, effectiveness=0.0)

    def within(self, most: int | None, n: int) -> "Weights":
        """The weights within a budget of images, if any, for n regions.

        Below `features_from` images effectiveness is left out: the features of single regions take
        n. It stays where it is the only score, or others of the user's are in use.

        Examples
        --------
        >>> Weights().within(300, n=49).used
        ('consistency', 'collaboration', 'confidence')
        """
        enough = most is None or most >= features_from(n)
        if enough or self.own or self.used == ("effectiveness",):
            return self
        return replace(self, effectiveness=0.0)

    def terms(self, distance: str | Distance = "cosine") -> tuple[tuple[Score, float], ...]:
        """Scores in use with their weights, the papers' first; `distance` is for effectiveness."""
        papers = (Consistency(), Collaboration(), Confidence(), Effectiveness(distance))
        terms = (*((score, getattr(self, score.name)) for score in papers), *self.own)
        return tuple((score, weight) for score, weight in terms if weight > 0)

    @cached_property
    def _by_name(self) -> tuple[tuple[str, float], ...]:
        return tuple((score.name, weight) for score, weight in self.terms())

    @cached_property
    def used(self) -> tuple[str, ...]:
        """Names of the scores whose weight is above 0."""
        return tuple(name for name, _ in self._by_name)

    @cached_property
    def needs(self) -> frozenset[Need]:
        """Union of the `needs` of the scores in use."""
        return frozenset().union(*(score.needs for score, _ in self.terms()))

    @property
    def sees_complements(self) -> bool:
        """Whether F looks at the complement of a subset as well as at the subset."""
        return {"kept", "left"} <= self.needs

    @property
    def parts(self) -> frozenset[str]:
        """The parts that F is a sum of, by the side they look at; empty where a score needs both.

        Scores that look at neither side are part of "kept".
        """
        terms = [score.needs & {"kept", "left"} for score, _ in self.terms()]
        if any(len(sides) == 2 for sides in terms):
            return frozenset()
        return frozenset("left" if "left" in sides else "kept" for sides in terms)

    def total(self, scores: Mapping[str, FloatArray]) -> FloatArray:
        """F, the weighted sum of the scores in use (LiMA, Eq. 8).

        Scores that the model's outputs do not allow, and so are not in the mapping, are left out.

        Raises
        ------
        ValueError
            If no score in use is in the mapping.
        """
        terms = [weight * scores[name] for name, weight in self._by_name if name in scores]
        if not terms:
            raise ValueError(
                f"`weights` uses {sorted(self.used)} alone, which this model's outputs cannot give"
            )
        return np.asarray(np.sum(terms, axis=0))


def features_from(n: int) -> int:
    """Fewest images of a budget that pay for the features of n regions, 8n."""
    return 8 * n


def _weight(name: str, value: Any) -> float:
    """A weight as a float; ValueError unless it is finite and at least 0."""
    check_amount(f"weights[{name!r}]", value)
    return float(value)
