"""SMDL for Xplique."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core import Weights
from submod_core._checks import check_flag
from submod_core._docs import documented
from submod_core.methods import SMDLOptions
from submod_core.methods.options import OPTIONS
from submod_core.regions import Division, Layout
from submod_core.scores import Distance
from xplique_submod._explainer import RegionExplainer
from xplique_submod._maps import heatmaps
from xplique_submod.lima import WORDS


@documented(OPTIONS, **WORDS)
class SMDL(SMDLOptions, RegionExplainer):
    """Less is more: fewer interpretable region via submodular subset selection, LiMA's predecessor.

    The same method, with the same answers, as `captum_submod.SMDL`: a prior saliency map joins
    patches of like saliency into regions; greedy search orders these by the four scores, all of
    weight 1.

    Parameters
    ----------
    model, batch_size, operator
        As in `LiMA`. With `feature_target` the outputs, or `features`, are the feature vectors.
    prior : array_like, callable or None
        The prior map of images (N, H, W, C): one of (1, …) or (N, …), (H, W) or (H, W, channels),
        over which it is summed; an Xplique explainer, or a function of (inputs, targets), that
        computes one. A map of another height and width is interpolated. None makes every patch a
        region of its own.
    {patches}
    {regions}
    {k}
    {smdl_weights}
    activation, features, distance, class_embeddings, scale
        As in `LiMA`.
    max_evaluations, max_model_inputs, layout, signed, baseline, verbose
        As in `LiMA`.
    {feature_target}
    {confidence_model}

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range.

    References
    ----------
    .. [1] Chen et al., "Less is More: Fewer Interpretable Region via Submodular Subset Selection"
       (SMDL), ICLR 2024: Algorithm 1, Eq. 3–9.

    Examples
    --------
    >>> from xplique.attributions import Saliency
    >>> layers = tf.keras.layers
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(10)])
    >>> images, targets = tf.random.uniform((2, 8, 8, 3)), tf.one_hot([3, 1], 10)
    >>> SMDL(model, prior=Saliency(model), patches=4, regions=8, k=3)(images, targets).shape
    TensorShape([2, 8, 8, 1])
    """

    def __init__(
        self,
        model: Any,
        batch_size: int | str | None = 32,
        operator: Any = None,
        *,
        prior: Any = None,
        patches: int | tuple[int, ...] | None = None,
        regions: int = 25,
        k: int | None = None,
        weights: Mapping[Any, float] | Weights | None = None,
        activation: str | Callable[[tf.Tensor], tf.Tensor] | None = "softmax",
        features: Any = None,
        feature_target: bool = False,
        confidence_model: Any = None,
        distance: str | Distance = "cosine",
        max_evaluations: int | None = None,
        max_model_inputs: int | None = None,
        class_embeddings: Any = None,
        scale: float = 100.0,
        layout: str | Layout | None = None,
        signed: bool = False,
        baseline: Any = 0.0,
        verbose: bool = False,
    ) -> None:
        super().__init__(model, batch_size, operator, baseline, verbose)
        check_flag("signed", signed)
        if not (prior is None or callable(prior) or hasattr(prior, "__array__")):
            raise TypeError(
                f"`prior` (a {type(prior).__name__}) must be an array, an explainer, a function or "
                "None"
            )
        self.prior, self.patches, self.regions, self.k = prior, patches, regions, k
        self.weights, self.activation, self.features = weights, activation, features
        self.feature_target, self.confidence_model = feature_target, confidence_model
        self.distance, self.max_evaluations = distance, max_evaluations
        self.class_embeddings, self.scale = class_embeddings, scale
        self.max_model_inputs, self.layout, self.signed = max_model_inputs, layout, signed
        self._check()

    def _divide(self, images: tf.Tensor, targets: tf.Tensor) -> Division | list[np.ndarray]:
        """The regions that the prior makes of the patches, (H, W) each."""
        if self.prior is None:
            return self._division()
        if len(images.shape) != 4 or (self.layout or "NHWC") not in ("NHWC", Layout("NHWC")):
            raise ValueError(
                "`prior` joins patches of images (N, H, W, C) into regions, and `inputs` (of shape "
                f"{tuple(images.shape)}) are others: give `patches` without a prior"
            )
        labels = self._regions_of(heatmaps(self.prior, images, targets, "prior", absolute=False))
        return labels if len(labels) == len(images) else labels * len(images)
