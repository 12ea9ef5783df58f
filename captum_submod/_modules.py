"""Modules while they are asked: evaluation mode, and what passes through a layer.

Several explanations may run at a time, in several threads, on one model: modes are put back when
the last of them ends, and a hook sees the calls of its own thread alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Lock, get_ident
from types import FunctionType, MethodType
from typing import Any, Literal

from torch import Tensor, nn

from submod_core.dataset._code import globals_of, held_by, installed

Side = Literal["input", "output"]

# Modules held in evaluation mode: the module, how many contexts hold it, its own mode.
_held: dict[int, tuple[nn.Module, int, bool]] = {}
_lock = Lock()


def modules_of(function: Any) -> list[nn.Module]:
    """All modules behind a function: itself, or what it holds, names, or is a method of.

    A function of the user's own holds its closure and defaults, and names globals; a `partial`
    holds its parts.

    Examples
    --------
    >>> net = nn.Linear(2, 1)
    >>> modules_of(net.forward) == modules_of(partial(net)) == [net]
    True
    """
    found, waiting, seen = dict[int, nn.Module](), [function], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, nn.Module):
            found |= {id(module): module for module in one.modules()}
        elif isinstance(one, partial):
            waiting += [one.func, *one.args, *one.keywords.values()]
        elif isinstance(one, MethodType):
            waiting += [one.__self__, one.__func__]
        elif isinstance(one, FunctionType) and not installed(one):
            waiting += [*held_by(one), *globals_of(one)]
        elif one is function:  # built-in methods and the like
            waiting.append(getattr(one, "__self__", None))
    return list(found.values())


@contextmanager
def evaluating(*functions: Any) -> Iterator[None]:
    """Hold the modules behind functions in evaluation mode.

    Every submodule gets its own mode back when the last context that holds it ends.

    Examples
    --------
    >>> net = nn.Dropout()
    >>> with evaluating(net), evaluating(net.forward):
    ...     net.training
    False
    >>> net.training
    True
    """
    modules = {id(m): m for function in functions for m in modules_of(function)}.values()
    with _lock:
        for module in modules:
            _, holders, training = _held.get(id(module), (module, 0, module.training))
            _held[id(module)] = module, holders + 1, training
            module.training = False
    try:
        yield
    finally:
        with _lock:
            for module in modules:
                _, holders, training = _held.pop(id(module))
                if holders > 1:
                    _held[id(module)] = module, holders - 1, training
                else:
                    module.training = training


@contextmanager
def captured(module: nn.Module, side: Side = "output") -> Iterator[list[Any]]:
    """Collect the inputs or the outputs of a layer, of each of this thread's calls meanwhile.

    Tensors are copied when the layer runs: an operation in place after it changes nothing.

    Examples
    --------
    >>> import torch
    >>> net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(inplace=True))
    >>> with captured(net[0]) as seen:
    ...     _ = net(-torch.ones(1, 2) @ net[0].weight)
    >>> len(seen), tuple(seen[0].shape)
    (1, (1, 2))
    """
    seen: list[Any] = []
    thread = get_ident()

    def hook(_: nn.Module, arguments: Any, output: Any = None) -> None:
        value = output if side == "output" else arguments[0]
        if get_ident() == thread:
            seen.append(value.clone() if isinstance(value, Tensor) else value)

    register = (
        module.register_forward_hook if side == "output" else module.register_forward_pre_hook
    )
    handle = register(hook)
    try:
        yield seen
    finally:
        handle.remove()
