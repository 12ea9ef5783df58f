"""Options that no adapter of LiMA accepts: (options, error, what its message names)."""

import numpy as np
import pytest

from submod_core.scores import Effectiveness, Score
from submod_core.search import Guided


class Nameless(Score):
    """A score that forgot its name."""

    def evaluate(self, answers):
        return answers.subsets.sum(1)


NAMELESS = Nameless()

BAD_OPTIONS = {
    "unknown search": ({"search": "exhaustive"}, ValueError, "`search`"),
    "a search that is a function": ({"search": lambda n: iter(())}, TypeError, "`search`"),
    "a search that is a class": ({"search": Guided}, TypeError, r"`search`.*Guided\(\)"),
    "an option of one search": ({"n_pending": 8}, TypeError, "n_pending"),
    "a score without a name": ({"weights": {NAMELESS: 1}}, TypeError, "`weights`.*`name`"),
    "two scores of one name": (
        {"weights": {"effectiveness": 1, Effectiveness("angular"): 1}},
        ValueError,
        "`weights`.*one name",
    ),
    "negative weight": ({"weights": {"consistency": -1}}, ValueError, "consistency"),
    "weight that is nan": ({"weights": {"consistency": float("nan")}}, ValueError, "consistency"),
    "unknown weight": ({"weights": {"faithfulness": 1}}, ValueError, "faithfulness"),
    "no weight": ({"weights": {}}, ValueError, "`weights`"),
    "weights by position": ({"weights": (1, 1, 1, 1)}, TypeError, "`weights`"),
    "unknown activation": ({"activation": "relu"}, ValueError, "`activation`"),
    "unknown distance": ({"distance": "euclid"}, ValueError, "`distance`"),
    "features that are a name": ({"features": "layer4"}, TypeError, "`features`"),
    "embeddings of another width": (
        {"class_embeddings": np.ones((5, 4))},
        ValueError,
        "`class_embeddings`",
    ),
    "embeddings that are a vector": (
        {"class_embeddings": np.ones(3)},
        ValueError,
        "`class_embeddings`",
    ),
    "a scale of zero": ({"scale": 0}, ValueError, "`scale`"),
    "no budget": ({"max_evaluations": 0}, ValueError, "`max_evaluations`"),
    "half a budget": ({"max_evaluations": 2.5}, ValueError, "`max_evaluations`"),
    "no regions": ({"regions": 0}, ValueError, "`regions`"),
    "regions of one number": ({"regions": (3,)}, ValueError, "`regions`"),
    "too many grid cells": ({"regions": (13, 2)}, ValueError, "`regions`.*`cells`"),
    "a label map of another size": ({"regions": np.zeros((5, 5), int)}, ValueError, "`regions`"),
    "a label map with holes": ({"regions": np.full((12, 12), -1)}, ValueError, "`regions`"),
    "a label map of fractions": (
        {"regions": np.full((12, 12), 0.5)},
        ValueError,
        "`regions`.*`labels`",
    ),
    "a division that fails to cover": (
        {"regions": lambda image: image[:3, :3, 0]},
        ValueError,
        "`regions`",
    ),
}


def refused(table):
    """Parametrise a test by a table like this one."""
    return pytest.mark.parametrize(("arguments", "error", "named"), table.values(), ids=table)
