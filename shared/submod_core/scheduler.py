"""Runs the dialogues of many inputs with one model: packs their questions into batches and remembers the answers.

A dialogue is a generator that yields a `Query` and receives `Responses`; it knows nothing of batches, of repeated
questions or of other inputs. An oracle answers batches; it knows nothing of searches.
"""

import warnings
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from submod_core._types import BoolArray, FloatArray, IntArray

T = TypeVar("T")


class Query(NamedTuple):
    """Subsets of kept regions, (B, n), to be shown to the model; `features` asks for its features as well."""

    keep: BoolArray
    features: bool = False


class Responses(NamedTuple):
    """A model's answers: the target's score (B,), the confidence (B,) or None, the features (B, d) where asked for."""

    target: FloatArray
    confidence: FloatArray | None = None
    features: FloatArray | None = None


class Oracle(Protocol):
    """An adapter's part: shows masked inputs to a model."""

    def __call__(self, examples: IntArray, keep: BoolArray, features: bool) -> Responses:
        """Answer for the input `examples[b]` with its regions `keep[b]` kept; rows are padded with False.

        Raises
        ------
        OutOfMemoryError
            If the batch does not fit; it is asked again in halves.
        """
        ...


class OutOfMemoryError(RuntimeError):
    """Raised by an oracle when a batch does not fit the device's memory."""


class NonFiniteOutputError(ValueError):
    """The model's answer was NaN or infinite."""


Dialogue = Generator[Query, Responses, T]


class Outcome(NamedTuple, Generic[T]):
    """What a dialogue returned, and how many images went through the model for it."""

    result: T
    model_inputs: int


class _Answer(NamedTuple):
    target: Any
    confidence: Any
    features: Any


def _stack(values: Sequence[Any]) -> Any:
    return None if any(value is None for value in values) else np.array(values)


@dataclass
class _Seat(Generic[T]):
    """One dialogue, with what it has asked and what is already known for its input."""

    index: int
    dialogue: Dialogue[T]
    inert: BoolArray
    answers: dict[bytes, _Answer] = field(default_factory=dict)
    keys: list[bytes] = field(default_factory=list)
    missing: int = 0
    model_inputs: int = 0
    outcome: Outcome[T] | None = None

    def advance(self, responses: Responses | None) -> "list[_Row]":
        """Go on until the dialogue needs the model or ends; return the rows that the model has to see."""
        while self.outcome is None:
            try:
                query = next(self.dialogue) if responses is None else self.dialogue.send(responses)
            except StopIteration as stop:
                self.outcome = Outcome(stop.value, self.model_inputs)
                self.answers.clear()
                break
            if rows := self._ask(query):
                return rows
            responses = self.respond()
        return []

    def _ask(self, query: Query) -> "list[_Row]":
        # Regions that equal the baseline change nothing: subsets that differ in them alone are the same input.
        keep = query.keep & ~self.inert
        self.keys = [row.tobytes() for row in np.packbits(keep, axis=1)]
        rows: dict[bytes, _Row] = {}
        for key, row in zip(self.keys, keep, strict=True):
            known = self.answers.get(key)
            if known is None or (query.features and known.features is None):
                rows.setdefault(key, _Row(self, key, row, query.features))
        self.missing = len(rows)
        return list(rows.values())

    def respond(self) -> Responses:
        return Responses(*map(_stack, zip(*(self.answers[key] for key in self.keys), strict=True)))


class _Row(NamedTuple):
    seat: _Seat  # type: ignore[type-arg]
    key: bytes
    keep: BoolArray
    features: bool


def drive(
    dialogues: Sequence[Dialogue[T]],
    oracle: Oracle,
    *,
    inert: Sequence[BoolArray],
    batch_size: int,
    on_batch: Callable[[int], object] | None = None,
    model_name: str = "model",
) -> list[Outcome[T]]:
    """Run dialogues to their end, filling each model batch from all of them.

    The model never sees the same subset of the same input twice, and what a dialogue receives does not depend on how
    its questions were packed.

    Parameters
    ----------
    dialogues : sequence of Dialogue
        One per input.
    oracle : Oracle
    inert : sequence of ndarray of bool, (n,)
        For each input, the regions whose elements all equal the baseline.
    batch_size : int
        Most images per call of the oracle. Halved, once or more, when it raises `OutOfMemoryError`.
    on_batch : callable, optional
        Called with the number of images after each batch.
    model_name : str
        What errors call the model: the adapter's argument.

    Returns
    -------
    list of Outcome

    Raises
    ------
    NonFiniteOutputError
        If the model answers NaN or an infinity.
    OutOfMemoryError
        If a single image does not fit.

    Examples
    --------
    >>> def full_and_empty():
    ...     responses = yield Query(np.array([[True, True], [False, False]]))
    ...     return responses.target
    >>> def oracle(examples, keep, features):
    ...     return Responses(target=keep.sum(axis=1) + 10.0 * examples)
    >>> drive([full_and_empty(), full_and_empty()], oracle, inert=[np.zeros(2, bool)] * 2, batch_size=3)
    [Outcome(result=array([2., 0.]), model_inputs=2), Outcome(result=array([12., 10.]), model_inputs=2)]
    """
    seats = [_Seat(i, dialogue, mask) for i, (dialogue, mask) in enumerate(zip(dialogues, inert, strict=True))]
    width = max((len(seat.inert) for seat in seats), default=0)
    queue: deque[_Row] = deque()
    announced = batch_size
    try:
        for seat in seats:
            queue.extend(seat.advance(None))
        while queue:
            rows = _take(queue, batch_size)
            try:
                responses = oracle(*_pack(rows, width), rows[0].features)
            except OutOfMemoryError:
                if len(rows) == 1:
                    raise
                batch_size = len(rows) // 2
                queue.extendleft(reversed(rows))
                continue
            if batch_size < announced:
                _warn_smaller(announced, batch_size)
                announced = 0
            _check_finite(rows, responses, model_name)
            queue.extend(_settle(rows, responses))
            if on_batch is not None:
                on_batch(len(rows))
    finally:
        for seat in seats:
            seat.dialogue.close()
    return [seat.outcome for seat in seats if seat.outcome is not None]


def _take(queue: deque[_Row], most: int) -> list[_Row]:
    rows = [queue.popleft()]
    while queue and len(rows) < most and queue[0].features == rows[0].features:
        rows.append(queue.popleft())
    return rows


def _pack(rows: Sequence[_Row], width: int) -> tuple[IntArray, BoolArray]:
    keep = np.zeros((len(rows), width), dtype=bool)
    for packed, row in zip(keep, rows, strict=True):
        packed[: len(row.keep)] = row.keep
    return np.array([row.seat.index for row in rows], dtype=np.intp), keep


def _warn_smaller(asked: int, fitting: int) -> None:
    warnings.warn(
        f"the model ran out of memory on a batch of {asked} images; going on with batches of {fitting}",
        RuntimeWarning,
        stacklevel=3,
    )


def _settle(rows: Sequence[_Row], responses: Responses) -> list[_Row]:
    asked: list[_Row] = []
    columns = (repeat(None) if part is None else part for part in responses)
    for row, *answer in zip(rows, *columns, strict=False):
        row.seat.answers[row.key] = _Answer(*answer)
        row.seat.model_inputs += 1
        row.seat.missing -= 1
        if not row.seat.missing:
            asked += row.seat.advance(row.seat.respond())
    return asked


def _check_finite(rows: Sequence[_Row], responses: Responses, model_name: str) -> None:
    parts = [np.isfinite(part) for part in responses if part is not None]
    if not all(part.all() for part in parts):
        finite = np.all([part.reshape(len(rows), -1).all(1) for part in parts], axis=0)
        row, target = rows[int(finite.argmin())], responses.target[int(finite.argmin())]
        kept = np.flatnonzero(row.keep).tolist()
        named = str(kept) if len(kept) <= 8 else f"{str(kept[:8])[:-1]}, …] ({len(kept)} in all)"
        raise NonFiniteOutputError(
            f"the output of `{model_name}` for example {row.seat.index} with only the regions {named} kept is not "
            f"finite (target score {target}); it must be, also for inputs that are mostly baseline"
        )
