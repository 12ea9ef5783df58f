"""SMDL for Captum."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch
from captum.attr import Attribution
from torch import Tensor

from captum_submod._attribution import RegionAttribution
from captum_submod._maps import heatmaps
from captum_submod._oracle import Activation, Features
from submod_core import Readout, Weights, saliency_patches
from submod_core.smdl import check_patches, smdl_settings

Prior: TypeAlias = Tensor | Attribution | Callable[..., Tensor] | None


class SMDL(RegionAttribution):
    """Less is more: fewer interpretable region via submodular subset selection, LiMA's predecessor.

    A prior saliency map joins patches of like saliency into regions; greedy search orders these by the four scores, all
    of weight 1. The target may be a class, or the feature vector of the whole input (face verification).

    Parameters
    ----------
    forward_func : callable
        As in `LiMA`. With `feature_target` its outputs, or `features`, are the feature vectors.
    prior : Tensor, captum Attribution, callable or None
        The prior map of images (N, C, H, W): one of (1, …) or (N, …) with one channel or as many as the images, over
        which it is summed; a Captum method, or a function of (inputs, target), that computes one. A map of another
        height and width is interpolated. None makes every patch a region of its own.
    patches : int or (int, int)
        N of the N × N patches, or their rows and columns.
    regions : int
        m, into how many regions a prior joins the patches.
    k : int, optional
        Rank only that many regions. The others share the lowest importance.
    weights : mapping or Weights, optional
        Weights of the scores by name; by default 1 each. Without class probabilities and without a confidence model
        there is no confidence.
    activation, features, distance, max_evaluations
        As in `LiMA`.
    feature_target : bool
        Consistency is the cosine of the features to the whole input's (Eq. 7); `target` must then be None.
    confidence_model : callable, optional
        An evidential model of the same arguments (`submod_core.evidential_loss` trains one), whose certainty, Eq. 4, is
        the confidence. By default the confidence is LiMA's, the entropy of the class probabilities.

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
        patches: int | tuple[int, int] = 10,
        regions: int = 25,
        k: int | None = None,
        weights: Mapping[str, float] | Weights | None = None,
        activation: Activation = "softmax",
        features: Features = None,
        feature_target: bool = False,
        confidence_model: Callable[..., Any] | None = None,
        distance: str | Callable[[Any], Any] = "cosine",
        max_evaluations: int | None = None,
    ) -> None:
        if not (prior is None or isinstance(prior, Tensor | Attribution) or callable(prior)):
            raise TypeError(f"`prior` (a {type(prior).__name__}) must be a tensor, a Captum method, a function or None")
        self.prior, self.patches, self.n_regions = prior, *check_patches(patches, regions, prior is not None)
        readout = Readout(activation, features, confidence_model=confidence_model, feature_target=feature_target)
        settings = smdl_settings(readout, k, weights, distance, max_evaluations)
        super().__init__(forward_func, self.patches, settings, readout)

    def divide(self, inputs: Any, target: Any, additional_forward_args: Any) -> Tensor | None:
        """The regions that the prior makes of the patches (SMDL, Algorithm 1), (N, 1, H, W)."""
        if self.prior is None or not isinstance(inputs, Tensor) or inputs.dim() != 4:
            return None
        maps = heatmaps(self.prior, inputs, target, additional_forward_args, "prior", absolute=False)
        labels = [
            saliency_patches(prior, self.patches, self.n_regions) for prior in maps.expand(len(inputs), -1, -1).numpy()
        ]
        return torch.from_numpy(np.stack(labels))[:, None]
