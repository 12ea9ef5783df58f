r"""Effect of lower precision on the order: LiMA with the model in full and in lower precision.

    python benchmarks/precision.py --data DIR --model mobilenet_v1_025 --images 20 --low bfloat16
    python benchmarks/precision.py --data DIR --model mobilenet_v2 --images 20 --low tf32 \
        --device cuda --batch-size 64

prints for each search the rank correlation of the two orders, the share of the first ten regions in
common, insertion and deletion of both, measured in full precision, and their seconds. "tf32" is
the default of torch's convolutions on GPUs.
"""

import argparse
import time

import numpy as np
import torch
from imagenet import arguments, classified, full_precision
from scipy.stats import spearmanr

from captum_submod import LiMA
from captum_submod.metrics import faithfulness_curves
from submod_core.results import Explanation

SEARCHES = ("greedy", "bidirectional", "guided")


def compare(args: argparse.Namespace) -> None:
    """Print a line for each search."""
    model, images, labels, _ = classified(args.data, args.model, args.images)
    model, images = model.to(args.device), images.to(args.device)
    full_precision()
    for search in SEARCHES:
        rows, seconds = [], []
        for image, label in zip(images.split(1), labels, strict=True):
            (full, low), spent = zip(
                *(run(model, search, image, label, args, low) for low in (False, True)), strict=True
            )
            scores = []
            for one in (full, low):
                ranks = torch.from_numpy(-np.argsort(one.order).astype(np.float64)[one.regions])[
                    None, None
                ]
                (curves,) = faithfulness_curves(
                    model,
                    image,
                    ranks,
                    target=label,
                    steps=50,
                    max_examples_per_batch=args.batch_size,
                )
                scores += [curves.insertion_auc, curves.deletion_auc]
            correlation = spearmanr(np.argsort(full.order), np.argsort(low.order)).statistic
            common = len(set(full.order[:10]) & set(low.order[:10])) / 10
            rows.append([np.array_equal(full.order, low.order), correlation, common, *scores])
            seconds.append(spent)
        equal, correlation, common, *scores = np.mean(rows, axis=0)
        before, after = np.median(seconds, axis=0)
        print(
            f"{search}: equal orders {equal:.2f}, rank correlation {correlation:.3f}, "
            f"first ten {common:.2f}; insertion {scores[0]:.3f} → {scores[2]:.3f}, "
            f"deletion {scores[1]:.4f} → {scores[3]:.4f}, seconds {before:.2f} → {after:.2f}",
            flush=True,
        )


def run(
    model: torch.nn.Module,
    search: str,
    image: torch.Tensor,
    label: int,
    args: argparse.Namespace,
    low: bool,
) -> tuple[Explanation, float]:
    """An explanation in full or in lower precision, and its seconds."""
    torch.backends.cudnn.allow_tf32 = low and args.low == "tf32"
    autocast = getattr(torch, args.low) if low and args.low != "tf32" else None
    lima = LiMA(model, search=search, autocast=autocast)
    start = time.perf_counter()
    (found,) = lima.explain(image, target=label, perturbations_per_eval=args.batch_size)
    seconds = time.perf_counter() - start
    full_precision()
    return found, seconds


def main() -> None:
    parser = arguments(__doc__, images=20)
    parser.add_argument("--low", choices=["bfloat16", "float16", "tf32"], default="bfloat16")
    parser.add_argument("--device", default="cpu", help="torch's, such as cuda")
    parser.add_argument("--batch-size", type=int, default=16)
    args = parser.parse_args()
    torch.set_num_threads(1)
    compare(args)


if __name__ == "__main__":
    main()
