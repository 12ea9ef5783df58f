"""Good calls of the Captum plug-in: whole datasets."""

import torch
from torch import nn

from captum_submod import attribute_dataset, evaluate_dataset, visualization
from captum_submod.mistakes import explain_mistakes

from .calls import Case, choice, number
from .captum_kinds import X, lima, model
from .core_text import explained
from .dataset_kinds import FOLDERS, HOW, PLAN, RUN, SOURCE, fresh

METHOD = {
    "None": None,
    "a number": 3,
    "text": "lima",
    "an unknown module": "nowhere:lima",
    "a model": nn.Identity(),
    "a function": explain_mistakes,
    "a class": type(lima()),
}
MODEL = {"None": None, "a number": 3, "text": "model", "an unknown module": "nowhere:model"}
METRIC = {
    "None": None,
    "a number": 3,
    "an unknown name": "trust",
    "of masks": "pointing_game",
    "no metric": "METRICS",
    "a list": ["insertion"],
}


def data():
    """Two images with their classes."""
    return X.clone(), [0, 1]


STORED = attribute_dataset(lima(), data(), fresh())

CLASS = {"a list": [1], "an object": object(), "a fraction": 0.5}
CASES = [
    Case(
        attribute_dataset,
        lambda: (
            {"method": lima(), "dataset": data(), "folder": fresh(), "ids": None}
            | {"mistakes": False}
            | HOW
        ),
        {"method": METHOD, "dataset": SOURCE} | FOLDERS | PLAN | RUN,
    ),
    Case(
        evaluate_dataset,
        lambda: (
            {"explanations": STORED, "metric": "insertion", "forward_func": model()}
            | {"dataset": data(), "folder": fresh(), "steps": 2}
            | HOW
        ),
        {
            "explanations": FOLDERS["folder"],
            "metric": METRIC,
            "forward_func": MODEL,
            "dataset": SOURCE | {"another length": (X[:1], [0])},
            "steps": {},  # the metric's: see its case
            "shard_size": PLAN["shard_size"],
        }
        | FOLDERS
        | RUN,
        named={"explanations": "folder"},
    ),
    Case(
        visualization.plot_map,
        lambda: {"scores": torch.ones(4, 4), "image": X[0], "title": None, "cmap": "jet"},
        {"cmap": choice()},
    ),
    Case(
        visualization.text_record,
        lambda: {
            "explanation": explained(),
            "pieces": ["a", " b", " c", " d"],
            "target": 1,
            "predicted": "kind",
            "probability": 0.7,
            "truth": None,
        },
        {
            "target": CLASS | {"None": None},
            "predicted": CLASS | {"None": None},
            "probability": number(None),
            "truth": CLASS,
        },
    ),
]
