"""Hooks of the site: tutorials are run, and linked files of the repository become pages.

- The code of each page in docs/tutorials runs once, in an empty folder, with the wheel of this
  checkout and nothing else of it on the path. The page shows the outputs and offers a notebook. A
  block that fails, fails the build. `SUBMOD_TUTORIALS=0` leaves them out, for quick looks.
- Pages link to `examples/…` as they do on a forge. In the site such a link leads to a page with the
  file's text, or with the list of a folder.
"""

import base64
import json
import os
import posixpath
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, InclusionLevel

ROOT = Path(__file__).parent.parent
CELLS = Path(__file__).parent / "cells.py"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(((?:\.\./)+[^)#\s]*)((?:#[^)]*)?)\)")
_results: dict[str, list[dict[str, Any]]] = {}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Run the tutorials, and add pages for linked files of the repository."""
    pages = [file for file in files if file.is_documentation_page()]
    for uri in sorted({uri for page in pages for uri in outside(page)}):
        text = listing(uri) if (ROOT / uri).is_dir() else listed(uri)
        add(files, config, source_page(uri), f"---\nsearch: {{exclude: true}}\n---\n{text}")
    tutorials = [page for page in pages if is_tutorial(page.src_uri)]
    if os.environ.get("SUBMOD_TUTORIALS") != "0":
        _results.update(executed([page.src_uri for page in tutorials]))
    for uri, cells in _results.items():
        for name, content in artefacts(uri, cells):
            add(files, config, name, content)
        notebook = json.dumps(as_notebook((ROOT / "docs" / uri).read_text("utf-8"), cells))
        add(files, config, uri.replace(".md", ".ipynb"), notebook)
    return files


def on_page_markdown(markdown: str, page: Any, config: MkDocsConfig, files: Files) -> str:
    """The text of a page with its outputs and with links that lead into the site."""
    uri = page.file.src_uri
    if uri in _results:
        markdown = with_outputs(markdown, uri, _results[uri])
    if uri.startswith("source/"):
        return markdown

    def into_site(match: re.Match[str]) -> str:
        target = repository_path(uri, match[1])
        if target is None:
            return match[0]
        return f"]({posixpath.relpath(source_page(target), posixpath.dirname(uri) or '.')})"

    return LINK.sub(into_site, markdown)


def add(files: Files, config: MkDocsConfig, uri: str, content: str | bytes) -> None:
    """Add a generated file that is not in the navigation."""
    made = File.generated(config, uri, content=content, inclusion=InclusionLevel.NOT_IN_NAV)
    files.append(made)


# Links to files of the repository.


def repository_path(page: str, target: str) -> str | None:
    """Path in the repository of a link out of docs/, None where it stays in docs/."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), target))
    if path.startswith("docs/") or not (ROOT / path).exists():
        return None  # a missing file is left to the check of links
    return path


def outside(page: File) -> set[str]:
    """Paths in the repository that a page links to."""
    text = (ROOT / "docs" / page.src_uri).read_text("utf-8")
    found = (repository_path(page.src_uri, match[1]) for match in LINK.finditer(text))
    return {path for path in found if path is not None}


def source_page(path: str) -> str:
    """Page of the site for a path of the repository."""
    return f"source/{path.rstrip('/')}.md"


def listed(path: str) -> str:
    """A page with the text of a file."""
    language = {".py": "python", ".toml": "toml"}.get(Path(path).suffix, "text")
    text = (ROOT / path).read_text("utf-8")
    return f"# {path}\n\n````{language}\n{text.rstrip()}\n````\n"


def listing(path: str) -> str:
    """A page with the names of a folder's files."""
    names = sorted(file.name for file in (ROOT / path).iterdir() if file.suffix in (".py", ".toml"))
    return f"# {path}\n\n" + "\n".join(f"- `{path}/{name}`" for name in names) + "\n"


# Tutorials.


def is_tutorial(uri: str) -> bool:
    """Whether a page has code to run."""
    return uri.startswith("tutorials/") and not uri.endswith("index.md")


def executed(uris: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Outputs of the blocks of each page, each run in a process and a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        installed = Path(folder) / "installed"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
        subprocess.run([*pip, "--target", str(installed), str(ROOT)], check=True)
        # One import of PyTorch for all of its pages; TensorFlow does not stand a fork.
        torch_pages = [uri for uri in uris if "import tensorflow" not in text_of(uri)]
        alone = [([uri], "") for uri in uris if uri not in torch_pages]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = [(torch_pages, "torch,captum_submod"), *alone]
            list(pool.map(lambda run: run_together(*run, Path(folder), installed), runs))
        outputs = [Path(folder, Path(uri).stem + ".json").read_text("utf-8") for uri in uris]
        return {uri: json.loads(text) for uri, text in zip(uris, outputs, strict=True)}


def text_of(uri: str) -> str:
    """The text of a page of the docs."""
    return (ROOT / "docs" / uri).read_text("utf-8")


def run_together(uris: list[str], imported: str, folder: Path, installed: Path) -> None:
    """Run pages in forks of one process that has imported some modules."""
    environment = os.environ | {
        "PYTHONPATH": str(installed),
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [sys.executable, "-P", str(CELLS), imported, str(os.cpu_count() or 1), str(folder)]
    command += [str(ROOT / "docs" / uri) for uri in uris]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if ran.returncode:
        raise PluginError(f"a tutorial does not run:\n{ran.stderr[-3000:]}")


def artefacts(uri: str, cells: list[dict[str, Any]]) -> list[tuple[str, bytes | str]]:
    """Pictures and HTML of a page, as files of the site."""
    found: list[tuple[str, bytes | str]] = []
    for name, output in named(uri, cells):
        if "png" in output:
            found.append((f"{name}.png", base64.b64decode(output["png"])))
        elif "html" in output:
            page = output["html"]
            if not page.lstrip().lower().startswith("<!doctype"):
                page = f"<!doctype html><meta charset=utf-8><body>{page}"
            found.append((f"{name}.html", page))
    return found


def named(uri: str, cells: list[dict[str, Any]]) -> list[tuple[str, dict[str, str]]]:
    """Outputs of a page with the name of the file that holds each."""
    stem = uri.removesuffix(".md")
    outputs = [
        (f"{stem}_{i}_{k}", output)
        for i, cell in enumerate(cells)
        for k, output in enumerate(cell["outputs"])
    ]
    return outputs


def with_outputs(markdown: str, uri: str, cells: list[dict[str, Any]]) -> str:
    """The text of a page with what each block shows."""
    files = {id(output): posixpath.basename(name) for name, output in named(uri, cells)}
    left = iter(cells)

    def one(match: re.Match[str]) -> str:
        shown = [as_markdown(output, files[id(output)]) for output in next(left)["outputs"]]
        return "\n\n".join([match[0], *shown])

    title, _, text = BLOCK.sub(one, markdown).partition("\n")
    notebook = posixpath.basename(uri).replace(".md", ".ipynb")
    link = f"[Download this page as a notebook]({notebook}), with its outputs."
    return f"{title}\n\n{link}\n{text}"


def as_markdown(output: dict[str, str], file: str) -> str:
    """An output as Markdown."""
    if "png" in output:
        return f"![{output['alt']}]({file}.png)"
    if "html" in output:
        style = "width: 100%; height: 46rem; border: 0"
        # A page is a folder in the site: its files lie one folder above.
        return f'<iframe src="../{file}.html" title="{output["alt"]}" style="{style}"></iframe>'
    return f"```text\n{output['text']}\n```"


def as_notebook(markdown: str, cells: list[dict[str, Any]]) -> dict[str, Any]:
    """A page as a notebook of Jupyter (nbformat 4), with its outputs."""
    texts = BLOCK.split(markdown)
    made: list[dict[str, Any]] = []
    for i, text in enumerate(texts):
        if i % 2 == 0:
            if text.strip():
                made.append({"cell_type": "markdown", "metadata": {}, "source": text.strip()})
        else:
            cell = cells[i // 2]
            outputs = [notebook_output(output) for output in cell["outputs"]]
            made.append(
                {
                    "cell_type": "code",
                    "metadata": {},
                    "execution_count": i // 2 + 1,
                    "source": cell["source"],
                    "outputs": outputs,
                }
            )
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": kernel}, "cells": made}


def notebook_output(output: dict[str, str]) -> dict[str, Any]:
    """An output as nbformat has it."""
    kinds = {"png": "image/png", "html": "text/html", "text": "text/plain"}
    data = {kinds[kind]: value for kind, value in output.items() if kind in kinds}
    return {"output_type": "display_data", "metadata": {}, "data": data}
