"""Models and photographs for `submod run`: the folder of the other benchmarks, by SUBMOD_DATA.

    cd benchmarks/datasets
    SUBMOD_DATA=FOLDER submod run captum.toml

The folder holds imagenet_sample/ and weights/; SUBMOD_MODEL names another network.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # the other benchmarks

DATA = Path(os.environ.get("SUBMOD_DATA", "."))
MODEL = os.environ.get("SUBMOD_MODEL", "mobilenet_v1_025")


class Photographs:
    """Photographs with their classes: channels first for torch, last for Keras."""

    def __init__(self, channels_last: bool) -> None:
        from imagenet import network, networks

        self.module, self.channels_last = networks(DATA), channels_last
        self.size = network(self.module, MODEL).size
        self.files = sorted((DATA / "imagenet_sample").glob("*.jpg"))
        self.labels = json.loads((DATA / "imagenet_sample" / "labels.json").read_text())
        self.ids = [file.stem for file in self.files]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        file = self.files[index]
        image = self.module.load_images([file], self.size)[0]
        if self.channels_last:
            image = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
        return image, int(self.labels[file.name])


def torch_photographs() -> Photographs:
    """Photographs (3, size, size)."""
    return Photographs(channels_last=False)


def keras_photographs() -> Photographs:
    """Photographs (size, size, 3)."""
    return Photographs(channels_last=True)


def torch_network() -> Any:
    """The network in torch."""
    from imagenet import network, networks

    return network(networks(DATA), MODEL)


def keras_network() -> Any:
    """Build the same network in Keras."""
    from keras_twins import build

    return build(DATA / "weights", MODEL)


def class_names() -> list[str]:
    """Names of the 1,000 classes."""
    names = json.loads((DATA / "imagenet_classes.json").read_text())
    return [str(name) for name in (names.values() if isinstance(names, dict) else names)]


NAMES = class_names() if (DATA / "imagenet_classes.json").exists() else None
