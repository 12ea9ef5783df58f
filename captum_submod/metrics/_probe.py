"""The small networks that read labels off the outlines of groups."""

import torch
from torch import Tensor, nn

from submod_core._types import BoolArray, IntArray


def learn(masks: BoolArray, classes: IntArray, epochs: int, seed: int, kind: str) -> IntArray:
    """Train on the first half of the examples; return the classes that are found in the second."""
    x, y = torch.from_numpy(masks).float()[:, None], torch.from_numpy(classes)
    half = len(x) // 2
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        probe = _probe(x, int(classes.max()) + 1, kind)
        optimizer = torch.optim.Adam(probe.parameters(), lr=3e-3)
        for _ in range(epochs):
            for rows in torch.randperm(half).split(32):
                optimizer.zero_grad()
                nn.functional.cross_entropy(probe(x[rows]), y[rows]).backward()
                optimizer.step()
    with torch.no_grad():
        found: IntArray = probe.eval()(x[half:]).argmax(1).numpy()
    return found


def _probe(x: Tensor, classes: int, kind: str) -> nn.Module:
    """The network of a kind, over images of at most 32 × 32 or anything else."""
    image = x.dim() == 4
    small = nn.AdaptiveAvgPool2d(tuple(min(32, side) for side in x.shape[2:])) if image else None
    body: list[nn.Module]
    if kind == "transformer":
        body = [_Transformer(small(x[:1]) if small else x[:1], classes)]
    elif kind == "linear":
        body = [nn.Flatten(), nn.LazyLinear(classes)]
    elif image:
        body = [nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU()]
        body += [nn.Flatten(), nn.LazyLinear(classes)]
    else:
        body = [nn.Flatten(), nn.LazyLinear(64), nn.ReLU(), nn.Linear(64, classes)]
    return nn.Sequential(*([small] if small else []), *body)


class _Transformer(nn.Module):
    """Two layers of attention over patches of 4 × 4 pixels, or over the elements of a sequence."""

    def __init__(self, x: Tensor, classes: int, width: int = 32) -> None:
        super().__init__()
        tokens = self._tokens(x)
        self.embed = nn.Linear(tokens.shape[2], width)
        self.places = nn.Parameter(0.1 * torch.randn(1, tokens.shape[1], width))
        layer = nn.TransformerEncoderLayer(
            width, 4, 2 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.layers(self.embed(self._tokens(x)) + self.places)
        logits: Tensor = self.head(tokens.mean(1))
        return logits

    def _tokens(self, x: Tensor) -> Tensor:
        """Patches (N, patches, values); the last row and column are filled up with 0."""
        if x.dim() != 4:
            return x.mT
        rows, columns = (-side % 4 for side in x.shape[2:])
        return nn.functional.unfold(nn.functional.pad(x, (0, columns, 0, rows)), 4, stride=4).mT
