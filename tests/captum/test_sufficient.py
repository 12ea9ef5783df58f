"""Sufficient regions under Captum: inputs of every form, and wrong explanations."""

import numpy as np
import pytest
import torch
from bad_options import refused
from networks import SmallNet, random_images, random_mask

from captum_submod import SMDL, LiMA

X, MASK, NET = random_images(0, 3), random_mask(0), SmallNet(0)


class Unsure(torch.nn.Module):
    """The network without its saturation, so that scores are between 0 and 1."""

    def forward(self, x):
        return 0.1 * NET(x)


MODEL = Unsure()
TARGET = MODEL(X).argmax(1)


def alone(explanation, image, regions, target, baseline=0.0):
    """The probability of the target with some regions of an image alone."""
    kept = torch.from_numpy(np.isin(explanation.regions, [*regions, -1]))
    kept = kept if kept.dim() == image.dim() else kept[None]
    with torch.no_grad():
        masked = torch.where(kept, image, torch.as_tensor(baseline, dtype=image.dtype))
        return float(MODEL(masked[None]).softmax(1)[0, target])


DIVISIONS = {
    "superpixels": ({}, {}),
    "a grid": ({"regions": (3, 3)}, {}),
    "a mask": ({}, {"feature_mask": MASK}),
    "what always stays": ({}, {"feature_mask": MASK - 1}),
    "a mask for each": ({}, {"feature_mask": torch.cat([MASK, MASK.flip(-1), MASK.flip(-2)])}),
    "regions of single channels": (
        {},
        {"feature_mask": torch.stack([MASK[0, 0], MASK[0, 0] + 9, MASK[0, 0] + 18])[None]},
    ),
}


@pytest.mark.parametrize("kind", [LiMA, SMDL])
@pytest.mark.parametrize("division", DIVISIONS)
def test_the_model_says_of_each_set_what_the_result_says(kind, division):
    options, given = DIVISIONS[division]
    if kind is SMDL and options:
        options = {"patches": (3, 3)}
    method = kind(MODEL, **options)
    arguments = {"target": TARGET, "baselines": 0.1, "perturbations_per_eval": 8}
    explanations = method.explain(X, **given, **arguments)
    results = method.sufficient(X, explanations, **arguments, n=2, share=0.9)
    for i, (one, result) in enumerate(zip(explanations, results, strict=True)):
        assert result.score == 0.9 * one.highest_confidence.value
        assert 1 <= len(result.sets) <= 2
        prefix = one.smallest_prefix(0.9)
        assert {*result.sets[0].regions} <= {*one.order[: prefix.n_regions].tolist()}
        for found in result.sets:
            target = int(TARGET[i])
            assert found.value == pytest.approx(alone(one, X[i], found.regions, target, 0.1))
            assert found.value >= result.score
            for region in found.regions if len(found.regions) > 1 else ():
                rest = {*found.regions} - {region}
                assert alone(one, X[i], rest, target, 0.1) < result.score + 1e-9


def test_features_of_the_whole_input_are_a_target_too():
    method = SMDL(NET, feature_target=True, patches=(3, 3), weights={"consistency": 1})
    explanations = method.explain(X, perturbations_per_eval=8)
    for i, result in enumerate(method.sufficient(X, explanations, share=0.8, n=2)):
        for found in result.sets:
            kept = torch.from_numpy(np.isin(explanations[i].regions, found.regions))
            alone_, whole = NET(torch.stack([torch.where(kept, X[i], 0.0), X[i]])).detach()
            near = float(torch.cosine_similarity(alone_, whole, 0))
            assert found.value == pytest.approx(near)
            assert near >= result.score


def test_a_tuple_of_inputs_and_a_layout():
    def both(a, b):
        return MODEL(a) + MODEL(b.permute(0, 3, 1, 2))

    method = LiMA(both)
    pair = (X, X.permute(0, 2, 3, 1))
    mask = (MASK, MASK.permute(0, 2, 3, 1) + 9)
    explanations = method.explain(pair, target=0, feature_mask=mask)
    assert len(method.sufficient(pair, explanations, target=0)) == 3

    last = LiMA(lambda x: MODEL(x.permute(0, 3, 1, 2)), layout="NHWC", regions=(3, 3))
    first = LiMA(MODEL, regions=(3, 3))
    (here,) = last.sufficient(pair[1][:1], last.explain(pair[1][:1], target=1), target=1)
    (there,) = first.sufficient(X[:1], first.explain(X[:1], target=1), target=1)
    assert [one.regions for one in here.sets] == [one.regions for one in there.sets]


def test_the_result_does_not_depend_on_what_else_is_asked():
    method = LiMA(MODEL, regions=(3, 3))
    explanations = method.explain(X, target=TARGET)
    together = method.sufficient(X, explanations, target=TARGET, n=2, perturbations_per_eval=16)
    for i, one in enumerate(explanations):
        (alone_,) = method.sufficient(X[i : i + 1], one, target=TARGET[i : i + 1], n=2)
        assert [s.regions for s in alone_.sets] == [s.regions for s in together[i].sets]


METHOD = LiMA(MODEL, regions=(3, 3))
EXPLANATIONS = METHOD.explain(X, target=TARGET)
CASES = {
    "too few": ({"explanations": EXPLANATIONS[:2]}, ValueError, "`explanations`"),
    "maps": ({"explanations": X}, TypeError, "`explanations`"),
    "another target": ({"target": (TARGET + 1) % 5}, ValueError, "`explanations`"),
    "another baseline": ({"baselines": 3.0}, ValueError, "`explanations`"),
    "other inputs": ({"inputs": 1 - X}, ValueError, "`explanations`"),
    "inputs of another size": ({"inputs": X[..., :6]}, ValueError, "`explanations`"),
    "a tuple": ({"inputs": (X, X)}, ValueError, "`explanations`"),
    "no share": ({"share": 0}, ValueError, "`share`"),
    "a value that is text": ({"value": "high"}, ValueError, "`value`"),
    "no set": ({"n": 0}, ValueError, "`n`"),
}


@refused(CASES)
def test_bad_input_is_refused_by_name(arguments, error, named):
    given = {"inputs": X, "explanations": EXPLANATIONS, "target": TARGET}
    with pytest.raises(error, match=named):
        METHOD.sufficient(**(given | arguments))
