"""Report of a run: one HTML file with settings, metrics, curves, examples and errors."""

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from submod_core._checks import check_callable, check_count, check_sized, check_type
from submod_core._files import path_of, whole_file
from submod_core._types import FloatArray
from submod_core.dataset import _html
from submod_core.dataset.data import dataset_of, reading
from submod_core.dataset.folder import folder_of
from submod_core.dataset.statistics import Scores
from submod_core.dataset.stored import StoredExplanations, open_explanations
from submod_core.results import Explanation

_AREA = np.linspace(0, 1, 51)


def write_report(
    file: Any,
    methods: Mapping[str, Any],
    scores: Mapping[str, Mapping[str, Scores]] | None = None,
    *,
    dataset: Any = None,
    transform: Callable[[Any], Any] | None = None,
    picture: Callable[[Any], Any] | None = None,
    class_names: Sequence[str] | None = None,
    n_examples: int = 3,
    title: str = "Explanations of a dataset",
) -> None:
    """Write one self-contained HTML file about the explanations of a dataset.

    Parameters
    ----------
    file : str or PathLike
        Written whole or not at all.
    methods : mapping of str to StoredExplanations, str or PathLike
        Results of `attribute_dataset` by the method's name, all of the same ids; the first is the
        one that the others are compared with, and whose examples are chosen.
    scores : mapping of str to mapping of str to Scores
        Results of `evaluate_dataset`: by the metric's name, then by the method's.
    dataset, transform
        Those of the run, for the pictures; without them there are no figures.
    picture : callable, optional
        From an input of the model to an image (H, W, C) or (C, H, W) to draw, such as one that
        undoes a normalisation.
    class_names : sequence of str, optional
    n_examples : int
        Examples shown of each sort: with the best, the worst and the middle value of the first
        metric, and a random sample.
    title : str

    Raises
    ------
    TypeError, ValueError
        If there is no method, their ids differ, or an argument is of the wrong type.

    Examples
    --------
    >>> import tempfile
    >>> from submod_core.dataset import KINDS, LocalFolder, Manifest, Plan
    >>> with tempfile.TemporaryDirectory() as path:
    ...     Manifest(KINDS["maps"], Plan(("a",)), {"method": "Saliency"}).agreed(LocalFolder(path))
    ...     write_report(path + "/report.html", {"Saliency": path})
    ...     "0 of 1 examples" in LocalFolder(path).read("report.html").decode()
    True
    """
    check_count("n_examples", n_examples, least=0)
    check_type("title", title, str, "text")
    check_type("methods", methods, Mapping, "a mapping of names to folders")
    if picture is not None:
        check_callable("picture", picture)
    if class_names is not None:
        check_sized("class_names", class_names)
    path_of(file)
    opened = {
        name: one
        if isinstance(one, StoredExplanations)
        else open_explanations(folder_of(one, "methods"))
        for name, one in methods.items()
    }
    if not opened:
        raise ValueError("`methods` must name at least one run")
    first = next(iter(opened.values()))
    for name, one in opened.items():
        if one.ids != first.ids:
            raise ValueError(f"`methods` must be of the same examples: {name!r} has other ids")
    known = _checked(scores, first)
    shown = _Examples(opened, known, dataset, transform, picture, class_names)
    sections = [
        _state(opened),
        _html.section("Metrics", *_metrics(known)),
        _html.section("Curves", *_curves(opened)),
        *shown.sections(n_examples),
        _errors(opened),
        _html.section("Settings", *map(_settings, opened.items())),
    ]
    with whole_file(file) as unfinished, open(unfinished, "w", encoding="utf-8") as stream:
        stream.write(_html.page(title, [one for one in sections if one]))


def _checked(scores: Any, first: StoredExplanations) -> dict[str, Mapping[str, Scores]]:
    """Scores by metric and method; TypeError or ValueError where they are not of the examples."""
    known = {} if scores is None else scores
    check_type("scores", known, Mapping, "a mapping of metrics to those of methods to Scores")
    for of_metric in known.values():
        check_type("scores", of_metric, Mapping, "a mapping of methods to Scores for each metric")
        for one in of_metric.values():
            check_type("scores", one, Scores, "Scores for each metric and method")
            if one.ids != first.ids:
                raise ValueError("`scores` must be of the same examples as `methods`")
    return dict(known)


def _state(opened: Mapping[str, StoredExplanations]) -> str:
    rows = []
    for name, stored in opened.items():
        found = stored.verify()
        cost = stored.table(["seconds"])["seconds"].to_numpy(zero_copy_only=False)
        known = cost[~np.isnan(cost.astype(float))] if len(cost) else cost
        rows.append(
            [
                name,
                f"{found.n_examples - len(found.missing)} of {found.n_examples} examples",
                len(found.failed),
                f"{np.mean(known):.2f} s" if len(known) else "",
            ]
        )
    return _html.table(["method", "explained", "failed", "time of one"], rows)


def _metrics(scores: Mapping[str, Mapping[str, Scores]]) -> list[str]:
    """A table of means, and one of paired differences from the first method."""
    if not scores:
        return []
    names = list(dict.fromkeys(name for of_metric in scores.values() for name in of_metric))
    means = [
        [name, *(str(one[name].mean) if name in one else "" for one in scores.values())]
        for name in names
    ]
    tables = [_html.table(["method", *scores], means, "Means, with 95 % bootstrap intervals")]
    if len(names) > 1:
        base = names[0]
        rows = [
            [
                f"{name} − {base}",
                *(
                    str(one[name].minus(one[base])) if {name, base} <= one.keys() else ""
                    for one in scores.values()
                ),
            ]
            for name in names[1:]
        ]
        tables.append(_html.table(["difference", *scores], rows, "Paired over the examples"))
    return tables


def _curves(opened: Mapping[str, StoredExplanations]) -> list[str]:
    """Insertion and deletion of the methods that order regions: medians and quartiles."""
    found: dict[str, tuple[FloatArray, FloatArray]] = {}
    for name, stored in opened.items():
        if stored.manifest.kind.name == "explanations" and stored.explained:
            pairs = [_resampled(stored[i]) for i in stored.explained]
            found[name] = np.stack([p[0] for p in pairs]), np.stack([p[1] for p in pairs])
    if not found:
        return []
    titles = ("Insertion: the score with the first regions alone", "Deletion: without them")
    return [
        _html.quartile_curves(
            title, _AREA, {name: pair[k] for name, pair in found.items()}, "score of the target"
        )
        for k, title in enumerate(titles)
    ]


def _resampled(one: Explanation) -> tuple[FloatArray, FloatArray]:
    curves = one.curves
    return (
        np.interp(_AREA, curves.area, curves.insertion),
        np.interp(_AREA, curves.area, curves.deletion),
    )


def _errors(opened: Mapping[str, StoredExplanations]) -> str:
    rows = [
        [f"{name}: {example}", error]
        for name, stored in opened.items()
        for example, error in stored.errors.items()
    ]
    return _html.section("Errors", _html.table(["example", "error"], rows)) if rows else ""


def _settings(item: tuple[str, StoredExplanations]) -> str:
    name, stored = item
    rows = _flat(stored.manifest.settings)
    return (
        f"<details><summary>{html.escape(name)}, fingerprint "
        f"<code>{stored.manifest.fingerprint}</code></summary>"
        f"{_html.table(['setting', 'value'], rows)}</details>"
    )


def _flat(settings: Any, place: str = "") -> list[list[str]]:
    if isinstance(settings, dict):
        return [
            row
            for name, value in settings.items()
            for row in _flat(value, f"{place}.{name}" if place else name)
        ]
    text = str(settings)
    return [[place, text if len(text) < 120 else text[:117] + "..."]]


class _Examples:
    """Figures of single examples."""

    def __init__(
        self,
        opened: Mapping[str, StoredExplanations],
        scores: Mapping[str, Mapping[str, Scores]],
        dataset: Any,
        transform: Callable[[Any], Any] | None,
        picture: Callable[[Any], Any] | None,
        class_names: Sequence[str] | None,
    ) -> None:
        self.opened, self.class_names = opened, class_names
        self.picture = picture or (lambda x: x)
        self.read = None if dataset is None else reading(dataset_of(dataset), transform)
        self.name, self.first = next(iter(opened.items()))
        self.values, self.metric = self._judged(scores)

    def _judged(self, scores: Mapping[str, Mapping[str, Scores]]) -> tuple[FloatArray, str]:
        """Value of each example by which they are chosen, and its name."""
        for metric, by_method in scores.items():
            if self.name in by_method:
                return by_method[self.name].values, metric
        values = np.full(len(self.first), np.nan)
        if self.first.manifest.kind.name == "explanations":
            for i in self.first.explained:
                values[i] = self.first[i].curves.insertion_auc
        return values, "insertion, region by region"

    def sections(self, n: int) -> list[str]:
        """Sections of the best, the worst, the middle and some random examples."""
        ranked = [
            i for i in np.argsort(-self.values, kind="stable") if not np.isnan(self.values[i])
        ]
        if self.read is None or not n or not ranked:
            return []
        middle = max(0, len(ranked) // 2 - n // 2)
        rng = np.random.default_rng(0)
        drawn = rng.choice(len(ranked), min(n, len(ranked)), replace=False)
        sorts = {
            f"Highest {self.metric}": ranked[:n],
            f"Median {self.metric}": ranked[middle : middle + n],
            f"Lowest {self.metric}": ranked[::-1][:n],
            "Random sample": [ranked[i] for i in sorted(drawn)],
        }
        return [
            _html.section(title, *(self._example(int(i)) for i in places))
            for title, places in sorts.items()
        ]

    def _example(self, place: int) -> str:
        assert self.read is not None, "there is a dataset"
        row = self.first.row(place)
        image = self.picture(self.read(place, row["id"]).input)
        title = f"{row['id']}: {self._class(row['target'])}"
        if row["prediction"] not in (None, row["target"]):
            title += f", taken for {self._class(row['prediction'])}"
        figures = [self._figure(name, stored, place, image) for name, stored in self.opened.items()]
        return f"<h3>{html.escape(title)}</h3>{''.join(figures)}"

    def _class(self, number: int | None) -> str:
        if number is None:
            return "no class"
        if self.class_names is None:
            return str(number)
        if number >= len(self.class_names):
            raise ValueError(
                f"`class_names` (of length {len(self.class_names)}) has no name for class {number}"
            )
        return str(self.class_names[number])

    def _figure(self, name: str, stored: StoredExplanations, place: int, image: Any) -> str:
        from submod_core.figures.explanations import plot_explanation
        from submod_core.figures.maps import plot_map

        if stored.row(place)["error"] is not None:
            return f"<p>{html.escape(name)}: failed</p>"
        if (found := stored[place]) is None:
            return f"<p>{html.escape(name)}: classified rightly</p>"
        found = getattr(found, "explanation", found)
        value = "" if name != self.name else f", {self.metric} {self.values[place]:.3f}"
        if isinstance(found, Explanation):
            return _html.image(plot_explanation(found, image), f"{name}{value}")
        return _html.image(plot_map(stored.map(place), image), f"{name}{value}")
