"""Explanation of mistakes, for Xplique."""

from typing import Any

from submod_core._docs import documented
from submod_core.methods import Mistakes, find_mistakes
from submod_core.methods.options import OPTIONS
from xplique_submod._compat import Task
from xplique_submod._explainer import RegionExplainer


@documented(OPTIONS, package="xplique_submod", method="explain")
def explain_mistakes(
    method: RegionExplainer, inputs: Any, targets: Any, *, max_area: float = 1.0
) -> Mistakes:
    """Regions of misclassified inputs that speak for the truth, and that made the model err.

    Parameters
    ----------
    method : LiMA or SMDL
        A method of the model that errs, without an operator.
    inputs
        As in `LiMA.explain`.
    targets : array or tf.Tensor, (N, C)
        The *true* class of each example, one-hot; (N, 1) of 0 and 1 for a model with one output.
    {max_area}

    {mistakes}

    Examples
    --------
    >>> import tensorflow as tf
    >>> from xplique_submod import LiMA
    >>> layers = tf.keras.layers
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(10)])
    >>> image = tf.random.uniform((1, 8, 8, 3))
    >>> wrong = tf.one_hot((tf.argmax(model(image), -1) + 1) % 10, 10)
    >>> (mistake,) = explain_mistakes(LiMA(model, regions=(2, 2)), image, wrong)
    >>> mistake.confidence_after >= mistake.confidence_before
    True
    >>> len(mistake.supports) + len(mistake.causes)
    4
    """
    if not isinstance(method, RegionExplainer):
        raise TypeError(f"`method` (a {type(method).__name__}) must be a LiMA or SMDL")
    if not method._scores_classes():
        raise ValueError("`method` must explain classes, and not an operator's value or features")
    oracle = method._oracle(inputs, targets, Task("classes"))
    return find_mistakes(
        oracle.class_probabilities,
        lambda wrong: method._explanations(oracle, wrong),
        oracle.batch.sets,
        oracle.truths(),
        max_area,
    )
