"""Where the places of an input lie in the output of a layer: its axes, and tokens that are none."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from submod_core._types import AnyArray

# Class and register tokens before the patches.
_MOST_EXTRA = 8
# One reading must explain what moves so much better than the next.
_CLEAR = 0.8


class Places(NamedTuple):
    """A reading of a layer's outputs.

    Attributes
    ----------
    axes : tuple of int
        The axes that count places; axis 0 counts examples, the one left over is the embedding's.
    extra : int
        Tokens before the places.
    """

    axes: tuple[int, ...]
    extra: int = 0

    def map_shape(self, shape: Sequence[int], inputs: tuple[int, ...]) -> tuple[int, ...]:
        """The places along each axis of the inputs, of outputs of a shape.

        Examples
        --------
        >>> Places((1,), extra=1).map_shape((1, 17, 32), (8, 32))
        (2, 8)
        """
        sizes = tuple(int(shape[axis]) for axis in self.axes)
        if len(sizes) == len(inputs):
            return tuple(size - self.extra for size in sizes)
        grids = _grids(sizes[0] - self.extra, inputs)
        if not grids:
            raise ValueError(
                f"`inputs` (of shape {inputs} along their axes) do not divide into the "
                f"{sizes[0] - self.extra} patches of the layer that embeds the features"
            )
        return grids[0][1]


def readings(shape: Sequence[int], inputs: tuple[int, ...]) -> list[Places]:
    """The readings of a layer's outputs that match the inputs best by their sizes alone.

    Parameters
    ----------
    shape : sequence of int
        Of the outputs, (1, …).
    inputs : tuple of int
        The axes of an input along which features lie, (H, W) or (T,).

    Examples
    --------
    >>> readings((1, 4, 4, 8), (16, 16)), readings((1, 8, 4, 4), (16, 16))
    ([Places(axes=(1, 2), extra=0)], [Places(axes=(2, 3), extra=0)])
    >>> readings((1, 17, 32), (8, 32))
    [Places(axes=(1,), extra=1)]
    """
    found: list[tuple[int, Places]] = []
    if len(inputs) == 2 and len(shape) == 4:
        for axes in ((2, 3), (1, 2)):
            rank = _rank_of_map(tuple(shape[axis] for axis in axes), inputs)
            found += [(rank, Places(axes))] if rank is not None else []
    elif len(shape) == 3:
        of = _ranks_of_tokens if len(inputs) == 2 else _ranks_of_steps
        for axis in (1, 2):
            found += [(rank, Places((axis,), extra)) for rank, extra in of(shape[axis], inputs)]
    best = min((rank for rank, _ in found), default=0)
    return [places for rank, places in found if rank == best]


def certain(found: list[Places], shape: Sequence[int], inputs: tuple[int, ...]) -> bool:
    """Whether sizes alone tell a reading: one, of a map, or of as many tokens as there are places.

    Examples
    --------
    >>> certain(readings((1, 16, 1), (50,)), (1, 16, 1), (50,))  # channels may be taken for steps
    False
    """
    if len(found) != 1:
        return False
    of = _ranks_of_tokens if len(inputs) == 2 else _ranks_of_steps
    axis = found[0].axes[0]
    return len(shape) == 4 or min(rank for rank, _ in of(shape[axis], inputs)) == 0


def _rank_of_map(sizes: tuple[int, ...], inputs: tuple[int, ...]) -> int | None:
    """0 for a map whose cells divide the inputs, 1 for one that strides and edges may explain."""
    pairs = list(zip(inputs, sizes, strict=True))
    down = [size // cells if size % cells == 0 else None for size, cells in pairs]
    up = [cells // size if cells % size == 0 else None for size, cells in pairs]
    if (down[0] is not None and down[0] == down[1]) or (up[0] is not None and up[0] == up[1]):
        return 0
    # A stride s, and a margin d that the edges cost: cells = (size − d) // s on both axes alike.
    for s in range(1, max(inputs) + 1):
        lowest = max(i - (c + 1) * s + 1 for i, c in zip(inputs, sizes, strict=True))
        highest = min(i - c * s for i, c in zip(inputs, sizes, strict=True))
        if lowest <= highest and highest >= -2 * s and lowest <= min(inputs) // 2:
            return 1
    return None


def _grids(count: int, inputs: tuple[int, ...]) -> list[tuple[int, tuple[int, ...]]]:
    """Grids of so many square patches, those that divide the inputs first."""
    found = []
    for side in range(1, max(inputs) + 1):
        grid = tuple(size // side for size in inputs)
        if count > 1 and int(np.prod(grid)) == count:
            found.append((int(any(size % side for size in inputs)), grid))
    return sorted(found)


def _ranks_of_tokens(size: int, inputs: tuple[int, ...]) -> list[tuple[int, int]]:
    """Ranks and numbers of extra tokens of the readings of an axis as patches."""
    found = []
    for extra in range(_MOST_EXTRA + 1):
        for inexact, _ in _grids(size - extra, inputs)[:1]:
            found.append((inexact, extra))
    return found


def _ranks_of_steps(size: int, inputs: tuple[int, ...]) -> list[tuple[int, int]]:
    """Rank and number of extra tokens of an axis as steps of a sequence."""
    (steps,) = inputs
    if size == steps:
        return [(0, 0)]
    if steps < size <= steps + _MOST_EXTRA:
        return [(1, size - steps)]
    return [(1, 0)] if 1 < size < steps else []


def spots(n_axes: int) -> list[tuple[float, ...]]:
    """Places of the input that are changed to see which outputs move, in (0, 1) along each axis."""
    if n_axes == 2:
        return [(1 / 8, 1 / 8), (1 / 8, 7 / 8), (7 / 8, 1 / 8), (5 / 8, 3 / 8)]
    return [(1 / 8,), (7 / 8,), (5 / 8,)]


def block(spot: tuple[float, ...], inputs: tuple[int, ...]) -> tuple[slice, ...]:
    """The elements around a spot, an eighth of the input wide."""
    widths = [max(1, size // 8) for size in inputs]
    starts = [
        min(int(at * size), size - width)
        for at, size, width in zip(spot, inputs, widths, strict=True)
    ]
    return tuple(slice(a, a + width) for a, width in zip(starts, widths, strict=True))


def chosen(found: list[Places], moves: list[AnyArray], inputs: tuple[int, ...]) -> Places | None:
    """The reading under which outputs move where the inputs were changed; None if none does.

    Parameters
    ----------
    found : list of Places
    moves : list of ndarray
        Squared changes of the outputs (1, …), one for each of `spots`.
    inputs : tuple of int
    """
    pairs = list(zip(moves, spots(len(inputs)), strict=True))
    errors = np.array(
        [np.mean([_miss(places, *pair, inputs) for pair in pairs]) for places in found]
    )
    # What moves alike everywhere has its middle in the middle.
    none = np.mean([np.hypot.reduce(0.5 - np.array(_middles(s, inputs))) for _, s in pairs])
    order = np.argsort(errors, kind="stable")
    next_best = min([none, *errors[order[1:]]])
    clear = np.isfinite(errors[order[0]]) and errors[order[0]] < _CLEAR * next_best
    return found[int(order[0])] if clear else None


def _middles(spot: tuple[float, ...], inputs: tuple[int, ...]) -> list[float]:
    """The middle of what was changed, in (0, 1) along each axis."""
    parts = zip(block(spot, inputs), inputs, strict=True)
    return [(part.start + part.stop) / 2 / n for part, n in parts]


def amounts(places: Places, move: AnyArray, inputs: tuple[int, ...]) -> AnyArray:
    """The change of each place, summed over its embedding.

    Examples
    --------
    >>> amounts(Places((1,), extra=1), np.arange(8.0).reshape(1, 4, 2), (3,))
    array([ 5.,  9., 13.])
    """
    other = tuple(axis for axis in range(move.ndim) if axis not in places.axes)
    shape = places.map_shape(move.shape, inputs)
    of_places: AnyArray = move.sum(axis=other).ravel()[-int(np.prod(shape)) :].reshape(shape)
    return of_places


def _miss(
    places: Places, move: AnyArray, spot: tuple[float, ...], inputs: tuple[int, ...]
) -> float:
    """The distance of the middle of what moved from the middle of what was changed."""
    try:
        moved = amounts(places, move, inputs)
    except ValueError:
        return np.inf
    total = moved.sum()
    if not total > 0:
        return np.inf
    middles = _middles(spot, inputs)
    where = np.meshgrid(*[(np.arange(n) + 0.5) / n for n in moved.shape], indexing="ij")
    gaps = [(moved * w).sum() / total - m for w, m in zip(where, middles, strict=True)]
    return float(np.hypot.reduce(gaps))
