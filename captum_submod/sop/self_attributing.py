"""The "-F" models that Sum-of-Parts is compared with: predictions from an attribution's top."""

from types import SimpleNamespace
from typing import Any

import torch
from captum.attr import Attribution
from torch import Tensor, nn

from captum_submod._maps import explained_by, heatmaps
from captum_submod._memory import memory_errors
from captum_submod._modules import evaluating
from captum_submod.sop._backbone import Backbone
from captum_submod.sop._inputs import check_inputs
from captum_submod.sop._masking import Masking, pooling
from captum_submod.sop.model import WORDS
from submod_core._docs import documented
from submod_core._repr import differing
from submod_core._types import IntArray
from submod_core.engine._memory import in_fitting_batches
from submod_core.sop import GroupExplanation
from submod_core.sop.baselines import Baseline
from submod_core.sop.features import Features
from submod_core.sop.host import SelfAttributingBase, check_answers
from submod_core.sop.options import OPTIONS
from submod_core.sop.settings import chosen_top

_documented = documented(OPTIONS, **WORDS | {"source": "App. C.3", "keywords": ""})


@_documented
class SelfAttributing(SelfAttributingBase, nn.Module):
    """Predict from one group of features: those that an attribution puts on top.

    It is the "-F" model of the paper (SOP, App. C.3).

    Parameters
    ----------
    backbone : Module
        It is copied, and the copy is frozen.
    attribution : Attribution or callable
        A Captum method of that model, or a function of (inputs, target) that returns maps. It
        explains the class that the backbone predicts.
    {example_inputs}
    {features}
    top : float in (0, 1]
        Share of the features that the prediction is made from: those with the highest mean score.
    {baseline}
    {batch_size}

    {errors}

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
        baseline: Baseline = 0.0,
        batch_size: int = 32,
    ) -> None:
        super().__init__()
        if not isinstance(backbone, nn.Module):
            raise TypeError(f"`backbone` (a {type(backbone).__name__}) must be a torch module")
        if not isinstance(attribution, Attribution) and not callable(attribution):
            raise TypeError(
                f"`attribution` (={attribution!r}) must be a Captum method or a function"
            )
        self.top = chosen_top(None, top)
        self.backbone, self.attribution = Backbone(backbone), attribution
        self.masking = Masking(example_inputs, features, baseline, batch_size)
        self.example_inputs = example_inputs[:1].detach().clone()

    def extra_repr(self) -> str:
        """The arguments that differ from their defaults."""
        names = ("attribution", "features", "top", "baseline", "batch_size")
        given = {name: getattr(self, name) for name in names}
        return differing(SimpleNamespace(**given), SelfAttributing.__init__)

    @_documented
    def forward(
        self, inputs: Tensor, feature_mask: Tensor | None = None, top: float | None = None
    ) -> Tensor:
        """Logits (N, C) of the inputs with all but the top features replaced.

        Parameters
        ----------
        inputs : Tensor, (N, …)
        {of_a_call}

        Raises
        ------
        ValueError
            If an argument does not fit the model; so do all methods that take them.
        """
        check_inputs(inputs)
        logits: Tensor = self._answer(inputs, feature_mask, top)[1]
        return logits

    def without(
        self, inputs: Tensor, feature_mask: Tensor | None = None, top: float | None = None
    ) -> Tensor:
        """Logits (N, C) of the inputs with the top features replaced.

        Arguments are those of `forward`.
        """
        check_inputs(inputs)
        logits: Tensor = self._answer(inputs, feature_mask, top, remove=True)[1]
        return logits

    @torch.no_grad()
    def explain(
        self, inputs: Tensor, feature_mask: Tensor | None = None, top: float | None = None
    ) -> list[GroupExplanation]:
        """One group each, with a score of 1 for every class.

        Arguments are those of `forward`.
        """
        check_inputs(inputs)
        return self._explained(inputs, feature_mask, top)

    def _maps(self, inputs: Tensor) -> Tensor:
        def answered(some: slice) -> Tensor:
            with torch.no_grad(), memory_errors():
                return self.backbone.model(inputs[some].clone())

        batches = in_fitting_batches(len(inputs), self.masking.batch, answered)
        logits = torch.cat(list(batches))
        check_answers(logits)
        target = logits.argmax(-1)
        if self.masking.images:
            maps = heatmaps(self.attribution, inputs, target, None, "attribution", absolute=False)
        else:
            made = self.attribution
            attribute = made.attribute if isinstance(made, Attribution) else made
            with evaluating(*explained_by(made)):
                maps = attribute(inputs.clone(), target=target).detach().double().cpu()
            maps = maps.flatten(2).sum(-1) if maps.dim() > 2 else maps
        return maps.expand(len(inputs), *maps.shape[1:]).flatten(1)

    def _shares(self, labels: Tensor, under: IntArray, size: int) -> Tensor:
        return pooling(labels.cpu(), under, size).double()

    def _masked(self, inputs: Tensor, masks: Tensor, labels: Tensor) -> Tensor:
        with torch.no_grad():
            answers = self.masking.answers(self.backbone.model, inputs, masks, labels)
            return torch.cat(list(answers))
