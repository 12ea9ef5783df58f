"""The `repr` of objects that are defined by the arguments of their constructors."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np


def differing(instance: Any, constructor: Callable[..., Any]) -> str:
    """The arguments of an object that differ from their defaults, as they would be written.

    Parameters
    ----------
    instance : object
        Has each argument as an attribute of the same name.
    constructor : callable
        Such as ``type(instance).__init__``.

    Examples
    --------
    >>> class Method:
    ...     def __init__(self, model, steps=50, seed=0):
    ...         self.model, self.steps, self.seed = model, steps, seed
    >>> differing(Method(print, seed=1), Method.__init__)
    'print, seed=1'
    """
    shown = []
    for parameter in inspect.signature(constructor).parameters.values():
        if parameter.name == "self" or not hasattr(instance, parameter.name):
            continue
        value = getattr(instance, parameter.name)
        if parameter.default is parameter.empty:
            shown.append(_short(value))
        elif not _same(value, parameter.default):
            shown.append(f"{parameter.name}={_short(value)}")
    return ", ".join(shown)


def _same(value: Any, default: Any) -> bool:
    if value is default:
        return True
    return type(value) is type(default) and not hasattr(value, "__array__") and value == default


def _short(value: Any) -> str:
    """The value's own `repr` where it is a plain one, else what kind of thing it is."""
    if isinstance(value, str | int | float | tuple | list | dict | np.generic):
        return repr(value)
    if hasattr(value, "__array__") and hasattr(value, "shape"):
        return f"<{type(value).__name__} of shape {tuple(value.shape)}>"
    if getattr(type(value), "__dataclass_fields__", None) is not None:
        return repr(value)
    if not isinstance(value, type) and hasattr(value, "__name__"):
        return str(value.__name__)
    own = hasattr(value, "get_name") and " at 0x" not in repr(value)
    return repr(value) if own else f"<{type(value).__name__}>"
