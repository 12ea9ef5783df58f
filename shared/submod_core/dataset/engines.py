"""Engines: the shards of a run in this process, or in processes of their own."""

import multiprocessing
import pickle
import signal
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from submod_core.dataset.manifest import Manifest
from submod_core.dataset.worker import Done, Worker

MOST_DEATHS = 3
"""Times that a shard may end its worker before the run stops."""


def deadly(k: int) -> str:
    """Error of a shard that ended its worker again and again."""
    return (
        f"shard {k} ended its worker {MOST_DEATHS} times: out of memory, or a fault in native "
        "code; run it in this process to see more"
    )


@dataclass
class Work:
    """Shards that are left, handed out in order.

    Attributes
    ----------
    shards : deque of int
    retry : bool
        See `Worker.run`; so is `strict`, which holds for the first shard of a new run.
    strict : bool
    stopped : bool
        Whether to end with the shards in hand.
    """

    shards: deque[int]
    retry: bool = False
    strict: bool = False
    stopped: bool = False
    _ended: Counter[int] = field(default_factory=Counter)

    def next(self, n_workers: int = 1) -> tuple[int, dict[str, Any]] | None:
        """The next shard and the options of its run; None where nothing is left.

        Examples
        --------
        >>> work = Work(deque([4, 5, 6]))
        >>> work.next(), work.next(n_workers=2)
        ((4, {'ahead': 5, 'retry': False, 'strict': False}), (5, {'retry': False, 'strict': False}))
        """
        if self.stopped or not self.shards:
            return None
        k = self.shards.popleft()
        options: dict[str, Any] = {"retry": self.retry, "strict": self.strict}
        self.strict = False
        # A single worker surely runs the next shard too, and may read it meanwhile.
        if n_workers == 1 and self.shards and not self.retry:
            options = {"ahead": self.shards[0], **options}
        return k, options

    def put_back(self, k: int) -> None:
        """Take back a shard whose worker ended; RuntimeError where it has ended several."""
        self._ended[k] += 1
        if self._ended[k] >= MOST_DEATHS:
            raise RuntimeError(deadly(k))
        self.shards.appendleft(k)


class Engine(Protocol):
    """Place where shards are run."""

    def manifest(self) -> Manifest:
        """Manifest of the task, as a worker sees it."""

    def results(self, work: Work) -> Iterator[Done]:
        """Run shards; yield each when it is written, in any order."""

    def close(self) -> None:
        """End the workers."""


class InProcess:
    """All shards in this process, one after the other."""

    def __init__(self, recipe: tuple[Any, ...]) -> None:
        self.worker = Worker(*recipe)

    def manifest(self) -> Manifest:
        """See `Engine`."""
        return self.worker.manifest

    def results(self, work: Work) -> Iterator[Done]:
        """See `Engine`."""
        while (given := work.next()) is not None:
            k, options = given
            yield self.worker.run(k, **options)

    def close(self) -> None:
        """See `Engine`."""
        self.worker.close()


class _Hand:
    """One process of `Processes`, and the shard that it is at."""

    def __init__(self, context: Any, payload: bytes) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, payload), daemon=True)
        self.process.start()
        # The process reads the end of its pipe, and ends, when this one is gone, however it went.
        theirs.close()
        self.shard: int | None = None

    def call(self, name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Ask for a method of the worker."""
        self.pipe.send((name, arguments, options))

    def answer(self) -> Any:
        """The next answer; EOFError where the process has ended."""
        kind, value = self.pipe.recv()
        if kind == "error":
            raise value
        return value

    def end(self) -> None:
        self.pipe.close()
        self.process.join(5)
        if self.process.is_alive():
            self.process.terminate()
            self.process.join()


class Processes:
    """Shards in processes of this machine; one that dies is replaced.

    Parameters
    ----------
    recipe : tuple
        Arguments of `Worker`; they must pickle.
    n_workers : int

    Raises
    ------
    TypeError
        If the recipe does not pickle, such as a lambda.
    """

    def __init__(self, recipe: tuple[Any, ...], n_workers: int) -> None:
        try:
            self._payload = pickle.dumps(recipe)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise TypeError(
                "processes get the method, the dataset and the arguments by pickle, which these "
                f"are not fit for ({error}): give functions of a module, or 'module:function'"
            ) from error
        # A forked process would hold locks and devices of this one in an unknown state.
        self._context = multiprocessing.get_context("spawn")
        self.n_workers = n_workers
        self.hands = [self._hand()]

    def _hand(self) -> _Hand:
        return _Hand(self._context, self._payload)

    def manifest(self) -> Manifest:
        """See `Engine`."""
        self.hands[0].call("manifest_", (), {})
        try:
            self._manifest: Manifest = self.hands[0].answer()
        except EOFError:
            code = self.hands[0].process.exitcode
            raise RuntimeError(
                f"a worker ended while it built the task (exit code {code})"
            ) from None
        return self._manifest

    def results(self, work: Work) -> Iterator[Done]:
        """See `Engine`."""
        wanted = min(self.n_workers, len(work.shards))
        self.hands += [self._hand() for _ in range(wanted - len(self.hands))]
        for hand in self.hands:
            self._hand_out(hand, work)
        while busy := [hand for hand in self.hands if hand.shard is not None]:
            for pipe in wait([hand.pipe for hand in busy]):
                place, hand = next((i, h) for i, h in enumerate(self.hands) if h.pipe is pipe)
                try:
                    found = hand.answer()
                except (EOFError, ConnectionResetError):
                    self._replace(place, work)
                    continue
                self._hand_out(hand, work)
                yield found

    def _hand_out(self, hand: _Hand, work: Work) -> None:
        given = work.next(self.n_workers)
        hand.shard = None if given is None else given[0]
        if given is not None:
            with suppress(BrokenPipeError):  # it has ended, which `results` notices
                k, options = given
                hand.call("agreed_run", (self._manifest.fingerprint, k), options)

    def _replace(self, place: int, work: Work) -> None:
        """Another process for one that ended; its shard goes first."""
        lost = self.hands[place].shard
        assert lost is not None, "only a busy process is waited for"
        self.hands[place].end()
        work.put_back(lost)
        self.hands[place] = self._hand()
        self._hand_out(self.hands[place], work)

    def close(self) -> None:
        """See `Engine`."""
        for hand in self.hands:
            hand.end()


def _serve(pipe: Connection, payload: bytes) -> None:
    """Body of a process: build the task, and run what is asked for until the pipe ends."""
    # The terminal interrupts all processes; the one that drives lets the shards in hand finish.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, BrokenPipeError):
        try:
            worker = Worker(*pickle.loads(payload))
        except Exception as error:
            pipe.recv()
            pipe.send(("error", _sendable(error)))
            return
        while True:
            name, arguments, options = pipe.recv()
            try:
                message = "answer", getattr(worker, name)(*arguments, **options)
            except Exception as error:
                message = "error", _sendable(error)
            pipe.send(message)


def _sendable(error: Exception) -> Exception:
    """The error, or where it does not pickle one with its text."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
