"""The order that LiMA finds, against a slow second implementation; its independence of batches."""

import numpy as np
import pytest
import reference
import torch
from networks import SmallNet, random_images, random_mask
from soak.amounts import FULL
from torch.utils._python_dispatch import TorchDispatchMode

from captum_submod import LiMA
from digits_model import load_model
from digits_scenes import make_scenes
from submod_core.search import Bidirectional, Greedy

SEARCHES = ("greedy", "bidirectional")


@pytest.fixture(scope="module")
def digits():
    scenes = make_scenes(3, seed=5)
    return load_model(), torch.from_numpy(scenes.images), torch.from_numpy(scenes.labels)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("seed", range(24 if FULL else 8))  # 8 numbers of regions
def test_order_scores_and_importance_equal_the_slow_formulas(seed, search):
    model, x, mask = SmallNet(seed), random_images(seed), random_mask(seed, n_regions=3 + seed % 8)
    baseline, target, n_pending = 0.1 * random_images(seed + 99), seed % 5, 1 + seed % 4
    lima = LiMA(model, search=Greedy() if search == "greedy" else Bidirectional(n_pending))
    (found,) = lima.explain(x, baseline, target, feature_mask=mask, perturbations_per_eval=7)

    labels = torch.from_numpy(found.regions).expand(3, 12, 12)
    slow = reference.SlowObjective(model, x[0], baseline[0], labels, target)
    order, evaluations = reference.search(search, slow, slow.n, n_pending)
    assert found.order.tolist() == order
    assert found.evaluations == evaluations

    prefixes = [order[:k] for k in range(slow.n + 1)]
    curves = found.curves
    assert np.allclose(curves.consistency, [slow.consistency_eq_3(s) for s in prefixes])
    assert np.allclose(curves.collaboration, [slow.collaboration_eq_4(s) for s in prefixes])
    assert np.allclose(curves.confidence, [slow.confidence_eq_5(s) for s in prefixes])
    assert np.allclose(curves.effectiveness, [slow.effectiveness_eq_7(s) for s in prefixes])
    assert np.allclose(curves.objective, [slow(s) for s in prefixes])
    assert np.allclose(curves.area, [np.isin(found.regions, s).mean() for s in prefixes])

    v = (curves.consistency + curves.collaboration)[1:]
    raw = reference.importance_eq_11(order, v)
    assert np.allclose(found.importance[order], (raw - raw[-1]) / -raw[-1])
    painted = lima.attribute(x, baseline, target, feature_mask=mask, perturbations_per_eval=3)
    assert np.allclose(painted[0].numpy(), found.importance[labels])


@pytest.mark.slow
@pytest.mark.parametrize("search", [*SEARCHES, "guided"])
def test_order_does_not_depend_on_the_batch_size(digits, search):
    model, images, labels = digits
    lima = LiMA(model, regions=(4, 4), search=search)
    runs = [
        lima.explain(images[:2], target=labels[:2], perturbations_per_eval=size)
        for size in (3, 64, "auto")
    ]
    for one in zip(*runs, strict=True):
        assert len({tuple(e.order) for e in one}) == 1
        assert len({e.model_inputs for e in one}) == 1


def test_autocast_runs_the_model_in_lower_precision(digits):
    model, images, labels = digits
    seen = []

    def forward(x):
        output = model(x)
        seen.append(output.dtype)
        return output

    full, half = (
        LiMA(forward, search="greedy", regions=(3, 3), autocast=dtype).explain(
            images[:1], target=labels[:1], perturbations_per_eval=16
        )[0]
        for dtype in (None, torch.bfloat16)
    )
    assert set(seen) == {torch.float32, torch.bfloat16}
    assert not np.array_equal(half.curves.consistency, full.curves.consistency)
    assert np.allclose(half.curves.consistency[-1], full.curves.consistency[-1], atol=0.02)


class Conversions(TorchDispatchMode):
    """Counts how often tensors of a shape change their dtype."""

    def __init__(self, shape):
        super().__init__()
        self.shape, self.count = shape, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function is torch.ops.aten._to_copy.default and args[0].shape == self.shape
        return function(*args, **(kwargs or {}))


def test_weights_change_their_precision_once_for_all_batches():
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 5))
    lima = LiMA(model, search="greedy", regions=(3, 3), autocast=torch.bfloat16)
    with Conversions(model[1].weight.shape) as conversions:
        (found,) = lima.explain(torch.rand(1, 3, 4, 4), target=1, perturbations_per_eval=4)
    assert found.model_inputs > 20
    assert conversions.count == 1


@pytest.mark.slow
@pytest.mark.parametrize("search", SEARCHES)
def test_a_batch_gives_what_its_examples_give_one_by_one(digits, search):
    model, images, labels = digits
    lima = LiMA(model, regions=(4, 4), search=search)
    together = lima.attribute(images, target=labels, perturbations_per_eval=16)
    for i in range(len(images)):
        alone = lima.attribute(images[i : i + 1], target=int(labels[i]), perturbations_per_eval=16)
        assert torch.allclose(together[i : i + 1], alone, atol=1e-5)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize("search", SEARCHES)
def test_a_scripted_model_gives_the_same_order(search):
    plain, x, mask = SmallNet(3), random_images(3), random_mask(3)
    methods = (LiMA(net, search=search) for net in (plain, torch.jit.script(plain)))
    a, b = (
        method.explain(x, target=2, feature_mask=mask, perturbations_per_eval=8)[0]
        for method in methods
    )
    assert a.order.tolist() == b.order.tolist()


def test_bfloat16_differs_only_by_rounding(digits):
    model, images, labels = digits
    (exact,) = LiMA(model, regions=(3, 3), search="singletons").explain(
        images[:1], target=labels[:1], perturbations_per_eval=16
    )
    low = LiMA(load_model().to(torch.bfloat16), search="singletons")
    mask = torch.from_numpy(exact.regions)[None, None]
    (rounded,) = low.explain(
        images[:1].bfloat16(), target=labels[:1], feature_mask=mask, perturbations_per_eval=16
    )
    # The same prefixes, seen by both networks: bfloat16 has 8 significant bits.
    assert np.abs(rounded.curves.insertion[[0, -1]] - exact.curves.insertion[[0, -1]]).max() < 0.03
    assert abs(rounded.curves.insertion_auc - exact.curves.insertion_auc) < 0.05
    painted = low.attribute(images[:1].bfloat16(), target=labels[:1], feature_mask=mask)
    assert painted.dtype == torch.bfloat16


def test_a_thousand_regions_on_a_photograph_of_the_usual_size():
    model = torch.nn.Sequential(
        torch.nn.AvgPool2d(32), torch.nn.Flatten(), torch.nn.Linear(3 * 49, 4)
    )
    torch.manual_seed(0)
    lima = LiMA(model, regions=(32, 32), search="batched_lazy", max_evaluations=1200)
    with pytest.warns(UserWarning, match="12 of 1024 regions placed; 1012 follow"):
        (found,) = lima.explain(torch.rand(1, 3, 224, 224), target=1, perturbations_per_eval=32)
    assert sorted(found.order) == list(range(1024))
    assert found.evaluations == 1200
    assert found.searched.sum() == 12  # 1,024 in the first round, 16 in each of 11 more
