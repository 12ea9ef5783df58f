"""Segmentation for Captum: a dense prediction as a function of one class in a zone."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from captum_submod._outputs import checked, ends_in_sigmoid
from submod_core._checks import check_callable
from submod_core.scores import SegmentationOptions
from submod_core.scores.segmentation import check_places, check_segmentation, extremes


class SegmentationScore(SegmentationOptions, nn.Module):
    """Score of one class in a zone of a dense prediction: the model of any method.

    The zone is a mask over the places of the outputs: one pixel, an object, or everything, which
    then is the class's area in the whole prediction. The score is a quantity, so that confidence
    and effectiveness are left out.

    Parameters
    ----------
    model : callable
        From inputs to outputs (N, C, places…), or a mapping or object with `logits`. A module runs
        in evaluation mode and is left as it was.
    mode : {"probability", "area"}
        The mean probability of the class over the zone; or the share of the zone that is predicted
        as the class.
    activation : {"softmax", "sigmoid", "identity"}
        What makes probabilities of the outputs: softmax of logits, sigmoid of independent ones,
        nothing where they are probabilities.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or unknown. When called: if zones or labels are malformed,
        or the outputs are not what `activation` says.

    Notes
    -----
    One pixel is explained without this class too: ``LiMA(model).explain(image, target=(c, y, x))``
    reads its class probabilities, confidence included.

    Examples
    --------
    >>> model = lambda images: torch.stack([images[:, 0], 1 - images[:, 0]], 1)
    >>> images = torch.zeros(2, 1, 8, 8)
    >>> images[:, :, 2:6, 2:6] = 1.0
    >>> zones = torch.zeros(2, 8, 8)
    >>> zones[0, 2:4], zones[1] = 1, 1
    >>> SegmentationScore(model, activation="identity")(images, zones, torch.tensor([0, 0]))
    tensor([0.5000, 0.2500])
    >>> from captum_submod import LiMA
    >>> lima = LiMA(SegmentationScore(model, activation="identity"), regions=(4, 4))
    >>> found = lima.explain(images, additional_forward_args=(zones, torch.tensor([0, 0])))
    >>> sorted(found[0].order[:2].tolist())
    [5, 6]
    """

    def __init__(
        self, model: Callable[..., Any], *, mode: str = "probability", activation: str = "softmax"
    ) -> None:
        nn.Module.__init__(self)
        check_callable("model", model)
        SegmentationOptions.__init__(self, mode, activation)
        self.model = model

    def extra_repr(self) -> str:
        """The options beside the model."""
        return f"mode={self.mode!r}, activation={self.activation!r}"

    def forward(self, inputs: Tensor, zones: Tensor | None, labels: Tensor) -> Tensor:
        """Score (N,) of each example's class in its zone.

        Parameters
        ----------
        inputs : Tensor, (N, …)
        zones : Tensor, (N, places…) or (1, places…), or None
            1 inside and 0 outside, over the places of the outputs. None stands for all places.
        labels : Tensor of int, (N,) or (1,)
            The class of each example.
        """
        if not isinstance(inputs, Tensor) or inputs.is_complex() or not inputs.dim():
            raise TypeError("`inputs` must be a tensor (N, …) of real numbers")
        whole = isinstance(labels, Tensor) and not (
            labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool
        )
        if not whole or labels.dim() != 1 or len(labels) not in (1, len(inputs)):
            raise ValueError(
                f"`labels` must be a tensor (N,) of classes, for {len(inputs)} examples"
            )
        outputs = checked(self.model(inputs), len(inputs), "model")
        if outputs.dim() < 3:
            raise ValueError(
                f"`model` returned shape {tuple(outputs.shape)}; dense predictions are (N, C, "
                "places…)"
            )
        if self.activation == "sigmoid" and ends_in_sigmoid(self.model):
            raise ValueError(
                "`activation` (='sigmoid') would be applied to probabilities: `model` ends in a "
                "sigmoid; give 'identity'"
            )
        outputs = outputs.movedim(1, -1)
        places = tuple(outputs.shape[1:-1])
        zones = self._zones(zones, len(inputs), places).to(outputs)
        labels = labels.to(outputs.device)
        # A few numbers go to the host for the checks.
        found, asked = extremes(outputs.detach()).cpu().numpy(), labels.cpu().numpy()
        check_segmentation(found, zones.cpu().numpy(), asked, outputs.shape[-1], self.activation)
        n = len(inputs)
        return self._of(outputs, zones.expand(n, *places), labels.expand(n))

    def _zones(self, zones: Tensor | None, n: int, places: tuple[int, ...]) -> Tensor:
        """Zones (N or 1, places…), checked."""
        if zones is None:
            return torch.ones(1, *places)
        if not isinstance(zones, Tensor) or zones.is_complex():
            raise TypeError(f"`zones` (a {type(zones).__name__}) must be a tensor (N, places…)")
        if zones.dim() != len(places) + 1 or len(zones) not in (1, n):
            raise ValueError(
                f"`zones` (of shape {tuple(zones.shape)}) must be (N, places…) for {n} examples "
                f"and outputs of size {places}"
            )
        check_places(tuple(zones.shape[1:]), places)
        return zones.detach()
