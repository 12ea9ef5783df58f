"""`explain_func` as Quantus calls it: NumPy in and out, keywords, a device."""

import inspect
from functools import partial

import numpy as np
import pytest
import torch
from networks import SmallNet, random_images
from torch import nn

from captum_submod import SMDL, LiMA
from captum_submod.quantus import explain_func

METHOD = partial(LiMA, regions=(2, 2))


def test_it_is_the_attribution_with_one_score_for_a_pixel():
    model, images = SmallNet(0), random_images(0, 3)
    targets = np.array([0, 2, 4])
    # As `Metric.general_preprocess` calls it: by keyword, with its own device.
    given = {"method": METHOD, "device": "cpu"}
    scores = explain_func(model=model, inputs=images.numpy(), targets=targets, **given)
    assert type(scores) is np.ndarray
    wanted = METHOD(model).attribute(images, target=torch.from_numpy(targets))
    assert scores.shape == (3, 1, 12, 12)
    np.testing.assert_allclose(np.broadcast_to(scores, wanted.shape), wanted, atol=1e-12)
    assert list(inspect.signature(explain_func).parameters)[:3] == ["model", "inputs", "targets"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inputs_take_the_models_precision_and_nothing_changes(dtype):
    model = SmallNet(0, torch.float32).train()
    images = random_images(0, 2).numpy().astype(dtype)
    before = images.copy()
    smdl = partial(SMDL, patches=2, prior=torch.rand(1, 1, 12, 12), regions=2)
    scores = explain_func(model, images, np.array(1), method=smdl, baselines=0.5)
    assert scores.dtype == np.float32
    assert model.training
    np.testing.assert_array_equal(images, before)


def test_tables_keep_their_shape():
    net = nn.Linear(6, 3)
    assert explain_func(net, np.ones((2, 6)), np.array([0, 1])).shape == (2, 6)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", len),
        ("inputs", np.ones(3)),
        ("inputs", [["a"]]),
        ("targets", np.array([0, 1, 2])),
        ("targets", np.array([0.5, 1])),
        ("method", None),
    ],
)
def test_what_does_not_fit_is_refused(name, value):
    good = {"model": SmallNet(0), "inputs": random_images(0, 2).numpy(), "targets": np.ones(2, int)}
    with pytest.raises((TypeError, ValueError), match=f"`{name}`"):
        explain_func(**(good | {name: value}))
