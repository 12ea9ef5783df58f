"""A photograph, explanations with curves at random, and what pages hold: for tests of figures."""

import base64
import html
import io
import json
import re

import numpy as np
from skimage.data import astronaut
from skimage.io import imread
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


def read(page):
    """The data that the page's script reads, and the label map of its first explanation."""
    data = json.loads(html.unescape(re.search(r"data-explanation='([^']*)'", page)[1]))
    labels = []
    told = data["panels"][0]["runs"]
    for label, length in zip(told[::2], told[1::2], strict=True):
        labels += [label] * length
    return data, np.array(labels).reshape(data["height"], data["width"])


def picture_of(page):
    (found,) = re.findall(r'src="data:image/png;base64,([^"]*)"', page)
    return imread(io.BytesIO(base64.b64decode(found)))
