"""Everything private that this package takes from Captum, in one place, and Captum's types."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from captum.attr import LLMAttributionResult as CaptumLLMResult
from captum.attr._core.llm_attr import _convert_ids_to_pretty_tokens as pretty_tokens
from captum.log import log_usage as _log_usage
from torch import Tensor

F = TypeVar("F", bound=Callable[..., Any])

TensorOrTuple = TypeVar("TensorOrTuple", Tensor, tuple[Tensor, ...], Mapping[str, Any])
"""A tensor in gives a tensor out, a tuple a tuple, a mapping a mapping."""

AnyInputs: TypeAlias = Tensor | tuple[Tensor, ...] | Mapping[str, Any]
"""One tensor, several, or the keyword inputs of `KeywordInputs`."""

TargetType: TypeAlias = int | tuple[int, ...] | Tensor | list[int] | list[tuple[int, ...]] | None

Baseline: TypeAlias = int | float | Tensor | str | Callable[..., Any]
BaselineType: TypeAlias = Baseline | tuple[Baseline, ...] | Mapping[str, Baseline] | None

MaskType: TypeAlias = Tensor | tuple[Tensor, ...] | Mapping[str, Tensor] | None


def log_usage(function: F) -> F:
    """Wrap a method as Captum wraps its own: NoiseTunnel calls `attribute.__wrapped__`.

    Captum's decorator is not typed, so that a method under it would be `Any` to its users.
    """
    logged: F = _log_usage()(function)
    return logged


__all__ = [
    "AnyInputs",
    "BaselineType",
    "CaptumLLMResult",
    "MaskType",
    "TargetType",
    "TensorOrTuple",
    "log_usage",
    "pretty_tokens",
]
