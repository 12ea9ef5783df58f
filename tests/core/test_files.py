"""Files that are whole or not there, whatever happens."""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import textwrap
from contextlib import contextmanager
from pathlib import Path

import core_files
import numpy as np
import pytest
from core_files import explanation, function, group_explanation
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from submod_core import _archives
from submod_core._files import alone_on, whole_file
from submod_core.results import Curves, Diagnostics, Explanation
from submod_core.sea_nn import DeepSubmodularFunction
from submod_core.sop import GroupExplanation

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
unit = st.floats(0, 1)


@st.composite
def label_maps(draw, n):
    ids = draw(st.permutations([*range(n), -1, -1, 0]))
    return np.array(ids).reshape(draw(st.sampled_from([(-1,), (1, -1), (-1, 1, 1)])))


@st.composite
def explanations(draw):
    n = draw(st.integers(1, 6))
    along = arrays(float, n + 1, elements=finite)
    steps = np.sort(draw(arrays(float, n - 1, elements=unit)))
    optional = st.none() | along
    curves = Curves(
        np.concatenate([[0.0], steps, [1.0]]),
        draw(along),
        draw(along),
        draw(optional),
        draw(optional),
        draw(optional),
        own=draw(st.dictionaries(st.text("aé_./ ", min_size=1), along, max_size=2)),
    )
    bound = draw(arrays(float, n + 1, elements=finite | st.sampled_from([np.inf, np.nan])))
    found = Diagnostics(*draw(st.tuples(st.integers(0, 9), st.integers(0, 9), unit)), bound, bound)
    maps = draw(label_maps(n)) if draw(st.booleans()) else (draw(label_maps(n)),) * 11
    return Explanation(
        maps,
        np.array(draw(st.permutations(range(n)))),
        draw(arrays(float, n, elements=unit)),
        curves,
        draw(arrays(bool, n)),
        draw(st.integers(0, 2**40)),
        draw(st.integers(0, 2**40)),
        draw(st.none() | st.just(found)),
    )


@st.composite
def group_explanations(draw):
    m, n, c = (draw(st.integers(1, 4)) for _ in range(3))
    groups = draw(arrays(bool, (m, n)) | arrays(float, (m, n), elements=unit))
    scores, partials = (draw(arrays(float, (m, c), elements=each)) for each in (unit, finite))
    logits = draw(arrays(float, c, elements=finite))
    return GroupExplanation(draw(label_maps(n)), groups, scores, partials, logits)


def check_same(one, other):
    """Compare all that two explanations hold, down to the dtypes of arrays."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, tuple):
        for a, b in zip(one, other, strict=True):
            check_same(a, b)
    elif isinstance(one, dict):
        check_same(tuple(one.items()), tuple(other.items()))
    elif hasattr(one, "__dict__"):
        check_same(vars(one), vars(other))
    else:
        assert one == other


@given(explanations() | group_explanations(), st.sampled_from(["x", "x.npz", "x.y", "é" * 100]))
def test_what_is_saved_under_a_name_is_loaded_by_it(one, name):
    with tempfile.TemporaryDirectory() as folder:
        one.save(Path(folder) / name)
        assert os.listdir(folder) == [name]
        check_same(type(one).load(Path(folder) / name), one)


@given(explanations())
def test_what_is_written_as_json_is_read_back_bit_for_bit(one):
    text = json.dumps(one.to_dict(), allow_nan=False)
    check_same(Explanation.from_dict(json.loads(text)), one)
    # As JavaScript writes numbers: without the point where they are whole.
    shorter = re.sub(r"\b(\d+)\.0\b(?!e)", r"\1", text)
    check_same(Explanation.from_dict(json.loads(shorter)), one)


@pytest.mark.filterwarnings("ignore:overflow encountered")  # of values near the largest float
@given(explanations())
def test_a_frame_has_each_region_in_its_order(one):
    frame = one.to_frame()
    assert frame.index.tolist() == list(range(1, len(one.order) + 1))
    for rank, row in zip(frame.index, frame.itertuples(), strict=True):
        assert row.region == one.order[rank - 1]
        assert row.importance == one.importance[row.region]
        assert row.gain == one.gains[row.region]
        found = (row.area, row.insertion, row.deletion)
        curves = one.curves
        assert found == (curves.area[rank], curves.insertion[rank], curves.deletion[rank])
        assert row.searched == one.searched[rank - 1]


MAKERS = [explanation, group_explanation, function]


def test_arrays_too_large_to_be_unpacked_are_not_compressed(tmp_path, monkeypatch):
    monkeypatch.setattr(_archives, "_MOST", 100)
    explanation().save(tmp_path / "one")
    check_same(Explanation.load(tmp_path / "one"), explanation())


def test_what_load_would_refuse_save_refuses(tmp_path):
    one = explanation()
    one.importance[0] = np.nan
    with pytest.raises(ValueError, match="`importance`"):
        one.save(tmp_path / "one")
    groups = group_explanation()
    groups.scores[0] = -1
    with pytest.raises(ValueError, match="`scores`"):
        groups.save(tmp_path / "one")
    assert not any(tmp_path.iterdir())


@contextmanager
def small_files(size=200):
    """No file grows beyond so many bytes, as on a disk that is full in the middle of a write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def interrupted(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_where_writing_fails_the_old_file_is_still_there(make, tmp_path, monkeypatch):
    file = tmp_path / "one"
    make().save(file)
    before = file.read_bytes()
    with small_files(), pytest.raises(OSError, match="too large"):
        make().save(file)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            make().save(file)
    assert file.read_bytes() == before
    assert os.listdir(tmp_path) == ["one"]


def test_a_full_disk(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only root mounts a file system")
    try:
        function().save(tmp_path / "f")
        large = DeepSubmodularFunction.initial(100, (300,))
        with pytest.raises(OSError, match="No space"):
            large.save(tmp_path / "f")
        assert os.listdir(tmp_path) == ["f"]
        assert DeepSubmodularFunction.load(tmp_path / "f").n == 4
    finally:
        subprocess.run(["umount", tmp_path], check=True)


KILLS = """
    import os, random, signal, sys, time
    import numpy as np
    sys.path.insert(0, {here!r})
    from core_files import explanation, group_explanation, function
    from submod_core.sop.checkpoint import write_checkpoint, read_checkpoint

    def kept(file, k):
        write_checkpoint(file, {{}}, [0.0] * k, {{"w": np.full(40_000, float(k))}})

    file, wrong = {file!r}, 0
    writers = [lambda k: explanation(k).save(file), lambda k: function(k).save(file),
               lambda k: group_explanation().save(file), lambda k: kept(file, k)]
    readers = [type(explanation()).load, type(function()).load, type(group_explanation()).load,
               lambda file: read_checkpoint(file, {{}}, {{"w": np.zeros(40_000)}})]
    random.seed(0)
    for write, read in zip(writers, readers):
        write(0)
        for _ in range(20):
            child = os.fork()
            if not child:
                for k in range(1, 10_000):
                    write(k)
                os._exit(1)
            time.sleep(random.random() / 30)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            found = read(file)
            if read is readers[-1]:
                assert (found[1]["w"] == len(found[0])).all(), "of two runs"
"""


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path):
    names = {"here": os.path.dirname(core_files.__file__), "file": str(tmp_path / "one.npz")}
    program = textwrap.dedent(KILLS).format(**names)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    left = set(os.listdir(tmp_path)) - {"one.npz"}
    assert all("unfinished" in name for name in left)
    with alone_on(tmp_path / "one.npz", "checkpoint"):
        assert set(os.listdir(tmp_path)) == {"one.npz", "one.npz.lock"}, "leftovers are removed"
    assert os.listdir(tmp_path) == ["one.npz"]


def test_links_and_permissions_stay(tmp_path):
    file, link = tmp_path / "one", tmp_path / "link"
    file.touch()
    file.chmod(0o640)
    link.symlink_to(file)
    function().save(link)
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert DeepSubmodularFunction.load(file).n == 4


def test_only_files_are_replaced(tmp_path):
    with pytest.raises(ValueError, match=r"`file` .* a folder"), whole_file(tmp_path):
        pass
    with pytest.raises(ValueError, match=r"`file` .* a device"):
        explanation().save("/dev/null")
    with pytest.raises(FileNotFoundError):
        explanation().save(tmp_path / "absent" / "one")
    with pytest.raises(TypeError, match="`file`"):
        group_explanation().save(3)


def test_a_lock_is_held_by_one_and_freed_by_death(tmp_path):
    file = tmp_path / "run.npz"
    program = f"""
        import time
        from submod_core._files import alone_on
        with alone_on({str(file)!r}, "checkpoint"):
            print("held", flush=True)
            time.sleep(60)
    """
    other = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        told = rf"`checkpoint` .*run.npz'\) is in use by another run, of process {other.pid} on"
        with pytest.raises(ValueError, match=told), alone_on(file, "checkpoint"):
            pass
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    with alone_on(file, "checkpoint"):
        told = f"in use by another run, of process {os.getpid()} on"
        with pytest.raises(ValueError, match=told), alone_on(file, "checkpoint"):
            pass
    assert not any(tmp_path.iterdir())
