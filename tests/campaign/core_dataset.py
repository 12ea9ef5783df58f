"""Good calls of the core: runs over datasets, their results and reports."""

from dataclasses import replace

import numpy as np
import toy_runs

from submod_core import dataset
from submod_core.dataset import Run, Scores

from .calls import NAN, Case, array, count, file, flag, function, instance, share, text, without
from .dataset_kinds import (
    ARRAYS,
    BATCHES,
    FOLDERS,
    IDS,
    IMAGES,
    MAPS,
    NAMES,
    OPENED,
    PICTURES,
    PLAN,
    RUN,
    SOURCE,
    STORED,
    VALUES,
    fresh,
)

TOY = replace(toy_runs.Toy(), n=2)


def read(dataset_, transform):
    """An example of a dataset."""
    return dataset.reading(dataset_, transform)(0, "a")


def item(columns):
    """A table of some columns."""
    return STORED.table(columns)


def map_of(signed):
    """A map of stored explanations."""
    return STORED.map(0, signed)


def mappings(good):
    """Bad values of scores of metrics and methods."""
    return {
        "a number": 3,
        "text": "insertion",
        "a list": [good],
        "of numbers": {"insertion": 3},
        "of one method": {"insertion": good},
        "of methods' numbers": {"insertion": {"mine": 0.5}},
        "of other examples": {"insertion": {"mine": Scores(np.ones(2), ("a", "c"))}},
    }


CASES = [
    Case(
        dataset.Plan,
        lambda: {"ids": IDS, "shard_size": 2},
        PLAN | {"ids": without(NAMES, "too many") | {"a list": list(IDS), "None": None}},
    ),
    Case(
        dataset.Plan.of,
        lambda: {"dataset": [1, 2], "ids": IDS, "shard_size": 2},
        {"dataset": {"empty": []}} | PLAN,
    ),
    Case(
        Run,
        lambda: {
            "engine": None,
            "n_workers": 1,
            "num_gpus": 0,
            "address": None,
            "retry_failed": False,
            "show_progress": False,
        },
        RUN,
    ),
    Case(
        dataset.run_task,
        lambda: {"task": TOY, "place": fresh(), "ids": IDS, "shard_size": 2, "how": Run()},
        {"task": instance(), "place": OPENED, "how": instance()} | PLAN,
        named={"place": "folder"},
    ),
    Case(
        dataset.bootstrap_mean,
        lambda: {"values": VALUES.copy(), "level": 0.95, "seed": 0},
        {"values": array(np.ones(2), finite=False), "level": share()},
    ),
    Case(
        Scores,
        lambda: {"values": VALUES.copy(), "ids": IDS},
        {"values": array(np.ones(2), finite=False), "ids": without(NAMES, "twice the same")},
        named={"values": "ids"},
    ),
    Case(
        Scores(VALUES, IDS).minus,
        lambda: {"other": Scores(VALUES, IDS)},
        {"other": instance() | {"of other examples": Scores(VALUES, ("a", "c"))}},
        name="Scores.minus",
    ),
    Case(
        dataset.ImageFolder,
        lambda: {"path": IMAGES, "targets": {"a.png": 1}},
        {
            "path": file() | {"no folder": __file__, "no images": MAPS},
            "targets": {"a number": 3, "a list": [1, 2], "text": "a", "of no image": {"c": 1}}
            | {"of text": {"a.png": "cat"}, "negative": {"a.png": -1}, "nan": {"a.png": NAN}},
        },
        named={"targets": "path"},
    ),
    Case(
        dataset.Arrays,
        lambda: {"inputs": PICTURES.copy(), "targets": np.array([0, 1])},
        {
            "inputs": ARRAYS | {"another length": PICTURES[:1]},
            "targets": without(ARRAYS, "None") | {"another length": [1]},
        },
    ),
    Case(dataset.Unbatched, lambda: {"batches": [(PICTURES, [0, 1])]}, {"batches": BATCHES}),
    Case(
        dataset.dataset_of,
        lambda: {"source": (PICTURES.copy(), [0, 1])},
        {"source": without(SOURCE, "empty", "an empty array")},
        named={"source": "dataset"},
    ),
    Case(
        read,
        lambda: {"dataset_": [1], "transform": lambda x: (np.ones(3), 1)},
        {
            "dataset_": {},  # see `dataset_of`
            "transform": function(optional=True)
            | {"gives a mapping": lambda x: {"a": x}, "gives three": lambda x: (x, 1, 1)},
        },
        name="reading an example",
    ),
    Case(
        dataset.folder_of,
        lambda: {"place": fresh(), "name": "folder"},
        {"place": without(OPENED, "a file"), "name": {}},  # the argument, for errors
        named={"place": "folder"},
    ),
    Case(
        dataset.LocalFolder,
        lambda: {"path": fresh(), "name": "folder"},
        {"path": file(), "name": {}},
        named={"path": "folder"},
    ),
    Case(
        dataset.RemoteFolder,
        lambda: {"url": "memory://a"},
        {"url": without(OPENED, "empty", "a file")},
        named={"url": "folder"},
    ),
    Case(
        dataset.manifest_of,
        lambda: {"folder": MAPS, "missing_ok": False},
        FOLDERS | {"missing_ok": flag()},
    ),
    Case(dataset.open_explanations, lambda: {"folder": MAPS}, FOLDERS),
    Case(dataset.StoredExplanations, lambda: {"folder": STORED.folder}, FOLDERS),
    Case(
        item,
        lambda: {"columns": ["id", "seed"]},
        {"columns": {"a number": 3, "text": "id", "unknown": ["logits"], "of numbers": [3]}},
        name="StoredExplanations.table",
    ),
    Case(map_of, lambda: {"signed": False}, name="StoredExplanations.map"),
    Case(
        dataset.named,
        lambda: {"text": "math:sqrt", "name": "text"},
        {
            "text": text()
            | {"a name alone": "three", "relative": ".calls:Case", "an empty module": ":sqrt"}
            | {"an unknown module": "nowhere:sqrt", "an unknown function": "math:nothing"},
            "name": {},  # the argument, for errors
        },
    ),
    Case(
        dataset.resolved,
        lambda: {"source": [1], "name": "source", "is_object": lambda x: isinstance(x, list)},
        {
            "source": without(SOURCE, "empty", "another length", "a tuple of three"),
            "name": {},
            "is_object": {},  # the host's
        },
    ),
    Case(
        dataset.digest,
        lambda: {"value": {"a": [1, 2.0, None]}},
        {"value": {"an array": np.ones(3), "an object": object(), "inside": {"a": {1, 2}}}},
    ),
    Case(
        dataset.write_report,
        lambda: {
            "file": f"{fresh()}.html",
            "methods": {"mine": MAPS},
            "scores": {"insertion": {"mine": Scores(np.array([0.5, 0.7]), IDS)}},
            "dataset": PICTURES,
            "transform": None,
            "picture": None,
            "class_names": ["cat", "dog"],
            "n_examples": 1,
            "title": "Maps",
        },
        {
            "methods": {"None": None, "a number": 3, "a list": [MAPS], "empty": {}, "text": MAPS}
            | {"of None": {"a": None}, "of numbers": {"a": 3}},
            "scores": mappings(Scores(VALUES, IDS)),
            "dataset": without(SOURCE, "None", "empty", "an empty array"),
            "transform": function(optional=True),
            "picture": function(optional=True),
            "class_names": {"a number": 3, "text": "ab", "too few": ["cat"], "a mapping": {0: "a"}},
            "n_examples": count(0),
            "title": text(),
        },
    ),
]
