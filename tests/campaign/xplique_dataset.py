"""Good calls of the Xplique plug-in: whole datasets."""

from xplique_submod import attribute_dataset, evaluate_dataset, visualization

from .calls import Case, choice
from .dataset_kinds import FOLDERS, HOW, PLAN, RUN, SOURCE, fresh
from .objects import SCORES
from .xplique_kinds import X, a_map, backbone, lima, model

METHOD = {
    "None": None,
    "a number": 3,
    "text": "lima",
    "an unknown module": "nowhere:lima",
    "a model": backbone(),
    "a function": a_map,
    "a class": type(lima()),
}
MODEL = {"None": None, "a number": 3, "text": "model", "an unknown module": "nowhere:model"}
METRIC = {
    "None": None,
    "a number": 3,
    "an unknown name": "Trust",
    "Captum's name": "insertion",
    "of masks": "PointingGame",
    "no metric": "METRICS",
    "a list": ["Insertion"],
}


def data():
    """Two images with their classes."""
    return X.copy(), [0, 1]


STORED = attribute_dataset(lima(), data(), fresh())

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
            {"explanations": STORED, "metric": "Insertion", "model": model}
            | {"dataset": data(), "folder": fresh(), "steps": 2}
            | HOW
        ),
        {
            "explanations": FOLDERS["folder"],
            "metric": METRIC,
            "model": MODEL,
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
        lambda: {"scores": SCORES / 16, "image": X[0], "title": None, "cmap": "jet"},
        {"cmap": choice()},
    ),
]
