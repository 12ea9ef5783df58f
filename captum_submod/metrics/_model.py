"""From Captum's conventions to what the core judges, and to the model."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from captum_submod._inputs import host_mask, prepare, target_indices
from captum_submod._oracle import Activation, TorchOracle, evaluating
from submod_core import Dialogue, Explanation, Readout, compact, drive
from submod_core import metrics as core
from submod_core._checks import check_count
from submod_core.metrics import Steps

Attributions = Tensor | Explanation | Sequence[Explanation]


T = TypeVar("T")


def ask(
    question: Callable[[int, Any], Dialogue[T]],
    forward_func: Callable[..., Any],
    inputs: Tensor,
    parts: Sequence[Steps],
    baselines: Any,
    target: Any,
    additional: Any,
    activation: Activation,
    max_examples_per_batch: int,
) -> list[T]:
    """Ask the model one question for each example, about the regions of its steps and their sizes."""
    check_count("max_examples_per_batch", max_examples_per_batch)
    mask = torch.from_numpy(np.stack([np.broadcast_to(part.regions, shape_of(inputs)) for part in parts]))
    batch = prepare(inputs, baselines, mask[:, None] if inputs.dim() == 4 else mask, additional, regions=1)
    readout, indices = Readout(activation), target_indices(target, len(batch))
    oracle = TorchOracle(forward_func, batch, indices, readout, wants_confidence=False)
    with evaluating(forward_func):
        outcomes = drive(
            [question(i, ground_set.sizes) for i, ground_set in enumerate(batch.sets)],
            oracle,
            inert=[ground_set.inert for ground_set in batch.sets],
            batch_size=int(max_examples_per_batch),
            overlap=oracle.overlap,
            model_name="forward_func",
        )
    return [outcome.result for outcome in outcomes]


def shape_of(inputs: Any) -> tuple[int, ...]:
    """(H, W) of images, or the shape of one example."""
    if not isinstance(inputs, Tensor) or not inputs.dim():
        raise TypeError(f"`inputs` (a {type(inputs).__name__}) must be one tensor (N, …)")
    return tuple(inputs.shape[2:] if inputs.dim() == 4 else inputs.shape[1:])


def rows_of(attributions: Any, inputs: Tensor | None = None) -> Sequence[Any]:
    """Each example's explanation, or its scores without channels."""
    if core.are_explanations(attributions):
        given = 1 if isinstance(attributions, Explanation) else len(attributions)
        return core.each_attribution(attributions, given if inputs is None else len(inputs))
    if not isinstance(attributions, Tensor) or not attributions.dim():
        raise ValueError(f"`attributions` (a {type(attributions).__name__}) must be a tensor (N, …) or explanations")
    channels = attributions.shape[1] if attributions.dim() == 4 else 1
    if inputs is not None and channels not in (1, inputs.shape[1] if inputs.dim() == 4 else 1):
        raise ValueError(f"`attributions` (of shape {tuple(attributions.shape)}) must be shaped like the inputs")
    scores = attributions.detach().cpu().double()
    rows = (scores.sum(1) if scores.dim() == 4 else scores).numpy()
    return core.each_attribution(rows, len(rows) if inputs is None else len(inputs))


def labels_of(feature_mask: Any, inputs: Tensor) -> list[Any]:
    """The label map of each example over its pixels or elements; None where there is no mask."""
    n = len(inputs)
    if feature_mask is None:
        return [None] * n
    array = host_mask(feature_mask, inputs)
    if inputs.dim() == 4 and array.shape[1] > 1:
        raise ValueError("`feature_mask` must be the same in all channels: pixels are judged whole")
    maps = array[:, 0] if inputs.dim() == 4 else array
    each = [np.broadcast_to(compact(one), shape_of(inputs)) for one in maps]
    return each if len(each) == n else each * n
