"""The embedding of a feature comes from its own place, whatever the layout of the layer."""

import numpy as np
import pytest
import torch
from captum.attr import Saliency
from torch import nn

from captum_submod import SumOfParts, SumOfPartsAttribution


def locality(sop, x, cells, within=0):
    """For how many features their own embedding moves most when their place changes."""
    with torch.no_grad():
        before, hits = sop._encode(x, sop.masking.labels)[0], 0
        for k in range(sop.masking.n):
            y = torch.where(cells == k, x + 1.5 if x.is_floating_point() else (x + 37) % 99, x)
            moved = (sop._encode(y, sop.masking.labels)[0] - before).norm(dim=-1)
            if within:  # convolutions reach the neighbours, and no further
                far = abs(torch.arange(len(moved)) - k) > within
                hits += bool(moved[k] > 0) and not bool(moved[far].any())
            else:
                hits += int(moved.argmax()) == k
    return hits / sop.masking.n


class Patches(nn.Module):
    """Patches in a layout, behind a linear head; the layer `act` returns them in that layout."""

    def __init__(self, layout, width=8, extra=0, side=4):
        super().__init__()
        torch.manual_seed(0)
        self.layout, self.extra = layout, nn.Parameter(torch.zeros(1, extra, width))
        self.patch, self.act = nn.Conv2d(3, width, side, stride=side), nn.GELU()
        self.head = nn.Linear(width, 5)

    def forward(self, x):
        x = self.patch(x)
        if self.layout == "first":
            return self.head(self.act(x).mean((2, 3)))
        if self.layout == "last":
            return self.head(self.act(x.permute(0, 2, 3, 1)).mean((1, 2)))
        tokens = torch.cat([self.extra.expand(len(x), -1, -1), x.flatten(2).mT], 1)
        if self.layout == "tokens":
            return self.head(self.act(tokens).mean(1))
        return self.head(self.act(tokens.mT).mean(2))


GRIDS = [(4, 4), (2, 8), (8, 2), (3, 5), (8, 8), (4, 8)]
LAYOUTS = [("first", 0), ("last", 0), ("tokens", 0), ("tokens", 1), ("tokens", 5), ("turned", 1)]


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize(("layout", "extra"), LAYOUTS)
@pytest.mark.parametrize("width", [8, 16])
def test_patches(layout, extra, grid, width):
    rows, columns = grid
    x = torch.rand(1, 3, 4 * rows, 4 * columns, generator=torch.Generator().manual_seed(1))
    net = Patches(layout, width, extra).eval()
    sop = SumOfParts(net, x, features=4, groups=4, layer="act")
    cells = torch.arange(4 * rows)[:, None] // 4 * columns + torch.arange(4 * columns) // 4
    assert locality(sop, x, cells) == 1
    assert sop.masking.n == rows * columns


def test_the_layout_changes_nothing_of_the_function():
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    first, *others = (
        SumOfParts(Patches(layout).eval(), x[:1], features=4, groups=4, layer="act")
        for layout in ("first", "last", "tokens", "turned")
    )
    for other in others:
        torch.testing.assert_close(other(x), first(x))


class TextCNN(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        torch.manual_seed(0)
        self.emb, self.conv = nn.Embedding(100, 16), nn.Conv1d(16, width, 3, padding=1)
        self.act, self.head = nn.ReLU(), nn.Linear(width, 4)

    def forward(self, ids):
        return self.head(self.act(self.conv(self.emb(ids).transpose(1, 2))).amax(2))


@pytest.mark.parametrize("layer", [None, "emb", "conv"])
@pytest.mark.parametrize("width", [32, 12, 9])
def test_convolutions_over_tokens(layer, width):
    ids = torch.randint(1, 99, (1, 12), generator=torch.Generator().manual_seed(0))
    sop = SumOfParts(TextCNN(width).eval(), ids, groups=4, layer=layer)
    assert sop.encoder.layer == (layer or "emb")
    assert locality(sop, ids, torch.arange(12), within=int(layer == "conv")) == 1


def test_a_layer_that_looks_at_one_token_a_time_is_taken_though_it_comes_later():
    class Wide(TextCNN):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv1d(16, 32, 1)

    ids = torch.randint(1, 99, (1, 12), generator=torch.Generator().manual_seed(0))
    sop = SumOfParts(Wide().eval(), ids, groups=4)
    assert sop.encoder.layer == "act"
    assert locality(sop, ids, torch.arange(12)) == 1


class TextRNN(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.emb, self.rnn = nn.Embedding(100, 16), nn.LSTM(16, 8, batch_first=True)
        self.head = nn.Linear(8, 4)

    def forward(self, ids):
        return self.head(self.rnn(self.emb(ids))[0].mean(1))


def test_recurrent_layers():
    ids = torch.randint(1, 99, (1, 12), generator=torch.Generator().manual_seed(0))
    sop = SumOfParts(TextRNN().eval(), ids, groups=4)
    assert sop.encoder.layer == "rnn"
    assert sop._encode(ids, sop.masking.labels).shape == (1, 12, 8)


def series_net():
    torch.manual_seed(0)
    body = nn.Conv1d(6, 16, 5, padding=2), nn.Tanh(), nn.AdaptiveAvgPool1d(1), nn.Flatten()
    return nn.Sequential(*body, nn.Linear(16, 3)).eval()


@pytest.mark.parametrize("width", [1, 5])
def test_features_along_the_time_of_channels_first_series(width, tmp_path):
    x = torch.rand(2, 6, 50, generator=torch.Generator().manual_seed(1))
    spans = (np.arange(50) // width)[None]
    sop = SumOfParts(series_net(), x[:1], features=spans, groups=4, top=0.3)
    assert sop.masking.n == 50 // width
    if width == 5:
        assert locality(sop, x[:1], torch.from_numpy(spans), within=1) == 1
    for one, series in zip(sop.explain(x), x, strict=True):
        for group, partial in zip(one.groups, one.partials, strict=True):
            kept = torch.from_numpy(group[spans[0]])
            wanted = series_net()(torch.where(kept, series, 0.0)[None])[0]
            np.testing.assert_allclose(partial, wanted.detach(), atol=1e-5)
    painted = SumOfPartsAttribution(sop).attribute(x, target=1)
    assert painted.shape == x.shape
    assert (painted == painted[:, :1]).all()
    np.testing.assert_allclose(painted[:, 0, ::width].sum(1), sop(x)[:, 1].detach(), atol=1e-4)
    sop.save(tmp_path / "sop")
    again = SumOfParts.load(tmp_path / "sop", series_net(), x[:1])
    assert torch.equal(again(x), sop(x))
    gradient = Saliency(sop).attribute(x.clone().requires_grad_(), target=1)
    assert gradient.shape == x.shape


def test_where_no_layer_has_the_places_it_says_what_to_give():
    x = torch.rand(1, 6, 50)
    with pytest.raises(ValueError, match=r"`encoder`, or, .* `features` of shape \(1, 50\)"):
        SumOfParts(series_net(), x)
    images = torch.rand(1, 3, 16, 16)

    class Mixed(Patches):
        def forward(self, x):
            y = self.patch(x).flatten(1)[:, :77].reshape(len(x), 7, 11)
            return self.head(self.act(y).mean(2).repeat(1, 2)[:, :8])

    with pytest.raises(ValueError, match=r"`layer` .* give an `encoder`"):
        SumOfParts(Mixed("first").eval(), images, features=4, layer="act")
