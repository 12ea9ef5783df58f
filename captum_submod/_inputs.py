"""From Captum's argument conventions to one validated form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from submod_core import GroundSet
from submod_core.baselines import image_baselines
from submod_core.ground_set import LabelMaps, Regions, compact_together, divide_images, every_element, number_apart


@dataclass(frozen=True)
class Batch:
    """N examples, ready to be masked.

    Attributes
    ----------
    inputs : tuple of Tensor, each (N, …)
    baselines : tuple of Tensor, each broadcastable to its input with a leading axis of 1 or N
    labels : tuple of Tensor of int64, each broadcastable likewise: the region of every element
    blends : tuple of bool
        An input and its baseline may be mixed by arithmetic: the difference of any two elements is a finite number.
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


def prepare(inputs: Any, baselines: Any, feature_mask: Any, additional: Any, regions: Regions) -> Batch:
    """Validate and convert the arguments of one `attribute` call."""
    tensors = _inputs(inputs)
    references = _baselines(baselines, tensors)
    single = not isinstance(inputs, tuple)
    maps = _label_maps(feature_mask, tensors, regions)
    sets = [_ground_set(i, labels, tensors, references, single) for i, labels in enumerate(maps)]
    rows = maps[:1] if all(labels is maps[0] for labels in maps) else maps
    device_labels = tuple(
        torch.from_numpy(np.stack([labels[k] for labels in rows])).to(tensor.device) for k, tensor in enumerate(tensors)
    )
    mixable = tuple(map(blends, tensors, references))
    return Batch(tensors, references, device_labels, mixable, sets, _additional(additional))


def blends(tensor: Tensor, baseline: Tensor) -> bool:
    """Whether `torch.lerp` between them is exact at 0 and 1: where a difference is not finite, it would leak."""
    return tensor.is_floating_point() and bool((tensor - baseline).isfinite().all())


def _inputs(inputs: Any) -> tuple[Tensor, ...]:
    tensors = inputs if isinstance(inputs, tuple) else (inputs,)
    if not tensors or not all(isinstance(tensor, Tensor) for tensor in tensors):
        raise TypeError(f"`inputs` (a {_kind(inputs)}) must be a tensor or a tuple of tensors")
    shapes = [tuple(tensor.shape) for tensor in tensors]
    if any(tensor.dim() == 0 or tensor.numel() == 0 for tensor in tensors):
        raise ValueError(f"`inputs` (of shapes {shapes}) must hold at least one example, with at least one element")
    if len({len(tensor) for tensor in tensors}) > 1:
        raise ValueError(f"`inputs` (of shapes {shapes}) must have the same number of examples, their first dimension")
    return tuple(tensor.detach() for tensor in tensors)


def _kind(value: Any) -> str:
    return f"tuple of {[type(v).__name__ for v in value]}" if isinstance(value, tuple) else type(value).__name__


def _additional(additional: Any) -> tuple[Any, ...]:
    if additional is None:
        return ()
    return additional if isinstance(additional, tuple) else (additional,)


def _per_input(name: str, value: Any, inputs: Sequence[Tensor]) -> tuple[Any, ...]:
    values = value if isinstance(value, tuple) else (value,)
    if len(values) != len(inputs):
        raise ValueError(
            f"`{name}` (of length {len(values)}) must have one entry per tensor in `inputs` ({len(inputs)})"
        )
    return values


def _baselines(baselines: Any, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    values = (0,) * len(inputs) if baselines is None else _per_input("baselines", baselines, inputs)
    return tuple(_baseline(value, tensor) for value, tensor in zip(values, inputs, strict=True))


def _baseline(value: Any, tensor: Tensor) -> Tensor:
    if isinstance(value, int | float | np.number):
        value = float(value)
        if not np.isfinite(value) or (not value.is_integer() and not tensor.is_floating_point()):
            raise ValueError(f"`baselines` (={value!r}) must be finite, and a whole number for {tensor.dtype} inputs")
        return torch.full((1,) * tensor.dim(), value, dtype=tensor.dtype, device=tensor.device)
    if isinstance(value, str) or (callable(value) and not isinstance(value, Tensor)):
        images = tensor.movedim(1, -1) if tensor.dim() == 4 else tensor
        made = image_baselines(value, images.to("cpu", torch.float32).numpy(), "baselines")
        return torch.from_numpy(made).movedim(-1, 1).to(tensor.dtype).to(tensor.device)
    if not isinstance(value, Tensor):
        raise TypeError(f"`baselines` (a {_kind(value)}) must be a number, a tensor, a name or a function per input")
    return _aligned("baselines", value.detach(), tensor).to(tensor)


def _aligned(name: str, value: Tensor, tensor: Tensor) -> Tensor:
    """The value with as many dimensions as its input, to which it broadcasts."""
    shape = (1,) * (tensor.dim() - value.dim()) + tuple(value.shape)
    if len(shape) != tensor.dim() or any(v not in (1, t) for v, t in zip(shape, tensor.shape, strict=True)):
        raise ValueError(
            f"`{name}` (of shape {tuple(value.shape)}) must broadcast to its input, of shape {tuple(tensor.shape)}"
        )
    return value.reshape(shape)


def _label_maps(feature_mask: Any, inputs: Sequence[Tensor], regions: Regions) -> list[LabelMaps]:
    """The label maps of each example; the same object for all where they share theirs."""
    n_examples = len(inputs[0])
    if feature_mask is None:
        number = number_apart
        divided = [_divide(tensor, regions) for tensor in inputs]
    else:
        number = compact_together
        masks = zip(_per_input("feature_mask", feature_mask, inputs), inputs, strict=True)
        divided = [list(host_mask(mask, tensor)) for mask, tensor in masks]
    shared = all(len(maps) == 1 for maps in divided)
    picks = [[maps[0 if len(maps) == 1 else i] for maps in divided] for i in range(1 if shared else n_examples)]
    rows = [number(pick) for pick in picks]
    return rows * n_examples if shared else rows


def _divide(tensor: Tensor, regions: Regions) -> list[np.ndarray]:
    """The default division of each example of one input tensor, or of all at once in a list of one."""
    if tensor.dim() != 4:
        return [every_element(tuple(tensor.shape[1:]))]
    images = tensor.movedim(1, -1).to("cpu", torch.float32).numpy()
    return [labels[None] for labels in divide_images(images, regions)]


def host_mask(mask: Any, tensor: Tensor) -> np.ndarray:
    if not isinstance(mask, Tensor):
        raise TypeError(f"`feature_mask` (a {_kind(mask)}) must be a tensor, or a tuple with one tensor per input")
    array = _aligned("feature_mask", mask.detach(), tensor).cpu().numpy()
    if array.dtype.kind not in "iub" and not np.array_equal(array, np.rint(array)):
        raise ValueError(f"`feature_mask` (of dtype {mask.dtype}) must hold whole numbers, one region id per element")
    # Channels that share their regions need them once: what is masked is then broadcast on the device.
    return array[:, :1] if tensor.dim() == 4 and (array == array[:, :1]).all() else array


def _ground_set(
    example: int, maps: LabelMaps, inputs: Sequence[Tensor], baselines: Sequence[Tensor], single: bool
) -> GroundSet:
    changed = [
        (tensor[example] != baseline[example if len(baseline) > 1 else 0]).cpu().numpy()
        for tensor, baseline in zip(inputs, baselines, strict=True)
    ]
    shown = tuple(labels[0] if labels.ndim == 3 and len(labels) == 1 else labels for labels in maps)
    return replace(GroundSet.of(maps, changed), regions=shown[0] if single else shown)


def target_indices(target: Any, n_examples: int) -> Tensor | None:
    """The output indices (N, k) behind any of Captum's targets; None where there is no target."""
    if target is None:
        return None
    if isinstance(target, int | np.integer | tuple):
        rows = [target] * n_examples
    else:
        rows = target.tolist() if isinstance(target, Tensor | np.ndarray) else target
        rows = rows if isinstance(rows, list) else [rows]
        rows = rows * n_examples if len(rows) == 1 and not isinstance(target, list) else rows
        if len(rows) != n_examples:
            raise ValueError(
                f"`target` (of length {len(rows)}) must have one entry for each of the {n_examples} examples"
            )
    indices = [row if isinstance(row, tuple) else (row,) for row in rows]
    whole = all(isinstance(i, int | np.integer) and not isinstance(i, bool) for row in indices for i in row)
    if not whole or len({len(row) for row in indices}) != 1:
        raise TypeError(
            f"`target` (={target!r}) must be an int, a tuple of ints, a 1-D tensor, or a list of ints or tuples"
        )
    return torch.tensor(np.array(indices, dtype=np.int64))
