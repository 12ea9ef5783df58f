"""Models that fail at a chosen call, and what is compared before and after the fault."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


class Meter:
    """Counter of a model's calls, which makes one of them fail.

    The model calls it with its number of inputs, and multiplies them by the answer plus one.
    """

    def __init__(self) -> None:
        self.set()

    def set(self, at: int = 0, fault: Callable[[], BaseException] | float = 0.0) -> None:
        """Count from 1 again. The call `at` raises what `fault` makes, or answers the number."""
        self.at, self.fault, self.rows = at, fault, []

    def __call__(self, n_rows: int) -> float:
        self.rows.append(int(n_rows))
        if len(self.rows) != self.at:
            return 0.0
        if callable(self.fault):
            raise self.fault()
        return self.fault

    def __deepcopy__(self, memo: Any) -> "Meter":
        return self  # copies of a model are counted with it


@dataclass
class Subject:
    """An object under test.

    Attributes
    ----------
    call : callable
        From inputs to a result.
    inputs : array or tensor
    state : callable
        Everything beside the inputs that a call must leave as it was, by names.
    """

    call: Callable[[Any], Any]
    inputs: Any
    state: Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A maker of a subject around a meter, and what holds of it.

    Attributes
    ----------
    make : callable
    says : str
        What the error of an answer of NaN has to match.
    smaller : bool
        Whether batches are halved where memory runs out; else another library runs the model.
    graph : bool
        Whether the model runs in a graph, where the host turns exceptions into its own.
    """

    make: Callable[[Meter], Subject]
    says: str
    smaller: bool = True
    graph: bool = False


@dataclass
class Snapshot:
    """All that a call must leave as it was."""

    subject: Subject
    seen: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.seen = self._look()

    def _look(self) -> dict[str, Any]:
        return {
            "inputs": np.array(self.subject.inputs),
            "threads": sorted(thread.name for thread in threading.enumerate()),
            "numpy's generator": np.random.get_state()[1:3],
            "Python's generator": random.getstate(),
            **self.subject.state(),
        }

    def check(self) -> None:
        """Fail with the name of whatever has changed."""
        for name, value in self._look().items():
            assert same(self.seen[name], value), f"{name}: {self.seen[name]} became {value}"


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, arrays element by element."""
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    return bool(one == other)


def arrays(result: Any) -> list[np.ndarray]:
    """The numbers of a result: a tensor, explanations, mistakes, or lists of these."""
    if isinstance(result, list | tuple):
        return [array for one in result for array in arrays(one)]
    for names in (("order", "importance"), ("groups", "contributions", "logits")):
        if all(hasattr(result, name) for name in names):
            return [np.asarray(getattr(result, name), float) for name in names]
    if hasattr(result, "detach"):
        result = result.detach()
    return [np.asarray(result, float)]


def check_same(found: Any, wanted: Any, atol: float = 0.0) -> None:
    """Fail unless two results are the same, up to a rounding."""
    for one, other in zip(arrays(found), arrays(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=atol)
