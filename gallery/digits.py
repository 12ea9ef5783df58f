"""Digits in clutter: a trained network, of which the place of the evidence is known."""

from functools import cache

import numpy as np
import torch
from captum.attr import IntegratedGradients, Occlusion, Saliency
from matplotlib.figure import Figure
from panels import beside, frames
from torch_models import digits, pairs, scene

from captum_submod import SEANN, SMDL, LiMA, explain_mistakes, from_masks, grid, slico, watershed
from captum_submod.visualization import (
    compare_html,
    explanation_html,
    plot_explanation,
    plot_map,
    plot_mistake,
)
from digits_model import load_model
from digits_scenes import CLEAN_WEIGHTS, make_scenes
from submod_core import Explanation
from submod_core.sea_nn import Learning


@cache
def _explained() -> Explanation:
    """The explanation that several pictures draw."""
    image, digit, _ = scene()
    return LiMA(digits(), regions=36).explain(image, target=digit, perturbations_per_eval=64)[0]


def digit() -> Figure:
    """Which digit?

    Pieces of other digits lie around the one that is whole. The first regions are its own.
    """
    image, digit, square = scene()
    lima = LiMA(digits(), regions=36)
    (one,) = lima.explain(image, target=digit, perturbations_per_eval=64)
    assert square[one.prefix(3)].mean() > 0.6
    return plot_explanation(one, image[0], title=f"Why is it a {digit}?")


def order() -> Figure:
    """The order, region by region

    Above each picture is the network's probability of the digit with these regions alone.
    """
    image, one = scene()[0], _explained()
    assert one.curves.insertion[8] > 0.8 > one.curves.insertion[0]
    return frames(one, image[0], [1, 2, 3, 5, 8])


def signed() -> Figure:
    """For and against

    Gains are in units of the score: purple regions speak for the digit, orange ones against it.
    """
    image, _, square = scene()
    gains = _explained().paint(signed=True)
    assert gains[square].mean() > 5 * abs(gains[~square].mean())
    return plot_map(gains, image[0], title="Gains of the regions")


def ranks() -> Figure:
    """Importance, ranks, gains

    Importance (LiMA, Eq. 11) says how far ahead of the last region each is, `by_rank` falls in
    equal steps, gains have a sign.
    """
    one = _explained()
    maps = {"importance": one.paint(), "by rank": one.by_rank().paint()}
    maps["gains"] = one.paint(signed=True)
    first = [scores.max() == scores[one.prefix(1)].max() for scores in maps.values()]
    assert first[:2] == [True, True]
    return beside(maps, scene()[0][0])


def regions() -> Figure:
    """Kinds of regions

    The same question with superpixels, a grid, basins of the brightness, and masks as a
    segmenter gives them. In each the first regions lie on the digit.
    """
    image, digit, square = scene()
    light = lambda image: [image.max(-1) > level for level in (0.3, 0.45, 0.6)]
    kinds = {
        "superpixels": lambda image: slico(image, 36),
        "grid": lambda image: grid(image.shape[:2], (6, 6)),
        "basins": lambda image: watershed(-image.mean(-1), 36),
        "masks": lambda image: from_masks([part for mask in light(image) for part in _parts(mask)]),
    }
    maps = {}
    for name, kind in kinds.items():
        lima = LiMA(digits(), regions=kind, max_model_inputs=400)
        (one,) = lima.explain(image, target=digit, perturbations_per_eval=64)
        maps[name] = one.paint()
        assert max(square[one.regions == k].mean() for k in one.order[:2]) > 0.6, name
    return beside(maps, image[0])


def _parts(mask: np.ndarray) -> list[np.ndarray]:
    """The connected parts of a mask, each as a mask."""
    from skimage.measure import label

    found = label(mask)
    return [found == k for k in range(1, found.max() + 1) if (found == k).sum() > 12]


def labels() -> Figure:
    """Two labels at a time

    The scene holds two digits, and `activation="sigmoid"` reads each output by itself. Each digit
    has its own place as its first regions.
    """
    scenes, maps = pairs(), {}
    k = 3
    image = torch.from_numpy(scenes.images[k : k + 1])
    lima = LiMA(digits(), regions=(6, 6), activation="sigmoid", max_model_inputs=500)
    for digit, (left, top, right, bottom) in zip(scenes.labels[k], scenes.boxes[k], strict=True):
        (one,) = lima.explain(image, target=int(digit), perturbations_per_eval=64)
        maps[f"why a {digit}"] = one.paint()
        inside = one.prefix(4)[int(top) : int(bottom), int(left) : int(right)]
        assert inside.sum() > 0.5 * one.prefix(4).sum()
    return beside(maps, image[0])


def examples() -> Figure:
    """A class by three examples

    Each class is the mean of the features of three scenes (`class_embeddings`, LiMA's Eq. 3). The
    regions that are like the three of the same digit are those of the digit.
    """
    scenes = make_scenes(100, seed=4)
    images, labels = torch.from_numpy(scenes.images), scenes.labels
    features = digits().features(images)
    shown = [np.flatnonzero(labels[1:] == k)[:3] + 1 for k in range(10)]
    classes = torch.stack([features[rows].mean(0) for rows in shown])
    lima = LiMA(digits().features, class_embeddings=classes, regions=25)
    (one,) = lima.explain(images[:1], target=int(labels[0]), perturbations_per_eval=64)
    assert scenes.masks[0][one.prefix(2)].mean() > 0.4
    return plot_explanation(one, images[0], title=f"Like three scenes with a {labels[0]}")


def mistake() -> Figure:
    """Why was it wrong?

    This network never saw clutter. Without the regions that caused the mistake it is right.
    """
    model, scenes = load_model(CLEAN_WEIGHTS), make_scenes(40, seed=3)
    images = torch.from_numpy(scenes.images)
    wrong = np.flatnonzero(model(images).argmax(1).numpy() != scenes.labels)[:3]
    lima = LiMA(model, regions=25)
    truths = scenes.labels[wrong].tolist()
    found = explain_mistakes(lima, images[wrong], truths, perturbations_per_eval=64)
    best = max(found, key=lambda one: one.confidence_after)
    assert best.corrected
    return plot_mistake(best, images[wrong[best.example]])


def predecessor() -> Figure:
    """SMDL

    The predecessor joins patches by a saliency map, and here ranks six of its regions.
    """
    image, digit, square = scene()
    smdl = SMDL(digits(), prior=Saliency(digits()), patches=8, regions=16, k=6)
    (one,) = smdl.explain(image, target=digit, perturbations_per_eval=64)
    assert square[one.prefix(4)].mean() > 0.3
    return plot_explanation(one, image[0], title="SMDL")


def ensemble() -> Figure:
    """One map out of three

    SEA-NN learns a submodular function from three maps that disagree; cells that repeat others get
    little.
    """
    image, digit, square = scene()
    model, grads = digits(), image.clone().requires_grad_()
    maps = {
        "Saliency": Saliency(model).attribute(grads, target=digit),
        "Integrated Gradients": IntegratedGradients(model).attribute(grads, target=digit),
        "Occlusion": Occlusion(model).attribute(image, (3, 8, 8), (3, 4, 4), target=digit),
    }
    maps = {name: one.detach().abs().sum(1) for name, one in maps.items()}
    maps["SEA-NN"] = SEANN(model, settings=Learning(epochs=20)).attribute_maps(list(maps.values()))
    inside = maps["SEA-NN"][0][square].sum() / maps["SEA-NN"].sum()
    assert inside > 2 * square.mean()
    return beside({name: one[0] for name, one in maps.items()}, image[0])


def touch() -> str:
    """To touch

    `explanation_html`: move the slider, or point at a region.
    """
    image, digit, _ = scene()
    page = explanation_html(_explained(), image[0], title=f"Why is it a {digit}?")
    assert 'type="range"' in page
    return page


def compared() -> str:
    """Methods side by side

    `compare_html` shows each at the same share of the image.
    """
    image, digit, _ = scene()
    found = {}
    for name in ("guided", "random"):
        lima = LiMA(digits(), regions=36, search=name)
        (found[name],) = lima.explain(image, target=digit, perturbations_per_eval=64)
    assert found["guided"].curves.insertion_auc > found["random"].curves.insertion_auc
    return compare_html(found, image[0])
