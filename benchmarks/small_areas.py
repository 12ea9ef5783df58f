r"""The front of an order: the highest confidence within small shares of the image.

    python benchmarks/small_areas.py --data DIR --model mobilenet_v1_025 --half even --images 30

Published tables report the highest confidence within 25, 30 or 50 % of the image, where it matters
what comes first. Guided search with `front` moves elements for what the first ones can do; more
elements admitted from the empty set on, as greedy search does, make a worse front. So many images
as greedy takes find more among finer regions, coarse to fine. The table has means; differences to
greedy are paired over photographs, with 95 % intervals (bootstrap).
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
    "guided, front": Guided(front=0.3, admitted=0, complement_weight=0.5, polish=15),
    "guided, 12 % admitted": Guided(admitted=0.12),
    "guided, 20 % admitted": Guided(admitted=0.2),
    "guided, 30 % admitted": Guided(admitted=0.3),
    "guided, 50 % admitted": Guided(admitted=0.5),
}
# More regions, by way of groups of them, within about the images of greedy and of guided.
FINE = {
    "coarse to fine, 2,500 images": {"regions": 400, "coarse": 49, "max_model_inputs": 2500},
    "coarse to fine, 700 images": {"regions": 196, "coarse": 25, "max_model_inputs": 700},
}
SEARCHES |= dict.fromkeys(FINE, Guided())
AREAS = (0.25, 0.3, 0.5)
COLUMNS = ("insertion", "deletion", *(f"within {100 * area:.0f} %" for area in AREAS), "images")


def measured(lima: LiMA, image: torch.Tensor, label: int, args: Any) -> list[float]:
    """Scores of one photograph, as `COLUMNS`."""
    one, curves = explained(lima, lima.forward_func, image, label, args)
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
    parser = options(__doc__, SEARCHES, batch_size=16)
    parser.add_argument(
        "--alike", action="store_true", help="weights 1 : 1 of consistency and collaboration alone"
    )
    args = parser.parse_args()
    model, images, labels = opened(args)
    weights = {"consistency": 1.0, "collaboration": 1.0} if args.alike else None
    scores = {}
    for name in args.searches:
        lima = LiMA(model, search=SEARCHES[name], weights=weights, **FINE.get(name, {}))
        pairs = zip(images.split(1), labels, strict=True)
        scores[name] = np.array([measured(lima, *pair, args) for pair in pairs])
    print(head(args, COLUMNS))
    base = scores[args.searches[0]]
    for name, found in scores.items():
        cells = [compared(found[:, k], base[:, k]) for k in range(len(COLUMNS) - 1)]
        print(f"| {name} | {' | '.join(cells)} | {found[:, -1].mean():,.0f} |", flush=True)


if __name__ == "__main__":
    main()
