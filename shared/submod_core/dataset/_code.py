"""Code that a fingerprint describes: functions and classes of the user's own."""

import dis
import sys
import sysconfig
from functools import cache, lru_cache
from importlib.metadata import packages_distributions
from types import CodeType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any


def name_of(value: Any) -> str:
    """Module and name of a function or class."""
    # A worker imports the user's script under another name.
    module = "__main__" if value.__module__ == "__mp_main__" else value.__module__
    return f"{module}.{value.__qualname__}"


def installed(value: Any) -> bool:
    """Whether a module, function or class is Python's, a package's or ours: has a version."""
    of = value if isinstance(value, ModuleType) else sys.modules.get(value.__module__ or "")
    if of is None:
        return False
    file, package = getattr(of, "__file__", None), of.__name__.split(".")[0]
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
    """Contents of a function's closure, and its defaults."""
    cells = [cell.cell_contents for cell in function.__closure__ or () if _filled(cell)]
    keywords = sorted((function.__kwdefaults__ or {}).items())
    return [*cells, *(function.__defaults__ or ()), *(value for _, value in keywords)]


def globals_of(function: FunctionType) -> list[Any]:
    """The globals that a function uses, in functions within it as well.

    Of a module of the user's own they are the attributes that the function names.
    """
    found, given = list[Any](), function.__globals__
    names = _names(function.__code__, "LOAD_GLOBAL", "LOAD_NAME")
    attributes = _names(function.__code__, "LOAD_ATTR", "LOAD_METHOD")
    for name in names:
        if name not in given:
            continue
        found.append(given[name])
        if isinstance(given[name], ModuleType) and not installed(given[name]):
            held = vars(given[name])
            found += [held[attribute] for attribute in attributes if attribute in held]
    return found


def _names(code: CodeType, *operations: str) -> list[str]:
    """Names that some operations of a code are about, those of functions within it too."""
    names = [one.argval for one in dis.get_instructions(code) if one.opname in operations]
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    names += [name for constant in inner for name in _names(constant, *operations)]
    return list(dict.fromkeys(names))


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def functions_of(kind: type, *, called: bool = False) -> dict[str, FunctionType]:
    """Functions of a class and its bases that are the user's own, by name.

    With `called` only those that run where an object of the class is called.
    """
    found = {name: f for name, value in _members(kind).items() for f in _functions(value)}
    if not called:
        return found
    reached: dict[str, FunctionType] = {}
    names = ["forward", "call", "__call__"]
    while names:
        if (name := names.pop()) in found and name not in reached:
            reached[name] = found[name]
            names += _names(found[name].__code__, "LOAD_ATTR", "LOAD_METHOD")
    return dict(sorted(reached.items()))


def constants_of(kind: type) -> dict[str, Any]:
    """Values that are attributes of a class and its bases that are the user's own."""
    found = {k: v for k, v in _members(kind).items() if not k.startswith(("__", "_abc"))}
    hidden = (FunctionType, property, staticmethod, classmethod, MemberDescriptorType)
    return {k: v for k, v in found.items() if not isinstance(v, hidden)}


def _members(kind: type) -> dict[str, Any]:
    """Members of a class and its bases that are the user's own, in the order of their names."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if not installed(base):
            found |= vars(base)
    return dict(sorted(found.items()))


@lru_cache(1024)
def read_by_call(kind: type) -> set[str]:
    """Attributes that an object of a class reads where it is called, but for those it sets then."""
    functions = functions_of(kind, called=True).values()
    read = {name for f in functions for name in _names(f.__code__, "LOAD_ATTR", "LOAD_METHOD")}
    return read - set_by_call(kind)


@lru_cache(1024)
def set_by_call(kind: type) -> set[str]:
    """Attributes that an object of a class sets where it is called: no options of its own."""
    functions = functions_of(kind, called=True).values()
    return {name for f in functions for name in _names(f.__code__, "STORE_ATTR")}


def _functions(value: Any) -> list[FunctionType]:
    """The functions of a member of a class: a method, of any sort, or a property."""
    if isinstance(value, property):
        value = value.fget
    value = getattr(value, "__func__", value)
    return [value] if isinstance(value, FunctionType) else []
