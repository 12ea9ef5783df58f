"""Writers of files: a file of the number k, and the number that a whole file holds."""

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Files(NamedTuple):
    """A writer of files that hold a number in more than one place, and their reader."""

    write: Callable[[str, int], Any]
    read: Callable[[str], int]


class Writer(NamedTuple):
    """A maker of the writer and the reader, once its package has been imported."""

    package: str
    make: Callable[[], Files]
    suffix: str = ".npz"


def number(*arrays: Any) -> int:
    """The number that some arrays are full of; AssertionError where they are of two files."""
    values = np.concatenate([np.ravel(np.asarray(array, float)) for array in arrays])
    assert (values == values[0]).all(), "of two files"
    return int(values[0])


def explanations() -> Files:
    from submod_core.results import Curves, Explanation

    area, order, same = np.linspace(0, 1, 65), np.arange(64), np.ones(64, bool)

    def write(file: str, k: int) -> None:
        full = np.full(65, float(k))
        own = {f"own {i}": full for i in range(40)}
        curves = Curves(area, full, full, own=own)
        regions = order.reshape(8, 8)
        Explanation(regions, order, np.linspace(1, 0, 64), curves, same, 3, 4).save(file)

    def read(file: str) -> int:
        curves = Explanation.load(file).curves
        return number(curves.consistency, curves.collaboration, *curves.own.values())

    return Files(write, read)


def group_explanations() -> Files:
    from submod_core.sop import GroupExplanation

    def write(file: str, k: int) -> None:
        groups, scores = np.ones((50, 64), bool), np.full((50, 40), 1 / 50)
        logits = np.full(40, float(k))
        regions = np.arange(64).reshape(8, 8)
        GroupExplanation(regions, groups, scores, np.full((50, 40), float(k)), logits).save(file)

    def read(file: str) -> int:
        one = GroupExplanation.load(file)
        return number(one.partials, one.logits)

    return Files(write, read)


def functions() -> Files:
    from submod_core.sea_nn import DeepSubmodularFunction

    start = DeepSubmodularFunction.initial(200, (20,))

    def write(file: str, k: int) -> None:
        full = [np.full_like(each, k) for each in (*start.weights, *start.biases)]
        depth = len(start.weights)
        DeepSubmodularFunction(full[:depth], full[depth:]).save(file)

    def read(file: str) -> int:
        found = DeepSubmodularFunction.load(file)
        return number(*found.weights, *found.biases)

    return Files(write, read)


def checkpoints() -> Files:
    from submod_core.sop.checkpoint import read_checkpoint, write_checkpoint

    names = [f"weight {i}" for i in range(40)]

    def write(file: str, k: int) -> None:
        state = {name: np.full(400, float(k)) for name in names}
        write_checkpoint(file, {}, [float(k)] * 3, state)

    def read(file: str) -> int:
        losses, state = read_checkpoint(file, {}, {name: np.zeros(400) for name in names})
        return number(losses, *state.values())

    return Files(write, read)


def torch_models() -> Files:
    import torch

    from captum_submod import SumOfParts

    nn = torch.nn
    backbone = nn.Sequential(nn.Flatten(), nn.Linear(192, 8), nn.ReLU(), nn.Linear(8, 10))
    example = torch.rand(1, 3, 8, 8)
    sop = SumOfParts(backbone, example, encoder=_patches(), features=4)

    def write(file: str, k: int) -> None:
        sop.query.data.fill_(float(k))
        sop.key.data.fill_(float(k))
        sop.save(file)

    def read(file: str) -> int:
        made = SumOfParts.load(file, backbone, example, encoder=_patches())
        return number(made.query.detach(), made.key.detach())

    return Files(write, read)


def _patches() -> Any:
    from torch import nn

    return nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(3, 8, 1), nn.Flatten(2), nn.Unflatten(1, (8,)))


def keras_models() -> Files:
    import tensorflow as tf

    from xplique_submod import SumOfParts

    keras, layers = tf.keras, tf.keras.layers
    start, example = keras.Input((16,)), np.zeros((1, 16), "float32")
    backbone = keras.Sequential([start, layers.Dense(10)])
    encoder = keras.Sequential([start, layers.Reshape((16, 1)), layers.Dense(8)])
    sop = SumOfParts(backbone, example, encoder=encoder, groups=3)

    def write(file: str, k: int) -> None:
        for variable in (sop.query, sop.key):
            variable.assign(tf.fill(variable.shape, float(k)))
        sop.save(file)

    def read(file: str) -> int:
        made = keras.models.load_model(file)
        return number(made.query, made.key)

    return Files(write, read)


def figures() -> Files:
    from matplotlib.figure import Figure
    from matplotlib.image import imread

    from submod_core.theory.figure import save_figure

    def write(file: str, k: int) -> None:
        save_figure(Figure(facecolor=(k % 256 / 255,) * 3), file)

    def read(file: str) -> int:
        return number(np.rint(255 * imread(file)[..., :3]))

    return Files(write, read)


WRITERS = {
    "Explanation": Writer("submod_core", explanations),
    "GroupExplanation": Writer("submod_core.sop", group_explanations),
    "DeepSubmodularFunction": Writer("submod_core.sea_nn", functions),
    "checkpoint": Writer("submod_core.sop.checkpoint", checkpoints),
    "figure": Writer("submod_core.theory.figure", figures, ".png"),
    "torch SumOfParts": Writer("captum_submod", torch_models, ".safetensors"),
    "Keras SumOfParts": Writer("xplique_submod", keras_models, ".keras"),
}


def files_of(name: str) -> Files:
    """The writer and the reader of a name."""
    importlib.import_module(WRITERS[name].package)
    return WRITERS[name].make()
