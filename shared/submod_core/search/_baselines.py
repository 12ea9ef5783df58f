"""What every search has to beat."""

import numpy as np

from submod_core.search._base import Order, Steps, search


@search
def singletons(order: Order) -> Steps:
    """Order the elements by F of each alone; n evaluations.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(lambda chosen: sum(chosen), 4, search="singletons").order
    array([3, 2, 1, 0])
    """
    candidates = order.candidates
    values = yield from order.join_front(candidates)
    for place, i in enumerate(np.argsort(-values, kind="stable")):
        order.admit(candidates[i], np.nan if place else values[i])


@search
def random(order: Order, seed: int = 0) -> Steps:
    """A random order; no evaluations.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(len, 4, search="random", seed=1).evaluations
    0
    """
    for element in np.random.default_rng(seed).permutation(order.n):
        order.admit(element, np.nan)
    yield from ()
