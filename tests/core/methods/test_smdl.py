"""SMDL's division, its evidential confidence, and the search that ends after k regions."""

import math

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from submod_core.engine import Responses
from submod_core.methods import LiMASettings, check_patches, explain, smdl_settings
from submod_core.regions import GroundSet, saliency_patches
from submod_core.scores import Readout, evidential_loss, uncertainty
from submod_core.search import Greedy, rank

NAN = float("nan")
finite = st.floats(-20, 20)


@given(st.data())
def test_division_is_algorithm_1(data):
    height, width = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 8))
    patches = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    m = data.draw(st.integers(1, patches[0] * patches[1]))
    saliency = data.draw(arrays(float, (height, width), elements=st.integers(-3, 3).map(float)))
    found = saliency_patches(saliency, patches, m)
    assert found.tolist() == reference.smdl_algorithm_1(saliency, patches, m)
    assert set(found.ravel()) == set(range(m)), "no patch is lost"


def test_regions_differ_by_at_most_one_patch_where_m_does_not_divide():
    labels = saliency_patches(np.random.default_rng(0).random((28, 28)), (28, 28), 98 + 7)
    assert np.ptp(np.bincount(labels.ravel())) == 1
    assert np.ptp(np.bincount(saliency_patches(np.eye(28), (28, 28), 98).ravel())) == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((np.full((4, 4), NAN), (2, 2), 2), "`saliency`"),
        ((np.zeros(4), (2, 2), 2), "`saliency`"),
        ((np.zeros((4, 4)), (5, 2), 2), "`cells`"),
        ((np.zeros((4, 4)), (2, 2), 5), "`n`"),
        ((np.zeros((4, 4)), (2, 2), 0), "`n`"),
    ],
)
def test_division_refuses(arguments, named):
    with pytest.raises(ValueError, match=named):
        saliency_patches(*arguments)


@given(arrays(float, (4, 3), elements=finite), st.integers(0, 2))
def test_evidential_loss_is_eq_3_and_uncertainty_eq_4(outputs, target):
    one_hot = np.tile(np.eye(3)[target], (4, 1))
    assert np.allclose(
        evidential_loss(outputs, one_hot),
        [reference.evidential_loss_eq_3(o, target) for o in outputs],
    )
    assert np.allclose(uncertainty(outputs), [reference.uncertainty_eq_4(o) for o in outputs])
    assert (uncertainty(outputs) > 0).all()
    assert (uncertainty(outputs) < 1).all()


def test_evidential_loss_refuses_indices_for_targets():
    with pytest.raises(ValueError, match="`targets`"):
        evidential_loss(np.zeros((2, 3)), np.array([0, 1]))


@given(st.integers(1, 9), st.integers(1, 9))
def test_greedy_ranks_only_k(n, k):
    ranking = rank(lambda chosen: sum(chosen), n, Greedy(k=k))
    k = min(k, n)
    assert ranking.order.tolist() == list(range(n))[::-1]
    assert ranking.searched.tolist() == [i < k for i in range(n)]
    assert ranking.evaluations == sum(n - i for i in range(k))


def explained(k, n=6):
    """Regions whose scores only add: the i-th gives 2^i."""
    weights = 2.0 ** np.arange(n) / (2.0**n - 1)

    def oracle(examples, keep, features):
        return Responses(keep @ weights, None, np.eye(n)[:, : len(keep)].T if features else None)

    ground_set = GroundSet(np.arange(n), np.ones(n), np.zeros(n, dtype=bool))
    settings = smdl_settings(Readout(), k, {"consistency": 1, "collaboration": 1}, "cosine", None)
    return explain(oracle, [ground_set], settings, batch_size=4)[0]


@pytest.mark.parametrize("k", [1, 2, 5, 6])
def test_what_is_not_ranked_shares_the_lowest_importance(k):
    found = explained(k)
    ranked = found.importance[found.order[:k]]
    assert (np.diff(ranked) < 0).all()
    assert ranked[0] == 1
    assert not found.importance[found.order[k:]].any()
    assert ranked[-1] > 0 or k == 6
    assert found.searched.sum() == k
    assert not math.isnan(found.diagnostics.share_grown) or k == 1


def test_more_than_all_regions_cannot_be_ranked():
    with pytest.raises(ValueError, match="`k`"):
        explained(7)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((0, 4, True), "`patches`"),
        ((2.5, 4, True), "`patches`"),
        (((2, 2, 2), 4, True), "`patches`"),
        ((4, 0, True), "`regions`"),
        ((4, 17, True), "`regions`"),
    ],
)
def test_patches_that_make_no_sense(arguments, named):
    with pytest.raises(ValueError, match=named):
        check_patches(*arguments)


def test_features_without_a_confidence_model_have_no_confidence():
    plain = smdl_settings(Readout(feature_target=True), None, None, "cosine", None)
    assert plain.weights.confidence == 0
    model = Readout(feature_target=True, confidence_model=lambda x: x)
    assert smdl_settings(model, None, None, "cosine", None).weights.confidence == 1
    assert isinstance(plain, LiMASettings)
