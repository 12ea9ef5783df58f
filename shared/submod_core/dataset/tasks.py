"""Task of a run: what a host does with examples, and the recipe that builds it in each worker."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from submod_core.dataset.data import Example
from submod_core.dataset.kinds import Kind


@dataclass(frozen=True)
class Answer:
    """Result for one example, with the target it is for and the class that the model predicts.

    Attributes
    ----------
    result : object
        Of the task's kind.
    target : int, list of float or None
        A class, or the values of a target of another form.
    prediction : int or None
        None where the model gives no classes.
    """

    result: Any
    target: int | list[float] | None = None
    prediction: int | None = None


class OpenTask(ABC):
    """A task with its model and its dataset, in the process that runs it.

    Attributes
    ----------
    kind : Kind
        Of the results.
    settings : dict
        Description of everything that the results depend on, by
        `submod_core.dataset.describe`.
    dataset : object
        Map-style.
    """

    kind: Kind
    settings: dict[str, Any]
    dataset: Any

    @abstractmethod
    def read(self, index: int, name: str) -> Example:
        """Read an example of the dataset."""

    @abstractmethod
    def answer(self, examples: Sequence[Example], seed: int) -> list[Answer]:
        """Results of some examples, which do not depend on one another.

        Random numbers come from the seed alone.
        """


class Task(ABC):
    """Recipe of a task: it pickles, and each worker builds its own from it."""

    @abstractmethod
    def open(self) -> OpenTask:
        """Build the model and open the dataset."""
