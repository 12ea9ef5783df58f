"""Hook of the site: the gallery's pictures are made, and set into their page with their code.

Each host's pictures are made by one process of `gallery/make.py`; one that fails, fails the build.
`SUBMOD_GALLERY=0` leaves them out.
"""

import html
import json
import os
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
PLACE = re.compile(r"^<!-- gallery: (\w+) -->$", re.MULTILINE)
HOSTS = ("captum", "xplique")
_made: list[dict[str, str]] = []


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Make the pictures and add them to the site."""
    _made.clear()
    if os.environ.get("SUBMOD_GALLERY") == "0":
        return files
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        for entries in pool.map(lambda host: made(host, Path(folder)), HOSTS):
            _made.extend(entries)
        for entry in _made:
            content = (Path(folder) / entry["file"]).read_bytes()
            uri, kind = f"gallery/{entry['file']}", InclusionLevel.NOT_IN_NAV
            files.append(File.generated(config, uri, content=content, inclusion=kind))
    return files


def on_page_markdown(markdown: str, page: Any, config: MkDocsConfig, files: Files) -> str:
    """The gallery's page with its pictures."""
    if page.file.src_uri != "gallery.md" or not _made:
        return markdown
    return PLACE.sub(lambda match: "\n\n".join(map(shown, of(match[1]))), markdown)


def made(host: str, folder: Path) -> list[dict[str, str]]:
    """Make the pictures of a host: what the page says of each."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "shared"), str(ROOT)]),
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [sys.executable, str(ROOT / "gallery" / "make.py"), host, "--output", str(folder)]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if ran.returncode:
        raise PluginError(f"gallery/make.py {host} fails:\n{ran.stderr[-3000:]}")
    entries: list[dict[str, str]] = json.loads((folder / f"{host}.json").read_text("utf-8"))
    return entries


def of(module: str) -> list[dict[str, str]]:
    """The pictures of a module; an error where there is none."""
    found = [entry for entry in _made if entry["module"] == module]
    if not found:
        raise PluginError(f"docs/gallery.md: there is no picture of {module}")
    return found


def shown(entry: dict[str, str]) -> str:
    """A picture with its title, its sentence and its code."""
    title, text, file = entry["title"], entry["text"], entry["file"]
    if file.endswith(".html"):
        style = "width: 100%; height: 34rem; border: 0; color-scheme: light dark"
        seen = f'<iframe src="{file}" loading="lazy" title="{html.escape(title)}" style="{style}">'
        seen += "</iframe>"
    else:
        alt = re.sub(r"[`\[\]]", "", f"{title.rstrip('.')}. {text}")
        seen = f"![{alt}](gallery/{file}){{ loading=lazy }}"
    # The heading's anchor is the picture's name: titles of the two hosts are alike.
    anchor = file.rpartition(".")[0]
    code = f"```python\n{entry['code']}\n```"
    return (
        f"### {title} {{ #{anchor} }}\n\n{text}\n\n{seen}\n\n"
        f'<details markdown="1"><summary>Code</summary>\n\n{code}\n\n</details>'
    )
