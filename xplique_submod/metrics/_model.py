"""From Xplique's conventions to what the core judges, and to the model."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from submod_core import Dialogue, Explanation, Readout, compact, drive
from submod_core import metrics as core
from submod_core._checks import check_count
from submod_core.metrics import METRICS, Steps
from xplique_submod._compat import ExplanationMetric, scores_a_class
from xplique_submod._inputs import prepare
from xplique_submod._oracle import Reader, TensorFlowOracle


class ModelMetric(ExplanationMetric):
    """What all share that show masked inputs to the model."""

    name: ClassVar[str]

    def __init__(
        self,
        model: Any,
        inputs: Any,
        targets: Any = None,
        batch_size: int | None = 64,
        baseline_mode: Any = 0.0,
        regions: Any = None,
        operator: Any = None,
        activation: str | None = None,
    ) -> None:
        if batch_size is not None:
            check_count("batch_size", batch_size)
        readout = Readout(activation or "identity")
        if targets is None and not isinstance(inputs, tf.data.Dataset):
            raise ValueError(
                "`targets` (=None) must be one-hot, one row per input, unless `inputs` is a tf.data.Dataset"
            )
        super().__init__(model, inputs, targets, batch_size, operator, None)
        if len(self.targets) != len(self.inputs):
            raise ValueError(f"`targets` must be one-hot, one row for each of the {len(self.inputs)} inputs")
        self.baseline_mode, self.regions = baseline_mode, regions
        custom = None if scores_a_class(operator, self.inference_function) else self.inference_function
        self._reader = Reader(model, custom, readout, wants_confidence=False)

    @property
    def higher_is_better(self) -> bool | None:
        """The direction; None where the number only describes."""
        return METRICS[self.name].higher_is_better

    @property
    def steps_by(self) -> str:
        """What is revealed or removed at a time."""
        return METRICS[self.name].steps

    def evaluate(self, explanations: Any) -> float:
        """The mean over the examples; NaN if one has no number."""
        return float(np.mean(self.per_example(explanations)))

    def per_example(self, explanations: Any) -> np.ndarray:
        """The number of each example, (N,) float64."""
        raise NotImplementedError

    def _shape(self) -> tuple[int, ...]:
        return tuple(self.inputs.shape[1:3] if self.inputs.ndim == 4 else self.inputs.shape[1:])

    def _labels(self) -> list[Any]:
        """The label map of each example over its pixels or elements; None where there are no regions."""
        n, shape = len(self.inputs), self._shape()
        if self.regions is None:
            return [None] * n
        array = np.asarray(self.regions)
        if array.shape not in (shape, (1, *shape), (n, *shape)):
            raise ValueError(f"`regions` (of shape {array.shape}) must be a label map {shape}, or one for each input")
        maps = [compact(labels) for labels in (array[None] if array.shape == shape else array)]
        return maps if len(maps) == n else maps * n

    def _ask(self, question: Callable[[int, Any], Dialogue[Any]], parts: Sequence[Steps]) -> list[Any]:
        """Ask the model one question for each example, about the regions of its steps and their sizes."""
        maps = [np.broadcast_to(part.regions, self._shape()) for part in parts]
        batch = prepare(self.inputs, self.targets, self._baseline(), lambda *_: maps)
        outcomes = drive(
            [question(i, ground_set.sizes) for i, ground_set in enumerate(batch.sets)],
            TensorFlowOracle(self._reader, batch),
            inert=[ground_set.inert for ground_set in batch.sets],
            batch_size=2**31 if self.batch_size is None else int(self.batch_size),
        )
        return [outcome.result for outcome in outcomes]

    def _baseline(self) -> Any:
        # As in Xplique, a function makes the baselines of all inputs at once.
        return self.baseline_mode(self.inputs) if callable(self.baseline_mode) else self.baseline_mode


def rows_of(explanations: Any, inputs: np.ndarray | None = None) -> Sequence[Any]:
    """Each example's explanation, or its scores without channels."""
    if core.are_explanations(explanations):
        given = 1 if isinstance(explanations, Explanation) else len(explanations)
        return core.each_attribution(explanations, given if inputs is None else len(inputs))
    scores = np.asarray(explanations, dtype=np.float64)
    if inputs is not None and scores.ndim == 4 and scores.shape[-1] not in (1, inputs.shape[-1]):
        raise ValueError(f"`attributions` (of shape {scores.shape}) must be shaped like the inputs, {inputs.shape}")
    rows = scores.sum(-1) if scores.ndim == 4 else scores
    return core.each_attribution(rows, len(rows) if inputs is None else len(inputs))
