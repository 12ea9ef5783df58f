"""Properties of every input, mask and batch."""

import numpy as np
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from captum_submod import LiMA
from captum_submod._inputs import prepare
from submod_core.regions import Division
from submod_core.search import Bidirectional, Greedy


@st.composite
def _masks(draw, shape):
    """Ids that broadcast to a shape, along any of its axes."""
    broadcast = tuple(draw(st.sampled_from([1, side])) for side in shape)
    return torch.from_numpy(draw(arrays(np.int64, broadcast, elements=st.integers(-1, 4))))


@st.composite
def problems(draw):
    """A tuple of inputs with masks that share ids, and a linear model with two classes."""
    n = draw(st.integers(1, 3))
    shapes = draw(
        st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=3), min_size=1, max_size=2)
    )
    seed = draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    inputs = tuple(torch.from_numpy(rng.normal(size=(n, *shape))) for shape in shapes)
    baselines = tuple(
        torch.from_numpy(rng.normal(size=(draw(st.sampled_from([1, n])), *shape)))
        for shape in shapes
    )
    masks = tuple(draw(_masks((n, *shape))) for shape in shapes)
    for i in range(n):
        assume(any(bool((mask[i % len(mask)] >= 0).any()) for mask in masks))
    weights = [torch.from_numpy(rng.normal(size=(x[0].numel(), 2))) for x in inputs]

    def model(*tensors):
        return sum(t.flatten(1) @ w for t, w in zip(tensors, weights, strict=True)).tanh() * 3

    return model, inputs, baselines, masks


@settings(max_examples=20)
@given(problems(), st.sampled_from(["greedy", "bidirectional"]), st.integers(1, 20))
def test_scores_belong_to_regions_and_agree_with_the_explanation(
    problem, search, perturbations_per_eval
):
    model, inputs, baselines, masks = problem
    lima = LiMA(model, search=Greedy() if search == "greedy" else Bidirectional(2))
    arguments = {
        "baselines": baselines,
        "target": 1,
        "feature_mask": masks,
        "perturbations_per_eval": perturbations_per_eval,
    }
    painted = lima.attribute(inputs, **arguments)
    explanations = lima.explain(inputs, **arguments)
    for i, explanation in enumerate(explanations):
        ids = torch.cat(
            [
                m[i % len(m)].expand(x.shape[1:]).flatten()
                for m, x in zip(masks, inputs, strict=True)
            ]
        )
        scores = torch.cat([p[i].flatten() for p in painted])
        regions = ids[ids >= 0].unique()
        assert sorted(explanation.order) == list(range(len(regions)))
        for score, region in zip(explanation.importance, regions, strict=True):
            assert torch.equal(scores[ids == region], torch.full_like(scores[ids == region], score))
        assert not scores[ids < 0].any(), "what always stays has no score"
        assert explanation.curves.area[-1] == 1
        inside = ids[ids >= 0]
        sizes = [(inside == region).double().mean() for region in regions[explanation.order]]
        assert np.allclose(np.diff(explanation.curves.area), sizes)


@settings(max_examples=20)
@given(problems(), st.data())
def test_masked_inputs_are_what_one_would_write_by_hand(problem, data):
    _, inputs, baselines, masks = problem
    batch = prepare(inputs, baselines, masks, None, Division())
    seen = []

    def spy(*tensors):
        seen.append(tensors)
        return torch.zeros(len(tensors[0]), 2)

    LiMA(spy).explain(inputs, baselines, 0, None, masks, perturbations_per_eval=64)
    i = data.draw(st.integers(0, len(inputs[0]) - 1))
    n_regions = len(batch.sets[i].sizes)
    kept = data.draw(st.sets(st.integers(0, n_regions - 1), min_size=1, max_size=1))
    ids = [m[i % len(m)].expand(x.shape[1:]) for m, x in zip(masks, inputs, strict=True)]
    every = torch.cat([m.flatten() for m in ids]).unique()
    (region,) = (every[every >= 0][k] for k in kept)
    by_hand = [
        torch.where((m == region) | (m < 0), x[i], b[i % len(b)])
        for m, x, b in zip(ids, inputs, baselines, strict=True)
    ]
    assert any(
        all(
            torch.equal(tensor[row], expected)
            for tensor, expected in zip(tensors, by_hand, strict=True)
        )
        for tensors in seen
        for row in range(len(tensors[0]))
    )
