"""Superpixels of OpenCV itself. `make models` runs these; they are skipped without `ximgproc`."""

import doctest

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from captum_submod import LiMA, opencv_seeds, opencv_slico
from submod_core.regions import opencv

ximgproc = pytest.importorskip("cv2.ximgproc")
if not hasattr(ximgproc, "createSuperpixelSEEDS"):
    pytest.skip("another OpenCV was installed over it", allow_module_level=True)

BOTH = pytest.mark.parametrize("divide", [opencv_slico, opencv_seeds])


def photograph(height, width, seed=0):
    """Coloured discs with noise, uint8 (H, W, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    picture = np.zeros((height, width, 3))
    for _ in range(12):
        middle, radius = rng.uniform(0, 1, 2) * (height, width), rng.uniform(0.05, 0.3) * height
        picture[(y - middle[0]) ** 2 + (x - middle[1]) ** 2 < radius**2] = rng.uniform(0, 230, 3)
    return (picture + rng.integers(0, 25, picture.shape)).astype(np.uint8)


def scripts(image, division_number=50, seeds=False):
    """The labels of LiMA's released scripts, which read BGR from files."""
    bgr = np.ascontiguousarray(image[..., ::-1])
    height, width, channels = bgr.shape
    if seeds:
        found = ximgproc.createSuperpixelSEEDS(
            width, height, channels, num_superpixels=50, num_levels=3
        )
        found.iterate(bgr, 10)
    else:
        side = int((height * width / division_number) ** 0.5)
        found = ximgproc.createSuperpixelSLIC(bgr, region_size=side, ruler=20.0)
        found.iterate(20)
    return found.getLabels()


def alike(labels, others):
    """Whether two label maps are one division."""
    pairs = np.unique(np.stack([labels.ravel(), others.ravel()]), axis=1).shape[1]
    return pairs == len(np.unique(labels)) == len(np.unique(others))


@pytest.mark.parametrize("shape", [(224, 224), (160, 240)])
@pytest.mark.parametrize("real", [False, True])
def test_divisions_are_those_of_the_released_scripts(shape, real):
    picture = photograph(*shape)
    given_ = picture / 255 if real else picture
    assert alike(opencv_slico(given_), scripts(picture))
    assert alike(opencv_seeds(given_), scripts(picture, seeds=True))


@BOTH
def test_ids_have_no_gaps_and_slicos_regions_need_not_be_connected(divide):
    from skimage.measure import label

    labels = divide(photograph(224, 224))
    assert labels.shape == (224, 224)
    assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1))
    assert 40 <= labels.max() + 1 <= 56
    parts = label(labels, background=-1, connectivity=1).max()
    assert (parts > labels.max() + 1) == (divide is opencv_slico)
    assert np.array_equal(divide(photograph(224, 224)), labels)


@BOTH
@settings(max_examples=60)
@given(data=st.data())
def test_any_image_is_divided_or_refused(divide, data):
    height, width = (data.draw(st.integers(1, 40)) for _ in range(2))
    n = data.draw(st.integers(1, 120))
    picture = photograph(height, width)
    if data.draw(st.booleans()):
        picture = picture[..., 0]
    try:
        labels = divide(picture, n)
    except ValueError as error:
        if "`n`" not in str(error):
            raise
        return
    assert labels.shape == (height, width)
    assert labels.min() == 0


@BOTH
def test_lima_takes_them_as_regions(divide):
    image = torch.from_numpy(photograph(64, 64) / 255).float().movedim(-1, 0)[None]
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 64 * 64, 3)).eval()
    lima = LiMA(network, regions=lambda x: divide(x, 16), search="singletons")
    (one,) = lima.explain(image, target=1, perturbations_per_eval=16)
    assert np.array_equal(one.regions, divide(image[0].movedim(0, -1).numpy(), 16))


def test_the_examples_of_the_docstrings():
    for test in doctest.DocTestFinder().find(opencv):
        for example in test.examples:
            example.options.pop(doctest.SKIP, None)
        runner = doctest.DocTestRunner()
        runner.run(test)
        assert runner.summarize().failed == 0
