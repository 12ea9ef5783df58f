"""Griffe extension: documentation that is made when a module is imported.

A tool that reads the source alone sees `captum_submod.metrics.insertion = model_metric(Insertion)`
as a plain value, and a docstring with `{search}` before the text is filled in. Such modules are
imported here. A value that can be called becomes a function with the signature and the docstring of
the real object; a docstring with gaps becomes the real one.
"""

import inspect
import re
from importlib import import_module
from typing import Any

import griffe

MADE = ("captum_submod.metrics", "xplique_submod.metrics")
GAP = re.compile(r"^\s*\{\w+\}", re.MULTILINE)


class Inspected(griffe.Extension):
    """Objects of the three packages as they are at run time."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Fill a package once it is read."""
        fill(pkg)


def fill(scope: griffe.Module | griffe.Class) -> None:
    """Real docstrings in a module or class and in all that is in it."""
    for name, member in list(scope.members.items()):
        if member.is_alias:
            continue
        if member.is_attribute and scope.path in MADE:
            made = at_run_time(member.path)
            if callable(made):
                scope.set_member(name, as_function(name, made, member))
        elif member.docstring and GAP.search(member.docstring.value):
            member.docstring.value = inspect.getdoc(at_run_time(member.path)) or ""
        if member.is_module or member.is_class:
            fill(member)


def at_run_time(path: str) -> Any:
    """The object at a dotted path, None where there is none."""
    parts = path.split(".")
    for n in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for name in parts[n:]:
            found = getattr(found, name, None)
        return found
    return None


def as_function(name: str, made: Any, member: Any) -> griffe.Function:
    """A function as griffe would have read it."""
    parameters = [
        griffe.Parameter(
            one.name,
            kind=griffe.ParameterKind[one.kind.name.lower()],
            default=None if one.default is one.empty else repr(one.default),
        )
        for one in inspect.signature(made).parameters.values()
        if one.name != "self"
    ]
    found = griffe.Function(
        name, parameters=griffe.Parameters(*parameters), lineno=member.lineno, parent=member.parent
    )
    text = inspect.getdoc(made)
    found.docstring = griffe.Docstring(text, parent=found) if text else None
    return found
