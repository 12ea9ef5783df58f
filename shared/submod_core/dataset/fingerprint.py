"""Fingerprint of a run: everything that its results depend on, as plain values."""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from submod_core.dataset._code import functions_of, globals_of, held_by, installed, name_of
from submod_core.dataset._modules import modules_of, options_of

# Arguments that change how long a run takes, and not what it finds.
_OF_THE_RUN = {"batch_size", "perturbations_per_eval", "max_examples_per_batch", "verbose"}
_OF_THE_RUN |= {"show_progress"}
# What a model is called by.
_ENTRIES = ("forward", "call", "__call__")


def digest(value: Any) -> str:
    """SHA-256 of a value made of dicts, lists, numbers and text, the first 16 digits.

    Examples
    --------
    >>> digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    True
    """
    try:
        text = json.dumps(value, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise TypeError(f"`value` must be plain, as `describe` makes it: {error}") from error
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def describe(value: Any) -> Any:
    """Describe a value by plain ones: the same in every process, different where it matters.

    Models are described by their modules and the contents of their weights, a module of a model
    described before by its place in it, arrays by their contents, functions by their code and what
    they hold, other objects by their constructor's arguments. The code of classes counts as well.
    Functions and classes of installed packages are described by their name: their versions stand in
    the fingerprint.

    Parameters
    ----------
    value : object

    Returns
    -------
    None, bool, int, float, str, list or dict

    Examples
    --------
    >>> describe((1, "a")), describe(np.zeros(2)) == describe([0.0, 0.0])
    ([1, 'a'], False)
    >>> def scaled(by):
    ...     return lambda x: by * x
    >>> describe(scaled(2)) == describe(scaled(2)), describe(scaled(2)) == describe(scaled(3))
    (True, False)
    """
    return _Description().of(value)


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Entries in which two descriptions differ, one line each.

    Examples
    --------
    >>> differences({"regions": 49, "seed": 0}, {"regions": 196, "seed": 0})
    ['regions: 49, now 196']
    """
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted({*one, *other})
        pairs = [(f"{place}.{name}" if place else name, name) for name in names]
        return [
            line
            for inner, name in pairs
            for line in differences(one.get(name), other.get(name), inner)
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            line
            for i, (a, b) in enumerate(zip(one, other, strict=True))
            for line in differences(a, b, f"{place}[{i}]")
        ]
    return [] if one == other else [f"{place}: {_short(one)}, now {_short(other)}"]


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."


class _Description:
    """One walk through a value, which remembers where it has been."""

    def __init__(self) -> None:
        self.seen: dict[int, tuple[Any, Any]] = {}
        # The modules of models, by their place.
        self.places: dict[int, tuple[Any, dict[str, Any]]] = {}

    def of(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float | str):
            return value if not isinstance(value, float) else repr(value)
        # Objects are kept, so that no other one takes the number; those under way are a cycle.
        if id(value) in self.seen:
            return self.seen[id(value)][1]
        if id(value) in self.places:
            return self.places[id(value)][1]
        self.seen[id(value)] = value, f"<the {type(value).__name__} that holds this>"
        describer = next((d for matches, d in self._forms() if matches(value)), self.object)
        self.seen[id(value)] = value, describer(value)
        return self.seen[id(value)][1]

    def _forms(self) -> list[tuple[Callable[[Any], bool], Callable[[Any], Any]]]:
        """Forms of values, the first that matches counts."""
        return [
            (lambda v: isinstance(v, type), self.kind),
            (lambda v: isinstance(v, ModuleType), lambda v: v.__name__),
            (lambda v: isinstance(v, np.generic), lambda v: self.of(v.item())),
            (lambda v: isinstance(v, bytes), lambda v: hashlib.sha256(v).hexdigest()),
            (lambda v: hasattr(v, "construct_kwargs"), self.regression),
            (_has_weights, self.model),
            (lambda v: hasattr(v, "__array__") and hasattr(v, "shape"), self.array),
            (lambda v: isinstance(v, Mapping), self.mapping),
            (lambda v: isinstance(v, Set), lambda v: sorted(json.dumps(self.of(x)) for x in v)),
            (lambda v: isinstance(v, Sequence), lambda v: [self.of(x) for x in v]),
            (lambda v: isinstance(v, partial), self.partial),
            (lambda v: isinstance(v, MethodType), self.method),
            (lambda v: isinstance(v, FunctionType), self.function),
            # A graph of TensorFlow.
            (lambda v: hasattr(v, "python_function"), lambda v: self.of(v.python_function)),
            (lambda v: isinstance(v, CodeType), self.code),
            (lambda v: is_dataclass(v), self.record),
        ]

    def mapping(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        # A key that is an object, as a score of one's own, is described too.
        return {
            key if isinstance(key, str) else json.dumps(self.of(key)): self.of(entry)
            for key, entry in value.items()
            if key not in _OF_THE_RUN
        }

    def array(self, value: Any) -> dict[str, Any]:
        # Some types of the frameworks, as bfloat16, have no NumPy counterpart: their bytes do.
        if hasattr(value, "detach"):
            value = value.detach().cpu()
            value = value.float() if "bfloat16" in str(value.dtype) else value
        array = np.ascontiguousarray(np.asarray(value))
        if array.dtype.hasobject:  # whose bytes are addresses, others in every process
            entries = self.of(array.ravel().tolist())
            return {"array": "object", "shape": list(array.shape), "entries": entries}
        data = hashlib.sha256(array.tobytes()).hexdigest()[:16]
        return {"array": str(array.dtype), "shape": list(array.shape), "sha256": data}

    def model(self, value: Any) -> dict[str, Any]:
        """A model of torch, Keras or TensorFlow: its modules and the contents of its weights."""
        if hasattr(value, "state_dict"):
            weights = {name: self.array(w) for name, w in sorted(value.state_dict().items())}
        else:
            named = value.weights if hasattr(value, "get_weights") else value.variables
            weights = {f"{i} {w.name}": self.array(w) for i, w in enumerate(named)}
        kind = name_of(type(value))
        modules = modules_of(value)
        self.places |= {
            id(module): (module, {"module": place, "of": kind})
            for place, module in modules.items()
            if module is not value
        }
        kinds = {type(module) for module in modules.values()}
        code = {name_of(k): found for k in kinds if (found := self.code_of(k, _ENTRIES))}
        layers = {str(getattr(module, "name", "")): place for place, module in modules.items()}
        described = [
            (place, name_of(type(module)), self.mapping(options_of(module, layers)))
            for place, module in modules.items()
        ]
        return {
            "model": kind,
            "weights": digest(weights),
            "modules": digest(described),
        } | ({"code": digest(code)} if code else {})

    def regression(self, value: Any) -> dict[str, Any]:
        """A regression of Captum's, which is fitted anew for each input: by what it is made of."""
        names = ("train_fn", "construct_kwargs", "sklearn_module")
        return self.made(value, {n: getattr(value, n) for n in names if hasattr(value, n)})

    def partial(self, value: Any) -> dict[str, Any]:
        return {
            "function": self.of(value.func),
            "args": self.of(list(value.args)),
            "keywords": self.of(value.keywords),
        }

    def method(self, value: Any) -> dict[str, Any]:
        code = self.of(value.__func__)
        return {"method": code, "of": self.of(value.__self__)}

    def function(self, value: Any) -> Any:
        name, holds = name_of(value), [self.of(x) for x in held_by(value)]
        if installed(value):
            # A function within another one holds what that one was given.
            return {"function": name, "holds": holds} if "<locals>" in name else name
        return {
            "function": name,
            "code": digest(self.of(value.__code__)),
            "holds": [*holds, *map(self.of, globals_of(value))],
        }

    def kind(self, value: type) -> Any:
        """A class."""
        code = self.code_of(value)
        return {"class": name_of(value), "code": digest(code)} if code else name_of(value)

    def code_of(self, kind: type, entries: Iterable[str] | None = None) -> dict[str, Any]:
        """The code of a class of the user's own, by names of functions; else empty."""
        return {name: self.of(f) for name, f in functions_of(kind, entries).items()}

    def code(self, value: CodeType) -> list[Any]:
        constants = [self.of(x) for x in value.co_consts]
        return [value.co_code.hex(), list(value.co_names), constants]

    def record(self, value: Any) -> dict[str, Any]:
        held = {field.name: getattr(value, field.name) for field in fields(value)}
        return self.made(value, held)

    def object(self, value: Any) -> dict[str, Any]:
        """An object by its constructor's arguments, as far as it keeps them, and what it keeps."""
        try:
            names = list(inspect.signature(type(value)).parameters)
        except (TypeError, ValueError):
            names = []
        kept = {n: key for n in names for key in (n, f"_{n}") if hasattr(value, key)}
        held = {name: getattr(value, key) for name, key in kept.items()}
        if len(held) < len(names) or not names:
            public = {k: v for k, v in getattr(value, "__dict__", {}).items() if k[0] != "_"}
            held |= public
        return self.made(value, held)

    def made(self, value: Any, held: Mapping[str, Any]) -> dict[str, Any]:
        """An object of some attributes."""
        described = self.kind(type(value))
        described = described if isinstance(described, dict) else {"class": described}
        return described | self.mapping(held)


def _has_weights(value: Any) -> bool:
    of_tensorflow = hasattr(value, "get_weights") or hasattr(value, "name_scope")
    return hasattr(value, "state_dict") or (of_tensorflow and hasattr(value, "variables"))
