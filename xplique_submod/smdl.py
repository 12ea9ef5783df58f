"""SMDL for Xplique."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core import Readout, Weights, saliency_patches
from submod_core.ground_set import Regions
from submod_core.smdl import check_patches, smdl_settings
from xplique_submod._explainer import RegionExplainer
from xplique_submod._maps import heatmaps


class SMDL(RegionExplainer):
    """Less is more: fewer interpretable region via submodular subset selection, LiMA's predecessor.

    The same method, with the same answers, as `captum_submod.SMDL`: a prior saliency map joins patches of like saliency
    into regions; greedy search orders these by the four scores, all of weight 1.

    Parameters
    ----------
    model, batch_size, operator
        As in `LiMA`. With `feature_target` the outputs, or `features`, are the feature vectors.
    prior : array_like, callable or None
        The prior map of images (N, H, W, C): one of (1, …) or (N, …), (H, W) or (H, W, channels), over which it is
        summed; an Xplique explainer, or a function of (inputs, targets), that computes one. A map of another height and
        width is interpolated. None makes every patch a region of its own.
    patches : int or (int, int)
        N of the N × N patches, or their rows and columns.
    regions : int
        m, into how many regions a prior joins the patches.
    k : int, optional
        Rank only that many regions. The others share the lowest importance.
    weights : mapping or Weights, optional
        Weights of the scores by name; by default 1 each. Without class probabilities and without a confidence model
        there is no confidence.
    activation, features, distance, max_evaluations, baseline, verbose
        As in `LiMA`.
    feature_target : bool
        Consistency is the cosine of the features to the whole input's (Eq. 7); `targets` must then be None.
    confidence_model : callable, optional
        An evidential model (`submod_core.evidential_loss` trains one), whose certainty, Eq. 4, is the confidence. By
        default the confidence is LiMA's, the entropy of the class probabilities.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range.

    References
    ----------
    .. [1] Chen et al., "Less is More: Fewer Interpretable Region via Submodular Subset Selection" (SMDL), ICLR 2024:
       Algorithm 1, Eq. 3–9.

    Examples
    --------
    >>> from xplique.attributions import Saliency
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
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
        patches: int | tuple[int, int] = 10,
        regions: int = 25,
        k: int | None = None,
        weights: Mapping[str, float] | Weights | None = None,
        activation: str | Callable[[tf.Tensor], tf.Tensor] = "softmax",
        features: Any = None,
        feature_target: bool = False,
        confidence_model: Any = None,
        distance: str | Callable[[Any], Any] = "cosine",
        max_evaluations: int | None = None,
        baseline: Any = 0.0,
        verbose: bool = False,
    ) -> None:
        if not (prior is None or callable(prior) or hasattr(prior, "__array__")):
            raise TypeError(f"`prior` (a {type(prior).__name__}) must be an array, an explainer, a function or None")
        self.prior, self.patches, self.n_regions = prior, *check_patches(patches, regions, prior is not None)
        readout = Readout(activation, features, confidence_model=confidence_model, feature_target=feature_target)
        settings = smdl_settings(readout, k, weights, distance, max_evaluations)
        super().__init__(model, batch_size, operator, self.patches, settings, readout, baseline, verbose)

    def divide(self, images: tf.Tensor, targets: tf.Tensor) -> Regions | list[np.ndarray]:
        """The regions that the prior makes of the patches (SMDL, Algorithm 1), (H, W) each."""
        if self.prior is None or len(images.shape) != 4:
            return self.patches
        maps = heatmaps(self.prior, images, targets, "prior", absolute=False)
        labels = [saliency_patches(prior, self.patches, self.n_regions) for prior in maps]
        return labels if len(labels) == len(images) else labels * len(images)
