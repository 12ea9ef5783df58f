"""Table of all that runs a model under Captum."""

from typing import Any

import torch
from torch import nn

from captum_submod import (
    SEANN,
    SMDL,
    AggMean,
    DropTokens,
    LiMA,
    SelfAttributing,
    SumOfParts,
    SumOfPartsAttribution,
    explain_mistakes,
    metrics,
)
from soak.amounts import some
from soak.faults import Case, Meter, Subject
from submod_core.sea_nn import Learning

X = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
FEW = {"target": 1, "perturbations_per_eval": 2}
FAST = {"settings": Learning(widths=(8,), epochs=2), "side": 4, "thresholds": (5,)}


class Net(nn.Module):
    """A network in training mode: with dropout and batch norm, which asking must not change."""

    def __init__(self, meter: Meter, n_inputs: int = 3) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.conv, self.norm = nn.Conv2d(n_inputs, 6, 3, padding=1), nn.BatchNorm2d(6)
            self.drop, self.head = nn.Dropout(0.5), nn.Linear(6 * 4, 4)
        self.meter = meter
        self.train()

    def forward(self, x):
        hidden = torch.tanh(self.norm(self.conv(x * (1 + self.meter(len(x))))))
        pooled = nn.functional.adaptive_avg_pool2d(hidden, 2).flatten(1)
        return 3 * self.head(self.drop(pooled))


class Tokens(nn.Module):
    """A vision transformer of one block."""

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.patches, self.head = nn.Conv2d(3, 8, 4, stride=4), nn.Linear(8, 4)
            self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.meter = meter

    def forward(self, x):
        tokens = self.patches(x * (1 + self.meter(len(x)))).flatten(2).mT
        return self.head(self.block(tokens).mean(1))


def state_of(*modules: nn.Module) -> Any:
    """All that a call must leave as it was: modes, weights, statistics, hooks, generator."""

    def state() -> dict[str, Any]:
        every = [module for one in modules for module in one.modules()]
        tensors = {
            f"{i} {name}": value.detach().clone().numpy()
            for i, one in enumerate(modules)
            for name, value in one.state_dict().items()
        }
        return {
            "modes": [module.training for module in every],
            "hooks": [
                len(module._forward_hooks) + len(module._forward_pre_hooks) for module in every
            ],
            "gradients": [p.grad is None for one in modules for p in one.parameters()],
            "torch's generator": torch.get_rng_state().numpy(),
            "gradients are on": torch.is_grad_enabled(),
            **tensors,
        }

    return state


def lima(**options: Any) -> Any:
    def make(meter: Meter) -> Subject:
        net = Net(meter)
        layer = {"features": net.conv} if options.get("features") == "layer" else {}
        method = LiMA(net, regions=(2, 2), **options | layer)
        return Subject(lambda x: method.explain(x, **FEW), X, state_of(net))

    return make


def smdl(prior: bool = False) -> Any:
    def make(meter: Meter) -> Subject:
        net = Net(meter)

        def maps(x: Any, target: Any) -> Any:
            return x**2 + 0 * net(x)[:, :1, None, None]

        options = {"prior": maps, "patches": 4, "regions": 4} if prior else {"patches": 2}
        method = SMDL(net, **options)
        return Subject(lambda x: method.explain(x, **FEW), X, state_of(net))

    return make


def ensemble(kind: Any, **options: Any) -> Any:
    def make(meter: Meter) -> Subject:
        net = Net(meter)
        method = kind(net, **options)
        return Subject(lambda x: method.attribute(x, target=1), X, state_of(net))

    return make


def sum_of_parts(painted: bool = False) -> Any:
    def make(meter: Meter) -> Subject:
        net = Net(meter)
        with torch.random.fork_rng():
            sop = SumOfParts(net, X[:1], features=4, groups=3, batch_size=4)
        method = SumOfPartsAttribution(sop)
        call = (lambda x: method.attribute(x, target=1)) if painted else sop.explain
        return Subject(call, X, state_of(net, sop))

    return make


def self_attributing(meter: Meter) -> Subject:
    net = Net(meter)
    one = SelfAttributing(net, lambda x, target: x**2, X[:1], features=4)
    return Subject(one.explain, X, state_of(net, one))


def dropping(meter: Meter) -> Subject:
    net = Tokens(meter)
    method = LiMA(DropTokens(net, net.block, patch_size=4), regions=(2, 2))
    return Subject(lambda x: method.explain(x, **FEW), X, state_of(net))


def mistakes(meter: Meter) -> Subject:
    net = Net(meter)
    with torch.no_grad():
        wrong = (net.eval()(X).argmax(1) + 1) % 4
    net.train()
    method = LiMA(net, regions=(2, 2))

    def call(x: Any) -> Any:
        found = explain_mistakes(method, x, wrong, perturbations_per_eval=2)
        return [mistake.explanation for mistake in found]

    return Subject(call, X, state_of(net))


def insertion(meter: Meter) -> Subject:
    net = Net(meter)
    return Subject(lambda x: metrics.insertion(net, x, x, target=1, steps=4), X, state_of(net))


PARTS = "example [01]: (the answer of `backbone`|an embedding of its features)"
ENGINE = r"`forward_func` for example [01] with only the regions \["
CASES = {
    "LiMA": Case(lima(), ENGINE),
    "LiMA with a layer": Case(lima(features="layer"), ENGINE),
    "LiMA, greedy": Case(lima(search="greedy"), ENGINE),
    "SMDL": Case(smdl(), ENGINE),
    "SMDL with a prior": Case(smdl(True), rf"{ENGINE}|map by `prior` of example 0", smaller=False),
    "SEANN": Case(
        ensemble(SEANN, **FAST), r"map by `methods\[[012]\].*` of example [01]", smaller=False
    ),
    "AggMean": Case(
        ensemble(AggMean), r"map by `methods\[[012]\].*` of example [01]", smaller=False
    ),
    "SumOfParts": Case(sum_of_parts(), PARTS),
    "SumOfPartsAttribution": Case(sum_of_parts(True), PARTS),
    "SelfAttributing": Case(self_attributing, PARTS),
    "DropTokens": Case(dropping, ENGINE),
    "mistakes": Case(mistakes, rf"{ENGINE}|the model of `method` for example [01]", smaller=False),
    "insertion": Case(insertion, ENGINE),
}
CASES = some(CASES, "LiMA with a layer", "SMDL", "SEANN", "SumOfParts", "DropTokens", "mistakes")
