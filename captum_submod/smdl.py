"""SMDL for Captum."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch
from captum.attr import Attribution
from torch import Tensor

from captum_submod._attribution import RegionAttribution
from captum_submod._inputs import found_layout
from captum_submod._maps import heatmaps
from captum_submod._oracle import Activation, Features
from captum_submod.lima import WORDS
from submod_core import Weights
from submod_core._docs import documented
from submod_core.methods import SMDLOptions
from submod_core.methods.options import OPTIONS
from submod_core.regions import Layout
from submod_core.scores import Distance

Prior: TypeAlias = Tensor | Attribution | Callable[..., Tensor] | None


@documented(OPTIONS, **WORDS)
class SMDL(SMDLOptions, RegionAttribution):
    """Less is more: fewer interpretable region via submodular subset selection, LiMA's predecessor.

    A prior saliency map joins patches of like saliency into regions; greedy search orders these by
    the four scores, all of weight 1. The target may be a class, or the feature vector of the whole
    input (face verification).

    Parameters
    ----------
    forward_func : callable
        As in `LiMA`. With `feature_target` its outputs, or `features`, are the feature vectors.
    prior : Tensor, captum Attribution, callable or None
        The prior map of images (N, C, H, W): one of (1, …) or (N, …) with one channel or as many as
        the images, over which it is summed; a Captum method, or a function of (inputs, target),
        that computes one; of keyword inputs they get the explained tensor alone. A map of another
        height and width is interpolated. None makes every patch a region of its own.
    {patches}
    {regions}
    {k}
    {smdl_weights}
    activation, class_axis, features, distance, class_embeddings, scale
        As in `LiMA`.
    max_evaluations, max_model_inputs, layout, autocast
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
    >>> from captum.attr import Saliency
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 28 * 28, 10))
    >>> images = torch.rand(2, 3, 28, 28)
    >>> smdl = SMDL(model, prior=Saliency(model), patches=4, regions=8, k=3)
    >>> smdl.attribute(images, target=3, perturbations_per_eval=16).shape
    torch.Size([2, 3, 28, 28])
    """

    def __init__(
        self,
        forward_func: Callable[..., Any],
        *,
        prior: Prior = None,
        patches: int | tuple[int, ...] | None = None,
        regions: int = 25,
        k: int | None = None,
        weights: Mapping[Any, float] | Weights | None = None,
        activation: Activation = "softmax",
        class_axis: int | None = None,
        features: Features = None,
        feature_target: bool = False,
        confidence_model: Callable[..., Any] | None = None,
        distance: str | Distance = "cosine",
        max_evaluations: int | None = None,
        max_model_inputs: int | None = None,
        class_embeddings: Tensor | None = None,
        scale: float = 100.0,
        layout: str | Layout | None = None,
        autocast: torch.dtype | None = None,
    ) -> None:
        super().__init__(forward_func, autocast)
        if not (prior is None or isinstance(prior, Tensor | Attribution) or callable(prior)):
            raise TypeError(
                f"`prior` (a {type(prior).__name__}) must be a tensor, a Captum method, a function "
                "or None"
            )
        self.prior, self.patches, self.regions, self.k = prior, patches, regions, k
        self.weights, self.activation, self.features = weights, activation, features
        self.feature_target, self.confidence_model = feature_target, confidence_model
        self.distance, self.max_evaluations = distance, max_evaluations
        self.class_embeddings, self.scale = class_embeddings, scale
        self.max_model_inputs, self.layout, self.class_axis = max_model_inputs, layout, class_axis
        self._check()

    def _divide(self, inputs: Any, target: Any, additional: Any) -> Tensor | None:
        """The regions that the prior makes of the patches, (N, 1, H, W)."""
        if self.prior is None:
            return None
        images = isinstance(inputs, Tensor) and inputs.dim() == 4
        found = found_layout(self.layout, inputs, True) if images else None
        if found is None or found.axes != "NCHW":
            shape = tuple(inputs.shape) if isinstance(inputs, Tensor) else type(inputs).__name__
            raise ValueError(
                "`prior` joins patches of images (N, C, H, W) into regions, and `inputs` "
                f"({shape}) are others: give a `feature_mask`, or `patches` without a prior"
            )
        maps = heatmaps(self.prior, inputs, target, additional, "prior", absolute=False)
        labels = self._regions_of(maps.expand(len(inputs), -1, -1).numpy())
        return torch.from_numpy(np.stack(labels))[:, None]
