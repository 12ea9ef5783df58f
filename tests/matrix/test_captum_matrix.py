"""Every layout × every kind of output × methods and metrics under Captum, by slow references."""

import numpy as np
import pytest
import torch

from captum_submod import SMDL, LiMA, explain_mistakes, metrics
from matrix.problems import LAYOUTS, OUTPUTS, Problem

WEIGHTS = {"consistency": 20, "collaboration": 5}


def model_of(problem, output):
    matrix = torch.from_numpy(problem.matrix)

    def model(x):
        made = output.make((x.flatten(1) @ matrix).double().numpy())
        return torch.from_numpy(np.asarray(made))

    return model


def given(output):
    options = dict(output.options)
    if "class_embeddings" in options:
        options["class_embeddings"] = torch.from_numpy(options["class_embeddings"])
    return options


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("axes", LAYOUTS)
def test_explanations_are_those_of_the_reference(axes, kind):
    problem, output = Problem.of(axes), OUTPUTS[kind]
    model, x = model_of(problem, output), torch.from_numpy(problem.x)
    shared = {"weights": WEIGHTS, "layout": axes, **given(output)}
    for method in (
        LiMA(model, search="greedy", regions=problem.cells, **shared),
        SMDL(model, patches=problem.cells, **shared),
    ):
        found = method.explain(x, target=output.target, perturbations_per_eval=8)
        painted = method.attribute(x, target=output.target, signed=True)
        for i, one in enumerate(found):
            order = problem.greedy(output, i, WEIGHTS)
            assert one.order.tolist() == order
            assert np.allclose(one.curves.insertion, problem.insertion(output, i, order), atol=1e-4)
            assert np.allclose(one.curves.deletion, problem.deletion(output, i, order), atol=1e-4)
            assert np.allclose(one.curves.area, problem.areas(order))
            assert np.allclose(painted[i], one.gains[problem.labels], atol=1e-6)


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("axes", LAYOUTS)
def test_metrics_are_those_of_the_reference(axes, kind):
    problem, output = Problem.of(axes), OUTPUTS[kind]
    model, x = model_of(problem, output), torch.from_numpy(problem.x)
    scores = torch.from_numpy(np.random.default_rng(1).normal(size=problem.labels.max() + 1))
    heat = scores[torch.from_numpy(problem.labels)].expand(x.shape)
    order = scores.argsort(descending=True).tolist()
    mask = torch.from_numpy(problem.labels)[None]
    shared = {"target": output.target, "layout": axes, "feature_mask": mask, **given(output)}
    insertion = metrics.insertion(model, x, heat, **shared)
    deletion = metrics.deletion(model, x, heat, **shared)
    highest = metrics.highest_confidence(model, x, heat, **shared)
    for i in range(len(x)):
        area = problem.areas(order)
        rising, falling = problem.insertion(output, i, order), problem.deletion(output, i, order)
        assert insertion[i] == pytest.approx(np.trapezoid(rising, area), rel=1e-4)
        assert deletion[i] == pytest.approx(np.trapezoid(falling, area), rel=1e-4)
        assert highest[i] == pytest.approx(rising[1:].max(), rel=1e-4)


@pytest.mark.parametrize("axes", LAYOUTS)
@pytest.mark.parametrize("kind", ["logits", "probabilities", "one logit, class 0", "embeddings"])
def test_mistakes_are_those_of_the_reference(axes, kind):
    problem, output = Problem.of(axes), OUTPUTS[kind]
    model, x = model_of(problem, output), torch.from_numpy(problem.x)
    method = LiMA(model, search="greedy", regions=problem.cells, weights=WEIGHTS, layout=axes,
                  **given(output))  # fmt: skip
    n = int(problem.labels.max()) + 1
    whole = [problem.score(output, i, set(range(n))) for i in range(len(x))]
    try:
        found = explain_mistakes(method, x, output.target)
    except ValueError as error:
        if "no mistake" not in str(error):
            raise
        return
    assert len(found) + len(found.right) == len(x)
    for mistake in found:
        assert mistake.confidence_before == pytest.approx(whole[mistake.example], abs=1e-4)
        kept = set(mistake.supports.tolist())
        assert mistake.confidence_after == pytest.approx(
            problem.score(output, mistake.example, kept), abs=1e-4
        )


@pytest.mark.parametrize("axes", sorted(set(LAYOUTS) - {"NF", "NCHW", "NCDHW"}))
def test_a_layout_that_cannot_be_known_is_asked_for(axes):
    problem, output = Problem.of(axes), OUTPUTS["logits"]
    model, x = model_of(problem, output), torch.from_numpy(problem.x)
    found = {"NHWC": "NCHW", "NDHWC": "NCDHW", "NCTHW": "NCDHW", "NTCHW": "NCDHW"}.get(axes)
    method = LiMA(model, search="greedy", regions=problem.cells)
    if found is None:
        with pytest.raises(ValueError, match="`layout` is needed"):
            method.explain(x, target=2)
    else:  # so small an input may be of either kind
        assert method.explain(x, target=2) if len(problem.cells) > 2 else True
