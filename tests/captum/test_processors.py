"""Processors of Hugging Face as they are, and what LiMA gets from their pixel space."""

import numpy as np
import pytest
import torch
from hf_models import random, vit

from captum_submod import LiMA, class_names, from_masks, from_processor

transformers = pytest.importorskip("transformers")
Image = pytest.importorskip("PIL.Image")

RNG = np.random.default_rng(0)
# Smooth enough that resizing keeps what matters, of the size that the processors give.
PICTURE = (RNG.random((32, 32, 3)) * 255).astype(np.uint8)
SMALL = {"size": {"height": 32, "width": 32}}
KINDS = {
    "ViT": ("ViTImageProcessorPil", SMALL),
    "SigLIP": ("SiglipImageProcessorPil", SMALL),
    "CLIP": ("CLIPImageProcessorPil", {"size": {"shortest_edge": 32}, "crop_size": 32}),
    "BEiT": ("BeitImageProcessorPil", SMALL | {"do_center_crop": False}),
    "MobileViT, blue first": (
        "MobileViTImageProcessorPil", {"size": {"shortest_edge": 32}, "crop_size": 32}
    ),
    "DeiT": ("DeiTImageProcessorPil", SMALL | {"do_center_crop": False}),
}  # fmt: skip


@pytest.mark.parametrize(("name", "options"), KINDS.values(), ids=KINDS)
def test_pictures_behind_real_processors(name, options):
    processor = getattr(transformers, name)(**options)
    pixels = from_processor(processor)
    x = processor(images=Image.fromarray(PICTURE), return_tensors="pt")
    np.testing.assert_allclose(pixels.pictures(x)[0] * 255, PICTURE, atol=0.51)
    assert pixels.bgr == ("MobileViT" in name)
    made = pixels.normalised(PICTURE[None])
    torch.testing.assert_close(made, x["pixel_values"].float(), atol=2e-2, rtol=0)
    black = processor(images=Image.new("RGB", (32, 32)), return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(pixels.baseline("black").expand_as(black), black.float())


def test_a_processor_that_normalises_twice_is_refused():
    twice = transformers.EfficientNetImageProcessorPil(**SMALL, include_top=True)
    with pytest.raises(ValueError, match="`processor`"):
        from_processor(twice)
    assert from_processor(transformers.EfficientNetImageProcessorPil(**SMALL, include_top=False))


def test_lima_with_a_pixel_space():
    model, processor = random(vit), transformers.ViTImageProcessorPil(**SMALL)
    pixels, inputs = from_processor(processor), processor(images=PICTURE, return_tensors="pt")
    seen = []

    def masks(picture):  # as of `pipeline("mask-generation")`
        seen.append(picture)
        left = np.zeros((32, 32), dtype=bool)
        left[:, :16] = True
        return from_masks({"masks": [left, torch.from_numpy(~left)], "scores": [0.9, 0.8]})

    lima = LiMA(model, regions=pixels.regions(masks))
    (one,) = lima.explain(inputs, pixels.baseline("mean"), target=1)
    assert np.array_equal(seen[0], PICTURE)
    assert one.regions.tolist() == [[0] * 16 + [1] * 16] * 32
    blurred = pixels.baseline("blur", inputs)
    assert blurred.shape == inputs["pixel_values"].shape
    # Blurring and normalising change places: LiMA's own name gives the same.
    few = LiMA(model, regions=(2, 2), search="greedy")
    (named,) = few.explain(inputs, "blur", 1)
    (given,) = few.explain(inputs, blurred, 1)
    np.testing.assert_allclose(named.curves.insertion, given.curves.insertion, atol=1e-5)
    assert class_names(model)[1] == "LABEL_1"
    half = inputs["pixel_values"].bfloat16()
    np.testing.assert_allclose(pixels.pictures(half), pixels.pictures(inputs), atol=4e-3)
