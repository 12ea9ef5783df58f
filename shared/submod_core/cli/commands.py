"""Commands: each takes the parsed arguments and returns the exit code."""

import argparse
import os
import time
from typing import Any

from submod_core.cli.config import Config, command_of, host_of, model_of
from submod_core.cli.photograph import array_of, shown
from submod_core.dataset import (
    Scores,
    StoredExplanations,
    folder_of,
    named,
    open_explanations,
    write_report,
)
from submod_core.dataset.folder import LocalFolder


def explain(given: argparse.Namespace) -> int:
    """Explain one photograph and draw the figure."""
    host = host_of(given.host)
    model = model_of(given.model)
    last = given.host == "xplique"
    image = array_of(given.image, given.size, channels_last=last)
    options = {"regions": given.regions, "search": given.search}
    ask = command_of(given.host).explain_photograph
    one, target = ask(model, image, given.target, options)
    print(f"class {target}: {one}")
    figure = host.visualization.plot_explanation(one, shown(image, last), title=given.title)
    figure.savefig(given.out, dpi=120)
    print(f"figure: {given.out}")
    if given.save:
        one.save(given.save)
        print(f"explanation: {given.save}")
    return 0


def run(given: argparse.Namespace) -> int:
    """Explain a dataset by every method, judge it by every metric, and write the report."""
    config = Config.read(given.config)
    host = host_of(config.host)
    options = _options(config, given)
    data: dict[str, Any] = {"transform": config.transforms}
    for name in config.methods:
        method, arguments = config.method(name)
        method.type()  # a wrong name is told before anything is built
        place = config.place("methods", name)
        print(f"{name}: {place}", flush=True)
        host.attribute_dataset(method, config.dataset, place, **data, **options, **arguments)
        _wait_for_all(place)
    for name in config.metrics:
        metric, settings = config.metric(name)
        for method_name in config.methods:
            place = config.place("metrics", name, method_name)
            stored = config.place("methods", method_name)
            print(f"{name} of {method_name}: {place}", flush=True)
            host.evaluate_dataset(
                stored, metric, config.model, config.dataset, place, **data, **options, **settings
            )
            _wait_for_all(place)
    if "://" not in config.folder:
        print(f"report: {_written(config, config.place('report.html'))}")
    return 0


def _options(config: Config, given: argparse.Namespace) -> dict[str, Any]:
    """Options of the runs: those of the command outweigh those of the file."""
    told = {"engine": given.engine, "n_workers": given.workers, "address": given.address}
    options = {**config.run, **{name: value for name, value in told.items() if value is not None}}
    options.setdefault("show_progress", not given.quiet)
    if given.retry_failed:
        options["retry_failed"] = True
    return options


def _wait_for_all(place: str) -> None:
    """Under torchrun: wait for the shards of the other ranks, which a metric needs too."""
    while not open_explanations(place).verify().complete:
        time.sleep(1)


def status(given: argparse.Namespace) -> int:
    """Tell how far the runs below a folder have come."""
    for name, stored in _runs(given.folder):
        found = stored.verify()
        there = found.n_examples - len(found.missing)
        print(f"{name}: {there} of {found.n_examples} examples, {len(found.failed)} failed")
    return 0


def verify(given: argparse.Namespace) -> int:
    """Check every run below a folder; exit code 1 where one is not complete."""
    complete = True
    for name, stored in _runs(given.folder):
        found = stored.verify()
        complete &= found.complete
        print(f"{name}: {found}{'' if found.complete else ' (not complete)'}")
    return 0 if complete else 1


def report(given: argparse.Namespace) -> int:
    """Write the report of a configuration's run."""
    config = Config.read(given.config)
    out = given.out or config.place("report.html")
    print(f"report: {_written(config, out)}")
    return 0


def _written(config: Config, file: str) -> str:
    methods = {name: open_explanations(config.place("methods", name)) for name in config.methods}
    scores: dict[str, dict[str, Scores]] = {}
    for metric in config.metrics:
        for name in config.methods:
            place = config.place("metrics", metric, name)
            scores.setdefault(metric, {})[name] = open_explanations(place).scores()
    options = dict(config.report)
    for name in ("class_names", "picture"):
        if name in options:
            options[name] = named(options[name], f"report.{name}")
    write_report(
        file, methods, scores, dataset=config.dataset, transform=config.transforms, **options
    )
    return file


def _runs(place: str) -> list[tuple[str, StoredExplanations]]:
    """Every run in a folder and in the folders below it."""
    folder = folder_of(place)
    if not isinstance(folder, LocalFolder):
        return [(place, open_explanations(folder))]
    found = [root for root, _, files in os.walk(folder.path) if "manifest.json" in files]
    if not found:
        raise FileNotFoundError(f"`folder` (={place!r}) holds no run: it has no manifest.json")
    return [(os.path.relpath(root), open_explanations(root)) for root in sorted(found)]
