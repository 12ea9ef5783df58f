"""Captum functions made from the declarations of the core."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import numpy as np
import torch
from torch import Tensor

from captum_submod._compat import BaselineType, MaskType, TargetType
from captum_submod._oracle import Activation, Features
from captum_submod.metrics._model import (
    Asked,
    Attributions,
    answers,
    rows_of,
)
from submod_core import Explanation
from submod_core._docs import composed
from submod_core.metrics import MapMetric, ModelMetric, Question
from submod_core.metrics.base import check_declared
from submod_core.regions import Layout

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class ModelFunction(Protocol[P, T_co]):
    """A function of a model, its inputs and their attributions; settings are given by keyword."""

    def __call__(
        self,
        forward_func: Callable[..., Any],
        inputs: Tensor | Mapping[str, Any],
        attributions: Attributions,
        baselines: BaselineType = ...,
        target: TargetType = None,
        additional_forward_args: object = None,
        feature_mask: MaskType = None,
        activation: Activation = "softmax",
        class_axis: int | None = None,
        max_examples_per_batch: int = 16,
        features: Features = None,
        class_embeddings: Tensor | None = None,
        scale: float = 100.0,
        layout: str | Layout | None = None,
        *args: P.args,
        **settings: P.kwargs,
    ) -> T_co:
        """See the documentation of the function."""


class MapFunction(Protocol[P]):
    """A function of attributions alone."""

    def __call__(
        self, attributions: Attributions, *args: P.args, **settings: P.kwargs
    ) -> Tensor: ...


class MaskFunction(Protocol[P]):
    """A function of attributions and masks."""

    def __call__(
        self, attributions: Attributions, masks: Tensor, *args: P.args, **settings: P.kwargs
    ) -> Tensor: ...


_ASKED = """forward_func, inputs, baselines, target, additional_forward_args
    As in `LiMA.attribute`, for a single tensor of inputs (N, …), or a mapping of which one entry is
    explained.
attributions : Tensor, Explanation, sequence of Explanation or mapping
    Any of the forms that `captum_submod.metrics` lists.
feature_mask : Tensor, optional
    Region ids; see above. Explanations bring their own regions.
activation, class_axis
    As in `LiMA`.
max_examples_per_batch : int
    Most masked inputs per call of `forward_func`. The result does not depend on it.
features, class_embeddings, scale, layout
    As in `LiMA`."""

_MAPS = """attributions : Tensor, (N, C, H, W), (N, H, W) or (N, …), or explanations"""

_MASKS = """masks : Tensor, (N, H, W) or (N, …)"""

_RAISES = """TypeError, ValueError
    As in `LiMA.attribute`; also if `attributions` does not fit the inputs or is not finite, or a
    setting is out of range."""

_EXAMPLE = """>>> import torch
>>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
>>> images = torch.rand(2, 1, 8, 8)
>>> {call}
{result}"""


def model_answers(name: str, declared: Callable[P, Question[T]]) -> ModelFunction[P, list[T]]:
    """The function that returns the answers to a question, one for each example."""

    def function(attributions: Attributions, asked: Asked, settings: dict[str, Any]) -> list[T]:
        return answers(cast(Any, declared)(**settings), attributions, asked)

    call = f"len({_call(name, declared)})"
    return _of_a_model(name, declared, function, "list, N", (call, "2"))


def model_metric(declared: Callable[P, ModelMetric[Any]]) -> ModelFunction[P, Tensor]:
    """The function of a metric that shows masked inputs to the model."""
    check_declared(declared, ModelMetric)

    def function(attributions: Attributions, asked: Asked, settings: dict[str, Any]) -> Tensor:
        metric = cast(Any, declared)(**settings)
        numbers = [metric.number(answer) for answer in answers(metric, attributions, asked)]
        return torch.tensor(numbers, dtype=torch.float64)

    name = cast(Any, declared).name
    example = (f"{_call(name, declared)}.shape", "torch.Size([2])")
    return _of_a_model(name, declared, function, "Tensor of float64, (N,), on the CPU", example)


def map_metric(declared: Callable[P, MapMetric]) -> MapFunction[P]:
    """The function of a metric of the maps alone."""
    check_declared(declared, MapMetric)

    def function(attributions: Attributions, **settings: Any) -> Tensor:
        metric = cast(Any, declared)(**settings)
        return _numbers([metric.number(scores) for scores in _free_maps(attributions)])

    parameters = [_positional("attributions", Attributions)]
    return _finished(function, declared, parameters, _MAPS, "images")


def mask_metric(declared: Callable[P, MapMetric]) -> MaskFunction[P]:
    """The function of a metric of the maps, each beside its mask."""
    check_declared(declared, MapMetric)

    def function(attributions: Attributions, masks: Tensor, **settings: Any) -> Tensor:
        metric = cast(Any, declared)(**settings)
        return _numbers([metric.number(*pair) for pair in _with_masks(attributions, masks)])

    parameters = [_positional("attributions", Attributions), _positional("masks", Tensor)]
    call = "images, images[:, 0] > 0.5"
    return _finished(function, declared, parameters, f"{_MAPS}\n{_MASKS}", call)


def _of_a_model(
    name: str,
    declared: Callable[..., Any],
    compute: Callable[[Attributions, Asked, dict[str, Any]], Any],
    returned: str,
    example: tuple[str, str],
) -> Any:
    """A function of the arguments of `ModelFunction`, with the settings of the declared class."""
    baseline = None if declared.baseline == 0.0 else declared.baseline  # type: ignore[attr-defined]
    shared = list(inspect.signature(ModelFunction.__call__).parameters.values())[1:-2]
    shared = [p.replace(default=baseline) if p.name == "baselines" else p for p in shared]
    signature = inspect.Signature([*shared, *_settings(declared)])

    def function(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = dict(bound.arguments)
        attributions = given.pop("attributions")
        asked = Asked(**{field: given.pop(field) for field in Asked._fields})
        return compute(attributions, asked, given)

    call, result = example
    text = _EXAMPLE.format(call=call, result=result)
    document = composed(
        declared, Parameters=_ASKED, Returns=returned, Raises=_RAISES, Examples=text
    )
    return _named(function, name, signature, document)


def _finished(
    function: Any,
    declared: Any,
    parameters: list[inspect.Parameter],
    documented: str,
    call: str,
) -> Any:
    settings = f", {declared.example}" if declared.example else ""
    text = _EXAMPLE.format(
        call=f"{declared.name}({call}{settings}).shape", result="torch.Size([2])"
    )
    document = composed(
        declared,
        Parameters=documented,
        Returns="Tensor of float64, (N,), on the CPU",
        Raises=_RAISES,
        Examples=text,
    )
    signature = inspect.Signature([*parameters, *_settings(declared)])
    return _named(function, declared.name, signature, document)


def _named(function: Any, name: str, signature: inspect.Signature, document: str) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__signature__, function.__doc__ = signature, document
    function.__module__ = "captum_submod.metrics"
    return function


def _call(name: str, declared: Any) -> str:
    settings = f", {declared.example}" if declared.example else ""
    return f"{name}(model, images, images, target=3{settings})"


def _settings(declared: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(declared).parameters.values())


def _positional(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)


def _numbers(values: list[Any]) -> Tensor:
    return torch.tensor(np.array(values), dtype=torch.float64)


def _free_maps(attributions: Any) -> list[Any]:
    return [row.paint() if isinstance(row, Explanation) else row for row in rows_of(attributions)]


def _with_masks(attributions: Any, masks: Any) -> list[tuple[Any, Any]]:
    maps = _free_maps(attributions)
    if not isinstance(masks, Tensor) or not masks.dim() or len(masks) != len(maps):
        raise ValueError(
            f"`masks` (a {type(masks).__name__}) must be a tensor with a mask for each of "
            f"{len(maps)} maps"
        )
    return list(zip(maps, masks.cpu().numpy(), strict=True))
