"""Fingerprints: equal for equal settings in every process, different where a result may be."""

import functools
import json
import math
import operator
import os
import re
import subprocess
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from submod_core.dataset import describe, differences, digest
from submod_core.scores import Weights
from submod_core.search import Guided

SCALE = 2.0


def scaled(x):
    return SCALE * x


def scaled_within(x):
    return [(lambda y: SCALE * y)(each) for each in x]


def times(factor):
    return lambda x: factor * x


def by_keyword(factor):
    def scale(x, *, factor=factor):
        return factor * x

    return scale


def kind_of(factor):
    """A class whose methods differ in a constant of their code."""
    source = f"""
class Mine:
    def __call__(self, x):
        return self.scaled(x)

    def scaled(self, x):
        return {factor} * x
"""
    made = {"__name__": __name__}
    exec(source, made)
    return made["Mine"]


@dataclass
class Options:
    steps: int = 3
    names: tuple[str, ...] = ("a",)
    more: dict[str, int] = field(default_factory=dict)


class Method:
    def __init__(self, model, steps=50):
        self.model, self.steps, self._cache = model, steps, object()


class Hidden:
    """Keeps its option by a private name."""

    def __init__(self, steps=50):
        self._steps = steps


class Elsewhere:
    """Keeps its option by another name."""

    def __init__(self, steps=50):
        self.options = {"steps": steps}


class Called:
    """Keeps its option by another name, and counts its calls."""

    def __init__(self, factor):
        self._by, self.calls = factor, 0

    def __call__(self, x):
        self.calls += 1
        return self._by * x


def with_helper(factor):
    """A function that uses one of a module of the user's own."""
    helper = types.ModuleType("helper")
    exec(f"def scaled(x): return {factor} * x", helper.__dict__)
    made = {"__name__": __name__, "helper": helper}
    exec("def use(x): return helper.scaled(x)", made)
    return made["use"]


class Model:
    """Stands for a module: it has weights, by torch's name for them."""

    def __init__(self, *weights):
        self.weights = weights

    def state_dict(self):
        return {f"w{i}": np.asarray(w) for i, w in enumerate(self.weights)}


PAIRS = {
    "numbers": (1, 2),
    "number and text": (1, "1"),
    "float and whole": (1, 1.0),
    "order": ([1, 2], [2, 1]),
    "arrays": (np.zeros(3), np.ones(3)),
    "dtypes": (np.zeros(3), np.zeros(3, "f4")),
    "arrays of objects": (np.array([1, "a"], object), np.array([2, "a"], object)),
    "shapes": (np.zeros((2, 3)), np.zeros((3, 2))),
    "weights": (Model([1.0]), Model([1.5])),
    "a method's model": (Method(Model([1.0])), Method(Model([2.0]))),
    "a method's option": (Method(None, 50), Method(None, 51)),
    "a private option": (Hidden(50), Hidden(51)),
    "an option by another name": (Elsewhere(50), Elsewhere(51)),
    "state of objects": (Called(2), Called(3)),
    "modules of one's own": (with_helper(2), with_helper(3)),
    "functions of NumPy": (np.exp, np.log),
    "functions of C": (math.sin, math.cos),
    "methods of C": ([1].index, [2].index),
    "partial functions of C": (functools.partial(math.pow, 2), functools.partial(math.atan2, 2)),
    "remembering": (functools.cache(lambda x: x + 1), functools.cache(lambda x: x - 1)),
    "paths": (Path("a"), Path("b")),
    "slices": (slice(1), slice(2)),
    "patterns": (re.compile("a"), re.compile("b")),
    "getters": (operator.itemgetter(0), operator.itemgetter(1)),
    "types of arrays": (np.dtype("f4"), np.dtype("f8")),
    "closures": (times(2), times(3)),
    "keyword defaults": (by_keyword(2), by_keyword(3)),
    "classes": (kind_of(2), kind_of(3)),
    "code of objects": (kind_of(2)(), kind_of(3)()),
    "code of methods": (kind_of(2)().scaled, kind_of(3)().scaled),
    "code": (lambda x: x + 1, lambda x: x - 1),
    "partial": (functools.partial(scaled, 1), functools.partial(scaled, 2)),
    "records": (Options(), Options(names=("b",))),
    "searches": (Guided(), Guided(window=0.3)),
    "weights of scores": (Weights(consistency=1), Weights(consistency=2)),
    "bytes": (b"a", b"b"),
    "methods of objects": (Model([1.0]).state_dict, Model([2.0]).state_dict),
    "nested": ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}),
}


@pytest.mark.parametrize(("one", "other"), PAIRS.values(), ids=PAIRS)
def test_what_differs_is_described_differently(one, other):
    assert digest(describe(one)) != digest(describe(other))
    assert differences(describe(one), describe(other))


EQUAL = {
    "batch sizes": ({"batch_size": 1, "steps": 2}, {"batch_size": 64, "steps": 2}),
    "caches": (Method(Model([1.0])), Method(Model([1.0]))),
    "closures": (times(2), times(2)),
    "sets": ({"a", "b", "c"}, {"c", "b", "a"}),
    "arrays of objects": (np.array([257 * 2, "a"], object), np.array([514, "a"], object)),
    "keys": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "kinds of numbers": (np.float64(0.5), 0.5),
}


@pytest.mark.parametrize(("one", "other"), EQUAL.values(), ids=EQUAL)
def test_what_is_equal_is_described_alike(one, other):
    assert describe(one) == describe(other)


@pytest.mark.parametrize("function", [scaled, scaled_within])
def test_a_global_that_a_function_uses_counts(function, monkeypatch):
    before = digest(describe(function))
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    assert digest(describe(function)) != before


def test_what_a_call_sets_is_no_option():
    one, before = Called(2), describe(Called(2))
    one(3)
    assert describe(one) == before


def of_the_label(x):
    return x.label


def test_an_attribute_is_no_global(monkeypatch):
    before = describe(of_the_label)
    monkeypatch.setitem(globals(), "label", "of a plot")
    assert describe(of_the_label) == before


def test_a_script_is_the_same_where_a_worker_imports_it():
    before = describe(kind_of(2))
    made = kind_of(2)
    made.__module__ = "__main__"
    there = kind_of(2)
    there.__module__ = "__mp_main__"
    for each in (made, there):
        for name in ("__call__", "scaled"):
            vars(each)[name].__module__ = each.__module__
    assert describe(made) == describe(there) != before


def test_an_object_that_cannot_be_read_is_described():
    class Unfitted:
        def __init__(self, scores):
            pass

        @property
        def scores(self):
            raise RuntimeError("not fitted")

    assert describe(Unfitted(1)) == describe(Unfitted(2))


def test_an_object_that_holds_itself():
    one = Options()
    one.more["self"] = one
    assert "holds this" in json.dumps(describe(one))


def test_descriptions_are_the_same_in_every_process():
    program = (
        "import test_fingerprint as t, json; from submod_core.dataset import describe;"
        "print(json.dumps({k: describe(v[0]) for k, v in (t.PAIRS | t.EQUAL).items()}))"
    )
    found = set()
    for seed in "012":
        path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": path}
        command = [sys.executable, "-c", program]
        found.add(subprocess.check_output(command, env=environment, text=True))
    assert len(found) == 1


def test_what_differs_is_named_by_its_place():
    one = {"method": {"regions": 49, "search": [1, 2]}, "seed": 0}
    other = {"method": {"regions": 196, "search": [1, 3]}, "seed": 0}
    assert differences(one, other) == ["method.regions: 49, now 196", "method.search[1]: 2, now 3"]
