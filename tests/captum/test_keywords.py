"""Keyword inputs: mappings explained as the bare function of their tensors is, bit for bit."""

from collections import UserDict

import numpy as np
import pytest
import torch
from hf_models import bert, convnext, random, swin, vit
from torch import nn

from captum_submod import (
    SEANN,
    SMDL,
    KeywordInputs,
    LiMA,
    SelfAttributing,
    explain_mistakes,
    metrics,
)
from captum_submod.keywords import unpacked

transformers = pytest.importorskip("transformers")

FEW = {"regions": (3, 3), "search": "greedy"}
IMAGES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
IDS = torch.tensor([[1, 9, 17, 4, 30, 2], [1, 12, 25, 2, 0, 0]])
MASK, TYPES = (IDS != 0).long(), torch.tensor([[0, 0, 0, 1, 1, 1]] * 2)
TEXT = {"input_ids": IDS, "attention_mask": MASK, "token_type_ids": TYPES}


def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        for name in ("order", "importance", "regions"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        for name, curve in one.curves.arrays().items():
            assert np.array_equal(curve, other.curves.arrays()[name]), name


@pytest.mark.parametrize("make", [vit, swin, convnext])
@pytest.mark.parametrize("method", [LiMA, SMDL])
def test_images_are_explained_as_by_the_bare_function(make, method):
    model = random(make)
    options = FEW if method is LiMA else {"patches": 3}
    inputs = transformers.BatchFeature({"pixel_values": IMAGES})
    found = method(model, **options).explain(inputs, target=1, perturbations_per_eval=4)
    bare = method(lambda x: model(pixel_values=x).logits, **options)
    same(found, bare.explain(IMAGES, target=1, perturbations_per_eval=4))
    curve = found[0].curves.insertion
    assert np.ptp(curve) > 0.01 * curve.max(), "the model must not be flat"


def test_text_is_explained_as_by_the_bare_function_and_padding_stays():
    model = random(bert)
    given = transformers.BatchEncoding(TEXT)
    lima = LiMA(model, search="greedy")
    found = lima.explain(given, target=2, baselines=3, perturbations_per_eval=4)

    def bare(ids, mask, types):
        return model(input_ids=ids, attention_mask=mask, token_type_ids=types).logits

    stays = torch.where(MASK == 1, torch.arange(6), -1)
    expected = LiMA(bare, search="greedy").explain(
        IDS, 3, 2, (MASK, TYPES), stays, perturbations_per_eval=4
    )
    same(found, expected)
    assert len(found[1].order) == 4, "the two tokens of padding are no regions"
    # One by one, and without padding, as in a batch.
    short = {name: value[1:, :4] for name, value in TEXT.items()}
    (alone,) = lima.explain(short, target=2, baselines=3)
    assert np.array_equal(alone.order, found[1].order)
    np.testing.assert_allclose(alone.curves.insertion, found[1].curves.insertion, atol=1e-6)


def test_maps_are_keyed_as_the_inputs_and_go_into_metrics():
    model = random(vit)
    lima = LiMA(model, **FEW)
    inputs = UserDict({"pixel_values": IMAGES, "interpolate_pos_encoding": False})
    maps = lima.attribute(inputs, target=1, baselines={"pixel_values": 0.5})
    assert list(maps) == ["pixel_values"]

    def bare(x):
        return model(x).logits

    plain = LiMA(bare, **FEW).attribute(IMAGES, 0.5, 1)
    assert torch.equal(maps["pixel_values"], plain)
    for name in ("insertion", "deletion"):
        metric = getattr(metrics, name)
        found = metric(model, inputs, maps, target=1, steps=4)
        assert torch.equal(found, metric(bare, IMAGES, plain, target=1, steps=4))
    noisy = metrics.robustness(lima.attribute, inputs, k=9, n_samples=1, target=1)
    assert noisy.shape == (2,)
    explanations = lima.explain(inputs, target=1)
    (first, _) = lima.sufficient(inputs, explanations, target=1, share=0.9)
    assert first.sets


def test_both_modalities_are_explained_together():
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.head = nn.Embedding(40, 8), nn.Linear(8 + 3, 4)

        def forward(self, *, pixel_values, input_ids, attention_mask):
            words = (self.words(input_ids) * attention_mask[..., None]).sum(1)
            return {"logits": self.head(torch.cat([pixel_values.mean((2, 3)), words], 1))}

    model = random(Both)
    inputs = {"pixel_values": IMAGES, "input_ids": IDS, "attention_mask": MASK}
    with pytest.raises(ValueError, match=r"`inputs`.*say which by `KeywordInputs"):
        LiMA(model).attribute(inputs, target=1)
    both = KeywordInputs(inputs, ["pixel_values", "input_ids"])
    masks = {"pixel_values": torch.zeros(1, 1, 32, 32).long(), "input_ids": torch.arange(1, 7)}
    maps = LiMA(model).attribute(both, target=1, feature_mask=masks)
    assert {name: tuple(value.shape) for name, value in maps.items()} == {
        "pixel_values": (2, 3, 32, 32), "input_ids": (2, 6)
    }  # fmt: skip
    image = KeywordInputs(inputs, "pixel_values")
    bare = LiMA(lambda x, ids, mask: model(pixel_values=x, input_ids=ids, attention_mask=mask))
    same(
        LiMA(model, regions=(2, 2)).explain(image, target=1),
        LiMA(bare.forward_func, regions=(2, 2)).explain(IMAGES, None, 1, (IDS, MASK)),
    )


def test_a_layer_a_function_and_an_evidential_model_get_keywords():
    model = random(vit)
    layer = LiMA(model, features=model.vit.layernorm, **FEW)
    pixels = {"pixel_values": IMAGES}
    (one, _) = layer.explain(pixels, target=1)
    assert one.curves.effectiveness[-1] > 0
    smdl = SMDL(model, patches=3, confidence_model=model, features=lambda *, pixel_values: (
        pixel_values.mean((2, 3))
    ))  # fmt: skip
    assert smdl.explain(pixels, target=1)[0].curves.confidence is not None
    by_prior = SMDL(model, prior=lambda x, target: x[:, :1], patches=4, regions=4)
    assert by_prior.attribute(pixels, target=1)["pixel_values"].shape == IMAGES.shape


def test_mistakes_of_a_model_with_keywords():
    model = random(vit)
    pixels = {"pixel_values": IMAGES}
    wrong = ((model(**pixels).logits.argmax(1) + 1) % 5).tolist()
    assert len(explain_mistakes(LiMA(model, **FEW), pixels, wrong)) == 2


BAD = {
    "no tensors": ({"pixel_values": [np.zeros((3, 8, 8))]}, TypeError, "return_tensors"),
    "nothing to explain": ({"attention_mask": torch.ones(1, 3)}, ValueError, "has none"),
    "empty": ({}, TypeError, "`inputs`"),
    "numbers for names": ({0: IMAGES}, TypeError, "`inputs`"),
    "two": ({"pixel_values": IMAGES, "input_ids": IDS}, ValueError, "KeywordInputs"),
    "other rows": ({"pixel_values": IMAGES, "ids": torch.arange(3)}, ValueError, "ids"),
    "a list": ({"pixel_values": IMAGES, "sizes": [1, 2]}, TypeError, "sizes"),
}  # fmt: skip


@pytest.mark.parametrize(("inputs", "error", "text"), BAD.values(), ids=BAD)
def test_what_is_not_clear_is_refused(inputs, error, text):
    with pytest.raises(error, match=text):
        LiMA(random(vit)).attribute(inputs, target=1)


class Frames(nn.Module):
    """A model of videos (N, T, C, H, W)."""

    def forward(self, *, pixel_values):
        return {"logits": pixel_values.mean((3, 4)).flatten(1)}


def test_a_video_asks_for_its_layout():
    video = {"pixel_values": torch.rand(1, 3, 3, 8, 8)}
    with pytest.raises(ValueError, match=r"`layout` is needed: 'pixel_values'"):
        LiMA(Frames()).attribute(video, target=1)
    lima = LiMA(Frames(), layout="NTCHW", regions=(3, 2, 2))
    (one,) = lima.explain(video, target=1)
    assert one.regions.shape == (3, 8, 8)
    assert len(one.order) == 12


def test_a_mask_of_numbers_to_be_added_says_nothing_of_padding():
    added = {"input_ids": IDS, "attention_mask": torch.zeros(2, 6)}
    assert unpacked(added).padding() is None
    added["attention_mask"][1, 4:] = -1e9
    assert unpacked(added).padding() is None
    assert unpacked(TEXT).padding().tolist()[1] == [0, 1, 2, 3, -1, -1]
    whole = {"input_ids": IDS[:1], "attention_mask": MASK[:1]}
    assert unpacked(whole).padding() is None


def test_arguments_beside_a_mapping():
    model, pixels = random(vit), {"pixel_values": IMAGES}
    lima = LiMA(model, **FEW)
    shared = {"interpolate_pos_encoding": True}
    assert lima.attribute(pixels, target=1, additional_forward_args=shared)
    for name, value in {
        "additional_forward_args": 3,
        "baselines": {"pixels": 0},
        "feature_mask": {"pixels": 0},
    }.items():
        with pytest.raises((TypeError, ValueError), match=f"`{name}`"):
            lima.attribute(pixels, target=1, **{name: value})
    with pytest.raises(ValueError, match="both have"):
        lima.attribute(pixels, target=1, additional_forward_args=pixels)
    with pytest.raises(TypeError, match="`baselines`"):
        lima.attribute(IMAGES, {"pixel_values": 0}, target=1)


def test_other_methods_refuse_mappings():
    with pytest.raises(TypeError, match="`inputs`"):
        SEANN(random(vit)).attribute({"pixel_values": IMAGES}, target=1)
    with pytest.raises(TypeError, match="`example_inputs`"):
        SelfAttributing(random(vit), LiMA(random(vit)), {"pixel_values": IMAGES})


def test_nothing_of_the_caller_is_changed():
    model, given = random(vit).train(), {"pixel_values": IMAGES.clone()}
    LiMA(model, **FEW).attribute(given, target=1)
    assert model.training
    assert list(given) == ["pixel_values"]
    assert torch.equal(given["pixel_values"], IMAGES)


def test_the_explained_entries_come_first():
    both = KeywordInputs({"mask": None, "input_ids": IDS, "x": IMAGES}, ("x", "input_ids"))
    assert unpacked(both).keywords == ("x", "input_ids", "mask")
    assert dict(both)["input_ids"] is IDS
