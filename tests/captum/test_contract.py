"""Captum's conventions: inputs, baselines, targets, masks, arguments; nothing is changed."""

import numpy as np
import pytest
import torch
from captum.attr import visualization as captum_visualization
from networks import Remembering, SmallNet, random_images, random_mask
from torch import nn

from captum_submod import LiMA


@pytest.fixture
def model():
    return SmallNet(1)


def order_of(lima, *args, **kwargs):
    return [e.order.tolist() for e in lima.explain(*args, **kwargs)]


def test_a_tensor_gives_a_tensor_and_tuples_give_tuples(model):
    x, mask = random_images(0, 2), random_mask(0)
    lima = LiMA(model)
    plain = lima.attribute(x, target=0, feature_mask=mask)
    (in_tuple,) = lima.attribute((x,), target=0, feature_mask=(mask,))
    assert plain.shape == x.shape
    assert torch.equal(plain, in_tuple)
    assert isinstance(lima.explain((x,), target=0, feature_mask=(mask,))[0].regions, tuple)


def test_scores_are_painted_by_region_and_span_0_to_1(model):
    mask = random_mask(0)
    painted = LiMA(model).attribute(random_images(0), target=1, feature_mask=mask)[0]
    for region in mask.unique():
        assert painted[:, mask[0, 0] == region].unique().numel() == 1
    assert painted.min() == 0
    assert painted.max() == 1


@pytest.mark.parametrize(
    "target",
    [
        2,
        np.int64(2),
        (2,),
        torch.tensor(2),
        torch.tensor([2]),
        torch.tensor([2, 2]),
        [2, 2],
        [(2,), (2,)],
        np.array([2, 2]),
    ],
    ids=repr,
)
def test_every_kind_of_target(model, target):
    x, mask = random_images(0, 2), random_mask(0)
    assert order_of(LiMA(model), x, target=target, feature_mask=mask) == order_of(
        LiMA(model), x, target=[2, 2], feature_mask=mask
    )


def test_each_example_has_its_own_target(model):
    x, mask = random_images(0, 1), random_mask(0)
    one, two = order_of(LiMA(model), torch.cat([x, x]), target=[0, 3], feature_mask=mask)
    assert [one] == order_of(LiMA(model), x, target=0, feature_mask=mask)
    assert [two] == order_of(LiMA(model), x, target=3, feature_mask=mask)
    assert one != two


def test_a_negative_target_counts_from_the_end(model):
    x, mask = random_images(0), random_mask(0)
    assert order_of(LiMA(model), x, target=-1, feature_mask=mask) == order_of(
        LiMA(model), x, target=4, feature_mask=mask
    )


def test_tuple_targets_pick_a_place_and_softmax_runs_over_classes(model):
    def dense(x):
        logits = model(x)
        return torch.stack([logits.flip(1), logits], dim=2)

    x, mask = random_images(0), random_mask(0)
    # Of three axes the last one counts classes, unless `class_axis` says otherwise.
    by_axis = LiMA(dense, class_axis=1)
    last = LiMA(lambda x: dense(x).mT)
    expected = order_of(LiMA(model), x, target=3, feature_mask=mask)
    assert order_of(by_axis, x, target=(3, 1), feature_mask=mask) == expected
    assert order_of(last, x, target=(1, 3), feature_mask=mask) == expected


@pytest.mark.parametrize(
    "make", [lambda b: 0.25, lambda b: b[:1], lambda b: b, lambda b: b.float(), lambda b: (b,)]
)
def test_every_kind_of_baseline(model, make):
    baseline = torch.full((2, 3, 12, 12), 0.25, dtype=torch.float64)
    x, mask = random_images(0, 2), random_mask(0)
    expected = order_of(LiMA(model), x, baseline, 1, feature_mask=mask)
    given = make(baseline)
    assert order_of(LiMA(model), x, given, 1, feature_mask=mask) == expected
    assert expected != order_of(LiMA(model), x, None, 1, feature_mask=mask)


def test_feature_masks_per_example_broadcast_and_gaps(model):
    x = random_images(0, 2)
    masks = torch.cat([random_mask(0, 6), random_mask(1, 9) * 5 + 2])
    lima = LiMA(model)
    batch = lima.explain(x, target=1, feature_mask=masks)
    assert [len(e.order) for e in batch] == [6, 9]
    for i in range(2):
        (alone,) = lima.explain(
            x[i : i + 1], target=1, feature_mask=masks[i : i + 1].expand(1, 3, 12, 12)
        )
        assert alone.order.tolist() == batch[i].order.tolist()
        assert np.array_equal(alone.regions, batch[i].regions)


def test_masks_and_baselines_of_fewer_axes_broadcast(model):
    x, mask = random_images(0), random_mask(0)
    lima = LiMA(model)
    expected = order_of(lima, x, 0.25, target=1, feature_mask=mask)
    assert order_of(lima, x, torch.tensor(0.25), target=1, feature_mask=mask[0, 0]) == expected
    assert order_of(lima, x, target=1, feature_mask=torch.tensor(5)) == [[0]]


def test_boolean_inputs():
    x = torch.tensor([[True, False, True]])
    net = nn.Linear(3, 2)
    painted = LiMA(lambda x: net(x.float())).attribute(x, baselines=False, target=0)
    assert painted.shape == (1, 3)
    assert painted.dtype == torch.float32


def test_ids_are_shared_across_a_tuple_of_inputs():
    weights = torch.tensor([[3.0, 0.0, -1.0], [0.0, 2.0, 1.0]])

    def forward(a, b):
        return (torch.cat([a, b], 1) @ weights.T.repeat(2, 1)) * 2

    a, b = torch.rand(2, 3), torch.rand(2, 3)
    mask = (torch.tensor([[0, 7, 7]]), torch.tensor([[7, 0, 99]]))
    first, second = LiMA(forward).attribute((a, b), target=0, feature_mask=mask)
    assert torch.equal(first[:, 0], second[:, 1])
    assert torch.equal(first[:, 1], second[:, 0])
    (explanation, _) = LiMA(forward).explain((a, b), target=0, feature_mask=mask)
    assert len(explanation.order) == 3
    assert explanation.curves.area[-1] == 1


def test_further_arguments(model):
    def forward(x, per_example, scalar, number, nothing):
        assert nothing is None
        assert scalar.dim() == 0
        return model(x) * per_example[:, None] * scalar * number

    x, mask = random_images(0, 2), random_mask(0)
    further = (torch.tensor([1.0, 2.0]), torch.tensor(3.0), 0.5, None)
    batch = order_of(LiMA(forward), x, target=1, additional_forward_args=further, feature_mask=mask)
    for i in range(2):
        own = (further[0][i : i + 1], *further[1:])
        assert order_of(
            LiMA(forward), x[i : i + 1], target=1, additional_forward_args=own, feature_mask=mask
        ) == [batch[i]]


def test_a_bare_number_is_one_argument(model):
    x, mask = random_images(0), random_mask(0)
    assert order_of(
        LiMA(lambda x, k: model(x) * k), x, target=1, additional_forward_args=1, feature_mask=mask
    ) == order_of(LiMA(model), x, target=1, feature_mask=mask)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_results_keep_the_dtype(dtype):
    x = torch.rand(1, 6).to(dtype)
    net = nn.Linear(6, 3).to(dtype)
    assert LiMA(net).attribute(x, target=1).dtype == dtype


def test_integer_inputs_give_floating_scores():
    embedding = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(20, 3))
    tokens = torch.tensor([[1, 2, 3, 4, 5]])
    assert LiMA(embedding).attribute(tokens, baselines=8, target=1).dtype == torch.float32


def test_a_model_under_autocast(model):
    net, x = SmallNet(1, torch.float32), random_images(0, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        painted = LiMA(net).attribute(x, target=1, feature_mask=random_mask(0))
    assert painted.dtype == torch.float32
    assert painted.isfinite().all()


@pytest.mark.parametrize("finite", [True, False])
@pytest.mark.parametrize(
    "baselines", [0.5, torch.linspace(0, 1, 3).reshape(1, 3, 1, 1), random_images(7)]
)
def test_masked_inputs_keep_the_memory_format(baselines, finite):
    net, x, shown = SmallNet(1), random_images(0), {}
    x[0, 0, 0, 0] = 0.5 if finite else float("inf")
    per_channel = torch.cat([random_mask(seed) for seed in (1, 1, 2)], dim=1)
    formats = (torch.contiguous_format, torch.channels_last)
    for format_ in formats:
        seen = shown[format_] = []

        def forward(masked, seen=seen):
            seen.append(masked)
            return net(masked.nan_to_num(posinf=1))

        options = {"target": 1, "baselines": baselines, "perturbations_per_eval": 8}
        for mask in (random_mask(0), per_channel):
            LiMA(forward).attribute(x.to(memory_format=format_), feature_mask=mask, **options)
    assert all(
        masked.is_contiguous(memory_format=torch.channels_last)
        for masked in shown[torch.channels_last]
    )
    assert len(shown[formats[0]]) == len(shown[formats[1]])
    assert all(torch.equal(*pair) for pair in zip(*shown.values(), strict=True))


def test_nan_outside_of_the_kept_regions_does_not_leak():
    x = torch.tensor([[1.0, float("nan"), 2.0]])

    def forward(x):
        assert x.shape[1] == 3
        return torch.stack([x.nan_to_num(5.0).sum(1), x.nan_to_num(5.0).prod(1)], 1)

    seen = []
    LiMA(lambda x: (seen.append(x), forward(x))[1]).attribute(x, target=0, perturbations_per_eval=8)
    rows = torch.cat(seen)
    assert rows[:, 1].isnan().any()
    assert (rows[~rows[:, 1].isnan(), 1] == 0).all()


def test_the_progress_bar_counts_images(model, capsys):
    (found,) = LiMA(model).explain(
        random_images(0), target=1, feature_mask=random_mask(0), show_progress=True
    )
    shown = capsys.readouterr().err
    assert "LiMA attribution" in shown
    assert f"{found.model_inputs}/{found.model_inputs}" in shown


class WithDropout(nn.Module):
    def __init__(self, fails=False):
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(), nn.BatchNorm1d(432), nn.Dropout(0.5), nn.Linear(432, 5)
        ).double()
        self.fails, self.calls = fails, 0

    def forward(self, x):
        self.calls += 1
        if self.fails and self.calls > 2:
            raise RuntimeError("broken in the middle")
        return self.body(x)


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_left_as_it_was_also_when_it_raises(fails):
    net = WithDropout(fails)
    net.body[2].eval()
    net.body[3].weight.requires_grad_(False)
    state = {name: value.clone() for name, value in net.state_dict().items()}
    flags = [m.training for m in net.modules()]
    lima = LiMA(net, features=net.body[1], regions=(2, 2))
    if fails:
        with pytest.raises(RuntimeError, match="broken in the middle"):
            lima.attribute(random_images(0), target=1)
    else:
        first, second = (lima.attribute(random_images(0), target=1) for _ in range(2))
        assert torch.equal(first, second), "dropout must not run"
    assert [m.training for m in net.modules()] == flags
    assert all(torch.equal(state[name], value) for name, value in net.state_dict().items())
    assert [p.requires_grad for p in net.parameters()] == [True, True, False, True]
    assert all(p.grad is None for p in net.parameters())
    assert not any(m._forward_hooks for m in net.modules())


def test_the_model_may_make_gradients_and_can_be_trained_afterwards():
    model, images = Remembering(1), random_images(1)

    def sensitivity(x):
        with torch.enable_grad():
            return torch.autograd.grad(model(x.requires_grad_()).sum(), x)[0].flatten(1).norm(dim=1)

    LiMA(sensitivity, weights={"consistency": 1}).attribute(images, feature_mask=random_mask(1))
    model(images).sum().backward()
    assert model.head.weight.grad.abs().sum() > 0


def test_inputs_are_left_as_they_were(model):
    x = random_images(0).requires_grad_()
    before = x.detach().clone()
    painted = LiMA(model).attribute(x, target=1, feature_mask=random_mask(0))
    assert torch.equal(x, before)
    assert x.requires_grad
    assert x.grad is None
    assert not painted.requires_grad


def test_out_of_memory_in_torch_halves_the_batch(model):
    def forward(x):
        if len(x) > 5:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
        return model(x)

    x, mask = random_images(0), random_mask(0)
    with pytest.warns(RuntimeWarning, match="batches of 4"):
        found = order_of(LiMA(forward), x, target=1, feature_mask=mask, perturbations_per_eval=16)
    assert found == order_of(LiMA(model), x, target=1, feature_mask=mask)


def test_captums_visualisation_takes_the_attribution(model):
    x = random_images(0)
    painted = LiMA(model).attribute(x, target=1, feature_mask=random_mask(0))
    figure, _ = captum_visualization.visualize_image_attr(
        painted[0].permute(1, 2, 0).numpy(),
        x[0].permute(1, 2, 0).numpy(),
        method="blended_heat_map",
        sign="positive",
        use_pyplot=False,
    )
    assert len(figure.axes) >= 1


@pytest.mark.parametrize("per_eval", [2, 8])
def test_outputs_that_follow_the_batch_are_refused(per_eval):
    texts = torch.rand(1, 4)
    with pytest.raises(ValueError, match="number must not follow the batch"):
        LiMA(lambda x, texts: x @ texts.T, activation=None).attribute(
            torch.rand(1, 4),
            target=0,
            additional_forward_args=(texts,),
            perturbations_per_eval=per_eval,
        )


def test_baselines_of_a_name_and_functions_see_float64_and_whole_numbers_exactly():
    series = 1.7e9 + torch.rand(1, 1, 6, dtype=torch.float64)
    model = lambda x: torch.stack([x[:, 0].sum(1) - 6 * 1.7e9, 0 * x[:, 0, 0]], 1)  # noqa: E731
    named, given = (
        LiMA(model, layout="NCT").explain(
            series, baseline, target=0, feature_mask=torch.arange(6)[None, None]
        )
        for baseline in ("minimum", series.amin(2, keepdim=True))
    )
    assert named[0].curves.insertion.tolist() == given[0].curves.insertion.tolist()
    seen = []

    def regions(example):
        seen.append(int(example[0, 0]))
        return np.arange(4)

    LiMA(lambda x: x.double().flatten(1), regions=regions, layout="NTC").attribute(
        torch.full((1, 4, 1), 16777217), target=0
    )
    assert seen[0] == 16777217
