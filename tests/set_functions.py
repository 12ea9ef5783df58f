"""Set functions without structure, for the tests of searches."""

import numpy as np


def random_function(seed, n):
    """A set function of n elements: tanh of a random quadratic form."""
    noise = np.random.default_rng(seed).normal(size=(n, n))
    return lambda subset: float(np.tanh(noise[np.ix_(sorted(subset), sorted(subset))].sum()))


def worth(function, n, weight):
    """F(S) − w · F(V∖S) of a subset S of all n elements V."""
    return lambda subset: (
        function(subset) - (weight and weight * function(frozenset(range(n)).difference(subset)))
    )
