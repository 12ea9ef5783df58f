"""Modules of models of torch and Keras that a fingerprint describes."""

import inspect
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from submod_core.dataset._code import read_by_call

# Arguments that differ between equal models: Keras draws seeds that were not given.
_OF_THE_PROCESS = {"name", "trainable", "training", "built", "seed"}
_OF_TRAINING = ("_initializer", "_regularizer", "_constraint")
# Entries of a configuration that say how far a model was made.
_MADE = {"build_config", "build_input_shape", "compile_config", "trainable"}


def modules_of(model: Any) -> dict[str, Any]:
    """The modules of a model, itself among them, by their place."""
    if hasattr(model, "named_modules"):
        return dict(model.named_modules())
    layers = model._flatten_layers() if hasattr(model, "_flatten_layers") else [model]
    return {str(i): layer for i, layer in enumerate(layers)}


def places_by_name(modules: Mapping[str, Any]) -> dict[str, str]:
    """The place of each operation of Keras by its name, which a process numbers as it goes."""
    found = {}
    for place, module in modules.items():
        if isinstance(name := getattr(module, "name", None), str):
            found[name] = place
        if not hasattr(module, "named_modules"):
            operations = getattr(module, "operations", None) or ()
            found |= {one.name: f"{place}.{i}" for i, one in enumerate(operations)} | found
    return found


def options_of(module: Any) -> dict[str, Any]:
    """Options of a module: whatever it holds that may change its answers, but for its weights.

    These are its configuration, in Keras, the constructor's arguments that it keeps by their names,
    what its code reads where it is called, and its hooks.
    """
    kind: Any = type(module)
    names, held = set(arguments_of(kind)), getattr(module, "__dict__", {})
    names |= (read_by_call(kind) | {"forward"}) & set(held)
    names = {name for name in names - _OF_THE_PROCESS if not name.endswith(_OF_TRAINING)}
    kept = [name for name in sorted(names) if has(module, name)]
    values = {name: getattr(module, name) for name in kept}
    found = {name: value for name, value in values.items() if not _seen_elsewhere(value)}
    hooks = [list(held[k].values()) for k in ("_forward_pre_hooks", "_forward_hooks") if k in held]
    found |= {"hooks": hooks} if any(hooks) else {}
    return found | _configuration(module) | source_of(module)


@lru_cache(1024)
def arguments_of(kind: type) -> tuple[str, ...]:
    """Names of a constructor's arguments; none where they cannot be told."""
    try:
        return tuple(inspect.signature(kind).parameters)
    except (TypeError, ValueError):
        return ()


def has(value: Any, name: str) -> bool:
    """Whether an object has an attribute that can be read."""
    try:
        return hasattr(value, name)
    except Exception:  # of a property that asks for more than there is yet
        return False


def _seen_elsewhere(value: Any) -> bool:
    """Whether a value is a module, a weight, or a place in a graph: described otherwise."""
    if isinstance(value, list | tuple):
        return any(map(_seen_elsewhere, value))
    if isinstance(value, Mapping):
        return any(map(_seen_elsewhere, value.values()))
    weight = hasattr(value, "is_leaf") and bool(getattr(value, "requires_grad", False))
    module = hasattr(value, "named_modules") or hasattr(value, "_flatten_layers")
    return weight or module or type(value).__name__ in ("KerasTensor", "Variable")


def _configuration(module: Any) -> dict[str, Any]:
    """The configuration of a layer of Keras, of a functional model with its wiring."""
    if not hasattr(module, "get_config"):
        return {}
    try:
        return {"configuration": _settled(module.get_config())}
    except Exception:  # layers of the user's own often have none
        return {}


def _settled(config: Any) -> Any:
    """A configuration without what only says how far a model was made, or where a lambda stands."""
    if isinstance(config, Mapping):
        if config.get("class_name") == "__lambda__":
            return "lambda"
        return {k: _settled(v) for k, v in config.items() if k not in _MADE}
    return [_settled(v) for v in config] if isinstance(config, list | tuple) else config


def source_of(module: Any) -> dict[str, str]:
    """The source of a traced or scripted module or function of torch; its class says nothing."""
    try:
        source = getattr(module, "code", None)
    except RuntimeError:  # of a scripted module that is not called itself
        return {}
    return {"source": source} if isinstance(source, str) else {}


def plain_tensor(tensor: Any) -> Any:
    """A tensor of torch of any kind as one that NumPy can read."""
    tensor = tensor.detach()
    if tensor.is_meta:
        return np.zeros(0)
    tensor = tensor.dequantize() if tensor.is_quantized else tensor
    tensor = tensor if str(tensor.layout) == "torch.strided" else tensor.to_dense()
    tensor = tensor.cpu().resolve_conj().resolve_neg()
    # Types without a NumPy counterpart, as bfloat16, hold numbers that float32 holds as well.
    narrow = any(name in str(tensor.dtype) for name in ("bfloat16", "float8"))
    return tensor.float() if narrow else tensor
