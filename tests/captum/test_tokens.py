"""Transformers without the tokens of masked patches: as attention that does not see them."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from captum_submod import DropTokens, LiMA

GRID, SIDE, WIDTH = 4, 3, 16


class ViT(nn.Module):
    """A vision transformer of two blocks, with `others` further tokens, or their mean."""

    def __init__(self, seed: int = 0, others: int = 1):
        super().__init__()
        torch.manual_seed(seed)
        self.others = nn.Parameter(torch.randn(1, others, WIDTH))
        self.positions = nn.Parameter(torch.randn(1, GRID**2, WIDTH))
        self.patches = nn.Conv2d(3, WIDTH, SIDE, stride=SIDE)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(WIDTH, 4, 32, batch_first=True, norm_first=True)
            for _ in range(2)
        )
        self.head = nn.Linear(WIDTH, 5)
        self.double().eval().requires_grad_(False)

    def forward(self, x, hidden=None):
        tokens = self.patches(x).flatten(2).mT + self.positions
        tokens = torch.cat([self.others.expand(len(x), -1, -1), tokens], dim=1)
        for block in self.blocks:
            tokens = block(tokens, src_key_padding_mask=hidden)
        n = self.others.shape[1]
        if n:
            return 3 * self.head(tokens[:, 0])
        weights = torch.ones(tokens.shape[:2]).double() if hidden is None else (~hidden).double()
        return 3 * self.head((tokens * weights[..., None]).sum(1) / weights.sum(1, keepdim=True))


def masked(images, shown, baseline=0.0):
    """The images with the patches (N, 16) that are not shown replaced by the baseline."""
    keep = shown.view(-1, 1, GRID, GRID).repeat_interleave(SIDE, 2).repeat_interleave(SIDE, 3)
    return torch.where(keep, images, torch.as_tensor(baseline, dtype=images.dtype))


def random_images(seed, n=1):
    return (
        torch.rand(
            n, 3, GRID * SIDE, GRID * SIDE, generator=torch.Generator().manual_seed(seed)
        ).double()
        + 0.1
    )


@settings(max_examples=13)
@given(
    seed=st.integers(0, 2**31),
    n=st.integers(1, 9),
    others=st.integers(0, 3),
    baseline=st.sampled_from([0.0, 0.5]),
)
def test_it_is_the_transformer_whose_attention_does_not_see_the_dropped_tokens(
    seed, n, others, baseline
):
    model, images = ViT(seed, others), random_images(seed, n)
    shown = torch.rand(n, GRID**2, generator=torch.Generator().manual_seed(seed)) < 0.5
    if not others:
        shown[~shown.any(1)] = True
    x = masked(images, shown, baseline)
    hidden = torch.cat([torch.zeros(n, others, dtype=torch.bool), ~shown], dim=1)
    expected = torch.cat([model(x[i : i + 1], hidden[i : i + 1]) for i in range(n)])
    found = DropTokens(model, model.blocks[0], SIDE, baseline)(x)
    assert torch.allclose(found, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("others", [0, 2])
def test_an_image_that_shows_all_or_nothing(others):
    model = ViT(1, others)
    dropping, image = DropTokens(model, model.blocks[0], SIDE), random_images(3)
    assert torch.allclose(dropping(image), model(image), atol=1e-12)
    nothing = dropping(torch.zeros_like(image))
    assert torch.allclose(nothing, model(torch.zeros_like(image))) == (others == 0)
    assert torch.isfinite(nothing).all()


def test_a_patch_with_one_shown_pixel_stays():
    model = ViT(2)
    image = torch.zeros(1, 3, 12, 12).double()
    image[0, 1, 4, 7] = 0.2
    hidden = torch.ones(1, 17, dtype=torch.bool)
    hidden[0, [0, 1 + 1 * GRID + 2]] = False
    assert torch.allclose(
        DropTokens(model, model.blocks[0], SIDE)(image), model(image, hidden), atol=1e-12
    )


@pytest.mark.parametrize("search", ["guided", "bidirectional"])
def test_lima_gives_the_same_order_for_every_batch_size(search):
    model = ViT(4)
    lima = LiMA(DropTokens(model, model.blocks[0], SIDE), regions=(GRID, GRID), search=search)
    images, target = random_images(5, 2), torch.tensor([1, 3])
    one, *others = (
        [e.order for e in lima.explain(images, target=target, perturbations_per_eval=size)]
        for size in (1, 7, 64)
    )
    assert all(np.array_equal(one, other) for other in others)


@pytest.mark.slow
def test_half_of_the_operations(monkeypatch):
    # Every subset is asked for with its complement: together they have the tokens of one image.
    model = ViT(6)
    # The fused operation of torch's encoder layers escapes the counter.
    monkeypatch.setattr(torch.backends.mha, "get_fastpath_enabled", lambda: False)
    images, counts = random_images(7), []
    for forward_func in (model, DropTokens(model, model.blocks[0], SIDE)):
        with FlopCounterMode(display=False) as counter:
            LiMA(forward_func, regions=(GRID, GRID), search="greedy").explain(images, target=2)
        counts.append(counter.get_total_flops())
    assert counts[1] < 0.6 * counts[0]


def test_gradients_pass_and_no_hook_stays():
    model = ViT(8)
    x = masked(random_images(9, 3), torch.rand(3, 16) < 0.5).requires_grad_()
    DropTokens(model, model.blocks[0], SIDE)(x).sum().backward()
    assert x.grad.abs().sum() > 0
    assert not model.blocks[0]._forward_pre_hooks


def test_state_is_the_models():
    model = ViT(10)
    names = set(DropTokens(model, model.blocks[0], SIDE).state_dict())
    assert names == {f"model.{name}" for name in model.state_dict()}


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"model": lambda x: x}, TypeError, "`model`"),
        ({"first_block": nn.Identity()}, ValueError, "`first_block`"),
        ({"patch_size": 0}, ValueError, "`patch_size` (=0)"),
        ({"patch_size": True}, ValueError, "`patch_size` (=True)"),
        ({"patch_size": 2.0}, ValueError, "`patch_size` (=2.0)"),
        ({"baseline": "mean"}, ValueError, "`baseline` (='mean')"),
    ],
)
def test_bad_options(changed, error, words):
    model = ViT()
    options = {"model": model, "first_block": model.blocks[0], "patch_size": SIDE} | changed
    with pytest.raises(error, match=re.escape(words)):
        DropTokens(**options)


@pytest.mark.parametrize(
    ("images", "block", "patch_size", "words"),
    [
        (torch.zeros(3, 12, 12), "blocks.0", SIDE, "must be (N, C, H, W)"),
        (torch.zeros(1, 3, 12, 13), "blocks.0", SIDE, "multiples of `patch_size` (=3)"),
        (torch.ones(1, 3, 12, 12), "blocks.0", 2, "T at least the 36 patches"),
        (torch.ones(1, 3, 12, 12), "patches", SIDE, "must be given tokens (1, T, d)"),
        (torch.ones(1, 3, 12, 12), "unused", SIDE, "it ran 0 times"),
    ],
)
def test_bad_images_and_blocks(images, block, patch_size, words):
    model = ViT()
    model.unused = nn.Identity()
    dropping = DropTokens(model, model.get_submodule(block), patch_size)
    with pytest.raises(ValueError, match=re.escape(words)):
        dropping(images.double())
    assert not model.get_submodule(block)._forward_pre_hooks


def test_arguments_follow_the_images_that_show_as_many_patches():
    vit = ViT()

    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.vit = vit

        def forward(self, x, scale):
            return scale * self.vit(x)

    shown = torch.ones(3, GRID**2, dtype=torch.bool)
    shown[1, :5] = False
    images, scale = masked(random_images(0, 3), shown), torch.tensor([[1.0], [2.0], [5.0]])
    dropping = DropTokens(Scaled(), vit.blocks[0], patch_size=SIDE)
    alone = [dropping(images[i : i + 1], scale[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(dropping(images, scale), torch.cat(alone))
