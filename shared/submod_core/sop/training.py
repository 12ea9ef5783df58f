"""The order of the training examples, and runs that can be killed and resumed."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np

from submod_core._checks import check_count
from submod_core._types import AnyArray, IntArray

Arrays = dict[str, AnyArray]


class Trainee(NamedTuple):
    """A model and its optimiser, as a framework offers them for training.

    Attributes
    ----------
    step : callable
        From the rows of a batch (B,) to its loss, after one step of the optimiser.
    state : callable
        All that a step changes, as arrays: weights and the optimiser's moments.
    restore : callable
        Put such arrays back.
    """

    step: Callable[[IntArray], float]
    state: Callable[[], Arrays]
    restore: Callable[[Arrays], None]


class ScheduleOptions(TypedDict, total=False):
    """The fields of `Schedule`, as a host's function takes them."""

    epochs: int
    batch_size: int
    seed: int
    checkpoint: str | os.PathLike[str] | None
    checkpoint_every: int


@dataclass(frozen=True)
class Schedule:
    """The batches of a run, and its checkpoint.

    The order of the examples depends on the seed and the epoch alone, so that a run that was killed
    ends where one that was not does.

    Attributes
    ----------
    epochs, batch_size, seed : int
    checkpoint : path, optional
        File (.npz) to resume from where it exists, and to write every `checkpoint_every` steps and
        at the end.
    checkpoint_every : int

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> Schedule(epochs=2, batch_size=4).steps(10)
    6
    """

    epochs: int = 1
    batch_size: int = 16
    seed: int = 0
    checkpoint: str | os.PathLike[str] | None = None
    checkpoint_every: int = 100

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "checkpoint_every"):
            check_count(name, getattr(self, name))

    def steps(self, n: int) -> int:
        """Number of steps with n examples."""
        return self.epochs * -(-n // self.batch_size)

    def rows(self, number: int, n: int) -> IntArray:
        """The examples of a step, by the number of the step."""
        per_epoch = -(-n // self.batch_size)
        order = np.random.default_rng([self.seed, number // per_epoch]).permutation(n)
        start = number % per_epoch * self.batch_size
        return order[start : start + self.batch_size]

    def plan(self, n: int) -> dict[str, int]:
        """The numbers that a resumed run must share with the run that it resumes."""
        names = ("epochs", "batch_size", "seed")
        return {"n": int(n), **{name: int(getattr(self, name)) for name in names}}


def train(
    trainee: Trainee, n: int, schedule: Schedule, *, show_progress: bool = False
) -> list[float]:
    """Take all steps of a run, or those that a checkpoint says are still to be taken.

    Parameters
    ----------
    trainee : Trainee
    n : int
        Number of examples.
    schedule : Schedule
    show_progress : bool
        Show a progress bar, counting steps; it needs tqdm, which both hosts bring.

    Returns
    -------
    list of float
        The loss of each step, of those before a resumption too.

    Raises
    ------
    ValueError
        If there are no examples, or the checkpoint is of a run with other arguments.

    Examples
    --------
    >>> seen = []
    >>> trainee = Trainee(lambda rows: seen.extend(rows.tolist()) or 1.0, dict, lambda arrays: None)
    >>> train(trainee, 5, Schedule(batch_size=2)), sorted(seen)
    ([1.0, 1.0, 1.0], [0, 1, 2, 3, 4])
    """
    check_count("n", n)
    if not show_progress:
        return _run(trainee, n, schedule, lambda loss: None)
    from tqdm.auto import tqdm

    with tqdm(total=schedule.steps(n), desc="Sum-of-Parts training", unit="step") as bar:

        def on_step(loss: float) -> None:
            bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
            bar.update()

        return _run(trainee, n, schedule, on_step)


def _run(
    trainee: Trainee, n: int, schedule: Schedule, on_step: Callable[[float], object]
) -> list[float]:
    file = None if schedule.checkpoint is None else Path(schedule.checkpoint)
    losses = _resume(file, schedule.plan(n), trainee) if file and file.exists() else []
    for loss in losses:
        on_step(loss)
    last = schedule.steps(n)
    for number in range(len(losses), last):
        losses.append(trainee.step(schedule.rows(number, n)))
        on_step(losses[-1])
        due = len(losses) % schedule.checkpoint_every == 0 or len(losses) == last
        if file and due:
            _write(file, schedule.plan(n), losses, trainee.state())
    return losses


def _write(file: Path, plan: dict[str, int], losses: list[float], state: Arrays) -> None:
    # Whole or not at all: a run may be killed while it writes.
    unfinished = file.with_name(file.name + ".unfinished")
    with open(unfinished, "wb") as stream:
        np.savez(
            stream,
            allow_pickle=False,
            **state,
            **{"plan ": np.array(json.dumps(plan)), "losses ": np.array(losses)},
        )
    unfinished.replace(file)


def _resume(file: Path, plan: dict[str, int], trainee: Trainee) -> list[float]:
    """Put the state of a checkpoint back, and return the losses so far."""
    with np.load(file, allow_pickle=False) as arrays:
        state = {name: arrays[name] for name in arrays.files}
    before = json.loads(str(state.pop("plan ")))
    if before != plan:
        raise ValueError(
            f"`checkpoint` (={str(file)!r}) is of a run with {before}, not with {plan}"
        )
    losses: list[float] = state.pop("losses ").tolist()
    trainee.restore(state)
    return losses
