"""Runner of a tutorial's code blocks in a process of their own.

    python docs/cells.py PAGE.md OUTPUT.json

The blocks run from top to bottom as the cells of a notebook do. The value of a block's last
expression is shown: a figure as a picture, an object with `_repr_html_` as HTML, all else by its
`repr`. A page of HTML that the block writes is shown as well, unless it is large. The
last comment with a line of its own describes the picture. OUTPUT.json has each block's outputs.
"""

import ast
import base64
import contextlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

LARGEST = 500_000  # bytes
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def run(source: str, names: dict[str, Any]) -> tuple[str, Any]:
    """What a block prints, and the value of its last expression."""
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


def main(page: str, output: str) -> None:
    """Run the blocks of a page and write their outputs."""
    names: dict[str, Any] = {"__name__": "__main__"}
    found = []
    for source in BLOCK.findall(Path(page).read_text(encoding="utf-8")):
        before = set(Path().glob("*.html"))
        printed, value = run(source, names)
        outputs = [{"text": printed.rstrip()}] if printed.strip() else []
        if value is not None:
            outputs.append(shown(value))
        outputs = [one | {"alt": description(source)} for one in outputs + written(before)]
        found.append({"source": source.rstrip("\n"), "outputs": outputs})
    Path(output).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
