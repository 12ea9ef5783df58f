"""`LiMA(max_model_inputs=…)`: by default the budget says how many regions there are."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

from captum_submod import LiMA

torch.manual_seed(0)
NET = nn.Sequential(nn.Conv2d(3, 4, 5), nn.Tanh(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
NET.append(nn.Linear(16, 3))
X = torch.rand(1, 3, 24, 24)


@settings(max_examples=25)
@given(st.integers(3, 400))
@example(3)
@example(33)
@example(100)
def test_any_budget_has_a_complete_order(most):
    with warnings.catch_warnings(action="ignore"):  # of effectiveness
        (one,) = LiMA(NET, max_model_inputs=most).explain(X, target=1, perturbations_per_eval=32)
    assert one.model_inputs <= most
    assert one.searched.all()
    assert len(one.order) >= min(2, most // 6)


@pytest.mark.parametrize(
    ("most", "least", "largest"), [(None, 40, 55), (100, 12, 20), (700, 70, 99)]
)
def test_more_images_have_more_regions(most, least, largest):
    weights = {"consistency": 1, "collaboration": 1}
    lima = LiMA(NET, max_model_inputs=most, weights=weights)
    (one,) = lima.explain(X, target=1, perturbations_per_eval=32)
    assert least <= len(one.order) <= largest
    given_count = LiMA(NET, max_model_inputs=most, weights=weights, regions=(3, 3))
    assert len(given_count.explain(X, target=1)[0].order) == 9


def test_tables_keep_a_region_for_each_column():
    rows = nn.Linear(30, 3)
    weights = {"consistency": 1, "collaboration": 1}
    lima = LiMA(rows, max_model_inputs=100, weights=weights)
    (one,) = lima.explain(torch.rand(1, 30), target=1)
    assert np.array_equal(one.regions, np.arange(30))
