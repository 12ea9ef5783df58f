"""Checks of the arrays that an explanation is made of."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from submod_core._archives import check_array, check_names
from submod_core._types import AnyArray
from submod_core.regions.label_maps import holds_all
from submod_core.results.curves import Curves
from submod_core.results.diagnostics import Diagnostics

PLAIN = ("order", "importance", "searched", "evaluations", "model_inputs")
_OPTIONAL_CURVES = ("confidence", "effectiveness", "objective")
_NEEDED = (*PLAIN, "curves_area", "curves_consistency", "curves_collaboration")
# Areas are sums of shares.
_ROUNDING = 1e-6


def fields_of(arrays: Mapping[str, AnyArray]) -> dict[str, Any]:
    """The fields of an explanation from its arrays; ValueError unless they fit each other."""
    maps = [name for name in arrays if name.startswith("regions_")]
    maps = [f"regions_{i}" for i in range(len(maps))] or ["regions"]
    own = [name for name in arrays if name.startswith("score_")]
    diagnostics = [f"diagnostics_{field.name}" for field in fields(Diagnostics)]
    if not any(name.startswith("diagnostics_") for name in arrays):
        diagnostics = []
    curves = [f"curves_{name}" for name in _OPTIONAL_CURVES]
    check_names(arrays, (*_NEEDED, *maps, *diagnostics), (*curves, *own))

    n = arrays["order"].size
    _check_order(arrays["order"])
    check_array("importance", arrays["importance"], "f", (n,), 0, 1)
    check_array("searched", arrays["searched"], "b", (n,))
    counts = {name: int(check_array(name, arrays[name], "iu", (), 0)) for name in PLAIN[3:]}
    regions = tuple(
        check_array(name, arrays[name], "iu", None, -1, n - 1).astype(np.intp) for name in maps
    )
    if not holds_all(regions, n):
        raise ValueError(f"`regions` must hold each of the {n} regions of `order`")
    return {
        "regions": regions if maps != ["regions"] else regions[0],
        "order": arrays["order"].astype(np.intp),
        "importance": arrays["importance"].astype(np.float64),
        "searched": arrays["searched"],
        "curves": _curves(arrays, n),
        "diagnostics": _diagnostics(_under("diagnostics_", arrays), n) if diagnostics else None,
        **counts,
    }


def _curves(arrays: Mapping[str, AnyArray], n: int) -> Curves:
    names = [name for name in arrays if name.startswith(("curves_", "score_"))]
    checked = {
        name: check_array(name, arrays[name], "iuf", (n + 1,)).astype(np.float64) for name in names
    }
    area = checked["curves_area"]
    ends = abs(area[0]) <= _ROUNDING and abs(area[-1] - 1) <= _ROUNDING
    if not ends or (np.diff(area) < 0).any():
        raise ValueError("`curves_area` must ascend from 0 to 1")
    return Curves(**_under("curves_", checked), own=_under("score_", checked))


def _diagnostics(arrays: Mapping[str, AnyArray], n: int) -> Diagnostics:
    for name in ("compared", "grown"):
        check_array(name, arrays[name], "iu", (), 0)
    check_array("largest_violation", arrays["largest_violation"], "f", (), 0)
    for name in ("bound", "certificate"):  # infinite and NaN where the search does not know
        known = np.nan_to_num(arrays[name]) if arrays[name].dtype.kind == "f" else arrays[name]
        check_array(name, known, "f", (n + 1,))
    return Diagnostics.restored(arrays)


def _check_order(order: AnyArray) -> None:
    """Raise ValueError unless an array is a permutation of 0 … n−1, with n at least 1."""
    whole = order.dtype.kind in "iu" and order.ndim == 1 and order.size > 0
    if not whole or not np.array_equal(np.sort(order), np.arange(order.size)):
        raise ValueError(
            f"`order` ({order.dtype} of shape {order.shape}) must hold each of the regions 0 … n−1 "
            "once"
        )


def _under(prefix: str, arrays: Mapping[str, AnyArray]) -> dict[str, Any]:
    """The arrays whose names begin with a prefix, by the rest of their names."""
    return {name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)}
