"""Why was it wrong, for Captum."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from captum_submod._attribution import RegionAttribution, batch_size
from captum_submod._compat import BaselineType, TargetType
from captum_submod._oracle import evaluating
from captum_submod.lima import LiMA
from submod_core.batching import check_batch_size
from submod_core.mistakes import Mistake, find_mistakes


def explain_error(
    forward_func: Callable[..., Any],
    inputs: Tensor | tuple[Tensor, ...],
    target: TargetType,
    baselines: BaselineType = None,
    additional_forward_args: object = None,
    feature_mask: Tensor | tuple[Tensor, ...] | None = None,
    perturbations_per_eval: int | str = 1,
    show_progress: bool = False,
    *,
    method: RegionAttribution | None = None,
    max_area: float = 1.0,
) -> list[Mistake]:
    """Which regions of misclassified inputs speak for their true class, and which made the model err (LiMA, §6.4).

    Parameters
    ----------
    forward_func, inputs, baselines, additional_forward_args, feature_mask, perturbations_per_eval, show_progress
        As in `LiMA` and its `attribute`.
    target : int, tuple, Tensor or list
        The *true* class of each example.
    method : LiMA or SMDL, optional
        What explains; by default ``LiMA(forward_func)``. It must be one of the same `forward_func`.
    max_area : float
        At most this share of the input, in (0, 1], may be taken for support.

    Returns
    -------
    list of Mistake, N
        Drawn by `captum_submod.visualization.plot_mistake`.

    Raises
    ------
    TypeError, ValueError
        As in `LiMA.attribute`; also if the model already predicts the target of an example, or `max_area` is out of
        range or smaller than an example's first region.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 28 * 28, 10))
    >>> image = torch.rand(1, 3, 28, 28)
    >>> wrong = (int(model(image).argmax()) + 1) % 10
    >>> (mistake,) = explain_error(model, image, wrong, method=LiMA(model, regions=(2, 2)))
    >>> mistake.confidence_after >= mistake.confidence_before, len(mistake.supports) + len(mistake.causes)
    (True, 4)
    """
    check_batch_size("perturbations_per_eval", perturbations_per_eval)
    method = LiMA(forward_func) if method is None else method
    if not isinstance(method, RegionAttribution) or method.forward_func is not forward_func:
        raise ValueError(f"`method` (a {type(method).__name__}) must be a LiMA or SMDL of the same `forward_func`")
    if target is None or method.readout.feature_target:
        raise ValueError("`target` must be the true class of each example, and not the features of the input")
    oracle = method.oracle(inputs, baselines, target, additional_forward_args, feature_mask)
    assert oracle.target is not None, "there is a target"

    def classify(example: int, keep: np.ndarray) -> np.ndarray:
        with evaluating(method.forward_func, method.readout.features), oracle.precision():
            probabilities: np.ndarray = oracle.class_probabilities(np.array([example]), keep[None])[0]
        return probabilities

    size = batch_size(perturbations_per_eval, len(oracle.batch))
    return find_mistakes(
        classify,
        lambda: method.ask(oracle, size, show_progress),
        [len(ground_set.sizes) for ground_set in oracle.batch.sets],
        oracle.target[:, 0].tolist(),
        max_area,
    )
