"""A run: every shard of a plan exactly once, however often it is interrupted."""

import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from submod_core._checks import (
    check_amount,
    check_choice,
    check_count,
    check_flag,
    check_text,
    check_type,
)
from submod_core.dataset._ray import RayActors
from submod_core.dataset.engines import Engine, InProcess, Processes, Work
from submod_core.dataset.folder import Folder, folder_of, held
from submod_core.dataset.manifest import Manifest
from submod_core.dataset.shards import SHARDS, footer_of, shard_name
from submod_core.dataset.tasks import Task

ENGINES = ("processes", "ray")


@dataclass(frozen=True, kw_only=True)
class Run:
    """Options of a run that change nothing of its results.

    Parameters
    ----------
    engine : {"processes", "ray"} or None
        None runs all shards in this process; under torchrun or SLURM those of this rank.
        "processes" starts processes on this machine; call it under ``if __name__ == "__main__"``.
        "ray" uses the actors of Ray (extra ``distributed``).
    n_workers : int or None
        Processes or actors; None for the number of CPUs with "processes" and of the cluster's
        nodes' CPUs, or GPUs where `num_gpus` is above 0, with "ray".
    num_gpus : float
        Share of a GPU for each of Ray's actors.
    address : str or None
        Of a Ray cluster to join; None starts Ray on this machine.
    retry_failed : bool
        Ask again for the examples that failed before.
    show_progress : bool
        Show a bar, counting examples, with the errors so far.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range.

    Examples
    --------
    >>> Run(engine="processes", n_workers=2).n_workers
    2
    """

    engine: str | None = None
    n_workers: int | None = None
    num_gpus: float = 0
    address: str | None = None
    retry_failed: bool = False
    show_progress: bool = False

    def __post_init__(self) -> None:
        if self.engine is not None:
            check_choice("engine", self.engine, ENGINES)
        if self.n_workers is not None:
            check_count("n_workers", self.n_workers)
            if self.engine is None and self.n_workers > 1:
                raise ValueError(
                    f"`n_workers` (={self.n_workers}) must come with an `engine`, one of "
                    f"{list(ENGINES)}"
                )
            object.__setattr__(self, "n_workers", int(self.n_workers))
        check_amount("num_gpus", self.num_gpus)
        check_text("address", self.address)
        for name in ("num_gpus", "address"):
            if getattr(self, name) and self.engine != "ray":
                raise ValueError(
                    f"`{name}` (={getattr(self, name)!r}) is Ray's: it needs engine='ray'"
                )
        for name in ("retry_failed", "show_progress"):
            check_flag(name, getattr(self, name))

    def started(self, recipe: tuple[Any, ...]) -> Engine:
        """Start the engine."""
        if self.engine is None:
            return InProcess(recipe)
        if self.engine == "processes":
            return Processes(recipe, self.n_workers or os.cpu_count() or 1)
        return RayActors(recipe, self.n_workers, self.num_gpus, self.address)


def run_task(
    task: Task, place: Any, ids: Sequence[str] | None, shard_size: int, how: Run
) -> Folder:
    """Run every shard that the folder lacks.

    Parameters
    ----------
    task : Task
    place : str, PathLike or Folder
        Folder or URL.
    ids : sequence of str, optional
    shard_size : int
    how : Run

    Returns
    -------
    Folder

    Raises
    ------
    OtherRunError
        If the folder holds a run with other settings; the message says what differs.
    ValueError
        If another run holds the folder, a file in it is no shard, or an argument is out of range.
    OSError
        If the disk is full or the folder cannot be written to; what was written stays.
    """
    check_type("task", task, Task, "a Task")
    check_type("how", how, Run, "a Run")
    check_count("shard_size", shard_size)
    folder = folder_of(place)
    rank, world = _rank() if how.engine is None else (0, 1)
    with held(folder, None if world == 1 else rank):
        engine = how.started((task, folder, ids, shard_size))
        try:
            manifest = engine.manifest()
            manifest.agreed(folder)
            done, failed = _state(folder, manifest)
            mine = range(rank, manifest.plan.n_shards, world)
            first = deque(k for k in mine if k not in done)
            again = deque(k for k in mine if k in failed) if how.retry_failed else deque()
            with _shown(manifest, mine, done, how.show_progress) as count:
                for work in (Work(first, strict=not done), Work(again, retry=True)):
                    with _finishing(work):
                        for one in engine.results(work):
                            count(one)
        finally:
            engine.close()
    return folder


def _rank() -> tuple[int, int]:
    """Rank of this process and number of processes, as torchrun or SLURM tells them."""
    for rank, world in (("RANK", "WORLD_SIZE"), ("SLURM_PROCID", "SLURM_NTASKS")):
        if rank in os.environ and world in os.environ:
            return int(os.environ[rank]), int(os.environ[world])
    return 0, 1


def _state(folder: Folder, manifest: Manifest) -> tuple[set[int], set[int]]:
    """Shards that are written, and those of them with examples that failed."""
    done, failed = set(), set()
    for name in folder.names(SHARDS):
        fingerprint, k, errors = footer_of(folder, name)
        if fingerprint != manifest.fingerprint or name != shard_name(k).removeprefix(f"{SHARDS}/"):
            raise ValueError(f"`folder` (={folder!r}) holds {name!r}, which is of another run")
        done.add(k)
        if any(error is not None for error in errors):
            failed.add(k)
    return done, failed


@contextmanager
def _finishing(work: Work) -> Iterator[None]:
    """Let the shards in hand finish on the first Ctrl-C or SIGTERM; raise it afterwards."""
    received: list[int] = []

    def stop(number: int, frame: Any) -> None:
        if received:  # the second time at once
            raise KeyboardInterrupt
        received.append(number)
        work.stopped = True

    in_main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, signal.SIGTERM) if in_main else ()
    before = {number: signal.signal(number, stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        if received[0] == signal.SIGTERM:
            raise SystemExit(128 + signal.SIGTERM)
        raise KeyboardInterrupt


@contextmanager
def _shown(manifest: Manifest, mine: range, done: set[int], show: bool) -> Iterator[Any]:
    """A bar that counts examples, those of earlier runs included."""
    sizes = {k: len(manifest.plan.shard(k)) for k in mine}
    if not show:
        yield lambda one: None
        return
    from tqdm.auto import tqdm

    before = sum(size for k, size in sizes.items() if k in done)
    with tqdm(total=sum(sizes.values()), initial=before, unit="example", smoothing=0.05) as bar:
        failed = images = 0

        def count(one: Any) -> None:
            nonlocal failed, images
            failed, images = failed + one.n_failed, images + one.n_images
            told: dict[str, Any] = {"errors": failed}
            if images:
                told["images/s"] = f"{images / max(bar.format_dict['elapsed'], 1e-9):.0f}"
            bar.set_postfix(told, refresh=False)
            bar.update(one.n_examples)

        yield count
