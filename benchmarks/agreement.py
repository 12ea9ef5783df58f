"""Agreement of Captum and Xplique on one network in torch and Keras.

    python benchmarks/agreement.py --data DIR --model mobilenet_v1_025 --images 20

explains the same photographs with the same regions in both hosts. For each search the script
prints the number of photographs with equal orders. Where two orders part, the difference of F of
the two candidates is printed: below 1e-4 the two are a tie that rounding decides.
"""

import argparse

import keras_twins
import numpy as np
import tensorflow as tf
import torch
from imagenet import arguments, classified

import captum_submod
import xplique_submod
from submod_core.results import Explanation

SEARCHES = ("greedy", "bidirectional", "guided")


def parting(a: Explanation, b: Explanation) -> tuple[int, float] | None:
    """First place where two orders differ, and the difference of F there; None if equal."""
    different = np.flatnonzero(a.order != b.order)
    if not len(different):
        return None
    place = int(different[0])
    return place, float(abs(a.curves.objective[place + 1] - b.curves.objective[place + 1]))


def compare(args: argparse.Namespace) -> None:
    """Print the agreement of both hosts for each search."""
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
            (a,) = under_captum.explain(
                images[i : i + 1], target=labels[i], perturbations_per_eval=16
            )
            (b,) = under_xplique.explain_regions(
                channels_last[i : i + 1], tf.one_hot(labels[i : i + 1], 1000)
            )
            where = parting(a, b)
            equal += where is None
            if where:
                verdict = "a tie" if where[1] < 1e-4 else "NOT a tie"
                print(
                    f"  {search}, {name}: the orders part at place {where[0]}, F differs by "
                    f"{where[1]:.1e}: {verdict}"
                )
        print(f"{search}: equal orders on {equal} of {len(names)} photographs", flush=True)


def main() -> None:
    args = arguments(__doc__, images=20).parse_args()
    torch.set_num_threads(1)
    compare(args)


if __name__ == "__main__":
    main()
