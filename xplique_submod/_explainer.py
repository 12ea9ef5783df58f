"""Base of Xplique's region explainers: arguments, run and painted result."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core import Explanation, explain
from submod_core.engine import check_batch_size, progress_bar
from submod_core.methods import RegionMethod
from submod_core.regions import Regions
from xplique_submod._compat import (
    BlackBoxExplainer,
    get_inference_function,
    no_gradients_available,
    scores_a_class,
)
from xplique_submod._inputs import Batch, check_classes, prepare
from xplique_submod._oracle import Reader, TensorFlowOracle


class RegionExplainer(RegionMethod, BlackBoxExplainer):
    """Base of methods that order the regions of an input by a search over a set function.

    A method defines the search and the read-out of the model by `_settings` and `_readout`, made of
    its attributes, and the division of inputs by `_divide`.
    """

    def __init__(
        self, model: Any, batch_size: int | str | None, operator: Any, baseline: Any, verbose: bool
    ) -> None:
        interpreter = isinstance(model, tf.lite.Interpreter)
        if not callable(model) and not hasattr(model, "predict_proba") and not interpreter:
            raise TypeError(f"`model` (={model!r}) must be callable")
        if batch_size is not None:
            check_batch_size("batch_size", batch_size)
        # Do not call the base's constructor: its cache of models fails on subclassed Keras 3
        # models.
        self.model, self.batch_size, self.operator = model, batch_size, operator
        functions = get_inference_function(model, operator)
        self.inference_function, self.batch_inference_function = functions
        self.gradient = self.batch_gradient = no_gradients_available
        self._by_class = scores_a_class(operator, self.inference_function)
        self.baseline, self.verbose = baseline, verbose
        self._reader: Reader | None = None

    def _divide(self, images: tf.Tensor, targets: tf.Tensor) -> Regions | list[np.ndarray]:
        """Division of images (N, H, W, C): a label map for each, or one division for all."""
        raise NotImplementedError

    def _scores_classes(self) -> bool:
        """Whether the target is a class of the model, not an operator's value nor features."""
        return self._by_class and not self._readout().feature_target

    def explain(self, inputs: Any, targets: Any = None) -> tf.Tensor:
        """Score every element by the importance of its region.

        Parameters
        ----------
        inputs : array, tf.Tensor or tf.data.Dataset
            Images (N, H, W, C), series (N, T, W) or tables (N, W); a dataset holds the targets too.
        targets : array or tf.Tensor, (N, C)
            One-hot, or in the form that the operator expects.

        Returns
        -------
        tf.Tensor of float32
            Scores in [0, 1] (LiMA, Eq. 11): (N, H, W, 1) for images, otherwise shaped like the
            inputs.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or shape, or the model returns anything but one
            finite row per example.
        """
        batch, explanations = self._run(inputs, targets)
        painted = tf.constant(
            np.stack([explanation.paint() for explanation in explanations]), tf.float32
        )
        return painted[..., None] if len(batch.shape) == 3 else painted

    def explain_regions(self, inputs: Any, targets: Any = None) -> list[Explanation]:
        """Explain each example: its regions, their order and the evidence for the order.

        The method `explain` of `captum_submod.LiMA` under another name. Parameters and errors are
        those of `explain`.

        Returns
        -------
        list of Explanation, N
        """
        return self._run(inputs, targets)[1]

    def _run(self, inputs: Any, targets: Any) -> tuple[Batch, list[Explanation]]:
        oracle = self._oracle(inputs, targets)
        return oracle.batch, self._explanations(oracle)

    def _oracle(self, inputs: Any, targets: Any) -> TensorFlowOracle:
        """Oracle of the model for the arguments of one call."""
        by_features = self._readout().feature_target
        if by_features and targets is not None:
            raise ValueError(
                "`targets` must be None: the features of the whole input are the target"
            )
        batch = prepare(inputs, targets, self.baseline, self._divide, needs_targets=not by_features)
        if self._scores_classes():
            check_classes(batch.targets)
        return TensorFlowOracle(self._current_reader(), batch)

    def _explanations(self, oracle: TensorFlowOracle) -> list[Explanation]:
        """Run the search for every example of the oracle's batch."""
        sets, settings = oracle.batch.sets, self._settings()
        total = settings.expected_model_inputs(sets) if self.verbose else None
        with progress_bar(f"{type(self).__name__} attribution", total, self.verbose) as on_batch:
            return explain(
                oracle,
                sets,
                settings,
                batch_size=2**31 if self.batch_size is None else self.batch_size,
                overlap="thread",
                on_batch=on_batch,
                sources=oracle.reader.readout.sources("model"),
            )

    def _current_reader(self) -> Reader:
        """Reader of the last call, or a new one where the model or an option has changed."""
        # Xplique's metrics replace the model of an explainer.
        operator = None if self._by_class else self.inference_function
        wants_confidence = "confidence" in self._settings().weights.needs
        reader = Reader(self.model, operator, self._readout(), wants_confidence)
        if self._reader is None or not self._reader.reads_like(reader):
            self._reader = reader
        return self._reader
