"""A host of your own: LiMA for models that are functions of NumPy arrays."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from submod_core import Explanation, GroundSet, LiMASettings, Readout, Responses, explain
from submod_core._types import AnyArray, BoolArray, IntArray


@dataclass(frozen=True)
class NumpyOracle:
    """Shows masked inputs (N, P) to a function that returns class scores (B, C)."""

    model: Callable[[AnyArray], AnyArray]
    inputs: AnyArray
    baseline: AnyArray
    targets: IntArray
    maps: list[IntArray]
    readout: Readout = field(default_factory=Readout)

    def __call__(self, examples: IntArray, keep: BoolArray, features: bool) -> Responses:
        # An element stays where its region does.
        stays = np.stack([row[self.maps[i]] for i, row in zip(examples, keep, strict=True)])
        outputs = self.model(np.where(stays, self.inputs[examples], self.baseline))
        probabilities = self.readout.probabilities(self.readout.activated(outputs))
        return Responses(
            target=probabilities[np.arange(len(outputs)), self.targets[examples]].astype(float),
            confidence=self.readout.certainty(probabilities),
            features=outputs if features else None,
        )


class NumpyLiMA:
    """LiMA; `options` are those of `LiMASettings.of`: search, weights, distance, budget."""

    def __init__(self, model: Callable[[AnyArray], AnyArray], **options: Any) -> None:
        self.model, self.settings = model, LiMASettings.of(**options)

    def explain(self, inputs: Any, targets: Any, regions: Any, baseline: Any) -> list[Explanation]:
        """Explain inputs (N, P) with the label map `regions` (P,) and a baseline (P,)."""
        x, labels = np.asarray(inputs, dtype=float), np.asarray(regions)
        sets = [GroundSet.of((labels,), [row != baseline]) for row in x]
        oracle = NumpyOracle(
            self.model, x, np.asarray(baseline), np.asarray(targets), [labels] * len(x)
        )
        return explain(oracle, sets, self.settings, batch_size=32)
