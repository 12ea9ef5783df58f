"""The layer that embeds the features of a sequence keeps its places apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core.sop.layers import find_layer
from submod_core.sop.places import Places


def network(n, kernels, channels_first, seed=0):
    """Layers of a network of random convolutions over n tokens, of a part that is changed."""
    rng = np.random.default_rng(seed)
    before, after = rng.normal(size=(2, n, 4))
    weights = [rng.normal(size=(kernel, 4, 4)) for kernel in kernels]

    def maps_of(where):
        tokens = before.copy()
        if where is not None:
            tokens[where] = after[where]
        maps = {"tokens": tokens}
        for i, weight in enumerate(weights):
            half = len(weight) // 2
            padded = np.pad(tokens, ((half, half), (0, 0)))
            tokens = sum(padded[k : k + n] @ weight[k] for k in range(len(weight)))
            maps[f"layer {i}"] = tokens
        return {k: m.T[None] if channels_first else m[None] for k, m in maps.items()}

    return maps_of


def own_share(maps_of, name, n, channels_first):
    """Share of all places that move their own embedding most, one by one."""
    hits = 0
    for k in range(n):
        moved = maps_of((slice(k, k + 1),))[name] - maps_of(None)[name]
        moved = moved[0].T if channels_first else moved[0]
        hits += int((moved**2).sum(1).argmax()) == k
    return hits / n


@given(
    n=st.integers(5, 12),
    kernels=st.lists(st.sampled_from([1, 3, 5]), min_size=1, max_size=3),
    channels_first=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_the_last_layer_that_keeps_tokens_apart(n, kernels, channels_first, seed):
    maps_of = network(n, kernels, channels_first, seed)
    name, places = find_layer(None, maps_of, (n,), n)
    assert places == Places((2 if channels_first else 1,))
    shares = {k: own_share(maps_of, k, n, channels_first) for k in maps_of(None)}
    wanted = [k for k, share in shares.items() if share >= 0.9][-1]
    assert name == wanted  # up to twelve places are all probed


def test_a_layer_that_is_asked_for_is_taken():
    assert find_layer("layer 0", network(9, [5], False), (9,), 9)[0] == "layer 0"
    with pytest.raises(ValueError, match="no layer whose places match the features: give an"):
        find_layer(None, lambda where: {"head": np.zeros((1, 3))}, (9,), 9)
    with pytest.raises(ValueError, match="features, along time"):
        find_layer(None, lambda where: {}, (9,), 9, ", along time")


def test_of_layers_that_all_mix_places_the_least_is_taken():
    whole = network(9, [5, 5], False, seed=3)

    def maps_of(where):
        return {k: m for k, m in whole(where).items() if k != "tokens"}

    name, _ = find_layer(None, maps_of, (9,), 9)
    shares = {k: own_share(maps_of, k, 9, False) for k in maps_of(None)}
    assert shares[name] == max(shares.values())
