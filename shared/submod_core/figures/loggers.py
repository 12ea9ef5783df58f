"""Loggers of figures: TensorBoard, Weights & Biases, Lightning, a folder or any function."""

import sys
from collections.abc import Callable
from os import PathLike
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from submod_core._files import whole_file

FigureLogger = Callable[[str, Figure, int], Any]
"""A function of a name, a figure and a step."""


def figure_logger(log_to: Any) -> FigureLogger:
    """Function (name, figure, step) that logs a figure to any of the usual places.

    Parameters
    ----------
    log_to : object, str, PathLike or callable
        Where figures go:

        - TensorBoard: torch's ``SummaryWriter``, or ``tf.summary.create_file_writer(…)``;
        - Weights & Biases: a run, or the module ``wandb`` itself while a run is active. The figure
          gets the step as its caption, so that it fits in with the steps of other records;
        - Lightning: a ``TensorBoardLogger`` or ``WandbLogger``;
        - a folder: files ``name/000012.png`` of the step 12;
        - a function (name, figure, step), which is returned as it is.

        No library is imported for this: the object's methods tell what it is.

    Returns
    -------
    callable

    Raises
    ------
    TypeError
        If `log_to` is none of these.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = figure_logger(folder)
    ...     log("digits/0", Figure(), 12)
    ...     [file.name for file in Path(folder, "digits", "0").iterdir()]
    ['000012.png']
    """
    if callable(log_to):
        logger: FigureLogger = log_to
        return logger
    if isinstance(log_to, str | PathLike):
        return _to_folder(log_to)
    # A class would have the methods of its objects, without a place to log to.
    if callable(getattr(log_to, "log_image", None)):  # Lightning's WandbLogger
        return lambda name, figure, step: log_to.log_image(key=name, images=[figure], step=step)
    if callable(getattr(log_to, "add_figure", None)):  # torch's SummaryWriter
        return lambda name, figure, step: log_to.add_figure(name, figure, step, close=False)
    if _package(log_to) == "wandb" and callable(getattr(log_to, "log", None)):
        return _to_wandb(log_to)
    if _package(log_to) == "tensorflow" and hasattr(log_to, "as_default"):
        return _to_tensorflow(log_to)
    if hasattr(log_to, "log_metrics") and hasattr(log_to, "experiment"):  # others of Lightning
        try:
            return figure_logger(log_to.experiment)
        except TypeError:
            pass  # the message is about the logger, which the caller knows
    raise TypeError(
        f"`log_to` (a {type(log_to).__name__}) takes no figures that this library knows of; give a "
        "TensorBoard writer, a run of Weights & Biases, a Lightning logger of one of these, a "
        "folder, or a function (name, figure, step)"
    )


def figure_pixels(figure: Figure) -> NDArray[np.uint8]:
    """Pixels of a figure, (H, W, 3) in [0, 255].

    Examples
    --------
    >>> figure_pixels(Figure(figsize=(2, 1), dpi=10)).shape
    (10, 20, 3)
    """
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]


def _package(value: Any) -> str:
    """The package that an object's class comes from, or that a module is of."""
    module = value.__name__ if isinstance(value, ModuleType) else type(value).__module__
    return str(module).partition(".")[0]


def _to_folder(folder: str | PathLike[str]) -> FigureLogger:
    if not str(folder):
        raise TypeError("`log_to` (='') must name a folder")

    def write(name: str, figure: Figure, step: int) -> None:
        place = PurePath(name)
        if place.is_absolute() or ".." in place.parts:
            raise ValueError(f"`name` (={name!r}) must be a place inside of the folder")
        file = Path(folder, place, f"{step:06d}.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as unfinished:
            figure.savefig(unfinished, format="png")

    return write


def _to_wandb(run: Any) -> FigureLogger:
    def log(name: str, figure: Figure, step: int) -> None:
        # Without `step=`: a step behind the run's own would be dropped, and the image with it.
        run.log({name: sys.modules["wandb"].Image(figure, caption=f"step {step}")})

    return log


def _to_tensorflow(writer: Any) -> FigureLogger:
    def log(name: str, figure: Figure, step: int) -> None:
        with writer.as_default():
            sys.modules["tensorflow"].summary.image(name, figure_pixels(figure)[None], step=step)
        writer.flush()

    return log
