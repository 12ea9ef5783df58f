import numpy as np
import pytest
import reference
import torch
from networks import SmallNet, random_images, random_mask

from captum_submod import LiMA, metrics
from captum_submod.metrics import (
    aupc,
    deletion,
    faithfulness_curves,
    highest_confidence,
    human_agreement,
    insertion,
    mu_fidelity,
    perturbation_curves,
    pointing_game,
    robustness,
    sparsity,
    strong_interactions,
)
from submod_core.regions import BASELINES


@pytest.mark.parametrize("steps", [1, 7, 50, 144, 1000])
def test_pixelwise_curves_equal_the_slow_ones(steps):
    model, x, baseline = SmallNet(2), random_images(0, 2), 0.3 * random_images(7, 2)
    attributions = random_images(3, 2) - 0.5
    found = faithfulness_curves(model, x, attributions, baseline, target=[1, 4], steps=steps)
    for i, curves in enumerate(found):
        for insert in (True, False):
            saliency = attributions[i].sum(0)
            area, slow = reference.pixelwise_curve(
                model, x[i], baseline[i], saliency, [1, 4][i], min(steps, 144), insert
            )
            assert np.allclose(curves.area, area)
            assert np.allclose(curves.insertion if insert else curves.deletion, slow)
    values = insertion(model, x, attributions, baseline, target=[1, 4], steps=steps)
    assert values.tolist() == [curves.insertion_auc for curves in found]
    values = deletion(model, x, attributions, baseline, target=[1, 4], steps=steps)
    assert values.tolist() == [curves.deletion_auc for curves in found]


def test_regionwise_curves_of_lima_are_those_of_its_explanation():
    model, x, mask = SmallNet(2), random_images(0, 2), random_mask(0)
    lima = LiMA(model)
    explained = lima.explain(x, target=1, feature_mask=mask)
    ranks = torch.stack([torch.from_numpy(-np.argsort(e.order)[e.regions]) for e in explained])
    found = faithfulness_curves(model, x, ranks[:, None].double(), target=1, feature_mask=mask)
    for curves, explanation in zip(found, explained, strict=True):
        assert np.allclose(curves.area, explanation.curves.area)
        assert np.allclose(curves.insertion, explanation.curves.insertion)
        assert np.allclose(curves.deletion, explanation.curves.deletion)


def test_inputs_that_are_no_images_step_by_element():
    net = torch.nn.Linear(6, 3).requires_grad_(False)
    x = torch.rand(2, 6)
    (curves, _) = faithfulness_curves(net, x, x, target=0, steps=6)
    kept = torch.zeros(6)
    slow = [float(net(kept).softmax(0)[0])]
    for element in x[0].argsort(descending=True):
        kept[element] = x[0, element]
        slow.append(float(net(kept).softmax(0)[0]))
    assert np.allclose(curves.insertion, slow, atol=1e-6)


def test_explanations_maps_and_scores_per_region_give_the_same_numbers():
    model, x, mask = SmallNet(2), random_images(0, 2), random_mask(0)
    explained = LiMA(model).explain(x, target=1, feature_mask=mask)
    scores = torch.tensor(np.array([e.importance for e in explained])) + 1e-9 * torch.tensor(
        np.array([-np.argsort(e.order) for e in explained], dtype=float)
    )
    maps = torch.stack(
        [s[torch.from_numpy(e.regions)] for s, e in zip(scores, explained, strict=True)]
    )[:, None]
    arguments = {"target": 1, "feature_mask": mask}
    for metric in (insertion, deletion, highest_confidence, strong_interactions, mu_fidelity):
        values = [metric(model, x, form, **arguments) for form in (explained, maps, scores)]
        assert torch.allclose(values[0], values[1])
        assert torch.allclose(values[0], values[2])
    assert torch.allclose(
        insertion(model, x, explained, target=1),
        torch.tensor([e.curves.insertion_auc for e in explained]).double(),
    )


@pytest.mark.parametrize("correlation", ["spearman", "pearson"])
def test_mu_fidelity_equals_the_slow_one(correlation):
    model, x = SmallNet(2), random_images(0, 2)
    attributions = random_images(3, 2) - 0.5
    found = mu_fidelity(
        model,
        x,
        attributions,
        0.5,
        target=1,
        cells=3,
        subset_size=0.34,
        n_samples=25,
        seed=4,
        correlation=correlation,
    )
    for i in range(2):
        rng = np.random.default_rng(4)
        falls, sums = [], []
        for _ in range(25):
            gone = [divmod(int(cell), 3) for cell in rng.choice(9, 3, replace=False)]
            image, total = x[i].clone(), 0.0
            for row, column in gone:
                window = (
                    slice(None),
                    slice(4 * row, 4 * row + 4),
                    slice(4 * column, 4 * column + 4),
                )
                image[window] = 0.5
                total += float(attributions[i][window].sum())
            # Rounded, so that a set that is drawn twice ties with itself.
            falls.append(
                round(
                    reference.target_score(model, x[i], 1)
                    - reference.target_score(model, image, 1),
                    12,
                )
            )
            sums.append(round(total, 9))
        a, b = (
            (sums, falls)
            if correlation == "pearson"
            else (reference.ranks(sums), reference.ranks(falls))
        )
        assert float(found[i]) == pytest.approx(reference.pearson(a, b))


@pytest.mark.parametrize("patch_size", [3, 5])
def test_aupc_equals_the_slow_one(patch_size):
    model, x, baseline = SmallNet(2), random_images(0, 2), random_images(5, 2)
    attributions = random_images(3, 2) - 0.5
    settings = {"patch_size": patch_size, "n_patches": 4}
    found = aupc(model, x, attributions, baseline, target=1, **settings)
    for i in range(2):
        slow = reference.aupc(model, x[i], baseline[i], attributions[i].sum(0), 1, patch_size, 4)
        assert float(found[i]) == pytest.approx(slow)
    assert all(
        curve[0] == 1 for curve in perturbation_curves(model, x, attributions, target=1, **settings)
    )


@pytest.mark.parametrize("patch_size", [3, 5])
def test_the_printed_aupc_equals_the_slow_one(patch_size):
    model, x, baseline = SmallNet(2), random_images(0, 2), random_images(5, 2)
    attributions = random_images(3, 2) - 0.5
    printed = {"patch_size": patch_size, "windows": "sliding"}
    settings = {"target": 1, "n_patches": 6, **printed}
    found = aupc(model, x, attributions, baseline, divided=False, **settings)
    for i in range(2):
        maps = attributions[i].sum(0)
        slow = reference.sliding_aupc(model, x[i], baseline[i], maps, 1, patch_size, 6)
        assert float(found[i]) == pytest.approx(slow)
    curves = perturbation_curves(model, x, attributions, baseline, **settings)
    divided = aupc(model, x, attributions, baseline, **settings)
    steps = torch.tensor([len(curve) - 1 for curve in curves])
    assert torch.allclose(divided * steps, found)
    assert patch_size == 3 or (steps < 6).any(), "no further window of this size fits"


@pytest.mark.parametrize("draws", [2, 5])
def test_the_number_of_several_draws_is_the_median_of_their_areas(draws):
    model, x = SmallNet(2), random_images(0, 2)
    attributions = random_images(3, 2) - 0.5
    settings = {"target": 1, "patch_size": 4, "n_patches": 4}
    found = aupc(model, x, attributions, draws=draws, **settings)
    for i in range(2):
        last, areas = x[i].movedim(0, -1).numpy(), []
        for seed in range(draws):
            low, high = last.min((0, 1)), last.max((0, 1))
            drawn = np.random.default_rng(seed).uniform(low, high, last.shape)
            baseline = torch.from_numpy(drawn).movedim(-1, 0).to(x.dtype)
            maps = attributions[i].sum(0)
            areas.append(reference.aupc(model, x[i], baseline, maps, 1, 4, 4))
        assert float(found[i]) == pytest.approx(float(np.median(areas)))
    with pytest.raises(ValueError, match=r"`draws` \(=2\) must be 1 where the baseline is given"):
        aupc(model, x, attributions, 0.0, draws=2, **settings)


def test_robustness_compares_maps_of_noisy_inputs():
    x = random_images(0, 2, torch.float32)
    assert robustness(lambda inputs: inputs, x, k=20, radius=1e-7).tolist() == [1, 1]
    noisy = robustness(lambda inputs: inputs, x, k=20, radius=0.5)
    assert ((noisy > 0) & (noisy < 1)).all()
    assert torch.equal(noisy, robustness(lambda inputs: inputs, x, k=20, radius=0.5))
    by_lima = robustness(
        LiMA(SmallNet(0, torch.float32), regions=(3, 3)).attribute, x, k=20, target=1
    )
    assert by_lima.shape == (2,)


@pytest.mark.parametrize(
    "baselines", ["blur", "channel_mean", "random_colour", "noise", lambda image: image * 0 + 0.3]
)
def test_named_baselines_are_the_core_s(baselines):
    model, x = SmallNet(2), random_images(0, 2)
    draw = BASELINES[baselines] if isinstance(baselines, str) else baselines
    made = [torch.from_numpy(draw(image.movedim(0, -1).numpy())).movedim(-1, 0) for image in x]
    tensor = torch.stack([m.expand(3, 12, 12) for m in made]).double()
    assert torch.allclose(
        insertion(model, x, x, baselines, target=1), insertion(model, x, x, tensor, target=1)
    )
    lima = LiMA(model, regions=(3, 3))
    assert torch.equal(lima.attribute(x, baselines, target=1), lima.attribute(x, tensor, target=1))


@pytest.mark.parametrize(
    "metric",
    [insertion, deletion, highest_confidence, strong_interactions, mu_fidelity, aupc],
    ids=lambda m: m.__name__,
)
def test_no_metric_depends_on_the_batch(metric):
    model, x = SmallNet(2), random_images(0, 3)
    settings = {"patch_size": 4} if metric is aupc else {}
    together = metric(model, x, x, target=1, max_examples_per_batch=64, **settings)
    alone = [
        metric(model, x[i : i + 1], x[i : i + 1], target=1, max_examples_per_batch=1, **settings)
        for i in range(3)
    ]
    assert torch.allclose(together, torch.cat(alone))


def test_metrics_of_maps_alone():
    x, masks = random_images(0, 2), random_images(1, 2)[:, 0] > 0.5
    maps = x.sum(1)
    assert torch.equal(pointing_game(x, masks), pointing_game(maps, masks))
    assert sparsity(x).tolist() == pytest.approx(
        [reference.gini(m.flatten().tolist()) for m in maps]
    )
    several = human_agreement(x, masks, k=[10, 20])
    assert several.shape == (2, 2)
    assert torch.equal(several[:, 1], human_agreement(x, masks, k=20))
    explained = LiMA(SmallNet(0)).explain(x, target=1, feature_mask=random_mask(0))
    assert pointing_game(explained, masks).shape == (2,)


def test_every_metric_states_its_direction():
    functions = {
        name
        for name in metrics.__all__
        if name not in ("METRICS", "faithfulness_curves", "perturbation_curves")
        and name not in ("model_metric", "map_metric", "mask_metric")
        and name not in ("group_structures", "grouped_order", "tops_by")
    }
    assert functions == set(metrics.METRICS)
    assert metrics.METRICS["deletion"].higher_is_better is False
