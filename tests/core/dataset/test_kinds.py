"""Results and their rows: what is read back is what was written."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core import Curves, Explanation
from submod_core.dataset import KINDS, LocalFolder, Plan, read_shard, write_shard
from submod_core.dataset.manifest import Manifest
from submod_core.dataset.stored import open_explanations
from submod_core.methods import Mistake
from submod_core.results import Diagnostics, areas
from submod_core.sop import GroupExplanation


def explanation(seed, n=7, *, several=False, own=False, diagnosed=False, side=12):
    """A made-up explanation, whose arrays fit each other."""
    rng = np.random.default_rng(seed)
    regions = rng.permutation(np.arange(side * side) % (n + 1) - 1).reshape(side, side)

    def curve():  # in the precision of a model
        return rng.random(n + 1, np.float32).astype(np.float64)

    order = rng.permutation(n)
    area = np.concatenate([[0.0], np.sort(rng.random(n - 1)), [1.0]])
    if not several:  # as methods give it
        area = areas(order, np.bincount(regions[regions >= 0]))
    objective, bound = curve(), np.where(rng.random(n + 1) < 0.3, np.inf, curve())
    certificate = np.where(np.isinf(bound), np.nan, objective / bound)
    return Explanation(
        (regions, regions[:1]) if several else regions,
        order,
        rng.random(n),
        Curves(
            area,
            curve(),
            curve(),
            confidence=curve(),
            objective=objective,
            own={"mine": curve()} if own else {},
        ),
        rng.random(n) < 0.5,
        int(rng.integers(1000)),
        int(rng.integers(1000)),
        Diagnostics(3, 1, 0.25, bound, certificate) if diagnosed else None,
    )


def through_a_file(kind, results, tmp_path):
    """Results as a folder gives them back."""
    folder = LocalFolder(tmp_path)
    manifest = Manifest(KINDS[kind], Plan(tuple(map(str, range(len(results)))), 100), {})
    manifest.agreed(folder)
    rows = [{"index": i, "id": str(i), **manifest.kind.row(one)} for i, one in enumerate(results)]
    write_shard(folder, 0, manifest.kind, rows, manifest.fingerprint)
    return open_explanations(tmp_path)


def check_same(one, other):
    a, b = one.to_arrays(), other.to_arrays()
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@given(st.integers(0, 2**32), st.booleans(), st.booleans(), st.booleans())
def test_explanations_are_read_back_bit_for_bit(tmp_path_factory, seed, several, own, diagnosed):
    one = explanation(seed, several=several, own=own, diagnosed=diagnosed)
    stored = through_a_file("explanations", [one], tmp_path_factory.mktemp("run"))
    check_same(stored[0], one)
    assert isinstance(stored[0].regions, tuple) == several
    np.testing.assert_array_equal(stored.row(0)["gains"], one.gains.astype(np.float32))


def test_one_input_of_a_tuple_stays_a_tuple(tmp_path):
    one = explanation(0, several=True)
    alone = Explanation(**{**vars(one), "regions": one.regions[:1]})
    assert len(through_a_file("explanations", [alone], tmp_path)[0].regions) == 1


@pytest.mark.parametrize("groups_are_bool", [True, False])
def test_groups_are_read_back(tmp_path, groups_are_bool):
    rng = np.random.default_rng(0)
    groups = rng.random((3, 5))
    one = GroupExplanation(
        np.array([[0, 1, 2], [3, 4, -1]]),
        groups < 0.5 if groups_are_bool else groups,
        rng.random((3, 2)),
        rng.normal(size=(3, 2)),
        rng.normal(size=2),
    )
    found = through_a_file("groups", [one], tmp_path)
    for name, array in vars(one).items():
        np.testing.assert_array_equal(getattr(found[0], name), array)
        assert getattr(found[0], name).dtype == array.dtype
    np.testing.assert_array_equal(found.map(0), one.paint(int(one.logits.argmax())))


def test_mistakes_and_what_was_right_are_read_back(tmp_path):
    one = explanation(1)
    before, after = np.array([0.7, 0.3]), np.array([0.2, 0.8])
    mistake = Mistake(one, 1, one.order[:3], one.order[3:], before, after, 0)
    stored = through_a_file("mistakes", [mistake, None], tmp_path)
    assert stored[1] is None
    check_same(stored[0].explanation, one)
    assert repr(stored[0]) == repr(mistake)
    np.testing.assert_array_equal(stored[0].causes, mistake.causes)


def test_maps_are_read_back_in_single_precision(tmp_path):
    one = np.random.default_rng(0).normal(size=(4, 6))
    np.testing.assert_array_equal(through_a_file("maps", [one], tmp_path)[0], one.astype("f4"))


def test_a_photograph_takes_four_kilobytes_at_most(tmp_path):
    from skimage.data import astronaut
    from skimage.transform import resize

    from submod_core import slico

    photograph = resize(astronaut(), (224, 224))
    results = []
    for k in range(16):  # 16 divisions that differ, as those of 16 photographs do
        labels = slico(np.roll(photograph, 13 * k, axis=1), 49)
        n = int(labels.max()) + 1
        made = vars(explanation(k, n=n, diagnosed=True))
        area = areas(made["order"], np.bincount(labels.ravel()))
        curves = replace(made["curves"], area=area)
        results.append(Explanation(**{**made, "regions": labels, "curves": curves}))
    through_a_file("explanations", results, tmp_path)
    size = (tmp_path / "shards" / "000000.parquet").stat().st_size
    assert size / len(results) < 4096


def test_other_libraries_read_the_files(tmp_path):
    pandas, datasets = pytest.importorskip("pandas"), pytest.importorskip("datasets")
    results = [explanation(k) for k in range(3)]
    stored = through_a_file("explanations", results, tmp_path / "run")
    frame = pandas.read_parquet(tmp_path / "run" / "shards")
    assert list(frame["id"]) == ["0", "1", "2"]
    np.testing.assert_array_equal(frame["order"][1], results[1].order)
    assert stored.table(["id", "model_inputs"]).to_pandas().shape == (3, 2)
    files = str(tmp_path / "run" / "shards" / "*.parquet")
    loaded = datasets.load_dataset("parquet", data_files=files, cache_dir=str(tmp_path / "cache"))
    np.testing.assert_array_equal(loaded["train"][2]["importance"], results[2].importance)


def test_reading_fails_clearly_without_the_extra(monkeypatch, tmp_path):
    for name in [m for m in sys.modules if m.partition(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'captum-xplique-submod\[datasets\]'"):
        read_shard(LocalFolder(tmp_path), "000000.parquet")
