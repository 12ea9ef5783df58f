"""LiMA against the built-in methods of a host library on real ImageNet networks, in one run.

    python benchmarks/faithfulness.py --data DIR --model mobilenet_v1_025 --images 20
    python benchmarks/faithfulness.py --data DIR --model mobilenet_v1_025 --images 20 --host xplique
    python benchmarks/faithfulness.py --data DIR --model mobilenet_v1_025 --images 40 --mistakes

prints a table and, with `--output FILE`, writes it as JSON. All methods get the same images and
regions. Insertion and deletion are pixel by pixel in 50 steps, on a black baseline, under Xplique
by its own metrics. *Images* is the number of images through the model per explained photograph.
*Overhead* is the wall time over the time of as many images in the bare model at the same batch
size; it is left out for methods that go backward through the model. Each photograph is explained in
a call of its own, or with `--together` all in one, as Xplique's pipelines do. With `--mistakes` the
photographs are misclassified ones, explained for their true class. With `--pooled` every pixel is
given its region's mean, so that methods of single pixels are judged by the same regions as LiMA.
With `--scores` nothing is timed, so that several runs may share a machine.

With `--budgets 100 300 …` the rows are those of methods that take a number of images, once for each
budget: the frontier of what is found with so many images. `--half even` takes only photographs of
classes on which no option of guided search was chosen.
"""

import argparse
import importlib
import json
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from imagenet import HALVES, arguments

T = TypeVar("T")

BACKWARD = (
    *(
        "Saliency",
        "SmoothGrad",
        "SquareGrad",
        "VarGrad",
        "InputXGradient",
        "GradientInput",
        "GradientShap",
    ),
    *("IntegratedGradients", "GuidedBackprop", "DeconvNet", "Grad-CAM", "Grad-CAM++", "FEM"),
)
HOSTS = {"captum": ("captum_host", "CaptumHost"), "xplique": ("xplique_host", "XpliqueHost")}


def counted(host: Any, run: Callable[[], T]) -> tuple[T, dict[str, float]]:
    """Result of a function, and the number of images through the model."""
    host.images_seen = 0
    found = run()
    return found, {"images": host.images_seen}


def timed(host: Any, run: Callable[[], T], n_before: float) -> tuple[T, dict[str, float]]:
    """Result of a function, and its cost: images, seconds, the bare model's seconds per image."""
    # The machine's speed drifts: the bare model is timed before and after, for about a fifth of the
    # run on each side.
    n_batches = max(2, round(0.2 * n_before / host.batch_size))
    before = host.bare_seconds(n_batches)
    start = time.perf_counter()
    found, cost = counted(host, run)
    cost["seconds"] = time.perf_counter() - start
    return found, cost | {"bare": (before + host.bare_seconds(n_batches)) / 2}


def measure(
    host: Any,
    methods: dict[str, Callable[[slice], Any]],
    together: bool,
    scores: bool,
    pooled: bool,
) -> list[dict[str, Any]]:
    """A row of means for each method."""
    attributions, costs = defaultdict(list), defaultdict(list)
    for run in methods.values():
        run(slice(1))  # tracing, caches
    n = len(host.names)
    for i in range(0, n, n if together else 1):
        which = slice(i, n if together else i + 1)
        for method, one in methods.items():
            n_before = costs[method][-1]["images"] if i else 1000 * n * together
            run = partial(one, which)
            attribution, cost = counted(host, run) if scores else timed(host, run, n_before)
            attributions[method].append(attribution)
            costs[method].append(cost)
        print(f"{which.stop}/{n}", flush=True)
    pool = host.pooled if pooled else list
    return [
        row(method, host.evaluate(pool(attributions[method])), costs[method], n)
        for method in methods
    ]


def row(
    method: str, scores: dict[str, float], costs: list[dict[str, float]], n: int
) -> dict[str, Any]:
    sums = {name: sum(cost[name] for cost in costs) for name in costs[0] if name != "bare"}
    # White-box methods under Xplique do not run the counting wrapper.
    means = {name: total / n for name, total in sums.items() if total}
    if "seconds" not in sums or method in BACKWARD:
        return {"method": method} | scores | means
    bare = sum(cost["images"] * cost["bare"] for cost in costs)
    return {"method": method} | scores | means | {"overhead": sums["seconds"] / bare}


def table(rows: list[dict[str, Any]]) -> str:
    columns = {name: None for line in rows for name in line}
    digits = {"images": 0, "seconds": 2, "overhead": 2}

    def cell(line: dict[str, Any], name: str) -> str:
        if name == "method":
            return f"{line[name]:<36}"
        text = f"{line[name]:.{digits.get(name, 4)}f}" if name in line else "–"
        return f"{text:>{len(name) + 2}}"

    header = "".join(
        f"{name:<36}" if name == "method" else f"{name:>{len(name) + 2}}" for name in columns
    )
    return "\n".join(
        [
            header,
            "-" * len(header),
            *("".join(cell(line, name) for name in columns) for line in rows),
        ]
    )


def chosen(
    host: Any, args: argparse.Namespace, parser: argparse.ArgumentParser
) -> dict[str, Callable[[slice], Any]]:
    """The methods of the rows: those of `--methods`, within each of the budgets."""
    offers = {f", {most:,} images": host.within(most) for most in args.budgets}
    offers = offers or {"": host.methods}
    known = list(dict.fromkeys(name for methods in offers.values() for name in methods))
    if unknown := set(args.methods or ()) - set(known):
        parser.error(f"--methods (={sorted(unknown)}) must be among {known} under {args.host}")
    return {
        name + budget: method
        for budget, methods in offers.items()
        for name, method in methods.items()
        if not args.methods or name in args.methods
    }


def main() -> None:
    parser = arguments(__doc__, images=20)
    parser.add_argument("--host", choices=HOSTS, default="captum")
    parser.add_argument(
        "--mistakes", action="store_true", help="take misclassified photographs instead"
    )
    parser.add_argument("--regions", type=int, default=49, help="SLICO regions per photograph")
    parser.add_argument("--samples", type=int, default=500, help="samples of Lime and KernelShap")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--methods", nargs="+", help="only these rows")
    parser.add_argument("--budgets", nargs="+", type=int, default=[], help="images a photograph")
    parser.add_argument("--coarse", type=int, help="groups of regions, for a row of --budgets")
    parser.add_argument("--half", choices=HALVES, help="photographs of such classes alone")
    parser.add_argument(
        "--together", action="store_true", help="explain all photographs in one call of each method"
    )
    parser.add_argument(
        "--pooled", action="store_true", help="judge each method by its means over the regions"
    )
    parser.add_argument(
        "--scores", action="store_true", help="time nothing: insertion, deletion and images alone"
    )
    parser.add_argument("--output", type=Path, help="write the table as JSON")
    parser.add_argument(
        "--device", default="cpu", help="torch's, such as cuda; under Xplique TensorFlow chooses"
    )
    parser.set_defaults(channels_last=False, autocast=None)
    args = parser.parse_args()
    module, name = HOSTS[args.host]
    host = getattr(importlib.import_module(module), name)(args)
    methods = chosen(host, args, parser)
    rows = measure(host, methods, args.together, args.scores, args.pooled)
    print(
        f"\n{args.model}, {args.host}: {args.images} photographs, {args.regions} regions, "
        f"batch {args.batch_size}\n"
    )
    print(table(rows))
    if args.output:
        report = {
            "arguments": {k: str(v) for k, v in vars(args).items()},
            "photographs": host.names,
            "rows": rows,
        }
        args.output.parent.mkdir(parents=True, exist_ok=True)
        args.output.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
