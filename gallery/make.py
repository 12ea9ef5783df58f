"""Pictures of the gallery, each made by a function of a few lines.

    python gallery/make.py captum --output pictures
    python gallery/make.py xplique --output pictures --only digit maps

runs the functions of a host's modules beside this file in one process, so that each model is
trained once, and writes a PNG or a page of HTML for each, with `captum.json` or `xplique.json`:
the title, the sentence, the code. A function states what must hold of its picture: where it does
not, the program fails.
"""

import argparse
import ast
import importlib
import inspect
import io
import json
import sys
import textwrap
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent
MODULES = {
    "captum": ["photographs", "digits", "places", "texts", "signals", "tables", "searches", "sums"],
    "xplique": ["keras_pictures"],
}
WIDTH, LARGEST = 760, {".png": 60_000, ".html": 300_000}  # pixels; bytes


def pictures(module: ModuleType) -> list[Callable[[], Any]]:
    """The functions of a module that make a picture, from top to bottom."""
    found = [
        one
        for name, one in vars(module).items()
        if inspect.isfunction(one) and one.__module__ == module.__name__ and name[0] != "_"
    ]
    return sorted(found, key=lambda one: one.__code__.co_firstlineno)


def code(function: Callable[[], Any]) -> str:
    """The lines of a function below its docstring."""
    source = textwrap.dedent(inspect.getsource(function))
    (defined,) = ast.parse(source).body
    assert isinstance(defined, ast.FunctionDef)
    first = defined.body[1].lineno
    return textwrap.dedent("\n".join(source.splitlines()[first - 1 :]))


def said(function: Callable[[], Any]) -> tuple[str, str]:
    """Title and sentence of a picture: the two parts of its docstring."""
    title, _, rest = inspect.getdoc(function).partition("\n\n")
    return title, " ".join(rest.split())


def png(figure: Any) -> bytes:
    """A figure as a PNG, of as many colours as fit."""
    from PIL import Image

    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=WIDTH / figure.get_figwidth())
    drawn = Image.open(file).convert("RGB")
    for colours in (256, 64, 24):
        file = io.BytesIO()
        drawn.quantize(colours, dither=Image.Dither.NONE).save(file, format="png", optimize=True)
        if file.tell() <= LARGEST[".png"]:
            break
    return file.getvalue()


def write(made: Any, path: Path) -> Path:
    """Write what a function made, a figure or HTML; ValueError where it is too large."""
    if isinstance(made, str):
        content = f"<!doctype html><meta charset=utf-8><body>{made}".encode()
        path = path.with_suffix(".html")
    else:
        content, path = png(made), path.with_suffix(".png")
    if len(content) > LARGEST[path.suffix]:
        raise ValueError(f"{path.name} has {len(content)} bytes, more than {LARGEST[path.suffix]}")
    path.write_bytes(content)
    return path


def one(function: Callable[[], Any], folder: Path) -> dict[str, str]:
    """Make a picture, and what the page says of it."""
    start, module = time.process_time(), function.__module__
    path = write(function(), folder / f"{module}_{function.__name__}")
    seconds, size = time.process_time() - start, path.stat().st_size / 1000
    print(f"{seconds:5.1f} s {size:6.0f} kB  {path.name}", flush=True)
    title, sentence = said(function)
    entry = {"module": module, "name": function.__name__, "file": path.name}
    return entry | {"title": title, "text": sentence, "code": code(function)}


def main() -> None:
    """Make the pictures of a host, or some of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("host", choices=MODULES)
    parser.add_argument("--output", type=Path, default=Path("gallery_output"))
    parser.add_argument("--only", nargs="*", help="names of functions or modules")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    sys.path.append(str(ROOT / "examples"))
    made, failed = [], []
    for name in MODULES[args.host]:
        for function in pictures(importlib.import_module(name)):
            if args.only and not {name, function.__name__} & set(args.only):
                continue
            try:
                made.append(one(function, args.output))
            except Exception:
                failed.append(f"{name}.{function.__name__}")
                traceback.print_exc()
    (args.output / f"{args.host}.json").write_text(json.dumps(made), encoding="utf-8")
    print(f"{len(made)} pictures, {time.process_time():.0f} s of CPU time")
    if failed:
        raise SystemExit(f"not made: {', '.join(failed)}")


if __name__ == "__main__":
    main()
