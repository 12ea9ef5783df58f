"""A search of your own: several elements a round."""

from dataclasses import dataclass

import numpy as np

from submod_core.search import Order, Search, Steps


@dataclass(frozen=True)
class Blocks(Search):
    """Admit the `size` best elements of each round, the best of them first."""

    size: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size < 1:
            raise ValueError(f"`size` (={self.size!r}) must be at least 1")

    def steps(self, order: Order) -> Steps:
        while len(candidates := order.candidates):
            # F of the front with each candidate; equal values stay in ascending order.
            values = yield from order.join_front(candidates)
            best = np.argsort(-values, kind="stable")[: self.size]
            for place, i in enumerate(best):
                # Only the first of the block completes a prefix whose value is known.
                order.admit(candidates[i], values[i] if place == 0 else np.nan)
