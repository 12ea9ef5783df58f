"""The page with gradio, function by function and without it."""

import html
import re
import sys

import app
import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scene():
    return app.example_images()[0]


def test_an_image_is_classified_and_explained(scene):
    scores = app.classify(scene, app.DIGITS)
    assert len(scores) == 5
    assert list(scores.values()) == sorted(scores.values(), reverse=True)
    likeliest, other = list(scores)[:2]
    frame = app.explain(scene, app.DIGITS, "", "a look")
    (page,) = re.findall(r'srcdoc="([^"]*)"', frame)
    page = html.unescape(page)
    assert 'type="range"' in page
    assert f"{likeliest}: {scores[likeliest]:.0%}" in page
    assert f"{other}: " in app.explain(scene, app.DIGITS, other, "a look")


def test_without_an_image_it_says_so():
    assert app.classify(None, app.DIGITS) == {}
    assert "Drop an image" in app.explain(None, app.DIGITS, None, "usual")


@pytest.mark.parametrize("shape", [(80, 100), (100, 80, 3), (70, 70, 4)])
def test_any_picture_becomes_an_input(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    inputs = app.as_input(pixels, 64)
    assert inputs.shape == (1, 3, 64, 64)
    assert 0 <= float(inputs.min()) <= float(inputs.max()) <= 1
    square = Image.fromarray(pixels).convert("RGB")
    side = min(square.size)
    left, top = (square.width - side) // 2, (square.height - side) // 2
    wanted = np.asarray(square.crop((left, top, left + side, top + side)).resize((64, 64), 2))
    np.testing.assert_array_equal((inputs[0].numpy() * 255).round(), np.moveaxis(wanted, -1, 0))


def test_other_models_are_named_by_their_factory(scene):
    assert next(iter(app.classify(scene, "digits_model:load_model"))).startswith("class ")


@pytest.mark.parametrize("name", ["resnet50", "nowhere:model", "digits_model:nobody"])
def test_a_model_that_is_not_there_is_a_plain_error(scene, name):
    with pytest.raises(ValueError, match=re.escape(repr(name))):
        app.classify(scene, name)


def test_models_of_torchvision_are_offered_where_it_is(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    assert app.models() == [app.DIGITS]
