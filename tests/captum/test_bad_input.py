"""Bad input: a clear error that names the argument, and a model left as it was."""

import numpy as np
import pytest
import torch
from bad_options import BAD_OPTIONS, refused
from networks import SmallNet, random_images, random_mask
from torch import nn

from captum_submod import SMDL, LiMA
from captum_submod.metrics import (
    aupc,
    deletion,
    highest_confidence,
    human_agreement,
    insertion,
    mu_fidelity,
    pointing_game,
    robustness,
    sparsity,
)

X = random_images(0, 2)
MASK = random_mask(0)
NAN, INF = float("nan"), float("inf")


def attribute(forward=None, *, options=None, **arguments):
    net = SmallNet(0).train()
    arguments = {"inputs": X, "target": 1, "feature_mask": MASK} | arguments
    try:
        return LiMA((forward or (lambda net: net))(net), **(options or {})).attribute(**arguments)
    finally:
        assert net.training
        assert not any(module._forward_hooks for module in net.modules())


def poisoned(value):
    return lambda net: lambda x: torch.where(x.flatten(1)[:, :1] == 0, value, net(x))


CASES = {
    # Inputs
    "inputs is a list": ({"inputs": [1.0, 2.0]}, TypeError, "`inputs`"),
    "inputs is an array": ({"inputs": X.numpy()}, TypeError, "`inputs`"),
    "inputs is an empty tuple": ({"inputs": ()}, TypeError, "`inputs`"),
    "empty batch": ({"inputs": X[:0]}, ValueError, "`inputs`"),
    "no elements": ({"inputs": torch.zeros(2, 0)}, ValueError, "`inputs`"),
    "a scalar input": ({"inputs": torch.tensor(1.0)}, ValueError, "`inputs`"),
    "tuple of unequal batches": (
        {"inputs": (X, X[:1]), "feature_mask": None},
        ValueError,
        "`inputs`",
    ),
    # Baselines
    "baselines of another shape": (
        {"baselines": torch.zeros(2, 3, 5, 5)},
        ValueError,
        "`baselines`",
    ),
    "baselines of another batch": (
        {"baselines": torch.zeros(3, 3, 12, 12)},
        ValueError,
        "`baselines`",
    ),
    "baselines that is nan": ({"baselines": NAN}, ValueError, "`baselines`"),
    "baselines of no known name": ({"baselines": "mist"}, ValueError, "`baselines`"),
    "baselines that is a list": ({"baselines": [0.0]}, TypeError, "`baselines`"),
    "baselines that is a function of another size": (
        {"baselines": lambda image: image[:3]},
        ValueError,
        "`baselines`",
    ),
    "a blur of what is no image": (
        {"inputs": torch.ones(2, 4), "baselines": "blur", "feature_mask": None},
        ValueError,
        "`baselines`",
    ),
    "too many baselines": ({"baselines": (0, 0)}, ValueError, "`baselines`"),
    "a broken number for whole-number inputs": (
        {"inputs": torch.ones(2, 4, dtype=torch.long), "baselines": 0.5, "feature_mask": None},
        ValueError,
        "`baselines`",
    ),
    # Targets
    "no target for several outputs": ({"target": None}, ValueError, "`target`"),
    "target out of range": ({"target": 5}, ValueError, "`target`"),
    "target below range": ({"target": -6}, ValueError, "`target`"),
    "one target out of range": ({"target": [0, 9]}, ValueError, "`target`"),
    "too few targets": ({"target": [0]}, ValueError, "`target`"),
    "too many targets": ({"target": torch.tensor([0, 1, 2])}, ValueError, "`target`"),
    "target of too many indices": ({"target": (0, 1)}, ValueError, "`target`"),
    "fractional target": ({"target": 1.5}, TypeError, "`target`"),
    "target of floats": ({"target": torch.tensor([0.5, 1.5])}, TypeError, "`target`"),
    "target that is text": ({"target": "cat"}, TypeError, "`target`"),
    "target for one value per example": (
        {"forward": lambda net: lambda x: net(x)[:, 0]},
        ValueError,
        "`target`",
    ),
    # Feature masks
    "mask of another size": (
        {"feature_mask": torch.zeros(1, 1, 6, 6, dtype=torch.long)},
        ValueError,
        "`feature_mask`",
    ),
    "mask that misses a column": ({"feature_mask": MASK[..., :-1]}, ValueError, "`feature_mask`"),
    "mask of too many axes": ({"feature_mask": MASK[None]}, ValueError, "`feature_mask`"),
    "mask of another batch": (
        {"feature_mask": MASK.repeat(3, 1, 1, 1)},
        ValueError,
        "`feature_mask`",
    ),
    "mask of fractions": ({"feature_mask": MASK + 0.5}, ValueError, "`feature_mask`"),
    "mask that is nan": ({"feature_mask": MASK * NAN}, ValueError, "`feature_mask`"),
    "mask that is an array": ({"feature_mask": MASK.numpy()}, TypeError, "`feature_mask`"),
    "fewer masks than inputs": (
        {"inputs": (X, X), "feature_mask": (MASK,), "forward": lambda net: lambda a, b: net(a + b)},
        ValueError,
        "`feature_mask`",
    ),
    # Batch size
    "no perturbations": ({"perturbations_per_eval": 0}, ValueError, "`perturbations_per_eval`"),
    "half a perturbation": (
        {"perturbations_per_eval": 0.5},
        ValueError,
        "`perturbations_per_eval`",
    ),
    # Models
    "nan from the model": ({"forward": poisoned(NAN)}, ValueError, "`forward_func`"),
    "infinity from the model": ({"forward": poisoned(INF)}, ValueError, "`forward_func`"),
    "a tuple from the model": (
        {"forward": lambda net: lambda x: (net(x), x)},
        TypeError,
        "`forward_func`",
    ),
    "a number from the model": (
        {"forward": lambda net: lambda x: 1.0},
        TypeError,
        "`forward_func`",
    ),
    "one value for the whole batch": (
        {"forward": lambda net: lambda x: net(x).sum()},
        ValueError,
        "`forward_func`",
    ),
    "rows that are not the batch's": (
        {"forward": lambda net: lambda x: net(x)[:1]},
        ValueError,
        "`forward_func`",
    ),
    "a model that is not callable": ({"forward": lambda net: 3}, TypeError, "`forward_func`"),
    # Options
    "logits called probabilities": (
        {"options": {"activation": "identity"}},
        ValueError,
        "`activation`",
    ),
    "a layer that never runs": (
        {"forward": lambda net: lambda x: net(x), "options": {"features": nn.Linear(3, 3)}},
        ValueError,
        "`features`",
    ),
    "features of the wrong length": (
        {"options": {"features": lambda x: x[:1]}},
        ValueError,
        "`features`",
    ),
    "superpixels of nan": (
        {"inputs": X * NAN, "feature_mask": None},
        ValueError,
        "`regions`.*`image`",
    ),
    "only a score that the model cannot give": (
        {
            "forward": lambda net: lambda x: net(x)[:, 0],
            "target": None,
            "options": {"weights": {"confidence": 1}},
        },
        ValueError,
        "`weights`",
    ),
}


@pytest.mark.filterwarnings("ignore:the model gives no class")
@refused(CASES)
def test_bad_input_is_refused_by_name(arguments, error, named):
    with pytest.raises(error, match=named):
        attribute(**arguments)


@refused(BAD_OPTIONS)
def test_bad_options_are_refused_by_name(arguments, error, named):
    with pytest.raises(error, match=named):
        attribute(options=arguments, feature_mask=None)


@pytest.mark.parametrize("size", ["fastest", 0, 2.5])
def test_perturbations_per_eval_is_a_count_or_auto(size):
    with pytest.raises(ValueError, match="`perturbations_per_eval`"):
        attribute(perturbations_per_eval=size)


@pytest.mark.parametrize("dtype", [torch.float64, "bfloat16"])
def test_autocast_takes_the_two_half_precisions(dtype):
    with pytest.raises(ValueError, match="`autocast`"):
        LiMA(SmallNet(0), autocast=dtype)


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="n_regions"):
        LiMA(SmallNet(0), n_regions=49)


METRIC_CASES = {
    "attributions of another shape": ({"attributions": X[:1]}, ValueError, "`attributions`"),
    "attributions that are nan": ({"attributions": X * NAN}, ValueError, "`attributions`"),
    "attributions that are an array": ({"attributions": X.numpy()}, ValueError, "`attributions`"),
    "a tuple of inputs": ({"inputs": (X,)}, TypeError, "`inputs`"),
    "no steps": ({"steps": 0}, ValueError, "`steps`"),
    "no batch": ({"max_examples_per_batch": 0}, ValueError, "`max_examples_per_batch`"),
    "no target": ({"target": None}, ValueError, "`target`"),
    "too few attributions": ({"attributions": X[:1]}, ValueError, "`attributions`"),
    "attributions of other channels": ({"attributions": X[:, :2]}, ValueError, "`attributions`"),
    "scores of other regions": (
        {"attributions": X[:, 0, 0, :4], "feature_mask": MASK},
        ValueError,
        "`attributions`",
    ),
    "a mask that differs by channel": (
        {"feature_mask": torch.arange(3).reshape(1, 3, 1, 1).expand(1, 3, 12, 12)},
        ValueError,
        "`feature_mask`",
    ),
    "baselines of no known name": ({"baselines": "mist"}, ValueError, "`baselines`"),
}


@pytest.mark.parametrize("metric", [insertion, deletion])
@refused(METRIC_CASES)
def test_metrics_refuse_bad_input_by_name(metric, arguments, error, named):
    with pytest.raises(error, match=named):
        metric(SmallNet(0), **({"inputs": X, "attributions": X, "target": 1} | arguments))


@refused({name: case for name, case in METRIC_CASES.items() if "steps" not in case[0]})
def test_mu_fidelity_refuses_the_same(arguments, error, named):
    with pytest.raises(error, match=named):
        mu_fidelity(SmallNet(0), **({"inputs": X, "attributions": X, "target": 1} | arguments))


HEATMAP = X.sum(1)
SETTINGS = {
    "an area above the input": (highest_confidence, {"max_area": 1.2}, ValueError, "`max_area`"),
    "an area of nothing": (highest_confidence, {"max_area": 0}, ValueError, "`max_area`"),
    "sets of all regions": (mu_fidelity, {"subset_size": 1.0}, ValueError, "`subset_size`"),
    "no sets": (mu_fidelity, {"n_samples": 0}, ValueError, "`n_samples`"),
    "too many cells": (mu_fidelity, {"cells": 13}, ValueError, "`cells`"),
    "an unknown correlation": (
        mu_fidelity,
        {"correlation": "kendall"},
        ValueError,
        "`correlation`",
    ),
    "patches larger than the image": (aupc, {"patch_size": 13}, ValueError, "`patch_size`"),
    "more patches than the image has": (
        aupc,
        {"patch_size": 6, "n_patches": 5},
        ValueError,
        "`n_patches`",
    ),
    "no patches": (aupc, {"n_patches": 0}, ValueError, "`n_patches`"),
    "patches of no image": (
        aupc,
        {"inputs": X[:, 0, 0], "attributions": X[:, 0, 0]},
        ValueError,
        "`inputs`",
    ),
}


@pytest.mark.parametrize(("metric", "arguments", "error", "named"), SETTINGS.values(), ids=SETTINGS)
def test_settings_of_metrics_are_refused_by_name(metric, arguments, error, named):
    with pytest.raises(error, match=named):
        metric(SmallNet(0), **({"inputs": X, "attributions": X, "target": 1} | arguments))


MAPS = {
    "a mask of another size": (
        lambda: pointing_game(HEATMAP, torch.ones(2, 6, 6, dtype=torch.bool)),
        ValueError,
        "`mask`",
    ),
    "too few masks": (
        lambda: pointing_game(HEATMAP, torch.ones(1, 12, 12, dtype=torch.bool)),
        ValueError,
        "`masks`",
    ),
    "a mask of numbers": (
        lambda: pointing_game(HEATMAP, torch.ones(2, 12, 12)),
        ValueError,
        "`mask`",
    ),
    "masks that are an array": (
        lambda: pointing_game(HEATMAP, HEATMAP.numpy() > 0),
        ValueError,
        "`masks`",
    ),
    "k larger than the map": (
        lambda: human_agreement(HEATMAP, HEATMAP > 1, k=145),
        ValueError,
        "`k`",
    ),
    "one k of several too large": (
        lambda: human_agreement(HEATMAP, HEATMAP > 1, k=[4, 145]),
        ValueError,
        "`k`",
    ),
    "a map that is nan": (lambda: sparsity(HEATMAP * NAN), ValueError, "`attributions`"),
    "a map that is an array": (lambda: sparsity(HEATMAP.numpy()), ValueError, "`attributions`"),
    "noise on whole numbers": (
        lambda: robustness(lambda x: x, X.long(), k=3),
        TypeError,
        "`inputs`",
    ),
    "no noise": (
        lambda: robustness(lambda x: x, X, k=3, radius=0),
        ValueError,
        "`radius`",
    ),
    "no noisy inputs": (
        lambda: robustness(lambda x: x, X, k=3, n_samples=0),
        ValueError,
        "`n_samples`",
    ),
    "k larger than the input": (lambda: robustness(lambda x: x, X, k=145), ValueError, "`k`"),
}


@pytest.mark.parametrize(("call", "error", "named"), MAPS.values(), ids=MAPS)
def test_metrics_of_maps_refuse_bad_input_by_name(call, error, named):
    with pytest.raises(error, match=named):
        call()


def nan_where_much_is_gone(outputs, x):
    """Outputs that are NaN where most of the input equals the baseline."""
    return torch.where((x != 0).float().mean((1, 2, 3))[:, None] < 0.3, torch.nan, outputs)


NAN_CLASS = torch.tensor([1, 1, 1, 1, torch.nan])
BAD_MODELS = {
    "another class": (
        lambda net: lambda x: net(x) * NAN_CLASS,
        {"activation": "sigmoid", "weights": {"consistency": 1}},
        "forward_func",
    ),
    "all classes": (lambda net: lambda x: nan_where_much_is_gone(net(x), x), {}, "forward_func"),
    "features": (
        lambda net: net,
        {"features": lambda x: nan_where_much_is_gone(x.flatten(1), x)},
        "features",
    ),
}


@pytest.mark.parametrize(("model", "options", "named"), BAD_MODELS.values(), ids=BAD_MODELS)
def test_values_that_are_not_finite_are_refused_by_their_source(model, options, named):
    lima = LiMA(model(SmallNet(0)), regions=(3, 3), **options)
    with pytest.raises(ValueError, match=f"`{named}` for example"):
        lima.attribute(X, target=1, perturbations_per_eval=8)


def test_a_confidence_model_that_is_not_finite_is_named():
    net = SmallNet(0)
    smdl = SMDL(net, patches=3, confidence_model=lambda x: nan_where_much_is_gone(net(x), x))
    with pytest.raises(ValueError, match="`confidence_model` for example"):
        smdl.attribute(X, target=1, perturbations_per_eval=8)


def test_classes_that_a_model_masks_out_are_no_fault():
    net = SmallNet(0)
    masked = torch.tensor([0, 0, 0, -torch.inf, -torch.inf])
    weights = {"consistency": 1, "collaboration": 1, "confidence": 1}
    lima = LiMA(lambda x: net(x) + masked, regions=(3, 3), weights=weights)
    (one, _) = lima.explain(X, target=1)
    assert np.isfinite(one.curves.objective).all()
