"""Captum's own cases: all that list FeatureAblation, run on LiMA and SMDL as Captum would."""

import copy
import inspect
from functools import partial

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation, NoiseTunnel
from captum.testing.attr.helpers.gen_test_utils import parse_test_config
from captum.testing.attr.helpers.test_config import config
from soak.amounts import combined

from captum_submod import SMDL, LiMA

CASES = [case for case in config if FeatureAblation in case["algorithms"]]
METHODS = {
    "greedy": partial(LiMA, search="greedy"),
    "guided": LiMA,
    "bidirectional": partial(LiMA, search="bidirectional"),
    "SMDL": SMDL,
}


def tensors(value):
    return value if isinstance(value, tuple) else (value,)


NAMED = {case["name"]: case for case in CASES}
OTHERS = [name for name in METHODS if name != "guided"]  # than the default
PAIRS = [(case, "guided") for case in NAMED] + combined(NAMED, OTHERS)
EAGER = [(case, name, False) for case, name in PAIRS]
SCRIPTED = [(case, name, True) for case, name in combined(NAMED, METHODS)]


@pytest.mark.slow
@pytest.mark.parametrize(("case", "name", "scripted"), EAGER + SCRIPTED)
@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:the model's outputs are probabilities:UserWarning")
def test_captum_case(case, name, scripted):
    _, model, arguments, _, noise_tunnel, _ = parse_test_config(copy.deepcopy(NAMED[case]))
    method = METHODS[name](torch.jit.script(model) if scripted else model)
    if name == "SMDL" and tensors(arguments["inputs"])[0].dim() == 4:
        method.patches = 2
    explainer = NoiseTunnel(method) if noise_tunnel else method
    attributions = explainer.attribute(**arguments)
    assert isinstance(attributions, tuple) == isinstance(arguments["inputs"], tuple)
    for attribution, tensor in zip(
        tensors(attributions), tensors(arguments["inputs"]), strict=True
    ):
        assert attribution.shape == tensor.shape
        assert attribution.dtype == tensor.dtype
        assert attribution.isfinite().all()
    if not noise_tunnel:
        compare_one_by_one(method, arguments, attributions)


def compare_one_by_one(method, arguments, together):
    n = len(tensors(arguments["inputs"])[0])
    for i in range(n):
        alone = method.attribute(
            **{name: example(value, i, n) for name, value in arguments.items()}
        )
        for a, b in zip(tensors(alone), tensors(together), strict=True):
            near = torch.allclose(a[0], b[i], atol=1e-4)
            assert near or torch.allclose(a[0], b[i], atol=rounding(method, arguments, i))


def rounding(method, arguments, i):
    """Of the importance: some scores of Captum's cases move by thirty roundings in all."""
    n = len(tensors(arguments["inputs"])[0])
    (one,) = method.explain(**{name: example(value, i, n) for name, value in arguments.items()})
    scores = one.curves.insertion
    return float(1e-7 * np.abs(scores).max() / (np.ptp(scores) or 1))


def example(value, i, n):
    """The part of an argument of a batch of n that belongs to example i."""
    if isinstance(value, tuple):
        return tuple(example(v, i, n) for v in value)
    return value[i : i + 1] if isinstance(value, list | torch.Tensor) and len(value) == n else value


def test_there_are_cases():
    assert len(CASES) >= 14


def test_signature_is_captums():
    theirs = list(inspect.signature(FeatureAblation.attribute).parameters)[:-1]
    assert list(inspect.signature(LiMA.attribute).parameters)[: len(theirs)] == theirs


def test_attribution_protocol():
    method = LiMA(torch.nn.Identity())
    assert not method.has_convergence_delta()
    assert method.multiplies_by_inputs
    assert method.get_name() == "LiMA"
    with pytest.raises(NotImplementedError, match="attribute_future"):
        method.attribute_future()
