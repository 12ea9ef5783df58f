"""Photographs explained one by one: what the benchmarks of a search's details share."""

import argparse
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from imagenet import HALVES, OpenVino, arguments, classified

from captum_submod import LiMA, metrics, slico
from submod_core import Curves, Explanation


def options(
    description: str | None, searches: Iterable[str], batch_size: int
) -> argparse.ArgumentParser:
    """A parser with the photographs' division and half, the network's form, and searches."""
    parser = arguments(description, images=30)
    parser.add_argument("--regions", type=int, default=49, help="SLICO regions per photograph")
    parser.add_argument("--half", choices=HALVES, help="photographs of such classes alone")
    parser.add_argument("--batch-size", type=int, default=batch_size)
    parser.add_argument("--openvino", action="store_true", help="run the network by OpenVINO")
    names = list(searches)
    parser.add_argument("--searches", nargs="+", choices=names, default=names)
    return parser


def opened(args: argparse.Namespace) -> tuple[Any, torch.Tensor, list[int]]:
    """The network, the photographs and their classes."""
    torch.set_num_threads(1)
    model, images, labels, _ = classified(args.data, args.model, args.images, half=args.half)
    return OpenVino(model, images.shape[-1]) if args.openvino else model, images, labels


def explained(
    lima: LiMA, model: Any, image: torch.Tensor, label: int, args: argparse.Namespace
) -> tuple[Explanation, Curves]:
    """Explanation of a photograph (1, C, H, W), and the model's curves pixel by pixel."""
    mask = None
    if lima.regions is None:
        mask = torch.from_numpy(slico(image[0].movedim(0, -1).numpy(), args.regions))[None, None]
    (one,) = lima.explain(
        image, target=label, feature_mask=mask, perturbations_per_eval=args.batch_size
    )
    labels = torch.from_numpy(np.asarray(one.regions))[None, None]
    ranks = torch.from_numpy(-np.argsort(one.order).astype(float))[labels]
    (curves,) = metrics.faithfulness_curves(
        model, image, ranks, target=label, steps=50, max_examples_per_batch=16
    )
    return one, curves


def head(args: argparse.Namespace, columns: Iterable[str]) -> str:
    """The first two lines of a table in Markdown."""
    title = f"{args.model}, {args.images} photographs, {args.regions} regions"
    cells = (title, *columns)
    return f"| {' | '.join(cells)} |\n{'|---' * len(cells)}|"
