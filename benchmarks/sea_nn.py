"""SEA-NN against the maps that it learns from, on real ImageNet networks; and its cost.

    python benchmarks/sea_nn.py --data DIR --model mobilenet_v1_025 --images 50
    python benchmarks/sea_nn.py --profile

The first prints a table: AUPC (lower is better; 8 square patches replaced by noise), insertion
(higher) and deletion (lower), pixel by pixel in 50 steps on black, sparsity (Gini index), and
seconds for each photograph. The second needs no data: at the paper's size it prints evaluations and
seconds of each part, beside the plain computation, which evaluates every gain by a whole forward
pass.
"""

import argparse
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from imagenet import MODELS, classified
from scipy.ndimage import gaussian_filter

from captum_submod import SEANN, AggMean, metrics
from submod_core.sea_nn import (
    Chain,
    Learning,
    binary_maps,
    cells_of,
    downsample,
    ensemble,
    learn,
    marginal_gains,
    scaled,
)

STARTS = {
    "SEA-NN, random start": Learning(),
    "SEA-NN, start of ones": Learning(init="ones"),
    "SEA-NN, logarithm": Learning(activation="log"),
}


def quality(args: argparse.Namespace) -> None:
    """Print the table of scores."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, images, labels, names = classified(args.data, args.model, args.images)
    methods = dict(
        zip(
            ("Saliency", "IntegratedGradients", "SmoothGrad of it"),
            SEANN(model).methods,
            strict=True,
        )
    )
    ensembles = {"Agg-Mean": AggMean(model)} | {
        name: SEANN(model, settings=s) for name, s in STARTS.items()
    }
    rows: dict[str, list[list[float]]] = defaultdict(list)
    for i, (name, label) in enumerate(zip(names, labels, strict=True)):
        x, maps, seconds = images[i : i + 1], {}, {}
        for method, attribution in methods.items():
            start = time.perf_counter()
            maps[method] = (
                attribution.attribute(x.clone().requires_grad_(), target=label)
                .detach()
                .abs()
                .sum(1)
            )
            seconds[method] = time.perf_counter() - start
        base = list(maps.values())
        for method, attribution in ensembles.items():
            start = time.perf_counter()
            maps[method] = attribution.attribute_maps(base)
            seconds[method] = time.perf_counter() - start
        for method, one in maps.items():
            a, settings = one[:, None], {"target": label, "max_examples_per_batch": 64}
            (curves,) = metrics.faithfulness_curves(model, x, a, **settings)
            aupc = float(metrics.aupc(model, x, a, patch_size=args.patch_size, **settings))
            scores = [aupc, curves.insertion_auc, curves.deletion_auc, float(metrics.sparsity(a))]
            rows[method].append([*scores, seconds[method]])
        print(f"{i + 1}/{len(names)} {name}", flush=True)
    print(f"\n{args.model}: {args.images} photographs, {args.patch_size}-pixel patches\n")
    print(f"{'map':<24}{'AUPC':>9}{'insertion':>11}{'deletion':>10}{'sparsity':>10}{'seconds':>9}")
    for method, values in rows.items():
        aupc, insertion, deletion, sparsity, seconds_ = np.mean(values, axis=0)
        print(
            f"{method:<24}{aupc:>9.4f}{insertion:>11.4f}{deletion:>10.4f}{sparsity:>10.3f}"
            f"{seconds_:>9.2f}"
        )


def profile() -> None:
    """Print evaluations and seconds of each part at the paper's size.

    784 cells, 3 maps, 10 thresholds, 50 epochs.
    """
    rng = np.random.default_rng(0)
    maps = [scaled(np.abs(gaussian_filter(rng.normal(size=(224, 224)), s))) for s in (0.5, 1, 2)]
    cells = cells_of((224, 224), 28)
    real = np.array([downsample(one, cells) for one in maps])
    binary = np.concatenate([binary_maps(one, cells) for one in maps])
    settings = Learning()
    start = time.perf_counter()
    learned = learn(real, binary, settings)
    learning = time.perf_counter() - start
    chain = Chain(learned.function)
    start = time.perf_counter()
    marginal_gains(chain)
    attributing = time.perf_counter() - start
    size = int(binary.sum(axis=1).max())
    n, epochs = real.shape[1], settings.epochs
    in_fit = epochs * sum(n - k for k in range(size))
    in_walk = n * (n + 1) // 2
    plain = plain_seconds(learned.function, 2000)
    print(f"{n} cells, sets of up to {size}, {epochs} epochs\n")
    print(f"{'part':<14}{'gains evaluated':>16}{'plainly':>12}{'seconds':>9}{'plainly':>10}")
    for part, few, many, seconds in (
        ("learning", learned.evaluations, in_fit, learning),
        ("attribution", chain.evaluations, in_walk, attributing),
        ("both", learned.evaluations + chain.evaluations, in_fit + in_walk, learning + attributing),
    ):
        print(f"{part:<14}{few:>16,}{many:>12,}{seconds:>9.2f}{many * plain:>10.1f}")
    fewer = (in_fit + in_walk) / (learned.evaluations + chain.evaluations)
    faster = (in_fit + in_walk) * plain / (learning + attributing)
    print(f"\n{fewer:.0f} times fewer evaluations, {faster:.0f} times faster;")
    print(
        f"the plain seconds are its evaluations at {1e6 * plain:.0f} µs each, timed over 2,000 of "
        "them in this run"
    )
    start = time.perf_counter()
    ensemble(maps, settings)
    print(f"whole pipeline: {time.perf_counter() - start:.2f} s\n\nclass-level attribution")
    for n_images in (25, 50, 100):
        of_class = [
            np.abs(gaussian_filter(rng.normal(size=(224, 224)), 1)) for _ in range(3 * n_images)
        ]
        start = time.perf_counter()
        ensemble(of_class, settings)
        print(f"{n_images:>4} images, 3 maps each: {time.perf_counter() - start:.1f} s", flush=True)


def plain_seconds(function: object, n_evaluations: int) -> float:
    """Seconds of one forward pass of the whole network on a set, one at a time."""
    x = (np.random.default_rng(0).random((n_evaluations, 784)) < 0.05).astype(np.float64)
    start = time.perf_counter()
    for row in x:
        function(row)  # type: ignore[operator]
    return (time.perf_counter() - start) / n_evaluations


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder with imagenet_sample/ and weights/")
    parser.add_argument("--model", choices=MODELS, default="mobilenet_v1_025")
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--patch-size", type=int, default=8)
    parser.add_argument("--profile", action="store_true", help="print evaluations and time instead")
    args = parser.parse_args()
    if args.profile:
        profile()
    elif args.data is None:
        parser.error("--data is needed, unless with --profile")
    else:
        quality(args)


if __name__ == "__main__":
    main()
