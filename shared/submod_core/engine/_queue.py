"""Queue between procedures and batches: known answers, and rows that the model has to see."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice, repeat
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from submod_core._types import BoolArray, IntArray
from submod_core.engine.protocol import Outcome, Procedure, Query, Responses

T = TypeVar("T")

# Answers remembered per input by default: all of a greedy search over up to 127 regions, a few
# megabytes.
REMEMBERED = 1 << 14


@dataclass
class Request:
    """The rows of one query that the model has not seen yet, with the answers received so far."""

    session: "Session[Any]"
    keep: BoolArray
    features: bool
    shown: int = 0
    answered: list[Responses] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """All rows are answered."""
        return sum(map(len, self.answered)) == len(self.keep)


class Slice(NamedTuple):
    """The rows of a request that go into one batch."""

    request: Request
    keep: BoolArray


@dataclass
class Session(Generic[T]):
    """One procedure, with the answers that are already known for its input.

    `keys` are the subsets of the query under way, `missing` the keys that wait for the model. Of
    more answers than `remembered` the oldest are forgotten.
    """

    index: int
    procedure: Procedure[T]
    inert: BoolArray
    remembered: int
    answers: dict[bytes, tuple[Any, ...]] = field(default_factory=dict)
    kind: type[Responses] = Responses
    keys: list[bytes] = field(default_factory=list)
    missing: list[bytes] = field(default_factory=list)
    model_inputs: int = 0
    outcome: Outcome[T] | None = None

    def know(self, both: Responses, model_inputs: int) -> None:
        """Remember the answers to the whole input and to nothing kept, and the images they took."""
        nothing = np.zeros_like(self.inert)
        self.missing = [np.packbits(keep).tobytes() for keep in (~self.inert, nothing)]
        self._remember([both])
        self.model_inputs = model_inputs

    def advance(self, responses: Responses | None) -> list[Request]:
        """Run the procedure until it needs the model or ends; return its new requests, if any."""
        while self.outcome is None:
            try:
                query = (
                    next(self.procedure) if responses is None else self.procedure.send(responses)
                )
            except StopIteration as stop:
                self.outcome = Outcome(stop.value, self.model_inputs)
                self.answers, self.keys, self.missing = {}, [], []
                break
            if request := self._request(query):
                return [request]
            responses = self._respond()
        return []

    def receive(self, answered: Sequence[Responses]) -> list[Request]:
        """Remember the answers to the missing keys, and run the procedure on."""
        self._remember(answered)
        return self.advance(self._respond())

    def _remember(self, answered: Sequence[Responses]) -> None:
        keys = iter(self.missing)
        for responses in answered:
            # Transpose the columns (one array per field) to rows (one tuple per subset); a field
            # that is None gives None in every row.
            self.kind, n_rows = type(responses), len(responses)
            columns = [getattr(responses, name) for name in responses.names()]
            columns = [repeat(None, n_rows) if column is None else column for column in columns]
            rows = zip(*columns, strict=True)
            self.answers.update(zip(islice(keys, n_rows), rows, strict=True))
            self.model_inputs += n_rows

    def _request(self, query: Query) -> Request | None:
        """The rows of a query without a known answer, each subset once; None if all are known."""
        # Regions that equal the baseline change nothing: subsets that differ in these regions
        # alone are the same input.
        keep = query.keep & ~self.inert
        self.keys = [row.tobytes() for row in np.packbits(keep, axis=1)]
        # The first row of each subset that the model has not answered, or not with its features.
        place = self.kind.names().index("features")
        rows: dict[bytes, int] = {}
        for i, key in enumerate(self.keys):
            known = self.answers.get(key)
            if known is None or (query.features and known[place] is None):
                rows.setdefault(key, i)
        self.missing = list(rows)
        return Request(self, keep[list(rows.values())], query.features) if rows else None

    def _respond(self) -> Responses:
        """The answers to all keys of the query, in its order; then forget the oldest answers."""
        columns = zip(*map(self.answers.__getitem__, self.keys), strict=True)
        responses = self.kind(*map(_stack, columns))
        for key in list(islice(self.answers, max(0, len(self.answers) - self.remembered))):
            del self.answers[key]
        return responses


def _stack(values: Sequence[Any]) -> Any:
    """One column of responses from the values of its rows; None if any row has none."""
    return None if any(value is None for value in values) else np.array(values)


def count_rows(queue: deque[Request]) -> int:
    """Number of rows that the model has not been shown yet."""
    return sum(len(request.keep) - request.shown for request in queue)


def take(queue: deque[Request], most: int) -> list[Slice]:
    """Take the next rows of the queue, at most `most` for one batch.

    A batch ends where requests with and without features meet: an oracle computes features for
    all rows of a batch or for none.
    """
    slices: list[Slice] = []
    wants_features = queue[0].features
    while queue and most and queue[0].features == wants_features:
        request = queue[0]
        rows = request.keep[request.shown : request.shown + most]
        request.shown += len(rows)
        most -= len(rows)
        slices.append(Slice(request, rows))
        if request.shown == len(request.keep):
            queue.popleft()
    return slices


def untake(queue: deque[Request], slices: Sequence[Slice]) -> None:
    """Undo the last `take`."""
    for request, rows in reversed(slices):
        if request.shown == len(request.keep):
            queue.appendleft(request)
        request.shown -= len(rows)


def pack(slices: Sequence[Slice], width: int) -> tuple[IntArray, BoolArray]:
    """Arguments of an oracle: the example of each row (B,), its regions padded to (B, width)."""
    sizes = [len(rows) for _, rows in slices]
    keep = np.zeros((sum(sizes), width), dtype=bool)
    start = 0
    for _, rows in slices:
        keep[start : start + len(rows), : rows.shape[1]] = rows
        start += len(rows)
    return np.repeat([request.session.index for request, _ in slices], sizes).astype(np.intp), keep


def distribute(slices: Sequence[Slice], responses: Responses) -> list[Request]:
    """Give each slice its answers; return the requests that are now complete."""
    start = 0
    for request, rows in slices:
        request.answered.append(responses[start : start + len(rows)])
        start += len(rows)
    return [request for request, _ in slices if request.complete]


def resume(answered: Sequence[Request]) -> list[Request]:
    """Run the procedures of answered requests on; return their next requests."""
    return [asked for request in answered for asked in request.session.receive(request.answered)]


@contextmanager
def closing(sessions: Sequence[Session[Any]]) -> Iterator[None]:
    """Close the procedures that have not ended, after errors too."""
    try:
        yield
    finally:
        for session in sessions:
            session.procedure.close()
