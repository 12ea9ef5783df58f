"""Backward elimination: the order from its end."""

import numpy as np

from submod_core.search._base import Order, Steps, search


@search
def backward(order: Order) -> Steps:
    """Retire, round by round, the element without which F stays highest; ½n² + ½n − 1 evaluations.

    A forward search says nothing about the long tail that most of an insertion curve is made of; this one says little
    about the first elements. Ties break so that the lowest index stays.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(lambda chosen: sum(chosen), 4, search="backward").order
    array([3, 2, 1, 0])
    """
    while len(candidates := order.candidates) > 1:
        values = yield from order.leave_out(candidates)
        order.retire(candidates[len(values) - 1 - np.argmax(values[::-1])])
    for element in order.candidates:
        order.retire(element)
