"""Whole datasets, for Captum: a method over every example, a metric over every explanation."""

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
from submod_core._checks import check_flag
from submod_core._docs import documented
from submod_core.dataset import (
    KINDS,
    Answer,
    Example,
    Run,
    Scores,
    StoredExplanations,
    Task,
    describe,
    needs_arguments,
    open_explanations,
    resolved,
    run_task,
)
from submod_core.dataset.host import Given, HostTask, MetricTask, versions
from submod_core.dataset.options import OPTIONS


@documented(OPTIONS)
def attribute_dataset(
    method: Any,
    dataset: Any,
    folder: Any,
    *,
    ids: Sequence[str] | None = None,
    transform: Callable[[Any], Any] | None = None,
    mistakes: bool = False,
    seed: int = 0,
    shard_size: int = 32,
    engine: str | None = None,
    n_workers: int | None = None,
    num_gpus: float = 0,
    address: str | None = None,
    retry_failed: bool = False,
    show_progress: bool = False,
    **arguments: Any,
) -> StoredExplanations:
    """Explain every example of a dataset, losing nothing however often it is interrupted.

    The folder gets one Parquet file for each shard, whole or not at all. Called again, the function
    explains what is missing: also with another engine, or more workers.

    Parameters
    ----------
    method : Attribution, SumOfParts, SelfAttributing, callable or str
        Method with its model. `LiMA` and `SMDL` give explanations, `SumOfParts` and
        `SelfAttributing` groups, all other methods of Captum maps. Or a function that makes the
        method, itself or as "module:function", which each worker calls once.
    {dataset}
    {folder}
    {ids}
    {transform}
    mistakes : bool
        Explain the examples that the model gets wrong, as `explain_mistakes` does; the dataset's
        targets are the true classes.
    {seed}
    {shard_size}
    {run}
    **arguments
        Of the method's `attribute` for all examples alike: baselines, perturbations_per_eval, a
        feature_mask (1, …), n_steps, …

    Returns
    -------
    StoredExplanations
        An example that fails is a row with its error.

    Raises
    ------
    {raises}

    Examples
    --------
    >>> import tempfile
    >>> from captum_submod import LiMA
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 10))
    >>> data = torch.rand(5, 3, 8, 8), [3, 1, 4, 1, 5]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     stored = attribute_dataset(LiMA(model, regions=(2, 2)), data, folder, shard_size=2)
    ...     stored, stored[4].order.shape, stored.row(4)["target"]
    (StoredExplanations(5 of 5 explanations), (4,), 5)
    """
    check_flag("mistakes", mistakes)
    given = Given(dataset=dataset, transform=transform, seed=seed, arguments=arguments)
    how = Run(
        engine=engine,
        n_workers=n_workers,
        num_gpus=num_gpus,
        address=address,
        retry_failed=retry_failed,
        show_progress=show_progress,
    )
    task = _Attribute(method, given, mistakes)
    return open_explanations(run_task(task, folder, ids, shard_size, how))


@documented(OPTIONS)
def evaluate_dataset(
    explanations: Any,
    metric: str | Callable[..., Any],
    forward_func: Any,
    dataset: Any,
    folder: Any,
    *,
    transform: Callable[[Any], Any] | None = None,
    seed: int = 0,
    shard_size: int = 32,
    engine: str | None = None,
    n_workers: int | None = None,
    num_gpus: float = 0,
    address: str | None = None,
    retry_failed: bool = False,
    show_progress: bool = False,
    **arguments: Any,
) -> Scores:
    """Judge every explanation of a dataset by a metric, one number an example.

    Parameters
    ----------
    explanations : StoredExplanations, str or PathLike
        Result of `attribute_dataset`, or its folder: any method's.
    metric : str or callable
        Function of `captum_submod.metrics`, or its name: "insertion".
    forward_func : Module, callable or str
        The model, or a function without arguments that makes it, itself or as "module:function".
    {dataset}
    {folder}
    {transform}
    {seed}
    {shard_size}
    {run}
    **arguments
        Of the metric for all examples alike: baselines, activation, steps, …

    Returns
    -------
    Scores
        With the mean and its interval, and paired differences from those of another method. NaN for
        examples that failed.

    Raises
    ------
    {raises}

    Examples
    --------
    >>> import tempfile
    >>> from captum.attr import Saliency
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 10))
    >>> data = torch.rand(5, 3, 8, 8), [3, 1, 4, 1, 5]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     maps = attribute_dataset(Saliency(model), data, folder + "/maps")
    ...     len(evaluate_dataset(maps, "insertion", model, data, folder + "/insertion", steps=4))
    5
    """
    given = Given(dataset=dataset, transform=transform, seed=seed, arguments=arguments)
    how = Run(
        engine=engine,
        n_workers=n_workers,
        num_gpus=num_gpus,
        address=address,
        retry_failed=retry_failed,
        show_progress=show_progress,
    )
    where = explanations
    if isinstance(explanations, StoredExplanations):  # which holds open files of this process
        where = explanations.folder
    task = _Evaluate(where, metric, forward_func, given)
    ids = open_explanations(where).ids
    return open_explanations(run_task(task, folder, ids, shard_size, how)).scores()


@dataclass(frozen=True)
class _Attribute(Task):
    method: Any
    given: Given
    mistakes: bool

    def open(self) -> HostTask:
        """See `Task`."""
        return _OpenAttribute(self)


@dataclass(frozen=True)
class _Evaluate(Task):
    explanations: Any
    metric: str | Callable[..., Any]
    forward_func: Any
    given: Given

    def open(self) -> HostTask:
        """See `Task`."""
        return _OpenEvaluate(self)


class _OpenAttribute(HostTask):
    """A method with its model."""

    def __init__(self, recipe: _Attribute) -> None:
        super().__init__(recipe.given)
        self.method = resolved(recipe.method, "method", _is_method)
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

    def __init__(self, recipe: _Evaluate) -> None:
        super().__init__(recipe.given, recipe.explanations)
        named = isinstance(recipe.metric, str)
        self.metric: Any = getattr(metrics, str(recipe.metric), None) if named else recipe.metric
        if not callable(self.metric):
            raise ValueError(
                f"`metric` (={recipe.metric!r}) must be one of {sorted(metrics.METRICS)}, or a "
                "function like them"
            )
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
