"""Forms in which an explanation is kept: a file, arrays, plain values for JSON."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from typing import Any, Self

import numpy as np

from submod_core._archives import blamed, read_arrays, write_arrays
from submod_core._checks import check_type
from submod_core._types import AnyArray
from submod_core.results._fields import PLAIN, fields_of

_WHOLE = ("order", "evaluations", "model_inputs", "diagnostics_compared", "diagnostics_grown")


class Stored:
    """Files, arrays and plain values of an explanation: a base class without fields."""

    # The fields are those of `Explanation`, whose module imports this one.
    regions: Any
    curves: Any
    diagnostics: Any

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
        >>> from submod_core import Curves, Explanation
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
    def load(cls, file: str | PathLike[str]) -> Self:
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
    def from_arrays(cls, arrays: Mapping[str, AnyArray]) -> Self:
        """Explanation of the arrays that `to_arrays` made.

        Raises
        ------
        ValueError
            If an array is missing or surplus, or the arrays do not fit each other.

        Examples
        --------
        >>> from submod_core import Curves, Explanation
        >>> curves = Curves(np.array([0, 1]), np.array([0.1, 0.9]), np.array([0.2, 0.7]))
        >>> order, importance, searched = np.array([0]), np.array([1.0]), np.ones(1, bool)
        >>> one = Explanation(np.array([[0, 0]]), order, importance, curves, searched, 1, 2)
        >>> Explanation.from_arrays(one.to_arrays()).order
        array([0])
        """
        return cls(**fields_of(arrays))

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain values for JSON, which `from_dict` reads back bit for bit.

        Names are those of `to_arrays`; arrays are nested lists. JSON has no infinite numbers and no
        NaN: in the diagnostics they are the strings "inf", "-inf" and "nan".

        Examples
        --------
        >>> import json
        >>> from submod_core import Curves, Explanation
        >>> curves = Curves(np.array([0, 1]), np.array([0.1, 0.9]), np.array([0.2, 0.7]))
        >>> order, importance, searched = np.array([0]), np.array([1.0]), np.ones(1, bool)
        >>> one = Explanation(np.array([[0, 0]]), order, importance, curves, searched, 1, 2)
        >>> text = json.dumps(one.to_dict(), allow_nan=False)
        >>> Explanation.from_dict(json.loads(text)).curves.insertion
        array([0.1, 0.9])
        """
        return {name: _plain(array.tolist()) for name, array in self.to_arrays().items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Explanation of the plain values that `to_dict` made; see there for an example.

        Raises
        ------
        TypeError
            If `values` is no mapping.
        ValueError
            If a value is missing or surplus, is no array, or they do not fit each other.
        """
        check_type("values", values, Mapping, "a mapping, as `to_dict` makes it")
        arrays = {str(name): _array(str(name), value) for name, value in values.items()}
        try:
            return cls.from_arrays(arrays)
        except ValueError as error:
            raise ValueError(f"`values` must be what `to_dict` makes: {error}") from error


def _plain(value: Any) -> Any:
    """Nested lists with a string for each number that JSON does not have."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _array(name: str, value: Any) -> AnyArray:
    """The array of nested lists: of floats, also where JSON wrote 1.0 as 1."""
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"`values` ({name!r}) must be a number or nested lists") from error
    if array.dtype.kind == "b" or name in _WHOLE or name.startswith("regions"):
        return array
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"`values` ({name!r}) must be numbers") from error
