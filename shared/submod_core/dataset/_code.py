"""Code that a fingerprint describes: functions and classes of the user's own."""

import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from types import CodeType, FunctionType
from typing import Any


def name_of(value: Any) -> str:
    """Module and name of a function or class."""
    return f"{value.__module__}.{value.__qualname__}"


def installed(value: Any) -> bool:
    """Whether a function or class is Python's, an installed package's or ours: has a version."""
    module = sys.modules.get(value.__module__ or "")
    if module is None:
        return False
    file, package = getattr(module, "__file__", None), module.__name__.split(".")[0]
    if file is None:
        return package in sys.builtin_module_names
    paths = sysconfig.get_paths()
    inside = any(file.startswith(paths[key]) for key in ("stdlib", "purelib", "platlib"))
    return inside or package in _ours()


@cache
def _ours() -> frozenset[str]:
    """Packages of this library's distribution; its version stands in every fingerprint."""
    found = packages_distributions()
    this = set(found.get("submod_core", ()))
    return frozenset({"submod_core"} | {name for name, by in found.items() if this & set(by)})


def held_by(function: FunctionType) -> list[Any]:
    """What a function holds: the contents of its closure, and its defaults."""
    cells = [cell.cell_contents for cell in function.__closure__ or () if _filled(cell)]
    keywords = sorted((function.__kwdefaults__ or {}).items())
    return [*cells, *(function.__defaults__ or ()), *(value for _, value in keywords)]


def globals_of(function: FunctionType) -> list[Any]:
    """The globals that a function uses, in functions within it as well."""
    names = dict.fromkeys(_names(function.__code__))
    return [function.__globals__[name] for name in names if name in function.__globals__]


def _names(code: CodeType) -> Iterator[str]:
    """Names that a code uses, of globals and attributes."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def functions_of(kind: type, entries: Iterable[str] | None = None) -> dict[str, FunctionType]:
    """Functions of a class and its bases that are the user's own, by name.

    With `entries` only these, and those that they name.
    """
    found: dict[str, FunctionType] = {}
    for base in reversed(kind.__mro__):
        if not installed(base):
            found |= {name: f for name, value in vars(base).items() for f in _functions(value)}
    if entries is None:
        return dict(sorted(found.items()))
    reached: dict[str, FunctionType] = {}
    names = list(entries)
    while names:
        if (name := names.pop()) in found and name not in reached:
            reached[name] = found[name]
            names += _names(found[name].__code__)
    return dict(sorted(reached.items()))


def _functions(value: Any) -> list[FunctionType]:
    """The functions of a member of a class: a method, of any sort, or a property."""
    if isinstance(value, property):
        value = value.fget
    value = getattr(value, "__func__", value)
    return [value] if isinstance(value, FunctionType) else []
