"""Kinds of bad values of runs over datasets, and what the campaign reads."""

import itertools

import numpy as np
from skimage.io import imsave

from submod_core import dataset
from submod_core.dataset import KINDS, Manifest, write_shard

from .calls import NAN, choice, count, file, flag, number, text
from .core_kinds import FOLDER
from .objects import SCORES

IDS = ("a", "b")
VALUES = np.array([0.5, NAN])
PICTURES = np.ones((2, 4, 4))


def _made():
    """Folders of what the campaign reads: images, and maps of two of them."""
    images, maps = FOLDER / "images", FOLDER / "maps"
    images.mkdir()
    for name in IDS:
        imsave(images / f"{name}.png", np.zeros((4, 4, 3), np.uint8), check_contrast=False)
    folder = dataset.LocalFolder(maps)
    manifest = Manifest(KINDS["maps"], dataset.Plan(IDS), {})
    manifest.agreed(folder)
    rows = [
        {"index": i, "id": name, "target": 1} | manifest.kind.row(SCORES)
        for i, name in enumerate(IDS)
    ]
    write_shard(folder, 0, manifest.kind, rows, manifest.fingerprint)
    return str(images), str(maps)


IMAGES, MAPS = _made()
STORED = dataset.open_explanations(MAPS)
_NUMBERS = itertools.count()


def fresh():
    """A folder that no run had."""
    return str(FOLDER / f"run {next(_NUMBERS)}")


# Of a run, in the core as in the hosts.
RUN = {
    "engine": choice(optional=True),
    "n_workers": count(optional=True) | {"without an engine": 2},
    "num_gpus": number(**{"without Ray": 1}),
    "address": text(optional=True) | {"without Ray": "auto"},
    "retry_failed": flag(),
    "show_progress": flag(),
}
# The good call of both hosts.
HOW = {
    "transform": None,
    "seed": 0,
    "shard_size": 2,
    "engine": None,
    "n_workers": None,
    "num_gpus": 0,
    "address": None,
    "retry_failed": False,
    "show_progress": False,
}
OPENED = file() | {"an unknown system": "nosuchsystem://a", "a file": __file__}
FOLDERS = {"folder": OPENED}
NAMES = {
    "text": "ab",
    "a number": 3,
    "empty": (),
    "too many": ("a", "b", "c"),
    "twice the same": ("a", "a"),
    "of None": (None, "a"),
    "of fractions": (0.5, 1.5),
    "a mapping": {0: "a", 1: "b"},
    "an object": object(),
}
PLAN = {"ids": NAMES, "shard_size": count()}
SOURCE = {
    "None": None,
    "a number": 3,
    "text": "three",
    "an unknown module": "nowhere:dataset",
    "an unknown function": "math:dataset",
    "a function of arguments": len,
    "an iterator": iter([1]),
    "a mapping": {"train": [1, 2]},
    "empty": [],
    "an empty array": np.ones((0, 3)),
    "a tuple of three": (PICTURES, [0, 1], [1, 1]),
    "another length": (PICTURES, [0]),
    "an object": object(),
}
ARRAYS = {"None": None, "a number": 3, "text": "ab", "no axes": np.array(3.0), "a mapping": {0: 1}}
BATCHES = {
    "None": None,
    "a number": 3,
    "empty": [],
    "of numbers": [3, 4],
    "of inputs alone": [(PICTURES,)],
    "of None": [None],
}
