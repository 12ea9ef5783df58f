"""The score of a class in a zone against a slow second writing."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from submod_core.scores.segmentation import segmentation_score


def slow(outputs, zones, labels, mode, activation):
    """Place by place."""
    found = []
    for output, zone, label in zip(outputs, zones, labels, strict=True):
        total, weight = 0.0, 0.0
        for place in np.ndindex(zone.shape):
            row = output[place].tolist()
            if mode == "area":
                value = float(all(row[label] >= other for other in row))
            elif activation == "softmax":
                value = math.exp(row[label]) / sum(map(math.exp, row))
            else:
                value = 1 / (1 + math.exp(-row[label])) if activation == "sigmoid" else row[label]
            total, weight = total + zone[place] * value, weight + zone[place]
        found.append(total / weight)
    return found


@given(
    st.integers(0, 99),
    st.sampled_from([(3,), (2, 4), (2, 3, 2)]),
    st.integers(1, 3),
    st.sampled_from(["probability", "area"]),
    st.sampled_from(["softmax", "sigmoid", "identity"]),
)
def test_the_score_is_the_mean_over_the_zone(seed, places, n_classes, mode, activation):
    n_classes += mode == "area"  # one class is always the highest
    rng = np.random.default_rng(seed)
    outputs = rng.uniform(size=(2, *places, n_classes)).round(1)  # with ties
    zones = (rng.uniform(size=(2, *places)) < 0.5).astype(float)
    zones.reshape(2, -1)[:, 0] = 1
    labels = rng.integers(n_classes, size=2)
    wanted = slow(outputs, zones, labels, mode, activation)
    for make in (np.asarray, torch.tensor):
        got = segmentation_score(*map(make, (outputs, zones, labels)), mode, activation)
        assert np.asarray(got).tolist() == pytest.approx(wanted, abs=1e-12)
        assert ((np.asarray(got) >= 0) & (np.asarray(got) <= 1)).all()
