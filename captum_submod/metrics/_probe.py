"""The small network that reads labels off the outlines of groups."""

import torch
from torch import Tensor, nn

from submod_core._types import BoolArray, IntArray


def learn(masks: BoolArray, classes: IntArray, epochs: int, seed: int) -> IntArray:
    """Train on the first half of the examples; return the classes that are found in the second."""
    x, y = torch.from_numpy(masks).float()[:, None], torch.from_numpy(classes)
    half = len(x) // 2
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        probe = _probe(x, int(classes.max()) + 1)
        optimizer = torch.optim.Adam(probe.parameters(), lr=3e-3)
        for _ in range(epochs):
            for rows in torch.randperm(half).split(32):
                optimizer.zero_grad()
                nn.functional.cross_entropy(probe(x[rows]), y[rows]).backward()
                optimizer.step()
    with torch.no_grad():
        found: IntArray = probe.eval()(x[half:]).argmax(1).numpy()
    return found


def _probe(x: Tensor, classes: int) -> nn.Module:
    """Two convolutions over images of at most 32 × 32; a hidden layer over anything else."""
    if x.dim() != 4:
        return nn.Sequential(nn.Flatten(), nn.LazyLinear(64), nn.ReLU(), nn.Linear(64, classes))
    small = nn.AdaptiveAvgPool2d((min(32, x.shape[2]), min(32, x.shape[3])))
    convolutions = (nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU())
    return nn.Sequential(small, *convolutions, nn.Flatten(), nn.LazyLinear(classes))
