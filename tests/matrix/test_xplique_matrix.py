"""Every layout × every kind of output × methods and metrics under Xplique, by slow references."""

import numpy as np
import pytest
from soak.amounts import combined

from matrix.problems import LAYOUTS, OUTPUTS, Problem
from xplique_submod import SMDL, LiMA, explain_mistakes, metrics

WEIGHTS = {"consistency": 20, "collaboration": 5}
# One layout of each kind, for what is built on the explanations' own reading of the inputs.
KINDS = ["NF", "NTC", "NHW", "NCHW", "NHWC", "NTCHW"]
# Several quantities of one model under Xplique are an operator's business; None reads one as well.
CLASSES = {kind: output for kind, output in OUTPUTS.items() if output.target is not None}


def model_of(problem, output):
    """A function of a NumPy array, which runs eagerly: no graph is traced."""

    def model(x):
        made = np.asarray(output.make(np.asarray(x).reshape(len(x), -1) @ problem.matrix))
        return (made[:, None] if made.ndim == 1 else made).astype(np.float32)

    return model


def targets_of(problem, output):
    n = len(problem.x)
    z = np.zeros((1, 4))
    outputs = np.asarray(output.make(z))
    width = 1 if outputs.ndim == 1 else outputs.shape[1]
    if "class_embeddings" in output.options:
        width = len(output.options["class_embeddings"])
    if width == 1:
        return np.full((n, 1), 1.0 if output.target is None else output.target, np.float32)
    return np.tile(np.eye(width, dtype=np.float32)[output.target], (n, 1))


# All pairs are in Captum's matrix, of the same core.
@pytest.mark.parametrize(("axes", "kind"), combined(LAYOUTS, OUTPUTS, each=3))
def test_explanations_are_those_of_the_reference(axes, kind):
    problem, output = Problem.of(axes), OUTPUTS[kind]
    model, targets = model_of(problem, output), targets_of(problem, output)
    shared = {"weights": WEIGHTS, "layout": axes, **output.options}
    for method in (
        LiMA(model, search="greedy", regions=problem.cells, **shared),
        SMDL(model, patches=problem.cells, **shared),
    ):
        found = method.explain_regions(problem.x, targets)
        for i, one in enumerate(found):
            order = problem.greedy(output, i, WEIGHTS)
            assert one.order.tolist() == order
            assert np.allclose(
                one.curves.insertion, problem.insertion(output, i, order), rtol=1e-4, atol=1e-4
            )
            assert np.allclose(
                one.curves.deletion, problem.deletion(output, i, order), rtol=1e-4, atol=1e-4
            )
            assert np.allclose(one.curves.area, problem.areas(order))
    # Painted over the places, with one channel for images and volumes.
    signed = LiMA(model, search="greedy", regions=problem.cells, signed=True, **shared).explain(
        problem.x, targets
    )
    for i, one in enumerate(found):
        wide = np.broadcast_to(one.gains[problem.labels], problem.x.shape[1:])
        channel = axes[1:].find("C")
        if len(problem.cells) > 1 and channel >= 0:
            wide = wide.take([0], channel)
        assert np.allclose(np.squeeze(signed[i]), np.squeeze(wide), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("kind", "axes"), combined(CLASSES, KINDS, each=2))
def test_metrics_are_those_of_the_reference(axes, kind):
    problem, output = Problem.of(axes), OUTPUTS[kind]
    model, targets = model_of(problem, output), targets_of(problem, output)
    scores = np.random.default_rng(1).normal(size=problem.labels.max() + 1)
    heat = np.broadcast_to(scores[problem.labels], problem.x.shape)
    order = np.argsort(-scores).tolist()
    channel = axes[1:].find("C")
    spatial = len(problem.cells) > 1
    regions = problem.labels.take(0, channel) if spatial and channel >= 0 else problem.labels
    shared = {"layout": axes, "regions": regions, **output.options}
    if shared.get("activation") == "identity":
        del shared["activation"]
    elif output.options.get("activation", "softmax") is not None:
        shared["activation"] = output.options.get("activation", "softmax")
    for name, curve in (("Insertion", problem.insertion), ("Deletion", problem.deletion)):
        found = getattr(metrics, name)(model, problem.x, targets, **shared).per_example(heat)
        for i, number in enumerate(found):
            area = problem.areas(order)
            assert number == pytest.approx(
                np.trapezoid(curve(output, i, order), area), rel=1e-3, abs=1e-5
            )


@pytest.mark.parametrize("axes", KINDS)
@pytest.mark.parametrize("kind", ["logits", "probabilities", "one logit, class 0", "embeddings"])
def test_mistakes_are_those_of_the_reference(axes, kind):
    problem, output = Problem.of(axes), OUTPUTS[kind]
    method = LiMA(
        model_of(problem, output),
        search="greedy",
        regions=problem.cells,
        weights=WEIGHTS,
        layout=axes,
        **output.options,
    )
    n = int(problem.labels.max()) + 1
    whole = [problem.score(output, i, set(range(n))) for i in range(len(problem.x))]
    try:
        found = explain_mistakes(method, problem.x, targets_of(problem, output))
    except ValueError as error:
        if "no mistake" not in str(error):
            raise
        return
    assert len(found) + len(found.right) == len(problem.x)
    for mistake in found:
        assert mistake.confidence_before == pytest.approx(whole[mistake.example], abs=1e-4)
        kept = set(mistake.supports.tolist())
        assert mistake.confidence_after == pytest.approx(
            problem.score(output, mistake.example, kept), abs=1e-4
        )
