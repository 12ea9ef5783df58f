"""The result of explaining one input, independent of the model's framework."""

from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np

from submod_core._checks import check_count, check_flag, check_text, check_type
from submod_core._files import whole_file
from submod_core._pictures import as_picture
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.regions import painted_regions
from submod_core.results._fields import fields_of
from submod_core.results._page import document, fragment, map_shape
from submod_core.results._stored import Stored
from submod_core.results._views import View, bare_view
from submod_core.results.curves import Curves, Prefix
from submod_core.results.diagnostics import Diagnostics
from submod_core.results.importance import rank_importance


@dataclass(frozen=True, eq=False)
class Explanation(Stored):
    """Explanation of one input: the regions that made the model decide, in order, with evidence.

    Attributes
    ----------
    regions : ndarray of intp, or a tuple of them for several inputs
        Label map with ids 0 … n−1, and −1 for what always stays: over the places of the input,
        (H, W) for images; otherwise broadcastable to the input without its batch axis.
    order : ndarray of intp, (n,)
        Regions, the most important first.
    importance : ndarray of float64, (n,)
        Score of each region in [0, 1], indexed by region (LiMA, Eq. 11): how far ahead of the last
        region it is, whether what follows speaks for the target or against it.
    curves : Curves
        Each score and F over the prefixes; insertion and deletion with their area axis.
    searched : ndarray of bool, (n,)
        True where the search placed the region of `order`; False where the budget ran out first.
    evaluations : int
        Subsets whose F the search asked for, or single sides of them.
    model_inputs : int
        Images that went through the model.
    diagnostics : Diagnostics or None
        Submodularity of F on this input, and a bound on F; None where the search kept no rounds.

    Examples
    --------
    >>> area, consistency = np.array([0, 0.25, 1]), np.array([0.1, 0.9, 0.81])
    >>> Explanation(
    ...     regions=np.array([[0, 1, 1, 1]]),
    ...     order=np.array([0, 1]),
    ...     importance=np.array([1.0, 0.0]),
    ...     curves=Curves(area, consistency, collaboration=np.array([0.2, 0.7, 0.9])),
    ...     searched=np.ones(2, bool),
    ...     evaluations=3,
    ...     model_inputs=4,
    ... )
    Explanation(2 regions, insertion 0.766, deletion 0.288, highest confidence 0.900 with 1 region \
(25 % of the input), 4 model inputs)
    """

    regions: IntArray | tuple[IntArray, ...]
    order: IntArray
    importance: FloatArray
    curves: Curves
    searched: BoolArray
    evaluations: int
    model_inputs: int
    diagnostics: Diagnostics | None = None

    def __post_init__(self) -> None:
        check_type("curves", self.curves, Curves, "Curves")
        check_type("diagnostics", self.diagnostics, Diagnostics | None, "Diagnostics or None")
        if isinstance(self.regions, tuple) and not self.regions:
            raise ValueError("`regions` (=()) must hold a label map for each input")
        # Once for an input: it takes a moment, beside a search of hundreds of model calls.
        fields_of(self.to_arrays())

    @property
    def highest_confidence(self) -> Prefix:
        """The highest score of the target over the prefixes, the prefix's length and its area."""
        highest = self.curves.highest_confidence()
        assert highest is not None, "an explanation has at least one region"
        return highest

    def smallest_prefix(self, share: float = 0.95, *, value: float | None = None) -> Prefix | None:
        """The shortest prefix whose score reaches a share of the highest confidence, or a value.

        Parameters and errors are those of `Curves.smallest_prefix`. None where no prefix reaches
        the score.

        Examples
        --------
        >>> curves = Curves(np.array([0, 0.2, 1]), np.array([0, 0.88, 0.9]), np.zeros(3))
        >>> order, searched = np.array([1, 0]), np.ones(2, bool)
        >>> one = Explanation(np.array([[0, 1]]), order, order / 1.0, curves, searched, 3, 4)
        >>> one.highest_confidence.area, one.smallest_prefix().area
        (1.0, 0.2)
        """
        return self.curves.smallest_prefix(share, value=value)

    @property
    def gains(self) -> FloatArray:
        """Evidence of each region for the target, (n,): signed, in units of the target's score.

        The rise of consistency and collaboration together when the region joins those before it in
        the order: v(S_[i]) − v(S_[i−1]) of LiMA's Eq. 11, whose absolute values make `importance`.
        Above 0 the region speaks for the target, below 0 against it, 0 where it makes no
        difference in this context.

        Examples
        --------
        >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.8]), np.zeros(3))
        >>> order, searched = np.array([1, 0]), np.ones(2, bool)
        >>> importance = np.array([0.0, 1.0])
        >>> Explanation(np.array([[0, 1]]), order, importance, curves, searched, 3, 4).gains
        array([-0.1,  0.9])
        """
        gains = np.empty(len(self.order))
        gains[self.order] = np.diff(self.curves.consistency + self.curves.collaboration)
        return gains

    def by_rank(self) -> "Explanation":
        """The explanation with an importance that falls in equal steps (LiMA, Table XVI).

        For any plot or metric, such as µFidelity, by which the paper compares it with Eq. 11. An
        importance that is 0 everywhere, where the score never moves, stays 0.

        Examples
        --------
        >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.8]), np.zeros(3))
        >>> order, searched = np.array([1, 0]), np.ones(2, bool)
        >>> one = Explanation(np.array([[0, 1]]), order, np.array([0, 0.9]), curves, searched, 3, 4)
        >>> one.by_rank().importance
        array([0., 1.])
        """
        ranks = rank_importance(self.order) if self.importance.any() else self.importance
        return replace(self, importance=ranks)

    def paint(self, signed: bool = False) -> FloatArray | tuple[FloatArray, ...]:
        """The importance of each element's region, or its gain, shaped like `regions`.

        What always stays is painted 0.
        """
        check_flag("signed", signed)
        scores = self.gains if signed else self.importance
        if isinstance(self.regions, tuple):
            return tuple(painted_regions(scores, labels) for labels in self.regions)
        return painted_regions(scores, self.regions)

    def prefix(self, n_regions: int) -> BoolArray:
        """Boolean map of the first `n_regions` of the order, shaped like `regions`.

        For explanations of a single input tensor.
        """
        check_count("n_regions", n_regions, least=0)
        if n_regions > len(self.order):
            raise ValueError(
                f"`n_regions` (={n_regions}) must be at most the number of regions, "
                f"{len(self.order)}"
            )
        return np.isin(np.asarray(self.regions), self.order[:n_regions])

    def __repr__(self) -> str:
        value, n_regions, area = self.highest_confidence
        return (
            f"Explanation({len(self.order)} regions, insertion {self.curves.insertion_auc:.3f}, "
            f"deletion {self.curves.deletion_auc:.3f}, highest confidence {value:.3f} with "
            f"{n_regions} region{'s' * (n_regions > 1)} "
            f"({area:.0%} of the input), ".replace("%", " %")
            + f"{self.model_inputs} model inputs)"
        )

    def _repr_html_(self) -> str | None:
        """The regions and curves for notebooks, without the picture; None for several inputs."""
        view = None if isinstance(self.regions, tuple) else bare_view(self.regions)
        return None if view is None else fragment({"": self}, [view], largest=256)

    def to_html(self, file: str | PathLike[str], image: Any, *, title: str | None = None) -> None:
        """Write a page that can be touched, whole or not at all: see `explanation_html`.

        Parameters
        ----------
        file : str or PathLike
        image : array_like or Tensor, (H, W), (H, W, C) or (C, H, W) with C of 1 or 3
        title : str, optional

        Raises
        ------
        TypeError, ValueError
            If the explanation is not of one image, or the image is not as large as its regions.

        Examples
        --------
        >>> import tempfile
        >>> curves = Curves(np.array([0, 0.2, 1]), np.array([0, 0.88, 0.9]), np.zeros(3))
        >>> order, searched = np.array([1, 0]), np.ones(2, bool)
        >>> one = Explanation(np.array([[0, 1]]), order, order / 1.0, curves, searched, 3, 4)
        >>> with tempfile.NamedTemporaryFile(suffix=".html") as file:
        ...     one.to_html(file.name, np.array([[0, 255]]))
        """
        check_text("title", title)
        view = View(np.asarray(self.regions), as_picture(image, map_shape(self)))
        page = fragment({"": self}, [view], title=title)
        with whole_file(file) as unfinished, open(unfinished, "w", encoding="ascii") as stream:
            stream.write(document(page, title))

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row for each region, in the order. Needs pandas.

        Its columns: `region`, `importance`, `gain`, `searched`, and the share of the input
        (`area`), `insertion` and `deletion` once the region has joined those above it.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.8]), np.zeros(3))
        >>> order, searched = np.array([1, 0]), np.ones(2, bool)
        >>> one = Explanation(np.array([[0, 1]]), order, order / 1.0, curves, searched, 3, 4)
        >>> one.to_frame()[["region", "gain", "insertion"]].round(3).to_numpy().tolist()
        [[1.0, 0.9, 0.9], [0.0, -0.1, 0.8]]
        """
        from pandas import DataFrame, RangeIndex

        columns = {
            "region": self.order,
            "importance": self.importance[self.order],
            "gain": self.gains[self.order],
            "area": self.curves.area[1:],
            "insertion": self.curves.insertion[1:],
            "deletion": self.curves.deletion[1:],
            "searched": self.searched,
        }
        return DataFrame(columns, index=RangeIndex(1, len(self.order) + 1, name="rank"))
