"""What a sum of parts says about one input."""

import os
from dataclasses import dataclass
from typing import Self

import numpy as np

from submod_core._types import AnyArray, BoolArray, FloatArray, IntArray
from submod_core.metrics.steps import Steps
from submod_core.regions import compact


@dataclass(frozen=True, eq=False)
class GroupExplanation:
    """Groups of features whose contributions sum to the prediction, for one input.

    Attributes
    ----------
    regions : ndarray of intp
        The features: a label map over the input's axes but for channels, ids 0 … n−1, −1 for what is in no feature.
    groups : ndarray of bool, (m, n)
        Which features are in which group; floats in [0, 1] with v1's continuous generator.
    scores : ndarray of float64, (m, C)
        c, at least 0: how much each group counts for each class; each class's sum to 1.
    partials : ndarray of float64, (m, C)
        y, the backbone's logits of the input masked to each group.
    logits : ndarray of float64, (C,)
        What the model returned.
    """

    regions: IntArray
    groups: FloatArray
    scores: FloatArray
    partials: FloatArray
    logits: FloatArray

    @classmethod
    def each(
        cls, regions: IntArray, masks: AnyArray, scores: AnyArray, partials: AnyArray, logits: AnyArray
    ) -> list[Self]:
        """One for each input of a batch.

        Parameters
        ----------
        regions : ndarray of intp, (1 or N, …)
        masks : ndarray, (N, m, n)
            Of floats; those that are 0 or 1 alone become bool. Features that only pad an input are dropped.
        scores : ndarray, (N, C, m)
        partials : ndarray, (N, m, C)
        logits : ndarray, (N, C)
        """
        members = masks > 0.5
        groups: AnyArray = members if (masks == members).all() else masks
        made = []
        for i in range(len(masks)):
            labels = regions[min(i, len(regions) - 1)]
            numbers = (each.astype(np.float64) for each in (scores[i].T, partials[i], logits[i]))
            made.append(cls(labels, groups[i, :, : int(labels.max()) + 1], *numbers))
        return made

    @property
    def contributions(self) -> FloatArray:
        """c_i y_i, (m, C): what each group adds to each logit. They sum to `logits`."""
        return self.scores * self.partials

    def _amounts(self, target: int) -> FloatArray:
        n_classes = len(self.logits)
        if not -n_classes <= target < n_classes:
            raise ValueError(f"`target` (={target}) must be one of the {n_classes} classes")
        return self.contributions[:, target]

    def used(self, target: int) -> IntArray:
        """The groups with a score above 0 for a class, the largest contribution first.

        Raises
        ------
        ValueError
            If there is no such class; so do all methods that take a class.

        Examples
        --------
        >>> one = np.array([[0.2], [0.8], [0.0]])
        >>> GroupExplanation(np.arange(2), np.ones((3, 2), bool), one, one * 0 + 1, np.ones(1)).used(0)
        array([1, 0])
        """
        amounts = self._amounts(target)
        order = np.argsort(-amounts, kind="stable")
        return order[self.scores[order, target] > 0]

    def feature_scores(self, target: int) -> FloatArray:
        """Each group's contribution shared equally among its features, (n,): their sum is the logit.

        Examples
        --------
        >>> groups = np.array([[True, True], [True, False]])
        >>> c, y = np.array([[0.5], [0.5]]), np.array([[4.0], [2.0]])
        >>> GroupExplanation(np.arange(2), groups, c, y, np.array([3.0])).feature_scores(0)
        array([2., 1.])
        """
        shares = self.groups / np.maximum(self.groups.sum(axis=1, keepdims=True), 1e-12)
        return np.asarray(self._amounts(target) @ shares)

    def paint(self, target: int) -> FloatArray:
        """`feature_scores` at every element of the label map; 0 where there is no feature."""
        return np.append(self.feature_scores(target), 0.0)[self.regions]

    def steps(self, target: int) -> Steps:
        """In which order the groups reveal or remove the input, for any metric of curves: v1's grouped insertion.

        The used groups come in the order of their contributions; each brings only what those before it have not; what
        is in none comes last (SOP v1, App. C.2.2).

        Examples
        --------
        >>> groups = np.array([[True, True, False], [False, True, True]])
        >>> one = np.array([[0.4], [0.6]])
        >>> GroupExplanation(np.arange(3), groups, one, one * 0 + 1, np.ones(1)).steps(0)
        Steps(regions=array([1, 0, 0]), order=array([0, 1]))
        """
        ranked = np.asarray(self.groups > 0)[self.used(target)]
        first = np.where(ranked.any(axis=0), ranked.argmax(axis=0), len(ranked))
        regions = compact(np.append(first, len(ranked))[self.regions])
        return Steps(regions, np.arange(int(regions.max()) + 1))

    def mask(self, target: int) -> BoolArray:
        """Every element of some group that counts for a class, shaped like the label map."""
        features = np.asarray(self.groups > 0)[self.used(target)].any(axis=0)
        return np.asarray(np.append(features, False)[self.regions])

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write to an .npz archive without pickles."""
        np.savez_compressed(file, allow_pickle=False, **vars(self))

    @classmethod
    def load(cls, file: str | os.PathLike[str]) -> "GroupExplanation":
        """Read what `save` wrote."""
        with np.load(file, allow_pickle=False) as arrays:
            return cls(**{name: arrays[name] for name in arrays.files})
