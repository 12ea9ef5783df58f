"""Explained inputs: the feature mask that their explanations bring."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from captum_submod._inputs import layout_behind_mask, tensors_of
from submod_core.regions import Layout
from submod_core.results import check_explanations


def mask_of(
    explanations: Any, inputs: Any, layout: str | Layout | None
) -> Tensor | tuple[Tensor, ...]:
    """The regions of each input's explanation as a feature mask of the inputs.

    Raises
    ------
    TypeError, ValueError
        If there is not one explanation for each example, or its regions do not fit the example.
    """
    tensors = tensors_of(inputs)
    each = check_explanations(explanations, len(tensors[0]))
    rows = [one.regions if isinstance(one.regions, tuple) else (one.regions,) for one in each]
    if any(len(maps) != len(tensors) for maps in rows):
        raise ValueError(
            f"`explanations` must have a label map for each of the {len(tensors)} tensors of "
            "`inputs`"
        )
    masks = tuple(
        _stacked([maps[k] for maps in rows], tensor, layout_behind_mask(layout, tensor))
        for k, tensor in enumerate(tensors)
    )
    return masks if isinstance(inputs, tuple) else masks[0]


def _stacked(maps: Sequence[Any], tensor: Tensor, layout: Layout | None) -> Tensor:
    """Label maps of the examples of one input as a mask with as many axes as the input."""
    shape = tuple(tensor.shape[1:])
    spread = [
        layout.spread(labels) if layout is not None and labels.ndim < len(shape) else labels
        for labels in map(np.asarray, maps)
    ]
    for labels in spread:
        if labels.ndim != len(shape) or any(
            a not in (1, b) for a, b in zip(labels.shape, shape, strict=True)
        ):
            raise ValueError(
                f"`explanations` (with regions of shape {labels.shape}) must be of the inputs, "
                f"{shape} each"
            )
    common = np.broadcast_shapes(*(labels.shape for labels in spread))
    return torch.from_numpy(np.stack([np.broadcast_to(labels, common) for labels in spread]))
