"""Runs over a dataset that are killed at any moment, worker or driver, under every engine."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import toy_runs
from toy_runs import SHARD, N, Toy, run

from soak.amounts import KILLS
from submod_core.dataset import open_explanations

SECONDS = "0.05"
SHARDS = N // SHARD
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def started(folder, engine):
    """A driver in a session of its own, so that all of its processes can be found."""
    arguments = [toy_runs.__file__, str(folder), f"{folder}.calls", engine, SECONDS]
    command = [sys.executable, *arguments]
    if engine == "torchrun":
        launcher = ["-m", "torch.distributed.run", "--nproc_per_node", "2", "--standalone"]
        command = [sys.executable, *launcher, *arguments]
    with open(f"{folder}.log", "ab") as log:
        return subprocess.Popen(command, env=ENVIRONMENT, stderr=log, start_new_session=True)


def done(folder):
    """Number of shards that are there."""
    return len(list((folder / "shards").glob("0*.parquet")))


def kill_a_worker(folder):
    """Kill the process that noted the last call, or where that has ended the one before."""
    noted = [int(line.split()[0]) for line in Path(f"{folder}.calls").read_text().splitlines()]
    for process in dict.fromkeys(reversed(noted)):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue
        return


def wait_for(program, folder, n_shards):
    """Wait until so many shards are there, and a moment more; whether the run goes on."""
    while program.poll() is None and done(folder) < n_shards:
        time.sleep(0.01)
    time.sleep(random.random() * 0.1)
    return program.poll() is None


def kill_workers(folder, engine, kills):
    """Kill workers of one run, whose others go on; returns the kills."""
    program, happened = started(folder, engine), 0
    while happened < kills and wait_for(program, folder, 1 + 2 * happened):
        kill_a_worker(folder)
        happened += 1
    assert program.wait() == 0, Path(f"{folder}.log").read_text()
    return happened


def kill_drivers(folder, engine, whom, kills):
    """Kill a run again and again, and let it finish; returns the kills."""
    for happened in range(kills + 1):
        program = started(folder, engine)
        last = happened == kills or not wait_for(program, folder, min(happened + 1, SHARDS - 1))
        if last:
            assert program.wait() == 0, Path(f"{folder}.log").read_text()
            return happened
        if whom == "worker":
            kill_a_worker(folder)
        elif whom == "all":
            os.killpg(program.pid, signal.SIGKILL)
        else:
            program.kill()
        program.wait()
        finish_orphans(program)
    raise AssertionError("a run ends in the loop")


def finish_orphans(program):
    """Wait for the processes that a killed driver left: they end with the shard in hand."""
    for _ in range(2000):
        try:
            os.killpg(program.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    os.killpg(program.pid, signal.SIGKILL)


CASES = [
    ("none", "driver"),
    ("processes", "driver"),
    ("processes", "worker"),
    ("processes", "all"),
    ("torchrun", "worker"),
    ("torchrun", "all"),
    ("ray", "worker"),
    ("ray", "driver"),
]
SHORT = [("none", "driver"), ("processes", "worker"), ("ray", "worker")]


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "whom"), CASES if KILLS > 1 else SHORT)
def test_killed_at_any_moment_every_example_is_there_once(tmp_path, engine, whom):
    if engine == "ray":
        pytest.importorskip("ray")
    random.seed(0)
    kills, round_ = 0, 0
    uninterrupted = np.arange(N) / 7
    taken_over = whom == "worker" and engine in ("processes", "ray")
    while kills < KILLS:
        round_ += 1
        folder = tmp_path / f"run{round_}"
        left = KILLS - kills
        happened = (
            kill_workers(folder, engine, left)
            if taken_over
            else kill_drivers(folder, engine, whom, min(left, SHARDS - 1))
        )
        kills += happened
        stored = open_explanations(folder)
        assert stored.verify().complete
        np.testing.assert_array_equal(stored.scores().values, uninterrupted)
        assert [row["id"] for row in stored.table(["id"]).to_pylist()] == [str(i) for i in range(N)]
        # A kill costs each worker the shard in hand at most.
        calls = Path(f"{folder}.calls").read_text().splitlines()
        workers = 1 if engine == "none" or taken_over else 2
        assert len(calls) <= SHARDS + happened * workers
        assert round_ <= 3 * KILLS, "the kills come too late"


def test_on_a_full_disk_a_run_says_so_and_goes_on_later(small_disk):
    (small_disk / "filled").mkdir()
    run(small_disk / "filled" / "run", Toy(n=8))
    with open(small_disk / "rest", "wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            pass
    with pytest.raises((OSError, ValueError), match=r"(?i)no space|cannot be"):
        run(small_disk / "other", Toy())
    assert open_explanations(small_disk / "filled" / "run").verify().complete
    (small_disk / "rest").unlink()
    run(small_disk / "other", Toy())
    assert open_explanations(small_disk / "other").verify().complete
