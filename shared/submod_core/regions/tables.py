"""Regions of tables: named columns, and groups of them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from submod_core._checks import check_type
from submod_core._types import IntArray


class ColumnRegions(NamedTuple):
    """Regions of a table's columns.

    Attributes
    ----------
    labels : ndarray of intp, (F,)
        The region of each column, −1 for those that always stay: a label map.
    names : list of str, n
        The name of each region.

    Examples
    --------
    >>> labels, names = ColumnRegions(np.array([0, 1]), ["age", "place"])
    """

    labels: IntArray
    names: list[str]


def column_regions(
    columns: Sequence[str],
    groups: Mapping[str, Sequence[str]] | None = None,
    *,
    kept: Sequence[str] = (),
) -> ColumnRegions:
    """Regions of named columns, where those of a group are one region.

    Columns of one group come and go together: the indicators of a category, a place's latitude and
    longitude.

    Parameters
    ----------
    columns : sequence of str, F
        Names of all columns, in the order of the model's inputs.
    groups : mapping of str to sequence of str, optional
        The columns of each group, by the group's name. Every other column is a region of its own.
    kept : sequence of str
        Columns that always stay.

    Returns
    -------
    ColumnRegions
        Regions are in the order of their first columns.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown or there twice, a column is in two groups, or no region is left.

    Examples
    --------
    >>> column_regions(["age", "lat", "sex", "lon"], {"place": ["lat", "lon"]}, kept=["sex"])
    ColumnRegions(labels=array([ 0,  1, -1,  1]), names=['age', 'place'])
    """
    known = _names("columns", columns)
    check_type("groups", groups, Mapping | None, "a mapping from names to columns")
    region_of = dict.fromkeys(_among("kept", kept, known))
    for group, members in (groups or {}).items():
        check_type("groups", group, str, "a mapping from names")
        for column in _among("groups", members, known):
            if column in region_of:
                raise ValueError(f"`groups` has the column {column!r} twice, or it is `kept`")
            region_of[column] = group
        if not members or (group in known and group not in members):
            raise ValueError(f"`groups` must have columns for {group!r}, which names no other one")
    names: dict[str, int] = {}
    labels = np.full(len(known), -1, dtype=np.intp)
    for place, column in enumerate(known):
        name = region_of.get(column, column)
        if name is not None:
            labels[place] = names.setdefault(name, len(names))
    if not names:
        raise ValueError("`kept` holds all columns: there must be a region")
    return ColumnRegions(labels, list(names))


def _names(name: str, given: Any) -> list[str]:
    """Names as a list; an error where one is no string or there twice."""
    check_type(name, given, Sequence | np.ndarray, "a sequence of names")
    listed = list(given) if not isinstance(given, str) else []
    if not listed or len(set(map(str, listed))) < len(listed):
        raise ValueError(f"`{name}` (={given!r}) must hold different names, one or more")
    for one in listed:
        check_type(name, one, str, "a sequence of strings")
    return listed


def _among(name: str, given: Any, known: Sequence[str]) -> list[str]:
    """Names that are all among the known ones, perhaps none."""
    check_type(name, given, Sequence | np.ndarray, "a sequence of names")
    found = _names(name, given) if len(given) else []
    if unknown := [one for one in found if one not in known]:
        raise ValueError(f"`{name}` has {unknown}, which are none of `columns`")
    return found
