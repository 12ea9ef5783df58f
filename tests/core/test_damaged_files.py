"""Faults that loading refuses: damaged files, files of another kind, arrays that do not fit."""

import zipfile
from contextlib import suppress

import numpy as np
import pytest
from core_files import explanation, function, group_explanation

from submod_core import _archives
from submod_core.results import Explanation

WRONG = {
    explanation: {
        "no regions": {"regions": None},
        "no order": {"order": None},
        "no curve": {"curves_consistency": None},
        "an unknown curve": {"curves_foo": np.ones(5)},
        "an unknown array": {"foo": np.ones(5)},
        "half of the diagnostics": {"diagnostics_bound": None},
        "a region 99": {"order": np.array([2, 0, 1, 99])},
        "a region twice": {"order": np.array([2, 0, 1, 1])},
        "an order of 2": {"order": np.array([2, 0])},
        "no order at all": {"order": np.zeros(0, int)},
        "an order of NaN": {"order": np.full(4, np.nan)},
        "one importance": {"importance": np.ones(1)},
        "too important": {"importance": np.array([0, 1, 2.0, 1])},
        "importance NaN": {"importance": np.array([0, 1, np.nan, 1])},
        "texts": {"importance": np.array(["a", "b", "c", "d"])},
        "searched as numbers": {"searched": np.ones(4)},
        "regions of -1": {"regions": -np.ones((8, 8), int)},
        "regions of -2": {"regions": np.array([[0, 1, 2, 3, -2]])},
        "regions of 4": {"regions": np.array([[0, 1, 2, 3, 4]])},
        "regions of floats": {"regions": np.array([[0.0, 1, 2, 3]])},
        "a falling area": {"curves_area": np.array([0, 0.5, 0.4, 0.8, 1])},
        "half an area": {"curves_area": np.linspace(0, 0.5, 5)},
        "a short curve": {"curves_consistency": np.ones(4)},
        "an infinite curve": {"score_mine": np.array([0, 1, np.inf, 1, 0])},
        "a negative count": {"evaluations": np.array(-1)},
        "several counts": {"model_inputs": np.array([1, 2])},
        "a short bound": {"diagnostics_bound": np.ones(2)},
        "objects": {"order": np.array([2, 0, None, 1])},
    },
    group_explanation: {
        "no scores": {"scores": None},
        "surplus": {"foo": np.ones(2)},
        "regions of 2": {"regions": np.array([[0, 2]])},
        "regions of one": {"regions": np.array([[0, 0]])},
        "groups above 1": {"groups": np.eye(2) * 3},
        "groups of ints": {"groups": np.eye(2, dtype=int)},
        "groups along a line": {"groups": np.ones(2, bool)},
        "no groups": {"groups": np.ones((0, 2), bool)},
        "negative scores": {"scores": -np.ones((2, 3))},
        "other scores": {"scores": np.ones((2, 4))},
        "partials NaN": {"partials": np.full((2, 3), np.nan)},
        "logits of 2": {"logits": np.ones(2)},
    },
    function: {
        "no activation": {"activation": None},
        "another activation": {"activation": np.array("relu")},
        "no bias": {"biases_1": None},
        "no weights": {"weights_0": None},
        "negative": {"weights_0": -np.ones((3, 4))},
        "of three axes": {"weights_0": np.ones((3, 4, 1))},
        "a scalar": {"weights_0": np.array(1.0)},
    },
}


@pytest.mark.parametrize(
    ("make", "change"),
    [
        pytest.param(m, c, id=f"{m.__name__}: {t}")
        for m, each in WRONG.items()
        for t, c in each.items()
    ],
)
def test_wrong_arrays_are_named(make, change, tmp_path):
    file = tmp_path / "one.npz"
    make().save(file)
    with np.load(file) as loaded:
        good = dict(loaded)
    changed = {name: array for name, array in (good | change).items() if array is not None}
    np.savez(file, **changed)
    with pytest.raises(ValueError, match=r"`file` \(='.*one.npz'\) is not a saved") as caught:
        type(make()).load(file)
    assert "pickle" not in str(caught.value)


def bad_files(good: bytes):
    """Files that are not what they should be, from the bytes of one that is."""
    yield b""
    yield b"not an archive"
    yield b'{"json": [1, 2]}'
    for size in (1, 100, len(good) // 2, len(good) - 1):
        yield good[:size]
    for place in range(0, len(good), max(1, len(good) // 60)):
        yield good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :]


@pytest.mark.parametrize("make", list(WRONG), ids=lambda make: make.__name__)
def test_damaged_and_foreign_files_raise_valueerror_alone(make, tmp_path):
    kind, file = type(make()), tmp_path / "one.npz"
    make().save(file)
    said = []
    for bad in list(bad_files(file.read_bytes())):
        file.write_bytes(bad)
        with suppress(ValueError):  # nothing else; a changed date does no harm
            try:
                kind.load(file)
            except ValueError as error:
                said.append(str(error))
                raise
    assert len(said) > 10
    for text in said:
        assert f"`file` (={str(file)!r}) is not a saved" in text
        assert "pickle" not in text
    with pytest.raises(FileNotFoundError):
        kind.load(tmp_path / "absent.npz")
    with pytest.raises(IsADirectoryError):
        kind.load(tmp_path)
    with pytest.raises(TypeError, match="`file`"):
        kind.load(3)


def test_archives_that_would_fill_the_memory_are_not_unpacked(tmp_path, monkeypatch):
    file = tmp_path / "one.npz"
    explanation().save(file)
    with np.load(file) as loaded:
        good = dict(loaded)
    np.savez_compressed(file, **(good | {"regions": np.zeros((1 << 11, 1 << 8), int)}))
    assert file.stat().st_size < 1 << 16
    monkeypatch.setattr(_archives, "_MOST", 1 << 20)
    monkeypatch.setattr(_archives, "_array", None)  # nothing is unpacked
    with pytest.raises(ValueError, match=r"unpacks to .* bytes"):
        Explanation.load(file)


def test_a_header_that_asks_for_more_than_there_is_gets_nothing(tmp_path):
    file = tmp_path / "one.npz"
    with zipfile.ZipFile(file, "w") as archive, archive.open("order.npy", "w") as stream:
        header = {"descr": "<i8", "fortran_order": False, "shape": (1 << 50,)}
        np.lib.format.write_array_header_1_0(stream, header)
    with pytest.raises(ValueError, match="said to be of shape"):
        Explanation.load(file)
