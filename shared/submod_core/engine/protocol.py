"""Protocol of the engine: queries to a model, its responses, and the oracle that answers.

A `Procedure` is a generator that yields a `Query` and receives `Responses`. It knows nothing of
batches, of repeated subsets or of other inputs; an `Oracle` knows nothing of searches.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

from submod_core._checks import as_whole_numbers, check_axes, check_callable
from submod_core._types import BoolArray, FloatArray, IntArray

T = TypeVar("T")

Overlap = Literal["thread", "device"] | None
"""Overlap of procedures with the model's work: see `submod_core.engine.drive`."""


class Query(NamedTuple):
    """Subsets of kept regions that the model has to see.

    Attributes
    ----------
    keep : ndarray of bool, (B, n)
    features : bool
        Whether the model's features are needed as well.

    Examples
    --------
    >>> import numpy as np
    >>> Query(np.eye(2, dtype=bool)).features
    False
    """

    keep: BoolArray
    features: bool = False


@dataclass(frozen=True, eq=False)
class Responses:
    """Answers of a model, one row for each subset.

    A subclass may add arrays of its own, (B, …) or None: the engine carries every field by its
    name, so that an oracle can answer what a new `submod_core.scores.Score` needs.

    Attributes
    ----------
    target : ndarray of float64, (B,)
        The target's score.
    confidence : ndarray of float64, (B,), or None
        Certainty of the model, in [0, 1].
    features : ndarray, (B, d), or None
        Feature vectors, where the query asked for them.

    Examples
    --------
    >>> import numpy as np
    >>> Responses(target=np.array([0.9, 0.1]))[:1].target
    array([0.9])
    """

    target: FloatArray
    confidence: FloatArray | None = None
    features: FloatArray | None = None

    @classmethod
    @cache
    def names(cls) -> tuple[str, ...]:
        """Names of all fields, those of a subclass included."""
        return tuple(field.name for field in fields(cls))

    def __len__(self) -> int:
        return len(self.target)

    def __getitem__(self, rows: slice) -> "Responses":
        """Responses of a slice of the rows."""
        given = ((name, getattr(self, name)) for name in self.names())
        some: dict[str, Any] = {name: None if x is None else x[rows] for name, x in given}
        return replace(self, **some)


Procedure = Generator[Query, Responses, T]
"""A dialogue with a model about one input, which returns a T."""


class Outcome(NamedTuple, Generic[T]):
    """Result of a procedure, and the number of images that went through the model for it.

    Examples
    --------
    >>> Outcome("order", model_inputs=4).model_inputs
    4
    """

    result: T
    model_inputs: int


class Oracle(Protocol):
    """Oracle of a host: shows masked inputs to a model.

    Examples
    --------
    A model that sums three features, with a baseline of 0:

    >>> import numpy as np
    >>> inputs = np.array([[1.0, 2.0, 4.0]])
    >>> def oracle(examples, keep, features):
    ...     return Responses(target=np.where(keep, inputs[examples], 0).sum(axis=1))
    >>> oracle(np.array([0]), np.array([[True, False, True]]), features=False).target
    array([5.])
    """

    def __call__(
        self, examples: IntArray, keep: BoolArray, features: bool
    ) -> Responses | Callable[[], Responses]:
        """Answer for the input `examples[b]` with its regions `keep[b]` kept.

        Parameters
        ----------
        examples : ndarray of intp, (B,)
            The number of each row's input.
        keep : ndarray of bool, (B, n)
            Rows of inputs with fewer regions are padded with False.
        features : bool
            Whether the features are needed.

        Returns
        -------
        Responses, or a function that returns them
            A function where an accelerator works asynchronously: its call waits for the answer.

        Raises
        ------
        OutOfMemoryError
            If the batch does not fit; the engine asks again with half the batch.
        """
        ...


def about(oracle: Oracle, examples: IntArray) -> Oracle:
    """The oracle of some of another's examples, which are numbered from 0 on.

    Examples
    --------
    >>> import numpy as np
    >>> def oracle(examples, keep, features):
    ...     return Responses(target=10.0 * examples)
    >>> about(oracle, np.array([4, 7]))(np.array([1, 0]), np.ones((2, 1), bool), False).target
    array([70., 40.])
    """
    check_callable("oracle", oracle)
    chosen = as_whole_numbers("examples", examples)
    check_axes("examples", chosen, 1, "(N,)")
    if (chosen < 0).any():
        raise ValueError("`examples` must be at least 0: they are numbers of the oracle's examples")

    def some(
        examples: IntArray, keep: BoolArray, features: bool
    ) -> Responses | Callable[[], Responses]:
        return oracle(chosen[examples], keep, features)

    return some


class OutOfMemoryError(RuntimeError):
    """Signal of an oracle that a batch does not fit the device's memory."""


class NonFiniteOutputError(ValueError):
    """Error where a model's answer is NaN or infinite."""
