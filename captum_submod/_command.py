"""Captum's part of the command `submod`."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from captum_submod._modules import evaluating
from captum_submod.lima import LiMA
from submod_core import Explanation


def explain_photograph(
    model: Callable[..., Any], image: Any, target: int | None, options: Mapping[str, Any]
) -> tuple[Explanation, int]:
    """Explain one image (C, H, W) by LiMA, for a class or the predicted one: for the command line.

    Returns
    -------
    Explanation, int
        The explanation, and its class.
    """
    inputs = torch.from_numpy(image)[None]
    with torch.no_grad(), evaluating(model):
        target = int(model(inputs).argmax(1)) if target is None else target
    lima = LiMA(model, **options)
    (one,) = lima.explain(inputs, target=target, perturbations_per_eval=64, show_progress=True)
    return one, target
