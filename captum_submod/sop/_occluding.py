"""A model that sums groups, with other values in place of what is outside of them."""

import copy
from typing import Any

from captum_submod.sop._inputs import batch_of
from captum_submod.sop._masking import Masking
from captum_submod.sop.model import SumOfParts
from captum_submod.sop.self_attributing import SelfAttributing
from submod_core.sop.baselines import Baseline


def with_baseline(model: Any, baseline: Baseline) -> Any:
    """Make a model with another baseline, for metrics under several occlusions.

    The papers repeat grown insertion and deletion with a random colour in place of black (SOP v2,
    App. C.4.4, Table 10).

    Parameters
    ----------
    model : SumOfParts or SelfAttributing
        It stays as it is; both share their weights.
    baseline : float, array_like of float, (C,), or str
        As in `SumOfParts`: "channel_mean", "blur" and "random_colour" of images by name.

    Returns
    -------
    SumOfParts or SelfAttributing

    Raises
    ------
    TypeError, ValueError
        If the model is none, or the baseline does not fit its inputs.

    Examples
    --------
    >>> import torch
    >>> from captum_submod import metrics
    >>> nn = torch.nn
    >>> backbone = nn.Sequential(
    ...     nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    ...     nn.Linear(8, 10),
    ... )
    >>> images = torch.rand(2, 3, 16, 16)
    >>> sop = SumOfParts(backbone, images[:1], features=4, groups=6)
    >>> metrics.grown_insertion(with_baseline(sop, "blur"), images).shape
    (2,)
    """
    if not isinstance(model, SumOfParts | SelfAttributing):
        raise TypeError(f"`model` (a {type(model).__name__}) must sum groups, as SumOfParts does")
    example = batch_of(model.example_inputs)
    masking = Masking(example, model.features, baseline, model.batch_size)
    # A shallow copy shares all modules; its own table of them holds the other masking.
    made = copy.copy(model)
    made._modules = dict(model._modules)
    made.masking = masking.to(model.masking.labels.device)
    return made
