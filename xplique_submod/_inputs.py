"""Inputs: Xplique's argument conventions, converted to one validated form."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core.regions import (
    BASELINES,
    Division,
    GroundSet,
    Layout,
    divide_inputs,
    named_baselines,
)
from xplique_submod._checks import numbers_of
from xplique_submod._datasets import examples_of


@dataclass(frozen=True)
class Batch:
    """N examples, ready to be masked.

    Attributes
    ----------
    shape : tuple of int
        Shape of one input; P is its number of elements.
    layout : Layout
    outside : int or None
        Label of the elements that are in no region and always stay; None where there are none.
    inputs : tf.Tensor of float32, (N, P)
    baselines : tf.Tensor of float32, (1 or N, P)
    labels : tf.Tensor of int32, (1 or N, P)
        The region of every element.
    targets : tf.Tensor of float32, (N, …)
    sets : list of GroundSet, N
    """

    shape: tuple[int, ...]
    layout: Layout
    outside: int | None
    inputs: tf.Tensor
    baselines: tf.Tensor
    labels: tf.Tensor
    targets: tf.Tensor
    sets: list[GroundSet]

    @property
    def images(self) -> np.ndarray:
        """The inputs in their shape, (N, …)."""
        return np.reshape(self.inputs.numpy(), (-1, *self.shape))

    def kept(self, keep: np.ndarray) -> np.ndarray:
        """The regions of each row that are kept (B, n), and what always stays as the last."""
        if self.outside is None:
            return keep
        wide = np.zeros((len(keep), self.outside + 1), dtype=bool)
        wide[:, : keep.shape[1]], wide[:, -1] = keep, True
        return wide


Divide = Callable[[tf.Tensor, tf.Tensor], Division | list[np.ndarray]]
"""From inputs and targets to one division for all inputs, or a label map for each, over the places
or over all elements."""


def prepare(
    inputs: Any,
    targets: Any,
    baseline: Any,
    divide: Divide,
    needs_targets: bool = True,
    layout: str | Layout | None = None,
) -> Batch:
    """Validate and convert the arguments of one `explain` call."""
    x, y = _sanitize(inputs, targets, needs_targets)
    axes = Layout.of(layout, tuple(x.shape), FOUND.get(len(x.shape)))
    reference = _baseline(baseline, x, axes)
    images, references = x.numpy(), reference.numpy()
    regions = divide(x, y)
    maps = (
        [axes.spread(labels) if labels.ndim == axes.n_places else labels for labels in regions]
        if isinstance(regions, list)
        else divide_inputs(images, axes, regions)
    )
    maps = [labels.astype(np.int32) for labels in maps]
    sets = [
        _ground_set(maps[i % len(maps)], image != references[i % len(references)], axes)
        for i, image in enumerate(images)
    ]
    stays = any(ground_set.stays for ground_set in sets[: len(maps)])
    outside = max(len(ground_set.sizes) for ground_set in sets) if stays else None
    rows = np.stack(maps)
    if outside is not None:
        rows[rows < 0] = outside
    # Flat rows: the masking is compiled once for any number of axes.
    shape = images.shape[1:]
    inputs, baselines, labels = (
        _flat(part, shape) for part in (x, reference, tf.constant(rows, tf.int32))
    )
    return Batch(shape, axes, outside, inputs, baselines, labels, y, sets)


# Axes of inputs by Xplique's conventions, by their number.
FOUND = {2: "NF", 3: "NTC", 4: "NHWC", 5: "NDHWC"}


def _flat(rows: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """Rows broadcast to the shape of one input each, then flattened, (1 or N, P)."""
    return tf.reshape(tf.broadcast_to(rows, (len(rows), *shape)), (len(rows), -1))


def _sanitize(inputs: Any, targets: Any, needs_targets: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """Inputs and targets as float32 tensors of N rows each; zeros for targets not needed."""
    inputs, targets = examples_of(inputs, targets, needs_targets)
    x = numbers_of("inputs", inputs)
    y = numbers_of("targets", tf.zeros((len(inputs), 1)) if targets is None else targets)
    if len(x.shape) < 2 or not np.prod(x.shape):
        raise ValueError(
            f"`inputs` (of shape {tuple(x.shape)}) must hold at least one example, with at least "
            "one element"
        )
    if len(y.shape) < 1 or len(y) != len(x):
        raise ValueError(
            f"`targets` (of shape {tuple(y.shape)}) must have one row for each of the {len(x)} "
            "examples"
        )
    return x, y


def check_baseline(baseline: Any) -> None:
    """Raise TypeError or ValueError unless a baseline is a name, a function or finite numbers."""
    if isinstance(baseline, str):
        if baseline not in BASELINES:
            raise ValueError(f"`baseline` (={baseline!r}) must be one of {sorted(BASELINES)}")
        return
    if not callable(baseline):
        value = np.asarray(baseline)
        if value.dtype.kind not in "iufb":
            raise TypeError(
                f"`baseline` (a {type(baseline).__name__}) must be a number, an array, a name or a "
                "function"
            )
        if not np.isfinite(value).all():
            raise ValueError(f"`baseline` (={baseline!r}) must be finite")


def _baseline(baseline: Any, inputs: tf.Tensor, layout: Layout) -> tf.Tensor:
    """The baseline as float32 with as many axes as the inputs, to which it broadcasts."""
    if isinstance(baseline, str) or callable(baseline):
        made = named_baselines(baseline, inputs.numpy(), layout, "baseline")
        return tf.constant(made, tf.float32)
    check_baseline(baseline)
    value, shape = np.asarray(baseline), tuple(inputs.shape[1:])
    aligned = (1,) * (len(inputs.shape) - value.ndim) + value.shape
    if len(aligned) != len(inputs.shape) or any(
        v not in (1, s) for v, s in zip(aligned, inputs.shape, strict=True)
    ):
        raise ValueError(
            f"`baseline` (of shape {value.shape}) must broadcast to one input, of shape {shape}, "
            "or to all of them"
        )
    return tf.constant(value.reshape(aligned), tf.float32)


def _ground_set(labels: np.ndarray, changed: np.ndarray, layout: Layout) -> GroundSet:
    """The ground set of one example, whose label map is shown over its places."""
    return replace(GroundSet.of((labels,), [changed]), regions=layout.gathered(labels))
