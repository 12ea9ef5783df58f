"""One file each adds a search, a score, a metric and a host; the guides show these very files."""

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import torch
from extending.my_metric import AverageDrop
from extending.my_score import Distinction
from extending.my_search import Blocks
from extending.numpy_host import NumpyLiMA, NumpyOracle
from hypothesis import given
from hypothesis import strategies as st

import captum_submod
import xplique_submod
from submod_core import GroundSet
from submod_core.testing import check_metric, check_oracle, check_search

HERE = Path(__file__).parent
GUIDE = HERE.parent.parent / "docs" / "extending.md"

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(64, 4)).astype(np.float32)
IMAGES = RNG.random((2, 8, 8, 1)).astype(np.float32)
REGIONS = np.arange(64).reshape(8, 8) // 16 * 2 + np.arange(64).reshape(8, 8) % 8 // 4


def of_numpy(x):
    return np.asarray(x).reshape(len(x), -1) @ WEIGHTS


def of_torch(x):
    return x.flatten(1) @ torch.from_numpy(WEIGHTS)


@tf.function
def of_tensorflow(x):
    return tf.reshape(x, (tf.shape(x)[0], 64)) @ WEIGHTS


TORCH_IMAGES = torch.from_numpy(IMAGES).movedim(-1, 1)
MASK = torch.from_numpy(REGIONS)[None, None]
ONE_HOT = np.eye(4, dtype=np.float32)[[1, 1]]


def explained(**options):
    """The explanations of LiMA under both hosts."""
    lima = captum_submod.LiMA(of_torch, **options)
    yield lima.explain(TORCH_IMAGES, target=1, feature_mask=MASK, perturbations_per_eval=8)
    other = xplique_submod.LiMA(of_numpy, regions=REGIONS, **options)
    yield other.explain_regions(IMAGES, ONE_HOT)


@given(n=st.integers(1, 30), size=st.integers(1, 40))
def test_the_search_conforms(n, size):
    check_search(Blocks(size), n)


def test_the_search_runs_in_both_hosts():
    first, second = explained(search=Blocks(3))
    for one, other in zip(first, second, strict=True):
        assert one.order.tolist() == other.order.tolist()
    assert "search=Blocks(size=3)" in repr(captum_submod.LiMA(of_torch, search=Blocks(3)))


def test_the_score_changes_the_objective_and_has_its_curve():
    weights = {"consistency": 20, Distinction(): 3}
    first, second = explained(search="greedy", weights=weights)
    for one, other in zip(first, second, strict=True):
        assert one.order.tolist() == other.order.tolist()
        curve = one.curves.scores["distinction"]
        total = 20 * one.curves.consistency + 3 * curve
        np.testing.assert_allclose(one.curves.objective, total)
        # Nothing is as unlike to everything as a part is to the rest.
        assert curve[0] == pytest.approx(1)
        assert curve.shape == one.curves.area.shape
        np.testing.assert_allclose(curve, other.curves.scores["distinction"], atol=1e-5)


def test_the_score_shows_itself():
    lima = captum_submod.LiMA(of_torch, weights={Distinction(): 3})
    assert repr(lima) == "LiMA(of_torch, weights={Distinction(): 3})"


def test_a_score_is_computed_as_it_says(tmp_path):
    (one, _), _ = explained(search="greedy", weights={Distinction(): 1})
    for size, found in enumerate(one.curves.own["distinction"]):
        kept = np.isin(REGIONS, one.order[:size])
        a, b = (of_numpy((IMAGES[:1, ..., 0] * k)[..., None])[0] for k in (kept, ~kept))
        expected = 1 - a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12)
        assert found == pytest.approx(expected, abs=1e-5)
    one.save(tmp_path / "one.npz")
    again = type(one).load(tmp_path / "one.npz")
    assert np.array_equal(again.curves.own["distinction"], one.curves.own["distinction"])


def test_the_metric_conforms():
    check_metric(AverageDrop(share=0.3))


def test_the_metric_is_one_line_a_host():
    average_drop = captum_submod.metrics.model_metric(AverageDrop)
    Drop = xplique_submod.metrics.model_metric(AverageDrop)  # noqa: N806
    found = average_drop(of_torch, TORCH_IMAGES, TORCH_IMAGES, target=1, share=0.4)
    other = Drop(of_numpy, IMAGES, ONE_HOT, activation="softmax", share=0.4)
    np.testing.assert_allclose(found, other.per_example(IMAGES), atol=1e-5)
    assert other.higher_is_better is False
    assert other.share == 0.4
    assert "share : float" in average_drop.__doc__
    with pytest.raises(ValueError, match="`share`"):
        average_drop(of_torch, TORCH_IMAGES, TORCH_IMAGES, target=1, share=2)
    with pytest.raises(TypeError, match="shares"):
        average_drop(of_torch, TORCH_IMAGES, TORCH_IMAGES, target=1, shares=0.4)


def test_the_average_drop_is_what_it_says():
    average_drop = captum_submod.metrics.model_metric(AverageDrop)
    found = average_drop(of_torch, TORCH_IMAGES, TORCH_IMAGES, target=1, share=0.5)
    for i, image in enumerate(IMAGES):
        kept = image * (image >= np.sort(image.ravel())[32])
        part, whole = (torch.from_numpy(of_numpy(x[None])).softmax(1)[0, 1] for x in (kept, image))
        assert float(found[i]) == pytest.approx(max(0, 1 - float(part / whole)), abs=1e-5)


def numpy_oracle():
    flat = IMAGES.reshape(2, -1)
    maps = [REGIONS.ravel(), REGIONS.ravel() // 2]
    sets = [GroundSet.of((m,), [x != 0]) for m, x in zip(maps, flat, strict=True)]
    return NumpyOracle(of_numpy, flat, np.zeros(64), np.array([1, 2]), maps), sets


def test_the_numpy_host_conforms():
    oracle, sets = numpy_oracle()

    def reference(i, keep):
        logits = of_numpy(np.where(keep[oracle.maps[i]], oracle.inputs[i], 0)[None])[0]
        return np.exp(logits[oracle.targets[i]]) / np.exp(logits).sum()

    check_oracle(oracle, sets, reference=reference)


@pytest.mark.parametrize("search", ["guided", "greedy", "bidirectional"])
def test_the_numpy_host_finds_what_the_others_find(search):
    mine = NumpyLiMA(of_numpy, search=search).explain(
        IMAGES.reshape(2, -1), [1, 1], REGIONS.ravel(), np.zeros(64)
    )
    for theirs in explained(search=search):
        for one, other in zip(mine, theirs, strict=True):
            assert one.order.tolist() == other.order.tolist()
            np.testing.assert_allclose(one.curves.objective, other.curves.objective, atol=1e-4)
            np.testing.assert_allclose(one.importance, other.importance, atol=1e-3)


@pytest.mark.parametrize("name", ["my_search", "my_score", "my_metric", "numpy_host"])
def test_the_guide_shows_the_file(name):
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert (HERE / f"{name}.py").read_text() in blocks


@pytest.mark.parametrize("fault", ["a row leaks", "features differ", "one score for all", "inert"])
def test_check_oracle_finds_faults(fault):
    oracle, sets = numpy_oracle()
    sets = [GroundSet(s.regions, s.sizes, np.arange(len(s.sizes)) == 0) for s in sets]

    def faulty(examples, keep, features):
        shown = keep.copy()
        if fault != "inert":
            shown[:, 0] = False
        answer = oracle(examples, shown, features)
        target = answer.target
        if fault == "a row leaks":
            target = target + target.mean()
        if fault == "features differ" and features:
            target = target + 1e-3
        return type(answer)(target.mean() if fault == "one score for all" else target)

    with pytest.raises((AssertionError, TypeError)):
        check_oracle(faulty, sets)
