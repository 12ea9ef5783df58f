"""Scheduler: packs the queries of many procedures into batches of one model."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from submod_core._checks import (
    check_callable,
    check_choice,
    check_count,
    check_flag,
    check_type,
)
from submod_core._types import BoolArray, IntArray
from submod_core.engine._finite import check_finite
from submod_core.engine._memory import keep_freed_memory, warn_smaller
from submod_core.engine._queue import (
    REMEMBERED,
    Request,
    Session,
    Slice,
    closing,
    count_rows,
    distribute,
    pack,
    resume,
    take,
    untake,
)
from submod_core.engine.batching import BatchSize, check_batch_size
from submod_core.engine.protocol import (
    Oracle,
    Outcome,
    OutOfMemoryError,
    Overlap,
    Procedure,
    Responses,
)
from submod_core.engine.whole import whole_answers

T = TypeVar("T")

# Procedures are begun until their requests fill so many batches: when one ends, the others still
# fill a batch.
_BATCHES_AHEAD = 4


def drive(
    procedures: Sequence[Procedure[T]],
    oracle: Oracle,
    *,
    inert: Sequence[BoolArray],
    batch_size: int | str,
    overlap: Overlap = None,
    on_batch: Callable[[int], object] | None = None,
    sources: Mapping[str, str] | None = None,
    checked: bool = False,
    remembered: int = REMEMBERED,
) -> list[Outcome[T]]:
    """Run procedures to their end, filling each model batch from all of them.

    The last answers of each input are remembered: the model does not see their subsets again. The
    responses to a procedure do not depend on the batches that its requests go into. A
    procedure begins only when earlier procedures ask for less than four batches: memory grows with
    the batch, not with the number of inputs.

    Parameters
    ----------
    procedures : sequence of Procedure
        One per input.
    oracle : Oracle
    inert : sequence of ndarray of bool, (n,)
        For each input, the regions whose elements all equal the baseline.
    batch_size : int or "auto"
        Most images per call of the oracle; "auto" finds the fastest size by timing. Halved, once or
        more, when the oracle raises `OutOfMemoryError`.
    overlap : {"thread", "device"}, optional
        Overlap of procedures with the model's work; by default procedures wait for the model.

        - "thread": procedures whose requests are answered run in a second thread, one at a time,
          during a call with a full batch. For models that run without Python, as graphs do; a
          model that calls each layer from Python would wait for the procedures.
        - "device": a second batch is enqueued before the answer to the first is read, so that an
          accelerator always has work; the procedures' requests are shared out between the two.
          Batches come in few sizes, filled up by repeating a row: accelerators compile for each
          shape.
    on_batch : callable, optional
        Called with the number of images after each batch.
    sources : mapping of str to str, optional
        The argument of the adapter that each field of the responses comes from, for errors; by
        default "model".
    checked : bool
        Ask for every whole input twice, and with nothing kept, before all else, to find models
        whose answers depend on the other rows of a batch, or on chance: see
        `submod_core.engine.whole`.
    remembered : int
        Number of answers that are remembered of each input.

    Returns
    -------
    list of Outcome

    Raises
    ------
    NonFiniteOutputError
        If the model answers NaN or an infinity.
    UnstableModelError
        If `checked` finds that the model's answers depend on more than the input.
    OutOfMemoryError
        If a single image does not fit.

    Examples
    --------
    >>> from submod_core.engine import Query
    >>> def full_and_empty():
    ...     responses = yield Query(np.array([[True, True], [False, False]]))
    ...     return responses.target
    >>> def oracle(examples, keep, features):
    ...     return Responses(target=keep.sum(axis=1) + 10.0 * examples)
    >>> inert = [np.zeros(2, bool)] * 2
    >>> procedures = [full_and_empty(), full_and_empty()]
    >>> first, second = drive(procedures, oracle, inert=inert, batch_size=3)
    >>> first, second.result
    (Outcome(result=array([2., 0.]), model_inputs=2), array([12., 10.]))
    """
    check_batch_size("batch_size", batch_size)
    _check_arguments(procedures, oracle, inert, overlap, on_batch, sources, checked)
    check_count("remembered", remembered)
    sessions = [
        Session(i, procedure, mask, int(remembered))
        for i, (procedure, mask) in enumerate(zip(procedures, inert, strict=True))
    ]
    keep_freed_memory()
    # Call the oracle on the caller's thread: `no_grad` and `autocast` are thread-local.
    with closing(sessions), ThreadPoolExecutor(1) as second_thread:
        size, sources = BatchSize(batch_size), sources or {}
        if checked and sessions:
            # The whole twice: the first answer is remembered, the second only compared.
            answers = whole_answers(oracle, inert, size, sources, on_batch)
            for session, both in zip(sessions, answers, strict=True):
                session.know(both, model_inputs=3)
        run = _Run(oracle, sessions, size, overlap, second_thread, on_batch, sources)
        while run.fill():
            while run.may_submit:
                run.submit()
            run.receive()
    return [session.outcome for session in sessions if session.outcome is not None]


def _check_arguments(
    procedures: Any,
    oracle: Any,
    inert: Any,
    overlap: Any,
    on_batch: Any,
    sources: Any,
    checked: Any,
) -> None:
    """Raise TypeError or ValueError unless the arguments are those that `drive` documents."""
    check_callable("oracle", oracle)
    if on_batch is not None:
        check_callable("on_batch", on_batch)
    if overlap is not None:
        check_choice("overlap", overlap, ("thread", "device"))
    check_type("sources", sources, Mapping | None, "a mapping of fields to arguments")
    check_flag("checked", checked)
    check_type("procedures", procedures, Sequence, "a sequence of generators")
    for procedure in procedures:
        check_type("procedures", procedure, Generator, "a sequence of generators")
    check_type("inert", inert, Sequence | np.ndarray, "a sequence of masks (n,)")
    if len(inert) != len(procedures):
        raise ValueError(
            f"`inert` (of length {len(inert)}) must have a mask for each of the {len(procedures)} "
            "procedures"
        )
    for mask in inert:
        if np.asarray(mask).dtype != bool or np.ndim(mask) != 1 or not len(mask):
            raise ValueError(f"`inert` (holding {mask!r}) must hold masks (n,) of bool")


class _Asked(NamedTuple):
    """A batch that the model works on."""

    slices: list[Slice]
    examples: IntArray
    keep: BoolArray
    answer: Responses | Callable[[], Responses]
    since: float


@dataclass
class _Run(Generic[T]):
    """State of one call of `drive`: requests in the queue, batches in flight.

    `resuming` are the procedures that run in the second thread; `halved` is the batch size that
    ran out of memory, until a smaller one succeeds, else 0.
    """

    oracle: Oracle
    sessions: Sequence[Session[T]]
    batch: BatchSize
    overlap: Overlap
    second_thread: Executor
    on_batch: Callable[[int], object] | None
    sources: Mapping[str, str]
    queue: deque[Request] = field(default_factory=deque)
    working: deque[_Asked] = field(default_factory=deque)
    resuming: Future[list[Request]] | None = None
    halved: int = 0

    def __post_init__(self) -> None:
        self.waiting: Iterator[Session[T]] = iter(self.sessions)
        self.width = max((len(session.inert) for session in self.sessions), default=0)

    def fill(self) -> bool:
        """Begin procedures until their requests fill some batches; False when all have ended."""
        most = _BATCHES_AHEAD * self.batch.size
        while count_rows(self.queue) < most and (session := next(self.waiting, None)) is not None:
            self.queue.extend(session.advance(None))
        return bool(self.queue or self.working)

    @property
    def depth(self) -> int:
        """Number of batches in flight: one while batch sizes are timed, else one or two."""
        return 2 if self.overlap == "device" and not self.batch.searching else 1

    @property
    def may_submit(self) -> bool:
        """The queue has rows, and the model can take another batch."""
        return bool(self.queue) and len(self.working) < self.depth

    def submit(self) -> None:
        """Show the model the next batch; after an out-of-memory error all batches are smaller."""
        slices = take(self.queue, self._most())
        examples, keep = pack(slices, self.width)
        if self.overlap == "device":
            examples, keep = _filled_up(examples, keep, self.batch.rounded(len(keep)))
        start = time.perf_counter()
        try:
            answer = self.oracle(examples, keep, slices[0].request.features)
        except OutOfMemoryError:
            if len(examples) == 1:
                raise
            self.halved = self.halved or self.batch.size
            self.batch.too_large(len(examples))
            untake(self.queue, slices)
            return
        self.working.append(_Asked(slices, examples, keep, answer, start))
        if self.halved:
            warn_smaller(self.halved, self.batch.size)
            self.halved = 0

    def _most(self) -> int:
        """Most images of the next batch."""
        rows = count_rows(self.queue)
        if len(self.queue) == 1:
            # No other request fills up the last batch: share the rows out evenly.
            return self.batch.share(rows)
        if self.depth == 1:
            return self.batch.size
        # Share all rows, in flight and in the queue, between the batches that the device holds.
        rows += sum(len(asked.keep) for asked in self.working)
        return self.batch.rounded(-(-rows // self.depth))

    def receive(self) -> None:
        """Take the model's oldest answer, and resume the procedures whose requests it completes."""
        slices, examples, keep, answer, since = self.working.popleft()
        responses = answer() if callable(answer) else answer
        self.batch.timed(len(examples), time.perf_counter() - since)
        check_finite(examples, keep, responses, self.sources)
        answered = distribute(slices, responses)
        # Requests of procedures that ran in the second thread come before those resumed now. While
        # the queue holds a full batch, the answered procedures may run beside it.
        self.queue.extend(self.resuming.result() if self.resuming else ())
        fills = self.overlap == "thread" and answered and count_rows(self.queue) >= self.batch.size
        self.resuming = self.second_thread.submit(resume, answered) if fills else None
        self.queue.extend(() if self.resuming else resume(answered))
        if self.on_batch is not None:
            self.on_batch(sum(len(rows) for _, rows in slices))


def _filled_up(examples: IntArray, keep: BoolArray, size: int) -> tuple[IntArray, BoolArray]:
    """Batch of `size` rows: the last row repeated."""
    extra = [(0, size - len(keep))]
    return np.pad(examples, extra, mode="edge"), np.pad(keep, [*extra, (0, 0)], mode="edge")
