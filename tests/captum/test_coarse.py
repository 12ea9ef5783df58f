"""`LiMA(coarse=…)`: groups of regions first, under Captum."""

import numpy as np
import pytest
import torch
from torch import nn

from captum_submod import LiMA, explain_mistakes
from captum_submod.llm import _check_method

torch.manual_seed(0)
NET = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 16), nn.Tanh(), nn.Linear(16, 5))
X, FINE = torch.rand(2, 3, 8, 8), (4, 4)
TARGET = NET(X).argmax(1)


# Without effectiveness, for which 80 images are too few.
WEIGHTS = {"consistency": 20, "collaboration": 5, "confidence": 0.05}


def lima(**options):
    given = {"regions": FINE, "coarse": (2, 2), "max_model_inputs": 80, "weights": WEIGHTS}
    options = given | options
    return LiMA(NET, **options)


def test_the_map_is_that_of_the_regions_found():
    maps = lima().attribute(X, target=TARGET)
    signed = lima().attribute(X, target=TARGET, signed=True)
    found = lima().explain(X, target=TARGET)
    for i, one in enumerate(found):
        assert one.model_inputs <= 80
        assert 4 < len(one.order) < FINE[0] * FINE[1]
        assert np.allclose(maps[i], one.paint()[None], atol=1e-6)
        assert np.allclose(signed[i], one.paint(signed=True)[None], atol=1e-6)


def test_a_mask_is_grouped_as_a_division_is():
    mask = torch.arange(16).reshape(FINE).repeat_interleave(2, 0).repeat_interleave(2, 1)
    groups = torch.arange(4).reshape(2, 2).repeat_interleave(4, 0).repeat_interleave(4, 1)
    expected = lima().explain(X, target=TARGET)
    for coarse in ((2, 2), groups):
        by_mask = lima(regions=None, coarse=coarse)
        found = by_mask.explain(X, target=TARGET, feature_mask=mask[None, None])
        for one, other in zip(found, expected, strict=True):
            assert np.array_equal(one.regions, other.regions)
            assert np.array_equal(one.order, other.order)


def test_what_asks_for_explanations_takes_their_regions():
    wrong = ((TARGET + 1) % 5).tolist()
    for i, mistake in enumerate(explain_mistakes(lima(), X, wrong)):
        kept = torch.from_numpy(np.isin(mistake.explanation.regions, mistake.supports))
        alone = NET(torch.where(kept, X[i], 0.0)[None]).softmax(1)[0].detach()
        assert np.allclose(mistake.after, alone)
    whole = lima(max_model_inputs=12)
    (first,) = whole.explain(X[:1], target=TARGET[:1])
    assert len(first.order) == 4
    assert whole.sufficient(X[:1], first, target=TARGET[:1])[0].sets
    found = lima().explain(X, target=TARGET)
    for one, sets in zip(found, lima().sufficient(X, found, target=TARGET, share=0.9), strict=True):
        assert set(sets.sets[0].regions) <= set(one.order.tolist())


def test_explanations_get_better_from_the_groups_on():
    found = list(lima(max_model_inputs=None).explain_iter(X[:1], target=TARGET[:1]))
    regions = [len(one.order) for (one,) in found]
    values = [one.curves.insertion_auc - one.curves.deletion_auc for (one,) in found]
    assert regions[0] == 4
    assert values == sorted(values)
    assert found[0][0].model_inputs <= 16


def test_an_example_of_few_regions_is_searched_as_it_is():
    few = torch.arange(2).reshape(1, 1, 1, 2).repeat_interleave(4, 3).expand(1, 1, 8, 8)
    many = torch.arange(64).reshape(1, 1, 8, 8)
    method = lima(regions=None, max_model_inputs=200)
    found = method.explain(X, target=TARGET, feature_mask=torch.cat([few, many]))
    alone = method.explain(X[1:], target=TARGET[1:], feature_mask=many)
    assert [len(found[0].order), found[1].order.tolist()] == [2, alone[0].order.tolist()]
    assert lima().attribute((X,), target=TARGET)[0].shape == X.shape


def test_a_language_model_has_no_groups():
    with pytest.raises(ValueError, match=r"`attr_method` must have no `coarse`"):
        _check_method(LiMA(NET, coarse=2, weights={"consistency": 1}))


def test_bad_groups_are_refused():
    with pytest.raises(ValueError, match=r"`coarse` \(=0\) must be a count"):
        LiMA(NET, coarse=0)
    for options, named in (
        ({"coarse": FINE}, "`coarse` must be coarser"),
        ({"coarse": (99, 1)}, "`coarse` cannot divide images"),
        ({"max_evaluations": 40}, "`max_evaluations` .*None with `coarse`"),
        ({"search": "greedy"}, "`search` .*must plan by a budget with `coarse`"),
        ({"max_model_inputs": 8}, "`max_model_inputs` .* at least 9"),
    ):
        with pytest.raises(ValueError, match=named):
            lima(**options).explain(X, target=TARGET)
    two = LiMA(lambda a, b: NET(a + b), coarse=(2, 2), regions=FINE, max_model_inputs=80)
    with pytest.raises(ValueError, match=r"`coarse` .*None for 2 tensors"):
        two.explain((X, X), target=TARGET)
    rows = LiMA(lambda x: x.flatten(1)[:, :2], coarse=2)
    with pytest.raises(ValueError, match=r"`layout` is needed with `coarse`"):
        rows.explain(torch.rand(1, 3, 4), target=0)
