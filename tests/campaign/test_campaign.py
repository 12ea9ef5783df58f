"""The campaign of bad calls over the three packages."""

import importlib
import pkgutil

import pytest

import captum_submod
import submod_core
import xplique_submod

from . import calls, captum, core, xplique
from .exceptions import EXCEPTIONS

PACKAGES = {"core": core, "captum": captum, "xplique": xplique}
each = pytest.mark.parametrize(
    ("package", "case"),
    [
        pytest.param(package, case, id=f"{name}-{case}")
        for name, package in PACKAGES.items()
        for case in package.CASES
    ],
)


@pytest.fixture(autouse=True)
def quickly(request):
    """Without TensorFlow's graphs, which nearly every call of a good or bad case would trace."""
    parameters = getattr(request.node, "callspec", None)
    if parameters is not None and parameters.params.get("package") is xplique:
        request.getfixturevalue("eagerly")


@each
def test_the_good_call_raises_nothing(package, case):
    case.function(**case.good())


@each
def test_bad_calls_are_refused_by_name(package, case):
    found = calls.faults(case, package.KINDS, package.RIGHT)
    assert not found, f"{len(found)} unclear:\n" + "\n".join(found)


@each
def test_numpy_scalars_raise_nothing(package, case):
    for arguments in calls.with_numpy_scalars(case):
        case.function(**arguments)


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
def test_there_are_many_calls(package):
    n_calls = (len(list(calls.bad_calls(case, package.KINDS))) for case in package.CASES)
    assert sum(n_calls) >= 200


def public_names():
    """Every name in `__all__` of every public module of the three packages, with its object."""
    for package in (submod_core, captum_submod, xplique_submod):
        prefix = f"{package.__name__}."
        found = [module.name for module in pkgutil.walk_packages(package.__path__, prefix)]
        for path in [package.__name__, *found]:
            if any(part.startswith("_") for part in path.split(".")):
                continue
            module = importlib.import_module(path)
            for name in getattr(module, "__all__", ()):
                yield path, name, getattr(module, name)


def test_every_public_name_is_called_badly_or_has_a_reason_not_to_be():
    functions = [case.function for package in PACKAGES.values() for case in package.CASES]
    called = {id(function) for function in functions}
    # Some functions are called by a wrapper of the tests, under their name.
    wrapped = {str(case).split()[0] for package in PACKAGES.values() for case in package.CASES}
    names = list(public_names())
    missing = {
        f"{path}.{name}"
        for path, name, value in names
        if id(value) not in called and name not in EXCEPTIONS and name not in wrapped
    }
    assert not missing
    known = {name for _, name, _ in names}
    covered = known - {name for _, name, value in names if id(value) not in called}
    assert not set(EXCEPTIONS) - known, "exceptions that are no names any more"
    assert not set(EXCEPTIONS) & covered, "exceptions that have cases"
