"""Panels of the gallery's figures: maps beside each other, lines, a picture region by region."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure


def picture(image: Any) -> np.ndarray:
    """An image (C, H, W) or (H, W, C) as matplotlib draws it."""
    array = np.asarray(image)
    return np.moveaxis(array, 0, -1) if array.ndim == 3 and array.shape[0] in (1, 3) else array


def beside(maps: Mapping[str, Any], image: Any = None, *, columns: int = 5) -> Figure:
    """Draw maps (H, W) of any methods, each from its own lowest to its highest value.

    With the image first where it is given.
    """
    panels = ({} if image is None else {"": picture(image)}) | dict(maps)
    rows = -(-len(panels) // columns)
    columns = min(columns, len(panels))
    figure = Figure(figsize=(2.2 * columns, 2.45 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (title, one) in zip(grid, panels.items(), strict=False):
        axes.imshow(np.asarray(one), interpolation="nearest")
        axes.set_title(title, fontsize=max(9, 1.05 * figure.get_figwidth()))
    for axes in grid:
        axes.set_axis_off()
    return figure


def frames(explanation: Any, image: Any, numbers: list[int]) -> Figure:
    """Draw an image with its first regions alone, one number of them after the other."""
    found = {}
    for n in numbers:
        kept = explanation.prefix(n)[..., None]
        score = explanation.curves.insertion[n]
        found[f"{n}: score {score:.2f}"] = np.where(kept, picture(image), 0.12)
    return beside(found, columns=len(numbers))


def lines(curves: Mapping[str, tuple[Any, Any]], xlabel: str, ylabel: str, **style: Any) -> Figure:
    """Draw lines (x, y) by name."""
    figure = Figure(figsize=(7.6, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, (x, y) in curves.items():
        axes.plot(x, y, **({"marker": "."} | style), label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.legend(fontsize="small", ncols=1 + len(curves) // 7)
    return figure


def bars(values: Mapping[str, float], xlabel: str) -> Figure:
    """Draw a bar for each name, the highest first."""
    figure = Figure(figsize=(7.6, 0.8 + 0.27 * len(values)), layout="constrained")
    axes = figure.subplots()
    names = sorted(values, key=lambda name: -values[name])
    drawn = axes.barh(names, [values[name] for name in names])
    axes.bar_label(drawn, fmt="%.4g", padding=2)
    axes.set_xlabel(xlabel)
    axes.margins(x=0.1)
    axes.invert_yaxis()
    return figure
