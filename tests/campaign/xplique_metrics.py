"""Good calls of the Xplique plug-in: the metrics and the figures."""

import numpy as np

from submod_core import metrics as core_metrics
from xplique_submod import metrics, visualization

from .calls import NAN, Case, count, function, instance, without
from .core_kinds import DECLARED
from .objects import explanation, group_explanation, mistake
from .xplique_kinds import KINDS, MASK, X, Y, a_map, model

SHARED = {
    "batch_size": 4,
    "operator": None,
    "activation": "softmax",
    "features": None,
    "class_embeddings": None,
    "scale": 100.0,
    "layout": None,
}
MAKING = {"regions": {}, "baseline_mode": {}}  # checked on use: see below
CURVES = {
    "Insertion": {},
    "Deletion": {},
    "HighestConfidence": {"max_area": 1.0},
    "StrongInteractions": {"threshold": 0.5, "direction": "fall"},
}
OTHERS = {
    "MuFidelity": {
        "cells": 2,
        "subset_size": 0.5,
        "n_samples": 4,
        "seed": 0,
        "correlation": "pearson",
    },
    "AUPC": {"patch_size": 2, "n_patches": 2, "windows": "sliding", "divided": False, "draws": 1},
}
NAMED = {"explanations": "attributions", "masks": "mask"}
BOOLS = np.ones((2, 4, 4), bool)
FACTORIES = (
    ("model_metric", core_metrics.Insertion, core_metrics.Sparsity),
    ("map_metric", core_metrics.Sparsity, core_metrics.Insertion),
    ("mask_metric", core_metrics.PointingGame, core_metrics.Insertion),
)
TWO = [group_explanation(), group_explanation()]


def asked(**others):
    return (
        {
            "model": model,
            "inputs": X.copy(),
            "targets": Y.copy(),
            "baseline_mode": 0.0,
            "regions": None,
        }
        | SHARED
        | others
    )


def used(regions=None, baseline_mode=0.0):
    return metrics.Insertion(
        model, X, Y, regions=regions, baseline_mode=baseline_mode, steps=3
    ).per_example(X)


def masked(kind, **settings):
    return lambda explanations, masks: getattr(metrics, kind)(masks, **settings).per_example(
        explanations
    )


EXPLANATIONS = {"explanations": without(KINDS["explanations"], "another size")}

CASES = [
    *[
        Case(
            getattr(metrics, name),
            lambda own=own: asked(steps=3, **own),
            MAKING,
            name=name,
            named={"inputs": "model"},
        )
        for name, own in CURVES.items()
    ],
    *[
        Case(
            getattr(metrics, name),
            lambda own=own: asked(**own),
            MAKING,
            name=name,
            named={"inputs": "model"},
        )
        for name, own in OTHERS.items()
    ],
    Case(
        used,
        lambda: {"regions": MASK, "baseline_mode": 0.0},
        {
            "regions": {
                "text": "few",
                "another size": MASK[:3],
                "fractions": MASK + 0.5,
                "nan": MASK * NAN,
                "an object": object(),
                "a number": 3,
            },
            "baseline_mode": KINDS["baseline"],
        },
        named={"baseline_mode": "baseline"},
    ),
    *[
        Case(
            getattr(metrics, name)(**asked(**own)).per_example,
            lambda: {"explanations": X.copy()},
            name=f"{name}.per_example",
            named=NAMED,
        )
        for name, own in (OTHERS | {"Insertion": {"steps": 3}}).items()
    ],
    Case(
        metrics.Robustness,
        lambda: {
            "model": model,
            "inputs": X.copy(),
            "targets": Y.copy(),
            "batch_size": 4,
            "activation": None,
            "k": 2,
            "radius": 0.1,
            "n_samples": 2,
            "seed": 0,
            "layout": None,
        },
    ),
    Case(
        metrics.Robustness(model, X, Y, k=2, n_samples=2).per_example,
        lambda: {"explainer": a_map},
        {
            "explainer": function()
            | {"gives text": lambda x, y: "a", "gives nan": lambda x, y: x * NAN}
        },
        name="Robustness.per_example",
        named={"explainer": "attributions"},
    ),
    Case(
        metrics.HumanAgreement,
        lambda: {"masks": BOOLS, "k": 2},
        {"k": without(count(), "a list", "an array") | {"empty": []}},
        named=NAMED,
    ),
    Case(metrics.PointingGame, lambda: {"masks": BOOLS}, named=NAMED),
    Case(
        masked("PointingGame"),
        lambda: {"explanations": X.copy(), "masks": BOOLS},
        EXPLANATIONS,
        name="PointingGame.per_example",
        named=NAMED,
    ),
    Case(
        masked("HumanAgreement", k=2),
        lambda: {"explanations": X.copy(), "masks": BOOLS},
        EXPLANATIONS,
        name="HumanAgreement.per_example",
        named=NAMED,
    ),
    Case(
        metrics.Sparsity().per_example,
        lambda: {"explanations": X.copy()},
        EXPLANATIONS,
        name="Sparsity.per_example",
        named=NAMED,
    ),
    Case(
        metrics.probing_accuracy,
        lambda: {"explanations": TWO, "labels": [0, 1], "epochs": 1, "seed": 0, "probe": "linear"},
        {
            "explanations": {"None": None, "a number": 3, "empty": [], "of None": [None, None]},
            "labels": {"None": None, "too few": [0], "a number": 3, "nan": [0, NAN]},
            "probe": {"unknown": "forest", "None": None},
        },
    ),
    *[
        Case(
            getattr(metrics, name),
            lambda declared=declared: {"declared": declared},
            {"declared": DECLARED | {"of another kind": other}},
            name=name,
        )
        for name, declared, other in FACTORIES
    ],
    Case(
        visualization.plot_explanation,
        lambda: (
            {"explanation": explanation(), "image": X[0], "max_area": 1.0, "title": None}
            | {"shown": "highest", "cmap": "jet"}
        ),
    ),
    Case(
        visualization.plot_groups,
        lambda: {
            "explanation": group_explanation(),
            "image": X[0],
            "target": 1,
            "most": 2,
            "classes": None,
            "title": None,
        },
        {"most": count()},
    ),
    Case(
        visualization.plot_mistake,
        lambda: {"mistake": mistake(), "image": X[0], "classes": None},
        {"mistake": instance()},
    ),
]
