"""Fingerprint of a run: everything that its results depend on, as plain values."""

import copyreg
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from submod_core.dataset._code import (
    constants_of,
    functions_of,
    globals_of,
    held_by,
    installed,
    name_of,
    set_by_call,
)
from submod_core.dataset._modules import (
    arguments_of,
    has,
    modules_of,
    options_of,
    places_by_name,
    plain_tensor,
    source_of,
)

# Arguments that change how long a run takes, and not what it finds.
_OF_THE_RUN = {"batch_size", "perturbations_per_eval", "max_examples_per_batch", "verbose"}
_OF_THE_RUN |= {"show_progress"}


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
        # Places of Keras' operations by name, while the options of their model are described.
        self.names: dict[str, str] = {}

    def of(self, value: Any) -> Any:
        if isinstance(value, float | np.floating):
            return repr(float(value))
        if value is None or isinstance(value, bool | int | str):
            return self.names.get(value, value) if isinstance(value, str) else value
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
            (lambda v: has(v, "__array__") and has(v, "shape"), self.array),
            (lambda v: isinstance(v, Mapping), self.mapping),
            (lambda v: isinstance(v, Set), lambda v: sorted(json.dumps(self.of(x)) for x in v)),
            (lambda v: isinstance(v, Sequence), lambda v: [self.of(x) for x in v]),
            (lambda v: isinstance(v, partial), self.partial),
            (lambda v: isinstance(v, MethodType), self.method),
            (lambda v: isinstance(v, FunctionType), self.function),
            (lambda v: isinstance(v, BuiltinFunctionType | np.ufunc), self.builtin),
            # A function that remembers, as of `functools.cache`.
            (lambda v: callable(v) and has(v, "__wrapped__"), lambda v: self.of(v.__wrapped__)),
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
        kind = str(value.dtype)
        if hasattr(value, "detach"):
            value = plain_tensor(value)
        array = np.ascontiguousarray(np.asarray(value))
        if array.dtype.hasobject:  # whose bytes are addresses, others in every process
            entries = self.of(array.ravel().tolist())
            return {"array": "object", "shape": list(array.shape), "entries": entries}
        data = hashlib.sha256(array.tobytes()).hexdigest()[:16]
        kind = kind.removeprefix("torch.")
        return {"array": kind, "shape": list(array.shape), "sha256": data}

    def model(self, value: Any) -> dict[str, Any]:
        """A model of torch, Keras or TensorFlow: its modules and the contents of its weights."""
        if hasattr(value, "state_dict"):
            # Buffers that are not saved count as well.
            buffers = value.named_buffers() if hasattr(value, "named_buffers") else ()
            named = sorted((dict(buffers) | value.state_dict()).items())
            weights = {name: self.of(w) for name, w in named}
        else:
            listed = value.weights if hasattr(value, "get_weights") else value.variables
            weights = {f"{i} {w.name}": self.array(w) for i, w in enumerate(listed)}
        modules = modules_of(value)
        kind = name_of(type(value))
        self.places |= {
            id(module): (module, {"module": place, "of": kind})
            for place, module in modules.items()
            if module is not value
        }
        self.names, outer = places_by_name(modules), self.names
        described = [
            (place, name_of(type(module)), self.mapping(options_of(module)))
            for place, module in modules.items()
        ]
        self.names = outer
        kinds = dict.fromkeys(type(module) for module in modules.values())
        code = {name_of(k): found for k in kinds if (found := self.code_of(k, called=True))}
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

    def builtin(self, value: Any) -> dict[str, Any]:
        """A function of C: by its name, and the object that it is a method of."""
        owner = getattr(value, "__self__", None)
        return {"function": value.__name__, "of": self.of(owner)}

    def kind(self, value: type) -> Any:
        """A class."""
        code = self.code_of(value)
        return {"class": name_of(value), "code": digest(code)} if code else name_of(value)

    def code_of(self, kind: type, *, called: bool = False) -> dict[str, Any]:
        """Functions and constants of a class of the user's own, by name; else empty."""
        held = functions_of(kind, called=called) | constants_of(kind)
        return {name: self.of(value) for name, value in held.items()}

    def code(self, value: CodeType) -> list[Any]:
        constants = [self.of(x) for x in value.co_consts]
        return [value.co_code.hex(), list(value.co_names), constants]

    def record(self, value: Any) -> dict[str, Any]:
        held = {field.name: getattr(value, field.name) for field in fields(value)}
        return self.made(value, held)

    def object(self, value: Any) -> dict[str, Any]:
        """An object by its constructor's arguments, as far as it keeps them, and what it keeps."""
        kind: Any = type(value)
        names = arguments_of(kind)
        kept = {n: key for n in names for key in (f"_{n}", n) if has(value, key)}
        held = {name: getattr(value, key) for name, key in kept.items()}
        attributes = getattr(value, "__dict__", {})
        if not installed(kind):
            held |= {k: v for k, v in attributes.items() if k not in set_by_call(kind)}
        elif len(kept) < len(names) or not names:
            held |= {k: v for k, v in attributes.items() if k[0] != "_"}
        return self.made(value, held or source_of(value) or self.reduced(value))

    def reduced(self, value: Any) -> dict[str, Any]:
        """An object without attributes that can be seen: what a copy would be made of."""
        reduce: Any = copyreg.dispatch_table.get(type(value))
        try:
            made = value.__reduce_ex__(2) if reduce is None else reduce(value)
        except Exception:
            return {}
        return {"made": made if isinstance(made, str) else list(made[:3])}

    def made(self, value: Any, held: Mapping[str, Any]) -> dict[str, Any]:
        """An object of some attributes."""
        described = self.kind(type(value))
        described = described if isinstance(described, dict) else {"class": described}
        return described | self.mapping(held)


def _has_weights(value: Any) -> bool:
    of_tensorflow = hasattr(value, "get_weights") or hasattr(value, "name_scope")
    return hasattr(value, "state_dict") or (of_tensorflow and hasattr(value, "variables"))
