"""Everything that the predictions for a batch are made of."""

from typing import Generic, NamedTuple, TypeVar

from submod_core.backends import Array, backend_of
from submod_core.sop.generator import Groups
from submod_core.sop.losses import LOSSES, scaled_logits
from submod_core.sop.selector import contributions

T = TypeVar("T")


class Parts(NamedTuple, Generic[T]):
    """Everything that a prediction is made of, as tensors of the host.

    Attributes
    ----------
    groups : Groups
        Attention, masks (N, m, n) and scales (N, m).
    partials : tensor, (N, m, C)
        The backbone's logits of each masked input.
    scores : tensor, (N, C, m)
        Score of each group for each class.
    logits : tensor, (N, C)
        The sum of the contributions over groups: the prediction.
    """

    groups: Groups
    partials: T
    scores: T
    logits: T

    @classmethod
    def summed(cls, groups: Groups, partials: T, scores: T) -> "Parts[T]":
        """The parts with the logits that they sum to (SOP, Eq. 1).

        Examples
        --------
        >>> import numpy as np
        >>> partials, scores = np.array([[[4.0], [8.0]]]), np.array([[[0.25, 0.75]]])
        >>> groups = Groups(*np.ones((3, 1, 2, 5)))
        >>> Parts.summed(groups, partials, scores).logits
        array([[7.]])
        """
        logits = backend_of(partials).sum(contributions(scores, partials), 1)
        return Parts(groups, partials, scores, logits)

    @property
    def contributions(self) -> T:
        """c_i y_i, (N, m, C)."""
        product: T = contributions(self.scores, self.partials)
        return product

    def losses(self, targets: Array, loss: str) -> Array:
        """The loss of each example, (N,): Eq. 48 of labels, Eq. 49 of values.

        Parameters
        ----------
        targets : tensor, (N, C)
            Shares of classes, which one-hot rows are, or values; of the dtype of the logits.
        loss : {"cross_entropy", "binary_cross_entropy", "squared_error"}
        """
        return LOSSES[loss](self.partials, targets, self.scores, self.groups.scales)

    @property
    def scaled_logits(self) -> T:
        """Σ λ_i c_i y_i, (N, C): what losses are taken of."""
        scaled: T = scaled_logits(self.partials, self.scores, self.groups.scales)
        return scaled

    def explained(self) -> tuple[T, T, T, T]:
        """The masks, scores, partial logits and logits, in the order of `GroupExplanation.each`."""
        return self.groups.masks, self.scores, self.partials, self.logits
