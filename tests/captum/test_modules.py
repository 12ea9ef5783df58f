"""Models stay as they were: modes, statistics, inputs, threads, layers that are overwritten."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, Saliency
from hypothesis import given
from hypothesis import strategies as st
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
    metrics,
)
from captum_submod._modules import captured, evaluating, modules_of
from submod_core.sea_nn import Learning

X = torch.rand(2, 3, 12, 12, generator=torch.Generator().manual_seed(0))


class Noisy(nn.Module):
    """Batch norm and dropout: in training mode its answers and its statistics move."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.norm = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.drop, self.head = nn.Dropout(0.5), nn.Linear(6, 5)

    def forward(self, x):
        return self.head(self.drop(torch.relu(self.norm(self.conv(x))).mean((2, 3))))

    encode_image = forward


class InPlace(nn.Module):
    """One function of two spellings: with operations in place, and without."""

    def __init__(self, in_place):
        super().__init__()
        torch.manual_seed(1)
        self.in_place, self.conv, self.head = (
            in_place,
            nn.Conv2d(3, 6, 3, padding=1),
            nn.Linear(6, 5),
        )
        self.relu = nn.ReLU(inplace=in_place)

    def forward(self, x):
        x = x.sub_(0.5).div_(0.25) if self.in_place else (x - 0.5) / 0.25
        return self.head(self.relu(self.conv(x)).mean((2, 3)))


FAST = {"settings": Learning(widths=(8,), epochs=2), "side": 4, "thresholds": (5,)}
FEW = {"target": 1, "perturbations_per_eval": 8}


def gradients(net):
    return [Saliency(net), IntegratedGradients(net)]


# What runs a model, as functions of the model and of images.
def lima(net, x, **options):
    return LiMA(net, regions=(3, 3), **options).attribute(x, **FEW)


def smdl(net, x, **options):
    return SMDL(net, patches=3, **options).attribute(x, **FEW)


def sum_of_parts(net, x):
    return SumOfParts(net, x[:1], features=4, groups=3)


CALLS = {
    "LiMA": lima,
    "LiMA with a layer": lambda net, x: lima(net, x, features=net.conv),
    "LiMA with a function": lambda net, x: lima(net, x, features=net.forward),
    "SMDL": lambda net, x: smdl(net, x, confidence_model=net),
    "insertion": lambda net, x: metrics.insertion(net, x, x, target=1, steps=4),
    "SumOfParts": lambda net, x: sum_of_parts(net, x)(x).detach(),
    "SumOfPartsAttribution": lambda net, x: SumOfPartsAttribution(sum_of_parts(net, x)).attribute(
        x, target=1
    ),
}
# Captum's gradient methods, and torch itself, refuse models that work in place on their input.
BY_GRADIENTS = {
    "SMDL with a prior": lambda net, x: smdl(net, x, prior=Saliency(net), regions=4),
    "SEANN": lambda net, x: SEANN(net, gradients(net), **FAST).attribute(x, target=1),
    "SEANN by default": lambda net, x: SEANN(net, **FAST).attribute(x, target=1),
    "AggMean": lambda net, x: AggMean(net, gradients(net)).attribute(x, target=1),
    "SelfAttributing": lambda net, x: SelfAttributing(net, Saliency(net), x[:1], features=4)(x),
}
ALL = CALLS | BY_GRADIENTS


@pytest.mark.parametrize("name", ALL)
def test_a_model_in_training_mode_is_asked_in_evaluation_mode_and_stays_as_it_was(name):
    net, images = Noisy(), X.clone()
    expected = ALL[name](Noisy().eval(), X.clone())
    state = {key: value.clone() for key, value in net.state_dict().items()}
    generator = torch.get_rng_state()
    found = ALL[name](net, images)
    torch.testing.assert_close(found, expected)
    assert all(module.training for module in net.modules())
    for key, value in net.state_dict().items():
        assert torch.equal(value, state[key]), key
    assert torch.equal(images, X)
    assert torch.equal(torch.get_rng_state(), generator)


@pytest.mark.parametrize("name", CALLS)
def test_a_model_that_works_in_place_is_the_same_model(name):
    images = X.clone()
    found = CALLS[name](InPlace(True).eval(), images)
    torch.testing.assert_close(found, CALLS[name](InPlace(False).eval(), X.clone()))
    assert torch.equal(images, X)


@pytest.mark.parametrize("name", ALL)
def test_threads_give_the_serial_results(name):
    net = Noisy()
    images = [X + 0.1 * i for i in range(6)]
    expected = [ALL[name](net, x.clone()) for x in images]
    statistics = net.norm.running_mean.clone()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda x: ALL[name](net, x.clone()), images))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
    assert all(module.training for module in net.modules())
    assert torch.equal(net.norm.running_mean, statistics)


def test_threads_on_one_object():
    net = Noisy().eval()
    lima = LiMA(net, regions=(3, 3), features=net.conv)
    sop = SumOfParts(net, X[:1], features=4, groups=3)
    for call in (lambda x: lima.attribute(x, **FEW), lambda x: sop(x).detach()):
        expected = [call(X + 0.1 * i) for i in range(8)]
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(call, [X + 0.1 * i for i in range(8)]))
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other)


class Tokens(nn.Module):
    """A vision transformer of one block."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.patches, self.head = nn.Conv2d(3, 8, 4, stride=4), nn.Linear(8, 5)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x):
        return self.head(self.block(self.patches(x).flatten(2).mT).mean(1))


def test_threads_through_a_transformer_without_tokens():
    net = Tokens().eval()
    dropping = DropTokens(net, net.block, patch_size=4)
    images = [X.clone() for _ in range(12)]
    for i, x in enumerate(images):
        x[..., : 4 * (i % 3), :] = 0
    with torch.no_grad():
        expected = [dropping(x) for x in images]

    def call(x):
        with torch.no_grad():
            return dropping(x)

    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(pool.map(call, images), expected, strict=True):
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("spelled", ["encode_image", "forward", "partial", "partial of a method"])
def test_a_method_of_a_module_is_the_module(spelled):
    net = Noisy()
    function = {
        "encode_image": net.encode_image,
        "forward": net.forward,
        "partial": partial(net),
        "partial of a method": partial(net.encode_image),
    }[spelled]
    before = net.norm.running_mean.clone()
    lima = LiMA(function, regions=(3, 3))
    first, second = (lima.attribute(X, **FEW) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(net.norm.running_mean, before)
    assert net.norm.training


def test_an_encoder_of_ones_own_predicts_in_evaluation_mode():
    encoder = nn.Sequential(
        nn.Conv2d(3, 4, 4, stride=4), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Flatten(2)
    )
    encoder.append(nn.Unflatten(2, (9,)))
    net = Noisy()
    sop = SumOfParts(net, X[:1], features=4, groups=3, encoder=Transposed(encoder))
    before = encoder[1].running_mean.clone()
    assert torch.equal(sop(X), sop(X))
    assert torch.equal(encoder[1].running_mean, before)


class Transposed(nn.Module):
    """(N, k, places) as (N, places, k)."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x).transpose(1, 2)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=12),
    st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_modes_come_back_in_whatever_order_contexts_end(steps, modes):
    modules = [nn.Dropout(), nn.Dropout(), nn.Dropout()]
    for module, training in zip(modules, modes, strict=True):
        module.train(training)
    open_contexts = []
    for which, opens in steps:
        if opens or not open_contexts:
            context = evaluating(modules[which], *modules[: which + 1])
            context.__enter__()
            open_contexts.append((which, context))
        else:
            open_contexts.pop(which % len(open_contexts))[1].__exit__(None, None, None)
        held = {i for which, _ in open_contexts for i in range(which + 1)}
        for i, module in enumerate(modules):
            assert module.training == (modes[i] and i not in held)
    for _, context in open_contexts:
        context.__exit__(None, None, None)
    assert [module.training for module in modules] == modes


def test_modes_come_back_after_an_error():
    net = Noisy()
    net.norm.eval()
    with pytest.raises(ZeroDivisionError), evaluating(net):
        raise ZeroDivisionError
    assert [m.training for m in (net, net.conv, net.norm, net.drop)] == [True, True, False, True]


def test_a_layer_is_captured_as_it_was_when_it_ran():
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Linear(4, 2))
    x = torch.randn(3, 4)
    with captured(net[0]) as outputs, captured(net[2], "input") as inputs:
        net(x)
    torch.testing.assert_close(outputs[0], net[0](x))
    torch.testing.assert_close(inputs[0], torch.relu(net[0](x)))


def test_modules_behind_what_is_no_module():
    assert modules_of(len) == modules_of(None) == modules_of(lambda x: x) == []
    assert modules_of(np.zeros(2).sum) == []


NET = nn.Linear(2, 2)


def scored(x, scale=nn.Identity()):  # noqa: B008
    return scale(NET(x))


def test_modules_that_a_function_names_holds_or_is_given():
    inner, holder = nn.Dropout(), nn.Sequential(nn.ReLU())
    assert set(modules_of(lambda x: inner(holder(x)))) == {inner, holder, holder[0]}
    assert set(modules_of(scored)) == {NET, scored.__defaults__[0]}
    assert set(modules_of(lambda x: scored(x))) == set(modules_of(scored))
    assert modules_of(torch.relu) == []


def test_a_model_in_a_function_is_explained_in_evaluation_mode():
    net = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(16), nn.Linear(16, 3)).double()
    x = torch.rand(2, 1, 4, 4, dtype=torch.float64)
    before = net[1].running_mean.clone()
    found = LiMA(lambda x: net(x), regions=(2, 2)).attribute(x, target=0)
    assert torch.equal(net[1].running_mean, before)
    assert net.training
    torch.testing.assert_close(found, LiMA(net.eval(), regions=(2, 2)).attribute(x, target=0))
