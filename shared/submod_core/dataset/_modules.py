"""Modules of models of torch and Keras that a fingerprint describes."""

import inspect
from collections.abc import Mapping
from dataclasses import is_dataclass
from types import FunctionType
from typing import Any

import numpy as np

_PLAIN = bool | int | float | str | np.ndarray | np.generic | FunctionType | type
# Arguments that differ between equal models: Keras numbers names as a process makes layers.
_OF_THE_PROCESS = {"name", "trainable"}


def modules_of(model: Any) -> dict[str, Any]:
    """The modules of a model, itself among them, by their place."""
    if hasattr(model, "named_modules"):
        return dict(model.named_modules())
    layers = model._flatten_layers() if hasattr(model, "_flatten_layers") else [model]
    return {str(i): layer for i, layer in enumerate(layers)}


def options_of(module: Any, layers: Mapping[str, str]) -> dict[str, Any]:
    """Constructor's arguments that a module keeps by their names, but for modules and tensors.

    The name of a layer, of `layers`, is replaced by its place.
    """
    try:
        names = set(inspect.signature(type(module)).parameters) - _OF_THE_PROCESS
    except (TypeError, ValueError):
        names = set()
    kept = {name: getattr(module, name, None) for name in sorted(names)}
    kept = {k: layers.get(v, v) if isinstance(v, str) else v for k, v in kept.items()}
    return {name: value for name, value in kept.items() if _plain(value)} | _source_of(module)


def _plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_plain, value))
    if isinstance(value, dict):
        return all(map(_plain, value.values()))
    # A model's configuration counts, such as those of Hugging Face.
    configures = is_dataclass(value) or (hasattr(value, "to_dict") and hasattr(value, "from_dict"))
    return value is None or isinstance(value, _PLAIN) or configures


def _source_of(module: Any) -> dict[str, str]:
    """The source of a traced or scripted module of torch, whose class says nothing."""
    try:
        source = getattr(module, "code", None)
    except RuntimeError:  # of a scripted module that is not called itself
        return {}
    return {"source": source} if isinstance(source, str) else {}
