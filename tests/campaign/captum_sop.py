"""Good calls of the Captum plug-in: sums of parts."""

import torch

from captum_submod import SelfAttributing, SumOfParts, SumOfPartsAttribution
from captum_submod.sop import fit, with_baseline

from .calls import NAN, Case, count, flag, instance, share, without
from .captum_kinds import X, a_map, backbone, self_attributing, sum_of_parts, tensor
from .core_kinds import FOLDER
from .host_kinds import BASELINE_OF_PARTS


def data():
    return torch.utils.data.TensorDataset(X.clone(), torch.tensor([0, 1]))


def sop_call():
    return {"inputs": X.clone(), "feature_mask": None, "top": 0.5}


NOT_FINITE = {"nan", "infinity"}
SOP_INPUTS = {"inputs": tensor(X)}
LOADED = sum_of_parts()
LOADED.save(FOLDER / "sop")
EXAMPLES = {"None": None, "a number": 3, "text": "ab", "a tensor": X, "empty": []}

CASES = [
    # Sums of parts
    Case(
        SumOfParts,
        lambda: {
            "backbone": backbone(),
            "example_inputs": X[:1].clone(),
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
        {
            "features": {
                "zero": 0,
                "text": "few",
                "a fraction": 1.5,
                "a bool": True,
                "an object": object(),
            },
            "top": share(),
            "baseline": BASELINE_OF_PARTS,
        },
    ),
    Case(
        SelfAttributing,
        lambda: {
            "backbone": backbone(),
            "attribution": a_map,
            "example_inputs": X[:1].clone(),
            "features": 2,
            "top": 0.5,
            "baseline": 0.0,
            "batch_size": 4,
        },
        {
            "features": {
                "zero": 0,
                "text": "few",
                "a fraction": 1.5,
                "a bool": True,
                "an object": object(),
            },
            "top": share(),
            "baseline": BASELINE_OF_PARTS,
        },
    ),
    Case(
        with_baseline,
        lambda: {"model": sum_of_parts(), "baseline": 0.5},
        {"model": instance(), "baseline": BASELINE_OF_PARTS},
    ),
    *[
        Case(getattr(sum_of_parts(), name), sop_call, name=f"SumOfParts.{name}")
        for name in ("forward", "without", "explain")
    ],
    Case(sum_of_parts().parts, lambda: sop_call() | {"remove": False}, name="SumOfParts.parts"),
    Case(
        sum_of_parts().training_loss,
        lambda: {
            "inputs": X.clone(),
            "targets": torch.tensor([0, 1]),
            "feature_mask": None,
            "loss": None,
        },
        {"targets": tensor(torch.tensor([0.0, 1.0]), **{"too large": torch.tensor([0, 9])})},
        name="SumOfParts.training_loss",
    ),
    Case(
        sum_of_parts().loss_of,
        lambda: {"targets": torch.tensor([0, 1])},
        {"targets": tensor(torch.tensor([0.0, 1.0]))},
        name="SumOfParts.loss_of",
    ),
    Case(sum_of_parts().save, lambda: {"file": FOLDER / "saved"}, name="SumOfParts.save"),
    Case(
        SumOfParts.load,
        lambda: {
            "file": str(FOLDER / "sop"),
            "backbone": backbone(),
            "example_inputs": X[:1].clone(),
            "encoder": None,
        },
    ),
    *[
        Case(
            getattr(self_attributing(), name),
            sop_call,
            name=f"SelfAttributing.{name}",
            named={"inputs": "attribution"},
        )
        for name in ("forward", "without", "explain")
    ],
    Case(
        SumOfPartsAttribution,
        lambda: {"forward_func": sum_of_parts()},
        {"forward_func": instance()},
    ),
    Case(
        SumOfPartsAttribution(sum_of_parts()).attribute,
        lambda: sop_call() | {"target": 1},
        name="SumOfPartsAttribution.attribute",
    ),
    Case(
        fit,
        lambda: {
            "model": sum_of_parts(),
            "dataset": data(),
            "lr": 1e-3,
            "weight_decay": 0.0,
            "loss": None,
            "columns": None,
            "mixed_precision": None,
            "show_progress": False,
            "epochs": 1,
            "batch_size": 2,
            "seed": 0,
        },
        {
            "model": instance(),
            "dataset": EXAMPLES,
            "columns": {
                "a number": 3,
                "text": "ab",
                "empty": [],
                "one": [0],
                "nan": [NAN, 1],
            },
            "mixed_precision": without(flag(), "None"),
            "epochs": count(),
            "batch_size": count(),
            "seed": count(0),
        },
    ),
]
