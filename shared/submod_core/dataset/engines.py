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
    _ahead: dict[int, int] = field(default_factory=dict)

    def next(self, worker: int = 0) -> tuple[int, dict[str, Any]] | None:
        """The next shard for a worker, and the options of its run; None where nothing is left.

        The option `ahead` names the shard that the worker most likely gets after this one, and may
        read meanwhile.

        Examples
        --------
        >>> work = Work(deque([4, 5, 6]))
        >>> first, second = work.next(0), work.next(1)
        >>> first[0], first[1]["ahead"], second[0], second[1]["ahead"], work.next(0)[0]
        (4, 5, 6, None, 5)
        """
        if self.stopped or not self.shards:
            return None
        # Its own first, then what no other worker reads already.
        own = self._ahead.pop(worker, None)
        k = own if own in self.shards else self._unread()
        k = self.shards[0] if k is None else k
        self.shards.remove(k)
        options: dict[str, Any] = {"retry": self.retry, "strict": self.strict, "ahead": None}
        self.strict = False
        ahead = None if self.retry else self._unread()
        if ahead is not None:
            self._ahead[worker] = options["ahead"] = ahead
        return k, options

    def _unread(self) -> int | None:
        """The first shard that no worker reads ahead."""
        return next((k for k in self.shards if k not in self._ahead.values()), None)

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
            self.process.kill()
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
        for place in range(len(self.hands)):
            self._hand_out(place, work)
        while busy := [hand for hand in self.hands if hand.shard is not None]:
            for pipe in wait([hand.pipe for hand in busy]):
                place, hand = next((i, h) for i, h in enumerate(self.hands) if h.pipe is pipe)
                try:
                    found = hand.answer()
                except (EOFError, ConnectionResetError):
                    self._replace(place, work)
                    continue
                self._hand_out(place, work)
                yield found

    def _hand_out(self, place: int, work: Work) -> None:
        hand, given = self.hands[place], work.next(place)
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
        self._hand_out(place, work)

    def close(self) -> None:
        """See `Engine`."""
        for hand in self.hands:
            hand.end()


def _serve(pipe: Connection, payload: bytes) -> None:
    """Body of a process: build the task, and run what is asked for until the pipe ends."""
    # Terminals and schedulers signal all processes; the driver lets the shards in hand finish.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
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
