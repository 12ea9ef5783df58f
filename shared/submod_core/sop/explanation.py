"""The explanation that a sum of parts gives of one input."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from submod_core._archives import blamed, check_array, check_names, read_arrays, write_arrays
from submod_core._checks import check_index
from submod_core._types import AnyArray, BoolArray, FloatArray, IntArray
from submod_core.engine._memory import in_fitting_batches
from submod_core.engine.batching import BatchSize
from submod_core.regions import compact
from submod_core.regions.label_maps import holds_all
from submod_core.results import RevealOrder
from submod_core.sop.features import rows_of
from submod_core.sop.finite import check_finite


@dataclass(frozen=True, eq=False)
class GroupExplanation:
    """Groups of features whose contributions sum to the prediction, for one input.

    Attributes
    ----------
    regions : ndarray of intp
        The features: a label map over the input's axes but for channels, ids 0 … n−1, −1 for
        elements in no feature.
    groups : ndarray of bool, (m, n)
        True for the features of each group; floats in [0, 1] with v1's continuous generator.
    scores : ndarray of float64, (m, C)
        c, at least 0: the score of each group for each class; those of a class sum to 1.
    partials : ndarray of float64, (m, C)
        y, the backbone's logits of the input masked to each group.
    logits : ndarray of float64, (C,)
        The model's outputs.

    Examples
    --------
    >>> groups, scores = np.array([[True, False], [True, True]]), np.array([[0.25], [0.75]])
    >>> partials = np.array([[4.0], [8.0]])
    >>> one = GroupExplanation(np.arange(2), groups, scores, partials, np.array([7.0]))
    >>> one.used(0), one.paint(0)
    (array([1, 0]), array([4., 3.]))
    """

    regions: IntArray
    groups: FloatArray
    scores: FloatArray
    partials: FloatArray
    logits: FloatArray

    def __post_init__(self) -> None:
        _check(vars(self))

    @classmethod
    def each(
        cls,
        regions: IntArray,
        masks: AnyArray,
        scores: AnyArray,
        partials: AnyArray,
        logits: AnyArray,
        first: int = 0,
    ) -> list[Self]:
        """The explanation of each input of a batch.

        Parameters
        ----------
        regions : ndarray of intp, (1 or N, …)
        masks : ndarray, (N, m, n)
            Of floats; if all are 0 or 1 they become bool. Features that only pad an input are
            dropped.
        scores : ndarray, (N, C, m)
        partials : ndarray, (N, m, C)
        logits : ndarray, (N, C)
        first : int
            The number of the first input, for errors.

        Raises
        ------
        NonFiniteOutputError
            If an array is not finite; the message names the input.
        """
        for name, array in _named(masks, scores, partials, logits).items():
            check_finite(np.asarray(array)[None], (f"`{name}`",), first)
        members = masks > 0.5
        groups: AnyArray = members if (masks == members).all() else masks
        made = []
        for i in range(len(masks)):
            if not (np.isfinite(logits[i]).all() and np.isfinite(partials[i]).all()):
                raise ValueError(f"`inputs` has an example, {i}, whose logits are not finite")
            labels = regions[min(i, len(regions) - 1)]
            numbers = (array.astype(np.float64) for array in (scores[i].T, partials[i], logits[i]))
            made.append(cls(labels, groups[i, :, : int(labels.max()) + 1], *numbers))
        return made

    @classmethod
    def in_batches(
        cls,
        regions: IntArray,
        n: int,
        batch_size: int,
        answer: Callable[[slice], Sequence[AnyArray]],
    ) -> list[Self]:
        """The explanation of each input, a batch at a time: memory grows with the batch alone.

        A batch that does not fit into memory is halved.

        Parameters
        ----------
        regions : ndarray of intp, (1 or N, …)
        n : int
            N, the number of inputs.
        batch_size : int
        answer : callable
            From the inputs of a batch, as a slice of all, to the masks, scores, partial logits and
            logits that `each` takes.
        """

        def explained(some: slice) -> list[Self]:
            masks, scores, partials, logits = answer(some)
            mine = rows_of(regions, some)
            return cls.each(mine, masks, scores, partials, logits, some.start)

        batches: Iterator[list[Self]] = in_fitting_batches(n, BatchSize(batch_size), explained)
        return [one for batch in batches for one in batch]

    @property
    def contributions(self) -> FloatArray:
        """c_i y_i, (m, C): the contribution of each group to each logit. They sum to `logits`."""
        return self.scores * self.partials

    def _amounts(self, target: int) -> FloatArray:
        check_index("target", target, len(self.logits), "classes")
        return self.contributions[:, target]

    def used(self, target: int) -> IntArray:
        """The groups with a score above 0 for a class, the largest contribution first.

        Parameters
        ----------
        target : int
            The class; a number below 0 counts from the last.

        Returns
        -------
        ndarray of intp

        Examples
        --------
        >>> c, groups = np.array([[0.2], [0.8], [0.0]]), np.ones((3, 2), bool)
        >>> GroupExplanation(np.arange(2), groups, c, c * 0 + 1, np.ones(1)).used(0)
        array([1, 0])
        """
        amounts = self._amounts(target)
        order = np.argsort(-amounts, kind="stable")
        return order[self.scores[order, target] > 0]

    def feature_scores(self, target: int) -> FloatArray:
        """Each group's contribution shared equally among its features: they sum to the logit.

        Parameters
        ----------
        target : int
            The class.

        Returns
        -------
        ndarray of float64, (n,)

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
        """`feature_scores` at every element of the label map; 0 in no feature."""
        return np.append(self.feature_scores(target), 0.0)[self.regions]

    def reveal_order(self, target: int) -> RevealOrder:
        """The order in which groups reveal or remove the input, for any metric of curves.

        It is v1's grouped insertion (SOP v1, App. C.2.2): the used groups come in the order of
        their contributions, each with its features that no group before it has; the rest is last.

        Examples
        --------
        >>> groups = np.array([[True, True, False], [False, True, True]])
        >>> one = np.array([[0.4], [0.6]])
        >>> explanation = GroupExplanation(np.arange(3), groups, one, one * 0 + 1, np.ones(1))
        >>> explanation.reveal_order(0)
        RevealOrder(regions=array([1, 0, 0]), order=array([0, 1]))
        """
        ranked = np.asarray(self.groups > 0)[self.used(target)]
        first = np.where(ranked.any(axis=0), ranked.argmax(axis=0), len(ranked))
        regions = compact(np.append(first, len(ranked))[self.regions])
        return RevealOrder(regions, np.arange(int(regions.max()) + 1))

    def mask(self, target: int) -> BoolArray:
        """The elements of all groups used for a class, bool, shaped like the label map."""
        features = np.asarray(self.groups > 0)[self.used(target)].any(axis=0)
        return np.asarray(np.append(features, False)[self.regions])

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write to an .npz archive of exactly that name, without pickles.

        The file is written whole or not at all: an earlier one stays where writing fails.

        Raises
        ------
        ValueError
            If the fields do not fit each other.

        Examples
        --------
        >>> import tempfile
        >>> ones = np.ones((1, 1))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     GroupExplanation(np.array([0]), ones > 0, ones, ones, ones[0]).save(folder + "/a")
        ...     GroupExplanation.load(folder + "/a").contributions
        array([[1.]])
        """
        # Arrays can change after they were checked: what `load` would refuse is refused while the
        # groups are still there.
        _check(vars(self))
        write_arrays(file, vars(self))

    @classmethod
    def load(cls, file: str | os.PathLike[str]) -> "GroupExplanation":
        """Read a file that `save` wrote; see there for an example.

        Raises
        ------
        OSError
            If there is no such file, or it cannot be opened.
        ValueError
            If the file is of another kind, truncated, or holds arrays that do not fit each other.
        """
        what = "a saved explanation of groups"
        arrays = read_arrays(file, what)
        with blamed(file, what):
            return cls.from_arrays(arrays)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, AnyArray]) -> "GroupExplanation":
        """Explanation of its fields as arrays, by their names.

        Raises
        ------
        ValueError
            If an array is missing or surplus, or the arrays do not fit each other.

        Examples
        --------
        >>> one = dict.fromkeys(("scores", "partials"), np.ones((1, 1))) | {"logits": np.ones(1)}
        >>> one |= {"regions": np.array([0]), "groups": np.ones((1, 1), bool)}
        >>> GroupExplanation.from_arrays(one).logits
        array([1.])
        """
        _check(arrays)
        return cls(**{**arrays, "regions": arrays["regions"].astype(np.intp)})


def _named(*arrays: AnyArray) -> dict[str, AnyArray]:
    return dict(zip(("masks", "scores", "partials", "logits"), arrays, strict=True))


# Scores are shares of 1, in the precision of the model.
_ROUNDING = 1e-2


def _check(arrays: Mapping[str, AnyArray]) -> None:
    """Raise ValueError unless arrays are those of an explanation, and fit each other."""
    check_names(arrays, [field.name for field in fields(GroupExplanation)])
    groups, scores = (np.asarray(arrays[name]) for name in ("groups", "scores"))
    if groups.ndim != 2 or scores.ndim != 2 or 0 in (*groups.shape, *scores.shape):
        raise ValueError(
            f"`groups` (of shape {groups.shape}) and `scores` (of shape {scores.shape}) must have "
            "a row for each group"
        )
    (m, n), n_classes = groups.shape, scores.shape[1]
    check_array("groups", groups, "b" if groups.dtype.kind == "b" else "f", (m, n), 0, 1)
    check_array("scores", scores, "f", (m, n_classes), 0, 1 + _ROUNDING)
    check_array("partials", arrays["partials"], "f", (m, n_classes))
    check_array("logits", arrays["logits"], "f", (n_classes,))
    regions = check_array("regions", arrays["regions"], "iu", None, -1, n - 1)
    if not holds_all([regions], n):
        raise ValueError(f"`regions` must hold each of the {n} features of `groups`")
