"""One order of examples and one way to stop and go on, whatever the framework."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from submod_core._checks import check_count
from submod_core._types import AnyArray, IntArray

Arrays = dict[str, AnyArray]


class Trainee(NamedTuple):
    """What a framework must offer to be trained.

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


def train(
    trainee: Trainee,
    n: int,
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 100,
    on_step: Callable[[float], object] = lambda loss: None,
) -> list[float]:
    """Take all steps, or those that a checkpoint says are still to be taken.

    The order of the examples depends on the seed and the epoch alone, so that a run that was killed ends where one that
    was not does.

    Parameters
    ----------
    trainee : Trainee
    n : int
        Number of examples.
    epochs, batch_size, seed : int
    checkpoint : path, optional
        File (.npz) to go on from where it exists, and to write every `checkpoint_every` steps and at the end.
    checkpoint_every : int
    on_step : callable
        Told each step's loss, those read from a checkpoint included.

    Returns
    -------
    list of float
        The loss of each step.

    Raises
    ------
    ValueError
        If an argument is out of range, or the checkpoint is of a run with other arguments.

    Examples
    --------
    >>> seen = []
    >>> trainee = Trainee(lambda rows: seen.extend(rows.tolist()) or 1.0, dict, lambda arrays: None)
    >>> train(trainee, 5, epochs=1, batch_size=2, seed=0), sorted(seen)
    ([1.0, 1.0, 1.0], [0, 1, 2, 3, 4])
    """
    for name, value in (("epochs", epochs), ("batch_size", batch_size), ("checkpoint_every", checkpoint_every)):
        check_count(name, value)
    check_count("n", n)
    plan = {"n": int(n), "epochs": int(epochs), "batch_size": int(batch_size), "seed": int(seed)}
    file = None if checkpoint is None else Path(checkpoint)
    losses = _go_on(file, plan, trainee) if file is not None and file.exists() else []
    for loss in losses:
        on_step(loss)
    per_epoch = -(-n // batch_size)
    for number in range(len(losses), epochs * per_epoch):
        order = np.random.default_rng([seed, number // per_epoch]).permutation(n)
        start = number % per_epoch * batch_size
        losses.append(trainee.step(order[start : start + batch_size]))
        on_step(losses[-1])
        if file is not None and (len(losses) % checkpoint_every == 0 or len(losses) == epochs * per_epoch):
            _write(file, plan, losses, trainee.state())
    return losses


def _write(file: Path, plan: dict[str, int], losses: list[float], state: Arrays) -> None:
    """Whole or not at all: a run may be killed while it writes."""
    unfinished = file.with_name(file.name + ".unfinished")
    with open(unfinished, "wb") as stream:
        np.savez(
            stream, allow_pickle=False, **state, **{"plan ": np.array(json.dumps(plan)), "losses ": np.array(losses)}
        )
    unfinished.replace(file)


def _go_on(file: Path, plan: dict[str, int], trainee: Trainee) -> list[float]:
    with np.load(file, allow_pickle=False) as arrays:
        state = {name: arrays[name] for name in arrays.files}
    before = json.loads(str(state.pop("plan ")))
    if before != plan:
        raise ValueError(f"`checkpoint` (={str(file)!r}) is of a run with {before}, not with {plan}")
    losses: list[float] = state.pop("losses ").tolist()
    trainee.restore(state)
    return losses
