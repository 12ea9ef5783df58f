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

from pathlib import Path
from typing import Any

import numpy as np
import torch
from imagenet import arguments
from runs import Plan, measure, options, parsed
from tables import table

from captum_submod import metrics
from submod_core import Explanation
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
    "phase window": PhaseWindow(),
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


def scored(
    model: Any, image: torch.Tensor, label: int, one: Explanation, search: Search, size: int
) -> tuple[float, ...]:
    """`SCORES` of a photograph, pixel by pixel."""
    ranks = torch.from_numpy(-np.argsort(one.order).astype(np.float64))
    (curves,) = metrics.faithfulness_curves(
        model,
        image,
        ranks[torch.from_numpy(np.asarray(one.regions))][None, None],
        target=label,
        steps=50,
        max_examples_per_batch=size,
    )
    best = float(curves.insertion[1:].max())
    return curves.insertion_auc, curves.deletion_auc, best, one.model_inputs


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
    plan = Plan(scored, SCORES, SEARCHES, BUDGETS)
    options(parser, plan, [name for name in SEARCHES if name not in BUDGETS])
    parser.add_argument("--figure", type=Path, help="draw means and quartiles")
    args = parsed(parser)
    scores = measure(args, plan)
    title = f"{args.model}, {len(next(iter(scores.values())))} photographs, {args.regions} regions"
    print(f"\n{table(scores, title)}")
    if args.figure:
        draw(scores, args.figure, title)


if __name__ == "__main__":
    main()
