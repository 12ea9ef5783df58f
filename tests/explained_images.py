"""A photograph, and explanations of images with curves at random, for tests of figures."""

import numpy as np
from skimage.data import astronaut
from skimage.transform import resize

from submod_core import Curves, Explanation

PHOTOGRAPH = resize(astronaut(), (224, 224), anti_aliasing=True)


def explained(regions, seed=0, searched=None):
    rng, n = np.random.default_rng(seed), int(regions.max()) + 1
    order, sizes = rng.permutation(n), np.bincount(regions[regions >= 0], minlength=n)
    area = np.r_[0, np.cumsum(sizes[order])] / sizes.sum()
    curves = Curves(area, np.sort(rng.random(n + 1)), np.sort(rng.random(n + 1)))
    searched = np.ones(n, bool) if searched is None else searched
    return Explanation(regions, order, rng.random(n), curves, searched, n, 2 * n)
