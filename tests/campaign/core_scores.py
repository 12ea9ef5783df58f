"""Good calls of the core: scores and searches."""

import inspect

import numpy as np

import submod_core as core
from submod_core import scores, search
from submod_core.methods import smdl as smdl_module

from . import calls
from .calls import Case, array, choice, count, flag, instance, labels, number, share, without
from .core_kinds import DISTANCES, FEATURES, KINDS, WIDE

SELECTOR = core.SubmodularSelector(2).fit(FEATURES)


def selected(X, **options):  # noqa: N803
    """Rows chosen with options, which an estimator checks when it is fitted."""
    return core.SubmodularSelector(**options).fit_transform(X)


selected.__signature__ = inspect.signature(core.SubmodularSelector).replace(
    parameters=[
        inspect.Parameter("X", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        *inspect.signature(core.SubmodularSelector).parameters.values(),
    ]
)

KNOWN = {
    "of numbers": np.eye(3),
    "another width": np.eye(4, dtype=bool),
    "one axis": np.ones(3, dtype=bool),
}

CASES = [
    Case(scores.DETRProposals, lambda: {"no_object": True}, {"no_object": flag()}),
    Case(
        scores.YOLOProposals,
        lambda: {"n_classes": 3, "box_format": "xyxy"},
        {"n_classes": count(), "box_format": choice()},
    ),
    Case(
        core.Weights,
        lambda: {
            "consistency": 1.0,
            "collaboration": 1.0,
            "confidence": 1.0,
            "effectiveness": 1.0,
            "own": (),
        },
        {name: number() for name in scores.SCORES} | {"own": calls.sequence()},
        named={"own": "weights"} | dict.fromkeys(scores.SCORES, "weights"),
    ),
    Case(core.Weights.of, lambda: {"weights": {"consistency": 1}}),
    Case(
        core.Readout,
        lambda: {
            "activation": "softmax",
            "features": None,
            "class_embeddings": None,
            "scale": 100.0,
            "confidence_model": None,
            "feature_target": False,
            "class_axis": 1,
            "independent": False,
        },
        {
            "activation": choice(True),
            "features": calls.function(True),
            "class_embeddings": array(WIDE),
            "scale": number(zero=0.0),
            "confidence_model": calls.function(True),
            "feature_target": flag(),
            "class_axis": number(None, True, fraction=1.5),
            "independent": flag(),
        },
    ),
    Case(
        core.LiMASettings.of,
        lambda: {
            "search": "guided",
            "weights": None,
            "distance": "cosine",
            "max_evaluations": 10,
            "max_model_inputs": 10,
        },
    ),
    Case(
        smdl_module.smdl_settings,
        lambda: {
            "readout": core.Readout(),
            "k": 2,
            "weights": None,
            "distance": "cosine",
            "max_evaluations": 10,
            "max_model_inputs": 10,
        },
        {"readout": instance(), "k": count(optional=True)},
    ),
    Case(
        smdl_module.check_patches,
        lambda: {"patches": 2, "regions": 2, "joined": True},
        {"patches": number(1) | {"empty": ()}, "regions": count(), "joined": flag()},
    ),
    Case(
        scores.angular_distance,
        lambda: {"features": FEATURES.copy()},
        {"features": array(FEATURES)},
    ),
    Case(
        scores.cosine_distance, lambda: {"features": FEATURES.copy()}, {"features": array(FEATURES)}
    ),
    Case(
        scores.cosine_to,
        lambda: {"reference": FEATURES[0].copy(), "features": FEATURES.copy()},
        {
            "reference": array(FEATURES[0], **{"another width": np.ones(4)}),
            "features": array(FEATURES),
        },
    ),
    Case(
        scores.confidence,
        lambda: {"probabilities": WIDE / 2},
        {"probabilities": array(WIDE, negative=-WIDE)},
    ),
    Case(
        scores.effectiveness,
        lambda: {"subsets": np.eye(4) > 0, "distances": 1 - np.eye(4)},
        {
            "subsets": labels(np.eye(4), **{"another width": np.eye(3) > 0}),
            "distances": array(np.eye(4), **{"not square": np.ones((4, 3))}),
        },
    ),
    Case(scores.NearestNeighbours, lambda: {"distances": 1 - np.eye(4)}, {"distances": DISTANCES}),
    Case(scores.as_distance, lambda: {"distance": "cosine"}),
    Case(scores.Effectiveness, lambda: {"distance": "cosine"}),
    Case(
        scores.ImageBudget,
        lambda: (
            {"n": 3, "most": 10, "planned": True, "known": np.eye(3, dtype=bool), "spent": 4}
            | {"features": False, "region_features": False}
        ),
        {"most": count(), "planned": flag(), "known": KNOWN, "spent": count()}
        | {"features": flag(), "region_features": flag()},
        named={"most": "max_model_inputs"},
    ),
    Case(
        core.evidential_loss,
        lambda: {"outputs": WIDE.copy(), "targets": np.eye(2)},
        {"outputs": array(WIDE), "targets": array(np.eye(2), **{"another shape": np.eye(3)})},
    ),
    Case(core.uncertainty, lambda: {"outputs": WIDE.copy()}, {"outputs": array(WIDE)}),
    Case(scores.evidence, lambda: {"outputs": WIDE.copy()}, {"outputs": array(WIDE)}),
    Case(
        core.rank,
        lambda: {
            "set_function": len,
            "n": 3,
            "search": "singletons",
            "max_evaluations": 9,
            "batched": False,
        },
        {
            "set_function": calls.function()
            | {"text": "one", "gives text": str, "gives nan": lambda s: calls.NAN},
            "batched": flag(),
        },
    ),
    Case(search.as_search, lambda: {"search": "lazy"}),
    Case(search.prefixes, lambda: {"order": np.arange(4)}),
    Case(search.BatchedLazy, lambda: {"batch": 4}, {"batch": count()}),
    Case(search.Beam, lambda: {"width": 2}, {"width": count()}),
    Case(search.Bidirectional, lambda: {"n_pending": 2}, {"n_pending": count()}),
    Case(
        search.Bidirectional,
        lambda: {"n_pending": 0.5},
        {"n_pending": share()},
        name="Bidirectional of a share",
    ),
    Case(
        selected,
        lambda: (
            {"X": FEATURES.copy(), "n_samples_to_select": 2, "function": "facility_location"}
            | {"kernel": "rbf", "gamma": 0.5, "concave": "sqrt"}
        ),
        {
            "X": array(FEATURES, empty=FEATURES[:0]),
            "n_samples_to_select": count() | {"too large": 5},
            "function": choice(),
            "kernel": choice() | {"of other data": "precomputed"},
            "gamma": number(optional=True, zero=0.0),
            "concave": choice(),
        },
        named={"kernel": "X"},
        name="SubmodularSelector of options",
    ),
    Case(
        SELECTOR.transform,
        lambda: {"X": FEATURES.copy()},
        {"X": {"None": None, "a number": 3, "too few": FEATURES[:2]}},
        name="SubmodularSelector.transform",
    ),
    Case(search.Greedy, lambda: {"k": 2}, {"k": count(optional=True)}),
    Case(search.Lazy, lambda: {"k": 2}, {"k": count(optional=True)}),
    Case(
        search.Guided,
        lambda: {
            "admitted": 0.1,
            "window": 0.5,
            "front": 0.5,
            "polish": 2.0,
            "complement_weight": 1.0,
        },
        {
            "admitted": number(),
            "window": share(True),
            "front": share(True),
            "polish": number(),
            "complement_weight": number(optional=True),
        },
    ),
    Case(
        search.PhaseWindow,
        lambda: (
            {"window": 4, "prune": 0.1, "select": 0.5, "accept": 0.9, "exit_change": 0.1}
            | {"exit_ratio": 1.0, "temperature": 0.5, "decay": 0.5, "seed": 1}
        ),
        {"window": count(), "prune": share(), "select": share(), "accept": share()}
        | {"exit_change": number(), "exit_ratio": number(), "temperature": number()}
        | {"decay": number(), "seed": count(least=0)},
    ),
    Case(search.Random, lambda: {"seed": 1}),
    Case(
        search.Swaps,
        lambda: {"base": search.Lazy(), "passes": 2},
        {"base": instance(), "passes": count()},
    ),
    Case(
        search.TwoSided,
        lambda: {"retired": 2, "window": 0.5, "refresh": 2},
        {"retired": count(), "window": share(), "refresh": count()},
    ),
    Case(
        search.Lazy().start,
        lambda: (
            {"n": 3, "sees_complements": True, "max_evaluations": 5, "budget": None}
            | {"parts": ("kept",), "known": np.eye(3, dtype=bool)}
        ),
        {"sees_complements": flag(), "budget": without(instance(), "None")}
        | {"parts": {"None": None, "text": "kept", "a number": 3, "another part": ["right"]}}
        | {"sizes": without(KINDS["sizes"], "None", "zeros"), "known": KNOWN},
        name="Search.start",
    ),
]
