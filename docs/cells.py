"""Runner of tutorials' code blocks, each page in a process and a folder of its own.

    python docs/cells.py IMPORTED,… PROCESSES FOLDER PAGE.md…

The blocks run from top to bottom as the cells of a notebook do. The value of a block's last
expression is shown: a figure as a picture, an object with `_repr_html_` as HTML, all else by its
`repr`. A page of HTML that the block writes is shown as well, unless it is large. The
last comment with a line of its own describes the picture. FOLDER gets a file of each page's
outputs, PAGE.json, and a folder PAGE in which it runs. The pages' processes are forks of one that
has imported the modules IMPORTED, which takes longer than many a page.
"""

import ast
import base64
import contextlib
import importlib
import io
import json
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any

LARGEST = 500_000  # bytes
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def run(source: str, names: dict[str, Any]) -> tuple[str, Any]:
    """Output of a block, and the value of its last expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    return printed.getvalue(), value


def shown(value: Any) -> dict[str, str]:
    """A value as an entry of the output."""
    if hasattr(value, "savefig"):
        file = io.BytesIO()
        value.savefig(file, format="png", dpi=80)
        return {"png": base64.b64encode(file.getvalue()).decode()}
    if hasattr(value, "_repr_html_"):
        return {"html": value._repr_html_()}
    return {"text": repr(value)}


def description(source: str) -> str:
    """The last comment of a block that has a line of its own."""
    comments = [line[2:] for line in source.splitlines() if line.startswith("# ")]
    return comments[-1] if comments else "Figure that the code above draws"


def written(before: set[Path]) -> list[dict[str, str]]:
    """Pages of HTML in the folder that were not there before."""
    new = sorted(set(Path().glob("*.html")) - before)
    return [{"html": file.read_text("utf-8")} for file in new if file.stat().st_size < LARGEST]


def run_page(page: Path, folder: Path) -> None:
    """Run the blocks of a page and write their outputs."""
    empty = folder / page.stem
    empty.mkdir()
    os.chdir(empty)
    names: dict[str, Any] = {"__name__": "__main__"}
    found = []
    for source in BLOCK.findall(page.read_text(encoding="utf-8")):
        before = set(Path().glob("*.html"))
        printed, value = run(source, names)
        outputs = [{"text": printed.rstrip()}] if printed.strip() else []
        if value is not None:
            outputs.append(shown(value))
        outputs = [one | {"alt": description(source)} for one in outputs + written(before)]
        found.append({"source": source.rstrip("\n"), "outputs": outputs})
    (folder / f"{page.stem}.json").write_text(json.dumps(found), encoding="utf-8")


def forked(page: Path, folder: Path) -> int:
    """Run a page in a fork of this process; the fork's id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        run_page(page, folder)
        status = 0
    except BaseException:
        traceback.print_exc()
        print(f"{page.name} does not run", file=sys.stderr)
    finally:
        # Without the parent's clean-up, which is the parent's.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main(imported: str, processes: str, folder: str, *pages: str) -> None:
    """Run pages, so many at a time; SystemExit where one does not run."""
    for name in filter(None, imported.split(",")):
        importlib.import_module(name)
    running, failed = 0, False
    for page in pages:
        if running == int(processes):
            failed |= os.wait()[1] != 0
            running -= 1
        forked(Path(page), Path(folder))
        running += 1
    for _ in range(running):
        failed |= os.wait()[1] != 0
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
