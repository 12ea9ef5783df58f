"""Inputs: Captum's argument conventions, converted to one validated form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from submod_core.regions import (
    GroundSet,
    LabelMaps,
    Regions,
    compact_together,
    divide_images,
    every_element,
    image_baselines,
    number_apart,
)


@dataclass(frozen=True)
class Batch:
    """N examples, ready to be masked.

    Attributes
    ----------
    inputs : tuple of Tensor, each (N, …)
    baselines : tuple of Tensor, each broadcastable to its input with a leading axis of 1 or N
    labels : tuple of Tensor of int64, each broadcastable likewise
        The region of every element.
    blends : tuple of bool
        Whether each input and its baseline may be mixed by arithmetic: see the function `blends`.
    sets : list of GroundSet, N
    additional : tuple
        Further arguments of the forward function.
    """

    inputs: tuple[Tensor, ...]
    baselines: tuple[Tensor, ...]
    labels: tuple[Tensor, ...]
    blends: tuple[bool, ...]
    sets: list[GroundSet]
    additional: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.inputs[0])


def prepare(
    inputs: Any, baselines: Any, feature_mask: Any, additional: Any, regions: Regions
) -> Batch:
    """Validate and convert the arguments of one `attribute` call."""
    tensors = _inputs(inputs)
    references = _baselines(baselines, tensors)
    single = not isinstance(inputs, tuple)
    maps = _label_maps(feature_mask, tensors, regions)
    sets = [_ground_set(i, labels, tensors, references, single) for i, labels in enumerate(maps)]
    # Label maps that all examples share go to the device once, with a leading axis of 1.
    rows = maps[:1] if all(labels is maps[0] for labels in maps) else maps
    device_labels = tuple(
        torch.from_numpy(np.stack([labels[k] for labels in rows])).to(tensor.device)
        for k, tensor in enumerate(tensors)
    )
    mixable = tuple(map(blends, tensors, references))
    return Batch(tensors, references, device_labels, mixable, sets, _additional(additional))


def blends(tensor: Tensor, baseline: Tensor) -> bool:
    """Whether `torch.lerp` from input to baseline is exact at 0 and 1.

    A difference that is not finite would leak: 0 · ∞ is NaN.
    """
    return tensor.is_floating_point() and bool((tensor - baseline).isfinite().all())


def _inputs(inputs: Any) -> tuple[Tensor, ...]:
    """Inputs as a tuple of tensors without gradients, checked to have the same number of rows."""
    tensors = inputs if isinstance(inputs, tuple) else (inputs,)
    if not tensors or not all(isinstance(tensor, Tensor) for tensor in tensors):
        raise TypeError(f"`inputs` (a {_kind(inputs)}) must be a tensor or a tuple of tensors")
    shapes = [tuple(tensor.shape) for tensor in tensors]
    if any(tensor.dim() == 0 or tensor.numel() == 0 for tensor in tensors):
        raise ValueError(
            f"`inputs` (of shapes {shapes}) must hold at least one example, with at least one "
            "element"
        )
    if len({len(tensor) for tensor in tensors}) > 1:
        raise ValueError(
            f"`inputs` (of shapes {shapes}) must have the same number of examples, their first "
            "dimension"
        )
    return tuple(tensor.detach() for tensor in tensors)


def _kind(value: Any) -> str:
    """Type of an argument as errors name it."""
    return (
        f"tuple of {[type(v).__name__ for v in value]}"
        if isinstance(value, tuple)
        else type(value).__name__
    )


def _additional(additional: Any) -> tuple[Any, ...]:
    if additional is None:
        return ()
    return additional if isinstance(additional, tuple) else (additional,)


def _per_input(name: str, value: Any, inputs: Sequence[Tensor]) -> tuple[Any, ...]:
    """An argument as a tuple with one entry per input tensor."""
    values = value if isinstance(value, tuple) else (value,)
    if len(values) != len(inputs):
        raise ValueError(
            f"`{name}` (of length {len(values)}) must have one entry per tensor in `inputs` "
            f"({len(inputs)})"
        )
    return values


def _baselines(baselines: Any, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    values = (0,) * len(inputs) if baselines is None else _per_input("baselines", baselines, inputs)
    return tuple(_baseline(value, tensor) for value, tensor in zip(values, inputs, strict=True))


def _baseline(value: Any, tensor: Tensor) -> Tensor:
    """The baseline of one input tensor, on its device, in its dtype, with as many axes."""
    if isinstance(value, int | float | np.number):
        value = float(value)
        if not np.isfinite(value) or (not value.is_integer() and not tensor.is_floating_point()):
            raise ValueError(
                f"`baselines` (={value!r}) must be finite, and a whole number for {tensor.dtype} "
                "inputs"
            )
        return torch.full((1,) * tensor.dim(), value, dtype=tensor.dtype, device=tensor.device)
    if isinstance(value, str) or (callable(value) and not isinstance(value, Tensor)):
        # The core's image baselines are numpy functions of images with channels last.
        images = tensor.movedim(1, -1) if tensor.dim() == 4 else tensor
        made = image_baselines(value, images.to("cpu", torch.float32).numpy(), "baselines")
        return torch.from_numpy(made).movedim(-1, 1).to(tensor.dtype).to(tensor.device)
    if not isinstance(value, Tensor):
        raise TypeError(
            f"`baselines` (a {_kind(value)}) must be a number, a tensor, a name or a function per "
            "input"
        )
    return _aligned("baselines", value.detach(), tensor).to(tensor)


def _aligned(name: str, value: Tensor, tensor: Tensor) -> Tensor:
    """A tensor with as many dimensions as its input, checked to broadcast to the input."""
    shape = (1,) * (tensor.dim() - value.dim()) + tuple(value.shape)
    if len(shape) != tensor.dim() or any(
        v not in (1, t) for v, t in zip(shape, tensor.shape, strict=True)
    ):
        raise ValueError(
            f"`{name}` (of shape {tuple(value.shape)}) must broadcast to its input, of shape "
            f"{tuple(tensor.shape)}"
        )
    return value.reshape(shape)


def _label_maps(feature_mask: Any, inputs: Sequence[Tensor], regions: Regions) -> list[LabelMaps]:
    """Label maps of each example; one object for all examples where the maps are shared.

    Ids of a feature mask are shared by the tensors of a tuple; the regions of a default division
    have ids of their own in each tensor.
    """
    n_examples = len(inputs[0])
    if feature_mask is None:
        number = number_apart
        divided = [_divide(tensor, regions) for tensor in inputs]
    else:
        number = compact_together
        masks = zip(_per_input("feature_mask", feature_mask, inputs), inputs, strict=True)
        divided = [list(host_mask(mask, tensor)) for mask, tensor in masks]
    # Each entry of `divided` has one map per example, or a single one for all examples.
    shared = all(len(maps) == 1 for maps in divided)
    picks = [
        [maps[0 if len(maps) == 1 else i] for maps in divided]
        for i in range(1 if shared else n_examples)
    ]
    rows = [number(pick) for pick in picks]
    return rows * n_examples if shared else rows


def _divide(tensor: Tensor, regions: Regions) -> list[np.ndarray]:
    """Default division of one input tensor: a label map per example, or one for all."""
    if tensor.dim() != 4:
        return [every_element(tuple(tensor.shape[1:]))]
    images = tensor.movedim(1, -1).to("cpu", torch.float32).numpy()
    return [labels[None] for labels in divide_images(images, regions)]


def host_mask(mask: Any, tensor: Tensor) -> np.ndarray:
    """A feature mask as a numpy array (1 or N, …) with as many axes as its input, checked."""
    if not isinstance(mask, Tensor):
        raise TypeError(
            f"`feature_mask` (a {_kind(mask)}) must be a tensor, or a tuple with one tensor per "
            "input"
        )
    array = _aligned("feature_mask", mask.detach(), tensor).cpu().numpy()
    if array.dtype.kind not in "iub" and not np.array_equal(array, np.rint(array)):
        raise ValueError(
            f"`feature_mask` (of dtype {mask.dtype}) must hold whole numbers, one region id per "
            "element"
        )
    # Channels with equal regions need one map, which the device broadcasts over the channels.
    return array[:, :1] if tensor.dim() == 4 and (array == array[:, :1]).all() else array


def _ground_set(
    example: int,
    maps: LabelMaps,
    inputs: Sequence[Tensor],
    baselines: Sequence[Tensor],
    single: bool,
) -> GroundSet:
    """The ground set of one example; images show their label maps as (H, W)."""
    changed = [
        (tensor[example] != baseline[example if len(baseline) > 1 else 0]).cpu().numpy()
        for tensor, baseline in zip(inputs, baselines, strict=True)
    ]
    shown = tuple(labels[0] if labels.ndim == 3 and len(labels) == 1 else labels for labels in maps)
    return replace(GroundSet.of(maps, changed), regions=shown[0] if single else shown)


def target_indices(target: Any, n_examples: int) -> Tensor | None:
    """Output indices (N, k) from any of Captum's forms of targets; None without a target.

    Raises
    ------
    TypeError, ValueError
        If a target is not an index or a tuple of indices, or their number is not N.

    Examples
    --------
    >>> target_indices(3, 2)
    tensor([[3],
            [3]])
    """
    if target is None:
        return None
    if isinstance(target, int | np.integer | tuple):
        rows = [target] * n_examples
    else:
        # A tensor with a single entry is for all examples, a list with a single entry is not.
        rows = target.tolist() if isinstance(target, Tensor | np.ndarray) else target
        rows = rows if isinstance(rows, list) else [rows]
        rows = rows * n_examples if len(rows) == 1 and not isinstance(target, list) else rows
        if len(rows) != n_examples:
            raise ValueError(
                f"`target` (of length {len(rows)}) must have one entry for each of the "
                f"{n_examples} examples"
            )
    indices = [row if isinstance(row, tuple) else (row,) for row in rows]
    whole = all(
        isinstance(i, int | np.integer) and not isinstance(i, bool) for row in indices for i in row
    )
    if not whole or len({len(row) for row in indices}) != 1:
        raise TypeError(
            f"`target` (={target!r}) must be an int, a tuple of ints, a 1-D tensor, or a list of "
            "ints or tuples"
        )
    return torch.tensor(np.array(indices, dtype=np.int64))
