"""NaN and infinity never become an explanation of Sum-of-Parts: the error names the example."""

import numpy as np
import pytest
import torch
from captum.attr import Saliency
from networks import SmallNet, random_images, small_sop
from torch import nn

from captum_submod import SelfAttributing, SumOfParts, SumOfPartsAttribution
from submod_core.engine import NonFiniteOutputError
from submod_core.sop import GroupExplanation

X = random_images(0, n=4)
MARKED = X.clone()
MARKED[2, 0, 0, 0] = 7.0


class Spoilt(nn.Module):
    """A network whose answer to images with a mark is not finite, where the mark is seen."""

    def __init__(self, value, place):
        super().__init__()
        self.value, self.place, self.net = value, place, SmallNet(0)

    def forward(self, x):
        marked = (x[:, 0, 0, 0] == 7.0)[:, None]
        hidden = torch.tanh(self.net.conv(x))
        pooled = nn.functional.adaptive_avg_pool2d(hidden, 4).flatten(1)
        if self.place == "hidden":
            pooled = torch.where(marked, self.value, pooled)
        logits = self.net.head(pooled)
        last = torch.arange(5) == 4
        return torch.where(marked & last, self.value, logits) if self.place == "logit" else logits


VALUES = [float("nan"), float("inf"), -float("inf")]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("place", ["hidden", "logit"])
@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_the_backbones(value, place, batch_size):
    options = {"features": 3, "groups": 5, "top": 1.0, "batch_size": batch_size}
    sop = SumOfParts(Spoilt(value, place), X[:1], **options)
    sop(X), sop.explain(X)
    method = SumOfPartsAttribution(sop)
    for call in (sop, sop.explain, lambda x: method.attribute(x, target=0)):
        with pytest.raises(NonFiniteOutputError, match=r"example 2: the .* of `backbone`"):
            call(MARKED)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("continuous", [False, True])
def test_the_encoders(value, continuous):
    class Encoder(nn.Module):
        def forward(self, x):
            made = nn.functional.avg_pool2d(x, 3).flatten(2).mT
            bad = (x[:, 0, 0, 0] == 7.0)[:, None, None] & (torch.arange(3) == 1)
            return torch.where(bad, value, made)

    options = {"features": 3, "groups": 5, "continuous": continuous, "batch_size": 3}
    sop = SumOfParts(SmallNet(0), X[:1], encoder=Encoder(), **options)
    for call in (sop, sop.explain):
        call(X)
        with pytest.raises(NonFiniteOutputError, match=r"example 2: an embedding .* `encoder`"):
            call(MARKED)


def test_in_training_the_loss_says_so():
    sop, _ = small_sop()
    sop.train()
    assert sop(X * float("nan")).isnan().any()


def test_self_attributing_models():
    net = SmallNet(0)

    def maps(x, target):
        made = x.sum(1, keepdim=True)
        return torch.where((x[:, 0, 0, 0] == 7.0)[:, None, None, None], float("nan"), made)

    one = SelfAttributing(net, maps, X[:1], features=3)
    one(X)
    for call in (one, one.explain):
        with pytest.raises(ValueError, match=r"`attribution`.*finite"):
            call(MARKED)
    other = SelfAttributing(Spoilt(float("nan"), "logit"), Saliency(net), X[:1], features=3)
    with pytest.raises(NonFiniteOutputError, match="example 2: the answer of `backbone`"):
        other(MARKED)


@pytest.mark.parametrize("name", ["masks", "scores", "partials", "logits"])
def test_each_explanation(name):
    arrays = {
        "masks": np.ones((3, 2, 4)),
        "scores": np.full((3, 5, 2), 0.5),
        "partials": np.ones((3, 2, 5)),
        "logits": np.ones((3, 5)),
    }
    regions = np.arange(4)[None]
    assert len(GroupExplanation.each(regions, **arrays)) == 3
    arrays[name][1].flat[3] = np.nan
    with pytest.raises(NonFiniteOutputError, match=f"example 8: `{name}`"):
        GroupExplanation.each(regions, **arrays, first=7)
