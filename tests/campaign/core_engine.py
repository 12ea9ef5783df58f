"""Good calls of the core: engine, backends and the checks of what users write."""

import numpy as np

from submod_core import engine, methods, scores, search, testing
from submod_core.backends import backend_of
from submod_core.engine import Query, Responses
from submod_core.methods import LiMASettings
from submod_core.metrics import Sparsity
from submod_core.regions import GroundSet

from . import calls
from .calls import NAN, Case, choice, count, flag, function, instance, number, text, without
from .core_kinds import KINDS

TARGETS = np.array([0.5, 1.0, 2.0])


def oracle(examples, keep, features):
    rows = keep[:, :3] @ TARGETS[: keep.shape[1]]
    return Responses(target=rows, features=keep * 1.0 if features else None)


def answering(answer):
    """An oracle of a wrong answer."""
    return lambda examples, keep, features: answer(len(keep))


def asking():
    return (yield Query(np.eye(3, dtype=bool))).target


def ground_set():
    return GroundSet(np.arange(3), np.ones(3), np.zeros(3, bool))


BATCH_SIZE = without(count(), "text") | {"another word": "fast", "empty": ""}
ORACLE = without(function(), "text") | {
    "gives None": answering(lambda n: None),
    "gives an array": answering(np.ones),
    "gives too few": answering(lambda n: Responses(target=np.ones(n - 1))),
    "gives no target": answering(lambda n: Responses(target=None)),
    "gives text": answering(lambda n: Responses(target=np.full(n, "a"))),
    "gives two columns": answering(lambda n: Responses(np.ones(n), np.ones((n + 1, 2)))),
}
RUN = {
    "batch_size": BATCH_SIZE,
    "overlap": choice(optional=True),
    "on_batch": function(optional=True),
    "sources": {"a number": 3, "text": "model", "a list": ["model"]},
    "oracle": ORACLE,
}
SETS = {
    "None": None,
    "a number": 3,
    "of None": [None],
    "of numbers": [3],
    "a GroundSet": ground_set(),
}


def entered(description, total, show):
    with engine.progress_bar(description, total, show):
        pass


CASES = [
    Case(engine.BatchSize, lambda: {"size": 4}, {"size": BATCH_SIZE}),
    Case(
        engine.check_batch_size,
        lambda: {"name": "value", "value": 4},
        {"name": {}, "value": BATCH_SIZE},  # the name is the error's
    ),
    Case(engine.rounded_up, lambda: {"n": 5}, {"n": count(0)}),
    Case(
        engine.about,
        lambda: {"oracle": oracle, "examples": np.array([0, 1])},
        {
            "oracle": without(function(), "text"),
            "examples": calls.labels(np.array([0, 1]), negative=np.array([-1, 0])),
        },
    ),
    Case(
        entered,
        lambda: {"description": "LiMA", "total": 3, "show": False},
        {"description": text(), "total": count(0, optional=True), "show": flag()},
        name="progress_bar",
    ),
    Case(
        engine.drive,
        lambda: {
            "procedures": [asking()],
            "oracle": oracle,
            "inert": [np.zeros(3, bool)],
            "batch_size": 4,
            "overlap": None,
            "on_batch": None,
            "sources": None,
            "checked": False,
            "remembered": 9,
        },
        RUN
        | {
            "procedures": {"None": None, "a number": 3, "of None": [None], "functions": [asking]},
            "inert": {
                "None": None,
                "a number": 3,
                "too few": [],
                "of numbers": [np.zeros(3)],
                "of None": [None],
                "two axes": [np.zeros((3, 1), bool)],
            },
            "checked": flag(),
            "remembered": count(),
        },
    ),
    Case(
        methods.explain,
        lambda: {
            "oracle": oracle,
            "sets": [ground_set()],
            "settings": LiMASettings.of("singletons", {"consistency": 1}),
            "batch_size": 4,
            "overlap": None,
            "on_batch": None,
            "sources": None,
        },
        RUN | {"sets": SETS, "settings": instance()},
        name="core.explain",
    ),
    Case(
        scores.Objective,
        lambda: {
            "n": 3,
            "weights": scores.Weights(),
            "distance": "cosine",
            "feature_target": False,
            "budget": None,
            "fewer_rounds": False,
        },
        {
            "weights": instance(),
            "feature_target": flag(),
            "budget": without(instance(), "None"),
            "fewer_rounds": flag(),
        },
    ),
    Case(
        scores.count_inputs,
        lambda: {"run": search.Greedy().start(4), "complements": False},
        {"run": instance() | {"a search": search.Greedy()}, "complements": flag()},
    ),
    Case(
        search.Order,
        lambda: {"n": 3, "sees_complements": True, "budget": None, "parts": ("kept",)},
        {"sees_complements": flag(), "budget": without(instance(), "None")}
        | {"parts": {"None": None, "text": "kept", "a number": 3, "another part": ["right"]}}
        | {"sizes": without(KINDS["sizes"], "None", "zeros")}
        | {"known": {"of numbers": np.eye(3), "another width": np.eye(4, dtype=bool)}},
    ),
    Case(
        backend_of,
        lambda: {"array": np.ones(3), "name": "array"},
        {"array": {"None": None, "a number": 3, "a list": [1.0], "text": "a"}, "name": text()},
    ),
    Case(
        testing.check_search,
        lambda: {"search": "greedy", "n": 4, "seed": 0},
    ),
    Case(
        testing.check_metric,
        lambda: {"metric": Sparsity(), "n": 4, "seed": 0},
        {"metric": instance() | {"a class": Sparsity}, "n": count(2)},
    ),
    Case(
        testing.check_oracle,
        lambda: {
            "oracle": oracle,
            "sets": [ground_set()],
            "reference": None,
            "seed": 0,
            "atol": 1e-6,
        },
        {
            "oracle": without(function(), "text"),
            "sets": SETS | {"empty": []},
            "reference": without(function(True), "text") | {"nan": NAN},
            "atol": number(),
        },
    ),
]
