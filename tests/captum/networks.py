"""Small networks and inputs for the Captum tests."""

import torch
from torch import nn
from torch.utils.data import TensorDataset

from captum_submod import SumOfParts


class SmallNet(nn.Module):
    """Random but not flat: a convolution, a pooling and a linear layer, with logits (N, 5)."""

    def __init__(self, seed: int, dtype: torch.dtype = torch.float64):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.conv = nn.Conv2d(3, 6, 3, padding=1)
        self.head = nn.Linear(6 * 16, 5)
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.5
        self.to(dtype).eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(self.conv(x))
        return self.head(nn.functional.adaptive_avg_pool2d(hidden, 4).flatten(1)) * 3


class Remembering(SmallNet):
    """A tensor made in the first call and used in all others, as position codes often are."""

    scale: torch.Tensor | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.scale is None:
            self.scale = torch.ones_like(self.conv.weight[0, :, :1, :1])
        return super().forward(x * self.scale)


class Noisy(nn.Module):
    """With dropout and batch norm, which change in training."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.drop, self.head = nn.Dropout(0.5), nn.Linear(8, 4)

    def forward(self, x):
        return self.head(self.drop(torch.relu(self.norm(self.conv(x))).amax((2, 3))))


def noisy_problem(n=24):
    torch.manual_seed(0)
    backbone = Noisy().train()
    images = torch.rand(n, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    return backbone, TensorDataset(images, torch.arange(n) % 4)


def random_images(seed, n=1, dtype=torch.float64):
    return torch.rand(n, 3, 12, 12, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def random_mask(seed, n_regions=9):
    """A mask (1, 1, 12, 12) with a pixel or more for every region, and gaps between the ids."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.cat(
        [torch.arange(n_regions), torch.randint(n_regions, (144 - n_regions,), generator=generator)]
    )
    return (ids[torch.randperm(144, generator=generator)] * 7 + 3).reshape(1, 1, 12, 12)


def small_sop(seed=0, dtype=torch.float64, **options):
    images = random_images(seed, n=3, dtype=dtype)
    return SumOfParts(
        SmallNet(seed, dtype), images[:1], **({"features": 3, "groups": 6} | options)
    ), images
