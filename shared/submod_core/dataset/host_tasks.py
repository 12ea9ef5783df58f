"""A method over a dataset, a metric over its results: the part that the hosts share."""

import inspect
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from submod_core.dataset.data import Example, alike, dataset_of, reading
from submod_core.dataset.fingerprint import describe
from submod_core.dataset.folder import folder_of
from submod_core.dataset.host import Given, Host, plain_target, versions
from submod_core.dataset.judging import metric_of
from submod_core.dataset.kinds import KINDS, Kind
from submod_core.dataset.run import Run, run_task
from submod_core.dataset.sources import needs_arguments, resolved
from submod_core.dataset.statistics import Scores
from submod_core.dataset.stored import StoredExplanations, open_explanations
from submod_core.dataset.tasks import Answer, OpenTask, Task


class HostTask(OpenTask):
    """A task over a dataset: reads examples, and answers those of one shape together."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.dataset = dataset_of(given.dataset)
        self._read = reading(self.dataset, given.transform)

    def _described(self, **more: Any) -> dict[str, Any]:
        """Settings of a run, for its fingerprint."""
        given = self.given
        own = {"seed": given.seed, "transform": describe(given.transform)}
        return {**own, "arguments": describe(dict(given.arguments)), **more}

    def read(self, index: int, name: str) -> Example:
        """See `OpenTask`."""
        return self._read(index, name)

    def answer(self, examples: Sequence[Example], seed: int) -> list[Answer]:
        """See `OpenTask`."""
        found = {
            one.index: answer
            for group in alike(examples)
            for one, answer in zip(group, self._batch(group, self.given.seed + seed), strict=True)
        }
        return [found[one.index] for one in examples]

    @abstractmethod
    def _batch(self, examples: Sequence[Example], seed: int) -> Sequence[Answer]:
        """Answers for examples whose inputs can stand in one batch."""


@dataclass(frozen=True)
class AttributeTask(Task):
    """Recipe of a method over a dataset."""

    host: Host
    method: Any
    given: Given
    mistakes: bool

    def open(self) -> HostTask:
        """See `Task`."""
        return _Attributing(self)


@dataclass(frozen=True)
class EvaluateTask(Task):
    """Recipe of a metric over the results of a run."""

    host: Host
    explanations: Any
    metric: str | Callable[..., Any]
    model: Any
    given: Given

    def open(self) -> HostTask:
        """See `Task`."""
        return _Judging(self)


class _Attributing(HostTask):
    """A method with its model."""

    def __init__(self, recipe: AttributeTask) -> None:
        super().__init__(recipe.given)
        self.host = host = recipe.host
        # A model is never a function that makes a method: it is an error.
        self.method = resolved(
            recipe.method, "method", lambda v: host.kind(v) is not None or host.is_model(v)
        )
        kind = host.kind(self.method)
        if kind is None:
            raise TypeError(f"`method` (a {type(self.method).__name__}) must be {host.method_kind}")
        if recipe.mistakes and kind != "explanations":
            raise ValueError("`mistakes` (=True) needs a LiMA or SMDL as `method`")
        self.model = getattr(self.method, host.model_argument, self.method)
        self.kind = KINDS["mistakes" if recipe.mistakes else kind]
        self.settings = self._described(
            method=describe(self.method),
            mistakes=recipe.mistakes,
            versions=versions(*host.packages),
        )

    def _batch(self, examples: Sequence[Example], seed: int) -> list[Answer]:
        inputs = self.host.stacked(examples, self.model)
        scores = self.host.class_scores(self.model, inputs)
        n_classes = None if scores is None else scores.shape[1]
        predicted = [None] * len(examples) if scores is None else scores.argmax(1).tolist()
        # An example without a target is explained for what the model predicts.
        chosen = [
            guess if one.target is None else one.target
            for one, guess in zip(examples, predicted, strict=True)
        ]
        targets = self.host.targets(chosen, n_classes)
        with self.host.seeded(inputs, seed):
            results = self.host.explained(
                self.kind.name, self.method, inputs, targets, self.given.arguments
            )
        if self.kind.name == "mistakes":
            wrong = {mistake.example: mistake for mistake in results}
            results = [wrong.get(i) for i in range(len(examples))]
        return [
            Answer(result, plain_target(target), guess)
            for result, target, guess in zip(results, chosen, predicted, strict=True)
        ]


class _Judging(HostTask):
    """A metric with its model, over the results of a run."""

    kind: Kind = KINDS["scores"]

    def __init__(self, recipe: EvaluateTask) -> None:
        super().__init__(recipe.given)
        self.host = host = recipe.host
        self.explanations = open_explanations(recipe.explanations)
        self._check_explanations()
        self.metric = metric_of(recipe.metric, host.metrics, host.metric_kind)
        name = host.model_argument
        self.model = resolved(recipe.model, name, lambda v: host.is_model(v) or needs_arguments(v))
        self.asks_model = name in inspect.signature(self.metric).parameters
        self.settings = self._described(
            metric=describe(self.metric),
            model=describe(self.model),
            explanations=self.explanations.manifest.fingerprint,
            versions=versions(*host.packages),
        )

    def _check_explanations(self) -> None:
        if missing := self.explanations.verify().missing:
            raise ValueError(
                f"`explanations` (={self.explanations!r}) must be complete: {len(missing)} "
                "examples are missing"
            )
        if len(self.explanations) != len(self.dataset):
            raise ValueError(
                f"`dataset` (of length {len(self.dataset)}) must be the one of `explanations` (of "
                f"length {len(self.explanations)})"
            )

    def _batch(self, examples: Sequence[Example], seed: int) -> list[Answer]:
        given, host, arguments = self._attributions(examples), self.host, self.given.arguments
        targets = [self._explained_target(one) for one in examples]
        inputs = host.stacked(examples, self.model)
        with host.seeded(inputs, seed):
            if self.asks_model:
                scores = host.class_scores(self.model, host.stacked(examples[:1], self.model))
                chosen = host.targets(targets, None if scores is None else scores.shape[1])
                numbers = host.judged(self.metric, self.model, inputs, given, chosen, arguments)
            else:
                numbers = host.judged_alone(self.metric, given, arguments)
        return [Answer(*pair) for pair in zip(numbers, targets, strict=True)]

    def _attributions(self, examples: Sequence[Example]) -> Any:
        """Results of examples as metrics take them: explanations, orders, or one array of maps."""
        found = [self.explanations[one.id] for one in examples]
        if self.explanations.manifest.kind.name == "groups":
            targets = [self.explanations.row(one.id)["target"] for one in examples]
            return [
                one.reveal_order(int(one.logits.argmax()) if target is None else target)
                for one, target in zip(found, targets, strict=True)
            ]
        if self.explanations.manifest.kind.name == "mistakes":
            raise ValueError("`explanations` holds mistakes, which have no metric")
        return np.stack(found) if isinstance(found[0], np.ndarray) else found

    def _explained_target(self, one: Example) -> int | list[float] | None:
        """Target that an example was explained for: the prediction where the dataset had none."""
        row = self.explanations.row(one.id)
        target: int | list[float] | None = row["target"]
        return row["target_values"] if target is None else target


def attributed(
    task: AttributeTask, folder: Any, ids: Sequence[str] | None, shard_size: int, how: Run
) -> StoredExplanations:
    """Run a method over a dataset, and open its results."""
    return open_explanations(run_task(task, folder, ids, shard_size, how))


def evaluated(
    host: Host,
    explanations: Any,
    asked: tuple[Any, Any],
    given: Given,
    folder: Any,
    shard_size: int,
    how: Run,
) -> Scores:
    """Run a metric over the results of a run, and read its numbers; `asked`: metric and model."""
    # Workers get the folder: opened results hold files of this process.
    opened = isinstance(explanations, StoredExplanations)
    where = explanations.folder if opened else folder_of(explanations, "explanations")
    task = EvaluateTask(host, where, *asked, given)
    ids = open_explanations(where).ids
    return open_explanations(run_task(task, folder, ids, shard_size, how)).scores()
