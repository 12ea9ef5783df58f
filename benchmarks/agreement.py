"""Do Captum and Xplique get the same answers? The same network in torch and Keras, the same photographs and regions.

    python benchmarks/agreement.py --data DIR --model mobilenet_v1_025 --images 20

prints, for each search, on how many photographs the orders are equal; where two orders part, by how much F of the two
candidates differs there: below 1e-4 they are a tie that rounding decides.

    python benchmarks/agreement.py --data DIR --model mobilenet_v1_025 --images 20 --autocast bfloat16

compares the orders under Captum with those that the model gives in lower precision: their rank correlation, the share
of the first ten regions in common, and insertion and deletion of both, measured in full precision.
"""

import argparse
from pathlib import Path

import keras_twins
import numpy as np
import tensorflow as tf
import torch
from imagenet import MODELS, classified
from scipy.stats import spearmanr

import captum_submod
import xplique_submod
from captum_submod.metrics import faithfulness_curves
from submod_core import Explanation

SEARCHES = ("greedy", "bidirectional", "guided")


def parting(a: Explanation, b: Explanation) -> tuple[int, float] | None:
    """Where two orders part, and the difference of F there; None where they are equal."""
    different = np.flatnonzero(a.order != b.order)
    if not len(different):
        return None
    place = int(different[0])
    return place, float(abs(a.curves.objective[place + 1] - b.curves.objective[place + 1]))


def compare_hosts(args: argparse.Namespace) -> None:
    """Captum and Xplique."""
    model, images, labels, names = classified(args.data, args.model, args.images)
    twin = keras_twins.build(args.data / "weights", args.model)
    channels_last = images.movedim(1, -1).numpy()
    with torch.no_grad():
        off = np.abs(model(images).numpy() - twin(channels_last).numpy()).max()
    print(f"{args.model}: largest difference of logits on {args.images} photographs {off:.1e}")
    for search in SEARCHES:
        under_captum = captum_submod.LiMA(model, search=search)
        under_xplique = xplique_submod.LiMA(twin, batch_size=16, search=search)
        equal = 0
        for i, name in enumerate(names):
            (a,) = under_captum.explain(images[i : i + 1], target=labels[i], perturbations_per_eval=16)
            (b,) = under_xplique.explain_regions(channels_last[i : i + 1], tf.one_hot(labels[i : i + 1], 1000))
            where = parting(a, b)
            equal += where is None
            if where:
                verdict = "a tie" if where[1] < 1e-4 else "NOT a tie"
                print(
                    f"  {search}, {name}: the orders part at place {where[0]}, F differs by {where[1]:.1e}: {verdict}"
                )
        print(f"{search}: equal orders on {equal} of {len(names)} photographs", flush=True)


def compare_precisions(args: argparse.Namespace) -> None:
    """Full precision and `args.autocast`."""
    model, images, labels, _ = classified(args.data, args.model, args.images)
    for search in SEARCHES:
        rows = []
        for image, label in zip(images.split(1), labels, strict=True):
            (full,), (low,) = (
                captum_submod.LiMA(model, search=search, autocast=dtype).explain(
                    image, target=label, perturbations_per_eval=16
                )
                for dtype in (None, getattr(torch, args.autocast))
            )
            scores = []
            for one in (full, low):
                ranks = torch.from_numpy(-np.argsort(one.order).astype(np.float64)[one.regions])[None, None]
                (curves,) = faithfulness_curves(model, image, ranks, target=label, steps=50, max_examples_per_batch=16)
                scores += [curves.insertion_auc, curves.deletion_auc]
            correlation = spearmanr(np.argsort(full.order), np.argsort(low.order)).statistic
            common = len(set(full.order[:10]) & set(low.order[:10])) / 10
            rows.append([np.array_equal(full.order, low.order), correlation, common, *scores])
        equal, correlation, common, *scores = np.mean(rows, axis=0)
        print(
            f"{search}: equal orders {equal:.2f}, rank correlation {correlation:.3f}, first ten {common:.2f}; "
            f"insertion {scores[0]:.3f} → {scores[2]:.3f}, deletion {scores[1]:.4f} → {scores[3]:.4f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with imagenet_sample/ and weights/")
    parser.add_argument("--model", choices=MODELS, default="mobilenet_v1_025")
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--autocast", choices=["bfloat16", "float16"], help="compare with this precision instead")
    args = parser.parse_args()
    torch.set_num_threads(1)
    (compare_precisions if args.autocast else compare_hosts)(args)


if __name__ == "__main__":
    main()
