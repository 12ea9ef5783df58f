"""From Captum's conventions to the core's metrics, and to the model."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor

from captum_submod._compat import BaselineType, MaskType, TargetType
from captum_submod._inputs import found_layout, host_mask, prepare
from captum_submod._modules import evaluating
from captum_submod._oracle import Activation, Features, TorchOracle
from captum_submod._targets import target_indices
from captum_submod.keywords import Unpacked, unpacked
from submod_core import Explanation, Readout
from submod_core._checks import check_callable, check_count
from submod_core.engine import drive
from submod_core.metrics import Question
from submod_core.regions import Division, Layout, compact
from submod_core.regions.baselines import noise
from submod_core.results import are_explanations, each_attribution

Attributions = Tensor | Explanation | Sequence[Explanation] | Mapping[str, Tensor]

T = TypeVar("T")


class Asked(NamedTuple):
    """The arguments that Captum's metrics share, beside the attributions."""

    forward_func: Callable[..., Any]
    inputs: Tensor | Mapping[str, Any]
    baselines: BaselineType = None
    target: TargetType = None
    additional_forward_args: object = None
    feature_mask: MaskType = None
    activation: Activation = "softmax"
    class_axis: int | None = None
    max_examples_per_batch: int = 16
    features: Features = None
    class_embeddings: Tensor | None = None
    scale: float = 100.0
    layout: str | Layout | None = None


def answers(question: Question[T], attributions: Attributions, asked: Asked) -> list[T]:
    """The answer to the question for each example and its attribution."""
    drawn = []
    for seed in question.noise_seeds(asked.baselines):
        given = asked if seed is None else asked._replace(baselines=partial(noise, seed=seed))
        drawn.append(_answers(question, attributions, given))
    return [question.merged(list(each)) for each in zip(*drawn, strict=True)]


def _answers(question: Question[T], attributions: Attributions, asked: Asked) -> list[T]:
    """The answers with one baseline."""
    check_count("max_examples_per_batch", asked.max_examples_per_batch)
    check_callable("forward_func", asked.forward_func)
    given = unpacked(asked.inputs, asked.additional_forward_args)
    given.check_axes(asked.layout)
    inputs = given.inputs
    axes = layout_of(inputs, asked.layout)
    shape = shape_of(inputs, axes)
    rows = rows_of(map_of(attributions, given), inputs, axes)
    maps = labels_of(given.aligned("feature_mask", asked.feature_mask), inputs, axes)
    image = axes is not None and axes.n_places > 1
    orders = [
        question.order(row, shape, labels, image) for row, labels in zip(rows, maps, strict=True)
    ]
    mask = np.stack([axes.spread(o.regions) if axes else o.regions for o in orders])
    batch = prepare(
        inputs,
        given.aligned("baselines", asked.baselines),
        torch.from_numpy(mask),
        given.additional,
        Division(),
        layout=axes,
        keywords=given.keywords,
    )
    oracle = TorchOracle(
        asked.forward_func,
        batch,
        target_indices(asked.target, len(batch)),
        Readout(
            asked.activation,
            asked.features,
            asked.class_embeddings,
            asked.scale,
            class_axis=asked.class_axis,
        ),
        wants_confidence=False,
    )
    procedures = [
        question.ask(row, order, ground_set.sizes)
        for row, order, ground_set in zip(rows, orders, batch.sets, strict=True)
    ]
    with evaluating(asked.forward_func, asked.features):
        outcomes = drive(
            procedures,
            oracle,
            inert=[ground_set.inert for ground_set in batch.sets],
            batch_size=int(asked.max_examples_per_batch),
            overlap=oracle.overlap,
            sources=oracle.readout.sources("forward_func"),
            checked=True,
        )
    return [outcome.result for outcome in outcomes]


def map_of(attributions: Any, given: Unpacked) -> Any:
    """Attributions of the one explained input; those that are keyed as the inputs are taken out."""
    if isinstance(given.inputs, tuple) and given.keywords is not None:
        raise ValueError(
            f"`inputs` (with {list(given.explained)} to explain) must have one entry to explain"
        )
    if not isinstance(attributions, Mapping) or given.keywords is None:
        return attributions
    (name,) = given.explained
    if name not in attributions:
        raise ValueError(f"`attributions` (of {list(attributions)}) must have a map of {name!r}")
    return attributions[name]


def layout_of(inputs: Any, layout: str | Layout | None = None) -> Layout | None:
    """The layout of the inputs; None where each element is judged by itself."""
    if not isinstance(inputs, Tensor) or not inputs.dim():
        raise TypeError(f"`inputs` (a {type(inputs).__name__}) must be one tensor (N, …)")
    if not inputs.numel():
        raise ValueError(
            f"`inputs` (of shape {tuple(inputs.shape)}) must hold at least one example, with at "
            "least one element"
        )
    return found_layout(layout, inputs, divided=False)


def shape_of(inputs: Tensor, layout: Layout | None) -> tuple[int, ...]:
    """Lengths of the axes of places, (H, W) of images; or the shape of one example."""
    shape = tuple(inputs.shape[1:])
    return shape if layout is None else layout.places(shape)


def rows_of(
    attributions: Any, inputs: Tensor | None = None, layout: Layout | None = None
) -> Sequence[Any]:
    """Each example's explanation, or its scores summed over the channels."""
    if are_explanations(attributions):
        given = 1 if isinstance(attributions, Explanation) else len(attributions)
        return each_attribution(attributions, given if inputs is None else len(inputs))
    if not isinstance(attributions, Tensor) or not attributions.dim():
        raise ValueError(
            f"`attributions` (a {type(attributions).__name__}) must be a tensor (N, …) or "
            "explanations"
        )
    if attributions.is_complex() or not len(attributions):
        raise ValueError("`attributions` must hold at least one map, of real numbers")
    if inputs is None and attributions.dim() == 4:  # of images, as far as can be known
        layout = Layout("NCHW")
    axis = None if layout is None or attributions.dim() != layout.n_axes else layout.channel_axis
    scores = attributions.detach().cpu().double()
    if axis is not None:
        if inputs is not None and scores.shape[axis] not in (1, inputs.shape[axis]):
            raise ValueError(
                f"`attributions` (of shape {tuple(scores.shape)}) must be shaped like the inputs"
            )
        scores = scores.sum(axis)
    return each_attribution(scores.numpy(), len(scores) if inputs is None else len(inputs))


def labels_of(feature_mask: Any, inputs: Tensor, layout: Layout | None) -> list[Any]:
    """The label map of each example over its places or elements; None where there is no mask."""
    n = len(inputs)
    if feature_mask is None:
        return [None] * n
    maps = host_mask(feature_mask, inputs)
    if layout is not None and layout.channel_axis is not None:
        channels = np.moveaxis(maps, layout.channel_axis, 0)
        if (channels != channels[0]).any():
            raise ValueError(
                "`feature_mask` must be the same in all channels: places are judged whole"
            )
        maps = channels[0]
    each = [np.broadcast_to(compact(one), shape_of(inputs, layout)) for one in maps]
    return each if len(each) == n else each * n
