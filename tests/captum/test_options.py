"""Options of the constructor: regions, activations, features, embeddings, budgets, searches."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from networks import SmallNet, random_images, random_mask
from torch import nn

from captum_submod import SMDL, LiMA, grid
from submod_core.search import Greedy, Guided, Search


@pytest.fixture
def model():
    return SmallNet(1)


@pytest.mark.parametrize(
    "shape", [(2, 6), (2, 4, 3), (2, 1, 2, 2, 2)], ids=["tabular", "embeddings", "volumes"]
)
def test_other_inputs_get_one_region_per_element(shape):
    head = nn.Linear(int(np.prod(shape[1:])), 3)
    method = LiMA(nn.Sequential(nn.Flatten(), head))
    x = torch.rand(shape)
    assert method.attribute(x, target=1).shape == shape
    assert len(method.explain(x, target=1)[0].order) == x[0].numel()


def test_very_many_regions_come_with_a_warning():
    x = torch.rand(1, 40, 30)
    net = nn.Sequential(nn.Flatten(), nn.Linear(1200, 3))
    with pytest.warns(UserWarning, match="1200 of them"):
        LiMA(net, search="singletons", weights={"consistency": 1}).explain(
            x, target=1, perturbations_per_eval=512
        )


@pytest.mark.parametrize(
    "regions",
    [
        (3, 4),
        grid((12, 12), (3, 4)),
        torch.from_numpy(grid((12, 12), (3, 4))),
        lambda image: grid(image.shape[:2], (3, 4)),
    ],
    ids=["grid", "array", "tensor", "callable"],
)
def test_every_kind_of_division(model, regions):
    mask = torch.from_numpy(grid((12, 12), (3, 4)))[None, None]
    (expected,) = LiMA(model).explain(random_images(0), target=1, feature_mask=mask)
    (found,) = LiMA(model, regions=regions).explain(random_images(0), target=1)
    assert found.order.tolist() == expected.order.tolist()


def test_images_get_superpixels(model):
    (explanation,) = LiMA(model, regions=9).explain(random_images(0), target=1)
    assert explanation.regions.shape == (12, 12)
    assert 4 <= len(explanation.order) <= 16


def test_single_outputs_are_the_consistency_themselves():
    x, score = torch.rand(2, 5), nn.Linear(5, 1)
    with pytest.warns(UserWarning, match="confidence and effectiveness, .* are left out") as caught:
        found = LiMA(score).explain(x)
    assert len(caught) == 1
    assert np.allclose([e.curves.insertion[-1] for e in found], score(x).detach().flatten())
    assert found[0].curves.confidence is None
    with pytest.warns(UserWarning, match="left out"):
        flat = LiMA(lambda x: score(x)[:, 0]).explain(x)
    assert flat[1].order.tolist() == found[1].order.tolist()


def test_identity_and_callable_activations(model):
    x, mask = random_images(0), random_mask(0)
    expected = LiMA(model).explain(x, target=1, feature_mask=mask)[0]
    probabilities = LiMA(lambda x: model(x).softmax(1), activation="identity", features=model)
    own = LiMA(model, activation=lambda logits: logits.softmax(1))
    for method in (probabilities, own):
        found = method.explain(x, target=1, feature_mask=mask)[0]
        assert found.order.tolist() == expected.order.tolist()
        assert np.allclose(found.curves.objective, expected.curves.objective)


def test_one_sigmoid_output_is_a_choice_of_two_classes(model):
    def two_classes(x):
        logit = model(x)[:, :1]
        return torch.cat([torch.zeros_like(logit), logit], 1)

    x, mask = random_images(0), random_mask(0)
    weights = {"consistency": 20, "collaboration": 5, "confidence": 0.05}
    binary = LiMA(lambda x: model(x)[:, 0], activation="sigmoid", weights=weights)
    softmax = LiMA(two_classes, weights=weights)
    (a,), (b,) = (
        binary.explain(x, feature_mask=mask),
        softmax.explain(x, target=1, feature_mask=mask),
    )
    assert a.order.tolist() == b.order.tolist()
    assert np.allclose(a.curves.objective, b.curves.objective)
    assert np.allclose(a.curves.confidence, b.curves.confidence)


def test_sigmoid_of_several_labels_is_the_mean_certainty(model):
    x, mask = random_images(0), random_mask(0)
    (found,) = LiMA(model, activation="sigmoid").explain(x, target=2, feature_mask=mask)
    p = model(x)[0].detach().sigmoid().numpy()
    assert found.curves.insertion[-1] == pytest.approx(p[2])
    certainty = 1 + (p * np.log(p) + (1 - p) * np.log(1 - p)).mean() / np.log(2)
    assert found.curves.confidence[-1] == pytest.approx(certainty)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_probabilities_of_0_are_certain(model, activation):
    (found,) = LiMA(lambda x: 1e5 * model(x), activation=activation).explain(
        random_images(0), target=1, feature_mask=random_mask(0)
    )
    assert found.curves.confidence == pytest.approx(1)


@dataclass(frozen=True)
class Trained(Search):
    """Greedy, behind a step of gradient descent."""

    def steps(self, order):
        slopes = torch.zeros(order.n, requires_grad=True)
        subsets = np.eye(order.n, dtype=bool)
        values = yield from order.ask(subsets)
        predicted = torch.from_numpy(subsets).float() @ slopes
        ((predicted - torch.from_numpy(values).float()) ** 2).sum().backward()
        if slopes.grad.any():
            yield from Greedy().steps(order)


def test_a_search_may_train_a_torch_model(model):
    x, mask = random_images(0), random_mask(0)
    found, expected = (
        LiMA(model, search=s).explain(x, target=1, feature_mask=mask)[0]
        for s in (Trained(), "greedy")
    )
    assert found.order.tolist() == expected.order.tolist()


def test_features_from_a_layer_a_function_or_another_network(model):
    x, mask = random_images(0), random_mask(0)
    weights = {"consistency": 1, "effectiveness": 1}

    def hidden(x):
        return torch.tanh(model.conv(x)).mean((2, 3))

    def layer_output(x):
        return model.conv(x).mean((2, 3))

    by_layer = LiMA(model, features=model.conv, weights=weights).explain(
        x, target=1, feature_mask=mask
    )[0]
    by_function = LiMA(model, features=layer_output, weights=weights).explain(
        x, target=1, feature_mask=mask
    )[0]
    other = LiMA(model, features=hidden, weights=weights).explain(x, target=1, feature_mask=mask)[0]
    wrapped = LiMA(lambda x: model(x), features=model.conv, weights=weights).explain(
        x, target=1, feature_mask=mask
    )[0]
    assert np.allclose(by_layer.curves.effectiveness, by_function.curves.effectiveness)
    assert np.allclose(by_layer.curves.effectiveness, wrapped.curves.effectiveness)
    assert not np.allclose(by_layer.curves.effectiveness, other.curves.effectiveness)
    network = LiMA(model, features=SmallNet(9), weights=weights).explain(
        x, target=1, feature_mask=mask
    )[0]
    assert not np.allclose(by_layer.curves.effectiveness, network.curves.effectiveness)
    assert not model.conv._forward_hooks


@pytest.mark.slow
@pytest.mark.parametrize("layer", [False, True], ids=["outputs", "layer"])
def test_a_compiled_model_is_explained_as_the_model_itself(model, layer):
    x, mask, features = random_images(0), random_mask(0), model.conv if layer else None
    (expected,) = LiMA(model, features=features).explain(x, target=1, feature_mask=mask)
    compiled = torch.compile(model, backend="eager")
    compiled(x)  # compiled without the hook that reads a layer
    (found,) = LiMA(compiled, features=features).explain(x, target=1, feature_mask=mask)
    assert found.order.tolist() == expected.order.tolist()
    assert np.allclose(found.curves.effectiveness, expected.curves.effectiveness)


def test_angular_distance_changes_effectiveness_alone(model):
    x, mask = random_images(0), random_mask(0)
    weights = {"effectiveness": 1}
    cosine, angular = (
        LiMA(model, distance=d, weights=weights).explain(x, target=1, feature_mask=mask)[0]
        for d in ("cosine", "angular")
    )
    assert (angular.curves.effectiveness <= len(angular.order)).all()
    assert not np.allclose(cosine.curves.effectiveness, angular.curves.effectiveness)


def test_class_embeddings_make_a_clip_style_target(model):
    x, mask = random_images(0), random_mask(0)
    text = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    (found,) = LiMA(model, class_embeddings=text, scale=10.0).explain(
        x, target=4, feature_mask=mask
    )
    cosines = torch.nn.functional.cosine_similarity(model(x), text)
    assert found.curves.insertion[-1] == pytest.approx(float((10 * cosines).softmax(0)[4].detach()))
    assert found.curves.confidence is not None


def test_a_single_embedding_is_scored_by_the_plain_cosine(model):
    x, mask = random_images(0), random_mask(0)
    text = torch.randn(1, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with pytest.warns(UserWarning, match="left out"):
        (found,) = LiMA(model, class_embeddings=text).explain(x, feature_mask=mask)
    assert found.curves.insertion[-1] == pytest.approx(
        float(torch.nn.functional.cosine_similarity(model(x), text).detach())
    )


def test_an_evaluation_budget(model):
    x, mask = random_images(0), random_mask(0)
    with pytest.warns(UserWarning, match="budget ended the search with [0-9] of 9 regions placed"):
        (found,) = LiMA(model, max_evaluations=20).explain(x, target=1, feature_mask=mask)
    assert found.evaluations <= 20
    assert sorted(found.order) == list(range(9))
    assert found.searched.any()
    assert not found.searched.all()


@dataclass(frozen=True)
class Backwards(Search):
    """The elements from the last to the first."""

    def steps(self, order):
        for element in order.candidates[::-1]:
            yield np.zeros((1, order.n), bool)
            order.admit(element, np.nan)


def test_own_searches_can_be_given(model):
    found = LiMA(model, search=Backwards()).explain(
        random_images(0), target=1, feature_mask=random_mask(0)
    )
    assert found[0].order.tolist() == list(range(8, -1, -1))


@pytest.mark.parametrize("weights", [{"consistency": 1}, {"collaboration": 2, "effectiveness": 1}])
def test_guided_costs_the_same_in_every_spelling(model, weights):
    x, mask = random_images(0), random_mask(0)
    named, made, blind = (
        LiMA(model, search=search, weights=weights).explain(x, target=1, feature_mask=mask)[0]
        for search in ("guided", Guided(), Guided(complement_weight=0))
    )
    assert named.order.tolist() == made.order.tolist() == blind.order.tolist()
    assert named.model_inputs == made.model_inputs == blind.model_inputs


def test_arguments_are_attributes_and_repr_shows_what_differs(model):
    lima = LiMA(
        model, regions=(2, 3), search=Guided(window=0.5), weights={"consistency": 1}, scale=2.0
    )
    assert (lima.regions, lima.search, lima.scale) == ((2, 3), Guided(window=0.5), 2.0)
    assert lima.weights == {"consistency": 1}
    assert lima.activation == "softmax"
    assert repr(lima) == (
        "LiMA(<SmallNet>, regions=(2, 3), search=Guided(admitted=0.04, window=0.5, polish=6, "
        "complement_weight=None, ahead=0, front=None), weights={'consistency': 1}, scale=2.0)"
    )
    assert repr(LiMA(model)) == "LiMA(<SmallNet>)"
    assert repr(SMDL(model, k=3)) == "SMDL(<SmallNet>, k=3)"


def test_an_attribute_that_is_changed_takes_effect(model):
    x, mask = random_images(0), random_mask(0)
    lima = LiMA(model)
    lima.search, lima.weights = "greedy", {"consistency": 1}
    (found,) = lima.explain(x, target=1, feature_mask=mask)
    expected = LiMA(model, search="greedy", weights={"consistency": 1})
    assert found.evaluations == expected.explain(x, target=1, feature_mask=mask)[0].evaluations
    lima.search = "fastest"
    with pytest.raises(ValueError, match="`search`"):
        lima.explain(x, target=1, feature_mask=mask)


@pytest.mark.filterwarnings("ignore:the model's outputs are probabilities:UserWarning")
@pytest.mark.parametrize("method", [LiMA, SMDL])
def test_a_model_that_ends_in_a_softmax_is_not_softmaxed_twice(model, method):
    x, mask = random_images(0, 2), random_mask(0)
    weights = {"consistency": 1, "collaboration": 1}

    def explained(forward_func):
        return method(forward_func, weights=weights).explain(x, target=[1, 3], feature_mask=mask)

    expected = explained(model)
    for ending in (nn.Softmax(1), lambda y: y.softmax(1)):
        for one, other in zip(explained(lambda x: ending(model(x))), expected, strict=True):  # noqa: B023
            assert one.order.tolist() == other.order.tolist()
            np.testing.assert_allclose(one.curves.insertion, other.curves.insertion, atol=1e-6)
    # Half precision moves near-ties, not the score of the whole image.
    for one, other in zip(explained(lambda x: model(x).half().softmax(1)), expected, strict=True):
        assert one.curves.insertion[-1] == pytest.approx(other.curves.insertion[-1], abs=2e-3)


def test_a_model_that_ends_in_a_softmax_is_noticed_once_a_call(model):
    with pytest.warns(UserWarning, match="probabilities already") as noticed:
        LiMA(lambda x: model(x).softmax(1), regions=(3, 3)).attribute(random_images(0), target=1)
    assert len(noticed) == 1
