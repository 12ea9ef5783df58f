"""Proposals: what a detector finds in its images, from the outputs of the common detectors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from submod_core._checks import check_choice, check_count, check_flag
from submod_core.backends import Array, Backend, backend_of

_FORMATS = ("xyxy", "cxcywh")


@dataclass(frozen=True, eq=False)
class Proposals:
    """Boxes that a detector proposes, with the scores of their classes.

    Of one image, or with further axes in front, of many that have as many proposals each.

    Attributes
    ----------
    boxes : array, (…, P, 4)
        Left, top, right, bottom, in pixels of the images that the detector was shown.
    scores : array, (…, P, C) or (…, P)
        The score in [0, 1] of each class; or of the one class that `labels` name.
    labels : array of int, (…, P), or None
        The class of each proposal where it has one score; all other classes count 0.

    Raises
    ------
    TypeError, ValueError
        If a field is no array, or its shape does not fit the others.

    Examples
    --------
    >>> import numpy as np
    >>> Proposals(np.zeros((3, 4)), np.zeros((3, 80))).scores.shape
    (3, 80)
    """

    boxes: Array
    scores: Array
    labels: Array | None = None

    def __post_init__(self) -> None:
        for name in ("boxes", "scores") + (("labels",) if self.labels is not None else ()):
            array = getattr(self, name)
            xp = backend_of(array, name)
            if name != "labels":
                object.__setattr__(self, name, _as_floats(xp, array))
        xp = backend_of(self.boxes)
        object.__setattr__(self, "scores", xp.asarray_like(self.scores, self.boxes))
        boxes, scores = tuple(self.boxes.shape), tuple(self.scores.shape)
        if len(boxes) < 2 or boxes[-1] != 4:
            raise ValueError(f"`boxes` (of shape {boxes}) must be (…, P, 4)")
        wanted = boxes[:-1]
        if self.labels is None and (len(scores) != len(boxes) or scores[:-1] != wanted):
            raise ValueError(
                f"`scores` (of shape {scores}) must be (…, P, C) for `boxes` of shape {boxes}; one "
                "score for each proposal needs `labels`"
            )
        if self.labels is not None:
            for name, shape in (("scores", scores), ("labels", tuple(self.labels.shape))):
                if shape != wanted:
                    raise ValueError(
                        f"`{name}` (of shape {shape}) must be (…, P) for `boxes` of shape {boxes}"
                    )


Reader = Callable[[Any, tuple[int, int]], "Proposals | Sequence[Proposals]"]
"""From a detector's outputs and the (height, width) of its images to proposals: one object for all
images, or one for each."""


@dataclass(frozen=True)
class TorchvisionProposals:
    """Proposals from a list of mappings with `boxes`, `labels` and `scores`, one for each image.

    So torchvision's detectors answer in evaluation mode, and Hugging Face's
    `post_process_object_detection`: boxes (P, 4) as left, top, right, bottom in pixels, a class and
    its score for each; the other classes count 0. P may differ from image to image, and be 0.

    Raises
    ------
    TypeError, ValueError
        When called: if the outputs are anything else.

    Examples
    --------
    >>> import numpy as np
    >>> found = {"boxes": np.ones((1, 4)), "labels": np.array([7]), "scores": np.array([0.9])}
    >>> TorchvisionProposals()([found], (32, 32))[0].labels
    array([7])
    """

    def __call__(self, outputs: Any, size: tuple[int, int]) -> list[Proposals]:
        """Proposals of each image; `size` is not needed."""
        names = ("boxes", "scores", "labels")
        listed = isinstance(outputs, list | tuple)
        if not listed or not all(
            isinstance(one, Mapping) and set(names) <= set(one) for one in outputs
        ):
            raise TypeError(
                f"`detector` returned a {type(outputs).__name__}; `proposals` (={self!r}) reads a "
                "list with a mapping of boxes, labels and scores for each image"
            )
        return [Proposals(*(one[name] for name in names)) for one in outputs]


@dataclass(frozen=True)
class DETRProposals:
    """Proposals from `logits` (N, Q, C) and `pred_boxes` (N, Q, 4) of DETR and its relatives.

    The boxes are relative, (centre x, centre y, width, height) in shares of the image's sides.

    Parameters
    ----------
    no_object : bool
        Whether the last class is "no object", which a softmax weighs against the others: DETR,
        YOLOS, Table Transformer. False reads each class by a sigmoid: Conditional DETR, Deformable
        DETR, RT-DETR, D-FINE, OWL-ViT (whose classes are its texts), Grounding DINO (whose classes
        are tokens of the text). The outputs do not tell one from the other; with "no object" the
        `logits` have one class more than `model.config.num_labels`.

    Raises
    ------
    TypeError, ValueError
        If the option is no flag. When called: if the outputs lack a field or are of other shapes.

    Examples
    --------
    >>> import numpy as np
    >>> outputs = {"logits": np.zeros((1, 5, 4)), "pred_boxes": np.full((1, 5, 4), 0.5)}
    >>> found = DETRProposals()(outputs, (100, 200))
    >>> found.boxes[0, 0], found.scores.shape
    (array([ 50.,  25., 150.,  75.]), (1, 5, 3))
    """

    no_object: bool = True

    def __post_init__(self) -> None:
        check_flag("no_object", self.no_object)

    def __call__(self, outputs: Any, size: tuple[int, int]) -> Proposals:
        """Proposals of all images; `size` is their (height, width)."""
        logits, boxes = (_field(outputs, name, self) for name in ("logits", "pred_boxes"))
        xp = backend_of(logits, "logits")
        logits, boxes = _as_floats(xp, logits), _as_floats(xp, boxes)
        if len(logits.shape) != 3 or logits.shape[-1] < 1 + self.no_object:
            raise ValueError(
                f"`logits` of the detector (of shape {tuple(logits.shape)}) must be (N, Q, C)"
            )
        scores = xp.softmax(logits)[..., :-1] if self.no_object else xp.sigmoid(logits)
        height, width = size
        sides = xp.asarray_like([width, height, width, height], boxes)
        return Proposals(_corners(xp, boxes) * sides, scores)


@dataclass(frozen=True)
class YOLOProposals:
    """Proposals from one tensor (N, P, 4 + C) or (N, P, 5 + C) of YOLO-style detectors.

    Each row is a box, with 5 + C the probability that it holds an object, and the probability of
    each class, by which the former is multiplied. Take the rows before non-maximum suppression.

    Parameters
    ----------
    n_classes : int
        C. It tells 4 + C from 5 + C.
    box_format : {"cxcywh", "xyxy"}
        Centre and sides, or corners, in pixels. YOLO gives the former, Xplique's models the latter.

    Raises
    ------
    ValueError
        If an option is unknown. When called: if the last axis is neither 4 + C nor 5 + C long, or
        another one is as well (Ultralytics' (N, 4 + C, P) needs a transpose).

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.array([[[50, 50, 20, 10, 0.5, 0.2, 0.8]]])
    >>> found = YOLOProposals(n_classes=2)(rows, (100, 100))
    >>> found.boxes, found.scores
    (array([[[40., 45., 60., 55.]]]), array([[[0.1, 0.4]]]))
    """

    n_classes: int
    box_format: str = "cxcywh"

    def __post_init__(self) -> None:
        check_count("n_classes", self.n_classes)
        check_choice("box_format", self.box_format, _FORMATS)

    def __call__(self, outputs: Any, size: tuple[int, int]) -> Proposals:
        """Proposals of all images; `size` is not needed."""
        rows = outputs[0] if isinstance(outputs, list | tuple) and len(outputs) else outputs
        xp = backend_of(rows, "detector")
        shape, widths = tuple(rows.shape), (4 + self.n_classes, 5 + self.n_classes)
        if len(shape) != 3 or shape[2] not in widths:
            turned = " (transpose the last two axes)" if len(shape) == 3 else ""
            turned = turned if shape[1:2] and shape[1] in widths else ""
            raise ValueError(
                f"`detector` returned shape {shape}; with `n_classes` (={self.n_classes}) it must "
                f"be (N, P, {widths[0]}) or (N, P, {widths[1]}){turned}"
            )
        if shape[1] in widths:
            raise ValueError(
                f"`detector` returned shape {shape}, of which the second axis may hold the classes "
                f"as well as the last: give `proposals` as a function that makes `Proposals`"
            )
        rows = _as_floats(xp, rows)
        boxes, scores = rows[..., :4], rows[..., shape[2] - self.n_classes :]
        if shape[2] == widths[1]:
            scores = scores * rows[..., 4:5]
        return Proposals(_corners(xp, boxes) if self.box_format == "cxcywh" else boxes, scores)


def as_reader(proposals: Any) -> Reader:
    """The reader of a detector's outputs that a name stands for, or the function itself.

    Raises
    ------
    TypeError
        If `proposals` is neither.

    Examples
    --------
    >>> as_reader("torchvision")
    TorchvisionProposals()
    """
    if isinstance(proposals, str) and proposals == "torchvision":
        return TorchvisionProposals()
    if isinstance(proposals, str | type) or not callable(proposals):
        raise TypeError(
            f"`proposals` (={proposals!r}) must be 'torchvision', a DETRProposals, a YOLOProposals "
            "or a function of the detector's outputs and the (height, width) of its images"
        )
    reader: Reader = proposals
    return reader


def proposals_of(
    reader: Reader, outputs: Any, size: tuple[int, int], n_images: int | None
) -> Proposals | list[Proposals]:
    """Proposals that a reader finds in the outputs for `n_images` images, checked to be theirs.

    The number is None where a graph is traced for any.

    Raises
    ------
    TypeError, ValueError
        If the reader returned anything but proposals of as many images.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.zeros((2, 9, 7))
    >>> proposals_of(YOLOProposals(3), rows, (8, 8), n_images=2).boxes.shape
    (2, 9, 4)
    """
    found = as_reader(reader)(outputs, size)
    if isinstance(found, list | tuple) and all(isinstance(one, Proposals) for one in found):
        count, single = len(found), all(len(one.boxes.shape) == 2 for one in found)
        found = list(found)
    elif isinstance(found, Proposals):
        count, single = found.boxes.shape[0], len(found.boxes.shape) == 3
    else:
        raise TypeError(
            f"`proposals` returned a {type(found).__name__}; it must be Proposals, or a list of "
            "them for each image"
        )
    if not single or (n_images is not None and count not in (n_images, None)):
        raise ValueError(
            f"`detector` gave proposals of {count} images for {n_images}; there must be boxes "
            "(P, 4) for each"
        )
    return found


def _as_floats(xp: Backend, array: Array) -> Array:
    """The array in float32 or float64: halves have too few digits for pixels."""
    return array if "float64" in str(array.dtype) else xp.astype(array, "float32")


def _corners(xp: Backend, boxes: Array) -> Array:
    """Left, top, right, bottom from the centre and the sides."""
    middle, half = boxes[..., :2], boxes[..., 2:] / 2
    return xp.concat([middle - half, middle + half], -1)


def _field(outputs: Any, name: str, reader: Any) -> Array:
    """A field of a mapping or of an object with attributes."""
    named = isinstance(outputs, Mapping)
    found = outputs.get(name) if named else getattr(outputs, name, None)
    if found is None:
        raise TypeError(
            f"`detector` returned a {type(outputs).__name__} without `{name}`, which `proposals` "
            f"(={reader!r}) reads"
        )
    return found
