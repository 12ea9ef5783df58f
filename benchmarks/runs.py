"""Runs of several searches over photographs: what the benchmarks of searches share."""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from imagenet import HALVES, Compiled, OpenVino, classified, full_precision
from listed import listed

from captum_submod import LiMA, opencv_seeds, opencv_slico, slico
from submod_core import Explanation
from submod_core.search import Search

DIVISIONS: dict[str, Callable[..., Any]] = {
    "slico": slico,
    "opencv_slico": opencv_slico,
    "opencv_seeds": opencv_seeds,
}
Scores = dict[str, dict[str, list[float]]]  # photograph, search, scores of the plan


@dataclass(frozen=True)
class Plan:
    """Searches and scores of a run.

    Attributes
    ----------
    scored : callable
        Scores of a photograph, as many as `scores` has names, from the network, the photograph
        (1, C, H, W), its class, its explanation, the search and the batch size.
    searches, budgets : mapping
        Searches by name, and the most images of those within a budget.
    weights : mapping, optional
        Of the scores of F; LiMA's by default.
    """

    scored: Callable[[Any, torch.Tensor, int, Explanation, Search, int], tuple[float, ...]]
    scores: tuple[str, ...]
    searches: Mapping[str, Search]
    budgets: Mapping[str, int]
    weights: Mapping[str, float] | None = None


def source(args: argparse.Namespace) -> tuple[Any, ...]:
    """Arguments of `loaded`."""
    photographs = (args.data, args.images, args.half)
    if getattr(args, "list", None):
        photographs = (args.list, args.photographs, args.images)
    return args.model, photographs, args.device, args.tf32, args.compile, args.batch_size


@cache
def loaded(
    model_name: str,
    photographs: tuple[Any, ...],
    device: str,
    tf32: bool,
    compiled: str | None,
    size: int,
) -> Any:
    """A network, compiled by choice, and photographs with their classes and names.

    `photographs` are the data folder, their number and half, or the file that lists them, their
    folder and number; `size` is the batch size that torch compiles for.
    """
    torch.set_num_threads(1)
    if not tf32:
        full_precision()
    if photographs[0].is_dir():
        data, n, half = photographs
        model, images, labels, names = classified(data, model_name, n, half=half)
    else:
        model, images, labels, names = listed(model_name, *photographs)
    if compiled == "openvino":
        return OpenVino(model, images.shape[-1]), images, labels, names
    model = model.to(device, memory_format=torch.channels_last)
    return Compiled(model, size) if compiled else model, images.to(device), labels, names


@cache
def divided(source: tuple[Any, ...], division: str, regions: int, i: int) -> torch.Tensor:
    """Regions of a photograph, (1, 1, H, W)."""
    _, images, _, _ = loaded(*source)
    labels = DIVISIONS[division](images[i].movedim(0, -1).cpu().numpy(), regions)
    return torch.from_numpy(labels)[None, None]


def explained(
    args: argparse.Namespace, plan: Plan, done: Scores, deadline: float, part: tuple[range, str]
) -> Scores | None:
    """Scores of one search for the photographs that `done` lacks; None when the time is up.

    All of these photographs are explained in one call.
    """
    if time.time() > deadline:
        return None
    which, search = part
    model, images, labels, names = loaded(*source(args))
    missing = [i for i in which if search not in done.get(names[i], {})]
    rows: Scores = {names[i]: {} for i in which}
    if not missing:
        return rows
    x, targets = images[missing], [labels[i] for i in missing]
    masks = torch.cat([divided(source(args), args.division, args.regions, i) for i in missing])
    budget = plan.budgets.get(search)
    used = plan.searches[search]
    lima = LiMA(model, search=used, max_model_inputs=budget, weights=plan.weights)
    if args.coarse:
        groups = [divided(source(args), args.division, args.coarse, i)[0] for i in missing]
        lima.coarse = torch.cat(groups)
    size = max(1, args.batch_size // len(missing))  # Captum counts them for each photograph
    found = lima.explain(x, target=targets, feature_mask=masks, perturbations_per_eval=size)
    for i, one in zip(missing, found, strict=True):
        scores = plan.scored(model, images[i : i + 1], labels[i], one, used, args.batch_size)
        rows[names[i]] = {search: [round(float(score), 6) for score in scores]}
    print(f"{which.start + 1}–{which.stop}/{args.images} {search}", flush=True)
    return rows


def measure(args: argparse.Namespace, plan: Plan) -> dict[str, np.ndarray]:
    """Scores of each search, (photographs, k), for the photographs done before the time is up."""
    deadline = time.time() + 60 * args.minutes
    done, seen = read(args, plan), dict[str, None]()
    parts = [
        (range(i, min(i + args.together, args.images)), search)
        for i in range(0, args.images, args.together)
        for search in args.searches
    ]
    with ProcessPoolExecutor(args.jobs, mp_context=get_context("spawn")) as pool:
        for found in pool.map(partial(explained, args, plan, done, deadline), parts):
            for name, rows in (found or {}).items():
                done[name] = done.get(name, {}) | rows
                seen[name] = None
            write(args, plan, done)
    names = [name for name in seen if all(search in done[name] for search in args.searches)]
    if not names:
        raise SystemExit(f"--minutes (={args.minutes}) is too short for a single photograph")
    return {search: np.array([done[name][search] for name in names]) for search in args.searches}


def head(args: argparse.Namespace, plan: Plan) -> dict[str, Any]:
    """The first entries of a file of scores."""
    found = {"model": args.model, "regions": args.regions, "scores": list(plan.scores)}
    if args.coarse:
        found["coarse"] = args.coarse
    return found if args.division == "slico" else found | {"division": args.division}


def read(args: argparse.Namespace, plan: Plan) -> Scores:
    """Scores that an earlier run has written to `--output`."""
    if not args.output or not args.output.exists():
        return {}
    found = json.loads(args.output.read_text())
    photographs: Scores = found.pop("photographs")
    if found != head(args, plan):
        raise SystemExit(f"--output (={args.output}) has scores of {found}: give another file")
    return photographs


def write(args: argparse.Namespace, plan: Plan, done: Scores) -> None:
    """Write the scores to `--output`, one photograph per line."""
    if args.output:
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(rows)}" for name, rows in done.items())
        new = args.output.with_suffix(".new")
        first = json.dumps(head(args, plan))[:-1]
        new.write_text(f'{first}, "photographs": {{\n{lines}\n}}}}\n')
        new.replace(args.output)


def options(parser: argparse.ArgumentParser, plan: Plan, default: Iterable[str]) -> None:
    """Add the options that every run of searches has; `default` are searches of the plan."""
    parser.add_argument("--regions", type=int, default=49, help="superpixels per photograph")
    parser.add_argument("--coarse", type=int, help="groups of regions that are searched first")
    parser.add_argument("--division", choices=DIVISIONS, default="slico")
    parser.add_argument("--searches", nargs="+", choices=plan.searches, default=list(default))
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
    parser.add_argument(
        "--output", type=Path, help="JSON of every score, written to and gone on from"
    )


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The arguments, where they agree with each other."""
    args = parser.parse_args()
    if args.compile == "torch" and args.together > args.batch_size:
        parser.error(
            f"--together (={args.together}) must be at most --batch-size (={args.batch_size}) with "
            "--compile"
        )
    if args.compile == "openvino" and args.device != "cpu":
        parser.error(f"--device (={args.device}) must be cpu with --compile openvino")
    return args
