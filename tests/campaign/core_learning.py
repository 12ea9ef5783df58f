"""Good calls of the core: deep submodular functions, sums of parts."""

import numpy as np

from submod_core import sea_nn, sop

from . import calls
from .calls import (
    Case,
    array,
    choice,
    count,
    counts,
    flag,
    instance,
    labels,
    number,
    share,
    without,
)
from .core_kinds import (
    BOOLS,
    FOLDER,
    FUNCTION,
    HEATMAPS,
    LEARNING,
    VECTOR,
    saved,
)
from .objects import MAP, SCORES

CASES = [
    Case(
        sea_nn.Learning,
        lambda: {
            "widths": (3,),
            "activation": "sqrt",
            "init": "random",
            "weight_decay": 0.1,
            "lambda_real": 0.1,
            "lambda_binary": 1.0,
            "delta": 0.1,
            "epochs": 2,
            "learning_rate": 0.1,
            "learning_rate_decay": 0.1,
            "equation": 2,
            "important": (1,),
            "unimportant": (2,),
            "sensitivity": 0.1,
            "lambda_sensitivity": 1.0,
            "seed": 0,
            "dtype": np.float64,
        },
        {
            "widths": counts(),
            "activation": choice(),
            "init": choice(),
            "equation": number(None, three=3),
            "important": without(counts(), "empty", "zero"),
            "unimportant": without(counts(), "empty", "zero"),
            "dtype": choice(),
        }
        | {
            n: number()
            for n in (
                "weight_decay",
                "lambda_real",
                "lambda_binary",
                "delta",
                "learning_rate",
                "learning_rate_decay",
                "sensitivity",
                "lambda_sensitivity",
            )
        },
    ),
    Case(
        sea_nn.ensemble,
        lambda: {
            "heatmaps": list(HEATMAPS),
            "settings": LEARNING,
            "side": 2,
            "thresholds": (2, 4),
            "names": None,
            "start": None,
            "lazy": True,
        },
        {
            "heatmaps": calls.sequence(
                constant=[np.ones((4, 4))] * 2, nan=list(HEATMAPS * calls.NAN)
            ),
            "settings": without(instance(), "None"),
            "names": {"too few": ["a"], "a number": 3},
            "start": without(instance(), "None"),
        },
        named={"heatmaps": "heatmaps", "start": "start"},
    ),
    Case(
        sea_nn.aggregate_mean,
        lambda: {"heatmaps": list(HEATMAPS), "names": None},
        {
            "heatmaps": calls.sequence(constant=[np.ones((4, 4))] * 2, unlike=[SCORES, np.eye(3)]),
            "names": {"too few": ["a"], "a number": 3},
        },
    ),
    Case(
        sea_nn.scaled,
        lambda: {"heatmap": SCORES.copy(), "name": "heatmap"},
        {"heatmap": array(SCORES), "name": calls.text()},
    ),
    Case(sea_nn.cells_of, lambda: {"shape": (4, 4), "side": 2}, {"shape": counts()}),
    Case(
        sea_nn.downsample,
        lambda: {"heatmap": SCORES.copy(), "cells": MAP.copy()},
        {"heatmap": array(SCORES), "cells": labels(MAP)},
    ),
    Case(
        sea_nn.upsample,
        lambda: {"scores": VECTOR.copy(), "cells": MAP.copy()},
        {"scores": array(VECTOR), "cells": labels(MAP)},
    ),
    Case(
        sea_nn.binary_maps,
        lambda: {"heatmap": SCORES.copy(), "cells": MAP.copy(), "thresholds": (2, 4)},
        {"heatmap": array(SCORES), "cells": labels(MAP)},
    ),
    Case(sea_nn.attribute, lambda: {"function": FUNCTION, "lazy": True}, {"function": instance()}),
    Case(
        sea_nn.maximise,
        lambda: {"function": FUNCTION, "size": 2, "lazy": True},
        {"function": instance(), "size": count() | {"too large": 5}},
    ),
    Case(
        sea_nn.top_features,
        lambda: {"function": FUNCTION, "p": 2},
        {"function": instance(), "p": count() | {"too large": 5}},
    ),
    Case(
        sea_nn.learn,
        lambda: {
            "real": np.ones((2, 4)) / 2,
            "binary": np.eye(4)[:2],
            "settings": LEARNING,
            "start": None,
            "lazy": True,
        },
        {
            "real": array(np.ones((2, 4))),
            "binary": array(np.eye(4)[:2]),
            "settings": without(instance(), "None"),
            "start": without(instance(), "None"),
        },
    ),
    Case(
        sea_nn.DeepSubmodularFunction.initial,
        lambda: {
            "n": 4,
            "widths": (3,),
            "activation": "sqrt",
            "init": "random",
            "seed": 0,
            "dtype": np.float64,
        },
        {
            "widths": counts(),
            "activation": choice(),
            "init": choice(),
            "dtype": without(choice(), "None") | {"a whole type": int},
        },
    ),
    Case(
        FUNCTION.gains,
        lambda: {"chosen": BOOLS.copy()},
        {"chosen": array(BOOLS * 1.0)},
        name="DeepSubmodularFunction.gains",
    ),
    Case(
        FUNCTION.gradient,
        lambda: {"x": np.ones(4)},
        {"x": array(np.ones(4), longer=np.ones(5))},
        name="DeepSubmodularFunction.gradient",
    ),
    Case(FUNCTION.save, lambda: {"file": FOLDER / "saved"}, name="DeepSubmodularFunction.save"),
    Case(sea_nn.DeepSubmodularFunction.load, lambda: {"file": saved(FUNCTION, "function")}),
    Case(
        sop.SOPSettings,
        lambda: {
            "groups": 4,
            "top": 0.5,
            "heads": 2,
            "alpha": 1.0,
            "beta": 1.0,
            "positions": 0.0,
            "blur": 3,
            "continuous": False,
        },
        {
            "groups": count(),
            "top": share(),
            "heads": count() | {"too many": 5},
            "alpha": number(optional=True, zero=0.0),
            "beta": number(zero=0.0),
            "positions": number(),
            "blur": count(optional=True) | {"even": 2},
            "continuous": flag(),
        },
    ),
    Case(
        sop.blur_matrix,
        lambda: {"grid": (4, 4), "side": 3},
        {"grid": counts(), "side": count() | {"even": 2}},
    ),
]
