"""Good calls of the core: divisions and results."""

import numpy as np

import submod_core as core
from submod_core import regions, results, sop

from . import calls, pixel_kinds
from .calls import Case, array, count, counts, labels, number, share, without
from .core_kinds import FOLDER, GRID, MASK, MASKS, VECTOR, saved
from .objects import MAP, SCORES, curves, explanation, group_explanation

CASES = [
    *pixel_kinds.cases(regions.PixelSpace, None, first=True),
    Case(
        regions.class_names,
        lambda: {"model": {0: "cat", 1: "dog"}},
        {
            "model": {"None": None, "a number": 3, "empty": {}, "from one on": {1: "cat"}}
            | {"words": {"a": "cat"}, "an object": object()}
        },
    ),
    Case(core.grid, lambda: {"shape": (4, 4), "cells": (2, 2)}, GRID),
    Case(
        core.from_masks,
        lambda: {"masks": [MASK], "min_area": 0.1},
        {"masks": MASKS | {"empty": []}, "min_area": number(0, one=1.0)},
    ),
    Case(core.slico, lambda: {"image": SCORES.copy(), "n": 4}),
    Case(core.watershed, lambda: {"image": SCORES.copy(), "n": 4}),
    Case(
        regions.supervoxels,
        lambda: {"volume": np.ones((4, 4, 4, 1)), "n": 4},
        {"volume": array(np.ones((4, 4, 4, 1)))},
    ),
    Case(regions.compact, lambda: {"labels": MAP.copy()}, {"labels": labels(MAP)}),
    Case(
        regions.saliency_patches,
        lambda: {"saliency": SCORES.copy(), "patches": (2, 2), "n": 2},
        {"saliency": array(SCORES), "patches": counts()},
        named={"patches": "cells"},
    ),
    Case(
        regions.check_regions,
        lambda: {"regions": 3, "name": "regions"},
        {"regions": number(1) | {"empty": ()}, "name": {}},
    ),
    Case(
        regions.Division,
        lambda: {"regions": 4, "name": "regions", "of_images": 49, "of_others": 49},
        {"regions": number(1) | {"empty": ()}, "name": calls.text()}
        | {"of_images": count(), "of_others": count()},
    ),
    Case(
        regions.Layout,
        lambda: {"axes": "NCHW"},
        {"axes": calls.text() | {"no batch": "CHW", "empty": ""}},
        named={"axes": "layout"},
    ),
    Case(
        regions.Layout.of,
        lambda: {"layout": "NCHW", "shape": (1, 3, 4, 4), "found": None},
        {
            "layout": calls.text(True) | {"other axes": "NF"},
            "shape": without(counts(), "zero"),
            "found": calls.text(True),
        },
    ),
    Case(
        regions.region_means,
        lambda: {"scores": SCORES.copy(), "labels": MAP.copy()},
        {"labels": labels(MAP), "scores": array(SCORES, axes=False)},
    ),
    Case(
        regions.region_sums,
        lambda: {"scores": SCORES.copy(), "labels": MAP.copy()},
        {"labels": labels(MAP), "scores": array(SCORES, axes=False)},
    ),
    Case(
        regions.painted_regions,
        lambda: {"scores": VECTOR.copy(), "labels": MAP.copy()},
        {"labels": labels(MAP), "scores": array(VECTOR)},
    ),
    Case(results.rank_importance, lambda: {"order": np.array([1, 0, 2, 3])}),
    Case(
        core.importance,
        lambda: {"order": [1, 0], "consistency": [0.0, 0.3, 0.9], "collaboration": [0.0, 0.2, 0.9]},
        {
            "order": labels(np.array([1, 0])),
            "consistency": array(np.ones(3), **{"too long": np.ones(4)}),
            "collaboration": array(np.ones(3), **{"too long": np.ones(4)}),
        },
    ),
    Case(
        results.is_flat,
        lambda: {"consistency": VECTOR.copy(), "collaboration": VECTOR.copy()},
        {"consistency": array(VECTOR), "collaboration": array(VECTOR)},
    ),
    Case(
        results.auc,
        lambda: {"values": VECTOR.copy(), "area": VECTOR.copy()},
        {
            "values": array(VECTOR, **{"too long": np.ones(5)}),
            "area": array(VECTOR, falling=-VECTOR),
        },
    ),
    Case(results.areas, lambda: {"order": np.arange(4), "sizes": np.ones(4)}),
    Case(results.check_areas, lambda: {"max_areas": [0.5, 1.0]}, named={"max_areas": "max_area"}),
    Case(
        results.rank_groups,
        lambda: {"saliency": SCORES.copy(), "steps": 3},
        {"saliency": array(SCORES)},
    ),
    Case(
        results.reveal_order,
        lambda: {"attribution": SCORES.copy(), "shape": (4, 4), "regions": None, "steps": 3},
        {
            "attribution": array(SCORES),
            "shape": counts(),
            "regions": labels(MAP, **{"another size": np.zeros((3, 3), int)}),
        },
        named={"attribution": "attributions", "shape": "attributions"},
    ),
    Case(
        results.painted,
        lambda: {"attribution": SCORES.copy(), "shape": (4, 4), "regions": None},
        {"attribution": array(SCORES), "shape": counts(), "regions": labels(MAP)},
        named={"attribution": "attributions", "shape": "attributions"},
    ),
    Case(curves().highest_confidence, lambda: {"max_area": 0.5}, name="Curves.highest_confidence"),
    Case(
        curves().smallest_prefix,
        lambda: {"share": 0.5, "value": None, "max_area": 1.0},
        {"share": share(), "value": number(None, optional=True)},
        name="Curves.smallest_prefix",
    ),
    Case(
        explanation().smallest_prefix,
        lambda: {"share": 0.5, "value": 0.5},
        {"share": share(), "value": number(None, optional=True)},
        name="Explanation.smallest_prefix",
    ),
    Case(explanation().paint, lambda: {"signed": True}, name="Explanation.paint"),
    Case(
        explanation().prefix,
        lambda: {"n_regions": 2},
        {"n_regions": count(0) | {"too large": 5}},
        name="Explanation.prefix",
    ),
    Case(explanation().save, lambda: {"file": FOLDER / "saved"}, name="Explanation.save"),
    Case(
        core.Explanation.from_dict,
        lambda: {"values": explanation().to_dict()},
        {
            "values": {"None": None, "a number": 3, "text": "ab", "nothing": {}}
            | {
                f"bad {name}": explanation().to_dict() | {name: value}
                for name, value in {
                    "order": [0, 0],
                    "importance": "high",
                    "curves_area": [[0.0], [0.5, 1.0]],
                    "surplus": 1,
                }.items()
            },
        },
    ),
    Case(core.Explanation.load, lambda: {"file": saved(explanation(), "one")}),
    *[
        Case(
            getattr(group_explanation(), name),
            lambda: {"target": 1},
            name=f"GroupExplanation.{name}",
        )
        for name in ("used", "feature_scores", "paint", "mask", "reveal_order")
    ],
    Case(
        group_explanation().save, lambda: {"file": FOLDER / "saved"}, name="GroupExplanation.save"
    ),
    Case(sop.GroupExplanation.load, lambda: {"file": saved(group_explanation(), "groups")}),
]
