"""A metric of your own, for all hosts: the average drop (Chattopadhay et al., 2018)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from submod_core._types import FloatArray
from submod_core.engine import Procedure, Query
from submod_core.metrics import ModelMetric
from submod_core.results import RevealOrder, reveal_order
from submod_core.search import prefixes


@dataclass(frozen=True, kw_only=True)
class AverageDrop(ModelMetric[float]):
    """Fall of the target's score where only the most important part is kept; lower is better.

    As a share of the whole input's score, and 0 where the score rises.

    Parameters
    ----------
    share : float
        Share of the input that is kept, in (0, 1].
    """

    name = "average_drop"
    higher_is_better = False
    steps_by = "keeps the highest scores"

    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"`share` (={self.share!r}) must be in (0, 1]")

    def reveal(self, attribution: Any, shape: tuple[int, ...], regions: Any) -> RevealOrder:
        return reveal_order(attribution, shape, regions, steps=100)

    def ask(self, attribution: Any, order: RevealOrder, sizes: FloatArray) -> Procedure[float]:
        kept = prefixes(order.order)
        area = kept @ sizes / sizes.sum()
        # The longest prefix within the share, and the whole input.
        part = kept[np.flatnonzero(area <= self.share + 1e-12)[-1]]
        responses = yield Query(np.stack([part, kept[-1]]))
        return float(max(0.0, 1 - responses.target[0] / responses.target[1]))

    def number(self, answer: float) -> float:
        return answer
