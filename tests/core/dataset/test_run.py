"""Runs over a dataset: resumed, retried, refused, and the same under every engine."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque

import numpy as np
import pytest
import toy_runs
from hypothesis import given
from hypothesis import strategies as st
from toy_runs import SHARD, N, Toy, run

from submod_core.dataset import AllFailedError, OtherRunError, Plan, Run, open_explanations
from submod_core.dataset.engines import Work
from submod_core.dataset.folder import held

RIGHT = np.arange(N) / 7


@given(st.integers(1, 50), st.integers(1, 60))
def test_the_shards_of_a_plan_hold_every_id_once_in_order(n, shard_size):
    plan = Plan(tuple(map(str, range(n))), shard_size)
    shards = [plan.ids_of(k) for k in range(plan.n_shards)]
    assert [name for shard in shards for name in shard] == list(plan.ids)
    assert all(len(shard) == shard_size for shard in shards[:-1])
    assert 1 <= len(shards[-1]) <= shard_size


@pytest.mark.parametrize(
    "how", [{}, {"engine": "processes", "n_workers": 2}], ids=["in process", "processes"]
)
def test_every_example_has_its_row(tmp_path, how):
    run(tmp_path, **how)
    stored = open_explanations(tmp_path)
    assert stored.verify().complete
    np.testing.assert_array_equal(stored.scores().values, RIGHT)
    assert [stored.row(i)["target"] for i in (0, 4)] == [0, 1]
    assert stored.table(["id"]).to_pydict()["id"] == [str(i) for i in range(N)]


def test_what_is_there_is_not_done_again(tmp_path):
    toy = Toy(calls=str(tmp_path / "calls"))
    run(tmp_path / "run", toy)
    lost = tmp_path / "run" / "shards" / "000003.parquet"
    lost.unlink()
    first = (tmp_path / "calls").read_text()
    run(tmp_path / "run", toy)
    again = (tmp_path / "calls").read_text().removeprefix(first).split()
    assert again[1::2] == [str(3 * SHARD)]
    assert open_explanations(tmp_path / "run").verify().complete


def test_examples_that_fail_are_rows_with_their_error(tmp_path):
    run(tmp_path, Toy(broken=(2,), failing=(5, 6)))
    stored = open_explanations(tmp_path)
    assert stored.errors == {
        "2": "OSError: photograph 2 is truncated",
        "5": "ValueError: example 5 has no map",
        "6": "ValueError: example 6 has no map",
    }
    assert stored.verify().failed == ("2", "5", "6")
    assert stored.verify().complete
    expected = RIGHT.copy()
    expected[[2, 5, 6]] = np.nan
    np.testing.assert_array_equal(stored.scores().values, expected)
    # What an example was asked with counts: a shard, or the half of it that did not fail.
    seeds = [stored.row(i)["seed"] for i in (0, 1, 3, 4, 7)]
    assert seeds == [0, 0, 0, 4, 7]
    with pytest.raises(LookupError, match="example '5' failed: ValueError: example 5 has no map"):
        stored[5]


def test_failed_examples_are_asked_again_and_no_others(tmp_path):
    calls = tmp_path / "calls"
    run(tmp_path / "run", Toy(failing=(5,)))
    healed = Toy(calls=str(calls))
    run(tmp_path / "run", healed)  # without being told, it stays
    assert not calls.exists()
    run(tmp_path / "run", healed, retry_failed=True)
    assert calls.read_text().split()[1::2] == ["5"]
    np.testing.assert_array_equal(open_explanations(tmp_path / "run").scores().values, RIGHT)


def test_a_run_whose_first_examples_all_fail_ends_with_their_error(tmp_path):
    with pytest.raises(AllFailedError, match="example 0 has no map"):
        run(tmp_path, Toy(failing=tuple(range(N))))
    assert len(open_explanations(tmp_path).table()) == 0
    run(tmp_path)
    assert open_explanations(tmp_path).verify().complete


@pytest.mark.parametrize(
    ("toy", "shard_size", "named"),
    [
        (Toy(scale=2.0), SHARD, "settings.scale: "),
        (Toy(n=N - 1), SHARD, "ids: "),
        (Toy(), SHARD + 1, "shard_size: 4, now 5"),
    ],
    ids=["settings", "ids", "shard size"],
)
def test_another_run_is_refused_and_told_what_differs(tmp_path, toy, shard_size, named):
    run(tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(OtherRunError, match=named):
        run(tmp_path, toy, shard_size)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_damaged_shard_is_named_and_nothing_is_overwritten(tmp_path):
    run(tmp_path)
    shard = tmp_path / "shards" / "000001.parquet"
    shard.write_bytes(shard.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"'000001.parquet' of .* is not a shard, or a damaged"):
        run(tmp_path)
    found = open_explanations(tmp_path).verify()
    assert found.missing == ("4", "5", "6", "7")
    assert "000001.parquet" in found.unreadable[0]
    shard.unlink()
    run(tmp_path)
    assert open_explanations(tmp_path).verify().complete


def test_a_shard_of_another_run_is_foreign(tmp_path):
    run(tmp_path / "a")
    run(tmp_path / "b", Toy(scale=3.0))
    name = "shards/000002.parquet"
    (tmp_path / "a" / name).write_bytes((tmp_path / "b" / name).read_bytes())
    assert open_explanations(tmp_path / "a").verify().foreign == ("000002.parquet",)
    with pytest.raises(ValueError, match=r"'000002\.parquet', which is of another run"):
        run(tmp_path / "a")


def test_a_second_run_on_one_folder_is_told(tmp_path):
    run(tmp_path)
    stored = open_explanations(tmp_path)
    with held(stored.folder, None), pytest.raises(ValueError, match="in use by another run"):
        run(tmp_path)


def test_ranks_share_a_folder_and_no_rank_runs_twice(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in range(2):
        monkeypatch.setenv("RANK", str(rank))
        run(tmp_path)
    stored = open_explanations(tmp_path)
    np.testing.assert_array_equal(stored.scores().values, RIGHT)
    with held(stored.folder, 0):
        with held(stored.folder, 1):
            pass
        with pytest.raises(ValueError, match="in use"), held(stored.folder, 0):
            pass
        with pytest.raises(ValueError, match="in use"), held(stored.folder, None):
            pass


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ValueError, match="`folder`"):
        run(tmp_path / "file" / "run")


def test_a_folder_behind_a_url(tmp_path):
    run("memory://a/run")
    stored = open_explanations("memory://a/run")
    assert stored.verify().complete
    np.testing.assert_array_equal(stored.scores().values, RIGHT)
    with pytest.raises(ValueError, match="`folder`"):
        run("nosuchsystem://a")


def test_a_shard_that_ends_its_workers_stops_the_run(tmp_path):
    with pytest.raises(RuntimeError, match="shard 1 ended its worker 3 times"):
        run(tmp_path, Toy(fatal=5), engine="processes", n_workers=1)
    assert open_explanations(tmp_path).verify().missing[0] == "4"


def test_a_recipe_that_does_not_pickle_is_refused(tmp_path):
    class Local(Toy):
        pass

    with pytest.raises(TypeError, match="by pickle"):
        run(tmp_path, Local(), engine="processes")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"engine": "dask"}, "engine"),
        ({"n_workers": 2}, "n_workers"),
        ({"engine": "processes", "n_workers": 0}, "n_workers"),
        ({"retry_failed": "yes"}, "retry_failed"),
    ],
)
def test_bad_options_are_named(options, named):
    with pytest.raises((TypeError, ValueError), match=f"`{named}`"):
        Run(**options)


def started(folder, engine="none", seconds="0.02"):
    command = [sys.executable, toy_runs.__file__, str(folder), f"{folder}.calls", engine, seconds]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def wait_for(folder, n_shards):
    """Wait until so many shards are there."""
    while len(list((folder / "shards").glob("0*.parquet"))) < n_shards:
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["none", "processes"])
def test_terminated_it_finishes_the_shards_in_hand(tmp_path, engine):
    program = started(tmp_path / "run", engine, "0.2")
    wait_for(tmp_path / "run", 2)
    program.send_signal(signal.SIGTERM)
    _, errors = program.communicate()
    assert program.returncode == 128 + signal.SIGTERM, errors
    calls = (tmp_path / "run.calls").read_text().splitlines()
    there = len(list((tmp_path / "run" / "shards").glob("0*.parquet")))
    assert there == len(calls) < N // SHARD  # what was begun is there, and it did not go on
    run(tmp_path / "run")
    np.testing.assert_array_equal(open_explanations(tmp_path / "run").scores().values, RIGHT)


def test_in_a_thread_signals_are_left_alone(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=run, args=(tmp_path,))
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
    assert open_explanations(tmp_path).verify().complete


@given(st.integers(1, 12), st.integers(1, 4), st.data())
def test_shards_are_handed_out_once_whoever_asks(n_shards, n_workers, data):
    work, given_out, promised = Work(deque(range(n_shards))), [], {}
    while work.shards:
        worker = data.draw(st.integers(0, n_workers - 1))
        k, options = work.next(worker)
        ahead = promised.get(worker)
        if ahead is not None and ahead not in given_out:
            assert k == ahead  # it has been read
        promised[worker] = options["ahead"]
        given_out.append(k)
    assert sorted(given_out) == list(range(n_shards))
    assert work.next(0) is None


def test_progress_counts_examples_errors_and_images(tmp_path, capsys):
    run(tmp_path, Toy(failing=(5,)), show_progress=True)
    told = capsys.readouterr().err
    assert "60/60" in told
    assert "errors=1" in told
