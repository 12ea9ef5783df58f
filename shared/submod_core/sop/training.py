"""The order of the training examples, and runs that can be killed and resumed."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, TypedDict

import numpy as np

from submod_core._checks import check_amount, check_count
from submod_core._files import alone_on, path_of
from submod_core._types import IntArray
from submod_core.sop.checkpoint import (
    Arrays,
    Facts,
    plain,
    read_checkpoint,
    versions,
    write_checkpoint,
)


class Trainee(NamedTuple):
    """A model and its optimiser, as a framework offers them for training.

    Attributes
    ----------
    step : callable
        From the rows of a batch (B,) to its loss, after one step of the optimiser; a loss that is
        not finite changes nothing.
    state : callable
        All that a step changes, as arrays: weights, the optimiser's moments, buffers, generators of
        random numbers. Names, dtypes and shapes stay the same.
    restore : callable
        Put such arrays back; all of the names, dtypes and shapes of `state`.
    facts : callable
        What the run is of, as a dict of dicts that JSON can hold: the "optimiser", the "model", the
        "data", the "versions" of libraries. Called where there is a checkpoint.
    """

    step: Callable[[IntArray], float]
    state: Callable[[], Arrays]
    restore: Callable[[Arrays], None]
    facts: Callable[[], Facts] = dict


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
        File (an .npz archive) to resume from where it exists, and to write every
        `checkpoint_every` steps and at the end.
    checkpoint_every : int

    Raises
    ------
    TypeError, ValueError
        If `checkpoint` is no path, or a number is out of range.

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
        check_count("seed", self.seed, least=0)
        # NumPy's whole numbers of few bits would overflow.
        for name in ("epochs", "batch_size", "checkpoint_every", "seed"):
            object.__setattr__(self, name, int(getattr(self, name)))
        if self.checkpoint is not None:
            path_of(self.checkpoint, "checkpoint")

    def steps(self, n: int) -> int:
        """Number of steps with n examples."""
        return self.epochs * -(-n // self.batch_size)

    def rows(self, number: int, n: int) -> IntArray:
        """The examples of a step, by the number of the step."""
        per_epoch = -(-n // self.batch_size)
        order = np.random.default_rng([self.seed, number // per_epoch]).permutation(n)
        start = number % per_epoch * self.batch_size
        return order[start : start + self.batch_size]

    def facts(self, n: int, trainee: Trainee) -> Facts:
        """Facts that a resumed run must share with the run that it resumes: all but `epochs`."""
        facts = trainee.facts()
        return plain(
            {
                "schedule": {"batch_size": self.batch_size, "seed": self.seed},
                **facts,
                "data": {"examples": n} | facts.get("data", {}),
                "versions": facts.get("versions", versions()),
            }
        )


def schedule_of(options: Mapping[str, Any]) -> Schedule:
    """The schedule of the options of `fit`.

    Raises
    ------
    TypeError, ValueError
        If there is no such option, or one is out of range.

    Examples
    --------
    >>> schedule_of({"scheduler": "cosine"})
    Traceback (most recent call last):
    TypeError: `scheduler` is no argument of `fit`; for optimisers, schedulers or scalers of your
    own write a loop around `training_loss`
    """
    for name in set(options) - {field.name for field in fields(Schedule)}:
        raise TypeError(
            f"`{name}` is no argument of `fit`; for optimisers, schedulers or scalers of your "
            "own write a loop around `training_loss`"
        )
    return Schedule(**options)


def check_rates(lr: Any, weight_decay: Any) -> None:
    """Raise ValueError unless a learning rate is above 0 and a decay at least 0, both finite.

    Examples
    --------
    >>> check_rates(0.0, 0.01)
    Traceback (most recent call last):
    ValueError: `lr` (=0.0) must be a finite number above 0
    """
    try:
        check_amount("lr", lr)
        right = lr > 0
    except ValueError:
        right = False
    if not right:
        raise ValueError(f"`lr` (={lr!r}) must be a finite number above 0")
    check_amount("weight_decay", weight_decay)


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
        If there are no examples; if the checkpoint is no such file, is of another run, in use by
        one, or cannot be written; if a loss is not finite: weights and checkpoint are then those
        before that step.

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


OnStep = Callable[[float], object]


def _run(trainee: Trainee, n: int, schedule: Schedule, on_step: OnStep) -> list[float]:
    file = schedule.checkpoint
    if file is None:
        return _go_on(trainee, n, schedule, [], on_step, lambda losses: None)
    with alone_on(file, "checkpoint"):
        facts = schedule.facts(n, trainee)
        losses = _resume(file, facts, trainee, schedule.steps(n)) if os.path.exists(file) else []
        for loss in losses:
            on_step(loss)

        def keep(losses: list[float]) -> None:
            _write(file, facts, losses, trainee.state())

        return _go_on(trainee, n, schedule, losses, on_step, keep)


def _go_on(
    trainee: Trainee,
    n: int,
    schedule: Schedule,
    losses: list[float],
    on_step: OnStep,
    keep: Callable[[list[float]], None],
) -> list[float]:
    """Take the steps that are left, and keep the run every so often."""
    last = schedule.steps(n)
    for number in range(len(losses), last):
        loss = trainee.step(schedule.rows(number, n))
        if not math.isfinite(loss):
            raise ValueError(
                f"the loss of step {number + 1} of {last} is {loss}: look for NaN in the examples "
                "and in the backbone's answers, or lower `lr`; the weights are those before it"
            )
        losses.append(loss)
        on_step(loss)
        if len(losses) % schedule.checkpoint_every == 0 or len(losses) == last:
            keep(losses)
    return losses


_write = write_checkpoint  # by a name of this module, where tests interrupt it


def _resume(
    file: str | os.PathLike[str], facts: Facts, trainee: Trainee, steps: int
) -> list[float]:
    """Put the state of a checkpoint back, and return the losses so far."""
    losses, state = read_checkpoint(file, facts, trainee.state())
    if len(losses) > steps:
        raise ValueError(
            f"`checkpoint` (={os.fspath(file)!r}) has taken {len(losses)} steps, more than the "
            f"{steps} that `epochs` asks for"
        )
    trainee.restore(state)
    return losses
