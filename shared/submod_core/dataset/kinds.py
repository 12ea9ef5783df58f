"""Kinds of results, and the row of a Parquet file that holds each."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from submod_core._types import AnyArray, FloatArray
from submod_core.dataset._extras import needed
from submod_core.methods import Mistake
from submod_core.results import Explanation, areas, certificate
from submod_core.sop import GroupExplanation

Row = dict[str, Any]


class Kind(Protocol):
    """A kind of result: the columns of a row, and the way there and back."""

    @property
    def name(self) -> str:
        """Name in the manifest of a folder."""

    @property
    def level(self) -> int:
        """Level of zstd's compression: high where it pays."""

    def columns(self) -> Mapping[str, Any]:
        """Arrow type of each column of this kind."""

    def row(self, result: Any) -> Row:
        """Columns of a result."""

    def result(self, row: Row) -> Any:
        """The result that a row holds; ValueError where the row is damaged."""


def _arrow() -> Any:
    return needed("pyarrow", "a folder of explanations")


def _array_type() -> Any:
    pa = _arrow()
    fields = [("dtype", pa.string()), ("shape", pa.list_(pa.int32())), ("data", pa.binary())]
    return pa.struct(fields)


def _packed(array: Any) -> Row:
    array = np.asarray(array)
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": array.tobytes()}


def _unpacked(entry: Row) -> AnyArray:
    dtype = np.dtype(entry["dtype"])
    if dtype.hasobject:
        raise ValueError("an array of Python objects")
    return np.frombuffer(entry["data"], dtype).reshape(entry["shape"]).copy()


def _smallest(labels: AnyArray) -> AnyArray:
    """Labels from −1 on in the smallest type, which the file compresses best."""
    return labels.astype(np.min_scalar_type(-1 - int(labels.max(initial=0))))


def _area(order: AnyArray, maps: Sequence[AnyArray]) -> FloatArray:
    """Share of the elements in each prefix, of label maps that cover the whole input."""
    sizes = sum(np.bincount(labels[labels >= 0], minlength=len(order)) for labels in maps)
    return areas(order, sizes)


_LISTS = ("order", "importance", "searched")
_COUNTS = ("evaluations", "model_inputs")
_CURVES = ("area", "consistency", "collaboration", "confidence", "effectiveness", "objective")
_DIAGNOSED = ("compared", "grown", "largest_violation", "bound")


class ExplanationKind:
    """Explanations of LiMA and SMDL.

    To save space, a row leaves out what follows from the rest: the areas of the prefixes (null
    where the label map gives them exactly), and the certificate, F over its bound. The gains, which
    follow too, are there for readers of the file alone, in float32.

    Examples
    --------
    >>> from submod_core.results import Curves
    >>> curves = Curves(np.array([0, 1]), np.array([0.1, 0.9]), np.array([0.2, 0.7]))
    >>> one = Explanation(
    ...     np.zeros((1, 2), int), np.array([0]), np.array([1.0]), curves, np.ones(1, bool), 1, 2
    ... )
    >>> kind = ExplanationKind()
    >>> row = kind.row(one)
    >>> row["gains"], kind.result(row).curves.insertion
    (array([1.3], dtype=float32), array([0.1, 0.9]))
    """

    name = "explanations"
    # 2 to 4 KB instead of 5, for some 50 ms beside the seconds of a search.
    level = 19

    def columns(self) -> Mapping[str, Any]:
        """See `Kind`."""
        pa = _arrow()
        numbers = pa.list_(pa.float64())
        return {
            "order": pa.list_(pa.int32()),
            "importance": numbers,
            "gains": pa.list_(pa.float32()),
            "searched": pa.list_(pa.bool_()),
            "evaluations": pa.int64(),
            "model_inputs": pa.int64(),
            "curves": pa.struct([(name, numbers) for name in _CURVES]),
            "own_scores": pa.list_(pa.struct([("name", pa.string()), ("curve", numbers)])),
            "diagnostics": pa.struct(
                [(name, pa.float64()) for name in _DIAGNOSED[:3]] + [("bound", numbers)]
            ),
            "regions": pa.list_(_array_type()),
            "several_inputs": pa.bool_(),
        }

    def row(self, result: Explanation) -> Row:
        """See `Kind`."""
        arrays = result.to_arrays()
        maps = result.regions if isinstance(result.regions, tuple) else (result.regions,)
        diagnosed = {
            name: arrays[f"diagnostics_{name}"].tolist()
            for name in _DIAGNOSED
            if result.diagnostics is not None
        }
        curves = {name: arrays.get(f"curves_{name}") for name in _CURVES}
        if np.array_equal(_area(result.order, maps), result.curves.area):
            curves["area"] = None
        return {
            **{name: arrays[name] for name in _LISTS},
            **{name: int(arrays[name]) for name in _COUNTS},
            "gains": result.gains.astype(np.float32),
            "curves": curves,
            "own_scores": [
                {"name": name, "curve": curve} for name, curve in result.curves.own.items()
            ],
            "diagnostics": diagnosed or None,
            "regions": [_packed(_smallest(labels)) for labels in maps],
            "several_inputs": isinstance(result.regions, tuple),
        }

    def result(self, row: Row) -> Explanation:
        """See `Kind`."""
        arrays: dict[str, AnyArray] = {name: np.array(row[name]) for name in (*_LISTS, *_COUNTS)}
        prefixed = [("curves", row["curves"]), ("diagnostics", row["diagnostics"] or {})]
        prefixed += [("score", {one["name"]: one["curve"] for one in row["own_scores"]})]
        for prefix, entries in prefixed:
            named = {name: value for name, value in entries.items() if value is not None}
            arrays |= {f"{prefix}_{name}": np.array(value) for name, value in named.items()}
        maps = [_unpacked(entry) for entry in row["regions"]]
        arrays.setdefault("curves_area", _area(arrays["order"], maps))
        if row["diagnostics"] is not None:
            for count in ("diagnostics_compared", "diagnostics_grown"):
                arrays[count] = arrays[count].astype(np.int64)
            f, bound = (arrays[name] for name in ("curves_objective", "diagnostics_bound"))
            arrays["diagnostics_certificate"] = certificate(f, bound)
        several = row["several_inputs"]
        arrays |= {f"regions_{i}" if several else "regions": one for i, one in enumerate(maps)}
        return Explanation.from_arrays(arrays)


class MapKind:
    """Maps of other methods, (H, W) for images: the scores summed over the channels, in float32.

    Examples
    --------
    >>> kind = MapKind()
    >>> kind.result(kind.row(np.ones((1, 2))))
    array([[1., 1.]], dtype=float32)
    """

    name = "maps"
    level = 3

    def columns(self) -> Mapping[str, Any]:
        """See `Kind`."""
        return {"map": _array_type()}

    def row(self, result: FloatArray) -> Row:
        """See `Kind`."""
        return {"map": _packed(np.asarray(result, np.float32))}

    def result(self, row: Row) -> AnyArray:
        """See `Kind`."""
        return _unpacked(row["map"])


class GroupKind:
    """Groups of Sum-of-Parts, with their contributions to every class.

    Examples
    --------
    >>> ones = np.ones((1, 1))
    >>> one = GroupExplanation(np.zeros(1, int), ones > 0, ones, ones, ones[0])
    >>> GroupKind().result(GroupKind().row(one)).contributions
    array([[1.]])
    """

    name = "groups"
    level = 3
    _fields = ("regions", "groups", "scores", "partials", "logits")

    def columns(self) -> Mapping[str, Any]:
        """See `Kind`."""
        return dict.fromkeys(self._fields, _array_type())

    def row(self, result: GroupExplanation) -> Row:
        """See `Kind`."""
        arrays = {name: getattr(result, name) for name in self._fields}
        return {
            name: _packed(_smallest(array) if name == "regions" else array)
            for name, array in arrays.items()
        }

    def result(self, row: Row) -> GroupExplanation:
        """See `Kind`."""
        return GroupExplanation.from_arrays({name: _unpacked(row[name]) for name in self._fields})


class MistakeKind:
    """Mistakes: an explanation each, for the true class; None for what was classified rightly."""

    name = "mistakes"
    level = ExplanationKind.level
    _own = ("before", "after", "supports", "causes")

    def columns(self) -> Mapping[str, Any]:
        """See `Kind`."""
        pa = _arrow()
        numbers, places = pa.list_(pa.float64()), pa.list_(pa.int32())
        types = {"before": numbers, "after": numbers, "supports": places, "causes": places}
        return {**ExplanationKind().columns(), **types, "truth": pa.int64()}

    def row(self, result: Mistake | None) -> Row:
        """See `Kind`."""
        if result is None:
            return dict.fromkeys(self.columns())
        own = {name: getattr(result, name) for name in (*self._own, "truth")}
        return {**ExplanationKind().row(result.explanation), **own}

    def result(self, row: Row) -> Mistake | None:
        """See `Kind`."""
        if row["truth"] is None:
            return None
        before, after, supports, causes = (np.array(row[name]) for name in self._own)
        found = ExplanationKind().result(row)
        places = supports.astype(np.intp), causes.astype(np.intp)
        return Mistake(found, row["truth"], *places, before, after, row["index"])


class ScoreKind:
    """Number of a metric."""

    name = "scores"
    level = 3

    def columns(self) -> Mapping[str, Any]:
        """See `Kind`."""
        return {"score": _arrow().float64()}

    def row(self, result: float) -> Row:
        """See `Kind`."""
        return {"score": float(result)}

    def result(self, row: Row) -> float:
        """See `Kind`."""
        return float(row["score"])


_KINDS: tuple[Kind, ...] = (ExplanationKind(), MapKind(), GroupKind(), MistakeKind(), ScoreKind())
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
"""All kinds of results, by the name that stands in a folder's manifest."""
