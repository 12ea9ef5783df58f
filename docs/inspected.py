"""Griffe extension: functions and classes that a module makes by a call get their documentation.

`captum_submod.metrics.insertion = model_metric(Insertion)` is a plain attribute to a tool that reads
the source. The module is imported here, and the attribute becomes a function with the signature and
the docstring of the real object.
"""

import inspect
from importlib import import_module
from typing import Any

import griffe

MODULES = ("captum_submod.metrics", "xplique_submod.metrics")


class Inspected(griffe.Extension):
    """Attributes of `MODULES` that are callable, as functions."""

    def on_module(self, *, mod: griffe.Module, **kwargs: Any) -> None:
        if mod.path not in MODULES:
            return
        runtime = import_module(mod.path)
        for name, member in list(mod.members.items()):
            made = getattr(runtime, name, None)
            if member.is_alias or not member.is_attribute or not callable(made):
                continue
            mod.set_member(name, function(name, made, member))


def function(name: str, made: Any, member: Any) -> griffe.Function:
    """A function as griffe would have read it."""
    signature = inspect.signature(made)
    parameters = [
        griffe.Parameter(
            one.name,
            kind=griffe.ParameterKind[one.kind.name.lower()],
            default=None if one.default is one.empty else repr(one.default),
        )
        for one in signature.parameters.values()
        if one.name != "self"
    ]
    found = griffe.Function(
        name, parameters=griffe.Parameters(*parameters), lineno=member.lineno, parent=member.parent
    )
    text = inspect.getdoc(made)
    found.docstring = griffe.Docstring(text, parent=found) if text else None
    return found
