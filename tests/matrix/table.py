"""The table of the probe matrix for the documentation: ``python -m matrix.table`` prints it."""

from matrix.problems import LAYOUTS, OUTPUTS

MARKS = ("<!-- matrix -->", "<!-- /matrix -->")
_CLASSES = ("logits", "probabilities", "one logit, class 0", "embeddings")


def table() -> str:
    """Markdown: a row for each kind of output, a column for each layout."""
    head = ["output", "read by", "mistakes", *(f"`{axes}`" for axes in LAYOUTS)]
    rows = [head, ["---"] * len(head)]
    for kind, output in OUTPUTS.items():
        options = ", ".join(
            f"`{name}`" if name in ("class_embeddings", "scale") else f"`{name}={value!r}`"
            for name, value in output.options.items()
        )
        mistakes = "✓" if kind in _CLASSES else ""
        rows.append([kind, options or "the defaults", mistakes, *["✓"] * len(LAYOUTS)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    print(table())
