"""Comparisons that the tests of both hosts share."""

import numpy as np


def check_same_groups(found, wanted, atol):
    """Two lists of `GroupExplanation` say the same."""
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one.regions, other.regions)
        np.testing.assert_array_equal(one.groups, other.groups)
        np.testing.assert_allclose(one.contributions, other.contributions, atol=atol)
        np.testing.assert_allclose(one.logits, other.logits, atol=atol)
