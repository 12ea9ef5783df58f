"""Small models of the gallery's pictures, in PyTorch. Each is made, or trained, once a run."""

from collections.abc import Callable
from functools import cache, partial

import detect_digits
import numpy as np
import skimage.data
import torch
from torch import Tensor, nn

from digits_model import load_model
from digits_scenes import make_pairs, make_scenes

digits = cache(load_model)
detector = cache(partial(detect_digits.train, scenes=800, epochs=6))
pairs = cache(partial(make_pairs, 40, seed=5))


def photograph(name: str, step: int) -> Tensor:
    """A photograph of scikit-image, (1, 3, H, W) in [0, 1]; every `step`-th pixel."""
    pixels = torch.from_numpy(np.array(getattr(skimage.data, name)())) / 255
    pixels = pixels[..., None].expand(-1, -1, 3) if pixels.dim() == 2 else pixels[..., :3]
    return pixels[::step, ::step].movedim(-1, 0)[None].float().contiguous()


@cache
def scene(k: int = 0) -> tuple[Tensor, int, np.ndarray]:
    """A scene (1, 3, 64, 64), its digit, and the square (64, 64) in which the digit lies."""
    drawn = make_scenes(8, seed=2)
    return torch.from_numpy(drawn.images[k : k + 1]), int(drawn.labels[k]), drawn.masks[k]


# Functions of pixels.


def red_or_blue(images: Tensor) -> Tensor:
    """Logits (N, 2): how much more red than blue the pixels are, and the other way round."""
    more = images[:, 0] - images[:, 2]
    return 20 * torch.stack([more.relu().mean((1, 2)), (-more).relu().mean((1, 2))], 1)


def reddest(images: Tensor) -> Tensor:
    """Logits (N, 2): no red spot, a red spot of 7 × 7 pixels anywhere."""
    more = (images[:, :1] - images[:, 2:]).relu()
    spot = nn.functional.avg_pool2d(more, 7, 1).amax((1, 2, 3))
    return 12 * torch.stack([0 * spot + 0.3, spot], 1)


def brightest(images: Tensor) -> Tensor:
    """Logits (N, 2): no bright spot, a bright spot of 9 × 9 pixels anywhere."""
    spot = nn.functional.avg_pool2d(images.mean(1, keepdim=True), 9, 1).amax((1, 2, 3))
    return 20 * torch.stack([0 * spot + 0.4, spot], 1)


def second_differences(images: Tensor) -> Tensor:
    """Absolute second difference of the brightness at each pixel, (N, H, W)."""
    kernel = torch.tensor([[[[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]]])
    padded = nn.functional.pad(images.mean(1, keepdim=True), (1, 1, 1, 1), "replicate")
    return torch.conv2d(padded, kernel)[:, 0].abs()


def sharpness(images: Tensor) -> Tensor:
    """Mean of the second differences in hundredths, (N,)."""
    return 100 * second_differences(images).mean((1, 2))


# Trained models.


def fitted(
    model: nn.Module,
    batch: Callable[[np.random.Generator], tuple[Tensor, Tensor]],
    steps: int,
    rate: float = 3e-3,
) -> nn.Module:
    """Train a classifier on batches (inputs, labels) that `batch` draws."""
    optimizer = torch.optim.Adam(model.parameters(), rate)
    generator = np.random.default_rng(0)
    for _ in range(steps):
        inputs, labels = batch(generator)
        loss = nn.functional.cross_entropy(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval().requires_grad_(False)


@cache
def shapes() -> nn.Module:
    """Labels pixels as ground, disc or square: (N, 1, 48, 48) → logits (N, 3, 48, 48)."""
    torch.manual_seed(0)

    def batch(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        drawn = [drawn_shapes(rng) for _ in range(12)]
        images, labels = (torch.from_numpy(np.stack(part)) for part in zip(*drawn, strict=True))
        return images, labels

    wide = [nn.Conv2d(1, 16, 5, 2, 2), nn.ReLU(), nn.Conv2d(16, 24, 5, 2, 2), nn.ReLU()]
    around = [nn.Conv2d(24, 24, 5, 1, 2), nn.ReLU(), nn.Conv2d(24, 3, 1)]
    return fitted(nn.Sequential(*wide, *around, nn.Upsample(scale_factor=4)), batch, 120)


def drawn_shapes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A picture (1, 48, 48) of a disc and a square, and the labels of its pixels."""
    y, x = np.mgrid[:48, :48]
    image, labels = rng.normal(0.2, 0.05, (1, 48, 48)).astype(np.float32), np.zeros((48, 48), int)
    first, second = rng.permutation([12, 36])
    for label, column in ((1, first), (2, second)):
        row, radius = rng.integers(10, 38), rng.integers(7, 10)
        far = (
            np.maximum(abs(y - row), abs(x - column))
            if label == 2
            else np.hypot(y - row, x - column)
        )
        image[0][far <= radius], labels[far <= radius] = 0.8, label
    return image, labels
