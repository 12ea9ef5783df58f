"""Sum-of-Parts under Captum: contributions sum to the prediction, the backbone stays as it was."""

import inspect

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, Saliency, visualization
from comparing import check_same_groups
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import Noisy, SmallNet, random_images, small_sop
from torch import nn

from captum_submod import SelfAttributing, SumOfParts, SumOfPartsAttribution, metrics
from submod_core.sop import GroupExplanation


@settings(max_examples=13)
@given(
    seed=st.integers(0, 10_000),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    groups=st.integers(1, 25),
    top=st.floats(0.01, 1),
    heads=st.integers(1, 3),
    features=st.sampled_from([1, 2, 3, 5, None]),
    continuous=st.booleans(),
    positions=st.sampled_from([0.0, 1.0]),
)
def test_contributions_sum_to_the_logits(
    seed, dtype, groups, top, heads, features, continuous, positions
):
    if features is None:
        features = np.random.default_rng(seed).integers(-1, 6, size=(12, 12))
    options = {
        "groups": groups,
        "heads": min(heads, groups),
        "continuous": continuous,
        "positions": positions,
    }
    sop, images = small_sop(seed, dtype, features=features, **options)
    with torch.no_grad():
        logits = sop(images, top=top).numpy()
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    for one, row in zip(sop.explain(images, top=top), logits, strict=True):
        scale = np.abs(one.contributions).sum(0).max()
        assert np.abs(one.contributions.sum(0) - row).max() <= tolerance * scale
        np.testing.assert_allclose(one.scores.sum(0), 1, atol=1e-5)
        assert one.groups.shape == (groups, one.regions.max() + 1)


@pytest.mark.parametrize("baseline", [0.0, 0.5])
def test_each_partial_is_the_backbones_answer_to_the_masked_input(baseline):
    sop, images = small_sop(baseline=baseline, features=np.arange(144).reshape(12, 12) // 20 - 1)
    backbone = SmallNet(0)
    for one, image in zip(sop.explain(images), images, strict=True):
        for group, partial in zip(one.groups, one.partials, strict=True):
            keep = torch.from_numpy(np.append(group, True)[one.regions])
            with torch.no_grad():
                wanted = backbone(torch.where(keep, image, baseline)[None])[0]
            np.testing.assert_allclose(partial, wanted, atol=1e-12)
        assert one.groups.sum(1).tolist() == [round(0.2 * 7)] * 6


@pytest.mark.parametrize("batch_size", [1, 4, 7, 1000])
def test_the_result_does_not_depend_on_the_batch(batch_size):
    sop, images = small_sop()
    wanted = sop(images).detach()
    other, _ = small_sop(batch_size=batch_size)
    np.testing.assert_allclose(other(images).detach(), wanted, atol=1e-12)
    one_by_one = torch.cat([other(image[None]) for image in images]).detach()
    np.testing.assert_allclose(one_by_one, wanted, atol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
def test_explanations_do_not_depend_on_the_batch(batch_size):
    (sop, images), (other, _) = small_sop(), small_sop(batch_size=batch_size)
    segments = torch.arange(144).reshape(12, 12) // torch.tensor([9, 16, 30])[:, None, None]
    for mask in (None, segments):
        check_same_groups(other.explain(images, mask), sop.explain(images, mask), atol=1e-12)
    with pytest.raises(ValueError, match="feature_mask"):
        other.explain(images, segments[:2])


def test_its_own_features_are_what_they_are_when_given_as_a_mask():
    features = np.random.default_rng(1).integers(-1, 6, size=(12, 12))
    sop, images = small_sop(features=features, positions=1.0)
    with torch.inference_mode():  # whatever it keeps here must not be in the way of training
        first = sop(images)
    given = torch.from_numpy(features)[None]
    np.testing.assert_allclose(sop(images, feature_mask=given).detach(), first, atol=1e-12)
    sop.training_loss(images, torch.tensor([0, 1, 2])).backward()
    other, _ = small_sop(features=np.ascontiguousarray(features.T), positions=1.0)
    other.load_state_dict(sop.state_dict())
    np.testing.assert_allclose(other(images).detach(), first, atol=1e-12)


def test_the_backbone_sees_no_more_than_a_batch_at_once():
    sop, images = small_sop(batch_size=4)
    sizes = []
    sop.backbone.model.register_forward_hook(
        lambda module, arguments, output: sizes.append(len(output))
    )
    sop.explain(images)
    assert max(sizes) <= 4
    assert sum(sizes) == 3 + 3 * 6, "one pass for the embeddings and one for each group"


@pytest.mark.parametrize(
    "options", [{}, {"blur": 3, "heads": 2}, {"finetune": True, "features": None}], ids=str
)
def test_what_is_saved_is_the_identical_function(options, tmp_path):
    options = {"features": 3} | options
    if options["features"] is None:
        options["features"] = np.arange(144).reshape(12, 12) % 7 - 1
    sop, images = small_sop(**options)
    with torch.no_grad():
        sop.query += 0.1 * torch.rand_like(sop.query)
    sop.save(tmp_path / "sop.safetensors")
    again = SumOfParts.load(tmp_path / "sop.safetensors", SmallNet(99), images[:1])
    assert torch.equal(again(images), sop(images))
    assert torch.equal(again.numerators, sop.numerators)
    assert again.settings == sop.settings


def test_features_may_differ_from_input_to_input():
    sop, images = small_sop()
    masks = torch.stack([torch.arange(144).reshape(12, 12) // size for size in (12, 24, 36)])
    together = sop(images, masks).detach()
    for image, mask, row in zip(images, masks, together, strict=True):
        np.testing.assert_allclose(sop(image[None], mask[None]).detach()[0], row, atol=1e-12)
    assert [one.groups.shape[1] for one in sop.explain(images, masks)] == [12, 6, 4]


class TokenNet(nn.Module):
    """The sum of embeddings, through a hidden layer; id 0 is the mask token."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.embedding = nn.Embedding(20, 6)
        self.embedding.weight.data = torch.randn(20, 6, generator=generator)
        self.head = nn.Linear(6, 3)

    def forward(self, ids):
        return self.head(torch.tanh(self.embedding(ids).sum(1)))


def test_tokens_with_padding_that_always_stays():
    ids = torch.tensor([[3, 4, 5, 6, 7, 8, 9, 10], [11, 12, 13, 14, 15, 15, 15, 15]])
    net = TokenNet()
    sop = SumOfParts(net, ids[:1], groups=4, top=0.5, blur=None)
    spans = torch.tensor([[0, 0, 1, 1, 2, 2, 3, 3], [0, 1, 2, 3, -1, -1, -1, -1]])
    first, second = sop.explain(ids, spans)
    assert first.groups.sum(1).tolist() == [2] * 4
    assert second.paint(0)[4:].tolist() == [0] * 4
    # Alone it is what it is beside an input of more features.
    alone = sop.explain(ids[1:], spans[1:])[0]
    assert alone.groups.tolist() == second.groups.tolist()
    np.testing.assert_allclose(alone.logits, second.logits, atol=1e-6)
    # A group's answer is that to its tokens and the padding; the mask token stands for the rest.
    for group, partial in zip(second.groups, second.partials, strict=True):
        kept = torch.from_numpy(np.append(group, True)[second.regions])
        wanted = net(torch.where(kept, ids[1], 0)[None])[0].detach()
        np.testing.assert_allclose(partial, wanted, atol=1e-5)
    blurred = SumOfParts(TokenNet(), ids[:1], groups=4, blur=3)
    assert blurred(ids).shape == (2, 3)


def test_vectors_with_an_encoder_of_their_own():
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3))
    encoder = nn.Sequential(nn.Unflatten(1, (6, 1)), nn.Linear(1, 4))
    sop = SumOfParts(backbone, torch.rand(1, 6), encoder=encoder, groups=3, top=0.5)
    x = torch.rand(2, 6)
    assert SumOfPartsAttribution(sop).attribute(x, target=[0, 2]).shape == (2, 6)
    with pytest.raises(ValueError, match="`encoder`"):
        SumOfParts(backbone, torch.rand(1, 6))


def test_a_backbone_may_return_its_hidden_states_itself():
    class Both(nn.Module):
        def forward(self, x):
            hidden = x.mean((2, 3))
            return hidden @ torch.ones(3, 2), hidden

    encoder = nn.Sequential(nn.AvgPool2d(6), nn.Flatten(2), nn.Linear(4, 4))
    options = {"features": 6, "encoder": encoder, "class_weights": torch.ones(2, 3)}
    assert SumOfParts(Both(), torch.rand(1, 3, 12, 12), **options).class_weights.shape == (2, 3)
    with pytest.raises(ValueError, match="`class_weights`"):
        SumOfParts(Both(), torch.rand(1, 3, 12, 12), **(options | {"class_weights": None}))


def test_one_by_one_convolutions_are_classifiers_too():
    torch.manual_seed(0)
    backbone = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 5, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    sop = SumOfParts(backbone, torch.rand(1, 3, 12, 12), features=4)
    assert sop.backbone.classifier == "2"
    assert sop.class_weights.shape == (5, 8)


def test_self_attributing_models_see_their_top_features_alone():
    model, images = SmallNet(0), random_images(0, n=3)
    method = Saliency(model)
    one = SelfAttributing(model, method, images[:1], features=3, top=0.25)
    predicted = model(images).argmax(1)
    maps = method.attribute(images.clone().requires_grad_(), target=predicted).sum(1)
    for explanation, scores, image, logits in zip(
        one.explain(images), maps, images, one(images), strict=True
    ):
        means = nn.functional.avg_pool2d(scores[None, None], 3).flatten()
        assert sorted(np.flatnonzero(explanation.groups[0])) == sorted(
            means.topk(4).indices.tolist()
        )
        keep = torch.from_numpy(explanation.groups[0][explanation.regions])
        np.testing.assert_allclose(
            model(torch.where(keep, image, 0.0)[None])[0].detach(), logits, atol=1e-12
        )
        np.testing.assert_allclose(explanation.contributions.sum(0), logits, atol=1e-12)
    everything = one(images, top=1.0)
    np.testing.assert_allclose(everything, model(images).detach(), atol=1e-12)
    np.testing.assert_allclose(one.without(images, top=1.0), model(images * 0).detach(), atol=1e-12)


def test_self_attributing_models_take_no_feature_that_an_input_lacks():
    model, images = SmallNet(0), random_images(0, n=2)
    masks = torch.stack([torch.arange(144).reshape(12, 12) // size for size in (12, 36)])
    one = SelfAttributing(
        model, lambda x, target: -1 - x.sum(1, keepdim=True), images[:1], features=3, top=0.5
    )
    assert [each.groups.sum() for each in one.explain(images, masks)] == [6, 2]


def test_self_attributing_vectors_and_label_maps():
    torch.manual_seed(0)
    model, x = nn.Linear(6, 3), torch.rand(2, 6)
    one = SelfAttributing(model, IntegratedGradients(model), x[:1], top=0.5)
    assert one.explain(x)[0].groups.sum() == 3
    wide = SelfAttributing(
        SmallNet(0), Saliency(SmallNet(0)), random_images(0), features=np.eye(12, dtype=int)
    )
    assert wide.explain(random_images(0))[0].groups.shape == (1, 2)


def test_attribution_is_complete_and_goes_into_captums_figures_and_our_metrics():
    sop, images = small_sop()
    targets = torch.tensor([0, 3, 1])
    explainer = SumOfPartsAttribution(sop)
    painted = explainer.attribute(images, target=targets)
    assert painted.shape == images.shape
    assert painted.dtype == images.dtype
    logits = sop(images).detach()
    for i, target in enumerate(targets.tolist()):
        assert painted[i, 0, ::3, ::3].sum() == pytest.approx(logits[i, target].item())
    figure, _ = visualization.visualize_image_attr(
        painted[0].permute(1, 2, 0).numpy(), sign="all", use_pyplot=False
    )
    assert figure.axes
    steps = [
        one.reveal_order(t) for one, t in zip(sop.explain(images), targets.tolist(), strict=True)
    ]
    model = SmallNet(0)
    areas = metrics.insertion(model, images, steps, target=targets)
    assert areas.shape == (3,)
    assert metrics.deletion(model, images, steps, target=targets).isfinite().all()
    assert explainer.get_name() == "Sum of Parts"
    assert not explainer.has_convergence_delta()


def test_metrics_of_models_that_sum_groups():
    sop, images = small_sop(dtype=torch.float32)
    full = sop(images, top=1.0).detach().softmax(-1)
    target = full.argmax(-1)
    rows = [
        sop(images, top=k / 10).detach().softmax(-1).gather(1, target[:, None])[:, 0]
        for k in range(1, 11)
    ]
    curve = torch.stack(rows).double() / full.gather(1, target[:, None])[:, 0]
    wanted = ((curve[1:] + curve[:-1]) / 2).mean(0)
    np.testing.assert_allclose(metrics.grown_insertion(sop, images), wanted, atol=1e-5)
    deleted = metrics.grown_deletion(
        sop, images, labels=torch.where(torch.arange(3) == 1, (target + 1) % 5, target)
    )
    assert deleted[1] == 1
    np.testing.assert_allclose(metrics.grown_deletion(sop, images)[[0, 2]], deleted[[0, 2]])
    np.testing.assert_allclose(metrics.errors_by_sparsity(sop, images, target, [1.0]), [0])
    errors = metrics.errors_by_sparsity(sop, images, target)
    assert errors.shape == (10,)
    assert errors[-1] == 0


def test_probing_reads_labels_off_masks_that_hold_them_and_no_others():
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=80)
    random = [explained(rng.random(64) < 0.3) for _ in labels]
    before = torch.random.get_rng_state()
    assert metrics.probing_accuracy(random, labels) < 0.8
    assert torch.equal(torch.random.get_rng_state(), before)


def explained(group, shape=(8, 8)):
    ones = np.ones((1, 1))
    return GroupExplanation(np.arange(64).reshape(shape), group[None], ones, ones, np.ones(1))


@pytest.mark.parametrize("probe", ["convolution", "linear", "transformer"])
@pytest.mark.parametrize("shape", [(8, 8), (64,)], ids=str)
def test_each_probe_reads_labels_off_masks_that_hold_them(probe, shape):
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=80)
    telling = [
        explained((np.arange(64) // 8 < 4) == (rng.random(64) < (0.95 if label else 0.05)), shape)
        for label in labels
    ]
    assert metrics.probing_accuracy(telling, labels, probe=probe, epochs=30) > 0.9


def test_a_transformer_probes_images_and_sequences_alone():
    volumes = [explained(np.ones(64, dtype=bool), (4, 4, 4))] * 2
    with pytest.raises(ValueError, match=r"`probe` \(='transformer'\) .* \(4, 4, 4\)"):
        metrics.probing_accuracy(volumes, [0, 1], probe="transformer")
    assert metrics.probing_accuracy(volumes, [0, 1], probe="linear", epochs=1) in (0.0, 1.0)


def test_arguments_are_attributes_and_the_repr_shows_those_that_differ():
    sop = SumOfParts(SmallNet(0), random_images(0), features=3, groups=6, beta=0.5)
    assert sop.extra_repr() == "features=3, groups=6, beta=0.5"
    single = SelfAttributing(SmallNet(0), torch.mul, random_images(0), features=3, top=0.5)
    assert single.extra_repr() == "mul, features=3, top=0.5"
    explainer = SumOfPartsAttribution(sop)
    assert repr(explainer) == "SumOfPartsAttribution(<SumOfParts>)"
    for made in (sop, single, explainer):
        names = set(inspect.signature(type(made).__init__).parameters) - {"self"}
        assert {name for name in names if not hasattr(made, name)} == set()
    with pytest.raises(AttributeError, match="`top`"):
        sop.top = 0.5


X = torch.zeros(1, 3, 12, 12)


def noisy_sop():
    return SumOfParts(Noisy(), X, features=3)


@pytest.mark.parametrize(
    ("call", "kind", "named"),
    [
        (lambda: SumOfParts(lambda x: x, X), TypeError, "backbone"),
        (lambda: SumOfParts(Noisy(), [1]), TypeError, "example_inputs"),
        (lambda: SumOfParts(Noisy(), X, features=3, batch_size=0), ValueError, "batch_size"),
        (lambda: SumOfParts(Noisy(), X, features=3, groups=0), ValueError, "groups"),
        (lambda: SumOfParts(Noisy(), X, features=-2), ValueError, "features"),
        (
            lambda: SumOfParts(Noisy(), X, features=np.eye(12, dtype=int), blur=3),
            ValueError,
            "blur",
        ),
        (
            lambda: SumOfParts(Noisy(), X, features=3, class_weights=torch.ones(4, 3)),
            ValueError,
            "class_weights",
        ),
        (lambda: SumOfParts(Noisy(), X, features=3, classifier="conv"), ValueError, "classifier"),
        (lambda: SumOfParts(nn.Flatten(), X, features=3), ValueError, "backbone"),
        (lambda: noisy_sop()(X, top=0), ValueError, "top"),
        (lambda: noisy_sop()(X[..., :6]), ValueError, "inputs"),
        (lambda: noisy_sop()(X, torch.zeros(2, 12, 12).long()), ValueError, "feature_mask"),
        (lambda: noisy_sop()(X, torch.zeros(1, 12, 12)), ValueError, "feature_mask"),
        (
            lambda: SumOfParts(Noisy(), X, features=3, blur=3)(X, X[:, 0].long()),
            ValueError,
            "feature_mask",
        ),
        (lambda: SelfAttributing(Noisy(), 3, X, features=3), TypeError, "attribution"),
        (
            lambda: SelfAttributing(Noisy(), Saliency(Noisy()), X, features=3, top=2),
            ValueError,
            "top",
        ),
        (lambda: noisy_sop().training_loss(X, torch.eye(3)[:1].long()), ValueError, "targets"),
        (lambda: noisy_sop().training_loss(X, torch.zeros(1, 7)), ValueError, "targets"),
        (lambda: SumOfPartsAttribution(Noisy()), TypeError, "forward_func"),
        (lambda: SumOfPartsAttribution(noisy_sop()).attribute(X), ValueError, "target"),
        (
            lambda: SumOfPartsAttribution(noisy_sop()).attribute(X[:0], target=0),
            ValueError,
            "inputs",
        ),
        (lambda: SumOfPartsAttribution(noisy_sop()).attribute(X, target=9), ValueError, "target"),
    ],
)
def test_bad_input_is_named(call, kind, named):
    with pytest.raises(kind, match=f"`{named}`"):
        call()
