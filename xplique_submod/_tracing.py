"""Tracing: masking and the model in one graph."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core.scores import Readout
from xplique_submod._compat import TENSORFLOW_MODELS, Task
from xplique_submod._inputs import Batch
from xplique_submod._masking import composer, pack, signature


class Runner:
    """The part of a reader that runs functions of masked inputs, traced or eagerly."""

    model: Any
    task: Task
    readout: Readout
    _traced: dict[Any, Callable[..., Any]]
    _eager: bool

    def _run(
        self,
        name: str,
        read: Callable[..., Any],
        batch: Batch,
        examples: np.ndarray,
        keep: np.ndarray,
    ) -> Any:
        """Mask and read a batch: in one traced graph where the models allow, else eagerly.

        `name` tells the graphs of one reader apart, together with the shapes.
        """
        packed = pack(examples, batch.kept(keep))
        arrays = (batch.inputs, batch.baselines, batch.labels, batch.targets, packed)
        shapes = (packed.shape[1] - 2, *(tuple(array.shape[1:]) for array in arrays[:-1]))
        read_masked = on_masked(read, composer(batch.shape, *shapes))
        if self._runs_eagerly():
            return read_masked(*arrays)
        key = (name, batch.shape, *shapes)
        if key not in self._traced:
            # Masking and model in one graph: each call of TensorFlow costs as much as the masking.
            try:
                self._traced[key] = traced(read_masked, *shapes)
            except Exception:
                # Xplique calls operators eagerly: what they do in Python need not be traceable. An
                # error of the operator's own comes again.
                if self.task.kind != "operator":
                    raise
                self._eager = True
                return read_masked(*arrays)
        with python_errors():
            return self._traced[key](*arrays)

    def _runs_eagerly(self) -> bool:
        # Models that are no TensorFlow modules, and all models once Xplique's TorchWrapper has
        # switched TensorFlow to eager execution, globally.
        models = [m for m in (self.model, self.readout.confidence_model) if m is not None]
        modules = all(isinstance(model, TENSORFLOW_MODELS) for model in models)
        return self._eager or not modules or tf.config.functions_run_eagerly()


@contextmanager
def python_errors() -> Iterator[None]:
    """Raise an error of our own that a Python function within a graph raised as what it was.

    Examples
    --------
    >>> with python_errors():
    ...     raise tf.errors.InvalidArgumentError(None, None, "ValueError: `boxes` must be (N, 4)")
    Traceback (most recent call last):
    ValueError: `boxes` must be (N, 4)
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        said = re.search(r"ValueError: (`.*)", str(error))
        if said is None:
            raise
        raise ValueError(said[1]) from error


def on_masked(
    read: Callable[..., Any], compose: Callable[..., tuple[tf.Tensor, tf.Tensor]]
) -> Callable[..., Any]:
    """Compose masked inputs, cut the rows of padding off, and read the model on the rest."""

    def composed(*arrays: tf.Tensor) -> Any:
        masked, targets = compose(*arrays)
        n_rows = tf.reduce_sum(arrays[-1][:, 0])
        return read(masked[:n_rows], targets[:n_rows])

    return composed


def traced(composed: Callable[..., Any], *shapes: Any) -> Callable[..., Any]:
    """Trace a function of `on_masked` for the shapes of its arrays; raise our errors as they are.

    `shapes` are the arguments of `signature`.
    """
    function = tf.function(composed, input_signature=signature(*shapes))
    try:
        concrete: Callable[..., Any] = function.get_concrete_function()
        return concrete
    except Exception as error:
        # AutoGraph wraps an error of ours into another one, with a long message of files and
        # lines.
        if hasattr(error, "ag_error_metadata") and error.__context__ is not None:
            raise error.__context__ from None
        raise
