"""LiMA for Captum."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from captum_submod._attribution import RegionAttribution
from captum_submod._oracle import Activation, Features
from submod_core import LiMASettings, Readout, Weights
from submod_core.ground_set import Regions, check_regions
from submod_core.search import Search


class LiMA(RegionAttribution):
    """Less input is more faithful for attribution: which few regions made the model decide.

    The input is cut into regions; a set function scores every subset of them by how well the model still recognises the
    target with the subset alone (consistency), how badly without it (collaboration), how certain it is (confidence) and
    how little the regions repeat each other (effectiveness); a search orders the regions by it.

    Parameters
    ----------
    forward_func : callable
        The model, or any function of the inputs that returns a tensor whose first dimension is the batch: class scores
        (N, C), deeper outputs (N, C, …) with tuple targets, or one value per example. A module is run in evaluation
        mode and left as it was.
    regions : int, (int, int), array or callable
        Division of images (N, C, H, W) where `attribute` gets no `feature_mask`: about that many SLICO superpixels, a
        grid of rows and columns, one label map (H, W) for all, or a function of an image (H, W, C) that returns a label
        map, such as ``lambda image: submod_core.from_masks(sam.generate(image))``.
    search : str or callable
        How the regions are ordered: ``"guided"``, by evaluating what a regression on the subsets seen so far favours;
        ``"bidirectional"``, the paper's Algorithm 1; another key of `submod_core.SEARCHES`; or a function of the number
        of regions, such as ``functools.partial(submod_core.search.guided, window=0.15)`` or a search of your own.
    n_pending : int or float
        The bidirectional search's n_p: a number of regions, or a share of them below 1.
    weights : mapping or Weights, optional
        Weights of the scores by name; those left out are 0. By default the paper's (Eq. 8): consistency 20,
        collaboration 5, confidence 0.05, effectiveness 0.01.
    activation : {"softmax", "sigmoid", "identity"} or callable
        What turns the outputs into probabilities, over dimension 1. ``"identity"`` says that they already are; a
        callable takes the output tensor. A model with one output per example has no classes to normalise over:
        "softmax" then takes the value itself as the consistency.
    features : callable or torch.nn.Module, optional
        F of the effectiveness score: a function of the same arguments as `forward_func`, or a layer of the model, whose
        output is averaged over space and flattened. By default the output vector. Where `forward_func` is no module, a
        module given here is taken for a layer that it runs.
    distance : {"cosine", "angular"} or callable
        Distance between features: 1 − cosine, angle / π, or a function from (n, d) to (n, n) arrays.
    class_embeddings : Tensor, (K, d), optional
        Turns the features into class scores, `scale` · cosine to each row, as in CLIP; with a single row the plain
        cosine is the consistency. `target` is then a row, and the output of `forward_func` only serves as features.
    scale : float
        The factor of the cosines, CLIP's logit scale.
    max_evaluations : int, optional
        Most subsets per example for which the search may ask. When it runs out, the rest is ordered by its last known
        value.
    autocast : torch.dtype, optional
        Run the model under `torch.autocast` in this precision, such as ``torch.bfloat16``: faster where the device has
        units for it. Scores lose digits, and regions that are nearly equal may change places. By default whatever
        holds where `attribute` is called.

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
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 28 * 28, 10))
    >>> images = torch.rand(2, 3, 28, 28)
    >>> lima = LiMA(model, regions=(2, 2), search="greedy")
    >>> lima.attribute(images, target=torch.tensor([3, 1]), perturbations_per_eval=16).shape
    torch.Size([2, 3, 28, 28])
    >>> [explanation.order.shape for explanation in lima.explain(images, target=3)]
    [(4,), (4,)]
    """

    def __init__(
        self,
        forward_func: Callable[..., Any],
        *,
        regions: Regions = 49,
        search: str | Callable[..., Search] = "guided",
        n_pending: int | float = 8,
        weights: Mapping[str, float] | Weights | None = None,
        activation: Activation = "softmax",
        features: Features = None,
        distance: str | Callable[[Any], Any] = "cosine",
        class_embeddings: Tensor | None = None,
        scale: float = 100.0,
        max_evaluations: int | None = None,
        autocast: torch.dtype | None = None,
    ) -> None:
        check_regions(regions)
        if autocast not in (None, torch.float16, torch.bfloat16):
            raise ValueError(f"`autocast` (={autocast!r}) must be torch.float16, torch.bfloat16 or None")
        settings = LiMASettings.of(search, n_pending, weights, distance, max_evaluations)
        super().__init__(forward_func, regions, settings, Readout(activation, features, class_embeddings, scale))
        self.autocast = autocast
