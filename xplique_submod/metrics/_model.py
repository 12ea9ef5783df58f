"""From Xplique's conventions to the core's metrics, and to the model."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from submod_core import Curves, Explanation, Readout
from submod_core._checks import as_numbers, as_whole_numbers, check_count
from submod_core._types import AnyArray, FloatArray
from submod_core.engine import drive
from submod_core.regions import Layout, compact
from submod_core.regions.baselines import noise
from submod_core.results import are_explanations, each_attribution
from xplique_submod._checks import check_model, check_operator, numbers_of
from xplique_submod._compat import ExplanationMetric, Task
from xplique_submod._datasets import examples_of
from xplique_submod._inputs import FOUND, prepare
from xplique_submod._oracle import TensorFlowOracle
from xplique_submod._reader import Reader
from xplique_submod._targets import check_classes


class DeclaredMetric:
    """A metric made from its declaration in the core, whose settings are attributes."""

    declared: ClassVar[Any]
    metric: Any

    @property
    def name(self) -> str:
        """The key in `METRICS`."""
        return str(self.declared.name)

    @property
    def higher_is_better(self) -> bool | None:
        """The direction; None where the number only describes."""
        direction: bool | None = self.declared.higher_is_better
        return direction

    @property
    def steps_by(self) -> str:
        """The part of the input that is revealed or removed at a time."""
        return str(self.declared.steps_by)

    def __getattr__(self, name: str) -> Any:
        # The settings live in the frozen metric of the core.
        if name.startswith("_") or name == "metric":
            raise AttributeError(name)
        return getattr(self.metric, name)


class ModelMetric(DeclaredMetric, ExplanationMetric):
    """A metric that shows masked inputs to the model."""

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
        features: Any = None,
        class_embeddings: Any = None,
        scale: float = 100.0,
        layout: str | Layout | None = None,
        **settings: Any,
    ) -> None:
        self.metric = self.declared(**settings)
        if batch_size is not None:
            check_count("batch_size", batch_size)
        check_model(model)
        check_operator(operator)
        readout = Readout(
            "identity" if activation is None else activation, features, class_embeddings, scale
        )
        given = zip(("inputs", "targets"), examples_of(inputs, targets), strict=True)
        inputs, targets = (numbers_of(name, value) for name, value in given)
        check_rows(inputs, targets)
        ExplanationMetric.__init__(self, model, inputs, targets, batch_size, operator, None)
        self.layout = layout_of(self.inputs.shape, layout)
        if self.metric.images_only and not self.layout.is_image:
            raise ValueError("`inputs` must be images (N, H, W, C), which alone have patches")
        self.baseline_mode, self.regions = baseline_mode, regions
        task = Task.of(operator, self.inference_function)
        # Without an activation a class's output and a quantity are read alike.
        task = Task("classes") if task.kind == "either" else task
        if task.kind == "classes":
            check_classes(self.targets)
        elif activation is not None:
            raise ValueError(
                f"`activation` (={activation!r}) must be None with `operator` (={operator!r}), "
                "whose value is the score itself"
            )
        self._reader = Reader(model, task, readout, wants_confidence=False)

    def evaluate(self, explanations: Any) -> float:
        """The mean over the examples; NaN if one has no number."""
        return float(np.mean(self.per_example(explanations)))

    def per_example(self, explanations: Any) -> FloatArray:
        """The number of each example, (N,) float64."""
        answers = self._answers(explanations)
        return np.array([self.metric.number(answer) for answer in answers], dtype=np.float64)

    def _shape(self) -> tuple[int, ...]:
        return shape_of(self.inputs.shape, self.layout)

    def _labels(self) -> list[Any]:
        """The label map of each example over its pixels or elements; None without regions."""
        n, shape = len(self.inputs), self._shape()
        if self.regions is None:
            return [None] * n
        array = as_whole_numbers("regions", self.regions)
        if array.shape not in (shape, (1, *shape), (n, *shape)):
            raise ValueError(
                f"`regions` (of shape {array.shape}) must be a label map {shape}, or one for each "
                "input"
            )
        maps = [compact(labels) for labels in (array[None] if array.shape == shape else array)]
        return maps if len(maps) == n else maps * n

    def _over(self, shape: tuple[int, ...], row: Any) -> Any:
        """An explanation over all elements, where its regions are over places alone."""
        if not isinstance(row, Explanation) or np.ndim(row.regions) == len(shape):
            return row
        return replace(row, regions=self.layout.spread(np.asarray(row.regions)))

    def _answers(self, explanations: Any) -> list[Any]:
        """The answer to the metric's question for each example and its explanation."""
        drawn = []
        for seed in self.metric.noise_seeds(self.baseline_mode):
            given = self.baseline_mode
            # As in Xplique, a function makes the baselines of all inputs at once.
            if seed is not None:
                given = np.stack([noise(one, seed) for one in self.inputs])
            elif callable(given):
                given = given(self.inputs)
            drawn.append(self._answers_with(given, explanations))
        return [self.metric.merged(list(each)) for each in zip(*drawn, strict=True)]

    def _answers_with(self, baseline: Any, explanations: Any) -> list[Any]:
        """The answers with one baseline."""
        shape, image = self._shape(), self.layout.n_places > 1
        rows = [self._over(shape, row) for row in rows_of(explanations, self.inputs, self.layout)]
        orders = [
            self.metric.order(row, shape, labels, image)
            for row, labels in zip(rows, self._labels(), strict=True)
        ]
        # Series are judged by single elements, which a layout without channels says.
        axes = self.layout if image else Layout("NFGHIJK"[: self.inputs.ndim])
        maps = [order.regions for order in orders]
        batch = prepare(self.inputs, self.targets, baseline, lambda *_: maps, layout=axes)
        outcomes = drive(
            [
                self.metric.ask(row, order, ground_set.sizes)
                for row, order, ground_set in zip(rows, orders, batch.sets, strict=True)
            ],
            TensorFlowOracle(self._reader, batch),
            inert=[ground_set.inert for ground_set in batch.sets],
            batch_size=2**31 if self.batch_size is None else int(self.batch_size),
            sources=self._reader.readout.sources("model"),
            checked=True,
        )
        return [outcome.result for outcome in outcomes]


class CurveMetric(ModelMetric):
    """A metric whose question is answered by curves."""

    def curves(self, explanations: Any) -> list[Any]:
        """The curves of each example, with both end points."""
        return self._answers(explanations)


class AreaMetric(CurveMetric):
    """A metric that is the area under a curve."""

    def detailed_evaluate(self, explanations: Any) -> dict[int, float]:
        """The mean curve as Xplique's plots take it: from a number of elements to the score."""
        return _mean_curve(self.curves(explanations), self.metric.curve, self._shape())


def layout_of(shape: Sequence[int], layout: str | Layout | None) -> Layout:
    """The layout of inputs, by Xplique's conventions where none is given."""
    return Layout.of(layout, tuple(shape), FOUND.get(len(shape)))


def shape_of(shape: Sequence[int], layout: Layout) -> tuple[int, ...]:
    """Lengths of the axes of places of images and volumes; the shape of one other example."""
    one = tuple(shape[1:])
    return layout.places(one) if layout.n_places > 1 else one


def rows_of(
    explanations: Any, inputs: AnyArray | None = None, layout: Layout | None = None
) -> Sequence[Any]:
    """Each example's explanation, or its scores summed over the channels of images."""
    if are_explanations(explanations):
        given = 1 if isinstance(explanations, Explanation) else len(explanations)
        return each_attribution(explanations, given if inputs is None else len(inputs))
    scores = as_numbers("attributions", explanations)
    if not scores.ndim or not len(scores):
        raise ValueError("`attributions` must hold at least one map")
    if inputs is None and scores.ndim == 4:  # of images, as far as can be known
        layout = Layout("NHWC")
    spatial = layout is not None and layout.n_places > 1 and scores.ndim == layout.n_axes
    axis = layout.channel_axis if layout is not None and spatial else None
    if axis is not None:
        if inputs is not None and scores.shape[axis] not in (1, inputs.shape[axis]):
            raise ValueError(
                f"`attributions` (of shape {scores.shape}) must be shaped like the inputs, "
                f"{inputs.shape}"
            )
        scores = scores.sum(axis)
    return each_attribution(scores, len(scores) if inputs is None else len(inputs))


def check_rows(inputs: Any, targets: Any) -> None:
    """Raise ValueError unless there are inputs (N, …), with a row of targets each."""
    if len(inputs.shape) < 2 or not np.prod(inputs.shape):
        raise ValueError(
            f"`inputs` (of shape {tuple(inputs.shape)}) must hold at least one example, with at "
            "least one element"
        )
    if len(targets.shape) < 1 or len(targets) != len(inputs):
        raise ValueError(
            f"`targets` (of shape {tuple(targets.shape)}) must be one-hot, one row for each of the "
            f"{len(inputs)} inputs"
        )


def maps_of(explanations: Any) -> list[Any]:
    """The map of each example."""
    return [row.paint() if isinstance(row, Explanation) else row for row in rows_of(explanations)]


def _mean_curve(curves: Sequence[Curves], name: str, shape: tuple[int, ...]) -> dict[int, float]:
    if len({tuple(curve.area.round(9)) for curve in curves}) > 1:
        raise ValueError(
            "the curves of examples whose steps differ have no common mean; use `curves`"
        )
    mean = np.mean([getattr(curve, name) for curve in curves], axis=0)
    counts = np.rint(curves[0].area * np.prod(shape)).astype(int)
    return dict(zip(counts.tolist(), mean.tolist(), strict=True))
