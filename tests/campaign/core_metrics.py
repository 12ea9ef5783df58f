"""Good calls of the core: metrics."""

import numpy as np

from submod_core import metrics

from .calls import Case, array, choice, count, counts, labels, number, share, without
from .core_kinds import (
    BOOLS,
    FEATURE_MASK,
    GROUP_MODEL,
    INPUTS,
    KINDS,
    LABELS,
    MASK,
    MASKS,
    NUMBERS,
    ROWS,
    WIDE,
    a_model,
)
from .objects import SCORES, group_explanation

CASES = [
    *[
        Case(getattr(metrics, name), lambda: {"steps": 3})
        for name in ("FaithfulnessCurves", "Insertion", "Deletion")
    ],
    Case(metrics.HighestConfidence, lambda: {"steps": 3, "max_area": 0.5}),
    Case(
        metrics.StrongInteractions,
        lambda: {"steps": 3, "threshold": 0.5, "direction": "fall"},
        {"threshold": number()},
    ),
    Case(
        metrics.AUPC,
        lambda: {
            "patch_size": 2,
            "n_patches": 2,
            "windows": "sliding",
            "divided": True,
            "draws": 2,
        },
    ),
    Case(
        metrics.PerturbationCurves,
        lambda: {"patch_size": 2, "n_patches": 2, "windows": "grid"},
    ),
    Case(
        metrics.sliding_patches,
        lambda: {"scores": SCORES.copy(), "size": 2, "n": 2},
        {"size": count() | {"too large": 5}},
        named={"size": "patch_size"},
    ),
    Case(
        metrics.MuFidelity,
        lambda: {
            "cells": 2,
            "subset_size": 0.5,
            "n_samples": 4,
            "seed": 0,
            "correlation": "pearson",
        },
        {"cells": count(), "subset_size": share() | {"all": 1.0}, "correlation": choice()},
    ),
    Case(
        metrics.HumanAgreement,
        lambda: {"k": 2},
        {"k": without(count(), "a list", "an array") | {"one is zero": [1, 0], "empty": []}},
    ),
    Case(
        metrics.Robustness,
        lambda: {"k": 2, "radius": 0.5, "n_samples": 2, "seed": 0},
        {"radius": number(zero=0.0)},
    ),
    Case(
        metrics.PointingGame().number,
        lambda: {"scores": SCORES.copy(), "mask": MASK},
        {"mask": MASKS, "scores": NUMBERS},
        named={"scores": "attributions"},
        name="PointingGame.number",
    ),
    Case(
        metrics.HumanAgreement(k=2).number,
        lambda: {"scores": SCORES.copy(), "mask": MASK},
        {"mask": array(SCORES, **{"another size": np.ones((2, 2))}), "scores": NUMBERS},
        named={"scores": "attributions"},
        name="HumanAgreement.number",
    ),
    Case(
        metrics.Sparsity().number,
        lambda: {"scores": SCORES.copy(), "mask": None},
        {"mask": {}},  # not looked at
        named={"scores": "attributions"},
        name="Sparsity.number",
    ),
    Case(
        metrics.top_k,
        lambda: {"scores": SCORES.copy(), "k": 2},
        {"scores": NUMBERS},
        named={"scores": "attributions"},
    ),
    Case(
        metrics.jaccard,
        lambda: {"one": BOOLS.copy(), "other": BOOLS.copy()},
        {"one": labels(BOOLS * 1, **{"longer": np.ones(5, bool)}), "other": labels(BOOLS * 1)},
    ),
    Case(
        metrics.square_patches,
        lambda: {"shape": (4, 4), "size": 2},
        {"shape": counts(), "size": count() | {"too large": 5}},
        named={"size": "patch_size"},
    ),
    Case(
        metrics.kl_fidelity,
        lambda: {"logits": WIDE.copy(), "summed": WIDE.copy()},
        {"logits": ROWS, "summed": ROWS},
    ),
    Case(
        metrics.group_iou,
        lambda: {"explanation": group_explanation(), "target": 0, "mask": MASK},
        {"mask": MASKS},
    ),
    Case(
        metrics.object_share,
        lambda: {"explanation": group_explanation(), "target": 0, "mask": MASK},
        {"mask": MASKS},
    ),
    *[
        Case(
            getattr(metrics, name),
            lambda: {"group": MASK, "values": SCORES.copy()},
            {"group": MASKS, "values": array(SCORES)},
        )
        for name in ("void_alignment", "cluster_alignment")
    ],
    Case(
        metrics.structure_purity,
        lambda: {
            "group": MASK,
            "values": SCORES.copy(),
            "void_threshold": 0.5,
            "cluster_threshold": 0.5,
        },
        {
            "group": MASKS,
            "values": array(SCORES),
            "void_threshold": number(None),
            "cluster_threshold": number(None),
        },
    ),
    Case(
        metrics.grown_insertion,
        lambda: {"model": a_model, "inputs": WIDE, "feature_mask": None, "tops": (0.5, 1.0)},
        GROUP_MODEL | INPUTS | FEATURE_MASK | {"tops": KINDS["max_areas"] | {"empty": ()}},
    ),
    Case(
        metrics.grown_deletion,
        lambda: {
            "model": a_model,
            "inputs": WIDE,
            "labels": np.array([0, 1]),
            "feature_mask": None,
            "tops": (0.5, 1.0),
        },
        GROUP_MODEL | INPUTS | LABELS | FEATURE_MASK | {"tops": KINDS["max_areas"] | {"empty": ()}},
    ),
    Case(
        metrics.errors_by_sparsity,
        lambda: {
            "model": a_model,
            "inputs": WIDE,
            "labels": np.array([0, 1]),
            "tops": (0.5, 1.0),
            "feature_mask": None,
        },
        GROUP_MODEL | INPUTS | LABELS | FEATURE_MASK | {"tops": KINDS["max_areas"] | {"empty": ()}},
    ),
    *[
        Case(
            getattr(metrics, name),
            lambda: {
                "model": a_model,
                "inputs": WIDE,
                "targets": np.array(a_model(WIDE)) * 0,
                "feature_mask": None,
                "tops": (0.5, 1.0),
            },
            GROUP_MODEL
            | INPUTS
            | FEATURE_MASK
            | {"targets": array(WIDE), "tops": KINDS["max_areas"] | {"empty": ()}},
        )
        for name in (
            "grown_insertion_error",
            "grown_deletion_error",
            "squared_errors_by_sparsity",
        )
    ],
    Case(metrics.tops_by, lambda: {"step": 1, "n": 4}, {"step": count(), "n": count()}),
    Case(
        metrics.group_structures,
        lambda: {"explanation": group_explanation(), "target": 0, "values": SCORES.copy()},
        {"values": array(SCORES)},
    ),
    Case(
        metrics.grouped_order,
        lambda: {"explanation": group_explanation(), "target": 0, "attribution": SCORES.copy()},
        {"attribution": array(SCORES)},
    ),
    Case(
        metrics.grown_area,
        lambda: {"probabilities": WIDE.copy(), "full": np.ones(2), "tops": (0.5, 1.0)},
        {
            "probabilities": ROWS,
            "full": array(np.ones(2), zeros=np.zeros(2)),
            "tops": array(np.array([0.5, 1.0]), falling=(1.0, 0.5)),
        },
    ),
]
