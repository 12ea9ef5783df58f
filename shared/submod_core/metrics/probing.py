"""Probing: labels that can be read off the outlines of groups (SOP v2, §4.2, RQ4)."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import check_callable, check_choice, check_count, check_type
from submod_core._types import BoolArray, IntArray
from submod_core.metrics.base import declared
from submod_core.sop import GroupExplanation

PROBES = ("convolution", "linear", "transformer")

Probe = Callable[[BoolArray, IntArray, int, int, str], IntArray]
"""Training of a small network by a host.

From masks (N, …), classes (N,), epochs, a seed and one of `PROBES` to the predicted classes of the
second half.
"""


@declared("probing_accuracy", None, "none: reads the label off the groups' outlines alone")
def probing(learn: Probe) -> Callable[..., float]:
    """Make the probing accuracy of a host from its training of a small network.

    Examples
    --------
    >>> probing(lambda masks, classes, *_: classes[len(masks) // 2 :]).__name__
    'probing_accuracy'
    """
    check_callable("learn", learn)

    def probing_accuracy(
        explanations: Sequence[GroupExplanation],
        labels: ArrayLike,
        *,
        epochs: int = 60,
        seed: int = 0,
        probe: str = "convolution",
    ) -> float:
        """Accuracy of labels predicted from the outlines of the groups alone (SOP v2, §4.2, RQ4).

        A small network learns the label from the groups used for the predicted class, on the first
        half of the examples. An accuracy far above chance means that the outlines of the groups,
        and not the features inside, carry the answer.

        Parameters
        ----------
        explanations : sequence of GroupExplanation, N
        labels : array_like, (N,)
        epochs, seed : int
        probe : {"convolution", "linear", "transformer"}
            The network: two convolutions (of inputs that are no images, a hidden layer), one
            linear layer, or a transformer of two layers over patches of images or elements of
            sequences. Images are pooled to at most 32 × 32. The paper's App. C.4.5 has all three
            without their sizes or training; there the first alone tells methods apart.

        Returns
        -------
        float
            Accuracy on the second half.

        Raises
        ------
        ValueError
            If an argument is out of range, or a transformer is asked for inputs with more axes
            than images.
        """
        check_count("epochs", epochs)
        check_count("seed", seed, least=0)
        check_choice("probe", probe, PROBES)
        masks, wanted = outlines(explanations, labels)
        if probe == "transformer" and masks.ndim > 3:
            raise ValueError(
                f"`probe` (={probe!r}) takes groups of images or sequences, and these are of shape "
                f"{masks.shape[1:]}: give 'linear' or 'convolution'"
            )
        half = len(masks) // 2
        answers = learn(masks, wanted, int(epochs), int(seed), probe)
        return float((answers == wanted[half:]).mean())

    return probing_accuracy


def outlines(explanations: Sequence[GroupExplanation], labels: Any) -> tuple[BoolArray, IntArray]:
    """Inputs and answers of a probe: masks of the groups used, and classes 0 … k−1.

    Parameters
    ----------
    explanations : sequence of GroupExplanation, N
    labels : array_like, (N,)

    Returns
    -------
    masks : ndarray of bool, (N, …)
        The groups used for each explanation's predicted class.
    classes : ndarray of intp, (N,)

    Raises
    ------
    ValueError
        If there is not one label for each explanation.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> regions, groups = np.array([0, 1]), np.array([[True, False]])
    >>> explanation = GroupExplanation(regions, groups, one, one, one[0])
    >>> outlines([explanation], ["dog"])
    (array([[ True, False]]), array([0]))
    """
    check_type("explanations", explanations, Sequence, "a sequence of GroupExplanation")
    for explanation in explanations:
        check_type("explanations", explanation, GroupExplanation, "GroupExplanation, each")
    if not len(explanations):
        raise ValueError("`explanations` must hold at least one")
    given = np.asarray(labels)
    if given.ndim != 1 or given.dtype.kind == "O" or (given != given).any():
        raise ValueError(f"`labels` (={labels!r}) must be (N,), of numbers or names")
    masks = np.stack(
        [explanation.mask(int(explanation.logits.argmax())) for explanation in explanations]
    )
    classes = np.unique(given, return_inverse=True)[1]
    if len(classes) != len(masks):
        raise ValueError(
            f"`labels` (of length {len(classes)}) must be one for each of {len(masks)} explanations"
        )
    return masks, classes.astype(np.intp)
