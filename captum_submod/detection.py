"""Detection for Captum: a detector as a function of one box of one class."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from submod_core._checks import check_callable, is_whole
from submod_core.scores import DetectionOptions, Proposals, TorchvisionProposals
from submod_core.scores.detection import check_detection


class DetectionScore(DetectionOptions, nn.Module):
    """Score of one box of one class by a detector: the model of any method that explains it.

    The score of an image is the largest product, over the detector's proposals, of the overlap with
    the box (intersection over union) and the score of the class. A method that explains it, such as
    `LiMA`, orders regions by it: kept alone they find the box (consistency), taken away they lose
    it (collaboration). It is a quantity, so that confidence and effectiveness are left out.

    Parameters
    ----------
    detector : callable
        From images (N, C, H, W) to outputs that `proposals` reads; for ``"torchvision"`` from a
        list of N images (C, H, W). A module runs in evaluation mode and is left as it was.
    proposals : {"torchvision"}, DETRProposals, YOLOProposals or callable
        Reads the detector's outputs: torchvision's list of mappings; or a function of outputs and
        (height, width) that returns `Proposals`.
    box : sequence of 4 numbers, optional
        One box for all images: left, top, right, bottom in pixels of the images as the detector
        gets them. Boxes of their own go with the images, in `forward` and so in
        ``additional_forward_args=(boxes, labels)``.
    label : int, optional
        The class of `box`, by the detector's numbers.
    mode : {"both", "box", "class"}
        "box" explains the place alone, by the largest overlap; "class" the class alone, wherever it
        is found.
    threshold : float in [0, 1)
        Proposals whose highest class score is lower count for nothing.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or unknown. When called: if boxes or labels are missing,
        given twice, malformed or not one for each image, or the outputs are not what `proposals`
        reads.

    Notes
    -----
    An image without proposals has the score 0. With `LiMA(…, activation="identity")` the score is
    read as the probability that the box is found, and `explain_mistakes` with the target 1 shows
    which regions, taken away, bring a missed box back.

    References
    ----------
    .. [1] Chen et al., "Interpreting Object-level Foundation Models via Visual Precision Search"
       (VPS), CVPR 2025.

    Examples
    --------
    >>> def detector(images):
    ...     sides = torch.tensor([0.0, 0.0, 4.0, 4.0])
    ...     one = {"boxes": sides[None], "labels": torch.tensor([1])}
    ...     return [one | {"scores": image[:, :4, :4].mean().reshape(1)} for image in images]
    >>> images = torch.ones(2, 3, 8, 8)
    >>> boxes, labels = torch.tensor([[0, 0, 4, 4], [0, 0, 8, 4]]), torch.tensor([1, 1])
    >>> DetectionScore(detector)(images, boxes, labels)
    tensor([1.0000, 0.5000])
    >>> from captum_submod import LiMA
    >>> lima = LiMA(DetectionScore(detector), regions=(2, 2))
    >>> found = lima.explain(images, additional_forward_args=(boxes, labels))
    >>> [int(one.order[0]) for one in found]
    [0, 0]
    """

    def __init__(
        self,
        detector: Callable[..., Any],
        proposals: Any = "torchvision",
        *,
        box: Any = None,
        label: int | None = None,
        mode: str = "both",
        threshold: float = 0.0,
    ) -> None:
        nn.Module.__init__(self)
        check_callable("detector", detector)
        DetectionOptions.__init__(self, proposals, mode, threshold)
        self.detector, self.box, self.label = detector, box, label
        if box is None and label is not None:
            raise ValueError(f"`label` (={label!r}) must come with a `box`")
        if box is not None:
            given = _numbers("box", box)
            if given.shape != (4,):
                raise ValueError(
                    f"`box` (of shape {tuple(given.shape)}) must be left, top, right, bottom; "
                    "boxes of their own go with the images, as `additional_forward_args`"
                )
            if mode != "box" and (not is_whole(label) or label < 0):  # type: ignore[operator]
                raise ValueError(f"`label` (={label!r}) must be the class of `box`, from 0 on")
            self._check(None, given[None], self._own_label(given))

    def extra_repr(self) -> str:
        """The options beside the detector."""
        given = f"proposals={self.proposals!r}, mode={self.mode!r}"
        return given if self.box is None else f"{given}, box={self.box!r}, label={self.label!r}"

    def forward(
        self, images: Tensor, boxes: Tensor | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Score (N,) of each image's box.

        Parameters
        ----------
        images : Tensor, (N, C, H, W)
        boxes : Tensor, (N, 4) or (1, 4)
            Left, top, right, bottom in pixels; not with `box`.
        labels : Tensor of int, (N,) or (1,)
            The class of each box; not needed for ``mode="box"``.
        """
        if not isinstance(images, Tensor) or images.dim() != 4 or images.is_complex():
            raise ValueError("`images` must be a tensor (N, C, H, W) of real numbers")
        boxes, labels = self._asked(images, boxes, labels)
        listed = isinstance(self.reader, TorchvisionProposals)
        outputs = self.detector(list(images) if listed else images)
        size = (images.shape[2], images.shape[3])
        found = self._found(outputs, size, len(images))
        self._check(found, boxes, labels)
        boxes = boxes.expand(len(images), -1)
        labels = None if labels is None else labels.expand(len(images))
        return self._of(found, boxes, labels).to(images.device)

    def _asked(
        self, images: Tensor, boxes: Tensor | None, labels: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Boxes (N or 1, 4) and labels (N or 1,) of a call, on the images' device."""
        if self.box is not None:
            if boxes is not None or labels is not None:
                name = "boxes" if boxes is not None else "labels"
                raise ValueError(f"`{name}` must not be given beside `box`")
            own = _numbers("box", self.box)[None]
            label = self._own_label(own)
            return own.to(images.device), None if label is None else label.to(images.device)
        if boxes is None:
            raise ValueError("`boxes` are needed, with the images or as `box`")
        boxes = _numbers("boxes", boxes)
        counts = (1, len(images))
        if boxes.dim() != 2 or boxes.shape[1] != 4 or len(boxes) not in counts:
            raise ValueError(
                f"`boxes` (of shape {tuple(boxes.shape)}) must be (N, 4) for {len(images)} images"
            )
        if self.mode == "box":
            return boxes.to(images.device), None
        whole = isinstance(labels, Tensor) and not (
            labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool
        )
        if labels is None or not whole or labels.dim() != 1 or len(labels) not in counts:
            raise ValueError(
                f"`labels` must be a tensor (N,) of the classes of the boxes, for `mode` "
                f"(={self.mode!r}) and {len(images)} images"
            )
        return boxes.to(images.device), labels.to(images.device)

    def _own_label(self, like: Tensor) -> Tensor | None:
        if self.mode == "box" or self.label is None:
            return None
        return torch.tensor([int(self.label)], device=like.device)

    def _check(
        self, found: Proposals | list[Proposals] | None, boxes: Tensor, labels: Tensor | None
    ) -> None:
        """Raise ValueError unless the proposals and what is asked can be what they are read as."""
        explained, classes = _host(boxes), None if labels is None else _host(labels)
        for one in found if isinstance(found, list) else [found]:
            if one is None:
                check_detection(np.zeros((0, 4)), np.zeros(0), explained, classes, None)
                continue
            known = None if one.labels is not None else one.scores.shape[-1]
            check_detection(_host(one.boxes), _host(one.scores), explained, classes, known)


def _numbers(name: str, value: Any) -> Tensor:
    """A tensor of real numbers in float32 or float64; TypeError where `value` is none."""
    try:
        tensor = torch.as_tensor(value).detach()
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"`{name}` (={value!r}) must be a tensor of numbers") from error
    if tensor.is_complex():
        raise TypeError(f"`{name}` must hold real numbers")
    return tensor if tensor.dtype == torch.float64 else tensor.float()


def _host(tensor: Tensor) -> Any:
    return tensor.detach().cpu().numpy()
