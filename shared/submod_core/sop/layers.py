"""Which layer of a network embeds the features, and where their places lie in its outputs."""

from collections.abc import Callable, Sequence

import numpy as np

from submod_core._types import AnyArray
from submod_core.sop.places import Places, amounts, block, certain, chosen, readings, spots

# Places of a sequence that are changed one by one to see whether a layer keeps them apart.
_PROBES = 12
# A layer keeps places apart if so many of them move their own embedding most.
_OWN = 0.9

Maps = dict[str, AnyArray]
Where = tuple[slice, ...]


def find_layer(
    layer: str | None,
    maps_of: Callable[[Where | None], Maps],
    inputs: tuple[int, ...],
    n: int,
    hint: str = "",
) -> tuple[str, Places | None]:
    """The layer that embeds the features, and the reading of its outputs.

    By default the last layer with at least n places, or else the last with any. Of a sequence,
    a layer must keep its places apart: a token moves its own embedding most. After convolutions
    over neighbours it may not, and an earlier layer is taken.

    Parameters
    ----------
    layer : str, optional
        The user's choice.
    maps_of : callable
        From a part of the input, or None, to the name and outputs (1, …) of every layer, in their
        order, where that part of the example is changed.
    inputs : tuple of int
        The axes of an input along which features lie, (H, W) or (T,).
    n : int
        Number of features.
    hint : str
        The advice of the error if no layer has places.

    Raises
    ------
    ValueError
        If no layer has places, or the one asked for has none that are clear.

    Examples
    --------
    >>> import numpy as np
    >>> def maps_of(where):
    ...     tokens = np.zeros((1, 6, 2))
    ...     if where is not None:
    ...         tokens[:, *where] = 1
    ...     return {"tokens": tokens, "neighbours": np.roll(tokens, 1, axis=1)}
    >>> find_layer(None, maps_of, (6,), 6)
    ('tokens', Places(axes=(1,), extra=0))
    """
    maps = maps_of(None)
    found = {name: readings(output.shape, inputs) for name, output in maps.items()}
    sure = {name for name, each in found.items() if certain(each, maps[name].shape, inputs)}
    unsure = {name: maps[name] for name, each in found.items() if each and name not in sure}
    moves = _moves(maps_of, unsure, [block(spot, inputs) for spot in spots(len(inputs))])
    told = {name: chosen(found[name], moves[name], inputs) for name in unsure}
    places = {name: found[name][0] if name in sure else told[name] for name in found if found[name]}
    clear = {name: each for name in maps if (each := places.get(name)) is not None}
    if layer is None:
        return _last(maps, clear, maps_of, inputs, n, hint)
    if layer in maps and layer not in clear:
        raise ValueError(
            f"`layer` (={layer!r}, with outputs of shape {tuple(maps[layer].shape)}) has no axes "
            f"that are clearly the places of inputs {inputs}: give an `encoder`"
        )
    return layer, clear.get(layer)


def _last(
    maps: Maps,
    places: dict[str, Places],
    maps_of: Callable[[Where | None], Maps],
    inputs: tuple[int, ...],
    n: int,
    hint: str,
) -> tuple[str, Places]:
    """The last layer with enough places, of a sequence the last that keeps them apart."""
    if not places:
        raise ValueError(
            "`backbone` has no layer whose places match the features"
            + (hint or ": give an `encoder`")
        )
    counts = {k: int(np.prod(p.map_shape(maps[k].shape, inputs))) for k, p in places.items()}
    names = [name for name, size in counts.items() if size >= n]
    if not names:
        name = list(counts)[-1]
    elif len(inputs) == 2 or len(names) == 1:
        name = names[-1]
    else:
        shares = _own_shares(maps_of, {k: maps[k] for k in names}, places, inputs)
        best = min(_OWN, max(shares.values()))
        name = [k for k in names if shares[k] >= best][-1]
    return name, places[name]


def _own_shares(
    maps_of: Callable[[Where | None], Maps],
    before: Maps,
    places: dict[str, Places],
    inputs: tuple[int, ...],
) -> dict[str, float]:
    """The share of probed places that move their own embedding most, of each layer."""
    (n,) = inputs
    probed = np.unique(np.linspace(0, n - 1, _PROBES).round().astype(int)).tolist()
    hits = dict.fromkeys(before, 0)
    for place in probed:
        moved = _moves(maps_of, before, [(slice(place, place + 1),)])
        for name, (move,) in moved.items():
            of_places = amounts(places[name], move, inputs)
            own = place * len(of_places) // n
            hits[name] += bool(of_places[own] > np.delete(of_places, own).max(initial=0))
    return {name: count / len(probed) for name, count in hits.items()}


def _moves(
    maps_of: Callable[[Where | None], Maps], before: Maps, parts: Sequence[Where]
) -> dict[str, list[AnyArray]]:
    """Squared changes of outputs of layers where parts of the example are changed."""
    moves: dict[str, list[AnyArray]] = {name: [] for name in before}
    for part in parts if before else []:
        after = maps_of(part)
        for name, output in before.items():
            moves[name].append((after[name] - output) ** 2)
    return moves
