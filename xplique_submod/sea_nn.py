"""SEA-NN for Xplique: one heatmap out of those of several explainers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm
from xplique.attributions import IntegratedGradients, Saliency, SmoothGrad

from submod_core.sea_nn import THRESHOLDS, Ensemble, Learning
from submod_core.sea_nn.host import HeatmapMethods, MeanEnsemble, SubmodularEnsemble
from xplique_submod._compat import BlackBoxExplainer, get_inference_function, no_gradients_available, tensor_sanitize
from xplique_submod._maps import heatmaps


class HeatmapEnsemble(HeatmapMethods, BlackBoxExplainer):
    """What makes one map out of those of several explainers."""

    def __init__(
        self,
        model: Any,
        methods: Sequence[Any] | None = None,
        batch_size: int | None = 32,
        operator: Any = None,
        *,
        verbose: bool = False,
    ) -> None:
        # Not the constructor of the base: its cache of models fails on subclassed Keras 3 models.
        self.model, self.batch_size, self.verbose = model, batch_size, verbose
        self.inference_function, self.batch_inference_function = get_inference_function(model, operator)
        self.gradient = self.batch_gradient = no_gradients_available
        kinds = (Saliency, IntegratedGradients, SmoothGrad)
        default = (
            [] if methods is not None else [kind(model, batch_size=batch_size, operator=operator) for kind in kinds]
        )
        self.use(default if methods is None else methods, callable)

    def explain(self, inputs: Any, targets: Any = None) -> tf.Tensor:
        """One map for each image.

        Parameters
        ----------
        inputs : array, tf.Tensor or tf.data.Dataset
            Images (N, H, W, C); a dataset holds the targets too.
        targets : array or tf.Tensor
            Given to each explainer.

        Returns
        -------
        tf.Tensor of float32, (N, H, W, 1)
            At least 0.

        Raises
        ------
        ValueError
            If the inputs are no images, or an explainer gives no map for each, or one that is constant or not finite:
            the message names it.
        """
        maps = self._maps(inputs, targets)
        name = type(self).__name__
        rows = tqdm(maps, desc=f"{name} attribution", unit="image", disable=not self.verbose)
        return tf.constant(self.combine_examples(rows)[..., None], tf.float32)

    def attribute_maps(self, maps: Sequence[Any]) -> np.ndarray:
        """The same of maps computed elsewhere.

        Parameters
        ----------
        maps : sequence of array_like, each (N, H, W) or (N, n)
            One array for each method.

        Returns
        -------
        ndarray of float64, (N, H, W) or (N, n)

        Raises
        ------
        ValueError
            If the shapes differ, or a map is constant or not finite.
        """
        return self.combine_given(maps)

    def _maps(self, inputs: Any, targets: Any) -> list[Any]:
        """For each example the maps of all methods, (M, H, W)."""
        images, labels = tensor_sanitize(inputs, targets)
        if len(images.shape) != 4:
            raise ValueError(f"`inputs` (of shape {tuple(images.shape)}) must be images (N, H, W, C)")
        columns = [
            np.broadcast_to(heatmaps(method, images, labels, name, absolute=True), tuple(images.shape[:3]))
            for method, name in zip(self.methods, self.names(), strict=True)
        ]
        return list(np.stack(columns, axis=1))


class SEANN(SubmodularEnsemble, HeatmapEnsemble):
    """Submodular ensembling of attributions: more specific than each of the maps it learns from.

    The same method, with the same map of the same maps, as `captum_submod.SEANN`.

    Parameters
    ----------
    model : callable
    methods : sequence of explainers or functions of (inputs, targets), optional
        By default Xplique's Saliency, IntegratedGradients and SmoothGrad. Maps of another size are interpolated.
    batch_size, operator
        Of the default explainers.
    settings : Learning, optional
        How the function is learned.
    side : int
        Images are seen as at most side × side cells.
    thresholds : sequence of int
        How many of the highest pixels each binary map holds.
    verbose : bool
        Show a progress bar, counting images.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    .. [1] Submodular Ensembled Attribution for Neural Networks (SEA-NN): Eq. 1–2, Algorithm 1.

    Examples
    --------
    >>> from submod_core.sea_nn import Learning
    >>> model = tf.keras.Sequential([tf.keras.Input((16, 16, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
    >>> images, targets = tf.random.uniform((2, 16, 16, 3)), tf.one_hot([3, 1], 10)
    >>> methods = [Saliency(model), IntegratedGradients(model)]
    >>> SEANN(model, methods, settings=Learning(widths=(16,), epochs=3), side=8)(images, targets).shape
    TensorShape([2, 16, 16, 1])
    """

    def __init__(
        self,
        model: Any,
        methods: Sequence[Any] | None = None,
        batch_size: int | None = 32,
        operator: Any = None,
        *,
        settings: Learning | None = None,
        side: int = 28,
        thresholds: Sequence[int] = THRESHOLDS,
        verbose: bool = False,
    ) -> None:
        super().__init__(model, methods, batch_size, operator, verbose=verbose)
        self.settings, self.side, self.thresholds = settings or Learning(), side, thresholds

    def explain_ensemble(self, inputs: Any, targets: Any = None) -> list[Ensemble]:
        """The map of each image with the function that it comes from: `captum_submod.SEANN.explain`."""
        return self.learn_examples(self._maps(inputs, targets))

    def explain_class(self, inputs: Any, targets: Any = None) -> Ensemble:
        """What matters for a class: one function of the maps of all its images (SEA-NN, §3)."""
        return self.learn_class(self._maps(inputs, targets))


class AggMean(MeanEnsemble, HeatmapEnsemble):
    """The linear ensemble to compare with: the mean of the maps, each scaled to [0, 1].

    Parameters are those of `SEANN` that name the model and the methods.

    Examples
    --------
    >>> model = tf.keras.Sequential([tf.keras.Input((16, 16, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
    >>> AggMean(model)(tf.random.uniform((2, 16, 16, 3)), tf.one_hot([3, 1], 10)).shape
    TensorShape([2, 16, 16, 1])
    """
