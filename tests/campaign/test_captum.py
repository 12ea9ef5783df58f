"""The campaign of bad calls over `captum_submod`."""

import pytest

from . import calls, captum_methods, captum_metrics, captum_sop
from .captum_kinds import KINDS

CASES = [*captum_methods.CASES, *captum_sop.CASES, *captum_metrics.CASES]
TRAINING = "in training a loss shows NaN, which `fit` refuses; `explain` refuses it itself"
RIGHT = {
    "SMDL(regions: too many)": "without a prior the patches are the regions",
    "SumOfParts.parts(inputs: nan)": TRAINING,
    "SumOfParts.parts(inputs: infinity)": TRAINING,
    "SumOfParts.training_loss(inputs: nan)": TRAINING,
    "SumOfParts.training_loss(inputs: infinity)": TRAINING,
    "SumOfParts.forward(inputs: empty)": "no logits of no inputs, as of any module",
    "SumOfParts.without(inputs: empty)": "no logits of no inputs",
    "SumOfParts.parts(inputs: empty)": "no parts of no inputs",
    "SumOfParts.explain(inputs: empty)": "no explanations of no inputs",
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_good_call_is_good(case):
    case.function(**case.good())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_calls_are_refused_by_name(case):
    found = calls.faults(case, KINDS, RIGHT)
    assert not found, f"{len(found)} unclear:\n" + "\n".join(found)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_numpy_scalars_are_numbers(case):
    for arguments in calls.with_numpy_scalars(case):
        case.function(**arguments)


def test_there_are_many_calls():
    assert sum(len(list(calls.bad_calls(case, KINDS))) for case in CASES) >= 200
