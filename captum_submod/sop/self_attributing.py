"""The "-F" models that Sum-of-Parts is compared with: predict from the top features of any attribution alone."""

from typing import Any

import numpy as np
import torch
from captum.attr import Attribution
from torch import Tensor, nn

from captum_submod._maps import heatmaps
from captum_submod.sop._backbone import Backbone
from captum_submod.sop._masking import Masking, pooling
from submod_core.sop import maths
from submod_core.sop.explanation import GroupExplanation
from submod_core.sop.features import Features
from submod_core.sop.settings import check_top


class SelfAttributing(nn.Module):
    """A model that predicts from one group of features: those that an attribution puts on top (SOP, App. C.3).

    Parameters
    ----------
    backbone : Module
        It is copied, and the copy is frozen.
    attribution : Attribution or callable
        A Captum method of that model, or a function of (inputs, target) that returns maps. It explains the class that
        the backbone predicts.
    example_inputs : Tensor, (1, …)
        An input, which fixes shapes.
    features, baseline, batch_size
        As for `SumOfParts`.
    top : float in (0, 1]
        The share of features that the prediction is made from: those with the highest mean score.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from captum.attr import Saliency
    >>> backbone = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 10))
    >>> images = torch.rand(2, 3, 16, 16)
    >>> SelfAttributing(backbone, Saliency(backbone), images[:1], features=4)(images).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        backbone: nn.Module,
        attribution: Any,
        example_inputs: Tensor,
        *,
        features: Features = None,
        top: float = 0.2,
        baseline: float = 0.0,
        batch_size: int = 32,
    ) -> None:
        super().__init__()
        if not isinstance(attribution, Attribution) and not callable(attribution):
            raise TypeError(f"`attribution` (={attribution!r}) must be a Captum method or a function")
        check_top(top)
        self.backbone, self.attribution, self.top = Backbone(backbone), attribution, top
        self.masking = Masking(example_inputs, features, baseline, batch_size)

    def forward(self, inputs: Tensor, feature_mask: Tensor | None = None, top: float | None = None) -> Tensor:
        """Logits (N, C) of the inputs with all but the top features replaced."""
        return self._answer(inputs, feature_mask, top, remove=False)[1]

    def without(self, inputs: Tensor, feature_mask: Tensor | None = None, top: float | None = None) -> Tensor:
        """Logits (N, C) of what is left when the top features are replaced."""
        return self._answer(inputs, feature_mask, top, remove=True)[1]

    def _answer(
        self, inputs: Tensor, feature_mask: Tensor | None, top: float | None, remove: bool
    ) -> tuple[Tensor, Tensor]:
        """The masks (N, 1, n) and the logits (N, C)."""
        top = self.top if top is None else top
        check_top(top)
        labels = self.masking.labels_of(inputs, feature_mask)
        present = self.masking.present(labels, len(inputs))
        scores = self._scores(inputs, labels)
        scores = scores - scores.amin(-1, keepdim=True)
        masks = maths.top_masks(scores[:, None], present.to(scores), top).to(inputs.device)
        if remove:
            masks = present[:, None] - masks
        with torch.no_grad():
            logits = [self.backbone.model(batch) for batch in self.masking.masked(inputs, masks, labels)]
        return masks, torch.cat(logits)

    @torch.no_grad()
    def explain(
        self, inputs: Tensor, feature_mask: Tensor | None = None, top: float | None = None
    ) -> list[GroupExplanation]:
        """One group each, with a score of 1 for every class; arguments as in `forward`."""
        masks, logits = self._answer(inputs, feature_mask, top, remove=False)
        labels, values = self.masking.labels_of(inputs, feature_mask).cpu().numpy(), logits.cpu().numpy()
        return GroupExplanation.each(labels, masks.cpu().numpy(), np.ones((*values.shape, 1)), values[:, None], values)

    def _scores(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """The mean score of each feature, (N, n), of the class that the backbone predicts."""
        with torch.no_grad():
            batches = inputs.split(self.masking.batch_size)
            target = torch.cat([self.backbone.model(batch).argmax(-1) for batch in batches])
        if self.masking.images:
            maps = heatmaps(self.attribution, inputs, target, None, "attribution", absolute=False)
        else:
            made = self.attribution
            maps = (made.attribute if isinstance(made, Attribution) else made)(inputs, target=target).detach().double()
            maps = maps.cpu().flatten(2).sum(-1) if maps.dim() > 2 else maps.cpu()
        maps = maps.expand(len(inputs), *maps.shape[1:]).flatten(1)
        under, labels = torch.arange(maps.shape[1]), labels.cpu()
        if len(labels) == 1 and bool((labels.flatten() == under).all()):
            return maps
        return (pooling(labels, under, maps.shape[1]).to(maps) @ maps[..., None])[..., 0]
