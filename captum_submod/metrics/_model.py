"""From Captum's conventions to the core's metrics, and to the model."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor

from captum_submod._compat import BaselineType, TargetType
from captum_submod._inputs import host_mask, prepare, target_indices
from captum_submod._modules import evaluating
from captum_submod._oracle import Activation, TorchOracle
from submod_core import Explanation, Readout
from submod_core._checks import check_count
from submod_core.engine import drive
from submod_core.metrics import Question
from submod_core.regions import compact
from submod_core.results import are_explanations, each_attribution

Attributions = Tensor | Explanation | Sequence[Explanation]

T = TypeVar("T")


class Asked(NamedTuple):
    """The arguments that Captum's metrics share, beside the attributions."""

    forward_func: Callable[..., Any]
    inputs: Tensor
    baselines: BaselineType = None
    target: TargetType = None
    additional_forward_args: object = None
    feature_mask: Tensor | None = None
    activation: Activation = "softmax"
    class_axis: int | None = None
    max_examples_per_batch: int = 16


def answers(question: Question[T], attributions: Attributions, asked: Asked) -> list[T]:
    """The answer to the question for each example and its attribution."""
    check_count("max_examples_per_batch", asked.max_examples_per_batch)
    shape, image = shape_of(asked.inputs), asked.inputs.dim() == 4
    rows = rows_of(attributions, asked.inputs)
    maps = labels_of(asked.feature_mask, asked.inputs)
    orders = [
        question.order(row, shape, labels, image) for row, labels in zip(rows, maps, strict=True)
    ]
    mask = torch.from_numpy(np.stack([order.regions for order in orders]))
    batch = prepare(
        asked.inputs,
        asked.baselines,
        mask[:, None] if image else mask,
        asked.additional_forward_args,
        regions=1,
    )
    oracle = TorchOracle(
        asked.forward_func,
        batch,
        target_indices(asked.target, len(batch)),
        Readout(asked.activation, class_axis=asked.class_axis),
        wants_confidence=False,
    )
    procedures = [
        question.ask(row, order, ground_set.sizes)
        for row, order, ground_set in zip(rows, orders, batch.sets, strict=True)
    ]
    with evaluating(asked.forward_func):
        outcomes = drive(
            procedures,
            oracle,
            inert=[ground_set.inert for ground_set in batch.sets],
            batch_size=int(asked.max_examples_per_batch),
            overlap=oracle.overlap,
            sources=oracle.readout.sources("forward_func"),
        )
    return [outcome.result for outcome in outcomes]


def shape_of(inputs: Any) -> tuple[int, ...]:
    """(H, W) of images, or the shape of one example."""
    if not isinstance(inputs, Tensor) or not inputs.dim():
        raise TypeError(f"`inputs` (a {type(inputs).__name__}) must be one tensor (N, …)")
    return tuple(inputs.shape[2:] if inputs.dim() == 4 else inputs.shape[1:])


def rows_of(attributions: Any, inputs: Tensor | None = None) -> Sequence[Any]:
    """Each example's explanation, or its scores without channels."""
    if are_explanations(attributions):
        given = 1 if isinstance(attributions, Explanation) else len(attributions)
        return each_attribution(attributions, given if inputs is None else len(inputs))
    if not isinstance(attributions, Tensor) or not attributions.dim():
        raise ValueError(
            f"`attributions` (a {type(attributions).__name__}) must be a tensor (N, …) or "
            "explanations"
        )
    channels = attributions.shape[1] if attributions.dim() == 4 else 1
    if inputs is not None and channels not in (1, inputs.shape[1] if inputs.dim() == 4 else 1):
        raise ValueError(
            f"`attributions` (of shape {tuple(attributions.shape)}) must be shaped like the inputs"
        )
    scores = attributions.detach().cpu().double()
    rows = (scores.sum(1) if scores.dim() == 4 else scores).numpy()
    return each_attribution(rows, len(rows) if inputs is None else len(inputs))


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
