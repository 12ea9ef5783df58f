"""What every region explainer shares under Xplique: its arguments, the run, the painted result."""

from typing import Any

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from submod_core import Explanation, LiMASettings, Readout, explain
from submod_core._progress import counting
from submod_core.batching import check_batch_size
from submod_core.ground_set import Regions
from xplique_submod._compat import (
    BlackBoxExplainer,
    get_inference_function,
    no_gradients_available,
    scores_a_class,
)
from xplique_submod._inputs import Batch, prepare
from xplique_submod._oracle import Reader, TensorFlowOracle


class RegionExplainer(BlackBoxExplainer):
    """Orders the regions of an input by a search over a set function."""

    def __init__(
        self,
        model: Any,
        batch_size: int | str | None,
        operator: Any,
        regions: Regions,
        settings: LiMASettings,
        readout: Readout,
        baseline: Any,
        verbose: bool,
    ) -> None:
        if not callable(model) and not hasattr(model, "predict_proba") and not isinstance(model, tf.lite.Interpreter):
            raise TypeError(f"`model` (={model!r}) must be callable")
        if batch_size is not None:
            check_batch_size("batch_size", batch_size)
        # Not the constructor of the base: its cache of models fails on subclassed Keras 3 models.
        self.model, self.batch_size = model, batch_size
        self.inference_function, self.batch_inference_function = get_inference_function(model, operator)
        self.gradient = self.batch_gradient = no_gradients_available
        self._by_class = scores_a_class(operator, self.inference_function)
        self.regions, self.settings, self.readout = regions, settings, readout
        self.baseline, self.verbose = baseline, verbose
        self._reader: Reader | None = None

    @property
    def scores_classes(self) -> bool:
        """Whether the target is a class of the model, and not what an operator or the features make of it."""
        return self._by_class and not self.readout.feature_target

    def divide(self, images: tf.Tensor, targets: tf.Tensor) -> Regions | list[np.ndarray]:
        """The division of images (N, H, W, C): a label map each, or what `regions` says."""
        return self.regions

    def explain(self, inputs: Any, targets: Any = None) -> tf.Tensor:
        """Score every element by the importance of its region.

        Parameters
        ----------
        inputs : array, tf.Tensor or tf.data.Dataset
            Images (N, H, W, C), series (N, T, W) or tables (N, W); a dataset holds the targets too.
        targets : array or tf.Tensor, (N, C)
            One-hot, or whatever the operator expects.

        Returns
        -------
        tf.Tensor of float32
            Scores in [0, 1] (LiMA, Eq. 11): (N, H, W, 1) for images, otherwise shaped like the inputs.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or shape, or the model returns anything but one finite row per example.
        """
        batch, explanations = self._run(inputs, targets)
        painted = tf.constant(np.stack([explanation.paint() for explanation in explanations]), tf.float32)
        return painted[..., None] if len(batch.shape) == 3 else painted

    def explain_regions(self, inputs: Any, targets: Any = None) -> list[Explanation]:
        """The regions, their order and the evidence for it: `captum_submod.LiMA.explain` under another name.

        Parameters and errors are those of `explain`.

        Returns
        -------
        list of Explanation, N
        """
        return self._run(inputs, targets)[1]

    def _run(self, inputs: Any, targets: Any) -> tuple[Batch, list[Explanation]]:
        oracle = self.oracle(inputs, targets)
        return oracle.batch, self.ask(oracle)

    def oracle(self, inputs: Any, targets: Any) -> TensorFlowOracle:
        """The model, ready to be asked about the arguments of one call."""
        if self.readout.feature_target and targets is not None:
            raise ValueError("`targets` must be None: the features of the whole input are the target")
        batch = prepare(inputs, targets, self.baseline, self.divide, needs_targets=not self.readout.feature_target)
        return TensorFlowOracle(self._current_reader(), batch)

    def ask(self, oracle: TensorFlowOracle) -> list[Explanation]:
        """Run the search for every example of the oracle's batch."""
        sets, name = oracle.batch.sets, type(self).__name__
        total = self.settings.expected_model_inputs(sets) if self.verbose else None
        with tqdm(total=total, desc=f"{name} attribution", unit="image", disable=not self.verbose) as bar:
            explanations = explain(
                oracle,
                sets,
                self.settings,
                batch_size=2**31 if self.batch_size is None else self.batch_size,
                overlap="thread",
                on_batch=counting(bar),
            )
            bar.total = bar.n
        return explanations

    def _current_reader(self) -> Reader:
        # Xplique's metrics put another model into the explainer.
        operator = None if self._by_class else self.inference_function
        if self._reader is None or self._reader.model is not self.model or self._reader.operator is not operator:
            wants_confidence = "confidence" in self.settings.weights.used
            self._reader = Reader(self.model, operator, self.readout, wants_confidence)
        return self._reader
