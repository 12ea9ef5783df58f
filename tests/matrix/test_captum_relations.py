"""Metamorphic relations under Captum; wrapped, scripted and compiled models."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from captum_submod import LiMA
from matrix.relations import RELATIONS, assert_same


def explain(model, x, target, **options):
    return LiMA(lambda z: torch.from_numpy(model(z.numpy())), **options).explain(
        torch.from_numpy(np.ascontiguousarray(x)), target=target, perturbations_per_eval=16
    )


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.__name__)
@settings(max_examples=6)
@given(seed=st.integers(0, 2**16), search=st.sampled_from(["greedy", "guided", "bidirectional"]))
def test_relations_hold(relation, seed, search):
    relation(explain, seed, search)


def network(seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(72, 8), torch.nn.Tanh(), torch.nn.Linear(8, 4)
        ).eval()


WRAPPED = {
    "a mapping": lambda net: lambda z: {"loss": None, "logits": net(z)},
    "an object": lambda net: lambda z: SimpleNamespace(logits=net(z), hidden_states=None),
    "a tuple of one": lambda net: lambda z: (net(z),),
    "scripted": torch.jit.script,
    "traced": lambda net: torch.jit.trace(net, torch.zeros(2, 3, 4, 6)),
    "compiled": lambda net: torch.compile(net, backend="eager"),
    "exported": lambda net: torch.export.export(
        net, (torch.zeros(2, 3, 4, 6),), dynamic_shapes=({0: torch.export.Dim.AUTO},)
    ).module(),
    "half of double": lambda net: lambda z: net(z).double(),
}


@pytest.mark.parametrize("kind", WRAPPED)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_wrapped_model_is_the_model(kind):
    net, x = network(0), torch.rand(2, 3, 4, 6)
    expected = LiMA(net, regions=(2, 3)).explain(x, target=1, perturbations_per_eval=8)
    found = LiMA(WRAPPED[kind](net), regions=(2, 3)).explain(x, target=1, perturbations_per_eval=8)
    assert_same(found, expected)


def test_outputs_that_are_several_tensors_are_refused():
    net = network(0)
    for outputs in (lambda z: (net(z), net(z)), lambda z: {"scores": net(z)}, lambda z: None):
        with pytest.raises(TypeError, match=r"`forward_func` returned a .* one tensor"):
            LiMA(outputs, regions=(2, 3)).explain(torch.rand(1, 3, 4, 6), target=1)


@given(st.integers(0, 99), st.sampled_from(["NCHW", "NHWC"]))
@settings(max_examples=10)
def test_what_always_stays_is_neither_removed_nor_painted(seed, axes):
    net, x = network(seed), torch.rand(2, 3, 4, 6) + 0.5
    labels = np.arange(6).reshape(2, 3).repeat(2, 0).repeat(2, 1)
    labels[labels == 4] = -1
    stays = torch.from_numpy(labels == -1)
    seen = []

    def model(z):
        first = z if axes == "NCHW" else z.movedim(-1, 1)
        seen.append(first[..., stays].clone())
        return net(first)

    given_x = x if axes == "NCHW" else x.movedim(1, -1)
    lima = LiMA(model, regions=labels, layout=axes, search="greedy")
    found = lima.explain(given_x, target=1)
    painted = lima.attribute(given_x, target=1, signed=True)
    last = painted if axes == "NCHW" else painted.movedim(-1, 1)
    assert not last[..., stays].any()
    pixels = x[..., stays]
    assert all(any(torch.equal(row, pixel) for pixel in pixels) for batch in seen for row in batch)
    assert [sorted(one.order) for one in found] == [list(range(5))] * 2
    assert np.array_equal(found[0].regions == -1, labels == -1)
