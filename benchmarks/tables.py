r"""Tables of docs/results, made from the stored scores of single photographs.

    python benchmarks/tables.py            # writes the tables into the pages
    python benchmarks/tables.py --check    # fails where a page has another table

Two comments of a page mark a table, `<!-- scores NAME … -->` and `<!-- /scores -->`. NAME is a file
of docs/results/scores without its ending, and the words after it are the table's title;
`draws=2000` before the title is the number of bootstrap draws, 10,000 without it. `<!-- scores *
regions -->` marks the table of insertion by numbers of regions.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent.parent / "docs" / "results"
MARKED = re.compile(r"(<!-- scores (\S+) (.*?) -->\n\n).*?(\n\n<!-- /scores -->)", re.DOTALL)
DRAWS = 10_000
# Scores of a photograph in the protocol of the newest published tables, see published.py.
PUBLISHED = ("insertion", "deletion", "within 30 %", "within 50 %", "forwards", "images")
NETWORKS = {
    "mobilenet_v1_025": "MobileNetV1-0.25",
    "mobilenet_v2": "MobileNetV2",
    "squeezenet": "SqueezeNet",
}
# Guided as it was before it asked for single sides is there where it was not measured again.
SHOWN = {
    "greedy": ("greedy",),
    "bidirectional": ("bidirectional, 8",),
    "guided": ("guided", "guided, both sides"),
    "backward": ("backward",),
}


def read(name: str) -> Any:
    """A file of scores."""
    return json.loads((RESULTS / "scores" / f"{name}.json").read_text())


def stored(name: str) -> dict[str, np.ndarray]:
    """Scores of each search, (photographs, k), that every photograph of a file has."""
    photographs = read(name)["photographs"]
    first, *others = photographs.values()
    searches = [search for search in first if all(search in rows for rows in others)]
    return {s: np.array([rows[s] for rows in photographs.values()]) for s in searches}


def interval(values: np.ndarray, draws: int = DRAWS) -> tuple[float, float]:
    """95 % bootstrap interval of a mean."""
    rng = np.random.default_rng(0)
    means = values[rng.integers(len(values), size=(draws, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def difference(values: np.ndarray, digits: int, draws: int) -> str:
    """A mean difference with its interval."""
    low, high = interval(values, draws)
    return f"{values.mean():+.{digits}f} ({low:+.{digits}f}, {high:+.{digits}f})"


def markdown(rows: list[list[str]]) -> str:
    """A table in Markdown, the first row its head."""
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("  ", " ")


def table(scores: dict[str, np.ndarray], title: str, draws: int = DRAWS) -> str:
    """Means of each search in Markdown, with quartiles and differences to greedy.

    A star marks a search that no other beats in both mean insertion and images.
    """
    reference = scores.get("greedy")
    means = {name: values.mean(axis=0) for name, values in scores.items()}
    header = [title, "images", "insertion", "quartiles", "deletion", "highest"]
    header += [] if reference is None else ["insertion − greedy", "deletion − greedy"]
    rows = [header]
    for name, values in scores.items():
        insertion, deletion, highest, images = means[name]
        beaten = any(m[0] >= insertion and m[3] <= images and k != name for k, m in means.items())
        quartiles = ", ".join(f"{q:.2f}" for q in np.quantile(values[:, 0], [0.25, 0.5, 0.75]))
        row = [name + " *" * (not beaten), f"{images:,.0f}", f"{insertion:.3f}", quartiles]
        row += [f"{deletion:.4f}", f"{highest:.3f}"]
        if reference is not None:
            itself = name == "greedy"
            row += [
                "" if itself else difference(values[:, k] - reference[:, k], 3 + k, draws)
                for k in (0, 1)
            ]
        rows.append(row)
    return markdown(rows)


def published(scores: dict[str, np.ndarray], title: str, draws: int = DRAWS) -> str:
    """Means of each search in Markdown by `PUBLISHED`, with differences to greedy."""
    reference = scores.get("greedy")
    rows = [[title, *PUBLISHED]]
    if reference is not None:
        rows[0] += [f"{name} − greedy" for name in PUBLISHED[:4]]
    for name, values in scores.items():
        *faithful, forwards, images = values.mean(axis=0)
        row = [name, *(f"{mean:.4f}" for mean in faithful), f"{forwards:,.0f}", f"{images:,.0f}"]
        if reference is not None:
            itself = name == "greedy"
            row += [
                "" if itself else difference(values[:, k] - reference[:, k], 3, draws)
                for k in range(4)
            ]
        rows.append(row)
    return markdown(rows)


def by_regions() -> str:
    """Mean insertion of the main searches at 49, 100 and 196 regions."""
    rows = [["insertion at 49, 100 and 196 regions", *SHOWN]]
    for network, title in NETWORKS.items():
        found = [stored(f"{network}_{n}") for n in (49, 100, 196)]
        rows.append(
            [title, *(", ".join(_first(one, names) for one in found) for names in SHOWN.values())]
        )
    return markdown(rows)


def _first(scores: dict[str, np.ndarray], names: tuple[str, ...]) -> str:
    """Mean insertion of the first of some searches that was measured."""
    name = next(name for name in names if name in scores)
    return f"{scores[name][:, 0].mean():.3f}"


def filled(page: str) -> str:
    """The text of a page with its tables made anew."""

    def anew(match: re.Match[str]) -> str:
        head, name, title, tail = match.groups()
        if name == "*":
            return head + by_regions() + tail
        draws = re.match(r"draws=(\d+) ", title)
        title = title[draws.end() :] if draws else title
        made = published if tuple(read(name)["scores"]) == PUBLISHED else table
        return head + made(stored(name), title, int(draws[1]) if draws else DRAWS) + tail

    return MARKED.sub(anew, page)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    check = parser.parse_args().check
    for file in sorted(RESULTS.glob("*.md")):
        text = file.read_text()
        if not MARKED.search(text):
            continue
        new = filled(text)
        if check and new != text:
            raise SystemExit(f"{file} has other tables than its scores: run `make results`")
        if not check:
            file.write_text(new)
        print(f"{file.name}: {len(MARKED.findall(text))} tables")


if __name__ == "__main__":
    main()
