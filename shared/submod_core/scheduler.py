"""Runs the dialogues of many inputs with one model: packs their questions into batches and remembers the answers.

A dialogue is a generator that yields a `Query` and receives `Responses`; it knows nothing of batches, of repeated
questions or of other inputs. An oracle answers batches; it knows nothing of searches.
"""

import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice, repeat
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from submod_core._memory import keep_freed_memory
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.batching import BatchSize

T = TypeVar("T")

# Answers remembered per input: all of a greedy search over up to 127 regions, a few megabytes.
_REMEMBERED = 1 << 14
# Dialogues go on side by side until their questions fill so many batches: when one ends, the others still fill theirs.
_BATCHES_AHEAD = 4


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


@dataclass
class _Question:
    """The rows of one query that the model has not seen yet, and its answers as they come in."""

    seat: "_Seat[Any]"
    keep: BoolArray
    features: bool
    shown: int = 0
    answered: list[Responses] = field(default_factory=list)


class _Part(NamedTuple):
    """What of a question goes into one batch."""

    question: _Question
    keep: BoolArray


@dataclass
class _Seat(Generic[T]):
    """One dialogue, with what is already known for its input."""

    index: int
    dialogue: Dialogue[T]
    inert: BoolArray
    answers: dict[bytes, tuple[Any, ...]] = field(default_factory=dict)
    keys: list[bytes] = field(default_factory=list)
    missing: list[bytes] = field(default_factory=list)
    model_inputs: int = 0
    outcome: Outcome[T] | None = None

    def advance(self, responses: Responses | None) -> list[_Question]:
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

    def receive(self, answered: Sequence[Responses]) -> list[_Question]:
        """Remember the answers to what was missing, and go on."""
        keys = iter(self.missing)
        for responses in answered:
            n_rows = len(responses.target)
            columns = [repeat(None, n_rows) if part is None else part for part in responses]
            self.answers.update(zip(islice(keys, n_rows), zip(*columns, strict=True), strict=True))
            self.model_inputs += n_rows
        return self.advance(self._respond())

    def _ask(self, query: Query) -> _Question | None:
        # Regions that equal the baseline change nothing: subsets that differ in them alone are the same input.
        keep = query.keep & ~self.inert
        self.keys = [row.tobytes() for row in np.packbits(keep, axis=1)]
        rows: dict[bytes, int] = {}
        for i, key in enumerate(self.keys):
            known = self.answers.get(key)
            if known is None or (query.features and known[2] is None):
                rows.setdefault(key, i)
        self.missing = list(rows)
        return _Question(self, keep[list(rows.values())], query.features) if rows else None

    def _respond(self) -> Responses:
        responses = Responses(*map(_stack, zip(*map(self.answers.__getitem__, self.keys), strict=True)))
        for key in list(islice(self.answers, max(0, len(self.answers) - _REMEMBERED))):
            del self.answers[key]
        return responses


def _stack(values: Sequence[Any]) -> Any:
    return None if any(value is None for value in values) else np.array(values)


def drive(
    dialogues: Sequence[Dialogue[T]],
    oracle: Oracle,
    *,
    inert: Sequence[BoolArray],
    batch_size: int | str,
    overlap: bool = False,
    on_batch: Callable[[int], object] | None = None,
    model_name: str = "model",
) -> list[Outcome[T]]:
    """Run dialogues to their end, filling each model batch from all of them.

    The model does not see a subset of an input again while its answer is remembered, as the last 16,384 of each input
    are; what a dialogue receives does not depend on how its questions were packed. A dialogue begins only when those
    before it ask for less than four batches, so that memory grows with the batch, not with the number of inputs.

    Parameters
    ----------
    dialogues : sequence of Dialogue
        One per input.
    oracle : Oracle
    inert : sequence of ndarray of bool, (n,)
        For each input, the regions whose elements all equal the baseline.
    batch_size : int or "auto"
        Most images per call of the oracle; "auto" finds by timing where it is fastest. Halved, once or more, when it
        raises `OutOfMemoryError`.
    overlap : bool
        While the model works on a full batch, dialogues whose questions are answered go on in a second thread, one at a
        time; the oracle is called in the caller's. For models that run without Python, as graphs and on accelerators
        do: others, which call each layer from Python, would wait for the dialogues.
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
    queue: deque[_Question] = deque()
    waiting = iter(seats)
    batch, halved, announced = BatchSize(batch_size), 0, False
    keep_freed_memory()
    # The oracle keeps the caller's thread: what frameworks are told for a block of code holds in its thread alone.
    with _closing(seats), ThreadPoolExecutor(1) as second_thread:
        going_on: Future[list[_Question]] | None = None
        while _fill(queue, waiting, _BATCHES_AHEAD * batch.size):
            # Nobody else fills the last batch of a single question: its rows are shared out evenly instead.
            parts = _take(queue, batch.share(_rows(queue)) if len(queue) == 1 else batch.size)
            examples, keep = _pack(parts, width)
            start = time.perf_counter()
            try:
                responses = oracle(examples, keep, parts[0].question.features)
            except OutOfMemoryError:
                if len(examples) == 1:
                    raise
                halved = halved or batch.size
                batch.too_large(len(examples))
                _put_back(queue, parts)
                continue
            batch.timed(len(examples), time.perf_counter() - start)
            if halved and not announced:
                _warn_smaller(halved, batch.size)
                announced = True
            _check_finite(examples, keep, responses, model_name)
            answered = _hand_out(parts, responses)
            queue.extend(going_on.result() if going_on else ())
            fills = overlap and answered and _rows(queue) >= batch.size
            going_on = second_thread.submit(_go_on, answered) if fills else None
            queue.extend(() if going_on else _go_on(answered))
            if on_batch is not None:
                on_batch(len(examples))
    return [seat.outcome for seat in seats if seat.outcome is not None]


def _fill(queue: deque[_Question], waiting: Iterator[_Seat[T]], most: int) -> bool:
    """Begin dialogues until the queue holds so many rows; False if there is nothing to show."""
    while _rows(queue) < most and (seat := next(waiting, None)) is not None:
        queue.extend(seat.advance(None))
    return bool(queue)


def _rows(queue: deque[_Question]) -> int:
    return sum(len(question.keep) - question.shown for question in queue)


def _take(queue: deque[_Question], most: int) -> list[_Part]:
    """The next rows of the queue, as many as fit one batch; whoever wants features goes with others that do."""
    parts: list[_Part] = []
    wants_features = queue[0].features
    while queue and most and queue[0].features == wants_features:
        question = queue[0]
        rows = question.keep[question.shown : question.shown + most]
        question.shown += len(rows)
        most -= len(rows)
        parts.append(_Part(question, rows))
        if question.shown == len(question.keep):
            queue.popleft()
    return parts


def _put_back(queue: deque[_Question], parts: Sequence[_Part]) -> None:
    for question, rows in reversed(parts):
        if question.shown == len(question.keep):
            queue.appendleft(question)
        question.shown -= len(rows)


def _pack(parts: Sequence[_Part], width: int) -> tuple[IntArray, BoolArray]:
    sizes = [len(rows) for _, rows in parts]
    keep = np.zeros((sum(sizes), width), dtype=bool)
    start = 0
    for _, rows in parts:
        keep[start : start + len(rows), : rows.shape[1]] = rows
        start += len(rows)
    return np.repeat([question.seat.index for question, _ in parts], sizes).astype(np.intp), keep


def _warn_smaller(asked: int, fitting: int) -> None:
    warnings.warn(
        f"the model ran out of memory on a batch of {asked} images; going on with batches of {fitting}",
        RuntimeWarning,
        stacklevel=3,
    )


def _hand_out(parts: Sequence[_Part], responses: Responses) -> list[_Question]:
    """Give each part its answers; return the questions that now have all of theirs."""
    start = 0
    for question, rows in parts:
        mine = slice(start, start + len(rows))
        confidence, features = (part if part is None else part[mine] for part in responses[1:])
        question.answered.append(Responses(responses.target[mine], confidence, features))
        start = mine.stop
    return [question for question, _ in parts if question.shown == len(question.keep)]


def _go_on(answered: Sequence[_Question]) -> list[_Question]:
    return [asked for question in answered for asked in question.seat.receive(question.answered)]


@contextmanager
def _closing(seats: Sequence[_Seat[Any]]) -> Iterator[None]:
    try:
        yield
    finally:
        for seat in seats:
            seat.dialogue.close()


def _check_finite(examples: IntArray, keep: BoolArray, responses: Responses, model_name: str) -> None:
    parts = [np.isfinite(part) for part in responses if part is not None]
    if not all(part.all() for part in parts):
        row = int(np.all([part.reshape(len(keep), -1).all(1) for part in parts], axis=0).argmin())
        kept = np.flatnonzero(keep[row]).tolist()
        named = str(kept) if len(kept) <= 8 else f"{str(kept[:8])[:-1]}, …] ({len(kept)} in all)"
        raise NonFiniteOutputError(
            f"the output of `{model_name}` for example {examples[row]} with only the regions {named} kept is not "
            f"finite (target score {responses.target[row]}); it must be, also for inputs that are mostly baseline"
        )
