"""Good calls of the core: records that users make themselves, and functions of host adapters."""

import numpy as np

import submod_core as core
from submod_core import methods, metrics, regions, results, sea_nn, search, sop, theory
from submod_core.results import RevealOrder

from . import calls
from .calls import NAN, Case, array, choice, count, counts, flag, function, instance, labels, text
from .core_kinds import DUAL, FUNCTION, VECTOR
from .objects import MAP, SCORES, cells, curves, explanation, group_explanation, mistake

CURVE = np.linspace(0, 1, 5)
TWO_GROUPS = np.array([[True, True, False, False], [False, False, True, True]])
PARTIALS = np.array([[1.25, 1.5], [1.75, 1.5]])
ORDER = labels(np.arange(4), **{"twice the same": np.array([0, 0, 1, 2])})
SIZES = array(np.ones(4), **{"another length": np.ones(3), "negative": -np.ones(4)})
IDS = {"above": MAP + 1, "below": MAP - 3, "one id": MAP * 0, "empty": MAP[:0]}
GROUPS = {
    "a gap": np.array([0, 0, 2, 2]),
    "too few": np.array([0, 1]),
    "of floats": np.array([0.0, 0, 1, 1]),
    "below": np.array([-1, 0, 0, 0]),
    "a number": 3,
}
LABELS = calls.without(labels(MAP, **IDS), "too many axes")
SETS = {"None": None, "a number": 3, "of numbers": [4, 4], "a GroundSet": cells()}
MAPS = {"None": None, "a number": 3, "of None": [None], "of text": ["a"], "of floats": [SCORES]}
LAYOUT = instance() | {"another": regions.Layout("NF")}


def ranking():
    return core.rank(len, 4, "greedy")


def of_steps(regions, order):
    return results.reveal_order(RevealOrder(regions, order), (4, 4))


def of_a_dual(lambda1, lambda2):
    problem = theory.monomial_deletion(2)
    return theory.certified_bound(problem, theory.Dual(0.0, lambda1, lambda2))


def first_question(order, sizes):
    return next(results.curves_along(order, sizes))


def shape_of(good, **others):
    """Bad values of an array whose shape is fixed."""
    return array(good, **({"another length": good[:-1]} | others))


def classify(example, keep):
    return np.array([0.9, 0.1])


CASES = [
    Case(
        core.Curves,
        lambda: {
            "area": CURVE.copy(),
            "consistency": CURVE.copy(),
            "collaboration": CURVE.copy(),
            "confidence": None,
            "effectiveness": None,
            "objective": None,
            "own": {"mine": CURVE.copy()},
        },
        {
            "area": shape_of(CURVE, falling=CURVE[::-1].copy(), large=2 * CURVE),
            **{name: shape_of(CURVE) for name in ("consistency", "collaboration")},
            **{
                name: calls.without(shape_of(CURVE), "None")
                for name in ("confidence", "effectiveness", "objective")
            },
            "own": {"None": None, "a list": [CURVE], "shorter": {"a": VECTOR}, "text": {"a": "b"}},
        },
        named={"area": "consistency"},
    ),
    Case(
        core.Explanation,
        lambda: {name: vars(explanation())[name] for name in vars(explanation())},
        {
            "regions": LABELS | {"empty tuple": ()},
            "order": ORDER,
            "importance": shape_of(VECTOR, large=2 * VECTOR),
            "curves": instance(),
            "searched": labels(np.ones(4), numbers=np.ones(4)),
            **{name: calls.without(count(0), "a bool") for name in ("evaluations", "model_inputs")},
            "diagnostics": calls.without(instance(), "None"),
        },
        named={"order": "importance", "regions": "regions"},
    ),
    Case(
        sop.GroupExplanation,
        lambda: dict(vars(group_explanation())),
        {
            "regions": LABELS,
            "groups": array(
                TWO_GROUPS * 1.0, **{"another shape": np.ones((3, 4)), "large": SCORES}
            ),
            "scores": shape_of(PARTIALS, negative=-PARTIALS, large=10 * PARTIALS),
            "partials": shape_of(PARTIALS),
            "logits": shape_of(np.ones(2)),
        },
        named={"scores": "partials", "groups": "scores"},
    ),
    Case(
        core.GroundSet,
        lambda: (
            {"regions": MAP.copy(), "sizes": np.ones(4), "inert": np.zeros(4, bool)}
            | {"groups": np.array([0, 0, 1, 1])}
        ),
        {
            "groups": GROUPS,
            "regions": labels(MAP, above=MAP + 1, below=MAP - 3, empty=MAP[:0]),
            "sizes": shape_of(np.ones(4), negative=-np.ones(4), empty=np.ones(0)),
            "inert": labels(np.zeros(4), numbers=np.zeros(4), longer=np.zeros(5, bool)),
        },
        named={"sizes": "inert"},
    ),
    Case(
        regions.with_groups,
        lambda: {
            "sets": [cells()],
            "examples": np.ones((1, 4, 4, 3)),
            "layout": regions.Layout("NHWC"),
            "coarse": (1, 2),
        },
        {
            "sets": SETS,
            "examples": {"of two axes": SCORES},
            "layout": instance(),
            "coarse": {"zero": 0, "text": "few", "too many": (9, 1), "no fewer": (4, 4)},
        },
        named={"examples": "examples"},
    ),
    Case(
        regions.merged,
        lambda: {"ground_set": cells(), "parts": np.array([0, 0, 1, 1])},
        {"ground_set": instance(), "parts": GROUPS},
    ),
    Case(
        regions.unions_of,
        lambda: {"ground_set": cells(), "regions": MAP // 2},
        {
            "ground_set": instance(),
            "regions": {"another shape": MAP[:3], "of floats": SCORES + 0.5, "a number": 3},
        },
    ),
    Case(
        methods.places_of,
        lambda: {"ground_set": cells(), "explanation": explanation()},
        {"ground_set": instance(), "explanation": instance()},
    ),
    Case(
        core.GroundSet.of,
        lambda: {"maps": (MAP.copy(),), "changed": [np.ones((4, 4), bool)]},
        {
            "maps": MAPS | {"empty": (), "another shape": (MAP[:3],)},
            "changed": {"None": None, "too many": [np.ones((4, 4), bool)] * 2, "of None": [None]}
            | {"numbers": [np.ones((4, 4))], "another shape": [np.ones((3, 4), bool)]},
        },
        named={"maps": "changed"},
    ),
    Case(
        methods.Mistake,
        lambda: dict(vars(mistake())),
        {
            "explanation": instance(),
            "truth": count(-2) | {"too large": 2},
            "supports": labels(np.array([3, 1]), missing=np.array([3]), twice=np.array([3, 3])),
            "causes": labels(np.array([2, 0]), missing=np.array([2]), twice=np.array([2, 2])),
            "before": array(np.ones(2), **{"two axes": np.ones((2, 1)), "longer": np.ones(3)}),
            "after": array(np.ones(2), longer=np.ones(3)),
            "example": count(0),
        },
        named={"causes": "supports", "before": "after"},
    ),
    Case(
        methods.LiMASettings,
        lambda: {
            "search": search.Greedy(),
            "weights": core.Weights(),
            "distance": "cosine",
            "max_evaluations": 10,
            "max_model_inputs": 10,
            "k": 2,
            "feature_target": False,
            "quiet": False,
        },
        {
            "search": instance() | {"a class": search.Greedy},
            "weights": instance(),
            "k": count(optional=True),
            "feature_target": flag(),
            "quiet": flag(),
        },
    ),
    Case(
        methods.find_mistakes,
        lambda: {
            "classify": classify,
            "explain": lambda wrong: [explanation()],
            "sets": [cells(), cells()],
            "truths": [1, 0],
            "max_area": 1.0,
        },
        {
            "classify": calls.without(function(), "text"),
            "explain": calls.without(function(), "text"),
            "sets": SETS | {"another length": [cells()]},
            "truths": calls.without(counts(), "zero", "negative", "bools")
            | {"another length": [1]},
            "max_area": calls.share(),
        },
        named={"sets": "truths"},
    ),
    Case(
        of_steps,
        lambda: {"regions": MAP.copy(), "order": np.arange(4)},
        {"regions": LABELS | {"another size": MAP[:3]}, "order": ORDER},
        name="reveal_order of steps",
        named=dict.fromkeys(("regions", "order"), "attributions"),
    ),
    Case(
        results.each_attribution,
        lambda: {"attributions": [SCORES], "n": 1},
        {
            "attributions": {"None": None, "a number": 3, "text": "a", "too many": [1, 2], "a": {}},
            "n": count(0),
        },
        named={"n": "attributions"},
    ),
    Case(
        first_question,
        lambda: {"order": np.arange(4), "sizes": np.ones(4)},
        {"order": ORDER, "sizes": SIZES},
        name="curves_along",
    ),
    Case(
        results.diagnose,
        lambda: {"ranking": ranking(), "curves": curves()},
        {"ranking": instance(), "curves": instance()},
    ),
    Case(regions.number_apart, lambda: {"maps": [MAP.copy()]}, {"maps": MAPS}, name="number_apart"),
    Case(
        regions.compact_together,
        lambda: {"maps": [MAP.copy()]},
        {"maps": MAPS | {"fractions": [MAP + 0.5]}},
        named={"maps": "labels"},
    ),
    Case(regions.every_element, lambda: {"shape": (4, 4)}, {"shape": counts()}),
    Case(
        regions.divide_inputs,
        lambda: {
            "examples": np.ones((2, 1, 4, 4)),
            "layout": regions.Layout("NCHW"),
            "division": regions.Division((2, 2)),
        },
        {
            "examples": array(np.ones((2, 1, 4, 4)), finite=False),
            "layout": LAYOUT,
            "division": instance(),
        },
        named={"layout": "examples"},
    ),
    Case(
        regions.named_baselines,
        lambda: {
            "baseline": "blur",
            "examples": np.ones((2, 1, 4, 4)),
            "layout": regions.Layout("NCHW"),
            "name": "name",
        },
        {
            "baseline": {"None": None, "a number": 3, "text": "mist", "a list": [1]}
            | {"gives text": lambda x: "a", "gives nan": lambda x: x * NAN},
            "examples": array(np.ones((2, 1, 4, 4))),
            "layout": LAYOUT,
            "name": {},  # the option's, for errors
        },
        named={"baseline": "name", "layout": "examples"},
    ),
    Case(
        metrics.declared,
        lambda: {"name": "mine", "higher_is_better": None, "steps_by": "none"},
        {
            "name": text() | {"two words": "my metric"},
            "higher_is_better": calls.without(flag(), "None"),
            "steps_by": text(),
        },
    ),
    Case(metrics.probing, lambda: {"learn": classify}, {"learn": function()}),
    Case(
        sea_nn.DeepSubmodularFunction,
        lambda: {
            "weights": [np.ones((1, 4)), np.ones((1, 1))],
            "biases": [np.zeros(1), np.zeros(1)],
            "activation": "sqrt",
        },
        {
            "weights": calls.sequence(text="ab", negative=[-np.ones((1, 4)), np.ones((1, 1))])
            | {"strings": [np.full((1, 4), "a"), np.ones((1, 1))]},
            "biases": calls.sequence(text="ab", nan=[np.full(1, NAN), np.zeros(1)]),
            "activation": choice(),
        },
        named={"biases": "weights"},
    ),
    Case(
        sea_nn.Chain,
        lambda: {"function": FUNCTION, "lazy": True, "evaluations": 0},
        {"function": instance(), "evaluations": count(0)},
    ),
    Case(
        sea_nn.grow,
        lambda: {"chain": sea_nn.Chain(FUNCTION), "size": 2},
        {"chain": instance(), "size": count()},
    ),
    Case(sea_nn.marginal_gains, lambda: {"chain": sea_nn.Chain(FUNCTION)}, {"chain": instance()}),
    Case(
        theory.GroupedAttribution,
        lambda: {"groups": np.ones((1, 2), bool), "contributions": np.ones(1)},
        {
            "groups": labels(np.ones((1, 2)), numbers=np.ones((1, 2))),
            "contributions": array(np.ones(1), longer=np.ones(2)),
        },
        named={"contributions": "groups"},
    ),
    Case(
        theory.Problem,
        lambda: {"blocks": (2,), "change": lambda counts: counts[:, 0]},
        {"blocks": counts(), "change": function()},
    ),
    Case(
        of_a_dual,
        lambda: {"lambda1": DUAL.lambda1, "lambda2": DUAL.lambda2},
        {name: shape_of(DUAL.lambda1) for name in ("lambda1", "lambda2")},
        name="certified_bound of a Dual",
        named=dict.fromkeys(("lambda1", "lambda2"), "dual"),
    ),
]
