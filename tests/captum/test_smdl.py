"""SMDL under Captum, against the slow formulas."""

import numpy as np
import pytest
import reference
import torch
from bad_options import refused
from captum.attr import IntegratedGradients, LayerGradCam, NoiseTunnel, Saliency
from networks import SmallNet, random_images, random_mask

from captum_submod import SMDL
from submod_core.regions import saliency_patches


@pytest.mark.parametrize("feature_target", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_order_and_scores_equal_the_slow_formulas(seed, feature_target):
    model, judge, x, mask = (
        SmallNet(seed),
        SmallNet(seed + 50),
        random_images(seed),
        random_mask(seed, 3 + seed),
    )
    target = None if feature_target else seed % 5
    smdl = SMDL(model, confidence_model=judge, feature_target=feature_target)
    (found,) = smdl.explain(x, 0.2, target, feature_mask=mask, perturbations_per_eval=7)
    labels = torch.from_numpy(found.regions).expand(3, 12, 12)
    slow = reference.SlowSMDL(model, x[0], torch.full_like(x[0], 0.2), labels, target, judge)
    order, evaluations = reference.greedy(slow, slow.n)
    assert (found.order.tolist(), found.evaluations) == (order, evaluations)
    prefixes = [order[:k] for k in range(slow.n + 1)]
    assert np.allclose(found.curves.consistency, [slow.consistency_eq_3(s) for s in prefixes])
    assert np.allclose(found.curves.collaboration, [slow.collaboration_eq_4(s) for s in prefixes])
    assert np.allclose(found.curves.confidence, [slow.confidence_eq_5(s) for s in prefixes])
    assert np.allclose(found.curves.objective, [slow(s) for s in prefixes])


@pytest.mark.parametrize("k", [1, 4, 9])
def test_k_regions_are_ranked_and_the_rest_is_lowest(k):
    model, x, mask = SmallNet(0), random_images(0), random_mask(0)
    (all_,) = SMDL(model).explain(x, target=1, feature_mask=mask)
    (found,) = SMDL(model, k=k).explain(x, target=1, feature_mask=mask)
    assert found.order[:k].tolist() == all_.order[:k].tolist()
    assert not found.importance[found.order[k:]].any()
    assert (np.diff(found.importance[found.order[: k + 1]]) <= 0).all()


def priors(model, x):
    map_ = Saliency(model).attribute(x.clone().requires_grad_(), target=1)
    return {
        "method": Saliency(model),
        "map": map_,
        "one channel": map_.sum(1, keepdim=True),
        "function": lambda inputs, target: Saliency(model).attribute(
            inputs.requires_grad_(), target=target
        ),
    }


def test_a_prior_is_a_map_a_method_or_a_function():
    model, x = SmallNet(0), random_images(0, 2)
    found = {
        name: SMDL(model, prior=prior, patches=4, regions=5).explain(x.clone(), target=1)
        for name, prior in priors(model, x).items()
    }
    saliency = priors(model, x)["map"].sum(1).numpy()
    for explanations in found.values():
        for explanation, prior in zip(explanations, saliency, strict=True):
            assert np.array_equal(explanation.regions, saliency_patches(prior, (4, 4), 5))


def test_a_coarse_prior_is_interpolated():
    model, x = SmallNet(0, torch.float32), random_images(0, 2, torch.float32)
    coarse = torch.rand(2, 1, 3, 3)
    found = SMDL(model, prior=coarse, patches=3, regions=3).explain(x, target=1)
    assert [len(e.order) for e in found] == [3, 3]
    gradcam = SMDL(model, prior=LayerGradCam(model, model.conv), patches=3, regions=3)
    assert gradcam.attribute(x, target=1).shape == x.shape


def test_without_a_prior_every_patch_is_a_region():
    (found,) = SMDL(SmallNet(0), patches=(2, 3)).explain(random_images(0), target=1)
    assert len(found.order) == 6


def test_batches_and_noise_tunnels_work_as_for_any_method():
    model, x = SmallNet(0), random_images(0, 3)
    smdl = SMDL(model, prior=IntegratedGradients(model), patches=4, regions=6)
    together = smdl.attribute(x, target=[0, 1, 2], perturbations_per_eval=5)
    alone = [smdl.attribute(x[i : i + 1], target=i) for i in range(3)]
    assert torch.equal(together, torch.cat(alone))
    tunnel = NoiseTunnel(smdl).attribute(x, nt_samples=2, target=1)
    assert tunnel.shape == x.shape


X = random_images(0, 2)
FIVE = SmallNet(0)
CASES = {
    "prior that is an array": ({"prior": np.zeros((2, 3, 12, 12))}, TypeError, "`prior`"),
    "prior that is a name": ({"prior": "saliency"}, TypeError, "`prior`"),
    "prior of another batch": ({"prior": X[:1].repeat(3, 1, 1, 1)}, ValueError, "`prior`"),
    "prior that is nan": ({"prior": X * float("nan")}, ValueError, "`prior`"),
    "prior without channels": ({"prior": X[:, 0]}, ValueError, "`prior`"),
    "prior that gives no map": ({"prior": lambda inputs, target: 3}, ValueError, "`prior`"),
    "no patches": ({"patches": 0}, ValueError, "`patches`"),
    "half a patch": ({"patches": 2.5}, ValueError, "`patches`"),
    "patches of three numbers": ({"patches": (2, 2, 2)}, ValueError, "`patches`"),
    "more patches than pixels": ({"patches": 13}, ValueError, "`patches`.*`cells`"),
    "more patches than pixels, with a prior": ({"patches": 13, "prior": X}, ValueError, "`cells`"),
    "more regions than patches": (
        {"prior": X, "patches": 2, "regions": 5},
        ValueError,
        "`regions`",
    ),
    "no regions": ({"prior": X, "regions": 0}, ValueError, "`regions`"),
    "k of nothing": ({"k": 0}, ValueError, "`k`"),
    "half a k": ({"k": 1.5}, ValueError, "`k`"),
    "k larger than the regions": ({"k": 17}, ValueError, "`k`"),
    "a confidence model that is none": ({"confidence_model": 3}, TypeError, "`confidence_model`"),
    "a confidence model of other classes": (
        {"confidence_model": lambda x: FIVE(x)[:, :4]},
        ValueError,
        "`confidence_model`",
    ),
    "a confidence model of one number": (
        {"confidence_model": lambda x: FIVE(x)[:, 0]},
        ValueError,
        "`confidence_model`",
    ),
    "a confidence model that aggregates": (
        {"confidence_model": lambda x: FIVE(x).sum()},
        ValueError,
        "`confidence_model`",
    ),
    "features and a target": ({"feature_target": True}, ValueError, "`target`"),
    "features by another word": ({"feature_target": "yes"}, TypeError, "`feature_target`"),
    "LiMA's option": ({"n_pending": 3}, TypeError, "n_pending"),
}


@refused(CASES)
def test_bad_options_are_refused_by_name(arguments, error, named):
    net = SmallNet(0).train()
    with pytest.raises(error, match=named):
        SMDL(net, **({"patches": 4, "regions": 5} | arguments)).attribute(X, target=1)
    assert net.training
