"""Metrics under Xplique: equal to Xplique's own where settings coincide, and to Captum's."""

from functools import cache

import digits_keras
import numpy as np
import pytest
import tensorflow as tf
import torch
import xplique.metrics
from soak.amounts import combined
from xplique.attributions import Saliency
from xplique.plots.metrics import fidelity_curves

import captum_submod
import digits_model
import xplique_submod
from digits_scenes import make_scenes
from xplique_submod import metrics

SCENES = make_scenes(3, seed=11)
X, Y = np.moveaxis(SCENES.images, 1, -1), np.eye(10, dtype=np.float32)[SCENES.labels]
MAPS = np.random.default_rng(0).normal(size=(3, 64, 64)).astype(np.float32)
SOFTMAX = {"activation": "softmax"}


@pytest.fixture(scope="module")
def model():
    return digits_keras.load_model()


BASELINES = {"black": 0.0, "grey": 0.4, "function": lambda inputs: inputs[:, ::-1]}
CURVES = [(name, steps) for name in ("Insertion", "Deletion") for steps in (16, 64)]


@pytest.mark.parametrize(("curve", "baseline"), combined(CURVES, BASELINES))
def test_pixelwise_insertion_and_deletion_equal_xplique_s(model, curve, baseline):
    name, steps = curve
    settings = {"steps": steps, "baseline_mode": BASELINES[baseline], "activation": "softmax"}
    ours = getattr(metrics, name)(model, X, Y, **settings)
    theirs = getattr(xplique.metrics, name)(model, X, Y, **settings)
    assert ours(MAPS) == pytest.approx(theirs(MAPS), abs=1e-5)
    mine, other = ours.detailed_evaluate(MAPS), theirs.detailed_evaluate(MAPS)
    assert list(mine) == [int(step) for step in other]
    assert list(mine.values()) == pytest.approx(list(other.values()), abs=1e-5)


def test_curves_go_into_xplique_s_plot(model, tmp_path):
    curve = metrics.Insertion(model, X, Y, steps=16, **SOFTMAX).detailed_evaluate(MAPS)
    fidelity_curves({"random": curve}, filepath=str(tmp_path / "curves.png"))
    assert (tmp_path / "curves.png").stat().st_size > 1000


def torch_map(maps):
    return torch.from_numpy(maps)[:, None]


# Xplique's class, its own arguments, Captum's function, its own arguments.
PAIRS = {
    "insertion": ("Insertion", {}, "insertion", {}),
    "deletion": ("Deletion", {"baseline_mode": "blur"}, "deletion", {"baselines": "blur"}),
    "highest confidence": ("HighestConfidence", {}, "highest_confidence", {"max_area": 0.5}),
    "strong interactions": ("StrongInteractions", {}, "strong_interactions", {"threshold": 0.05}),
    "µFidelity": ("MuFidelity", {}, "mu_fidelity", {"correlation": "pearson", "n_samples": 40}),
    "AUPC": ("AUPC", {}, "aupc", {"patch_size": 10}),
    "strong falls": (
        "StrongInteractions",
        {},
        "strong_interactions",
        {"threshold": 0.02, "direction": "fall"},
    ),
    "AUPC as printed": (
        "AUPC",
        {},
        "aupc",
        {"patch_size": 10, "windows": "sliding", "divided": False, "draws": 3},
    ),
}


@pytest.mark.parametrize(("kind", "own", "name", "settings"), PAIRS.values(), ids=PAIRS)
def test_a_metric_is_one_number_under_both_hosts(model, kind, own, name, settings):
    function = getattr(captum_submod.metrics, name)
    twin, images, labels = (
        digits_model.load_model(),
        torch.from_numpy(SCENES.images),
        torch.from_numpy(SCENES.labels),
    )
    under_captum = function(twin, images, torch_map(MAPS), target=labels, **settings)
    # A metric's own settings have the same names under both hosts.
    alike = {} if own else settings
    ours = getattr(metrics, kind)(model, X, Y, **SOFTMAX, **own, **alike)
    assert ours.per_example(MAPS) == pytest.approx(under_captum.numpy(), abs=1e-5)


def test_metrics_of_maps_are_one_number_under_both_hosts(model):
    masks = torch.from_numpy(SCENES.masks)
    assert metrics.PointingGame(SCENES.masks).per_example(MAPS).tolist() == (
        captum_submod.metrics.pointing_game(torch_map(MAPS), masks).tolist()
    )
    several = captum_submod.metrics.human_agreement(torch_map(MAPS), masks, k=[50, 500]).mean(1)
    assert metrics.HumanAgreement(SCENES.masks, k=[50, 500]).per_example(MAPS) == pytest.approx(
        several.numpy()
    )
    assert metrics.Sparsity().per_example(MAPS) == pytest.approx(
        captum_submod.metrics.sparsity(torch_map(MAPS)).numpy()
    )
    under_captum = captum_submod.metrics.robustness(
        lambda x: x, torch.from_numpy(SCENES.images), k=300, radius=0.2, n_samples=2
    )
    ours = metrics.Robustness(model, X, Y, k=300, radius=0.2, n_samples=2)
    assert ours.per_example(lambda x, y: x) == pytest.approx(under_captum.numpy(), abs=1e-5)
    assert 0 < ours(lambda x, y: x) < 1


@pytest.mark.parametrize(
    ("shape", "axes"), [((4, 4, 4, 2), "NCDHW"), ((4, 4, 4), "NDHW"), ((6, 2), None)]
)
def test_noise_on_volumes_and_series_is_the_same_under_both_hosts(shape, axes):
    x = np.random.default_rng(0).random((2, *shape), np.float32)
    first = np.ascontiguousarray(np.moveaxis(x, -1, 1)) if axes == "NCDHW" else x
    settings = {"k": 3, "radius": 0.3, "n_samples": 2}
    under_captum = captum_submod.metrics.robustness(
        lambda x: x, torch.from_numpy(first), layout=axes, **settings
    )
    last = {"NCDHW": "NDHWC"}.get(axes, axes)
    ours = metrics.Robustness(lambda x: x, x, np.eye(2), layout=last, **settings)
    assert ours.per_example(lambda x, y: x) == pytest.approx(under_captum.numpy(), abs=1e-6)


def test_explanations_and_regions_are_attributions_too(model):
    lima = xplique_submod.LiMA(model, regions=(4, 4))
    explained, maps = lima.explain_regions(X, Y), lima(X, Y)
    regions = explained[0].regions
    by_explanation = metrics.Insertion(model, X, Y, **SOFTMAX)(explained)
    by_map = metrics.Insertion(model, X, Y, regions=regions, **SOFTMAX)(maps)
    scores = np.array([e.importance for e in explained])
    by_scores = metrics.Insertion(model, X, Y, regions=regions, **SOFTMAX)(scores)
    assert by_explanation == pytest.approx(
        np.mean([e.curves.insertion_auc for e in explained]), abs=1e-5
    )
    assert by_map == pytest.approx(by_scores)
    # The highest region of each map points where the map itself does.
    game = metrics.PointingGame(SCENES.masks)
    pointed = [
        mask[e.regions == e.order[0]].mean()
        for mask, e in zip(SCENES.masks, explained, strict=True)
    ]
    assert game.per_example(explained) == pytest.approx(pointed)
    assert game.per_example(maps) == pytest.approx(pointed)


@pytest.fixture(scope="module")
def by_batches(model):
    def scores(kind, batch_size):
        return kind(model, X[:2], Y[:2], batch_size, **SOFTMAX).per_example(MAPS[:2])

    return cache(scores)


@pytest.mark.parametrize("batch_size", [1, 7, None])
def test_no_metric_depends_on_the_batch(by_batches, batch_size):
    for kind in (metrics.Insertion, metrics.MuFidelity, metrics.AUPC):
        assert by_batches(kind, 64) == pytest.approx(by_batches(kind, batch_size), abs=1e-5)


def test_operators_series_tables_and_plain_functions():
    def double(f, x, y):
        return 2 * tf.reduce_sum(f(x) * y, -1)

    table, one_hot = (
        np.random.default_rng(0).random((2, 6)).astype(np.float32),
        np.eye(3, dtype=np.float32)[:2],
    )
    plain = metrics.Insertion(lambda x: x[:, :3], table, one_hot, steps=6)
    twice = metrics.Insertion(lambda x: x[:, :3], table, one_hot, steps=6, operator=double)
    assert twice(table) == pytest.approx(2 * plain(table))
    series = np.random.default_rng(0).random((2, 4, 3)).astype(np.float32)
    assert np.isfinite(metrics.Deletion(lambda x: x[:, 0], series, one_hot, steps=12)(series))
    assert np.isfinite(metrics.MuFidelity(lambda x: x[:, 0], series, one_hot)(series))


def test_metrics_state_their_direction(model):
    assert metrics.Insertion(model, X, Y).higher_is_better
    assert metrics.Deletion(model, X, Y).higher_is_better is False
    assert metrics.Sparsity().higher_is_better is None
    assert "patch" in metrics.AUPC(model, X, Y).steps_by


def test_smdl_gives_the_same_answers_under_both_hosts(model):
    maps = np.abs(np.asarray(Saliency(model)(X, Y)))[..., :1]
    options = {"patches": 6, "regions": 9, "k": 4}
    twin = digits_model.load_model()
    under_captum = captum_submod.SMDL(
        twin,
        prior=torch.from_numpy(maps[..., 0])[:, None],
        confidence_model=lambda x: twin(x) - 2,
        **options,
    ).explain(
        torch.from_numpy(SCENES.images),
        target=torch.from_numpy(SCENES.labels),
        perturbations_per_eval=8,
    )
    judge = tf.keras.Sequential([model, tf.keras.layers.Lambda(lambda x: x - 2)])
    under_xplique = xplique_submod.SMDL(
        model, prior=maps, confidence_model=judge, **options
    ).explain_regions(X, Y)
    for ours, theirs in zip(under_captum, under_xplique, strict=True):
        assert np.array_equal(ours.regions, theirs.regions)
        assert ours.order.tolist() == theirs.order.tolist()
        assert np.allclose(ours.curves.confidence, theirs.curves.confidence, atol=1e-4)
        assert np.allclose(ours.importance, theirs.importance, atol=1e-3)
        assert ours.diagnostics.grown == theirs.diagnostics.grown


def test_feature_targets_give_the_same_answers_under_both_hosts(model):
    twin = digits_model.load_model()
    under_captum = captum_submod.SMDL(
        twin, patches=3, features=twin.features, feature_target=True
    ).explain(torch.from_numpy(SCENES.images), perturbations_per_eval=8)
    features = tf.keras.Model(model.inputs, model.layers[-2].output)
    explainer = xplique_submod.SMDL(model, patches=3, features=features, feature_target=True)
    for ours, theirs in zip(under_captum, explainer.explain_regions(X), strict=True):
        assert ours.order.tolist() == theirs.order.tolist()
        assert np.allclose(ours.curves.consistency, theirs.curves.consistency, atol=1e-4)
        assert ours.curves.consistency[-1] == pytest.approx(1)
        assert ours.curves.confidence is None
    assert explainer(X, None).shape == (3, 64, 64, 1)


def test_mistakes_are_the_same_under_both_hosts(model):
    wrong = (np.asarray(model(X)).argmax(1) + 3) % 10
    options = {"regions": (4, 4)}
    twin = digits_model.load_model()
    under_captum = captum_submod.explain_mistakes(
        captum_submod.LiMA(twin, **options), torch.from_numpy(SCENES.images), wrong.tolist()
    )
    method = xplique_submod.LiMA(model, **options)
    under_xplique = xplique_submod.explain_mistakes(method, X, np.eye(10)[wrong])
    for ours, theirs in zip(under_captum, under_xplique, strict=True):
        assert ours.supports.tolist() == theirs.supports.tolist()
        assert np.allclose(ours.before, theirs.before, atol=1e-4)
        assert np.allclose(ours.after, theirs.after, atol=1e-4)


NAN = float("nan")
CASES = {
    "no targets": (lambda m: metrics.Insertion(m, X), ValueError, "`targets`"),
    "too few targets": (lambda m: metrics.Insertion(m, X, Y[:2]), ValueError, "`targets`"),
    "no steps": (lambda m: metrics.Insertion(m, X, Y, steps=0), ValueError, "`steps`"),
    "no batch": (lambda m: metrics.Deletion(m, X, Y, 0), ValueError, "`batch_size`"),
    "unknown activation": (
        lambda m: metrics.Deletion(m, X, Y, activation="relu"),
        ValueError,
        "`activation`",
    ),
    "maps of another size": (
        lambda m: metrics.Insertion(m, X, Y)(MAPS[:, :32]),
        ValueError,
        "`attributions`",
    ),
    "too few maps": (lambda m: metrics.Insertion(m, X, Y)(MAPS[:2]), ValueError, "`attributions`"),
    "maps of other channels": (
        lambda m: metrics.Insertion(m, X, Y)(X[..., :2]),
        ValueError,
        "`attributions`",
    ),
    "maps that are nan": (
        lambda m: metrics.Insertion(m, X, Y)(MAPS * NAN),
        ValueError,
        "`attributions`",
    ),
    "regions of another size": (
        lambda m: metrics.Insertion(m, X, Y, regions=np.zeros((3, 3), int))(MAPS),
        ValueError,
        "`regions`",
    ),
    "a baseline of no known name": (
        lambda m: metrics.Insertion(m, X, Y, baseline_mode="mist")(MAPS),
        ValueError,
        "`baseline`",
    ),
    "an area above the input": (
        lambda m: metrics.HighestConfidence(m, X, Y, max_area=1.2),
        ValueError,
        "`max_area`",
    ),
    "sets of all regions": (
        lambda m: metrics.MuFidelity(m, X, Y, subset_size=1.0),
        ValueError,
        "`subset_size`",
    ),
    "no cells": (lambda m: metrics.MuFidelity(m, X, Y, cells=0), ValueError, "`cells`"),
    "unknown correlation": (
        lambda m: metrics.MuFidelity(m, X, Y, correlation="x"),
        ValueError,
        "`correlation`",
    ),
    "patches larger than the image": (
        lambda m: metrics.AUPC(m, X, Y, patch_size=65)(MAPS),
        ValueError,
        "`patch_size`",
    ),
    "more patches than the image has": (
        lambda m: metrics.AUPC(m, X, Y, patch_size=40)(MAPS),
        ValueError,
        "`n_patches`",
    ),
    "patches of no image": (lambda m: metrics.AUPC(m, X[:, 0, 0], Y), ValueError, "`inputs`"),
    "k larger than the input": (
        lambda m: metrics.Robustness(m, X, Y, k=5000)(lambda x, y: x),
        ValueError,
        "`k`",
    ),
    "no noise": (lambda m: metrics.Robustness(m, X, Y, k=5, radius=0), ValueError, "`radius`"),
    "a mask of another size": (
        lambda m: metrics.PointingGame(SCENES.masks[:, :5])(MAPS),
        ValueError,
        "`mask`",
    ),
    "too few masks": (
        lambda m: metrics.PointingGame(SCENES.masks[:2])(MAPS),
        ValueError,
        "`masks`",
    ),
    "a mask of numbers": (lambda m: metrics.PointingGame(MAPS)(MAPS), ValueError, "`mask`"),
    "k larger than the map": (
        lambda m: metrics.HumanAgreement(SCENES.masks, k=5000)(MAPS),
        ValueError,
        "`k`",
    ),
    "a prior that is a name": (
        lambda m: xplique_submod.SMDL(m, prior="saliency"),
        TypeError,
        "`prior`",
    ),
    "a prior of another batch": (
        lambda m: xplique_submod.SMDL(m, prior=MAPS[:2])(X, Y),
        ValueError,
        "`prior`",
    ),
    "k larger than the regions": (
        lambda m: xplique_submod.SMDL(m, patches=2, k=5)(X, Y),
        ValueError,
        "`k`",
    ),
    "more patches than pixels": (
        lambda m: xplique_submod.SMDL(m, patches=65)(X, Y),
        ValueError,
        "`patches`.*`cells`",
    ),
    "a confidence model of other classes": (
        lambda m: xplique_submod.SMDL(
            m, patches=2, confidence_model=lambda x: np.zeros((len(x), 4))
        )(X, Y),
        ValueError,
        "`confidence_model`",
    ),
    "features and targets": (
        lambda m: xplique_submod.SMDL(m, feature_target=True)(X, Y),
        ValueError,
        "`targets`",
    ),
    "the class that the model predicts": (
        lambda m: xplique_submod.explain_mistakes(
            xplique_submod.LiMA(m), X, np.eye(10)[np.asarray(m(X)).argmax(1)]
        ),
        ValueError,
        "`target`",
    ),
    "a model in place of a method": (
        lambda m: xplique_submod.explain_mistakes(m, X, Y),
        TypeError,
        "`method`",
    ),
    "a method that explains no classes": (
        lambda m: xplique_submod.explain_mistakes(
            xplique_submod.LiMA(m, operator="regression"), X, Y
        ),
        ValueError,
        "`method`",
    ),
}


@pytest.mark.parametrize(("call", "error", "named"), CASES.values(), ids=CASES)
def test_bad_input_is_refused_by_name(model, call, error, named):
    with pytest.raises(error, match=named):
        call(model)


def test_settings_are_attributes_and_the_declaration_is_there(model):
    metric = metrics.MuFidelity(model, X, Y, cells=4, seed=3)
    assert (metric.cells, metric.seed, metric.n_samples) == (4, 3, 200)
    assert (metric.name, metric.higher_is_better) == ("mu_fidelity", True)
    assert isinstance(metric, metrics.MuFidelity)
    assert isinstance(metric, xplique.metrics.base.ExplanationMetric)
    assert metric.steps_by == "random sets of regions"
    with pytest.raises(AttributeError):
        _ = metric.steps
    with pytest.raises(TypeError, match="steps"):
        metrics.MuFidelity(model, X, Y, steps=3)


def test_options_are_attributes_and_repr_shows_what_differs(model):
    lima = xplique_submod.LiMA(model, 16, regions=(4, 4), verbose=True)
    assert (lima.batch_size, lima.regions, lima.verbose) == (16, (4, 4), True)
    assert (
        repr(lima) == f"LiMA(<{type(model).__name__}>, batch_size=16, regions=(4, 4), verbose=True)"
    )
