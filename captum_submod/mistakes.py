"""Explanation of mistakes, for Captum."""

from collections.abc import Callable
from typing import Any, TypedDict, Unpack

import numpy as np

from captum_submod._attribution import RegionAttribution
from captum_submod._batching import batch_size
from captum_submod._compat import AnyInputs, BaselineType, MaskType, TargetType
from captum_submod._modules import evaluating
from submod_core._checks import check_flag
from submod_core._docs import documented
from submod_core._types import BoolArray, FloatArray
from submod_core.engine import check_batch_size
from submod_core.methods import Mistakes, find_mistakes
from submod_core.methods.options import OPTIONS


class AttributeArguments(TypedDict, total=False):
    """The arguments of `LiMA.attribute` beside inputs and target."""

    baselines: BaselineType
    additional_forward_args: object
    feature_mask: MaskType
    perturbations_per_eval: int | str
    show_progress: bool


@documented(OPTIONS, package="captum_submod", method="attribute")
def explain_mistakes(
    method: RegionAttribution,
    inputs: AnyInputs,
    target: TargetType,
    *,
    max_area: float = 1.0,
    **arguments: Unpack[AttributeArguments],
) -> Mistakes:
    """Regions of misclassified inputs that speak for the truth, and that made the model err.

    Parameters
    ----------
    method : LiMA or SMDL
        A method of the model that errs.
    inputs : Tensor, tuple of Tensor or mapping, each (N, …)
        As in `LiMA.attribute`.
    target : int, tuple, Tensor or list
        The *true* class of each example; of outputs with further axes, an index into all of them.
    {max_area}
    **arguments
        Further arguments of the method's `attribute`: baselines, additional_forward_args,
        feature_mask, perturbations_per_eval, show_progress.

    {mistakes}

    Examples
    --------
    >>> import torch
    >>> from captum_submod import LiMA
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 28 * 28, 10))
    >>> image = torch.rand(1, 3, 28, 28)
    >>> wrong = (int(model(image).argmax()) + 1) % 10
    >>> (mistake,) = explain_mistakes(LiMA(model, regions=(2, 2)), image, wrong)
    >>> mistake.confidence_after >= mistake.confidence_before
    True
    >>> len(mistake.supports) + len(mistake.causes)
    4
    """
    if not isinstance(method, RegionAttribution):
        raise TypeError(f"`method` (a {type(method).__name__}) must be a LiMA or SMDL")
    rest: dict[str, Any] = dict(arguments)
    per_eval, show_progress = (
        rest.pop("perturbations_per_eval", 1),
        rest.pop("show_progress", False),
    )
    check_batch_size("perturbations_per_eval", per_eval)
    check_flag("show_progress", show_progress)
    if target is None or method._readout().feature_target:
        raise ValueError(
            "`target` must be the true class of each example, and not the features of the input"
        )
    given = {"baselines": None, "additional_forward_args": None, "feature_mask": None} | rest
    oracle = method._oracle(
        inputs, given.pop("baselines"), target, given.pop("additional_forward_args"), **given
    )
    assert oracle.target is not None, "there is a target"
    oracle.truths = True

    def asked(ask: Callable[..., Any], *arguments: Any) -> Any:
        with evaluating(method.forward_func, oracle.readout.features), oracle.precision():
            return ask(*arguments)

    def classify(example: int, keep: BoolArray) -> FloatArray:
        probabilities: FloatArray = asked(
            oracle.class_probabilities, np.array([example]), keep[None]
        )[0]
        return probabilities

    return find_mistakes(
        classify,
        lambda wrong: method._explanations(
            oracle, batch_size(per_eval, len(wrong)), show_progress, wrong
        ),
        oracle.batch.sets,
        asked(oracle.named_classes),
        max_area,
    )
