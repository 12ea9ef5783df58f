"""Options that no adapter of LiMA accepts: (options, error, what its message names)."""

import numpy as np
import pytest

BAD_OPTIONS = {
    "unknown search": ({"search": "exhaustive"}, ValueError, "`search`"),
    "n_pending of nothing": ({"n_pending": 0}, ValueError, "`n_pending`"),
    "half an n_pending": ({"n_pending": 1.5}, ValueError, "`n_pending`"),
    "negative weight": ({"weights": {"consistency": -1}}, ValueError, "consistency"),
    "weight that is nan": ({"weights": {"consistency": float("nan")}}, ValueError, "consistency"),
    "unknown weight": ({"weights": {"faithfulness": 1}}, ValueError, "faithfulness"),
    "no weight": ({"weights": {}}, ValueError, "`weights`"),
    "weights by position": ({"weights": (1, 1, 1, 1)}, TypeError, "`weights`"),
    "unknown activation": ({"activation": "relu"}, ValueError, "`activation`"),
    "unknown distance": ({"distance": "euclid"}, ValueError, "`distance`"),
    "features that are a name": ({"features": "layer4"}, TypeError, "`features`"),
    "embeddings of another width": ({"class_embeddings": np.ones((5, 4))}, ValueError, "`class_embeddings`"),
    "embeddings that are a vector": ({"class_embeddings": np.ones(3)}, ValueError, "`class_embeddings`"),
    "a scale of zero": ({"scale": 0}, ValueError, "`scale`"),
    "no budget": ({"max_evaluations": 0}, ValueError, "`max_evaluations`"),
    "half a budget": ({"max_evaluations": 2.5}, ValueError, "`max_evaluations`"),
    "no regions": ({"regions": 0}, ValueError, "`regions`"),
    "regions of one number": ({"regions": (3,)}, ValueError, "`regions`"),
    "too many grid cells": ({"regions": (13, 2)}, ValueError, "`regions`.*`cells`"),
    "a label map of another size": ({"regions": np.zeros((5, 5), int)}, ValueError, "`regions`"),
    "a label map with holes": ({"regions": np.full((12, 12), -1)}, ValueError, "`regions`"),
    "a label map of fractions": ({"regions": np.full((12, 12), 0.5)}, ValueError, "`regions`.*`labels`"),
    "a division that fails to cover": ({"regions": lambda image: image[:3, :3, 0]}, ValueError, "`regions`"),
}


def refused(table):
    """Parametrise a test by a table like this one."""
    return pytest.mark.parametrize(("arguments", "error", "named"), table.values(), ids=table)
