"""Kinds of bad values that both hosts share: options of the methods and settings of the metrics."""

from . import core_kinds
from .calls import NAN, choice, count, flag, function, instance, number, share, text, without

# Of Sum-of-Parts, for inputs of one channel: a list of one number is right.
BASELINE_OF_PARTS = without(number(None), "a list") | {
    "noise, which is LiMA's alone": "noise",
    "empty": [],
    "of strings": ["a"],
    "of bools": [True],
    "of nan": [NAN],
    "of another length": (0.0, 1.0),
    "two axes": [[0.0]],
    "uneven rows": [[0.0], [0.0, 1.0]],
}
# Of DropTextTokens.
REMOVING = {
    "pad_id": count(0),
    "how": choice(),
    "padding_side": choice(),
    "removed": number(None, zero=0, fraction=-0.5),
}
# Of the callbacks that log explanations.
LOGGED = {
    "log_to": {"a number": 3, "a list": [print], "an object": object(), "empty": ""},
    "method": function(),
    "every_n_epochs": count(),
    "name": text() | {"empty": ""},
    "pictures": {"a number": 3, "text": "ab", "too few": [1], "an object": object()},
    "titles": {"a number": 3, "text": "ab", "too few": ["a"], "of numbers": [1, 2]},
    "plot": function(),
}
OPTION = {"a number": 3, "a list": [3], "an object": object()}

REGIONS = {"text": "few", "nan": NAN, "a fraction": 2.5, "a bool": True, "zero": 0}
REGIONS |= {"an object": object(), "an empty tuple": (), "cells of fractions": (1.5, 2)}
REGIONS |= {"a negative number": -3}

KINDS = core_kinds.KINDS | {
    "regions": REGIONS,
    "coarse": REGIONS,
    "patches": without(number(1), "None", "an array") | {"empty": (), "of fractions": (1.5, 2)},
    "activation": choice(optional=True),
    "class_axis": {"text": "last", "nan": NAN, "zero": 0, "a fraction": 1.5, "a bool": True},
    "features": function(optional=True),
    "feature_target": flag(),
    "confidence_model": function(optional=True),
    "class_embeddings": {"a number": 3.0, "text": "ab", "an object": object(), "flat": [1.0, 2.0]}
    | {"nan": [[NAN, NAN]]},
    "scale": number(zero=0.0),
    "layout": text(optional=True) | {"no batch": "CHW", "empty": ""},
    "show_progress": flag(),
    "verbose": flag(),
    "methods": OPTION | {"empty": [], "text": "saliency"},
    "settings": without(instance(), "None"),
    "attribution": without(function(), "an array"),
    "top": share(optional=True),
    "threshold": number(),
    "cells": count(),
    "subset_size": share() | {"all": 1.0},
    "correlation": choice(),
    "radius": number(zero=0.0),
    "groups": count(),
    "heads": count() | {"too many": 9},
    "alpha": number(optional=True, zero=0.0),
    "beta": number(zero=0.0),
    "positions": number(),
    "blur": count(optional=True) | {"even": 2},
    "continuous": flag(),
    "finetune": flag(),
    "layer": text(optional=True) | {"unknown": "nowhere"},
    "classifier": text(optional=True) | {"unknown": "nowhere"},
    "class_weights": {"text": "ab", "an object": object(), "nan": [[NAN] * 4] * 3},
    "baseline": number(None),
    "batch_size": count(),
    "lr": number(zero=0.0),
    "weight_decay": number(),
    "loss": choice(optional=True),
    "max_examples_per_batch": count(),
    "forward_func": function(),
    "model": function(),
    "remove": flag(),
    "mistakes": flag(),
    "transform": function(optional=True),
}
