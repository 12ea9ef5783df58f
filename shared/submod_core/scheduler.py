"""Runs the dialogues of many inputs with one model: packs their questions into batches and hands out the answers.

An oracle answers batches; it knows nothing of searches.
"""

import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

import numpy as np

from submod_core._memory import keep_freed_memory
from submod_core._types import BoolArray, IntArray
from submod_core.batching import BatchSize
from submod_core.dialogue import (
    Dialogue,
    Outcome,
    Part,
    Question,
    Responses,
    Seat,
    closing,
    count_rows,
    go_on,
    hand_out,
    pack,
    put_back,
    take,
)

T = TypeVar("T")

Overlap = Literal["thread", "device"] | None

# Dialogues go on side by side until their questions fill so many batches: when one ends, the others still fill theirs.
_BATCHES_AHEAD = 4


class Oracle(Protocol):
    """An adapter's part: shows masked inputs to a model."""

    def __call__(self, examples: IntArray, keep: BoolArray, features: bool) -> Responses | Callable[[], Responses]:
        """Answer for the input `examples[b]` with its regions `keep[b]` kept; rows are padded with False.

        Where an accelerator goes on working after it was asked, the answer may be a function that waits for it.

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


def drive(
    dialogues: Sequence[Dialogue[T]],
    oracle: Oracle,
    *,
    inert: Sequence[BoolArray],
    batch_size: int | str,
    overlap: Overlap = None,
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
    overlap : {"thread", "device"}, optional
        How dialogues go on while the model works. "thread": those whose questions are answered do so in a second
        thread, one at a time, during a call with a full batch; the oracle is called in the caller's. For models that
        run without Python, as graphs do: others, which call each layer from Python, would wait for the dialogues.
        "device": a second batch is asked for before the answer to the first is waited for, so that an accelerator
        always has work; what the dialogues ask for is shared out between the two. Batches then come in few sizes,
        filled up by repeating a row, since accelerators prepare for each shape that they see. By default they wait.
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
    >>> from submod_core import Query
    >>> def full_and_empty():
    ...     responses = yield Query(np.array([[True, True], [False, False]]))
    ...     return responses.target
    >>> def oracle(examples, keep, features):
    ...     return Responses(target=keep.sum(axis=1) + 10.0 * examples)
    >>> drive([full_and_empty(), full_and_empty()], oracle, inert=[np.zeros(2, bool)] * 2, batch_size=3)
    [Outcome(result=array([2., 0.]), model_inputs=2), Outcome(result=array([12., 10.]), model_inputs=2)]
    """
    seats = [Seat(i, dialogue, mask) for i, (dialogue, mask) in enumerate(zip(dialogues, inert, strict=True))]
    keep_freed_memory()
    # The oracle keeps the caller's thread: what frameworks are told for a block of code holds in its thread alone.
    with closing(seats), ThreadPoolExecutor(1) as second_thread:
        run = _Run(oracle, seats, BatchSize(batch_size), overlap, second_thread, on_batch, model_name)
        while run.fill():
            while run.may_ask:
                run.ask()
            run.receive()
    return [seat.outcome for seat in seats if seat.outcome is not None]


class _Asked(NamedTuple):
    """A batch that the model works on."""

    parts: list[Part]
    examples: IntArray
    keep: BoolArray
    answer: Responses | Callable[[], Responses]
    since: float


@dataclass
class _Run(Generic[T]):
    """One call of `drive`."""

    oracle: Oracle
    seats: Sequence[Seat[T]]
    batch: BatchSize
    overlap: Overlap
    second_thread: Executor
    on_batch: Callable[[int], object] | None
    model_name: str
    queue: deque[Question] = field(default_factory=deque)
    working: deque[_Asked] = field(default_factory=deque)
    going_on: Future[list[Question]] | None = None
    halved: int = 0

    def __post_init__(self) -> None:
        self.waiting: Iterator[Seat[T]] = iter(self.seats)
        self.width = max((len(seat.inert) for seat in self.seats), default=0)

    def fill(self) -> bool:
        """Begin dialogues until their questions fill some batches; False when all have ended."""
        most = _BATCHES_AHEAD * self.batch.size
        while count_rows(self.queue) < most and (seat := next(self.waiting, None)) is not None:
            self.queue.extend(seat.advance(None))
        return bool(self.queue or self.working)

    @property
    def depth(self) -> int:
        """How many batches the model may be asked for at once; times tell nothing unless it is one."""
        return 2 if self.overlap == "device" and not self.batch.searching else 1

    @property
    def may_ask(self) -> bool:
        """There is something to ask, and the model may be asked."""
        return bool(self.queue) and len(self.working) < self.depth

    def ask(self) -> None:
        """Show the model the next batch; where it is too large, all batches are smaller from then on."""
        parts = take(self.queue, self._most())
        examples, keep = pack(parts, self.width)
        if self.overlap == "device":
            examples, keep = _filled_up(examples, keep, self.batch.rounded(len(keep)))
        start = time.perf_counter()
        try:
            answer = self.oracle(examples, keep, parts[0].question.features)
        except OutOfMemoryError:
            if len(examples) == 1:
                raise
            self.halved = self.halved or self.batch.size
            self.batch.too_large(len(examples))
            put_back(self.queue, parts)
            return
        self.working.append(_Asked(parts, examples, keep, answer, start))
        if self.halved:
            _warn_smaller(self.halved, self.batch.size)
            self.halved = 0

    def _most(self) -> int:
        rows = count_rows(self.queue)
        if len(self.queue) == 1:
            # Nobody else fills the last batch of a single question: its rows are shared out evenly instead.
            return self.batch.share(rows)
        if self.depth == 1:
            return self.batch.size
        rows += sum(len(asked.keep) for asked in self.working)
        return self.batch.rounded(-(-rows // self.depth))

    def receive(self) -> None:
        """Take the model's oldest answer, and let those go on whose questions it completes."""
        parts, examples, keep, answer, since = self.working.popleft()
        responses = answer() if callable(answer) else answer
        self.batch.timed(len(examples), time.perf_counter() - since)
        _check_finite(examples, keep, responses, self.model_name)
        answered = hand_out(parts, responses)
        self.queue.extend(self.going_on.result() if self.going_on else ())
        fills = self.overlap == "thread" and answered and count_rows(self.queue) >= self.batch.size
        self.going_on = self.second_thread.submit(go_on, answered) if fills else None
        self.queue.extend(() if self.going_on else go_on(answered))
        if self.on_batch is not None:
            self.on_batch(sum(len(part.keep) for part in parts))


def _filled_up(examples: IntArray, keep: BoolArray, size: int) -> tuple[IntArray, BoolArray]:
    """As many rows, the last one repeated."""
    extra = [(0, size - len(keep))]
    return np.pad(examples, extra, mode="edge"), np.pad(keep, [*extra, (0, 0)], mode="edge")


def _warn_smaller(asked: int, fitting: int) -> None:
    warnings.warn(
        f"the model ran out of memory on a batch of {asked} images; going on with batches of {fitting}",
        RuntimeWarning,
        stacklevel=4,
    )


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
