"""A user's file under strict mypy: the types of the front door, and mistakes that they catch."""

from collections.abc import Mapping
from typing import Any, assert_type

import torch
from torch import Tensor, nn

from captum_submod import SMDL, LiMA, explain_mistakes, metrics
from submod_core import Explanation, Ranking, Weights, rank
from submod_core.methods import Mistakes
from submod_core.results import Curves, Sufficient
from submod_core.search import Bidirectional, Greedy, Guided, Search, Swaps

model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
images = torch.rand(2, 1, 8, 8)


def methods() -> None:
    # A tensor in gives a tensor out, a tuple a tuple.
    lima = LiMA(
        model, regions=(2, 2), search=Bidirectional(n_pending=0.2), weights={"consistency": 1}
    )
    assert_type(lima.attribute(images, target=3, perturbations_per_eval=4), Tensor)
    pair = lima.attribute((images, images), target=3)
    assert_type(pair, tuple[Tensor, ...])
    keyed = lima.attribute({"pixel_values": images}, target=3)
    assert_type(keyed, Mapping[str, Any])
    explanations = lima.explain(images, target=3)
    assert_type(explanations, list[Explanation])
    assert_type(lima.sufficient(images, explanations, target=3, share=0.9, n=2), list[Sufficient])
    assert_type(SMDL(model, patches=4, regions=4, k=2).attribute(images, target=3), Tensor)
    assert_type(explain_mistakes(lima, images, 3, perturbations_per_eval=2), Mistakes)


def searches() -> None:
    # Searches and rankings.
    search: Search = Swaps(Greedy(), passes=2)
    assert_type(rank(len, 3, search), Ranking)
    assert_type(Guided(window=0.5).window, float | None)
    assert_type(Weights.of({"consistency": 1}), Weights)


def measures() -> None:
    # Metrics: functions with the settings of their declarations.
    assert_type(metrics.insertion(model, images, images, target=3, steps=10), Tensor)
    assert_type(metrics.mu_fidelity(model, images, images, target=3, cells=4, seed=1), Tensor)
    assert_type(metrics.highest_confidence(model, images, images, target=3, max_area=0.5), Tensor)
    assert_type(metrics.aupc(model, images, images, target=3, patch_size=2), Tensor)
    assert_type(metrics.faithfulness_curves(model, images, images, target=3), list[Curves])
    assert_type(metrics.human_agreement(images, images[:, 0], k=[2, 4]), Tensor)
    assert_type(metrics.sparsity(images), Tensor)


def mistakes(lima: LiMA) -> None:
    # Mistakes that a type checker finds. Without an error here mypy reports an unused ignore.
    Guided(windows=0.5)  # type: ignore[call-arg]
    LiMA(model, search=Greedy)  # type: ignore[arg-type]
    LiMA(model, n_pending=3)  # type: ignore[call-arg]
    lima.attribute(images, targets=3)  # type: ignore[call-arg]
    metrics.insertion(model, images, images, cells=4)  # type: ignore[call-arg]
    metrics.mu_fidelity(model, images, images, cells="four")  # type: ignore[arg-type]
    rank(len, 3, 5)  # type: ignore[arg-type]
