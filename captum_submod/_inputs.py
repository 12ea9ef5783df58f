"""Inputs: Captum's argument conventions, converted to one validated form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from captum_submod._baselines import aligned, baselines_of, exactly, kind, per_input
from submod_core.regions import (
    Division,
    GroundSet,
    LabelMaps,
    Layout,
    compact_together,
    divide_inputs,
    every_element,
    number_apart,
    with_groups,
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
    layouts : tuple of (Layout or None)
        Of each input; None where every element is a region, whatever the axes are.
    outside : int or None
        Label of the elements that are in no region and always stay; None where there are none.
    additional : tuple
        Further arguments of the forward function.
    keywords : tuple of str or None
        Names of the inputs and of the further arguments; None where they are positional.
    """

    inputs: tuple[Tensor, ...]
    baselines: tuple[Tensor, ...]
    labels: tuple[Tensor, ...]
    blends: tuple[bool, ...]
    sets: list[GroundSet]
    layouts: tuple[Layout | None, ...]
    outside: int | None
    additional: tuple[Any, ...]
    keywords: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.inputs[0])


def prepare(
    inputs: Any,
    baselines: Any,
    feature_mask: Any,
    additional: Any,
    division: Division,
    layout: str | Layout | None = None,
    keywords: tuple[str, ...] | None = None,
    coarse: Any = None,
) -> Batch:
    """Validate and convert the arguments of one `attribute` call."""
    tensors = tensors_of(inputs)
    layouts = _layouts(tensors, feature_mask, division, layout)
    references = baselines_of(baselines, tensors, layouts)
    maps = _label_maps(feature_mask, tensors, layouts, division)
    single = not isinstance(inputs, tuple)
    sets = [
        _ground_set(i, labels, tensors, references, layouts, single)
        for i, labels in enumerate(maps)
    ]
    # Label maps that all examples share go to the device once, with a leading axis of 1.
    rows = maps[:1] if all(labels is maps[0] for labels in maps) else maps
    outside = None
    if any(ground_set.stays for ground_set in sets[: len(rows)]):
        outside = max(len(ground_set.sizes) for ground_set in sets)
    device_labels = tuple(
        _on_device([labels[k] for labels in rows], outside, tensor)
        for k, tensor in enumerate(tensors)
    )
    mixable = tuple(map(blends, tensors, references))
    extra = _additional(additional)
    if coarse is not None:
        sets = _grouped(sets, tensors, layouts, coarse)
    return Batch(
        tensors, references, device_labels, mixable, sets, layouts, outside, extra, keywords
    )


def blends(tensor: Tensor, baseline: Tensor) -> bool:
    """Whether `torch.lerp` from input to baseline is exact at 0 and 1.

    A difference that is not finite would leak: 0 · ∞ is NaN.
    """
    return tensor.is_floating_point() and bool((tensor - baseline).isfinite().all())


def _on_device(maps: list[np.ndarray], outside: int | None, tensor: Tensor) -> Tensor:
    """Label maps of one input on its device; what always stays gets a number of its own."""
    labels = np.stack(maps)
    if outside is not None:
        labels[labels < 0] = outside
    return torch.from_numpy(labels).to(tensor.device)


def _layouts(
    tensors: tuple[Tensor, ...],
    feature_mask: Any,
    division: Division,
    layout: str | Layout | None,
) -> tuple[Layout | None, ...]:
    """The layout of each input."""
    if layout is not None and len(tensors) > 1:
        raise ValueError(
            f"`layout` (={layout!r}) is for a single tensor; for the {len(tensors)} of `inputs` "
            "give a `feature_mask`"
        )
    if feature_mask is not None:
        return tuple(layout_behind_mask(layout, tensor) for tensor in tensors)
    return tuple(found_layout(layout, tensor, division.regions is not None) for tensor in tensors)


# Axes of inputs by Captum's and torch's conventions, by their number. Three axes may be images
# without channels, series, or sequences of vectors.
_FOUND = {2: "NF", 4: "NCHW", 5: "NCDHW"}


def found_layout(given: str | Layout | None, tensor: Tensor, divided: bool) -> Layout | None:
    """The layout of one input; None where every element is a region, whatever the axes are."""
    shape, found = tuple(tensor.shape), _FOUND.get(tensor.dim())
    if given is None and found is None and not divided:
        return None
    return Layout.of(given, shape, found)


def layout_behind_mask(given: str | Layout | None, tensor: Tensor) -> Layout | None:
    """The layout of an input with a mask, which says all that matters; None where unknown."""
    shape, found = tuple(tensor.shape), _FOUND.get(tensor.dim())
    if given is not None:
        return Layout.of(given, shape, found)
    return Layout(found) if found is not None and Layout(found).fits(shape) else None


def tensors_of(inputs: Any) -> tuple[Tensor, ...]:
    """Inputs as a tuple of tensors without gradients, checked to have the same number of rows."""
    tensors = inputs if isinstance(inputs, tuple) else (inputs,)
    if not tensors or not all(isinstance(tensor, Tensor) for tensor in tensors):
        raise TypeError(f"`inputs` (a {kind(inputs)}) must be a tensor or a tuple of tensors")
    shapes = [tuple(tensor.shape) for tensor in tensors]
    if any(tensor.dim() == 0 or tensor.numel() == 0 for tensor in tensors):
        raise ValueError(
            f"`inputs` (of shapes {shapes}) must hold at least one example, with at least one "
            "element"
        )
    if any(tensor.is_complex() for tensor in tensors):
        raise TypeError("`inputs` (of complex numbers) must hold real numbers")
    if len({len(tensor) for tensor in tensors}) > 1:
        raise ValueError(
            f"`inputs` (of shapes {shapes}) must have the same number of examples, their first "
            "dimension"
        )
    return tuple(tensor.detach() for tensor in tensors)


def _additional(additional: Any) -> tuple[Any, ...]:
    if additional is None:
        return ()
    return additional if isinstance(additional, tuple) else (additional,)


def _label_maps(
    feature_mask: Any,
    inputs: Sequence[Tensor],
    layouts: Sequence[Layout | None],
    division: Division,
) -> list[LabelMaps]:
    """Label maps of each example; one object for all examples where the maps are shared.

    Ids of a feature mask are shared by the tensors of a tuple; the regions of a default division
    have ids of their own in each tensor.
    """
    n_examples = len(inputs[0])
    if feature_mask is None:
        number = number_apart
        sides = zip(inputs, layouts, strict=True)
        divided = [_divide(tensor, layout, division) for tensor, layout in sides]
    else:
        number = compact_together
        masks = zip(per_input("feature_mask", feature_mask, inputs), inputs, strict=True)
        divided = [list(host_mask(mask, tensor)) for mask, tensor in masks]
    # Each entry of `divided` has one map per example, or a single one for all examples.
    shared = all(len(maps) == 1 for maps in divided)
    picks = [
        [maps[0 if len(maps) == 1 else i] for maps in divided]
        for i in range(1 if shared else n_examples)
    ]
    if any(max(int(labels.max()) for labels in pick) < 0 for pick in picks):
        raise ValueError("`feature_mask` holds −1 alone for an example: it must have a region")
    rows = [number(pick) for pick in picks]
    return rows * n_examples if shared else rows


def _divide(tensor: Tensor, layout: Layout | None, division: Division) -> list[np.ndarray]:
    """Default division of one input tensor: a label map per example, or one for all."""
    if layout is None:
        return [every_element(tuple(tensor.shape[1:]))]
    regions = division.of(layout)
    if isinstance(regions, Tensor):
        division = replace(division, regions=regions.cpu().numpy())
    return divide_inputs(_examples(tensor, regions), layout, division)


def _grouped(
    sets: list[GroundSet],
    tensors: tuple[Tensor, ...],
    layouts: tuple[Layout | None, ...],
    coarse: Any,
) -> list[GroundSet]:
    """The ground sets with their regions grouped by a coarser division."""
    if len(tensors) > 1:
        raise ValueError(f"`coarse` must be None for {len(tensors)} tensors: it divides one")
    if layouts[0] is None:
        raise ValueError("`layout` is needed with `coarse`: the axes of the inputs are not known")
    coarse = coarse.cpu().numpy() if isinstance(coarse, Tensor) else coarse
    return with_groups(sets, _examples(tensors[0], coarse), layouts[0], coarse)


def _examples(tensor: Tensor, regions: Any) -> np.ndarray:
    """The examples to divide; only regions that follow the picture need its values."""
    follows = callable(regions) or isinstance(regions, int | np.integer)
    return tensor.to("cpu", exactly(tensor.dtype)).numpy() if follows else _shaped(tensor)


def _shaped(tensor: Tensor) -> np.ndarray:
    """An array of the tensor's shape that takes no memory."""
    return np.broadcast_to(np.float32(0), tuple(tensor.shape))


def host_mask(mask: Any, tensor: Tensor) -> np.ndarray:
    """A feature mask as a numpy array (1 or N, …) with as many axes as its input, checked."""
    if not isinstance(mask, Tensor):
        raise TypeError(
            f"`feature_mask` (a {kind(mask)}) must be a tensor, or a tuple with one tensor per "
            "input"
        )
    array = aligned("feature_mask", mask.detach(), tensor).cpu().numpy()
    if array.dtype.kind == "c":
        raise TypeError("`feature_mask` (of complex numbers) must hold whole numbers")
    whole = array.dtype.kind in "iub" or (
        bool(np.isfinite(array).all()) and np.array_equal(array, np.rint(array))
    )
    if not whole or array.min() < -1:
        raise ValueError(
            f"`feature_mask` (of dtype {mask.dtype}, from {array.min()} to {array.max()}) must "
            "hold whole numbers: a region id from 0 on for each element, −1 for what always stays"
        )
    # Channels with equal regions need one map, which the device broadcasts over the channels.
    return array[:, :1] if tensor.dim() == 4 and (array == array[:, :1]).all() else array


def _ground_set(
    example: int,
    maps: LabelMaps,
    inputs: Sequence[Tensor],
    baselines: Sequence[Tensor],
    layouts: Sequence[Layout | None],
    single: bool,
) -> GroundSet:
    """The ground set of one example, whose label maps are shown over its places where they can."""
    changed = [
        (tensor[example] != baseline[example if len(baseline) > 1 else 0]).cpu().numpy()
        for tensor, baseline in zip(inputs, baselines, strict=True)
    ]
    shown = tuple(
        labels if layout is None else _shown(labels, layout, tuple(tensor.shape[1:]))
        for labels, layout, tensor in zip(maps, layouts, inputs, strict=True)
    )
    return replace(GroundSet.of(maps, changed), regions=shown[0] if single else shown)


def _shown(labels: np.ndarray, layout: Layout, shape: tuple[int, ...]) -> np.ndarray:
    """A label map over all places of an image; as it is where its channels differ."""
    gathered, places = layout.gathered(labels), layout.places(shape)
    if gathered.ndim != len(places):
        return gathered
    return np.array(np.broadcast_to(gathered, places)) if layout.is_image else gathered
