"""Progress bars whose total is a guess."""

from collections.abc import Callable
from typing import Any


def counting(bar: Any) -> Callable[[int], None]:
    """A function that advances a `tqdm` bar by so many images, and its total where it was guessed too low.

    A bar that is overrun forgets its total, and no longer says how much is left.
    """

    def count(n_images: int) -> None:
        if bar.total is not None:
            bar.total = max(bar.total, bar.n + n_images)
        bar.update(n_images)

    return count
