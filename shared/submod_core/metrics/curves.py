"""Numbers of a faithfulness curve."""

from collections.abc import Sequence

import numpy as np

from submod_core.curves import Curves


def strong_interactions(curves: Curves, threshold: float = 0.5) -> int:
    """How many single steps move the target's score by more than a threshold (LiMA, §5).

    Examples
    --------
    >>> strong_interactions(Curves(np.array([0, 0.5, 1]), np.array([0.1, 0.2, 0.9]), np.zeros(3)))
    1
    """
    return int((np.abs(np.diff(curves.insertion)) > threshold).sum())


def check_areas(max_areas: Sequence[float]) -> None:
    """Raise ValueError unless each is a share of the input in (0, 1]."""
    for area in max_areas:
        if isinstance(area, bool) or not isinstance(area, int | float) or not 0 < area <= 1:
            raise ValueError(f"`max_area` (={area!r}) must be a share of the input in (0, 1]")


def highest_confidences(curves: Curves, max_areas: Sequence[float] = (0.25, 0.5, 0.75, 1.0)) -> list[float]:
    """The target's highest score over prefixes within each share of the area (LiMA, Eq. 15).

    NaN where no prefix is that small, so that a mean over many inputs says that it lacks one.

    Raises
    ------
    ValueError
        If a share is not in (0, 1].

    Examples
    --------
    >>> highest_confidences(Curves(np.array([0, 0.4, 1]), np.array([0.1, 0.7, 0.8]), np.zeros(3)), [0.25, 0.5, 1])
    [nan, 0.7, 0.8]
    """
    check_areas(max_areas)
    found = [curves.highest_confidence(area) for area in max_areas]
    return [np.nan if highest is None else highest.value for highest in found]
