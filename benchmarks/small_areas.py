r"""The front of an order: the highest confidence within small shares of the image.

    python benchmarks/small_areas.py --data DIR --model mobilenet_v1_025 --half even --images 30

Published tables report the highest confidence within 25, 30 or 50 % of the image, where it matters
what comes first. More elements admitted from the empty set on make a better front for guided
search, at some cost in insertion. The table has means; differences to greedy are paired over
photographs, with 95 % intervals (bootstrap).
"""

import argparse

import numpy as np
import torch
from imagenet import HALVES, OpenVino, arguments, classified

from captum_submod import LiMA, metrics, slico
from submod_core.search import Greedy, Guided, Search

SEARCHES: dict[str, Search] = {
    "greedy": Greedy(),
    "guided": Guided(),
    "guided, 12 % admitted": Guided(admitted=0.12),
    "guided, 20 % admitted": Guided(admitted=0.2),
    "guided, 30 % admitted": Guided(admitted=0.3),
    "guided, 50 % admitted": Guided(admitted=0.5),
}
AREAS = (0.25, 0.3, 0.5)
COLUMNS = ("insertion", "deletion", *(f"within {100 * area:.0f} %" for area in AREAS), "images")


def measured(lima: LiMA, image: torch.Tensor, label: int, regions: int, size: int) -> list[float]:
    """Scores of one photograph, as `COLUMNS`."""
    mask = torch.from_numpy(slico(image[0].movedim(0, -1).numpy(), regions))[None, None]
    (one,) = lima.explain(image, target=label, feature_mask=mask, perturbations_per_eval=size)
    ranks = torch.from_numpy(-np.argsort(one.order).astype(float))[mask]
    (curves,) = metrics.faithfulness_curves(
        lima.forward_func, image, ranks, target=label, steps=50, max_examples_per_batch=size
    )
    best = [one.curves.highest_confidence(area) for area in AREAS]
    within = [np.nan if found is None else found.value for found in best]
    return [curves.insertion_auc, curves.deletion_auc, *within, one.model_inputs]


def compared(found: np.ndarray, base: np.ndarray) -> str:
    """The mean difference to another search, with its interval."""
    gaps = (found - base)[np.isfinite(found - base)]
    draws = np.random.default_rng(0).choice(gaps, (2000, len(gaps))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{np.nanmean(found):.3f} ({gaps.mean():+.3f}, {low:+.3f} to {high:+.3f})"


def main() -> None:
    parser: argparse.ArgumentParser = arguments(__doc__, images=30)
    parser.add_argument("--regions", type=int, default=49, help="SLICO regions per photograph")
    parser.add_argument("--half", choices=HALVES, help="photographs of such classes alone")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--openvino", action="store_true", help="run the network by OpenVINO")
    parser.add_argument(
        "--alike", action="store_true", help="weights 1 : 1 of consistency and collaboration alone"
    )
    parser.add_argument("--searches", nargs="+", choices=SEARCHES, default=list(SEARCHES))
    args = parser.parse_args()
    torch.set_num_threads(1)
    model, images, labels, _ = classified(args.data, args.model, args.images, half=args.half)
    model = OpenVino(model, images.shape[-1]) if args.openvino else model
    weights = {"consistency": 1.0, "collaboration": 1.0} if args.alike else None
    scores = {
        name: np.array(
            [
                measured(
                    LiMA(model, search=SEARCHES[name], weights=weights),
                    images[i : i + 1],
                    labels[i],
                    args.regions,
                    args.batch_size,
                )
                for i in range(len(images))
            ]
        )
        for name in args.searches
    }
    base = scores[args.searches[0]]
    print(
        f"| {args.model}, {len(images)} photographs, {args.regions} regions | "
        + " | ".join(COLUMNS)
    )
    print("|---" * (1 + len(COLUMNS)) + "|")
    for name, found in scores.items():
        cells = [compared(found[:, k], base[:, k]) for k in range(len(COLUMNS) - 1)]
        print(f"| {name} | " + " | ".join(cells) + f" | {found[:, -1].mean():,.0f} |", flush=True)


if __name__ == "__main__":
    main()
