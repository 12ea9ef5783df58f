r"""Rounds of guided search on a simulated accelerator, one photograph at a time.

    python benchmarks/rounds.py --data DIR --model mobilenet_v1_025 --half even --images 30

A model that takes the same time for 1 to 128 images is as fast as its calls are few. `calls` is how
often the model is called for a photograph, `full` how often full batches of all these images would
be; their ratio is the time against that of full batches. `Guided(ahead=…)` asks along what picks to
come would ask.
"""

import argparse
from typing import Any

import numpy as np
import torch
from imagenet import HALVES, OpenVino, arguments, classified

from captum_submod import LiMA, metrics, slico
from submod_core.search import Greedy, Guided, Search

SEARCHES: dict[str, Search] = {
    "greedy": Greedy(),
    **{f"guided, {ahead} ahead": Guided(ahead=ahead) for ahead in (0, 20, 35, 50, 114)},
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


def main() -> None:
    parser: argparse.ArgumentParser = arguments(__doc__, images=30)
    parser.add_argument("--regions", type=int, default=49, help="SLICO regions per photograph")
    parser.add_argument("--half", choices=HALVES, help="photographs of such classes alone")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--openvino", action="store_true", help="run the network by OpenVINO")
    parser.add_argument("--searches", nargs="+", choices=SEARCHES, default=list(SEARCHES))
    args = parser.parse_args()
    torch.set_num_threads(1)
    model, images, labels, _ = classified(args.data, args.model, args.images, half=args.half)
    model = OpenVino(model, images.shape[-1]) if args.openvino else model
    title = f"{args.model}, {len(images)} photographs, {args.regions} regions"
    print("| " + " | ".join((title, *COLUMNS)) + " |")
    print("|---" * (1 + len(COLUMNS)) + "|")
    for name in args.searches:
        rows = []
        for i in range(len(images)):
            x, counted = images[i : i + 1], Counted(model)
            mask = torch.from_numpy(slico(x[0].movedim(0, -1).numpy(), args.regions))[None, None]
            lima = LiMA(counted, search=SEARCHES[name])
            options = {"target": labels[i], "feature_mask": mask}
            (one,) = lima.explain(x, **options, perturbations_per_eval=args.batch_size)
            ranks = torch.from_numpy(-np.argsort(one.order).astype(float))[mask]
            (curves,) = metrics.faithfulness_curves(
                model, x, ranks, target=labels[i], steps=50, max_examples_per_batch=16
            )
            full = -(-one.model_inputs // args.batch_size)
            rows.append(
                (
                    curves.insertion_auc,
                    curves.deletion_auc,
                    one.model_inputs,
                    counted.calls,
                    counted.calls / full,
                )
            )
        a, b, n_images, calls, ratio = np.mean(rows, axis=0)
        print(f"| {name} | {a:.3f} | {b:.4f} | {n_images:,.0f} | {calls:.1f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
