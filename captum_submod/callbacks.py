"""Callback of Lightning: explanations of fixed examples while a model is trained."""

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from captum_submod._targets import target_indices
from captum_submod.lima import LiMA
from submod_core import Explanation
from submod_core._checks import check_callable, check_type
from submod_core._docs import documented
from submod_core.figures._examples import OPTIONS, LoggedExamples, same_random_numbers
from submod_core.figures.explanations import plot_explanation
from submod_core.figures.loggers import FigureLogger, figure_logger

__all__ = ["ExplanationLogger"]

_PACKAGES = ("lightning.pytorch", "pytorch_lightning")
_SHARDED = ("FSDPStrategy", "ModelParallelStrategy", "DeepSpeedStrategy")


def _callback() -> Any:
    """Lightning's class of callbacks, of the one of its two packages that is in use."""
    loaded = [name for name in _PACKAGES if name in sys.modules]
    for name in (*loaded, *_PACKAGES):
        try:
            return importlib.import_module(name).Callback
        except ModuleNotFoundError:
            continue
    raise ImportError("captum_submod.callbacks needs Lightning: pip install lightning")


_Callback: Any = _callback()


@contextmanager
def _undisturbed(device: torch.device) -> Iterator[None]:
    """Put all generators of random numbers that training may draw from back as they were."""
    with same_random_numbers(), torch.random.fork_rng([device] if device.type == "cuda" else []):
        yield


@documented(OPTIONS, explained="``explain(inputs, target=target, **arguments)``")
class ExplanationLogger(_Callback):
    """Callback that logs explanations of the same examples after every few epochs.

    Weights, modes, gradients and random numbers stay as they are: training goes on as it would
    without the callback. Under data parallel training the first process explains, while the others
    wait for it.

    Parameters
    ----------
    inputs : Tensor, (N, …)
        The examples, copied; moved to the model's device and precision for each explanation.
    target : int, tuple, Tensor or list, optional
        The output to explain, as in `LiMA.attribute`.
    log_to : object, optional
        Where figures go, as in `figure_logger`. By default to the trainer's own loggers, of
        TensorBoard or Weights & Biases.
    {logged}
    **arguments
        Further arguments of the method's `explain`; ``perturbations_per_eval`` is 32 by default.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range. When training starts: if there is no
        logger that takes figures, `method` makes nothing that explains, or the model is sharded
        over processes, of which none can run it alone.

    Examples
    --------
    >>> from functools import partial
    >>> images, labels = torch.rand(2, 3, 32, 32), torch.tensor([3, 1])
    >>> few = partial(LiMA, regions=(4, 4))
    >>> callback = ExplanationLogger(images, labels, "figures", few, every_n_epochs=5)
    >>> # lightning.Trainer(callbacks=[callback]).fit(…)
    """

    def __init__(
        self,
        inputs: Tensor,
        target: Any = None,
        log_to: Any = None,
        method: Callable[[Any], Any] = LiMA,
        *,
        every_n_epochs: int = 1,
        name: str = "explanations",
        pictures: Sequence[Any] | None = None,
        titles: Sequence[str] | None = None,
        plot: Callable[..., Figure] = plot_explanation,
        **arguments: Any,
    ) -> None:
        super().__init__()
        check_type("inputs", inputs, Tensor, "a tensor (N, …)")
        if inputs.dim() < 2 or not len(inputs):
            raise ValueError(
                f"`inputs` (of shape {tuple(inputs.shape)}) must be (N, …), with N at least 1"
            )
        target_indices(target, len(inputs))
        check_callable("method", method)
        self.inputs, self.method = inputs.detach().clone(), method
        self.target = target.clone() if isinstance(target, Tensor) else target
        self.log_to = None if log_to is None else figure_logger(log_to)
        self.arguments = {"perturbations_per_eval": 32} | arguments
        shown = self.inputs.cpu() if pictures is None else pictures
        self._examples = LoggedExamples(len(inputs), every_n_epochs, name, shown, titles, plot)

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Raise before the first epoch what would be raised after it."""
        strategy = type(trainer.strategy).__name__
        if strategy in _SHARDED:
            raise ValueError(
                f"`trainer` has the strategy {strategy}: its first process alone cannot run the "
                "model; explain a checkpoint after training"
            )
        if trainer.is_global_zero:
            self._loggers(trainer)
            with _undisturbed(pl_module.device):
                self._made(pl_module)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Explain and log, where it is time."""
        epoch = trainer.current_epoch
        if trainer.is_global_zero and self._examples.due(epoch):
            with _undisturbed(pl_module.device):
                explanations = self._explained(trainer, pl_module)
                step = trainer.global_step
                self._examples.log(explanations, epoch, step, self._loggers(trainer))

    def _explained(self, trainer: Any, pl_module: Any) -> list[Explanation]:
        """Explanations by the model as it runs in validation: on its device, in its precision."""
        precision = trainer.precision_plugin
        inputs = precision.convert_input(self.inputs.to(pl_module.device))
        with precision.forward_context():
            method = self._made(pl_module)
            found: list[Explanation] = method.explain(inputs, target=self.target, **self.arguments)
        return found

    def _made(self, pl_module: Any) -> Any:
        method = self.method(pl_module)
        if not callable(getattr(method, "explain", None)):
            raise TypeError(
                f"`method` made a {type(method).__name__} of the model, which has no `explain`"
            )
        return method

    def _loggers(self, trainer: Any) -> list[FigureLogger]:
        """Where figures go: the given place, or each of the trainer's loggers that takes them."""
        if self.log_to is not None:
            return [self.log_to]
        found = []
        for logger in trainer.loggers:
            try:
                found.append(figure_logger(logger))
            except TypeError:
                continue
        if not found:
            kinds = [type(logger).__name__ for logger in trainer.loggers]
            raise ValueError(
                f"`log_to` (=None) needs a logger of the trainer that takes figures, not {kinds}; "
                "give one here, or a folder"
            )
        return found
