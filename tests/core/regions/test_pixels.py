"""The pixel space behind normalised inputs, and the processors that it is read from."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core.regions import PixelSpace, class_names, from_masks, slico
from submod_core.regions.baselines import blur

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PICTURES = np.random.default_rng(0).integers(0, 256, (2, 12, 10, 3), dtype=np.uint8)


class Processor:
    """A processor as Hugging Face's are: rescales, normalises, and puts the channels first."""

    def __init__(self, **options):
        usual = {"do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True}
        usual |= {"image_mean": MEAN, "image_std": STD, "size": {"height": 32, "width": 32}}
        for name, value in (usual | options).items():
            setattr(self, name, value)

    def __call__(self, images):
        x = np.asarray(images, dtype=np.float64)
        if self.do_rescale:
            x = x * self.rescale_factor - float(getattr(self, "rescale_offset", False))
        if self.do_normalize:
            x = (x - np.array(self.image_mean)) / np.array(self.image_std)
        x = x[..., ::-1] if getattr(self, "do_flip_channel_order", False) else x
        return {"pixel_values": [np.moveaxis(x, -1, 0)]}


OPTIONS = {
    "the usual": {},
    "no normalisation": {"do_normalize": False},
    "to minus one and one": {"rescale_factor": 1 / 127.5, "rescale_offset": True}
    | {"do_normalize": False},
    "offset and normalised": {"rescale_factor": 1 / 127.5, "rescale_offset": True},
    "numbers of pictures from 0 to 255": {"do_rescale": False}
    | {"image_mean": (123.675, 116.28, 103.53), "image_std": (58.4, 57.1, 57.4)},
    "pictures in [0, 1]": {"do_rescale": False},
    "blue first": {"do_flip_channel_order": True, "do_normalize": False},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_what_a_processor_does_is_undone(options):
    processor = Processor(**options)
    pixels = PixelSpace.of(SimpleNamespace(image_processor=processor))
    unit = options.get("do_rescale", True) is False and processor.image_mean[0] < 1
    for picture in PICTURES:
        (x,) = processor(picture / 255 if unit else picture)["pixel_values"]
        np.testing.assert_allclose(pixels.pictures(x[None])[0], picture / 255, atol=1e-9)
        np.testing.assert_allclose(pixels.normalised(picture[None])[0], x, rtol=1e-6, atol=1e-6)


class Twice(Processor):
    def __call__(self, images):
        made = super().__call__(images)
        return {"pixel_values": [made["pixel_values"][0] / np.array(STD)[:, None, None]]}


class Patches(Processor):
    def __call__(self, images):
        return {"pixel_values": [np.zeros((16, 588))]}


class Noisy(Processor):
    def __call__(self, images):
        (x,) = super().__call__(images)["pixel_values"]
        return {"pixel_values": [x + np.random.default_rng(0).normal(size=x.shape)]}


class Framed(Processor):
    def __call__(self, images):
        (x,) = super().__call__(images)["pixel_values"]
        return {"pixel_values": [np.pad(x, ((0, 0), (3, 3), (3, 3)))]}


class Broken(Processor):
    def __call__(self, images):
        raise ImportError("this needs a library")


@pytest.mark.parametrize("kind", [Twice, Patches, Noisy, Broken])
def test_a_processor_that_does_something_else_is_refused(kind):
    with pytest.raises(ValueError, match=r"`processor`.*PixelSpace\(mean"):
        PixelSpace.of(kind())


def test_a_frame_around_the_picture_does_not_matter():
    assert PixelSpace.of(Framed()) == PixelSpace.of(Processor())


def test_numbers_of_timm_and_torchvision():
    expected = PixelSpace(MEAN, STD)
    normalize = SimpleNamespace(mean=list(MEAN), std=list(STD))
    for processor in (
        {"input_size": (3, 224, 224), "mean": MEAN, "std": STD, "crop_pct": 0.9},
        SimpleNamespace(mean=MEAN, std=STD, crop_size=[224]),
        SimpleNamespace(transforms=[object(), normalize]),
    ):
        assert PixelSpace.of(processor) == expected
    scaled = PixelSpace.of({"mean": np.array(MEAN) * 255, "std": np.array(STD) * 255})
    np.testing.assert_allclose((scaled.mean, scaled.std), (MEAN, STD))
    assert PixelSpace.of({"mean": 0.0, "std": 255.0}).baseline("white") == 1


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0.05, 2)), min_size=1, max_size=4),
    st.booleans(), st.booleans(), st.integers(0, 100),
)  # fmt: skip
def test_there_and_back(numbers, bgr, first, seed):
    pixels = PixelSpace(*zip(*numbers, strict=True), bgr=bgr, channels_first=first)
    pictures = np.random.default_rng(seed).random((2, 3, 4, len(numbers)))
    x = pixels.normalised(pictures)
    for i in np.ndindex(2, 3, 4):  # each value by itself
        for c, (mean, std) in enumerate(numbers):
            u = pictures[i][len(numbers) - 1 - c if bgr else c]
            value = x[i[0], c, i[1], i[2]] if first else x[(*i, c)]
            assert value == pytest.approx((u - mean) / std, rel=1e-5, abs=1e-5)
    np.testing.assert_allclose(pixels.pictures(x), pictures, atol=1e-5)
    np.testing.assert_allclose(pixels.pictures({"pixel_values": x}), pictures, atol=1e-5)


def test_baselines_are_said_in_pixel_space():
    pixels = PixelSpace(MEAN, STD)
    x = pixels.normalised(PICTURES)
    for value, colour in {"black": 0.0, "white": 1.0, "mean": MEAN, (0.2, 0.4, 0.6): None}.items():
        made = pixels.baseline(value)
        assert made.shape == (1, 3, 1, 1)
        assert made.dtype == np.float32
        shown = pixels.pictures(np.broadcast_to(made, (1, 3, 2, 2)))[0, 0, 0]
        np.testing.assert_allclose(shown, value if colour is None else colour, atol=1e-6)
    blurred = pixels.pictures(pixels.baseline("blur", x))
    for made, picture in zip(blurred, PICTURES, strict=True):
        np.testing.assert_allclose(made, blur(picture / 255), atol=1e-6)
    bgr = PixelSpace(MEAN, STD, bgr=True)
    np.testing.assert_allclose(bgr.baseline("mean"), 0, atol=1e-6)


def test_divisions_see_the_picture():
    pixels = PixelSpace(MEAN, STD)
    example = np.moveaxis(pixels.normalised(PICTURES)[0], 0, -1)
    seen = []

    def divide(picture):
        seen.append(picture)
        return from_masks({"masks": [picture[..., 0] > 127], "scores": [0.9]})

    labels = pixels.regions(divide)(example)
    assert seen[0].dtype == np.uint8
    assert np.array_equal(seen[0], PICTURES[0])
    assert np.array_equal(labels == 0, PICTURES[0, ..., 0] > 127)
    assert np.array_equal(pixels.regions(9)(example), slico(PICTURES[0] / 255, 9))


def test_masks_of_pipelines():
    left, right = np.array([[True, False]]), np.array([[False, True]])
    assert from_masks([{"label": "a", "mask": left}, {"mask": right}]).tolist() == [[0, 1]]
    assert from_masks({"masks": np.stack([left, right]), "scores": [1, 1]}).tolist() == [[0, 1]]
    for bad in ({"scores": [1]}, [{"label": "a"}], {"masks": []}, {"masks": None}):
        with pytest.raises((TypeError, ValueError), match="`masks`"):
            from_masks(bad)


def test_class_names():
    config = SimpleNamespace(id2label={"1": "dog", "0": "cat"})
    assert class_names(SimpleNamespace(config=config)) == ["cat", "dog"]
    assert class_names(SimpleNamespace(meta={"categories": ["cat", "dog"]})) == ["cat", "dog"]
    for bad in (object(), None, {}, {1: "dog"}, {"a": "dog"}):
        with pytest.raises((TypeError, ValueError), match="`model`"):
            class_names(bad)


BAD = {
    "another number of channels": lambda p: p.pictures(np.zeros((1, 4, 8, 8))),
    "one image": lambda p: p.pictures(np.zeros((3, 8, 8))),
    "inputs of another normalisation": lambda p: p.pictures(np.full((1, 3, 8, 8), 200.0)),
    "no inputs": lambda p: p.pictures({"input_ids": np.zeros((1, 3))}),
    "a picture beyond white": lambda p: p.normalised(np.full((1, 2, 2, 3), 1.5)),
    "channels first": lambda p: p.normalised(np.zeros((1, 3, 2, 2))),
    "no such colour": lambda p: p.baseline("teal"),
    "a colour beyond white": lambda p: p.baseline((0, 0, 255)),
    "blur of nothing": lambda p: p.baseline("blur"),
    "no regions": lambda p: p.regions(0),
    "no deviation": lambda p: PixelSpace(MEAN, (0.2, 0.0, 0.2)),
    "another length": lambda p: PixelSpace(MEAN, (0.2,)),
    "no processor": lambda p: PixelSpace.of(object()),
    "says nothing": lambda p: PixelSpace.of(Processor(do_normalize=False, do_rescale=False)),
}


@pytest.mark.parametrize("call", BAD.values(), ids=BAD)
def test_what_does_not_fit_is_refused_by_name(call):
    with pytest.raises((TypeError, ValueError), match=r"`(inputs|pictures|value|divide|std|proc)"):
        call(PixelSpace(MEAN, STD))
