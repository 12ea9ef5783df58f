"""Callback of Keras: explanations of fixed examples while a model is trained."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from submod_core._checks import as_numbers, check_callable
from submod_core._docs import documented
from submod_core.figures._examples import OPTIONS, LoggedExamples, same_random_numbers
from submod_core.figures.explanations import plot_explanation
from submod_core.figures.loggers import figure_logger
from xplique_submod.lima import LiMA

__all__ = ["ExplanationLogger"]


@documented(OPTIONS, explained="``explain_regions(inputs, targets)``")
class ExplanationLogger(tf.keras.callbacks.Callback):
    """Callback that logs explanations of the same examples after every few epochs.

    Weights and random numbers stay as they are: training goes on as it would without the callback.

    Parameters
    ----------
    inputs : array or tf.Tensor, (N, …)
        The examples, copied.
    targets : array or tf.Tensor, (N, C)
        The outputs to explain, one-hot, as in `LiMA.explain`.
    log_to : object
        Where figures go, as in `figure_logger`: ``tf.summary.create_file_writer("logs")``, a folder
        for PNG files, a run of Weights & Biases, or a function (name, figure, step).
    {logged}

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range; when training starts, if `method` makes
        nothing that explains.

    Examples
    --------
    >>> from functools import partial
    >>> images, targets = tf.random.uniform((2, 32, 32, 3)), tf.one_hot([3, 1], 10)
    >>> few = partial(LiMA, regions=(4, 4))
    >>> callback = ExplanationLogger(images, targets, "figures", few, every_n_epochs=5)
    >>> # model.fit(…, callbacks=[callback])
    """

    def __init__(
        self,
        inputs: Any,
        targets: Any,
        log_to: Any,
        method: Callable[[Any], Any] = LiMA,
        *,
        every_n_epochs: int = 1,
        name: str = "explanations",
        pictures: Sequence[Any] | None = None,
        titles: Sequence[str] | None = None,
        plot: Callable[..., Figure] = plot_explanation,
    ) -> None:
        super().__init__()
        self.inputs, self.targets = _copied("inputs", inputs), _copied("targets", targets)
        if len(self.targets) != len(self.inputs):
            raise ValueError(
                f"`targets` (of shape {self.targets.shape}) must have a row for each of the "
                f"{len(self.inputs)} examples"
            )
        check_callable("method", method)
        self.method, self.log_to = method, figure_logger(log_to)
        shown = self.inputs if pictures is None else pictures
        self._examples = LoggedExamples(len(self.inputs), every_n_epochs, name, shown, titles, plot)
        self._explainer: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Make the method, once for all epochs: each would trace the model again."""
        self._explainer = self.method(self.model)
        if not callable(getattr(self._explainer, "explain_regions", None)):
            raise TypeError(
                f"`method` made a {type(self._explainer).__name__} of the model, which has no "
                "`explain_regions`"
            )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Explain and log, where it is time."""
        if self._examples.due(epoch):
            with same_random_numbers():
                explanations = self._explainer.explain_regions(self.inputs, self.targets)
                self._examples.log(explanations, epoch, epoch, [self.log_to])


def _copied(name: str, value: Any) -> np.ndarray:
    """A copy of an array of numbers (N, …) in its own dtype; ValueError for other axes."""
    array = np.array(value)
    as_numbers(name, array)
    if array.ndim < 2 or not len(array):
        raise ValueError(f"`{name}` (of shape {array.shape}) must be (N, …), with N at least 1")
    return array
