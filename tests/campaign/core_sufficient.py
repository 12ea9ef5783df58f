"""Good calls of the core: sufficient regions, and the figure of a map."""

import numpy as np

from submod_core import methods, results
from submod_core.figures.maps import plot_map
from submod_core.methods import LiMASettings

from .calls import Case, array, choice, count, flag, instance, number, share, without
from .core_engine import RUN, SETS, ground_set, oracle
from .objects import SCORES, curves, explanation

BOUND = np.array([4.0, np.inf])
WEIGHTS = {"consistency": 1}
FOUND = methods.explain(
    oracle, [ground_set()], LiMASettings.of("singletons", WEIGHTS), batch_size=4
)
EACH = {"None": None, "a number": 3, "too few": [], "of None": [None], "text": "one"}


def first_question(explanation, score, n):
    """The check of what is known."""
    return next(results.sufficient_sets(explanation, score, n))


CASES = [
    Case(
        methods.find_sufficient,
        lambda: {
            "oracle": oracle,
            "sets": [ground_set()],
            "explanations": list(FOUND),
            "share": 0.5,
            "value": 0.2,
            "n": 2,
            "feature_target": False,
            "batch_size": 4,
            "overlap": None,
            "on_batch": None,
            "sources": None,
        },
        RUN
        | {
            "sets": SETS,
            "explanations": EACH,
            "share": share(),
            "value": number(None, optional=True),
            "feature_target": flag(),
        },
        named={"oracle": "explanations"},
    ),
    Case(
        first_question,
        lambda: {"explanation": explanation(), "score": 0.5, "n": 1},
        {"score": number(None)},
        name="sufficient_sets",
    ),
    Case(
        results.check_explanations,
        lambda: {"explanations": [explanation()], "n": 1},
        {"explanations": EACH, "n": count(0)},
        named={"n": "explanations"},
    ),
    Case(
        results.score_to_reach,
        lambda: {"highest": curves().highest_confidence(), "share": 0.5, "value": None},
        {
            "highest": without(instance(), "None"),
            "share": share(),
            "value": number(None, optional=True),
        },
    ),
    Case(
        results.certificate,
        lambda: {"f": np.ones(2), "bound": BOUND.copy()},
        {
            "f": array(np.ones(2), longer=np.ones(3)),
            "bound": array(np.ones(2), finite=False, longer=np.ones(3)),
        },
    ),
    Case(
        plot_map,
        lambda: {"scores": SCORES / 16, "image": SCORES / 16, "title": None, "cmap": "jet"},
        {"cmap": choice()},
    ),
]
