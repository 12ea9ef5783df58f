"""Configuration of a run: a TOML file that names model, data, methods and metrics."""

import importlib
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import ModuleType
from typing import Any

from submod_core._checks import check_choice, check_type
from submod_core.dataset import named, resolved

HOSTS = {"captum": "captum_submod", "xplique": "xplique_submod"}
_OWN = {"captum": "captum.attr", "xplique": "xplique.attributions"}


def host_of(name: str) -> ModuleType:
    """Import a host's package; ImportError names the extra where it is missing.

    Raises
    ------
    ValueError
        If there is no such host.
    ImportError
        If its libraries are not installed.
    """
    check_choice("host", name, HOSTS)
    try:
        return importlib.import_module(HOSTS[name])
    except ModuleNotFoundError as error:
        raise ImportError(
            f"host {name!r} needs {error.name}: pip install 'captum-xplique-submod[{name}]'"
        ) from error


def command_of(name: str) -> ModuleType:
    """Module of a host that holds its part of the commands."""
    return importlib.import_module(f"{host_of(name).__name__}._command")


@dataclass(frozen=True)
class MethodOf:
    """Function that makes a method of a model: it pickles, and each worker calls it once.

    Attributes
    ----------
    host : {"captum", "xplique"}
    name : str
        Class of the host's package or of the host itself, such as "LiMA" or "Saliency"; or
        "module:class".
    model : str
        "module:function" of a function that makes the model.
    options : mapping
        Arguments of the class beside the model.
    """

    host: str
    name: str
    model: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self) -> Any:
        """Build the model and the method."""
        return self.type()(model_of(self.model), **self.options)

    def type(self) -> Any:
        """Class of the method; ValueError where there is none."""
        if ":" in self.name:
            return named(self.name, "class")
        for module in (host_of(self.host), importlib.import_module(_OWN[self.host])):
            if hasattr(module, self.name):
                return getattr(module, self.name)
        raise ValueError(
            f"`methods` names {self.name!r}, which is no method of {HOSTS[self.host]} or "
            f"{_OWN[self.host]}; give its `class` as 'module:class'"
        )


def model_of(name: str) -> Any:
    """Model of a "module:function"."""
    return resolved(name, "model", lambda value: False)


@dataclass(frozen=True)
class Config:
    """Content of a configuration file.

    Attributes
    ----------
    host : {"captum", "xplique"}
    model, dataset : str
        "module:function" of functions that make them.
    folder : str
        Of the results, relative to the configuration file; or a URL.
    transform : str or None
        "module:function" from an item of the dataset to (input, target).
    run : mapping
        Options of `submod_core.dataset.Run`, and shard_size and seed.
    methods : mapping of str to mapping
        Options of each method; `class` where its name is not that of the entry, and `arguments` of
        its `attribute`.
    metrics : mapping of str to mapping
        Settings of each metric; `name` where it is not that of the entry.
    report : mapping
        Options of `submod_core.dataset.write_report`: class_names and picture as
        "module:attribute", n_examples, title.
    """

    host: str
    model: str
    dataset: str
    folder: str
    methods: Mapping[str, Mapping[str, Any]]
    transform: str | None = None
    run: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_choice("host", self.host, HOSTS)
        for name in ("model", "dataset", "folder"):
            check_type(name, getattr(self, name), str, "text")
        for name in ("run", "methods", "metrics", "report"):
            check_type(name, getattr(self, name), Mapping, "a table")
        if not self.methods:
            raise ValueError("`methods` must hold at least one table, [methods.LiMA]")
        for table in ("methods", "metrics"):
            for name, options in getattr(self, table).items():
                check_type(f"{table}.{name}", options, Mapping, "a table")

    @classmethod
    def read(cls, file: str) -> "Config":
        """Read a TOML file; ValueError names what is missing, unknown or no TOML."""
        try:
            with open(file, "rb") as stream:
                text = tomllib.load(stream)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{file!r} is no TOML: {error}") from error
        known = {one.name for one in fields(cls)}
        if unknown := sorted(set(text) - known):
            raise ValueError(f"{file!r} holds {unknown[0]!r}: known are {sorted(known)}")
        needed = ("host", "model", "dataset", "folder", "methods")
        if missing := [name for name in needed if name not in text]:
            raise ValueError(f"{file!r} lacks {missing[0]!r}")
        if "://" not in text["folder"]:
            text["folder"] = os.path.join(os.path.dirname(os.path.abspath(file)), text["folder"])
        return cls(**text)

    def method(self, name: str) -> tuple[MethodOf, dict[str, Any]]:
        """The function that makes a method, and the arguments of its `attribute`."""
        # TOML has lists alone, where constructors take tuples, as of (rows, columns).
        options: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in self.methods[name].items()
        }
        arguments = options.pop("arguments", {})
        made = MethodOf(self.host, options.pop("class", name), self.model, options)
        return made, dict(arguments)

    def metric(self, name: str) -> tuple[str, dict[str, Any]]:
        """The host's name of a metric, and its settings."""
        settings = dict(self.metrics[name])
        return settings.pop("name", name), settings

    @property
    def transforms(self) -> Callable[[Any], Any] | None:
        """The function that `transform` names."""
        return None if self.transform is None else named(self.transform, "transform")

    def place(self, *parts: str) -> str:
        """A folder of the results."""
        return "/".join((self.folder, *parts))
