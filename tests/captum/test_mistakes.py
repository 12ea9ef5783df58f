"""Mistakes: the regions that made the model err."""

import numpy as np
import pytest
import torch
from bad_options import refused
from networks import SmallNet, random_images, random_mask

from captum_submod import SMDL, LiMA, explain_mistakes
from captum_submod.visualization import plot_mistake

X, MASK, MODEL = random_images(0, 2), random_mask(0), SmallNet(0)
WRONG = ((MODEL(X).argmax(1) + 1) % 5).tolist()


@pytest.mark.parametrize(
    "method", [LiMA(MODEL), SMDL(MODEL), LiMA(MODEL, search="greedy")], ids=repr
)
def test_supports_and_causes_are_what_the_curves_say(method):
    found = explain_mistakes(method, X, WRONG, feature_mask=MASK, perturbations_per_eval=8)
    for i, mistake in enumerate(found):
        assert sorted([*mistake.supports, *mistake.causes]) == list(range(9))
        assert [*mistake.supports, *mistake.causes[::-1]] == mistake.explanation.order.tolist()
        assert mistake.predicted == int(MODEL(X[i : i + 1]).argmax())
        assert mistake.truth == WRONG[i]
        kept = torch.from_numpy(np.isin(mistake.explanation.regions, mistake.supports))
        alone = MODEL(torch.where(kept, X[i], 0.0)[None]).softmax(1)[0].detach()
        assert np.allclose(mistake.after, alone)
        assert mistake.confidence_after == pytest.approx(
            mistake.explanation.highest_confidence.value
        )
        assert mistake.confidence_after >= mistake.confidence_before - 1e-12
        assert mistake.corrected == (int(alone.argmax()) == WRONG[i])
        assert str(mistake.predicted) in repr(mistake)


def test_a_limit_on_the_area_is_kept():
    (mistake,) = explain_mistakes(LiMA(MODEL), X[:1], WRONG[:1], feature_mask=MASK, max_area=0.3)
    assert np.isin(mistake.explanation.regions, mistake.supports).mean() <= 0.3


def test_the_figure_names_the_classes():
    (mistake,) = explain_mistakes(LiMA(MODEL), X[:1], WRONG[:1], feature_mask=MASK)
    figure = plot_mistake(
        mistake, X[0], classes=["cat", "dog", "cow", "hen", "an animal of a very long name indeed"]
    )
    names = ["cat", "dog", "cow", "hen", "an animal of a very long…"]
    assert names[mistake.predicted] in figure.axes[0].get_title()
    assert any("the truth" in label.get_text() for label in figure.axes[2].get_yticklabels())


CASES = {
    "the class that the model predicts": (
        {"target": MODEL(X).argmax(1)},
        ValueError,
        "`target`.*no mistake",
    ),
    "no target": ({"target": None}, ValueError, "`target`"),
    "an area of nothing": ({"max_area": 0}, ValueError, "`max_area`"),
    "an area smaller than a region": ({"max_area": 0.001}, ValueError, "`max_area`"),
    "a method that is none": ({"method": "LiMA"}, TypeError, "`method`"),
    "a model in place of a method": ({"method": MODEL}, TypeError, "`method`"),
    "a target of features": ({"method": SMDL(MODEL, feature_target=True)}, ValueError, "`target`"),
    "an argument that there is not": ({"mask": MASK}, TypeError, "mask"),
    "no perturbations": ({"perturbations_per_eval": 0}, ValueError, "`perturbations_per_eval`"),
}


@refused(CASES)
def test_bad_input_is_refused_by_name(arguments, error, named):
    given = {"method": LiMA(MODEL), "inputs": X, "target": WRONG, "feature_mask": MASK}
    with pytest.raises(error, match=named):
        explain_mistakes(**(given | arguments))


def test_one_value_per_example_has_no_mistakes():
    value = LiMA(lambda x: x.flatten(1).sum(1, keepdim=True), regions=(2, 2))
    with pytest.raises(ValueError, match="`forward_func`"):
        explain_mistakes(value, X, 0)


def steps_model(x):
    """Classes (N, 3, 4) of three steps, for inputs (N, 12): the input itself."""
    return 9 * x.view(len(x), 3, 4)


@pytest.mark.parametrize("negative", [False, True])
def test_the_true_class_of_a_step_is_the_index_of_classes(negative):
    x = torch.zeros(2, 3, 4)
    x[:, :, 1] = 1.0  # class 1 at every step
    x[0, 2] = torch.tensor([0.0, 0.0, 0.0, 2.0])  # class 3 at the last one
    target = [(-1, -3), (-1, -3)] if negative else [(2, 1), (2, 1)]
    method = LiMA(steps_model, regions=torch.arange(12))
    (found,) = explain_mistakes(method, x.view(2, 12), target)
    assert (found.example, found.truth, found.predicted) == (0, 1, 3)
    assert found.confidence_before == pytest.approx(float(steps_model(x[:1])[0, 2].softmax(0)[1]))


def test_a_negative_index_of_the_predicted_class_is_no_mistake():
    x = torch.eye(3)
    with pytest.raises(ValueError, match="mistake"):
        explain_mistakes(LiMA(lambda x: 5 * x, regions=torch.arange(3)), x, [-3, -2, -1])
