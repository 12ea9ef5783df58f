"""The campaign of bad calls over the three packages."""

import pytest

from . import calls, captum, core, xplique

PACKAGES = {"core": core, "captum": captum, "xplique": xplique}
each = pytest.mark.parametrize(
    ("package", "case"),
    [
        pytest.param(package, case, id=f"{name}-{case}")
        for name, package in PACKAGES.items()
        for case in package.CASES
    ],
)


@each
def test_the_good_call_raises_nothing(package, case):
    case.function(**case.good())


@each
def test_bad_calls_are_refused_by_name(package, case):
    found = calls.faults(case, package.KINDS, package.RIGHT)
    assert not found, f"{len(found)} unclear:\n" + "\n".join(found)


@each
def test_numpy_scalars_raise_nothing(package, case):
    given = list(calls.with_numpy_scalars(case))
    # Keras compiles a graph for each call of `fit`: the narrow kinds alone.
    for arguments in given[-1:] if package is xplique and str(case) == "fit" else given:
        case.function(**arguments)


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
def test_there_are_many_calls(package):
    n_calls = (len(list(calls.bad_calls(case, package.KINDS))) for case in package.CASES)
    assert sum(n_calls) >= 200
