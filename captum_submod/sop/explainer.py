"""A sum of parts as one of Captum's methods."""

from typing import Any

import torch
from captum.attr import Attribution
from torch import Tensor

from captum_submod._compat import TargetType, log_usage
from captum_submod._targets import target_indices
from captum_submod.sop._inputs import Inputs, batch_of
from submod_core._repr import differing


class SumOfPartsAttribution(Attribution):
    """Paint the contribution of each feature to a prediction of `SumOfParts`.

    A group's contribution is shared equally among its features, so that the scores of all features
    sum to the logit.

    Parameters
    ----------
    forward_func : SumOfParts or SelfAttributing

    Raises
    ------
    TypeError
        If the model has no groups to explain by.

    References
    ----------
    .. [1] Sum-of-Parts: Self-Attributing Neural Networks with End-to-End Learning of Feature
       Groups: Eq. 1.

    Examples
    --------
    >>> from captum_submod import SumOfParts
    >>> nn = torch.nn
    >>> backbone = nn.Sequential(
    ...     nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    ...     nn.Linear(8, 10),
    ... )
    >>> images = torch.rand(2, 3, 16, 16)
    >>> sop = SumOfParts(backbone, images[:1], features=4)
    >>> SumOfPartsAttribution(sop).attribute(images, target=3).shape
    torch.Size([2, 3, 16, 16])
    """

    def __init__(self, forward_func: Any) -> None:
        if not callable(getattr(forward_func, "explain", None)):
            raise TypeError(
                f"`forward_func` (a {type(forward_func).__name__}) must be a SumOfParts model"
            )
        super().__init__(forward_func)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({differing(self, SumOfPartsAttribution.__init__)})"

    @classmethod
    def get_name(cls) -> str:
        """Name shown in plots."""
        return "Sum of Parts"

    def has_convergence_delta(self) -> bool:
        """False: the scores of the features sum to the logit, those of the elements do not."""
        return False

    @log_usage
    def attribute(
        self,
        inputs: Inputs,
        target: TargetType = None,
        feature_mask: Tensor | None = None,
        top: float | None = None,
    ) -> Tensor | dict[str, Tensor]:
        """Score every element by the contribution of its feature.

        Parameters
        ----------
        inputs : Tensor, (N, …), or mapping
        target : int, Tensor or list
            The class, one for all or one for each.
        feature_mask, top
            As in `SumOfParts.forward`.

        Returns
        -------
        Tensor, or dict of one
            Shaped like the inputs, on their device; in units of the logit, of either sign. Under
            its name where the inputs are a mapping.

        Raises
        ------
        ValueError
            If there are no inputs, or the target is missing or does not fit.
        """
        batch = batch_of(inputs)
        shown = batch.tensor
        if not len(batch):
            raise ValueError(
                f"`inputs` (of shape {tuple(shown.shape)}) must hold at least one example"
            )
        targets = target_indices(target, len(batch))
        if targets is None:
            raise ValueError("`target` (=None) must be the class to explain, or one for each input")
        explanations = self.forward_func.explain(inputs, feature_mask, top)
        dtype = shown.dtype if shown.is_floating_point() else torch.get_default_dtype()
        rows = [
            torch.from_numpy(e.paint(int(t[0]))) for e, t in zip(explanations, targets, strict=True)
        ]
        painted = torch.stack(rows).to(dtype).to(shown.device)
        last = getattr(getattr(self.forward_func, "masking", None), "last", False)
        wide = (
            painted[:, None]
            if shown.dim() == 4 or last
            else painted.reshape(*painted.shape, *(1,) * (shown.dim() - 2))
        )
        maps = wide.expand(shown.shape).contiguous()
        return maps if batch.name is None else {batch.name: maps}
