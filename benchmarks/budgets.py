"""LiMA's rows of `faithfulness.py --budgets`."""

from typing import Any

SEARCHES = {
    "LiMA, greedy": "greedy",
    "LiMA, bidirectional": "bidirectional",
    "LiMA, two-sided": "two_sided",
    "LiMA, phase window": "phase_window",
}


def options_within(most: int, n_regions: int, coarse: int | None) -> dict[str, dict[str, Any]]:
    """Options of each row that the images pay for.

    They have to pay for the curves along an order of the regions, and those of other searches than
    the default for both sides of single regions as well.
    """
    rows: dict[str, dict[str, Any]] = {}
    if most > 2 * n_regions:
        rows["LiMA"] = {"search": "guided"}
    if most > 4 * n_regions:
        rows |= {name: {"search": search} for name, search in SEARCHES.items()}
    if coarse:
        rows["LiMA, coarse to fine"] = {"coarse": coarse}
    return rows
