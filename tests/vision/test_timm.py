"""Networks of timm with random weights, and its data configurations.

`make models` runs these; where timm or torchvision is not found, they are skipped.
"""

import numpy as np
import pytest
import torch

from captum_submod import LiMA, from_processor

pytest.importorskip("vision_libraries")
timm = pytest.importorskip("timm")
Image = pytest.importorskip("PIL.Image")

NETWORKS = ["test_vit", "test_resnet", "test_convnext", "test_efficientnet"]


def made(name):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = timm.create_model(name, num_classes=5, pretrained=False).eval()
        torch.nn.init.normal_(network.get_classifier().weight, std=0.5)
    return network


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_go_straight_into_lima(name, channels_last):
    network = made(name)
    config = timm.data.resolve_model_data_config(network)
    pixels = from_processor(config)
    transform = timm.data.create_transform(**config)
    picture = np.random.default_rng(0).integers(0, 256, (200, 220, 3), dtype=np.uint8)
    inputs = transform(Image.fromarray(picture))[None]
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        inputs = inputs.contiguous(memory_format=torch.channels_last)
    lima = LiMA(network, regions=(3, 3), search="singletons")
    black = pixels.baseline("black")
    (one,) = lima.explain(inputs, black, target=2, perturbations_per_eval=8)
    for size in (0, 1, 9):
        kept = torch.from_numpy(np.broadcast_to(one.prefix(size), inputs.shape[2:]).copy())
        with torch.no_grad():
            wanted = network(torch.where(kept, inputs, black)).softmax(1)[0, 2]
        assert one.curves.insertion[size] == pytest.approx(float(wanted), rel=1e-3)
    maps = lima.attribute(inputs, black, target=2, perturbations_per_eval=8)
    assert maps.shape == inputs.shape


@pytest.mark.parametrize("name", NETWORKS)
def test_data_configurations_are_read(name):
    config = timm.data.resolve_model_data_config(made(name))
    pixels, transform = from_processor(config), timm.data.create_transform(**config)
    for colour, value in (("black", 0), ("white", 255)):
        wanted = transform(Image.new("RGB", (180, 180), (value,) * 3))
        torch.testing.assert_close(pixels.baseline(colour)[0], wanted[:, :1, :1])
        np.testing.assert_allclose(pixels.pictures(wanted[None]), value / 255, atol=1e-6)
