"""Kinds and values of the campaign over the Captum plug-in."""

import numpy as np
import torch
from torch import Tensor, nn

from captum_submod import LiMA, SelfAttributing, SumOfParts

from . import host_kinds
from .calls import INF, NAN, Bad, frozen, without

X = torch.linspace(0, 1, 32).reshape(2, 1, 4, 4)
MASK = (torch.arange(16) // 4).reshape(1, 1, 4, 4)
MAPS = X.sum(1)


@frozen.register(Tensor)
def _tensor(value):
    return (str(value.dtype), value.requires_grad, value.detach().numpy().tobytes())


@frozen.register(nn.Module)
def _module(value):
    state = [(name, frozen(tensor)) for name, tensor in value.state_dict().items()]
    modules = list(value.modules())
    hooks = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in modules]
    return (state, [m.training for m in modules], hooks)


def tensor(good: Tensor, **others) -> Bad:
    """Bad values of a tensor like `good`."""
    return {
        "None": None,
        "text": "three",
        "a list": [1.0],
        "an array": good.numpy(),
        "an object": object(),
        "nan": good * NAN,
        "infinity": good * 0 + INF,
        "empty": good[:0],
        "one number": torch.tensor(1.0),
        "complex numbers": good * 1j,
    } | others


def mask(**others) -> Bad:
    """Bad values of a feature mask."""
    bad = tensor(MASK.double(), fractions=MASK + 0.5, **{"another size": MASK[..., :3]})
    return without(bad, "None", "one number") | others


INPUTS = tensor(X, integers=None)
TARGET = {
    "None": None,
    "too large": 9,
    "negative": -9,
    "a fraction": 1.5,
    "text": "cat",
    "nan": NAN,
    "a bool": True,
    "too few": [1],
    "too many": [0, 1, 2],
    "empty": [],
    "of floats": torch.tensor([0.5, 1.0]),
    "an object": object(),
    "a mapping": {"a": 1},
}
BASELINES = {
    "text": "mist",
    "nan": NAN,
    "infinity": INF,
    "a list": [0.0],
    "another size": torch.zeros(2, 1, 3, 3),
    "too many": (0, 0),
    "an object": object(),
    "nan in a tensor": torch.full((1, 1, 4, 4), NAN),
    "a complex number": 1j,
    "an array": np.zeros((1, 1, 4, 4)),
}

KINDS = (
    host_kinds.KINDS
    | {
        "inputs": without(INPUTS, "integers"),
        "baselines": BASELINES,
        "target": TARGET,
        "feature_mask": mask(),
        "attributions": tensor(X, **{"another size": X[..., :3]}),
        "additional_forward_args": {},  # any value may be the model's
        "perturbations_per_eval": {"text": "fast", "nan": NAN, "zero": 0, "a fraction": 1.5}
        | {"a bool": True, "None": None, "negative": -1, "a list": [2]},
        "autocast": {"text": "half", "a number": 16, "float64": torch.float64},
        "example_inputs": tensor(X[:1]),
        "backbone": {"None": None, "a number": 3, "a function": len, "text": "one"},
        "encoder": {"a number": 3, "text": "one", "a function": len},
        "maps": {"None": None, "a number": 3, "empty": [], "of None": [None]},
    }
)


def model():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(16, 3))
    return net.train()


def lima(**options):
    return LiMA(model(), **({"regions": (2, 2), "search": "singletons"} | options))


def backbone():
    torch.manual_seed(0)
    convolution = nn.Conv2d(1, 4, 2, stride=2)
    return nn.Sequential(
        convolution, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    )


def sum_of_parts(**options):
    return SumOfParts(backbone(), X[:1], **({"features": 2, "groups": 2} | options))


def a_map(inputs, target):
    return inputs


def self_attributing():
    return SelfAttributing(backbone(), a_map, X[:1], features=2)
