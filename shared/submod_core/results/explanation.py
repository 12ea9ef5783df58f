"""The result of explaining one input, independent of the model's framework."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from os import PathLike
from typing import Any

import numpy as np

from submod_core._archives import blamed, read_arrays, write_arrays
from submod_core._checks import check_count, check_flag, check_text, check_type
from submod_core._files import whole_file
from submod_core._pictures import as_picture
from submod_core._types import AnyArray, BoolArray, FloatArray, IntArray
from submod_core.regions import painted_regions
from submod_core.results._fields import PLAIN, fields_of
from submod_core.results._page import document, fragment, map_shape
from submod_core.results.curves import Curves, Prefix
from submod_core.results.diagnostics import Diagnostics
from submod_core.results.importance import rank_importance


@dataclass(frozen=True, eq=False)
class Explanation:
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
        Subsets whose F the search asked for.
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
        """The regions and curves for notebooks, without the picture; None for other than images."""
        if isinstance(self.regions, tuple) or self.regions.ndim != 2:
            return None
        return fragment({"": self}, None, largest=256)

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
        page = fragment({"": self}, as_picture(image, map_shape(self)), title=title)
        with whole_file(file) as unfinished, open(unfinished, "w", encoding="ascii") as stream:
            stream.write(document(page, title))

    def save(self, file: str | PathLike[str]) -> None:
        """Write the explanation to one ``.npz`` file of exactly that name, without pickle.

        The file is written whole or not at all: an earlier one stays where writing fails.

        Raises
        ------
        ValueError
            If the fields do not fit each other.

        Examples
        --------
        >>> import tempfile
        >>> curves = Curves(np.array([0, 1]), np.array([0.1, 0.9]), np.array([0.2, 0.7]))
        >>> order, importance, searched = np.array([0]), np.array([1.0]), np.ones(1, bool)
        >>> one = Explanation(np.array([[0, 0]]), order, importance, curves, searched, 1, 2)
        >>> with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        ...     one.save(file.name)
        ...     Explanation.load(file.name).curves.insertion
        array([0.1, 0.9])
        """
        arrays = self.to_arrays()
        # Arrays can change after they were checked: what `load` would refuse is refused while the
        # explanation is still there.
        fields_of(arrays)
        write_arrays(file, arrays)

    @classmethod
    def load(cls, file: str | PathLike[str]) -> "Explanation":
        """Read an explanation that `save` wrote; see there for an example.

        Raises
        ------
        OSError
            If there is no such file, or it cannot be opened.
        ValueError
            If the file is not an explanation: of another kind, truncated, or with arrays that do
            not fit each other.
        """
        arrays = read_arrays(file, "a saved explanation")
        with blamed(file, "a saved explanation"):
            return cls.from_arrays(arrays)

    def to_arrays(self) -> dict[str, AnyArray]:
        """All fields as arrays in one flat namespace, which `from_arrays` reads back.

        Label maps of several inputs are "regions_0", "regions_1", …; curves are "curves_area",
        "curves_consistency", …; curves of further scores "score_" and their name; diagnostics
        "diagnostics_compared", ….
        """
        several = isinstance(self.regions, tuple)
        arrays: dict[str, Any] = {
            f"regions_{i}" if several else "regions": labels
            for i, labels in enumerate(self.regions if several else [self.regions])
        }
        arrays |= {name: getattr(self, name) for name in PLAIN}
        arrays |= {f"curves_{name}": curve for name, curve in self.curves.arrays().items()}
        arrays |= {f"score_{name}": curve for name, curve in self.curves.own.items()}
        if self.diagnostics is not None:
            found = asdict(self.diagnostics)
            arrays |= {f"diagnostics_{name}": value for name, value in found.items()}
        return {name: np.asarray(array) for name, array in arrays.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, AnyArray]) -> "Explanation":
        """Explanation of the arrays that `to_arrays` made.

        Raises
        ------
        ValueError
            If an array is missing or surplus, or the arrays do not fit each other.

        Examples
        --------
        >>> curves = Curves(np.array([0, 1]), np.array([0.1, 0.9]), np.array([0.2, 0.7]))
        >>> order, importance, searched = np.array([0]), np.array([1.0]), np.ones(1, bool)
        >>> one = Explanation(np.array([[0, 0]]), order, importance, curves, searched, 1, 2)
        >>> Explanation.from_arrays(one.to_arrays()).order
        array([0])
        """
        return cls(**fields_of(arrays))
