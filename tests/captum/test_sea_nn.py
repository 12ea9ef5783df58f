"""SEA-NN under Captum."""

import pickle
from functools import partial

import numpy as np
import pytest
import torch
from bad_options import refused
from captum.attr import IntegratedGradients, LayerGradCam, Saliency, visualization
from networks import SmallNet, random_images

from captum_submod import SEANN, AggMean
from captum_submod.sea_nn import SmoothGrad
from submod_core.sea_nn import Learning, aggregate_mean, ensemble

FAST = {"settings": Learning(widths=(8, 4), epochs=4), "side": 6, "thresholds": (5, 20)}
MODEL, X = SmallNet(0, torch.float32), random_images(0, 2, torch.float32)


def by_hand(methods):
    """The maps of each example as they go into the ensemble."""
    maps = [
        m.attribute(X.clone().requires_grad_(), target=1).detach().double().abs().sum(1).numpy()
        for m in methods
    ]
    return list(zip(*maps, strict=True))


def test_attributions_are_the_core_s_of_the_methods_maps():
    methods = [Saliency(MODEL), IntegratedGradients(MODEL)]
    found = SEANN(MODEL, methods, **FAST).attribute(X, target=1)
    assert (found.shape, found.dtype) == (X.shape, X.dtype)
    for attribution, maps in zip(found, by_hand(methods), strict=True):
        slow = ensemble(maps, FAST["settings"], side=6, thresholds=(5, 20)).heatmap
        assert np.allclose(attribution.numpy(), np.broadcast_to(slow, (3, 12, 12)), rtol=1e-6)
    mean = AggMean(MODEL, methods).attribute(X, target=1)
    assert np.allclose(
        mean[:, 0].numpy(), [aggregate_mean(maps) for maps in by_hand(methods)], rtol=1e-6
    )


def test_maps_computed_elsewhere_give_the_same():
    methods = [Saliency(MODEL), IntegratedGradients(MODEL)]
    maps = [torch.from_numpy(np.stack(column)) for column in zip(*by_hand(methods), strict=True)]
    sea = SEANN(MODEL, methods, **FAST)
    assert np.allclose(sea.attribute_maps(maps), sea.attribute(X, target=1)[:, 0], rtol=1e-6)
    flat = [m.flatten(1)[:, :40] for m in maps]
    assert sea.attribute_maps(flat).shape == (2, 40)


def test_a_batch_gives_what_its_examples_give():
    methods = [Saliency(MODEL), LayerGradCam(MODEL, MODEL.conv), lambda inputs, target: inputs]
    sea = SEANN(MODEL, methods, **FAST)
    together = sea.attribute(X, target=[0, 1])
    alone = [sea.attribute(X[i : i + 1], target=i) for i in range(2)]
    assert torch.equal(together, torch.cat(alone))


def test_the_noise_of_an_image_does_not_depend_on_its_company():
    smooth = SmoothGrad(Saliency(MODEL))
    x = torch.cat([X[:1], 20 * X[1:]])
    bias = torch.arange(2.0)
    together = smooth.attribute(x, target=torch.tensor([0, 1]), nt_samples=3)
    for i in range(2):
        alone = smooth.attribute(x[i : i + 1], target=i, nt_samples=3)
        assert torch.equal(together[i : i + 1], alone)
    model = lambda x, shift: MODEL(x) * shift[:, None]  # noqa: E731
    shifted = SmoothGrad(Saliency(model)).attribute(
        x, target=1, additional_forward_args=bias, nt_samples=3
    )
    assert not shifted[0].any()
    assert shifted[1].any()


def test_a_pickled_method_divides_small_maps_as_before():
    sea = SEANN(MODEL, [Saliency(MODEL)], settings=FAST["settings"], side=2)
    maps = [torch.rand(1, 4, 4, generator=torch.Generator().manual_seed(0))]
    again = pickle.loads(pickle.dumps(sea))
    assert torch.equal(again.attribute_maps(maps), sea.attribute_maps(maps))


def test_one_function_of_a_class_leaves_out_constant_maps():
    dead = lambda x, target: torch.cat([0 * x[:1], x[1:]]).sum(1, True)  # noqa: E731
    sea = SEANN(MODEL, [dead, Saliency(MODEL)], **FAST)
    with pytest.warns(UserWarning, match=r"methods\[0\], function for example 0 gave a constant"):
        found = sea.attribute_class(X, target=1)
    assert np.isfinite(found.heatmap).all()
    none = pytest.raises(ValueError, match="constant for the examples")
    with none, pytest.warns(UserWarning, match="constant"):
        SEANN(MODEL, [lambda x, target: 0 * x], **FAST).attribute_class(X, target=1)


def test_defaults_classes_and_captum_s_plots():
    torch.manual_seed(0)
    sea = SEANN(MODEL, **FAST)
    assert [type(m).__name__ for m in sea.methods] == [
        "Saliency",
        "IntegratedGradients",
        "SmoothGrad",
    ]
    found = sea.attribute(X, target=1)
    heatmap, picture = (t[0].movedim(0, -1).numpy() for t in (found, X))
    visualization.visualize_image_attr(
        heatmap, picture, method="heat_map", sign="positive", use_pyplot=False
    )
    of_class = sea.attribute_class(X, target=1)
    assert of_class.heatmap.shape == (12, 12)
    (one, _) = sea.explain(X, target=1)
    assert set(one.learned.history) == {"decay", "real", "binary", "nonzero", "sensitivity"}
    assert sea.get_name() == "SEANN"
    assert not sea.has_convergence_delta()


CASES = {
    "no methods": ({"methods": []}, ValueError, "`methods`"),
    "a method that is a name": ({"methods": ["Saliency"]}, TypeError, r"`methods\[0\]`"),
    "a map that is nan": (
        {"methods": [lambda x, y: x * float("nan")]},
        ValueError,
        r"methods\[0\].*finite",
    ),
    "a map of another batch": (
        {"methods": [lambda x, y: x.repeat(3, 1, 1, 1)]},
        ValueError,
        r"methods\[0\]",
    ),
    "no image": ({"inputs": X[:, :, 0, 0]}, TypeError, "`inputs`"),
    "a tuple of images": ({"inputs": (X,)}, TypeError, "`inputs`"),
    "a side of nothing": ({"side": 0}, ValueError, "`side`"),
    "more pixels than the image has": ({"thresholds": [145]}, ValueError, "`thresholds`"),
}


@refused(CASES)
def test_bad_input_is_refused_by_name(arguments, error, named):
    inputs = arguments.get("inputs", X)
    options = (
        FAST
        | {"methods": [Saliency(MODEL)]}
        | {k: v for k, v in arguments.items() if k != "inputs"}
    )
    with pytest.raises(error, match=named):
        SEANN(MODEL, **options).attribute(inputs, target=1)


@pytest.mark.parametrize("maps", [[], [torch.ones(2, 4, 4), torch.ones(2, 4, 5)], [torch.ones(4)]])
def test_maps_of_other_shapes_are_refused(maps):
    with pytest.raises(ValueError, match="`maps`"):
        SEANN(MODEL, **FAST).attribute_maps(maps)


def test_a_model_that_is_none_is_refused():
    with pytest.raises(TypeError, match="`forward_func`"):
        AggMean(3)


@pytest.mark.parametrize("ensemble", [AggMean, partial(SEANN, **FAST)])
def test_a_constant_map_of_one_example_is_left_out(ensemble):
    saliency = Saliency(MODEL)

    def dead(x, target):  # ranks nothing in the second example
        maps = saliency.attribute(x.clone().requires_grad_(), target=target)
        return torch.cat([maps[:1], 0 * maps[1:]])

    x = torch.rand(2, *X.shape[1:], generator=torch.Generator().manual_seed(0)).to(X.dtype)
    with pytest.warns(UserWarning, match=r"methods\[0\], function for example 1 gave a constant"):
        found = ensemble(MODEL, [dead, saliency]).attribute(x, target=1)
    alone = ensemble(MODEL, [saliency]).attribute(x[1:], target=1)
    assert torch.allclose(found[1], alone[0])
    with pytest.warns(UserWarning, match="the result is 0"):
        found = ensemble(MODEL, [dead]).attribute(x, target=1)
    assert found[0].any()
    assert not found[1].any()
