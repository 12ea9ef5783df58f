r"""Searches of LiMA on real ImageNet networks: faithfulness against images evaluated.

    python benchmarks/searches.py --data DIR --model mobilenet_v1_025 --regions 49 \
        --images 30 --jobs 2

All searches get the same photographs and regions, in one run. Faithfulness is insertion, deletion
and highest confidence. Curves are pixel by pixel in 50 steps on a black baseline, in the order of
the regions. The table, in Markdown, has means, the quartiles of the insertion, the difference to
greedy's insertion and deletion, paired over photographs, with 95 % intervals (bootstrap), and a
star for each search that no other beats in both mean insertion and images. With `--figure FILE`
means and quartiles are drawn as well. With `--output FILE` every photograph's scores are written to
the file as they come, and scores in the file are not measured again: an interrupted run can be
resumed, and searches can be added one at a time.
"""

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from imagenet import HALVES, Compiled, OpenVino, arguments, classified, full_precision
from tables import table

from captum_submod import LiMA, metrics, slico
from submod_core.search import (
    Backward,
    BatchedLazy,
    Beam,
    Bidirectional,
    Greedy,
    Guided,
    Lazy,
    PhaseWindow,
    Random,
    Search,
    Singletons,
    Swaps,
    TwoSided,
)

SEARCHES: dict[str, Search] = {
    "random": Random(),
    "singletons": Singletons(),
    "greedy": Greedy(),
    "lazy": Lazy(),
    "batched lazy, 8": BatchedLazy(batch=8),
    "batched lazy, 16": BatchedLazy(batch=16),
    "phase window, 16": PhaseWindow(),
    "bidirectional, 8": Bidirectional(),
    "bidirectional, 16 %": Bidirectional(n_pending=0.16),
    "backward": Backward(),
    "beam, 3": Beam(),
    "two-sided, all": TwoSided(retired=1, window=1.0, refresh=1),
    "two-sided": TwoSided(),
    "two-sided, swaps": Swaps(base=TwoSided()),
    "two-sided, fast": TwoSided(retired=3, window=0.2, refresh=6),
    "guided": Guided(),
    "guided, 25 %": Guided(window=0.25),
    "guided, fast": Guided(window=0.15, polish=4),
    "guided, 10 %": Guided(window=0.1, polish=4),
    "guided, 5 %": Guided(window=0.05, polish=4),
}
# Guided within a budget of images, the curves included.
BUDGETS = {
    f"guided, {most:,} images": most for most in (100, 150, 200, 300, 500, 800, 1200, 2500, 6000)
}
SEARCHES |= dict.fromkeys(BUDGETS, Guided())
SCORES = ("insertion", "deletion", "highest", "images")
Scores = dict[str, dict[str, list[float]]]  # photograph, search, SCORES


@cache
def loaded(
    data: Path,
    model_name: str,
    n: int,
    half: str | None,
    device: str,
    tf32: bool,
    compiled: str | None,
    size: int,
) -> Any:
    """A network, compiled by choice, and photographs with their classes and names.

    `size` is the batch size that torch compiles for.
    """
    torch.set_num_threads(1)
    if not tf32:
        full_precision()
    model, images, labels, names = classified(data, model_name, n, half=half)
    if compiled == "openvino":
        return OpenVino(model, images.shape[-1]), images, labels, names
    model = model.to(device, memory_format=torch.channels_last)
    return Compiled(model, size) if compiled else model, images.to(device), labels, names


@cache
def divided(source: tuple[Any, ...], regions: int, i: int) -> torch.Tensor:
    """SLICO regions of a photograph, (1, 1, H, W)."""
    _, images, _, _ = loaded(*source)
    return torch.from_numpy(slico(images[i].movedim(0, -1).cpu().numpy(), regions))[None, None]


def explained(
    args: argparse.Namespace, done: Scores, deadline: float, part: tuple[range, str]
) -> Scores | None:
    """Scores of one search for the photographs that `done` lacks; None when the time is up.

    All of these photographs are explained in one call.
    """
    if time.time() > deadline:
        return None
    which, search = part
    source = (
        args.data,
        args.model,
        args.images,
        args.half,
        args.device,
        args.tf32,
        args.compile,
        args.batch_size,
    )
    model, images, labels, names = loaded(*source)
    missing = [i for i in which if search not in done.get(names[i], {})]
    rows: Scores = {names[i]: {} for i in which}
    if not missing:
        return rows
    x, targets = images[missing], [labels[i] for i in missing]
    masks = torch.cat([divided(source, args.regions, i) for i in missing])
    lima = LiMA(model, search=SEARCHES[search], max_model_inputs=BUDGETS.get(search))
    size = max(1, args.batch_size // len(missing))  # Captum counts them for each photograph
    found = lima.explain(x, target=targets, feature_mask=masks, perturbations_per_eval=size)
    for i, one, mask in zip(missing, found, masks, strict=True):
        ranks = torch.from_numpy(-np.argsort(one.order).astype(np.float64))
        (curves,) = metrics.faithfulness_curves(
            model,
            images[i : i + 1],
            ranks[mask][None],
            target=labels[i],
            steps=50,
            max_examples_per_batch=args.batch_size,
        )
        best = float(curves.insertion[1:].max())
        scores = (curves.insertion_auc, curves.deletion_auc, best, one.model_inputs)
        rows[names[i]] = {search: [round(float(score), 6) for score in scores]}
    print(f"{which.start + 1}–{which.stop}/{args.images} {search}", flush=True)
    return rows


def measure(args: argparse.Namespace) -> dict[str, np.ndarray]:
    """Scores of each search, (photographs, 4), for the photographs done before the time is up."""
    deadline = time.time() + 60 * args.minutes
    done, seen = read(args), dict[str, None]()
    parts = [
        (range(i, min(i + args.together, args.images)), search)
        for i in range(0, args.images, args.together)
        for search in args.searches
    ]
    with ProcessPoolExecutor(args.jobs, mp_context=get_context("spawn")) as pool:
        for found in pool.map(partial(explained, args, done, deadline), parts):
            for name, rows in (found or {}).items():
                done[name] = done.get(name, {}) | rows
                seen[name] = None
            write(args, done)
    names = [name for name in seen if all(search in done[name] for search in args.searches)]
    if not names:
        raise SystemExit(f"--minutes (={args.minutes}) is too short for a single photograph")
    return {search: np.array([done[name][search] for name in names]) for search in args.searches}


def read(args: argparse.Namespace) -> Scores:
    """Scores that an earlier run has written to `--output`."""
    if not args.output or not args.output.exists():
        return {}
    found = json.loads(args.output.read_text())
    settings = {key: found[key] for key in ("model", "regions")}
    if settings != {"model": args.model, "regions": args.regions}:
        raise SystemExit(f"--output (={args.output}) has scores of {settings}: give another file")
    photographs: Scores = found["photographs"]
    return photographs


def write(args: argparse.Namespace, done: Scores) -> None:
    """Write the scores to `--output`, one photograph per line."""
    if args.output:
        head = json.dumps({"model": args.model, "regions": args.regions, "scores": SCORES})[:-1]
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(rows)}" for name, rows in done.items())
        new = args.output.with_suffix(".new")
        new.write_text(f'{head}, "photographs": {{\n{lines}\n}}}}\n')
        new.replace(args.output)


def draw(scores: dict[str, np.ndarray], file: Path, title: str) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    figure = Figure(figsize=(14, 4.5), layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots(1, 3)
    for i, (name, values) in enumerate(scores.items()):
        mean = values.mean(axis=0)
        for k, one in enumerate(axes):
            low, high = np.quantile(values[:, k], [0.25, 0.75])
            one.plot(mean[3], mean[k], "osD^v<>P"[i % 8], color=f"C{i % 10}", label=name)
            one.vlines(mean[3], low, high, color=f"C{i % 10}", alpha=0.35, linewidth=1)
    for one, what in zip(axes, ("insertion", "deletion", "highest confidence"), strict=True):
        one.set(xlabel="images evaluated", ylabel=what, xscale="log")
        one.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        one.xaxis.set_major_formatter("{x:,.0f}")
        one.xaxis.set_minor_formatter("")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    figure.savefig(file, dpi=110)


def main() -> None:
    parser = arguments(__doc__, images=30)
    parser.add_argument("--regions", type=int, default=49, help="SLICO regions per photograph")
    default = [name for name in SEARCHES if name not in BUDGETS]
    parser.add_argument("--searches", nargs="+", choices=SEARCHES, default=default)
    parser.add_argument(
        "--half", choices=HALVES, help="photographs of classes with such a number alone"
    )
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--device", default="cpu", help="torch's, such as cuda")
    parser.add_argument(
        "--tf32", action="store_true", help="let a GPU round what it multiplies to ten bits"
    )
    parser.add_argument(
        "--compile",
        nargs="?",
        const="torch",
        choices=["torch", "openvino"],
        help="compile the network: by torch for batches of --batch-size or, for the processor, by "
        "OpenVINO",
    )
    parser.add_argument("--together", type=int, default=1, help="photographs explained in one call")
    parser.add_argument("--jobs", type=int, default=1, help="processes, each on one thread")
    parser.add_argument(
        "--minutes", type=float, default=np.inf, help="begin no further search after so long"
    )
    parser.add_argument("--figure", type=Path, help="draw means and quartiles")
    parser.add_argument(
        "--output", type=Path, help="JSON of every score, written to and gone on from"
    )
    args = parser.parse_args()
    if args.compile == "torch" and args.together > args.batch_size:
        parser.error(
            f"--together (={args.together}) must be at most --batch-size (={args.batch_size}) with "
            "--compile"
        )
    if args.compile == "openvino" and args.device != "cpu":
        parser.error(f"--device (={args.device}) must be cpu with --compile openvino")
    scores = measure(args)
    title = f"{args.model}, {len(next(iter(scores.values())))} photographs, {args.regions} regions"
    print(f"\n{table(scores, title)}")
    if args.figure:
        draw(scores, args.figure, title)


if __name__ == "__main__":
    main()
