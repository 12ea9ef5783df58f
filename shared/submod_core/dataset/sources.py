"""Objects given as they are, by a function that makes them, or by the name of such a function."""

import importlib
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

from submod_core._checks import check_type


def named(text: str, name: str) -> Any:
    """Object of a "module:attribute"; modules of the working folder are found too.

    Parameters
    ----------
    text : str
    name : str
        The argument, for errors.

    Raises
    ------
    ValueError
        If the text is of another form, or there is no such module or attribute.

    Examples
    --------
    >>> named("math:sqrt", "method")(4)
    2.0
    """
    check_type(name, text, str, "text")
    module, colon, attribute = text.partition(":")
    if not (module and colon and attribute) or module.startswith("."):
        raise ValueError(f"`{name}` (={text!r}) must be of the form 'module:function'")
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"`{name}` (={text!r}) cannot be found: {error}") from error
    return found


def needs_arguments(value: Any) -> bool:
    """Whether a value is a function that cannot be called without arguments, as a model is.

    Examples
    --------
    >>> needs_arguments(lambda x: x), needs_arguments(lambda: 1), needs_arguments("text")
    (True, False, False)
    """
    if not callable(value):
        return False
    try:
        parameters = inspect.signature(value).parameters.values()
    except ValueError:  # a built-in function without a signature
        return True
    return any(
        p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters
    )


def resolved(source: Any, name: str, is_object: Callable[[Any], bool]) -> Any:
    """Object that a source stands for.

    Parameters
    ----------
    source : object
        The object itself, where `is_object` says so; a function without arguments that makes it; or
        the "module:function" of one.
    name : str
        The argument, for errors.
    is_object : callable

    Raises
    ------
    TypeError, ValueError
        If the source is none of these.

    Examples
    --------
    >>> resolved(lambda: [1, 2], "dataset", lambda x: isinstance(x, list))
    [1, 2]
    """
    if isinstance(source, str):
        source = named(source, name)
    elif is_object(source):
        return source
    if is_object(source):
        return source
    if not callable(source):
        raise TypeError(
            f"`{name}` (of type {type(source).__name__}) must be the object itself, a function "
            "that makes it, or 'module:function'"
        )
    if needs_arguments(source):
        called = getattr(source, "__name__", type(source).__name__)
        raise TypeError(
            f"`{name}` (={called}) must be the object itself, or a function without arguments that "
            "makes it"
        )
    return source()
