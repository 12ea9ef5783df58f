"""OpenCV's superpixels where OpenCV is not, or not whole. With it: tests/vision/test_opencv.py."""

import sys
import types

import numpy as np
import pytest

from submod_core.regions import opencv_seeds, opencv_slico

BOTH = pytest.mark.parametrize("divide", [opencv_slico, opencv_seeds])
IMAGE = np.zeros((40, 60, 3))


class Superpixels:
    """Superpixels as OpenCV's object: notes what it is asked for, and leaves out the label 1."""

    def __init__(self, asked, shape):
        self.asked, self.shape = asked, shape

    def iterate(self, *given):
        self.asked["iterations"] = given[-1]

    def getLabels(self):  # noqa: N802
        labels = np.zeros(self.shape, np.int32)
        labels[:, -1] = 2
        return labels


@pytest.fixture
def asked(monkeypatch):
    """Arguments that the fake OpenCV received."""
    found = {}

    def slic(image, **options):
        found.update(options, image=image)
        return Superpixels(found, image.shape[:2])

    def seeds(width, height, channels, **options):
        found.update(options, size=(width, height, channels))
        return Superpixels(found, (height, width))

    cv2 = types.ModuleType("cv2")
    cv2.ximgproc = types.SimpleNamespace(createSuperpixelSLIC=slic, createSuperpixelSEEDS=seeds)
    monkeypatch.setitem(sys.modules, "cv2", cv2)
    return found


def test_the_options_are_those_of_the_released_scripts(asked):
    labels = opencv_slico(IMAGE)
    assert labels.tolist() == (np.arange(60) == 59).astype(int)[None].repeat(40, 0).tolist()
    assert asked.pop("image").shape == (40, 60, 3)
    assert asked == {"region_size": 6, "ruler": 20.0, "iterations": 20}  # √(40 · 60 / 50) = 6.9
    asked.clear()
    assert opencv_seeds(IMAGE).max() == 1
    assert asked.pop("size") == (60, 40, 3)
    given = {"num_superpixels": 50, "num_levels": 3, "prior": 2, "histogram_bins": 5}
    assert asked == given | {"iterations": 10}


def test_pictures_are_given_as_opencv_reads_files(asked):
    picture = np.random.default_rng(0).integers(0, 256, (9, 8, 3), dtype=np.uint8)
    # Hosts hand over whole numbers as float32.
    whole = [picture.astype(dtype) for dtype in (np.uint8, np.int64, np.float32)]
    for image in (*whole, picture / 255):
        opencv_slico(image, 4)
        assert asked["image"].dtype == np.uint8
        assert np.array_equal(asked["image"], picture[..., ::-1])
    for image in (picture[..., 0], picture[..., :1] / 255):
        opencv_slico(image, region_size=3)
        assert np.array_equal(asked["image"], picture[..., :1].repeat(3, 2))
    assert asked["region_size"] == 3


def overwritten():
    """A cv2 over which `opencv-python` was installed: folders are left, their functions are not."""
    cv2 = types.ModuleType("cv2")
    cv2.ximgproc = types.ModuleType("cv2.ximgproc")
    return cv2


@BOTH
@pytest.mark.parametrize("cv2", [None, types.ModuleType("cv2"), overwritten()])
def test_an_opencv_without_the_module_says_what_to_install(divide, cv2, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", cv2)
    said = r"captum-xplique-submod\[opencv\]"
    if cv2:
        said += ".*uninstall opencv-python .*--force-reinstall .*opencv-contrib-python-headless"
    with pytest.raises(ImportError, match=said):
        divide(IMAGE)


@BOTH
@pytest.mark.parametrize(
    "image",
    [
        np.zeros(3),
        np.zeros((0, 3, 3)),
        np.zeros((9, 9, 4)),
        np.full((9, 9), np.nan),
        np.full((9, 9), 1.5),
        np.full((9, 9), -1),
        np.full((9, 9), 256),
        np.full((9, 9), 256.0),
        "a.png",
    ],
    ids=str,
)
def test_what_is_no_picture_is_refused(divide, image):
    with pytest.raises((ValueError, TypeError), match="`image`"):
        divide(image)


@pytest.mark.parametrize(
    ("divide", "options"),
    [
        (opencv_slico, {"n": 0}),
        (opencv_slico, {"n": 2.5}),
        (opencv_slico, {"region_size": 0}),
        (opencv_slico, {"region_size": 41}),
        (opencv_slico, {"ruler": 0}),
        (opencv_slico, {"ruler": float("inf")}),
        (opencv_slico, {"iterations": 0}),
        (opencv_seeds, {"n": True}),
        (opencv_seeds, {"n": 700}),
        (opencv_seeds, {"levels": 1}),
        (opencv_seeds, {"levels": 17}),
        (opencv_seeds, {"prior": 6}),
        (opencv_seeds, {"prior": -1}),
        (opencv_seeds, {"histogram_bins": 0}),
        (opencv_seeds, {"iterations": None}),
    ],
)
def test_options_out_of_range_are_refused(divide, options):
    (name,) = options
    with pytest.raises(ValueError, match=f"`{name}`"):
        divide(IMAGE, **options)


@pytest.mark.parametrize(
    ("divide", "shape", "n"),
    [
        (opencv_slico, (1, 30), 4),  # OpenCV ends the process
        (opencv_slico, (10, 200), 2),
        (opencv_seeds, (1, 30), 4),
        (opencv_seeds, (1, 1), 1),  # OpenCV never returns
        (opencv_seeds, (4, 4), 50),
        (opencv_seeds, (300, 10), 10),
        (opencv_seeds, (3, 8), 10),
    ],
)
def test_what_opencv_would_not_survive_is_refused(divide, shape, n):
    with pytest.raises(ValueError, match=r"`image`.*`n`|`n`.*`image`"):
        divide(np.zeros(shape), n)
