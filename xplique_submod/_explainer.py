"""Base of Xplique's region explainers: arguments, run and painted result."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core import Explanation, explain
from submod_core._checks import check_flag
from submod_core._docs import documented
from submod_core._types import IntArray
from submod_core.engine import Oracle, about, check_batch_size, progress_bar
from submod_core.methods import LiMASettings, RegionMethod, find_sufficient
from submod_core.methods.options import OPTIONS
from submod_core.regions import Division, with_groups
from submod_core.results import Sufficient
from xplique_submod._checks import check_model, check_operator
from xplique_submod._compat import (
    BlackBoxExplainer,
    Task,
    get_inference_function,
    no_gradients_available,
)
from xplique_submod._explained import division_of
from xplique_submod._inputs import Batch, Divide, check_baseline, prepare
from xplique_submod._layers import layer_named
from xplique_submod._oracle import TensorFlowOracle
from xplique_submod._reader import Reader
from xplique_submod._targets import check_classes


class RegionExplainer(RegionMethod, BlackBoxExplainer):
    """Base of methods that order the regions of an input by a search over a set function.

    A method defines the search and the read-out of the model by `_settings` and `_readout`, made of
    its attributes, and the division of inputs by `_divide`.
    """

    signed: bool = False

    def __init__(
        self, model: Any, batch_size: int | str | None, operator: Any, baseline: Any, verbose: bool
    ) -> None:
        check_model(model)
        check_operator(operator)
        check_flag("verbose", verbose)
        check_baseline(baseline)
        if batch_size is not None:
            check_batch_size("batch_size", batch_size)
        # Do not call the base's constructor: its cache of models fails on subclassed Keras 3
        # models.
        self.model, self.batch_size, self.operator = model, batch_size, operator
        functions = get_inference_function(model, operator)
        self.inference_function, self.batch_inference_function = functions
        self.gradient = self.batch_gradient = no_gradients_available
        self._task = Task.of(operator, self.inference_function)
        self.baseline, self.verbose = baseline, verbose
        self._reader: Reader | None = None

    def _divide(self, images: tf.Tensor, targets: tf.Tensor) -> Division | list[np.ndarray]:
        """Division of the inputs: one for all, or a label map for each."""
        return self._division()

    def _layer(self, name: str) -> Any:
        return layer_named(self.model, name)

    def _scores_classes(self) -> bool:
        """Whether the target is a class of the model, not an operator's value nor features."""
        classes = self._task.kind in ("classes", "either")
        return classes and not self._readout().feature_target

    def explain(self, inputs: Any, targets: Any = None) -> tf.Tensor:
        """Score every element by the importance of its region.

        Parameters
        ----------
        inputs : array, tf.Tensor or tf.data.Dataset
            Tables (N, F), series (N, T, C), images (N, H, W, C), volumes (N, D, H, W, C), or others
            by `layout`; a dataset, batched or not, holds pairs of an input and a target.
        targets : array or tf.Tensor, (N, C)
            One-hot, or in the form that the operator expects. A model with one output has the
            classes 0 and 1, in one column (N, 1) or two (N, 2): under "sigmoid"; where a Keras
            model ends in a sigmoid or `predict_proba` has one column; and under "identity" for
            values in [0, 1]. Class 1 has the probability p, class 0 has 1 − p.

        Returns
        -------
        tf.Tensor of float32
            Scores in [0, 1] (LiMA, Eq. 11), or gains where the explainer is `signed`: (N, H, W, 1)
            for images and (N, D, H, W, 1) for volumes, otherwise shaped like the inputs. 0 for what
            equals the baseline, and for what always stays.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or shape, or the model returns anything but one
            finite row per example.
        """
        batch, explanations = self._run(inputs, targets)
        scores = [np.asarray(explanation.paint(self.signed)) for explanation in explanations]
        layout = batch.layout
        painted = np.stack([layout.spread(s) if s.ndim == layout.n_places else s for s in scores])
        if layout.n_places == 1:  # series and tables: a score for each element
            painted = np.broadcast_to(painted, (len(painted), *batch.shape))
        elif layout.channel_axis is None:  # grey images
            painted = painted[..., None]
        return tf.constant(painted, tf.float32)

    def explain_regions(self, inputs: Any, targets: Any = None) -> list[Explanation]:
        """Explain each example: its regions, their order and the evidence for the order.

        The method `explain` of `captum_submod.LiMA` under another name. Parameters and errors are
        those of `explain`.

        Returns
        -------
        list of Explanation, N
        """
        return self._run(inputs, targets)[1]

    @documented(OPTIONS, method="explain")
    def sufficient(
        self,
        inputs: Any,
        explanations: Explanation | Sequence[Explanation],
        targets: Any = None,
        *,
        share: float = 0.95,
        value: float | None = None,
        n: int = 1,
    ) -> list[Sufficient]:
        """Find small sets of regions that are enough for the model's decision, by asking it.

        Parameters
        ----------
        inputs, targets
            As in `explain`, and as they were explained.
        explanations : Explanation or sequence of Explanation
            What `explain_regions` returned for the inputs, which brings the regions.
        {sufficient}
        """
        oracle = self._oracle(inputs, targets, divide=division_of(explanations, self.layout))
        with progress_bar(f"{type(self).__name__} attribution", None, self.verbose) as on_batch:
            return find_sufficient(
                oracle,
                oracle.batch.sets,
                explanations,
                share=share,
                value=value,
                n=n,
                feature_target=oracle.reader.readout.feature_target,
                batch_size=2**31 if self.batch_size is None else self.batch_size,
                overlap="thread",
                on_batch=on_batch,
                sources=oracle.reader.readout.sources("model"),
            )

    def _run(self, inputs: Any, targets: Any) -> tuple[Batch, list[Explanation]]:
        oracle = self._oracle(inputs, targets)
        return oracle.batch, self._explanations(oracle)

    def _oracle(
        self,
        inputs: Any,
        targets: Any,
        task: Task | None = None,
        divide: Divide | None = None,
    ) -> TensorFlowOracle:
        """Oracle of the model for one call; a task and a division in place of the explainer's."""
        by_features = self._readout().feature_target
        given = {"targets": targets, "operator": self.operator} if by_features else {}
        for name, value in given.items():
            if value is not None:
                raise ValueError(
                    f"`{name}` must be None: the features of the whole input are the target"
                )
        batch = prepare(
            inputs,
            targets,
            self.baseline,
            divide or self._divide,
            not by_features,
            self.layout,
        )
        if divide is None and self.coarse is not None:
            sets = with_groups(batch.sets, batch.images, batch.layout, self.coarse)
            batch = replace(batch, sets=sets)
        if (task or self._task).kind == "classes" and not by_features:
            check_classes(batch.targets)
        return TensorFlowOracle(self._current_reader(task or self._task), batch)

    def _explanations(
        self,
        oracle: TensorFlowOracle,
        examples: IntArray | None = None,
        settings: LiMASettings | None = None,
        ask: Oracle | None = None,
    ) -> list[Explanation]:
        """Run the search for every example of the oracle's batch, or for some of them.

        `settings` and `ask` stand for the explainer's own settings, and for the oracle.
        """
        if examples is None:
            examples = np.arange(len(oracle.batch.sets))
        sets, settings = [oracle.batch.sets[i] for i in examples], settings or self._settings()
        total = settings.expected_model_inputs(sets) if self.verbose else None
        with progress_bar(f"{type(self).__name__} attribution", total, self.verbose) as on_batch:
            return explain(
                about(ask or oracle, examples),
                sets,
                settings,
                batch_size=2**31 if self.batch_size is None else self.batch_size,
                overlap="thread",
                on_batch=on_batch,
                sources=oracle.reader.readout.sources("model"),
            )

    def _current_reader(self, task: Task) -> Reader:
        """Reader of the last call, or a new one where the model or an option has changed."""
        # Xplique's metrics replace the model of an explainer.
        wants_confidence = "confidence" in self._settings().weights.needs
        reader = Reader(self.model, task, self._readout(), wants_confidence)
        if self._reader is None or not self._reader.reads_like(reader):
            self._reader = reader
        return self._reader
