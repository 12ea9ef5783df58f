"""Conventions of a host, and what a run is given: see `host_tasks` for what uses them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar

import numpy as np

from submod_core._checks import check_count
from submod_core._types import FloatArray
from submod_core.dataset.data import Example

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


def plain_target(target: Any) -> int | list[float] | None:
    """Class of a target: a number, or the one of a one-hot row; else its values.

    A tuple holds indices of an output, as under Captum, and is no one-hot row.

    Raises
    ------
    ValueError
        If a number is no class.

    Examples
    --------
    >>> plain_target(3), plain_target([0.0, 1.0]), plain_target([2, 5]), plain_target(None)
    (3, 1, [2.0, 5.0], None)
    >>> plain_target((0, 1))
    [0.0, 1.0]
    """
    if target is None:
        return None
    values = np.asarray(target)
    if values.dtype.kind not in "iufb" or (values.ndim == 0 and values != np.rint(values)):
        raise ValueError(f"`dataset` has the target {target!r}, which must be a class or a row")
    values = values.astype(np.float64)
    if values.ndim == 0:
        return int(values)
    row = values.ndim == 1 and len(values) > 1 and not isinstance(target, tuple)
    one_hot = row and sorted(values)[-2:] == [0.0, 1.0]
    return int(values.argmax()) if one_hot else values.ravel().tolist()


class Host(ABC):
    """Conventions of a host: its methods and models, batches and targets.

    Attributes
    ----------
    packages : tuple of str
        Distributions whose versions the results depend on.
    model_argument : str
        Name of the argument that holds the model, of methods and metrics.
    method_kind : str
        A method, for errors.
    metrics : mapping of str to callable
        Metrics that judge one explanation at a time.
    metric_kind : str
        A metric, for errors.
    """

    packages: ClassVar[tuple[str, ...]]
    model_argument: ClassVar[str]
    method_kind: ClassVar[str]
    metrics: ClassVar[Mapping[str, Any]]
    metric_kind: ClassVar[str]

    @abstractmethod
    def kind(self, method: Any) -> str | None:
        """Kind of a method's results: a key of `KINDS`, None for what is no method."""

    @abstractmethod
    def is_model(self, value: Any) -> bool:
        """Whether a value is surely a model, as a module is."""

    @abstractmethod
    def stacked(self, examples: Sequence[Example], model: Any) -> Any:
        """Inputs of examples as one batch, where the model is."""

    @abstractmethod
    def class_scores(self, model: Any, inputs: Any) -> FloatArray | None:
        """Class scores (N, C) of whole inputs; None where the model gives something else."""

    @abstractmethod
    def targets(self, targets: Sequence[Any], n_classes: int | None) -> Any:
        """Targets of a batch in the host's form; None where there are none."""

    @abstractmethod
    def seeded(self, inputs: Any, seed: int) -> AbstractContextManager[None]:
        """Draw random numbers from a seed in a block, and leave the user's generators."""

    @abstractmethod
    def explained(
        self, kind: str, method: Any, inputs: Any, targets: Any, arguments: Mapping[str, Any]
    ) -> Sequence[Any]:
        """Results of a method; of the kind "mistakes" the `Mistakes` themselves."""

    @abstractmethod
    def judged(
        self, metric: Any, model: Any, inputs: Any, given: Any, targets: Any, arguments: Any
    ) -> Sequence[float]:
        """Numbers of a metric that asks the model about inputs and the results given for them."""

    @abstractmethod
    def judged_alone(self, metric: Any, given: Any, arguments: Any) -> Sequence[float]:
        """Numbers of a metric that looks at the results alone."""
