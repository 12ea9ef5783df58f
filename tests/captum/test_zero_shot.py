"""Zero-shot classification by CLIP and SigLIP, of images and of texts."""

import numpy as np
import pytest
import torch
from clip_models import Tokenizer, clip, made, siglip
from torch import nn

from captum_submod import SMDL, LiMA, ZeroShot, metrics

IMAGES = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
TEXTS = ["a photo of a cat", "a dog", "a red car"]
FEW = {"regions": (2, 2), "search": "greedy"}


@pytest.mark.parametrize("make", [clip, siglip])
def test_the_classes_are_those_of_the_model(make):
    model, processor = made(make)
    zero_shot = ZeroShot(model, processor, TEXTS)
    given = processor(TEXTS, "pt", "max_length" if make is siglip else True)
    with torch.no_grad():
        expected = model(pixel_values=IMAGES, **given).logits_per_image
    torch.testing.assert_close(zero_shot.scores(IMAGES), expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(zero_shot.scores(pixel_values=IMAGES), expected)
    (one, *_) = LiMA(zero_shot.image, **FEW, **zero_shot.classes).explain(
        {"pixel_values": IMAGES}, target=1
    )
    # LiMA's Eq. 3 a second time: the softmax of the model's own scores, whose bias cancels.
    assert one.curves.insertion[-1] == pytest.approx(float(expected.softmax(1)[0, 1]), abs=1e-5)
    assert repr(zero_shot) == f"ZeroShot(<{type(model).__name__}>, {TEXTS})"


def test_a_single_text_is_a_cosine():
    model, processor = made(clip)
    zero_shot = ZeroShot(model, processor, TEXTS[0])
    weights = {"consistency": 1, "collaboration": 1}
    lima = LiMA(zero_shot.image, weights=weights, **FEW, **zero_shot.classes)
    explanations = lima.explain({"pixel_values": IMAGES})
    with torch.no_grad():
        vectors = zero_shot.image(IMAGES)
        text = zero_shot.text(**processor(TEXTS[:1], "pt", True))
    cosines = nn.functional.cosine_similarity(vectors, text)
    for one, cosine in zip(explanations, cosines, strict=True):
        assert one.curves.insertion[-1] == pytest.approx(float(cosine), abs=1e-5)


@pytest.mark.parametrize("make", [clip, siglip])
def test_a_text_is_explained_by_images(make):
    model, processor = made(make)
    zero_shot = ZeroShot(model, processor, TEXTS)
    inputs, mask = zero_shot.tokens(TEXTS[:2])
    assert mask[:, 0].tolist() == [-1, -1]
    lima = LiMA(zero_shot.text, **zero_shot.of_images({"pixel_values": IMAGES}))
    maps = lima.attribute(inputs, target=2, feature_mask=mask, baselines=4)
    assert list(maps) == ["input_ids"]
    assert (maps["input_ids"][mask < 0] == 0).all()
    explanations = lima.explain(inputs, target=2, feature_mask=mask, baselines=4)
    assert [len(one.order) for one in explanations] == [5, 2]
    (one,) = lima.explain(
        {name: value[:1] for name, value in inputs.items()}, 4, 2, feature_mask=mask[:1]
    )
    assert np.array_equal(one.order, explanations[0].order)


def test_clip_without_its_end_of_text_is_refused():
    model, processor = made(clip)
    zero_shot = ZeroShot(model, processor, TEXTS)
    inputs = processor(TEXTS[:1], "pt", True)
    lima = LiMA(zero_shot.text, **zero_shot.of_images(IMAGES))
    with pytest.raises(ValueError, match="keep the end of text"):
        lima.attribute(inputs, target=0)
    mask = torch.tensor([[-1, 0, 1, 2, 3, 4, -1]])
    with pytest.raises(ValueError, match="keep the end of text"):
        lima.attribute(inputs, baselines=10, target=0, feature_mask=mask)
    assert lima.attribute(inputs, target=0, feature_mask=mask)


def test_smdl_metrics_and_captum_take_the_same_options():
    from captum.attr import Saliency

    model, processor = made(siglip)
    zero_shot = ZeroShot(model, processor, TEXTS)
    inputs = {"pixel_values": IMAGES}
    maps = SMDL(zero_shot.image, patches=2, **zero_shot.classes).attribute(inputs, target=0)
    found = metrics.insertion(zero_shot.image, inputs, maps, target=0, steps=4, **zero_shot.classes)
    assert found.shape == (3,)
    by_scores = metrics.insertion(zero_shot.scores, inputs, maps, target=0, steps=4)
    torch.testing.assert_close(found, by_scores, atol=1e-5, rtol=1e-4)
    sigmoid = LiMA(zero_shot.scores, activation="sigmoid", **FEW).explain(inputs, target=0)
    expected = zero_shot.scores(IMAGES)[0, 0].sigmoid().detach()
    assert sigmoid[0].curves.insertion[-1] == pytest.approx(float(expected), abs=1e-5)
    saliency = Saliency(zero_shot.scores).attribute(IMAGES.clone().requires_grad_(), target=0)
    assert saliency.shape == IMAGES.shape
    assert SMDL(zero_shot.image, patches=2, feature_target=True).attribute(inputs)


class Open(nn.Module):
    """As the models of OpenCLIP."""

    logit_scale, logit_bias = torch.tensor(2.0), None

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 4)

    def encode_image(self, images):
        return self.head(images.mean((2, 3)))

    def encode_text(self, ids):
        return nn.functional.one_hot(ids[:, 0] % 4, 4).float()


def test_a_model_of_openclip():
    model = Open().train()
    zero_shot = ZeroShot(model, lambda texts: torch.tensor([[len(t)] for t in texts]), ["a", "to"])
    maps = LiMA(zero_shot.image, **FEW, **zero_shot.classes).attribute(IMAGES, target=1)
    assert maps.shape == IMAGES.shape
    assert model.training
    assert zero_shot.scale == pytest.approx(np.exp(2.0))
    with pytest.raises(ValueError, match="`processor`"):
        zero_shot.tokens("a")


BAD = {
    "no model": (lambda: ZeroShot(len, Tokenizer(), TEXTS), "model"),
    "no encoders": (lambda: ZeroShot(nn.Linear(2, 2), Tokenizer(), TEXTS), "model"),
    "no processor": (lambda: ZeroShot(Open(), 3, TEXTS), "processor"),
    "no texts": (lambda: ZeroShot(Open(), Tokenizer(), []), "texts"),
    "an empty text": (lambda: ZeroShot(Open(), Tokenizer(), ["a", ""]), "texts"),
    "numbers": (lambda: ZeroShot(Open(), Tokenizer(), [3]), "texts"),
    "padding": (lambda: ZeroShot(Open(), Tokenizer(), TEXTS, padding=3), "padding"),
    "images": (
        lambda: ZeroShot(Open(), lambda t: torch.zeros(len(t), 1).long(), "a").of_images(3),
        "images",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "name"), BAD.values(), ids=BAD)
def test_bad_arguments(call, name):
    with pytest.raises((TypeError, ValueError), match=f"`{name}`"):
        call()
