"""Good calls of the Captum plug-in: the metrics and the figures."""

import torch

from captum_submod import metrics, visualization
from submod_core import metrics as core_metrics

from .calls import Case, array, count, function, instance, without
from .captum_kinds import KINDS, MASK, X, model, sum_of_parts, tensor
from .core_kinds import DECLARED, GROUP_MODEL, LABELS
from .objects import SCORES, explanation, group_explanation, mistake

SHARED = {
    "activation": "softmax",
    "class_axis": 1,
    "features": None,
    "class_embeddings": None,
    "scale": 100.0,
    "layout": None,
}


def asked(**others):
    return (
        {
            "forward_func": model(),
            "inputs": X.clone(),
            "attributions": X.clone(),
            "baselines": 0.0,
            "target": 1,
            "additional_forward_args": None,
            "feature_mask": MASK,
            "max_examples_per_batch": 4,
        }
        | SHARED
        | others
    )


CURVES = {
    "insertion": {},
    "deletion": {},
    "faithfulness_curves": {},
    "highest_confidence": {"max_area": 1.0},
    "strong_interactions": {"threshold": 0.5, "direction": "fall"},
}
PATCHES = {"patch_size": 2, "n_patches": 2, "feature_mask": None, "windows": "grid"}
BOOLS = torch.ones(2, 4, 4, dtype=torch.bool)
MASK_OF_MAPS = tensor(BOOLS.double(), **{"another size": BOOLS[..., :3]})
FACTORIES = (
    ("model_metric", core_metrics.Insertion, core_metrics.Sparsity),
    ("map_metric", core_metrics.Sparsity, core_metrics.Insertion),
    ("mask_metric", core_metrics.PointingGame, core_metrics.Insertion),
)
TWO = [group_explanation(), group_explanation()]
TOPS = {"tops": KINDS["max_areas"] | {"empty": ()}}

CASES = [
    *[
        Case(
            getattr(metrics, name),
            lambda own=own: asked(steps=3, **own),
            name=name,
            named={"inputs": "forward_func"},
        )
        for name, own in CURVES.items()
    ],
    Case(
        metrics.mu_fidelity,
        lambda: asked(cells=2, subset_size=0.5, n_samples=4, seed=0, correlation="pearson"),
        name="mu_fidelity",
        named={"inputs": "forward_func"},
    ),
    *[
        Case(
            getattr(metrics, name),
            lambda own=own: asked(**PATCHES, **own),
            {"feature_mask": {"a mask": MASK}},
            named={"inputs": "forward_func"},
            name=name,
        )
        for name, own in (("aupc", {"divided": False, "draws": 1}), ("perturbation_curves", {}))
    ],
    Case(
        metrics.pointing_game,
        lambda: {"attributions": X.clone(), "masks": BOOLS},
        {"masks": MASK_OF_MAPS, "attributions": without(tensor(X), "too large")},
        named={"masks": "mask"},
    ),
    Case(
        metrics.human_agreement,
        lambda: {"attributions": X.clone(), "masks": BOOLS, "k": 2},
        {
            "masks": MASK_OF_MAPS,
            "k": without(count(), "a list", "an array") | {"too large": 99, "empty": []},
            "attributions": tensor(X),
        },
        named={"masks": "mask"},
    ),
    Case(metrics.sparsity, lambda: {"attributions": X.clone()}, {"attributions": tensor(X)}),
    Case(
        metrics.robustness,
        lambda: {
            "explanation_func": lambda x: x,
            "inputs": X.clone(),
            "k": 2,
            "radius": 0.1,
            "n_samples": 2,
            "seed": 0,
            "layout": None,
        },
        {
            "explanation_func": function()
            | {
                "gives text": lambda x: "a",
                "gives nan": lambda x: x * float("nan"),
                "gives None": lambda x: None,
            },
            "k": count() | {"too large": 99},
        },
        named={"explanation_func": "attributions"},
    ),
    Case(
        metrics.probing_accuracy,
        lambda: {"explanations": TWO, "labels": [0, 1], "epochs": 1, "seed": 0, "probe": "linear"},
        {
            "explanations": {"None": None, "a number": 3, "empty": [], "of None": [None, None]},
            "labels": {"None": None, "too few": [0], "a number": 3, "nan": [0, float("nan")]},
            "probe": {"unknown": "forest", "None": None},
        },
    ),
    *[
        Case(
            getattr(metrics, name),
            lambda declared=declared: {"declared": declared},
            {"declared": DECLARED | {"of another kind": other}},
        )
        for name, declared, other in FACTORIES
    ],
    Case(
        metrics.grown_insertion,
        lambda: {
            "model": sum_of_parts(),
            "inputs": X.clone(),
            "feature_mask": None,
            "tops": (0.5, 1.0),
        },
        GROUP_MODEL | TOPS,
    ),
    *[
        Case(
            getattr(metrics, name),
            lambda others=others: (
                {"model": sum_of_parts(), "inputs": X.clone(), "feature_mask": None}
                | {"labels": torch.tensor([0, 1])}
                | others
            ),
            GROUP_MODEL | LABELS | kinds,
            named={"inputs": "labels"},
        )
        for name, others, kinds in (
            ("grown_deletion", {"tops": (0.5, 1.0)}, TOPS),
            ("errors_by_sparsity", {"tops": (0.5, 1.0)}, TOPS),
        )
    ],
    Case(
        visualization.plot_explanation,
        lambda: (
            {"explanation": explanation(), "image": X[0], "max_area": 1.0, "title": None}
            | {"shown": "highest", "cmap": "jet"}
        ),
        {"image": array(SCORES)},
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
        {"most": count(), "image": array(SCORES), "target": count(-2) | {"too large": 2}},
    ),
    Case(
        visualization.plot_mistake,
        lambda: {"mistake": mistake(), "image": X[0], "classes": None},
        {"mistake": instance(), "image": array(SCORES)},
    ),
]
