"""Tasks over whole datasets: methods and metrics of Captum on batches of examples."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from captum.attr import Attribution
from torch import Tensor, nn

from captum_submod import metrics
from captum_submod._attribution import RegionAttribution
from captum_submod._maps import explained_by
from captum_submod._modules import evaluating, modules_of
from captum_submod.mistakes import explain_mistakes
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

_METRICS = {name: getattr(metrics, name) for name in (one.name for one in JUDGING)}


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
    forward_func: Any
    given: Given

    def open(self) -> HostTask:
        """See `Task`."""
        return _OpenEvaluate(self)


class _OpenAttribute(HostTask):
    """A method with its model."""

    def __init__(self, recipe: AttributeTask) -> None:
        super().__init__(recipe.given)
        # A module is never a function that makes a method: one that is none is an error.
        self.method = resolved(
            recipe.method, "method", lambda v: _is_method(v) or isinstance(v, nn.Module)
        )
        if not _is_method(self.method):
            raise TypeError(f"`method` (a {type(self.method).__name__}) must be a method of Captum")
        self.model = getattr(self.method, "forward_func", self.method)
        self.mistakes = recipe.mistakes
        if recipe.mistakes and not isinstance(self.method, RegionAttribution):
            raise ValueError("`mistakes` (=True) needs a LiMA or SMDL as `method`")
        self.kind = KINDS[_kind(self.method, recipe.mistakes)]
        self.settings = self._described(
            method=describe(self.method),
            mistakes=recipe.mistakes,
            versions=versions("captum", "torch"),
        )

    def _batch(self, examples: Sequence[Example], seed: int) -> list[Answer]:
        inputs = _stacked(examples, self.model)
        predicted = self._predicted(inputs)
        targets = [
            one.target if one.target is not None else guess
            for one, guess in zip(examples, predicted, strict=True)
        ]
        with _seeded(inputs, seed), evaluating(*explained_by(self.method)):
            results = self._results(inputs, _targets(targets))
        return [
            Answer(result, _plain(target), guess)
            for result, target, guess in zip(results, targets, predicted, strict=True)
        ]

    def _results(self, inputs: Tensor, target: Any) -> Sequence[Any]:
        arguments = dict(self.given.arguments)
        if self.mistakes:
            wrong = explain_mistakes(self.method, inputs, target, **arguments)
            found = {mistake.example: mistake for mistake in wrong}
            return [found.get(i) for i in range(len(inputs))]
        if isinstance(self.method, RegionAttribution):
            return self.method.explain(inputs, target=target, **arguments)
        if self.kind.name == "groups":
            groups: list[Any] = self.method.explain(inputs, **arguments)
            return groups
        leaf = inputs.requires_grad_(inputs.is_floating_point())
        scores = self.method.attribute(leaf, target=target, **arguments)
        scores = scores.detach().cpu().double().numpy()
        # Channels are summed, as metrics do.
        return list(scores.sum(1) if scores.ndim >= 4 else scores)

    def _predicted(self, inputs: Tensor) -> list[int | None]:
        with torch.no_grad(), evaluating(self.model):
            outputs = self.model(inputs.clone())
        outputs = getattr(outputs, "logits", outputs)
        classes = isinstance(outputs, Tensor) and outputs.dim() == 2 and outputs.shape[1] > 1
        return outputs.argmax(1).tolist() if classes else [None] * len(inputs)


class _OpenEvaluate(MetricTask):
    """A metric with its model."""

    def __init__(self, recipe: EvaluateTask) -> None:
        super().__init__(recipe.given, recipe.explanations)
        self.metric: Any = metric_of(recipe.metric, _METRICS, "a function")
        self.model = resolved(recipe.forward_func, "forward_func", _is_model)
        self.takes_model = "forward_func" in inspect.signature(self.metric).parameters
        self.settings = self._described(
            metric=describe(self.metric),
            model=describe(self.model),
            explanations=self.explanations.manifest.fingerprint,
            versions=versions("captum", "torch"),
        )

    def _batch(self, examples: Sequence[Example], seed: int) -> list[Answer]:
        rows = self.attributions(examples)
        given = torch.from_numpy(np.stack(rows)) if isinstance(rows[0], np.ndarray) else rows
        arguments = dict(self.given.arguments)
        targets = [self.explained_target(one) for one in examples]
        inputs = _stacked(examples, self.model)
        with _seeded(inputs, seed):
            if self.takes_model:
                chosen = _targets([_index(target) for target in targets])
                values = self.metric(self.model, inputs, given, target=chosen, **arguments)
            else:
                values = self.metric(given, **arguments)
        numbers = torch.as_tensor(values).double().tolist()
        return [Answer(*pair) for pair in zip(numbers, targets, strict=True)]


def _is_method(value: Any) -> bool:
    groups = isinstance(value, nn.Module) and callable(getattr(value, "explain", None))
    return isinstance(value, Attribution) or groups


def _kind(method: Any, mistakes: bool) -> str:
    if isinstance(method, RegionAttribution):
        return "mistakes" if mistakes else "explanations"
    return "maps" if isinstance(method, Attribution) else "groups"


def _is_model(value: Any) -> bool:
    """Whether a value is the model itself rather than a function that makes it."""
    return isinstance(value, nn.Module) or needs_arguments(value)


def _stacked(examples: Sequence[Example], model: Any) -> Tensor:
    """Inputs of examples as one batch, on the model's device."""
    batch = torch.stack([torch.as_tensor(one.input) for one in examples])
    parameters = (p for module in modules_of(model) for p in module.parameters())
    first = next(parameters, None)
    return batch if first is None else batch.to(first.device)


def _plain(target: Any) -> int | list[float] | None:
    if target is None:
        return None
    values = np.asarray(target)
    return int(values) if values.ndim == 0 else values.astype(np.float64).ravel().tolist()


def _index(target: Any) -> Any:
    return tuple(int(part) for part in target) if isinstance(target, list) else target


def _targets(targets: Sequence[Any]) -> Any:
    """Targets of a batch in a form of Captum's: ints, tuples, or None for all."""
    if all(target is None for target in targets):
        return None
    plain = [_plain(target) for target in targets]
    return [_index(target) for target in plain]


@contextmanager
def _seeded(inputs: Tensor, seed: int) -> Iterator[None]:
    """Draw random numbers from a seed in a block, and leave torch's generator as it is."""
    with torch.random.fork_rng([inputs.device] if inputs.is_cuda else []):
        torch.manual_seed(seed)
        yield
