"""Good calls of the Xplique plug-in: the methods."""

import numpy as np

from submod_core.sea_nn import Learning
from xplique_submod import (
    SEANN,
    SMDL,
    AggMean,
    DropTextTokens,
    LiMA,
    PixelSpace,
    SumOfPartsAttribution,
    ZeroShot,
    explain_mistakes,
    from_processor,
)
from xplique_submod.callbacks import ExplanationLogger
from xplique_submod.quantus import explain_func
from xplique_submod.sop import SelfAttributing, SumOfParts, fit

from . import pixel_kinds
from .calls import Case, count, function, instance, number, share, without
from .host_kinds import BASELINE_OF_PARTS, LOGGED, REMOVING
from .xplique_kinds import (
    KINDS,
    X,
    Y,
    a_map,
    arrays,
    backbone,
    lima,
    model,
    self_attributing,
    sum_of_parts,
)

OPTIONS = {
    "batch_size": 8,
    "operator": None,
    "activation": "softmax",
    "features": None,
    "distance": "cosine",
    "class_embeddings": None,
    "scale": 100.0,
    "max_evaluations": 50,
    "max_model_inputs": 50,
    "weights": None,
    "layout": "NHWC",
    "signed": False,
    "baseline": 0.0,
    "verbose": False,
}
SMALL = Learning(widths=(3,), epochs=1)
EXPLAINER = lima()
EXPLANATIONS = EXPLAINER.explain_regions(X, Y)
LEARNING = {"settings": SMALL, "side": 2, "thresholds": (2, 4)}
MAPS = {"methods": [a_map], "batch_size": 4, "operator": None, "verbose": False}
NAMED = {"inputs": "model"}
# Models take a while to make, and refused calls leave them as they were.
BACKBONE, MODEL = backbone(), sum_of_parts()
FEATURES = {
    "features": {"zero": 0, "text": "few", "a fraction": 1.5, "a bool": True},
    "top": share(),
}


def given(**others):
    return {"inputs": X.copy(), "targets": Y.copy()} | others


def sop_call():
    return {"inputs": X.copy(), "feature_mask": None, "top": 0.5}


def lima_of(model):
    return LiMA(model, regions=(2, 2), search="singletons")


def sea_nn():
    return SEANN(model, [a_map], **LEARNING)


TEXTS = np.array([[1.0], [2.0]])


def of_images(images):
    return np.asarray(images).reshape(len(images), -1)[:, :3] + 0.1


def of_texts(tokens):
    return np.eye(3)[np.asarray(tokens).astype(int)[:, 0] % 3]


CASES = [
    Case(
        ZeroShot,
        lambda: {
            "image_encoder": of_images,
            "text_encoder": of_texts,
            "texts": TEXTS.copy(),
            "scale": 100.0,
        },
        {
            "image_encoder": {"None": None, "a number": 3, "text": "one"},
            "text_encoder": {"None": None, "a number": 3, "text": "one"},
            "texts": {"None": None, "text": "a cat", "empty": TEXTS[:0], "a number": 3.0}
            | {"an object": object(), "complex numbers": TEXTS * 1j},
            "scale": number(zero=0),
        },
        named={"image_encoder": "model", "text_encoder": "model"},
    ),
    Case(
        ZeroShot(of_images, of_texts, TEXTS).of_images,
        lambda: {"images": X.copy()},
        {
            "images": {"None": None, "text": "a cat", "empty": X[:0], "a number": 3.0}
            | {"an object": object(), "complex numbers": X * 1j, "nan": X * np.nan}
        },
        name="ZeroShot.of_images",
    ),
    *pixel_kinds.cases(PixelSpace, from_processor, first=False),
    Case(LiMA, lambda: {"model": model, "regions": (2, 2), "search": "singletons"} | OPTIONS),
    Case(
        SMDL,
        lambda: (
            {
                "model": model,
                "prior": None,
                "patches": 2,
                "regions": 2,
                "k": 2,
                "feature_target": False,
                "confidence_model": None,
            }
            | OPTIONS
        ),
        {
            "prior": {"a number": 3, "text": "one", "a list": [1]},
            "regions": count(),
            "k": count(optional=True),
        },
        named={"regions": "patches"},
    ),
    *[
        Case(getattr(lima(), name), given, name=f"LiMA.{name}", named=NAMED)
        for name in ("explain", "explain_regions")
    ],
    Case(
        EXPLAINER.sufficient,
        lambda: given(explanations=list(EXPLANATIONS), share=0.5, value=0.2, n=2),
        {
            "explanations": {"None": None, "a number": 3, "too few": [], "of None": [None, None]}
            | {"maps": X, "an object": object()},
            "share": share(),
            "value": number(None, optional=True),
            "n": count(),
        },
        name="LiMA.sufficient",
        named=NAMED | {"inputs": "explanations"},
    ),
    Case(
        SMDL(model, patches=2, prior=X[:1, ..., 0], regions=2, k=2).explain,
        given,
        name="SMDL.explain",
        named=NAMED,
    ),
    Case(
        explain_mistakes,
        lambda: {
            "method": lima(),
            "inputs": X.copy(),
            "targets": np.eye(3, dtype=np.float32)[[1, 1]],
            "max_area": 1.0,
        },
        {"method": instance()},
    ),
    Case(
        ExplanationLogger,
        lambda: (
            given(log_to=print, method=LiMA, every_n_epochs=2, name="scenes", plot=print)
            | {"pictures": X[..., 0], "titles": ["a", "b"]}
        ),
        {"targets": without(KINDS["targets"], "no class", "too many classes")} | LOGGED,
    ),
    Case(
        explain_func,
        lambda: (
            {"model": BACKBONE, "inputs": X.copy(), "targets": np.array([0, 1]), "method": lima_of}
            | {"device": None, "channel_first": False}
        ),
        {
            "model": instance(),
            "inputs": {
                "None": None,
                "text": "one",
                "a number": 3.0,
                "nan": np.full((2, 1, 4, 4), np.nan),
            }
            | {"an object": object(), "strings": [["a"]]},
            "targets": {"None": None, "text": "cat", "too many": [0, 1, 2], "a fraction": 0.5}
            | {"an object": object(), "nan": np.nan},
            "method": function(),
            "device": {},  # of torch
            "channel_first": {"text": "yes", "a number": 3, "a list": [True]},
        },
    ),
    Case(AggMean, lambda: {"model": model} | MAPS),
    Case(
        DropTextTokens,
        lambda: {
            "model": model,
            "pad_id": 0,
            "how": "hide",
            "padding_side": "left",
            "removed": np.int64(-1),
        },
        {"model": {"None": None, "a number": 3}} | REMOVING,
    ),
    Case(
        DropTextTokens(lambda ids, mask: ids, 0).__call__,
        lambda: {"ids": np.array([[3.0, -1.0]])},
        {"ids": {"None": None, "text": "three", "one axis": np.ones(3), "a number": 1.0}},
        name="DropTextTokens.__call__",
    ),
    Case(
        SEANN,
        lambda: {"model": model} | MAPS | LEARNING,
        {"thresholds": without(KINDS["thresholds"], "too large")},
    ),
    Case(
        AggMean(model, [a_map]).explain, given, {"targets": {"None": None}}, name="AggMean.explain"
    ),
    *[
        Case(getattr(sea_nn(), name), given, {"targets": {"None": None}}, name=f"SEANN.{name}")
        for name in ("explain", "explain_ensemble", "explain_class")
    ],
    Case(
        AggMean(model, [a_map, a_map]).attribute_maps,
        lambda: {"maps": [X[..., 0], X[..., 0] ** 2]},
        name="AggMean.attribute_maps",
    ),
    Case(
        SumOfParts,
        lambda: {
            "backbone": BACKBONE,
            "example_inputs": X[:1].copy(),
            "features": 2,
            "layer": None,
            "encoder": None,
            "finetune": False,
            "classifier": None,
            "class_weights": None,
            "baseline": 0.0,
            "batch_size": 4,
            "groups": 2,
            "top": 0.5,
            "heads": 1,
            "alpha": None,
            "beta": 1.0,
            "positions": 0.0,
            "blur": None,
            "continuous": False,
        },
        FEATURES | {"baseline": BASELINE_OF_PARTS, "batch_size": count()},
    ),
    Case(
        SelfAttributing,
        lambda: {
            "backbone": BACKBONE,
            "attribution": a_map,
            "example_inputs": X[:1].copy(),
            "features": 2,
            "top": 0.5,
            "baseline": 0.0,
            "batch_size": 4,
        },
        FEATURES | {"baseline": BASELINE_OF_PARTS, "batch_size": count()},
    ),
    *[
        Case(getattr(sum_of_parts(), name), sop_call, name=f"SumOfParts.{name}")
        for name in ("call", "without", "explain")
    ],
    Case(sum_of_parts().parts, lambda: sop_call() | {"remove": False}, name="SumOfParts.parts"),
    Case(
        sum_of_parts().training_loss,
        lambda: {
            "inputs": X.copy(),
            "targets": np.array([0, 1]),
            "feature_mask": None,
            "loss": None,
        },
        {"targets": arrays(np.array([0, 1]), **{"too large": np.array([0, 9])})},
        name="SumOfParts.training_loss",
    ),
    *[
        Case(
            getattr(self_attributing(), name),
            sop_call,
            name=f"SelfAttributing.{name}",
            named={"inputs": "attribution"},
        )
        for name in ("__call__", "without", "explain")
    ],
    Case(
        SumOfPartsAttribution,
        lambda: {"model": MODEL, "batch_size": 4, "operator": None},
        {"model": instance()},
    ),
    Case(
        SumOfPartsAttribution(sum_of_parts()).explain, given, name="SumOfPartsAttribution.explain"
    ),
    Case(
        fit,
        lambda: {
            "model": MODEL,
            "inputs": X.copy(),
            "targets": np.array([0, 1]),
            "feature_mask": None,
            "lr": 1e-3,
            "weight_decay": 0.0,
            "loss": None,
            "verbose": False,
            "epochs": 1,
            "batch_size": 2,
            "seed": 0,
        },
        {
            "model": instance(),
            "targets": arrays(np.array([0, 1]), **{"too large": np.array([0, 9])}),
            "epochs": count(),
            "batch_size": count(),
            "seed": count(0),
        },
    ),
]
