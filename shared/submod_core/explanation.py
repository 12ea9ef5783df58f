"""The result of explaining one input, independent of the model's framework."""

from dataclasses import asdict, dataclass
from os import PathLike
from typing import Any

import numpy as np

from submod_core._types import AnyArray, BoolArray, FloatArray, IntArray
from submod_core.curves import Curves, HighestConfidence
from submod_core.diagnostics import Diagnostics


@dataclass(frozen=True, eq=False)
class Explanation:
    """Which regions made the model decide, in order, with the evidence.

    Attributes
    ----------
    regions : ndarray of intp, or a tuple of them for several inputs
        Label map with ids 0 … n−1: (H, W) for images, otherwise broadcastable to the input without its batch axis.
    order : ndarray of intp, (n,)
        Regions, the most important first.
    importance : ndarray of float64, (n,)
        Score of each region in [0, 1], indexed by region (LiMA, Eq. 11).
    curves : Curves
        Each score and F over the prefixes; insertion and deletion with their area axis.
    searched : ndarray of bool, (n,)
        True where the search placed the region of `order`; False where its budget had run out before.
    evaluations : int
        Subsets whose F the search asked for.
    model_inputs : int
        Images that went through the model.
    diagnostics : Diagnostics or None
        How submodular F was on this input, and a bound on it; None where the search told nothing of its rounds.

    Examples
    --------
    >>> curves = Curves(np.array([0, 0.25, 1]), np.array([0.1, 0.9, 0.81]), np.array([0.2, 0.7, 0.9]))
    >>> Explanation(np.array([[0, 1, 1, 1]]), np.array([0, 1]), np.array([1.0, 0.0]), curves, np.ones(2, bool), 3, 4)
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
        """Where the first `n_regions` of the order lie: a boolean map shaped like `regions` (of a single input)."""
        return np.isin(np.asarray(self.regions), self.order[:n_regions])

    def __repr__(self) -> str:
        value, n_regions, area = self.highest_confidence
        return (
            f"Explanation({len(self.order)} regions, insertion {self.curves.insertion_auc:.3f}, "
            f"deletion {self.curves.deletion_auc:.3f}, highest confidence {value:.3f} with {n_regions} "
            f"region{'s' * (n_regions > 1)} ({area:.0%} of the input), ".replace("%", " %")
            + f"{self.model_inputs} model inputs)"
        )

    def save(self, file: str | PathLike[str]) -> None:
        """Write the explanation to one ``.npz`` file, without pickle.

        Examples
        --------
        >>> import tempfile
        >>> curves = Curves(np.array([0, 1]), np.array([0.1, 0.9]), np.array([0.2, 0.7]))
        >>> one = Explanation(np.array([[0, 0]]), np.array([0]), np.array([1.0]), curves, np.ones(1, bool), 1, 2)
        >>> with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        ...     one.save(file.name)
        ...     Explanation.load(file.name).curves.insertion
        array([0.1, 0.9])
        """
        several = isinstance(self.regions, tuple)
        arrays: dict[str, AnyArray | int] = {
            f"regions_{i}" if several else "regions": labels
            for i, labels in enumerate(self.regions if several else [self.regions])
        }
        arrays |= {name: getattr(self, name) for name in _PLAIN}
        arrays |= {f"curves_{name}": curve for name, curve in asdict(self.curves).items() if curve is not None}
        if self.diagnostics is not None:
            arrays |= {f"diagnostics_{name}": value for name, value in asdict(self.diagnostics).items()}
        with open(file, "wb") as stream:  # numpy would add a suffix to a name without one
            np.savez_compressed(stream, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, file: str | PathLike[str]) -> "Explanation":
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If the file is not an explanation.
        """
        with np.load(file, allow_pickle=False) as arrays:
            if missing := {*_PLAIN, "curves_area"} - set(arrays.files):
                raise ValueError(f"`file` (={str(file)!r}) is not a saved explanation: it has no {sorted(missing)}")
            parts = sorted(
                (name for name in arrays.files if name.startswith("regions_")), key=lambda name: int(name[8:])
            )
            plain: dict[str, Any] = {n: arrays[n] if arrays[n].ndim else int(arrays[n]) for n in _PLAIN}
            curves = {name[7:]: arrays[name] for name in arrays.files if name.startswith("curves_")}
            found = {name[12:]: arrays[name] for name in arrays.files if name.startswith("diagnostics_")}
            return cls(
                regions=tuple(arrays[name] for name in parts) if parts else arrays["regions"],
                curves=Curves(**curves),
                diagnostics=Diagnostics.restored(found) if found else None,
                **plain,
            )


_PLAIN = ("order", "importance", "searched", "evaluations", "model_inputs")
