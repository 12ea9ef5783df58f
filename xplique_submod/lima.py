"""LiMA for Xplique."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from submod_core import Explanation, LiMASettings, Readout, Weights, explain
from submod_core._checks import check_count
from submod_core.ground_set import Regions, check_regions
from submod_core.search import Search
from xplique_submod._compat import (
    BlackBoxExplainer,
    get_inference_function,
    no_gradients_available,
    predictions_one_hot_callable,
    predictions_operator,
)
from xplique_submod._inputs import Batch, prepare
from xplique_submod._oracle import Reader, TensorFlowOracle


class LiMA(BlackBoxExplainer):
    """Less input is more faithful for attribution: which few regions made the model decide.

    The same method, with the same answers, as `captum_submod.LiMA`: regions are ordered by a search over a set function
    of four scores. It goes wherever Xplique takes a black-box explainer.

    Parameters
    ----------
    model : callable
        A Keras model, tf.Module, TFLite interpreter, `TorchWrapper`, an estimator with ``predict_proba``, or a function
        of a numpy array.
    batch_size : int or None
        Most masked inputs per call of the model; None for all of a round at once. The result does not depend on it.
    operator : str, Tasks or callable, optional
        g(f, x, y), one value per example, which then is the consistency itself: detection, segmentation, regression.
        By default, and for ``"classification"``, the consistency is the activation of the target output.
    regions : int, (int, int), array or callable
        Division of images (N, H, W, C): about that many SLICO superpixels, a grid of rows and columns, one label map
        (H, W), or a function of an image (H, W, C) that returns one. In other inputs every element is a region of its
        own unless this is a label map shaped like one input.
    search : {"bidirectional", "greedy"} or callable
        How the regions are ordered: LiMA's Algorithm 1, plain greedy, or a search of your own.
    n_pending : int
        The bidirectional search's n_p.
    weights : mapping or Weights, optional
        Weights of consistency, collaboration, confidence and effectiveness by name; those left out are 0. By default
        the paper's: 20, 5, 0.05 and 0.01.
    activation : {"softmax", "sigmoid", "identity"} or callable
        What turns the outputs into probabilities, over their last axis. A model with one output per example has no
        classes to normalise over: "softmax" then takes the value itself as the consistency.
    features : callable or keras layer, optional
        F of the effectiveness score: a function of the masked inputs, or a layer of a functional model. By default the
        output vector.
    distance : {"cosine", "angular"} or callable
        Distance between features.
    class_embeddings : array_like, (K, d), optional
        Turns the features into class scores, `scale` · cosine to each row; `targets` are then one-hot over the rows.
    scale : float
        The factor of the cosines.
    max_evaluations : int, optional
        Most subsets per example for which the search may ask.
    baseline : number or array_like
        What replaces a removed region, in the model's own input space; an array broadcasts to one input.
    verbose : bool
        Show a progress bar, counting images through the model.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range.

    References
    ----------
    .. [1] Chen et al., "Less is More: Efficient Black-box Attribution via
       Minimal Interpretable Subset Selection" (LiMA): Eq. 3–8, Eq. 11, Algorithm 1.

    Examples
    --------
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
    >>> images, targets = tf.random.uniform((2, 8, 8, 3)), tf.one_hot([3, 1], 10)
    >>> lima = LiMA(model, regions=(2, 2))
    >>> lima(images, targets).shape
    TensorShape([2, 8, 8, 1])
    >>> [explanation.order.shape for explanation in lima.explain_regions(images, targets)]
    [(4,), (4,)]
    """

    def __init__(
        self,
        model: Any,
        batch_size: int | None = 32,
        operator: Any = None,
        *,
        regions: Regions = 49,
        search: str | Callable[..., Search] = "bidirectional",
        n_pending: int = 8,
        weights: Mapping[str, float] | Weights | None = None,
        activation: str | Callable[[tf.Tensor], tf.Tensor] = "softmax",
        features: Any = None,
        distance: str | Callable[[Any], Any] = "cosine",
        class_embeddings: Any = None,
        scale: float = 100.0,
        max_evaluations: int | None = None,
        baseline: Any = 0.0,
        verbose: bool = False,
    ) -> None:
        if not callable(model) and not hasattr(model, "predict_proba") and not isinstance(model, tf.lite.Interpreter):
            raise TypeError(f"`model` (={model!r}) must be callable")
        if batch_size is not None:
            check_count("batch_size", batch_size)
        # Not the constructor of the base: its cache of models fails on subclassed Keras 3 models.
        self.model, self.batch_size = model, batch_size
        self.inference_function, self.batch_inference_function = get_inference_function(model, operator)
        self.gradient = self.batch_gradient = no_gradients_available
        # "regression" and "classification" stand for one and the same function in Xplique.
        plain = (predictions_operator, predictions_one_hot_callable)
        self._by_class = operator != "regression" and self.inference_function in plain
        check_regions(regions)
        self.regions, self.baseline, self.verbose = regions, baseline, verbose
        self.settings = LiMASettings.of(search, n_pending, weights, distance, max_evaluations)
        self.readout = Readout(activation, features, class_embeddings, scale)
        self._reader: Reader | None = None

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
        return painted[..., None] if len(batch.inputs.shape) == 4 else painted

    def explain_regions(self, inputs: Any, targets: Any = None) -> list[Explanation]:
        """The regions, their order and the evidence for it: `captum_submod.LiMA.explain` under another name.

        Parameters and errors are those of `explain`.

        Returns
        -------
        list of Explanation, N
        """
        return self._run(inputs, targets)[1]

    def _run(self, inputs: Any, targets: Any) -> tuple[Batch, list[Explanation]]:
        batch = prepare(inputs, targets, self.baseline, self.regions)
        total = self.settings.expected_model_inputs(batch.sets) if self.verbose else None
        with tqdm(total=total, desc="LiMA attribution", unit="image", disable=not self.verbose) as bar:
            explanations = explain(
                TensorFlowOracle(self._current_reader(), batch),
                batch.sets,
                self.settings,
                batch_size=2**31 if self.batch_size is None else int(self.batch_size),
                on_batch=bar.update,
            )
            bar.total = bar.n
        return batch, explanations

    def _current_reader(self) -> Reader:
        # Xplique's metrics put another model into the explainer.
        operator = None if self._by_class else self.inference_function
        if self._reader is None or self._reader.model is not self.model or self._reader.operator is not operator:
            wants_confidence = "confidence" in self.settings.weights.used
            self._reader = Reader(self.model, operator, self.readout, wants_confidence)
        return self._reader
