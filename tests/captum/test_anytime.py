"""`LiMA.explain_iter`: explanations that get better while the caller lets it go on."""

import numpy as np
import pytest
import torch
from torch import nn

from captum_submod import LiMA

torch.manual_seed(0)
NET = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 16), nn.Tanh(), nn.Linear(16, 3))
IMAGES = torch.rand(2, 3, 8, 8)


def quality(explanation):
    return explanation.curves.insertion_auc - explanation.curves.deletion_auc


def test_it_ends_no_worse_than_explain_and_leaves_the_model_as_it_was():
    NET.train()
    lima, seen = LiMA(NET, regions=(5, 5)), []
    hook = NET.register_forward_hook(lambda module, given, _: seen.append(len(given[0])))
    target, found = [1, 2], []
    for explanations in lima.explain_iter(IMAGES, target=target, perturbations_per_eval=8):
        assert NET.training, "between explanations the model is the caller's"
        assert sum(one.model_inputs for one in explanations) == sum(seen)
        found.append(explanations)
    hook.remove()
    NET.eval()
    plain = lima.explain(IMAGES, target=target, perturbations_per_eval=8)
    assert len(found) >= 2
    for i in range(2):
        values = [quality(explanations[i]) for explanations in found]
        assert values == sorted(values)
        assert values[-1] >= quality(plain[i]) - 1e-9
    assert found[0][0].model_inputs <= 4 * 25


def test_bad_arguments_are_refused_before_the_first_explanation():
    with pytest.raises(ValueError, match="`budgets`"):
        LiMA(NET, regions=(2, 2)).explain_iter(IMAGES, target=0, budgets=[30, 20])
    with pytest.raises(ValueError, match="`search`"):
        LiMA(NET, regions=(2, 2), search="greedy").explain_iter(IMAGES, target=0)
    with pytest.raises(ValueError, match="`perturbations_per_eval`"):
        LiMA(NET, regions=(2, 2)).explain_iter(IMAGES, target=0, perturbations_per_eval=0)


def test_a_kept_explanation_is_not_changed_by_later_ones():
    lima = LiMA(NET, regions=(4, 4))
    (first,), *_ = list(lima.explain_iter(IMAGES[:1], target=0, budgets=[64, 256]))
    (again,) = next(lima.explain_iter(IMAGES[:1], target=0, budgets=[64]))
    assert np.array_equal(first.order, again.order)
    assert first.model_inputs == again.model_inputs
