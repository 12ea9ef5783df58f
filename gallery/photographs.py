"""Photographs: functions of pixels, whose reasons are known."""

import numpy as np
import torch
from matplotlib.figure import Figure
from panels import beside, picture
from scipy.ndimage import binary_fill_holes, uniform_filter
from skimage.color import rgb2hed
from skimage.filters import sobel
from skimage.measure import label
from skimage.segmentation import watershed
from torch_models import (
    brightest,
    photograph,
    red_or_blue,
    reddest,
    second_differences,
    sharpness,
)

from captum_submod import LiMA
from captum_submod.visualization import plot_explanation, plot_map


def suit() -> Figure:
    """What is red here?

    A function compares red and blue over the whole photograph. The orange suit comes first.
    """
    image = photograph("astronaut", 5)
    (one,) = LiMA(red_or_blue, regions=36).explain(image, target=0, perturbations_per_eval=64)
    more = (image[0, 0] - image[0, 2]).relu().numpy()
    assert more[one.prefix(8)].mean() > 2 * more.mean()
    return plot_explanation(one, image[0], title="Red rather than blue")


def paper() -> Figure:
    """The papers' figure

    `shown="highest"` keeps the prefix of the highest score, here within 30 % of the photograph;
    `cmap="jet"` has the papers' colours.
    """
    image = photograph("astronaut", 5)
    (one,) = LiMA(red_or_blue, regions=36, search="bidirectional").explain(
        image, target=0, perturbations_per_eval=64
    )
    assert one.curves.highest_confidence(0.3).value > 0.9
    return plot_explanation(one, image[0], shown="highest", max_area=0.3, cmap="jet")


def stained() -> Figure:
    """Stained cells

    Brown is the stain of a protein, blue that of all tissue. For brown, the stained cells come
    first: they hold the most of the stain by scikit-image's own separation of colours.
    """
    image = photograph("immunohistochemistry", 5)
    (one,) = LiMA(red_or_blue, regions=36).explain(image, target=0, perturbations_per_eval=64)
    stain = rgb2hed(picture(image[0]))[..., 2]
    assert stain[one.prefix(8)].mean() > stain.mean() + stain.std() / 2
    return plot_explanation(one, image[0], title="Brown rather than blue")


def retina() -> Figure:
    """The optic disc

    The brightest spot of a retina is where the nerve leaves. It is found by a single region.
    """
    image = photograph("retina", 14)
    (one,) = LiMA(brightest, regions=36).explain(image, target=1, perturbations_per_eval=64)
    spot = uniform_filter(image[0].mean(0).numpy(), 9)
    row, column = np.unravel_index(spot.argmax(), spot.shape)
    assert one.prefix(2)[row, column]
    return plot_explanation(one, image[0], title="A bright spot")


def focus() -> Figure:
    """What is in focus?

    The value is the sharpness of the whole, a quantity; what is removed is blurred, not black.
    Camera, tripod and man come first, the sky last.
    """
    image = photograph("camera", 5)
    lima = LiMA(sharpness, activation=None, regions=36)
    (one,) = lima.explain(image, "blur", perturbations_per_eval=64)
    found = second_differences(image)[0].numpy()
    assert found[one.prefix(8)].mean() > 2 * found[~one.prefix(18)].mean()
    return plot_explanation(one, image[0], title="Sharpness, in hundredths")


def coins() -> Figure:
    """Which coin is the largest?

    Each coin is a region, the table is −1 in the label map and always stays. The value is the
    number of pixels that are not black, and the order is that of the sizes.
    """
    image = photograph("coins", 2)[:, :1]
    grey = image[0, 0].numpy()
    markers = np.where(grey < 0.12, 1, np.where(grey > 0.59, 2, 0))
    regions = label(binary_fill_holes(watershed(sobel(grey), markers) == 2)) - 1
    counted = lambda images: (images > 0).sum((1, 2, 3)).double()
    lima = LiMA(counted, activation=None, regions=lambda _: regions, search="greedy")
    (one,) = lima.explain(image, perturbations_per_eval=64)
    sizes = np.bincount(regions[regions >= 0])
    assert (np.diff(sizes[one.order]) <= 0).all()
    return plot_map(one.paint(), image[0], title=f"{len(sizes)} coins, the largest first")


def either() -> Figure:
    """Two reasons, each of them enough

    A function looks for the reddest spot; the photograph has its mirror image beside it.
    `sufficient` finds a set of regions that is enough, and another one without the first.
    """
    image = photograph("astronaut", 4)
    image = torch.cat([image, image.flip(-1)], -1)
    lima = LiMA(reddest, regions=36)
    (one,) = lima.explain(image, target=1, perturbations_per_eval=64)
    (found,) = lima.sufficient(image, one, target=1, n=2, perturbations_per_eval=64)
    kept = [np.isin(one.regions, each.regions) for each in found.sets]
    assert len(kept) == 2
    assert not (kept[0] & kept[1]).any()
    shown = [np.where(mask[..., None], picture(image[0]), 0.1) for mask in kept]
    return beside({"enough": shown[0], "enough as well": shown[1]}, image[0])
