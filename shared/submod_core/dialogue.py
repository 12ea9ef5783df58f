"""Dialogues with a model: what they ask, what is already known, and how their questions fill batches.

A dialogue is a generator that yields a `Query` and receives `Responses`; it knows nothing of batches, of repeated
questions or of other inputs.
"""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice, repeat
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from submod_core._types import BoolArray, FloatArray, IntArray

T = TypeVar("T")

# Answers remembered per input: all of a greedy search over up to 127 regions, a few megabytes.
REMEMBERED = 1 << 14


class Query(NamedTuple):
    """Subsets of kept regions, (B, n), to be shown to the model; `features` asks for its features as well."""

    keep: BoolArray
    features: bool = False


class Responses(NamedTuple):
    """A model's answers: the target's score (B,), the confidence (B,) or None, the features (B, d) where asked for."""

    target: FloatArray
    confidence: FloatArray | None = None
    features: FloatArray | None = None


Dialogue = Generator[Query, Responses, T]


class Outcome(NamedTuple, Generic[T]):
    """What a dialogue returned, and how many images went through the model for it."""

    result: T
    model_inputs: int


@dataclass
class Question:
    """The rows of one query that the model has not seen yet, and its answers as they come in."""

    seat: "Seat[Any]"
    keep: BoolArray
    features: bool
    shown: int = 0
    answered: list[Responses] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """All rows are answered."""
        return sum(len(responses.target) for responses in self.answered) == len(self.keep)


class Part(NamedTuple):
    """What of a question goes into one batch."""

    question: Question
    keep: BoolArray


@dataclass
class Seat(Generic[T]):
    """One dialogue, with what is already known for its input."""

    index: int
    dialogue: Dialogue[T]
    inert: BoolArray
    answers: dict[bytes, tuple[Any, ...]] = field(default_factory=dict)
    keys: list[bytes] = field(default_factory=list)
    missing: list[bytes] = field(default_factory=list)
    model_inputs: int = 0
    outcome: Outcome[T] | None = None

    def advance(self, responses: Responses | None) -> list[Question]:
        """Go on until the dialogue needs the model or ends; return what the model has to see, if anything."""
        while self.outcome is None:
            try:
                query = next(self.dialogue) if responses is None else self.dialogue.send(responses)
            except StopIteration as stop:
                self.outcome = Outcome(stop.value, self.model_inputs)
                self.answers, self.keys, self.missing = {}, [], []
                break
            if question := self._ask(query):
                return [question]
            responses = self._respond()
        return []

    def receive(self, answered: Sequence[Responses]) -> list[Question]:
        """Remember the answers to what was missing, and go on."""
        keys = iter(self.missing)
        for responses in answered:
            n_rows = len(responses.target)
            columns = [repeat(None, n_rows) if part is None else part for part in responses]
            self.answers.update(zip(islice(keys, n_rows), zip(*columns, strict=True), strict=True))
            self.model_inputs += n_rows
        return self.advance(self._respond())

    def _ask(self, query: Query) -> Question | None:
        # Regions that equal the baseline change nothing: subsets that differ in them alone are the same input.
        keep = query.keep & ~self.inert
        self.keys = [row.tobytes() for row in np.packbits(keep, axis=1)]
        rows: dict[bytes, int] = {}
        for i, key in enumerate(self.keys):
            known = self.answers.get(key)
            if known is None or (query.features and known[2] is None):
                rows.setdefault(key, i)
        self.missing = list(rows)
        return Question(self, keep[list(rows.values())], query.features) if rows else None

    def _respond(self) -> Responses:
        responses = Responses(*map(_stack, zip(*map(self.answers.__getitem__, self.keys), strict=True)))
        for key in list(islice(self.answers, max(0, len(self.answers) - REMEMBERED))):
            del self.answers[key]
        return responses


def _stack(values: Sequence[Any]) -> Any:
    return None if any(value is None for value in values) else np.array(values)


def count_rows(queue: deque[Question]) -> int:
    """Rows that the model has yet to be shown."""
    return sum(len(question.keep) - question.shown for question in queue)


def take(queue: deque[Question], most: int) -> list[Part]:
    """The next rows of the queue, as many as fit one batch; whoever wants features goes with others that do."""
    parts: list[Part] = []
    wants_features = queue[0].features
    while queue and most and queue[0].features == wants_features:
        question = queue[0]
        rows = question.keep[question.shown : question.shown + most]
        question.shown += len(rows)
        most -= len(rows)
        parts.append(Part(question, rows))
        if question.shown == len(question.keep):
            queue.popleft()
    return parts


def put_back(queue: deque[Question], parts: Sequence[Part]) -> None:
    """Undo the last `take`."""
    for question, rows in reversed(parts):
        if question.shown == len(question.keep):
            queue.appendleft(question)
        question.shown -= len(rows)


def pack(parts: Sequence[Part], width: int) -> tuple[IntArray, BoolArray]:
    """What an oracle is asked: the example of each row (B,), and its regions padded to (B, width)."""
    sizes = [len(rows) for _, rows in parts]
    keep = np.zeros((sum(sizes), width), dtype=bool)
    start = 0
    for _, rows in parts:
        keep[start : start + len(rows), : rows.shape[1]] = rows
        start += len(rows)
    return np.repeat([question.seat.index for question, _ in parts], sizes).astype(np.intp), keep


def hand_out(parts: Sequence[Part], responses: Responses) -> list[Question]:
    """Give each part its answers; return the questions that now have all of theirs."""
    start = 0
    for question, rows in parts:
        mine = slice(start, start + len(rows))
        confidence, features = (part if part is None else part[mine] for part in responses[1:])
        question.answered.append(Responses(responses.target[mine], confidence, features))
        start = mine.stop
    return [question for question, _ in parts if question.complete]


def go_on(answered: Sequence[Question]) -> list[Question]:
    """Let the dialogues of answered questions go on to their next ones."""
    return [asked for question in answered for asked in question.seat.receive(question.answered)]


@contextmanager
def closing(seats: Sequence[Seat[Any]]) -> Iterator[None]:
    """Close what has not ended, whatever happens."""
    try:
        yield
    finally:
        for seat in seats:
            seat.dialogue.close()
