r"""Rounds of guided search on a simulated accelerator, one photograph at a time.

    python benchmarks/rounds.py --data DIR --model mobilenet_v1_025 --half even --images 30

A model that takes the same time for 1 to 128 images is as fast as its calls are few. `calls` is how
often the model is called for a photograph, `full` how often full batches of all these images would
be; their ratio is the time against that of full batches. `Guided(ahead=…)` fills rounds with what
picks to come would ask.
"""

from typing import Any

import numpy as np
import torch
from one_by_one import explained, head, opened, options

from captum_submod import LiMA
from submod_core.search import Greedy, Guided, Search

SEARCHES: dict[str, Search] = {
    "greedy": Greedy(),
    "guided": Guided(),
    **{f"guided, rounds of {size}": Guided(ahead=size) for size in (32, 64, 128)},
}
COLUMNS = ("insertion", "deletion", "images", "calls", "calls / full")


class Counted(torch.nn.Module):
    """A model that counts its calls."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self.calls = model, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Answers of the model, in small batches that suit a processor."""
        self.calls += 1
        parts = [self.model(part) for part in x.split(16)]
        return torch.cat(parts)


def measured(search: Search, model: Any, image: torch.Tensor, label: int, args: Any) -> list[float]:
    """Scores of one photograph, as `COLUMNS`."""
    counted = Counted(model)
    one, curves = explained(LiMA(counted, search=search), model, image, label, args)
    full = -(-one.model_inputs // args.batch_size)
    scores = curves.insertion_auc, curves.deletion_auc, one.model_inputs
    return [*scores, counted.calls, counted.calls / full]


def main() -> None:
    args = options(__doc__, SEARCHES, batch_size=128).parse_args()
    model, images, labels = opened(args)
    print(head(args, COLUMNS))
    for name in args.searches:
        pairs = zip(images.split(1), labels, strict=True)
        rows = [measured(SEARCHES[name], model, *pair, args) for pair in pairs]
        insertion, deletion, n_images, calls, ratio = np.mean(rows, axis=0)
        scores = f"{insertion:.3f} | {deletion:.4f} | {n_images:,.0f} | {calls:.1f} | {ratio:.2f}"
        print(f"| {name} | {scores} |", flush=True)


if __name__ == "__main__":
    main()
