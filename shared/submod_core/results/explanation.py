"""The result of explaining one input, independent of the model's framework."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from typing import Any

import numpy as np

from submod_core._types import AnyArray, BoolArray, FloatArray, IntArray
from submod_core.results.curves import Curves, HighestConfidence
from submod_core.results.diagnostics import Diagnostics


@dataclass(frozen=True, eq=False)
class Explanation:
    """Explanation of one input: the regions that made the model decide, in order, with evidence.

    Attributes
    ----------
    regions : ndarray of intp, or a tuple of them for several inputs
        Label map with ids 0 … n−1: (H, W) for images, otherwise broadcastable to the input without
        its batch axis.
    order : ndarray of intp, (n,)
        Regions, the most important first.
    importance : ndarray of float64, (n,)
        Score of each region in [0, 1], indexed by region (LiMA, Eq. 11).
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

    @property
    def highest_confidence(self) -> HighestConfidence:
        """The highest score of the target over the prefixes, the prefix's length and its area."""
        highest = self.curves.highest_confidence()
        assert highest is not None, "an explanation has at least one region"
        return highest

    def paint(self) -> FloatArray | tuple[FloatArray, ...]:
        """The importance of each element's region, shaped like `regions`."""
        if isinstance(self.regions, tuple):
            return tuple(self.importance[labels] for labels in self.regions)
        return self.importance[self.regions]

    def prefix(self, n_regions: int) -> BoolArray:
        """Boolean map of the first `n_regions` of the order, shaped like `regions`.

        For explanations of a single input tensor.
        """
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

    def save(self, file: str | PathLike[str]) -> None:
        """Write the explanation to one ``.npz`` file, without pickle.

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
        # One flat namespace of arrays: a prefix tells the label maps of several inputs, the curves,
        # the user's own scores and the diagnostics apart; `load` reads them by it.
        several = isinstance(self.regions, tuple)
        arrays: dict[str, AnyArray | int] = {
            f"regions_{i}" if several else "regions": labels
            for i, labels in enumerate(self.regions if several else [self.regions])
        }
        arrays |= {name: getattr(self, name) for name in _PLAIN}
        arrays |= {f"curves_{name}": curve for name, curve in self.curves.arrays().items()}
        arrays |= {f"score_{name}": curve for name, curve in self.curves.own.items()}
        if self.diagnostics is not None:
            arrays |= {
                f"diagnostics_{name}": value for name, value in asdict(self.diagnostics).items()
            }
        with open(file, "wb") as stream:  # numpy would add a suffix to a name without one
            np.savez_compressed(stream, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, file: str | PathLike[str]) -> "Explanation":
        """Read an explanation that `save` wrote; see there for an example.

        Raises
        ------
        ValueError
            If the file is not an explanation.
        """
        with np.load(file, allow_pickle=False) as arrays:
            if missing := {*_PLAIN, "curves_area"} - set(arrays.files):
                raise ValueError(
                    f"`file` (={str(file)!r}) is not a saved explanation: it has no "
                    f"{sorted(missing)}"
                )
            parts = sorted(_under("regions_", arrays).items(), key=lambda part: int(part[0]))
            # The two counts were written as arrays without axes.
            plain: dict[str, Any] = {
                n: arrays[n] if arrays[n].ndim else int(arrays[n]) for n in _PLAIN
            }
            found = _under("diagnostics_", arrays)
            return cls(
                regions=tuple(labels for _, labels in parts) if parts else arrays["regions"],
                curves=Curves(**_under("curves_", arrays), own=_under("score_", arrays)),
                diagnostics=Diagnostics.restored(found) if found else None,
                **plain,
            )


_PLAIN = ("order", "importance", "searched", "evaluations", "model_inputs")


def _under(prefix: str, arrays: Mapping[str, AnyArray]) -> dict[str, Any]:
    """The arrays whose names begin with a prefix, by the rest of their names."""
    return {name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)}
