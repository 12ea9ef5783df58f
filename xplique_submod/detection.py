"""Detection for Xplique: an operator that reads one box of one class."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._checks import as_numbers, as_whole_numbers, check_axes, check_count
from submod_core.scores import DetectionOptions, Proposals
from submod_core.scores.detection import check_detection
from xplique_submod._checks import tensor_of


class DetectionScore(DetectionOptions):
    """Score of one box of one class by a detector: an operator of any explainer and metric.

    The score of an image is the largest product, over the detector's proposals, of the overlap with
    the box (intersection over union) and the score of the class, as `captum_submod.DetectionScore`
    gives it. It is a quantity, so that confidence and effectiveness are left out.

    Parameters
    ----------
    proposals : YOLOProposals, DETRProposals, {"torchvision"} or callable
        Reads the detector's outputs; or a function of outputs and (height, width) that returns
        `Proposals`. Models for Xplique's own operator are read by
        ``YOLOProposals(n_classes, box_format="xyxy")``.
    mode : {"both", "box", "class"}
        "box" explains the place alone, by the largest overlap; "class" the class alone, wherever it
        is found.
    threshold : float in [0, 1)
        Proposals whose highest class score is lower count for nothing.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or unknown. When called: if targets are malformed, or the
        outputs are not what `proposals` reads.

    Notes
    -----
    The targets are those of Xplique's operator: (N, 5 + C), the box (left, top, right, bottom in
    pixels), one number that is not read, and the class, one-hot; for ``mode="box"`` also (N, 4).
    `detection_targets` makes them. Xplique's operator compares classes by the cosine of their
    scores; for proposals of one class each both give the same, but for 1e-4 square pixels.

    References
    ----------
    .. [1] Chen et al., "Interpreting Object-level Foundation Models via Visual Precision Search"
       (VPS), CVPR 2025.

    Examples
    --------
    >>> from submod_core.scores import YOLOProposals
    >>> from xplique_submod import LiMA
    >>> def detector(images):
    ...     score = tf.reduce_mean(images[:, :4, :4], (1, 2, 3))[:, None, None]
    ...     return tf.concat([[[[0.0, 0.0, 4.0, 4.0]]] * tf.ones_like(score), score], -1)
    >>> images, targets = tf.ones((1, 8, 8, 3)), detection_targets([[0, 0, 4, 4]], [0], 1)
    >>> score = DetectionScore(YOLOProposals(1, box_format="xyxy"))
    >>> score(detector, images, targets).numpy()
    array([1.], dtype=float32)
    >>> lima = LiMA(detector, operator=score, regions=(2, 2))
    >>> int(lima.explain_regions(images, targets)[0].order[0])
    0
    """

    def __init__(self, proposals: Any, *, mode: str = "both", threshold: float = 0.0) -> None:
        super().__init__(proposals, mode, threshold)

    def __repr__(self) -> str:
        return f"DetectionScore({self.proposals!r}, mode={self.mode!r})"

    def __call__(self, model: Any, inputs: Any, targets: Any) -> tf.Tensor:
        """Score (N,) of each image's box, for targets (N, 5 + C)."""
        if not callable(model):
            raise TypeError(f"`model` (={model!r}) must be callable")
        inputs, targets = tensor_of("inputs", inputs), tensor_of("targets", targets)
        if inputs.shape.rank != 4:
            raise ValueError(f"`inputs` (of shape {inputs.shape}) must be images (N, H, W, C)")
        width = targets.shape[-1] if targets.shape.rank == 2 else 0
        least = 4 if self.mode == "box" else 6
        if width < least or width == 5:
            raise ValueError(
                f"`targets` (of shape {targets.shape}) must be (N, 5 + C): a box, a number that is "
                "not read, and its class, one-hot"
            )
        size = (inputs.shape[1], inputs.shape[2])
        found = self._found(model(inputs), size, inputs.shape[0])
        each = found if isinstance(found, list) else [found]
        if self.mode != "box":
            _check_width(each, width - 5)
        with tf.control_dependencies(_checked(each, targets, self.mode)):
            boxes = tf.identity(targets[:, :4])
        labels = None if self.mode == "box" else tf.argmax(targets[:, 5:], -1)
        return tf.cast(self._of(found, boxes, labels), tf.float32)


def detection_targets(boxes: Any, labels: Any, n_classes: int) -> tf.Tensor:
    """Targets (N, 5 + C) of object detection, as Xplique's operator and `DetectionScore` read them.

    Parameters
    ----------
    boxes : array_like, (N, 4)
        Left, top, right, bottom in pixels.
    labels : array_like of int, (N,)
        The class of each box.
    n_classes : int
        C, of the detector.

    Returns
    -------
    tf.Tensor of float32, (N, 5 + C)
        Boxes, ones, and the classes, one-hot.

    Raises
    ------
    TypeError, ValueError
        If boxes or labels are of other shapes, or a label is no class.

    Examples
    --------
    >>> detection_targets([[0, 0, 4, 4]], [1], 2).numpy()
    array([[0., 0., 4., 4., 1., 0., 1.]], dtype=float32)
    """
    check_count("n_classes", n_classes)
    corners, classes = as_numbers("boxes", boxes), as_whole_numbers("labels", labels)
    if corners.ndim != 2 or corners.shape[1] != 4:
        raise ValueError(f"`boxes` (of shape {corners.shape}) must be (N, 4)")
    check_axes("labels", classes, 1, "(N,)")
    if len(classes) != len(corners):
        raise ValueError(
            f"`labels` (of length {len(classes)}) must have one for each of {len(corners)} boxes"
        )
    check_detection(np.zeros((0, 4)), np.zeros(0), corners, classes, n_classes)
    rows = [corners, np.ones((len(corners), 1)), np.eye(n_classes)[classes]]
    return tf.constant(np.concatenate(rows, 1), tf.float32)


def _check_width(found: list[Proposals], n_classes: int) -> None:
    """Raise ValueError unless the targets have a column for each class of the detector."""
    for one in found:
        known = None if one.labels is not None else one.scores.shape[-1]
        if known not in (None, n_classes):
            raise ValueError(
                f"`targets` (of {5 + n_classes} columns) must be (N, 5 + C), with a column for "
                f"each of the {known} classes of the detector"
            )


def _checked(found: list[Proposals], targets: tf.Tensor, mode: str) -> list[Any]:
    """Check values: now where they are known, else as operations of the graph that is traced."""
    checks = []
    for one in found:
        arrays = (one.boxes, one.scores, targets)
        if tf.executing_eagerly():
            boxes, scores, rows = (array.numpy() for array in arrays)
            _check(boxes, scores, rows, mode == "box")
        else:
            checks.append(tf.numpy_function(_check, [*arrays, mode == "box"], []))
    return checks


def _check(boxes: Any, scores: Any, targets: Any, place_alone: bool) -> None:
    """Raise ValueError unless proposals and targets can be what they are read as."""
    classes = targets[:, 5:]
    if not place_alone and not ((classes != 0).sum(1) == 1).all():
        raise ValueError("`targets` must name one class for each box, one-hot from column 5 on")
    check_detection(boxes, scores, targets[:, :4], None, None)
