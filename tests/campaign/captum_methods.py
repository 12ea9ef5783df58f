"""Good calls of the Captum plug-in: the methods."""

import numpy as np
import torch
from torch import nn

from captum_submod import (
    SEANN,
    SMDL,
    AggMean,
    DropTextTokens,
    DropTokens,
    KeywordInputs,
    LiMA,
    LLMAttribution,
    PixelSpace,
    RemoteLLMAttribution,
    ZeroShot,
    explain_mistakes,
    from_processor,
)
from captum_submod.callbacks import ExplanationLogger
from captum_submod.quantus import explain_func
from submod_core.sea_nn import Learning

from . import pixel_kinds
from .calls import Case, choice, count, function, instance, number, share, without
from .captum_kinds import (
    KINDS,
    MASK,
    X,
    a_map,
    lima,
    model,
    tensor,
)
from .host_kinds import LOGGED, REMOVING

IDS = torch.tensor([[3, -1, 4], [5, 6, -1]])
OPTIONS = {
    "activation": "softmax",
    "class_axis": 1,
    "features": None,
    "distance": "cosine",
    "class_embeddings": None,
    "scale": 100.0,
    "max_evaluations": 50,
    "max_model_inputs": 50,
    "weights": None,
    "layout": "NCHW",
    "autocast": None,
}
GIVEN = {"target": 1, "additional_forward_args": None}
MASKED = {
    "baselines": 0.0,
    "feature_mask": MASK,
    "perturbations_per_eval": 4,
    "show_progress": False,
}
EXPLAINER = lima()
EXPLANATIONS = EXPLAINER.explain(X, target=1)
SMALL = Learning(widths=(3,), epochs=1)


def sea_nn(**options):
    return SEANN(model(), [a_map], settings=SMALL, side=2, thresholds=(2, 4), **options)


def lima_of(model):
    return LiMA(model, regions=(2, 2), search="singletons")


class Provider:
    def get_logprobs(self, **_):
        return [0.0]


class Encoders(nn.Module):
    """As a model of OpenCLIP, of grey images and single tokens."""

    logit_scale = torch.tensor(2.0)

    def encode_image(self, images):
        return images.mean(1).flatten(1)[:, :3] + 0.1

    def encode_text(self, ids):
        return nn.functional.one_hot(ids[:, 0] % 3, 3).float()


def lengths(texts):
    return torch.tensor([[len(text)] for text in texts])


def zero_shot():
    return ZeroShot(Encoders(), lengths, ["a", "cat"])


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches, self.block = nn.Conv2d(1, 4, 2, stride=2), nn.Identity()

    def forward(self, x):
        return self.block(self.patches(x).flatten(2).mT).mean(1)


def dropping(**options):
    tiny = Tiny()
    return {"model": tiny, "first_block": tiny.block, "patch_size": 2, "baseline": 0.0} | options


CASES = [
    Case(
        LiMA, lambda: {"forward_func": model(), "regions": (2, 2), "search": "singletons"} | OPTIONS
    ),
    Case(
        SMDL,
        lambda: (
            {
                "forward_func": model(),
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
            "regions": count() | {"too many": 500},
            "k": count(optional=True),
        },
        named={"regions": "patches"},
    ),
    *[
        Case(
            getattr(lima(), name),
            lambda signed=signed: {"inputs": X.clone()} | GIVEN | MASKED | signed,
            name=f"LiMA.{name}",
            named={"inputs": "forward_func"},
        )
        for name, signed in (("attribute", {"signed": False}), ("explain", {}))
    ],
    Case(
        EXPLAINER.sufficient,
        lambda: (
            {"inputs": X.clone(), "explanations": list(EXPLANATIONS)}
            | GIVEN
            | {k: v for k, v in MASKED.items() if k != "feature_mask"}
            | {"share": 0.5, "value": 0.2, "n": 2}
        ),
        {
            "explanations": {"None": None, "a number": 3, "too few": [], "of None": [None, None]}
            | {"maps": X, "an object": object()},
            "share": share(),
            "value": number(None, optional=True),
            "n": count(),
        },
        name="LiMA.sufficient",
        named={"inputs": "explanations", "target": "explanations", "baselines": "explanations"},
    ),
    Case(
        SMDL(model(), patches=2, prior=X[:1], regions=2, k=2).attribute,
        lambda: {"inputs": X.clone(), "signed": False} | GIVEN | MASKED,
        name="SMDL.attribute",
        named={"inputs": "forward_func"},
    ),
    Case(
        explain_mistakes,
        lambda: (
            {
                "method": lima(),
                "inputs": X.clone(),
                "target": 0,
                "max_area": 1.0,
                "additional_forward_args": None,
            }
            | MASKED
        ),
        {"method": instance(), **{k: KINDS[k] for k in (*MASKED, "additional_forward_args")}},
    ),
    Case(
        ExplanationLogger,
        lambda: (
            {"inputs": X.clone(), "target": 1, "log_to": print, "method": LiMA}
            | {"every_n_epochs": 2, "name": "scenes", "pictures": X[:, 0], "titles": ["a", "b"]}
            | {"plot": print}
        ),
        {
            "inputs": {k: KINDS["inputs"][k] for k in ("None", "text", "an array", "empty")},
            "target": {k: KINDS["target"][k] for k in ("a fraction", "text", "too many")},
        }
        | LOGGED,
    ),
    Case(
        explain_func,
        lambda: (
            {
                "model": model(),
                "inputs": X.numpy().copy(),
                "targets": np.array([0, 1]),
                "method": lima_of,
            }
            | {"device": None}
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
        },
    ),
    Case(AggMean, lambda: {"forward_func": model(), "methods": [a_map]}),
    Case(
        SEANN,
        lambda: {
            "forward_func": model(),
            "methods": [a_map],
            "settings": SMALL,
            "side": 2,
            "thresholds": (2, 4),
        },
        {"thresholds": without(KINDS["thresholds"], "too large")},
    ),
    Case(
        AggMean(model(), [a_map]).attribute,
        lambda: {"inputs": X.clone(), "show_progress": False} | GIVEN,
        {"target": {}},
        name="AggMean.attribute",
    ),
    Case(
        sea_nn().attribute,
        lambda: {"inputs": X.clone(), "show_progress": False} | GIVEN,
        {"target": {}},
        name="SEANN.attribute",
    ),
    *[
        Case(
            getattr(sea_nn(), name),
            lambda: {"inputs": X.clone()} | GIVEN,
            {"target": {}},
            name=f"SEANN.{name}",
        )
        for name in ("explain", "attribute_class")
    ],
    Case(
        AggMean(model(), [a_map, a_map]).attribute_maps,
        lambda: {"maps": [X[:, 0], X[:, 0] ** 2]},
        name="AggMean.attribute_maps",
    ),
    Case(
        DropTokens,
        dropping,
        {
            "model": KINDS["backbone"],
            "first_block": {"None": None, "a number": 3, "another's": nn.Identity()},
            "patch_size": count(),
        },
    ),
    Case(
        DropTextTokens,
        lambda: {
            "model": model(),
            "pad_id": 0,
            "how": "hide",
            "padding_side": "left",
            "removed": np.int64(-1),
        },
        {"model": {"None": None, "a number": 3}} | REMOVING,
    ),
    Case(
        DropTextTokens(lambda ids, mask: ids, 0),
        lambda: {"ids": IDS.clone(), "attention_mask": torch.ones(2, 3)},
        {
            "ids": tensor(IDS, **{"of floats": IDS + 0.5}),
            "attention_mask": {"text": "all", "a number": 1, "another size": torch.ones(2, 2)},
        },
        name="DropTextTokens.forward",
    ),
    Case(
        DropTokens(**dropping()),
        lambda: {"images": X.clone()},
        {"images": without(tensor(X), "nan", "infinity")},
        name="DropTokens.forward",
    ),
    Case(
        ZeroShot,
        lambda: {
            "model": Encoders(),
            "processor": lengths,
            "texts": ["a", "cat"],
            "padding": None,
        },
        {
            "model": KINDS["backbone"] | {"no encoders": nn.Linear(2, 2)},
            "processor": {"None": None, "a number": 3, "text": "one"},
            "texts": {"None": None, "a number": 3, "empty": [], "of None": [None], "no text": ""}
            | {"an empty text": ["a", ""]},
            "padding": {"a number": 3, "a list": ["a"]},
        },
    ),
    Case(
        zero_shot().of_images,
        lambda: {"images": X.clone()},
        {"images": without(tensor(X), "complex numbers", "empty")},
        name="ZeroShot.of_images",
    ),
    *pixel_kinds.cases(PixelSpace, from_processor, first=True),
    Case(
        KeywordInputs,
        lambda: {"inputs": {"x": X.clone(), "rate": 2.0}, "explain": "x"},
        {
            "inputs": {"None": None, "a number": 3, "a tensor": X, "a list": [X]}
            | {"other rows": {"x": X, "mask": X[:1]}, "lists": {"x": X, "sizes": [1, 2]}}
            | {"no tensor": {"x": [1.0]}, "empty": {}},
            "explain": {"None": None, "a number": 3, "empty": [], "another name": "y"}
            | {"a number's name": "rate", "twice": ["x", "x"], "of None": [None]},
        },
        named={"inputs": "explain", "explain": "inputs"},
    ),
    Case(
        LLMAttribution,
        lambda: {"attr_method": lima(regions=None), "tokenizer": None, "attr_target": "prob"},
        {"attr_method": instance(), "tokenizer": {}, "attr_target": choice()},
    ),
    Case(
        RemoteLLMAttribution,
        lambda: {
            "attr_method": LiMA(RemoteLLMAttribution.placeholder_model),
            "tokenizer": None,
            "provider": Provider(),
            "attr_target": "prob",
        },
        {"attr_method": instance(), "tokenizer": {}, "provider": instance()}
        | {"attr_target": choice()},
    ),
]
