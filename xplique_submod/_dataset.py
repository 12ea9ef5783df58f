"""Tasks over whole datasets: methods and metrics of Xplique on batches of examples."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core.dataset import (
    KINDS,
    Answer,
    Example,
    Task,
    describe,
    needs_arguments,
    resolved,
)
from submod_core.dataset.host import Given, HostTask, MetricTask, versions
from submod_core.dataset.judging import JUDGING, metric_of
from xplique_submod import metrics
from xplique_submod._calls import single
from xplique_submod._compat import TENSORFLOW_MODELS, BlackBoxExplainer
from xplique_submod._explainer import RegionExplainer
from xplique_submod.mistakes import explain_mistakes
from xplique_submod.sop import SelfAttributing, SumOfParts

_METRICS = {name: getattr(metrics, name) for name in (one.__name__ for one in JUDGING)}


@dataclass(frozen=True)
class AttributeTask(Task):
    """Recipe of a method over a dataset."""

    method: Any
    given: Given
    mistakes: bool

    def open(self) -> HostTask:
        """See `Task`."""
        return _OpenAttribute(self)


@dataclass(frozen=True)
class EvaluateTask(Task):
    """Recipe of a metric over the results of a run."""

    explanations: Any
    metric: str | Callable[..., Any]
    model: Any
    given: Given

    def open(self) -> HostTask:
        """See `Task`."""
        return _OpenEvaluate(self)


class _OpenAttribute(HostTask):
    """A method with its model."""

    def __init__(self, recipe: AttributeTask) -> None:
        super().__init__(recipe.given)
        # A model is never a function that makes a method: it is an error.
        self.method = resolved(
            recipe.method, "method", lambda v: _is_method(v) or isinstance(v, TENSORFLOW_MODELS)
        )
        if not _is_method(self.method):
            raise TypeError(
                f"`method` (a {type(self.method).__name__}) must be an explainer of Xplique"
            )
        self.model = getattr(self.method, "model", self.method)
        self.mistakes = recipe.mistakes
        if recipe.mistakes and not isinstance(self.method, RegionExplainer):
            raise ValueError("`mistakes` (=True) needs a LiMA or SMDL as `method`")
        self.kind = KINDS[_kind(self.method, recipe.mistakes)]
        self.settings = self._described(
            method=describe(self.method),
            mistakes=recipe.mistakes,
            versions=versions("xplique", "tensorflow", "keras"),
        )

    def _batch(self, examples: Sequence[Example], seed: int) -> list[Answer]:
        inputs = _stacked(examples)
        outputs = self._outputs(inputs)
        predicted = [None] * len(inputs) if outputs is None else outputs.argmax(1).tolist()
        given = [
            one.target if one.target is not None else guess
            for one, guess in zip(examples, predicted, strict=True)
        ]
        rows = _rows(given, None if outputs is None else outputs.shape[1])
        with _seeded(seed):
            results = self._results(inputs, rows)
        return [
            Answer(result, _plain(target), guess)
            for result, target, guess in zip(results, given, predicted, strict=True)
        ]

    def _results(self, inputs: np.ndarray, targets: np.ndarray | None) -> Sequence[Any]:
        if self.mistakes:
            wrong = explain_mistakes(self.method, inputs, targets)
            found = {mistake.example: mistake for mistake in wrong}
            return [found.get(i) for i in range(len(inputs))]
        if isinstance(self.method, RegionExplainer):
            return self.method.explain_regions(inputs, targets)
        if self.kind.name == "groups":
            groups: list[Any] = self.method.explain(inputs)
            return groups
        scores = np.asarray(self.method(inputs, targets), np.float64)
        # Channels are summed, as metrics do.
        return list(scores.sum(-1) if scores.ndim >= 4 else scores)

    def _outputs(self, inputs: np.ndarray) -> np.ndarray | None:
        """Class scores (N, C) of the whole inputs; None where the model gives something else."""
        found = single(self.model, tf.constant(inputs))
        classes = found is not None and len(found.shape) == 2 and found.shape[1] > 1
        return np.asarray(found) if classes else None


class _OpenEvaluate(MetricTask):
    """A metric with its model."""

    def __init__(self, recipe: EvaluateTask) -> None:
        super().__init__(recipe.given, recipe.explanations)
        self.metric: Any = metric_of(recipe.metric, _METRICS, "a class")
        self.model = resolved(recipe.model, "model", _is_model)
        self.takes_model = "model" in inspect.signature(self.metric).parameters
        self.settings = self._described(
            metric=describe(self.metric),
            model=describe(self.model),
            explanations=self.explanations.manifest.fingerprint,
            versions=versions("xplique", "tensorflow", "keras"),
        )

    def _batch(self, examples: Sequence[Example], seed: int) -> list[Answer]:
        rows = self.attributions(examples)
        given = np.stack(rows) if isinstance(rows[0], np.ndarray) else rows
        arguments = dict(self.given.arguments)
        targets = [self.explained_target(one) for one in examples]
        inputs = _stacked(examples)
        with _seeded(seed):
            if self.takes_model:
                outputs = single(self.model, tf.constant(inputs[:1]))
                wanted = _rows(targets, None if outputs is None else outputs.shape[1])
                metric = self.metric(self.model, inputs, wanted, **arguments)
            else:
                metric = self.metric(**arguments)
            numbers = np.asarray(metric.per_example(given), np.float64).tolist()
        return [Answer(*pair) for pair in zip(numbers, targets, strict=True)]


def _is_method(value: Any) -> bool:
    return isinstance(value, BlackBoxExplainer | SumOfParts | SelfAttributing)


def _kind(method: Any, mistakes: bool) -> str:
    if isinstance(method, RegionExplainer):
        return "mistakes" if mistakes else "explanations"
    return "groups" if isinstance(method, SumOfParts | SelfAttributing) else "maps"


def _is_model(value: Any) -> bool:
    """Whether a value is the model itself rather than a function that makes it."""
    tensorflow = isinstance(value, (*TENSORFLOW_MODELS, tf.lite.Interpreter))
    return tensorflow or hasattr(value, "predict_proba") or needs_arguments(value)


def _stacked(examples: Sequence[Example]) -> np.ndarray:
    """Inputs of examples as one batch."""
    return np.stack([np.asarray(one.input) for one in examples])


def _plain(target: Any) -> int | list[float] | None:
    """Class of a target: a number, or the one of a one-hot row; else its values."""
    if target is None:
        return None
    values = np.asarray(target, np.float64)
    if values.ndim == 0:
        return int(values)
    one_hot = values.ndim == 1 and len(values) > 1 and sorted(values)[-2:] == [0.0, 1.0]
    return int(values.argmax()) if one_hot else values.ravel().tolist()


def _rows(targets: Sequence[Any], n_classes: int | None) -> np.ndarray | None:
    """Targets of a batch as rows: a number becomes one-hot."""
    if any(target is None for target in targets):
        return None
    if all(np.ndim(target) == 0 for target in targets):
        if n_classes is None:
            raise ValueError(
                "`dataset` has whole numbers as targets, and the model's outputs are no classes: "
                "`transform` must make the targets that the operator expects"
            )
        return np.asarray(tf.one_hot([int(target) for target in targets], n_classes))
    return np.stack([np.asarray(target, np.float32) for target in targets])


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draw random numbers from a seed in a block; NumPy's generator is left as it was."""
    state = np.random.get_state()
    np.random.seed(seed % 2**32)
    tf.random.set_seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
