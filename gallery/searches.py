"""Searches and metrics: orders, costs, curves."""

from functools import cache

import numpy as np
from captum.attr import IntegratedGradients, Occlusion, Saliency
from matplotlib.figure import Figure
from panels import bars, beside, lines
from sklearn.datasets import load_digits
from torch_models import digits, scene

from captum_submod import LiMA, metrics
from submod_core import Explanation, rank
from submod_core.search import SEARCHES
from submod_core.theory.figure import plot_least_errors


@cache
def _by_search() -> dict[str, Explanation]:
    """A scene explained by each search, on 16 cells."""
    image, digit, _ = scene()
    found = {}
    for name in SEARCHES:
        lima = LiMA(digits(), regions=(4, 4), search=name)
        (found[name],) = lima.explain(image, target=digit, perturbations_per_eval=64)
    return found


def orders() -> Figure:
    """All searches

    The order of each search on 16 cells, the first in yellow. Searches agree on the first cells,
    which lie on the digit.
    """
    found = _by_search()
    maps = {name.replace("_", " "): one.by_rank().paint() for name, one in found.items()}
    assert all(sorted(one.order) == list(range(16)) for one in found.values())
    return beside(maps, scene()[0][0], columns=6)


def quality() -> Figure:
    """Insertion of each search

    Area under the insertion curve; `random` is the lower bound.
    """
    found = {name: one.curves.insertion_auc for name, one in _by_search().items()}
    assert min(found, key=found.get) == "random"
    return bars(found, "insertion (higher is better)")


def costs() -> Figure:
    """Cost of each search

    Masked images through the network, for 16 regions.
    """
    found = {name: one.model_inputs for name, one in _by_search().items()}
    assert found["guided"] < found["greedy"]
    return bars(found, "images through the model (fewer is better)")


def anytime() -> Figure:
    """Better and better

    `explain_iter` gives a whole explanation early, and better ones until the search is done or the
    caller stops.
    """
    image, digit, _ = scene()
    lima, seen = LiMA(digits(), regions=25), []
    for (one,) in lima.explain_iter(image, target=digit, perturbations_per_eval=64):
        seen.append((one.model_inputs, one.curves.insertion_auc, one.curves.deletion_auc))
    used, insertion, deletion = np.transpose(seen)
    assert insertion[-1] >= insertion[0]
    curves = {"insertion": (used, insertion), "deletion": (used, deletion)}
    return lines(curves, "images through the model", "area under the curve")


def certificate() -> Figure:
    """How submodular was it?

    F of each prefix over a bound on the best set of its size. Near 1 greedy found nearly the best;
    above 1 F was not submodular.
    """
    diagnostics = _by_search()["greedy"].diagnostics
    sizes, shares = np.arange(len(diagnostics.certificate)), diagnostics.certificate
    assert np.nanmax(shares) > 0.5
    return lines({"certificate": (sizes, shares)}, "regions", "F over its bound")


def scores() -> Figure:
    """The four scores along the order

    Consistency and collaboration rise as the first regions join; F weighs the four.
    """
    curves = _by_search()["guided"].curves
    assert curves.consistency[-1] > curves.consistency[0]
    found = {name: (curves.area, curve) for name, curve in curves.scores.items()}
    return lines(found, "share of the image", "score")


def methods() -> Figure:
    """Any method, measured

    Insertion pixel by pixel of LiMA and three of Captum's methods. In this scene Occlusion is
    ahead; one scene says little.
    """
    image, digit, _ = scene()
    model, grads = digits(), image.clone().requires_grad_()
    lima, maps = LiMA(model, regions=36), {}
    maps["LiMA"] = lima.attribute(image, target=digit, perturbations_per_eval=64)
    maps["Saliency"] = Saliency(model).attribute(grads, target=digit)
    maps["IntegratedGradients"] = IntegratedGradients(model).attribute(grads, target=digit).abs()
    maps["Occlusion"] = Occlusion(model).attribute(image, (3, 8, 8), (3, 4, 4), target=digit)
    found = {}
    for name, one in maps.items():
        (curves,) = metrics.faithfulness_curves(model, image, one.detach(), target=digit, steps=30)
        found[f"{name}: {curves.insertion_auc:.2f}"] = (curves.area, curves.insertion)
    areas = {name.split(":")[0]: float(name.split()[-1]) for name in found}
    assert areas["LiMA"] > max(areas["Saliency"], areas["IntegratedGradients"])
    return lines(found, "share of the pixels", "probability of the digit")


def rows() -> Figure:
    """Ten digits for all

    `rank` without any model: of 300 digits, those that are nearest to all others (facility
    location). The first ten show nearly all classes.
    """
    table = load_digits()
    pictures = table.data[:300] / 16
    near = np.exp(-((pictures[:, None] - pictures) ** 2).sum(-1) / 4)
    served = lambda subsets: np.array([near[:, s].max(1, initial=0).sum() for s in subsets])
    first = rank(served, 300, "lazy", max_evaluations=1000, batched=True).order[:10]
    assert len(set(table.target[first])) >= 8
    return beside({f"{k + 1}": table.images[i] for k, i in enumerate(first)})


def theory() -> Figure:
    """Why groups

    The least error that scores for single features must make, on a monomial and a binomial, grows
    exponentially with the number of features (SOP v2, Fig. 2).
    """
    figure = plot_least_errors(largest=24)
    assert len(figure.axes) == 4
    return figure
