"""Recipes and open tasks that both hosts share: a method over a dataset, a metric over results."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from submod_core._checks import check_count
from submod_core.dataset.data import Example, alike, dataset_of, reading
from submod_core.dataset.fingerprint import describe
from submod_core.dataset.kinds import KINDS, Kind
from submod_core.dataset.stored import StoredExplanations, open_explanations
from submod_core.dataset.tasks import Answer, OpenTask

_OURS = ("captum-xplique-submod", "numpy", "scipy", "scikit-image")


def versions(*packages: str) -> dict[str, str]:
    """Versions of installed packages, with those that all results depend on.

    Examples
    --------
    >>> import numpy as np
    >>> versions()["numpy"] == np.__version__
    True
    """
    found = {}
    for name in (*_OURS, *packages):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


@dataclass(frozen=True, kw_only=True)
class Given:
    """Arguments that a run over a dataset shares between hosts, methods and metrics.

    Attributes
    ----------
    dataset, transform
        As in `submod_core.dataset.reading`.
    seed : int
        Of methods that draw random numbers.
    arguments : mapping
        Further arguments of the host's method or metric.
    """

    dataset: Any
    transform: Callable[[Any], Any] | None = None
    seed: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_count("seed", self.seed, least=0)
        object.__setattr__(self, "seed", int(self.seed))


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


class MetricTask(HostTask):
    """A metric over the results of a run."""

    kind: Kind = KINDS["scores"]

    def __init__(self, given: Given, explanations: Any) -> None:
        super().__init__(given)
        self.explanations: StoredExplanations = (
            explanations
            if isinstance(explanations, StoredExplanations)
            else open_explanations(explanations)
        )
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

    def attributions(self, examples: Sequence[Example]) -> list[Any]:
        """Results of examples in a form that metrics take: explanations, orders or maps."""
        found = [self.explanations[one.id] for one in examples]
        if self.explanations.manifest.kind.name == "groups":
            targets = [self.explanations.row(one.id)["target"] for one in examples]
            return [
                one.reveal_order(int(one.logits.argmax()) if target is None else target)
                for one, target in zip(found, targets, strict=True)
            ]
        if self.explanations.manifest.kind.name == "mistakes":
            raise ValueError("`explanations` holds mistakes, which have no metric")
        return found

    def explained_target(self, one: Example) -> int | list[float] | None:
        """Target that an example was explained for: the prediction where the dataset had none."""
        row = self.explanations.row(one.id)
        target: int | list[float] | None = row["target"]
        return row["target_values"] if target is None else target
