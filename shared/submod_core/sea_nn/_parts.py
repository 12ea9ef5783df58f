"""Parts of a queue of candidates, for greedy maximisation."""

import numpy as np

from submod_core._types import IntArray

_FIRST = 8


def growing(places: IntArray) -> list[IntArray]:
    """Parts of doubling size.

    Few evaluations where the first ones decide, large matrix products where they do not.
    """
    ends = [_FIRST * (2**k - 1) for k in range(1, len(places).bit_length())]
    return [part for part in np.split(places, ends) if len(part)]
