"""Targets and the losses that they stand for."""

import numpy as np
import pytest
from scipy.special import expit, log_softmax, xlogy

from submod_core.sop import scaled_binary_cross_entropy, scaled_cross_entropy
from submod_core.sop.targets import chosen_loss

RNG = np.random.default_rng(0)
ONE_HOT = np.eye(5)[[3, 0, 1]]
GOOD = [
    (np.array([3, 0, 4]), 5, None, "cross_entropy"),
    (np.array([[3], [0], [4]], np.uint8), 5, None, "cross_entropy"),
    (ONE_HOT, 5, "cross_entropy", "cross_entropy"),
    (ONE_HOT.astype(int), 5, "cross_entropy", "cross_entropy"),
    (RNG.dirichlet(np.ones(5), 4).astype(np.float16), 5, "cross_entropy", "cross_entropy"),
    (RNG.random((4, 5)) < 0.5, 5, "binary_cross_entropy", "binary_cross_entropy"),
    (RNG.random((4, 5)), 5, "binary_cross_entropy", "binary_cross_entropy"),
    (np.array([1, 0, 1]), 1, "binary_cross_entropy", "binary_cross_entropy"),
    (RNG.normal(size=(4, 5)), 5, None, "squared_error"),
    (RNG.normal(size=4), 1, None, "squared_error"),
    (np.array([[1, 7], [3, -2]]), 2, "squared_error", "squared_error"),
    (ONE_HOT, 5, "squared_error", "squared_error"),
    (ONE_HOT[:1], 5, None, "squared_error"),
    (np.zeros((4, 5)), 5, None, "squared_error"),
]


@pytest.mark.parametrize(("targets", "n", "loss", "found"), GOOD)
def test_what_targets_are(targets, n, loss, found):
    assert chosen_loss(targets, n, loss) == found


BAD = [
    (np.array([5]), 5, None, "from 5 to 5"),
    (np.array([-1, 2]), 5, None, "from -1 to 2"),
    (np.array([5]), 5, "cross_entropy", "classes from 0 to 4"),
    (np.array([0.0, 1.0]), 5, None, "floats of shape"),
    (np.array([[0, 1], [1, 0]]), 2, None, "whole numbers of shape"),
    (np.array(["a", "b"]), 5, None, "no numbers"),
    (np.array([1j]), 5, None, "no numbers"),
    (np.array([True, False]), 5, None, "bools"),
    (np.array(3), 5, None, "of shape"),
    (np.full((2, 5), np.nan), 5, None, "finite"),
    (np.full((2, 5), np.inf), 5, "squared_error", "finite"),
    (ONE_HOT, 5, None, "say by `loss`"),
    (RNG.dirichlet(np.ones(5), 4), 5, None, "shares of classes"),
    ((RNG.random((4, 5)) < 0.5) * 1.0, 5, None, "labels of 0 and 1"),
    (np.ones((3, 5)), 5, "cross_entropy", "must sum to 1"),
    (ONE_HOT * 2, 5, "binary_cross_entropy", r"in \[0, 1\]"),
    (ONE_HOT[:, :4], 5, "cross_entropy", "of shape"),
    (ONE_HOT, 5, "hinge", "`loss`"),
    (ONE_HOT, 5, 3, "`loss`"),
]


@pytest.mark.parametrize(("targets", "n", "loss", "said"), BAD)
def test_what_they_are_not(targets, n, loss, said):
    with pytest.raises(ValueError, match=said):
        chosen_loss(targets, n, loss)


def test_losses_of_soft_labels_and_of_several_labels():
    partials = RNG.normal(size=(4, 3, 5)) * 30
    scores, scales = RNG.dirichlet(np.ones(3), (4, 5)), RNG.uniform(-1, 1, (4, 3))
    logits = np.einsum("ncm,nmc,nm->nc", scores, partials, scales)
    soft, several = RNG.dirichlet(np.ones(5), 4), RNG.random((4, 5))
    wanted = -(soft * log_softmax(logits, -1)).sum(-1)
    np.testing.assert_allclose(scaled_cross_entropy(partials, soft, scores, scales), wanted)
    each = -(xlogy(several, expit(logits)) + xlogy(1 - several, expit(-logits)))
    found = scaled_binary_cross_entropy(partials, several, scores, scales)
    np.testing.assert_allclose(found, each.mean(-1))
