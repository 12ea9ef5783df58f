"""Metrics that judge one explanation at a time, by their names."""

from collections.abc import Mapping
from typing import Any

from submod_core.metrics import (
    AUPC,
    Deletion,
    HighestConfidence,
    Insertion,
    MuFidelity,
    Sparsity,
    StrongInteractions,
)

JUDGING: tuple[Any, ...] = (
    Insertion,
    Deletion,
    HighestConfidence,
    StrongInteractions,
    MuFidelity,
    AUPC,
    Sparsity,
)
"""Metrics of the core that need an explanation and its model, and nothing else."""


def metric_of(metric: Any, named: Mapping[str, Any], what: str) -> Any:
    """Metric of a name, or one that is given itself.

    Parameters
    ----------
    metric : str or callable
    named : mapping of str to callable
        The host's metrics.
    what : str
        The sort of callable that the host takes, for errors.

    Raises
    ------
    ValueError
        If there is no metric of the name, or it is not callable.

    Examples
    --------
    >>> metric_of("insertion", {"insertion": len}, "a function") is len
    True
    """
    found = named.get(metric) if isinstance(metric, str) else metric
    if not callable(found):
        raise ValueError(
            f"`metric` (={metric!r}) must be one of {sorted(named)}, or {what} like them"
        )
    return found
