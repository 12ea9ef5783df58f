"""Small network that reads digits in cluttered scenes, and its training.

`python examples/digits_model.py` trains the network again (a few minutes on two cores) and writes
`digits_cnn.npz`; with `--clean` it trains on scenes without clutter and writes
`digits_clean_cnn.npz`.
"""

import argparse
import copy
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from digits_scenes import CLEAN_WEIGHTS, WEIGHTS, make_scenes


class DigitsCNN(nn.Module):
    """Four convolutions, a maximum over space, a linear layer.

    (N, 3, 64, 64) in [0, 1] → logits (N, 10).
    """

    def __init__(self, normalised: bool = False) -> None:
        super().__init__()
        widths = (3, 16, 32, 48, 64)
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths))
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(width) if normalised else nn.Identity() for width in widths[1:]
        )
        self.head = nn.Linear(widths[-1], 10)

    def features(self, x: Tensor) -> Tensor:
        """The strongest response of each filter anywhere in the scene, (N, 64)."""
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            x = torch.relu(norm(conv(x)))
            if i < 3:
                x = torch.max_pool2d(x, 2)
        return x.amax((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, 10)."""
        return self.head(self.features(x))


class PatchEncoder(nn.Module):
    """Embeddings (N, 256, 48) of the 4 × 4 patches of a scene.

    Three layers of the network, and a convolution as wide as a digit: the place of a digit's middle
    is visible only in a window of this size, which three layers do not see. The third layer has no
    ReLU: its negative values tell patches apart as well.

    Parameters
    ----------
    model : DigitsCNN
        Its layers are copied; the copies are trainable.

    Examples
    --------
    >>> PatchEncoder(load_model())(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 256, 48])
    """

    def __init__(self, model: DigitsCNN) -> None:
        super().__init__()
        self.convs = copy.deepcopy(model.convs[:3]).requires_grad_(True)
        self.around = nn.Conv2d(48, 48, 7, padding=3)
        # Start as the network's own layers, alike in both hosts.
        nn.init.zeros_(self.around.weight)
        nn.init.zeros_(self.around.bias)

    def forward(self, x: Tensor) -> Tensor:
        """One embedding for each patch."""
        x = self.convs[0](x)
        for conv in self.convs[1:]:
            x = conv(torch.max_pool2d(torch.relu(x), 2))
        return (x + self.around(x)).flatten(2).transpose(1, 2)


def load_model(weights: Path = WEIGHTS) -> DigitsCNN:
    """The trained network, in evaluation mode.

    Examples
    --------
    >>> load_model()(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 10])
    """
    model = DigitsCNN()
    with np.load(weights, allow_pickle=False) as arrays:
        model.load_state_dict({name: torch.from_numpy(arrays[name]) for name in arrays.files})
    return model.eval().requires_grad_(False)


def train(
    epochs: int = 20,
    scenes_per_epoch: int = 5000,
    seed: int = 0,
    clutter: tuple[int, int] = (8, 15),
) -> DigitsCNN:
    """Train on fresh scenes every epoch, a random share of each scene blacked out.

    A network that has seen masked scenes answers partial evidence by degrees, as networks trained
    on photographs do.
    """
    torch.manual_seed(seed)
    model = DigitsCNN(normalised=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    steps = epochs * -(-scenes_per_epoch // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for epoch in range(epochs):
        scenes = make_scenes(scenes_per_epoch, seed=1000 + epoch, training=True, clutter=clutter)
        images, labels = torch.from_numpy(scenes.images), torch.from_numpy(scenes.labels)
        share = torch.rand(len(images), 1, 1, 1) * torch.randint(2, (len(images), 1, 1, 1)) * 0.9
        black = nn.functional.interpolate(
            (torch.rand(len(images), 1, 8, 8) < share).float(), scale_factor=8
        )
        model.train()
        images = images * (1 - black)
        for rows in torch.randperm(len(images)).split(64):
            loss = nn.functional.cross_entropy(
                model(images[rows]), labels[rows], label_smoothing=0.05
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(
            f"epoch {epoch + 1}: loss {loss.item():.3f}, accuracy on new scenes "
            f"{accuracy(model, clutter):.3f}",
            flush=True,
        )
    return _folded(model.eval())


def _folded(model: DigitsCNN) -> DigitsCNN:
    """Fold batch normalisation into the convolutions: an equal function with fewer arrays."""
    for i, (conv, norm) in enumerate(zip(model.convs, model.norms, strict=True)):
        model.convs[i], model.norms[i] = fuse_conv_bn_eval(conv, norm), nn.Identity()
    return model


@torch.no_grad()
def accuracy(model: nn.Module, clutter: tuple[int, int], n: int = 500) -> float:
    """Share of test scenes, with digits that training never saw, that the model reads correctly."""
    scenes = make_scenes(n, seed=1, clutter=clutter)
    predicted = model.eval()(torch.from_numpy(scenes.images)).argmax(1)
    return float((predicted == torch.from_numpy(scenes.labels)).float().mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clean", action="store_true", help="train on scenes without clutter")
    clean = parser.parse_args().clean
    trained = train(clutter=(0, 1)) if clean else train()
    arrays = {name: array.numpy() for name, array in trained.state_dict().items()}
    np.savez_compressed(CLEAN_WEIGHTS if clean else WEIGHTS, allow_pickle=False, **arrays)
