"""The packages of the core import only those above them, and no framework."""

import ast
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "shared" / "submod_core"

# Each package may import those before it.
LAYERS = [
    "backends",
    "regions",
    "engine",
    "search",
    "selection",
    "scores",
    "results",
    "methods",
    "sop",
    "metrics",
    "sea_nn",
    "theory",
    "figures",
    "dataset",
    "testing",
    "cli",
]
MODULES = sorted(CORE.rglob("*.py"))
FRAMEWORKS = {
    "torch",
    "tensorflow",
    "keras",
    "captum",
    "xplique",
    "captum_submod",
    "xplique_submod",
}


def imports(file):
    """Every module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_every_package_has_its_layer():
    assert {p.parent.name for p in CORE.glob("*/__init__.py")} == set(LAYERS)


@pytest.mark.parametrize("file", MODULES, ids=lambda f: str(f.relative_to(CORE)))
def test_no_package_imports_one_below_it(file):
    place = file.relative_to(CORE).parts
    if len(place) == 1:  # the top level gathers names; its private modules import no package
        allowed = set(LAYERS) if place[0] == "__init__.py" else set()
    else:
        allowed = set(LAYERS[: LAYERS.index(place[0]) + 1])
    for module in imports(file):
        first, *rest = module.split(".")
        if first == "submod_core" and rest and not rest[0].startswith("_"):
            assert rest[0] in allowed, f"imports {module}"


@pytest.mark.parametrize("file", MODULES, ids=lambda f: str(f.relative_to(CORE)))
def test_frameworks_are_imported_by_their_backend_alone(file):
    found = {module.split(".")[0] for module in imports(file)} & FRAMEWORKS
    own = {"_torch.py": {"torch"}, "_tensorflow.py": {"tensorflow"}}.get(file.name, set())
    assert found <= (own if file.parent.name == "backends" else set())


def test_modules_do_not_import_each_other_in_a_circle():
    names = {
        ".".join(("submod_core", *f.relative_to(CORE).with_suffix("").parts)): f for f in MODULES
    }
    graph = {name: {m for m in imports(f) if m in names} for name, f in names.items()}
    done: set[str] = set()

    def visit(name, path):
        assert name not in path, f"a circle: {[*path, name]}"
        if name not in done:
            for other in graph[name]:
                visit(other, [*path, name])
            done.add(name)

    for name in graph:
        visit(name, [])


def test_the_top_level_has_some_twenty_names():
    import submod_core

    assert 15 <= len(submod_core.__all__) <= 25
