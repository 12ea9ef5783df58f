"""Masked inputs against element by element, whichever way they are composed."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from captum_submod import _masking
from captum_submod._inputs import prepare
from captum_submod.sop._masking import Masking


@pytest.mark.parametrize("large", [1, 10**9], ids=["example by example", "row by row"])
@settings(max_examples=20)
@given(
    n_examples=st.integers(1, 4),
    per_example=st.booleans(),
    dtype=st.sampled_from([torch.float32, torch.float16, torch.int64]),
    special=st.sampled_from([0.0, float("nan"), float("inf"), 3e38]),
    seed=st.integers(0, 2**32 - 1),
)
def test_kept_elements_are_the_inputs_and_the_others_the_baseline(
    large, n_examples, per_example, dtype, special, seed
):
    rng = np.random.default_rng(seed)
    x = torch.from_numpy(rng.normal(size=(n_examples, 3, 4, 5)) * 10)
    x = (
        torch.where(torch.from_numpy(rng.random(x.shape) < 0.1), special, x)
        if dtype.is_floating_point
        else x
    )
    x = x.to(dtype)
    scale = 1e37 if special == 3e38 and dtype.is_floating_point else 1.0  # differences overflow
    baseline = torch.from_numpy(scale * rng.integers(-9, 9, size=x.shape)).to(dtype)
    mask = torch.from_numpy(rng.integers(0, 6, size=(n_examples if per_example else 1, 1, 4, 5)))
    batch = prepare(x, baseline, mask, None, 49)
    rows, n = torch.from_numpy(rng.integers(0, n_examples, size=7)), int(mask.max()) + 1
    keep = torch.from_numpy(rng.random((7, n)) < 0.5)
    before, _masking._LARGE = _masking._LARGE, large
    try:
        (composed,) = _masking.compose(batch, rows, keep)
    finally:
        _masking._LARGE = before
    labels = batch.labels[0]
    for b, i in enumerate(rows.tolist()):
        for place in np.ndindex(3, 4, 5):
            region = labels[i if len(labels) > 1 else 0, 0, *place[1:]]
            expected = (x if keep[b, region] else baseline)[i, *place]
            assert torch.equal(composed[b, *place], expected) or (
                expected.isnan() and composed[b, *place].isnan()
            )


def test_groups_leave_nan_out_and_mix_whole_numbers():
    masking = Masking(torch.zeros(1, 3), None, 0.5, 8)
    labels, masks = torch.arange(3)[None], torch.tensor([[[1.0, 0.0, 1.0]]])

    def same(batch):
        return batch

    (composed,) = masking.answers(same, torch.tensor([[1.0, float("nan"), 3.0]]), masks, labels)
    assert composed.tolist() == [[1.0, 0.5, 3.0]]
    (composed,) = masking.answers(
        same, torch.tensor([[1, 2, 4]]), masks / 2, labels, continuous=True
    )
    assert composed.dtype == torch.float32
    assert composed[0, 0] > composed[0, 1]
    assert composed[0, 2] > 2
