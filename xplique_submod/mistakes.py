"""Why was it wrong, for Xplique."""

from typing import Any

import numpy as np

from submod_core.mistakes import Mistake, find_mistakes
from xplique_submod._explainer import RegionExplainer
from xplique_submod.lima import LiMA


def explain_error(
    model: Any, inputs: Any, targets: Any, *, method: RegionExplainer | None = None, max_area: float = 1.0
) -> list[Mistake]:
    """Which regions of misclassified inputs speak for their true class, and which made the model err (LiMA, §6.4).

    Parameters
    ----------
    model, inputs
        As in `LiMA` and its `explain`.
    targets : array or tf.Tensor, (N, C)
        The *true* class of each example, one-hot.
    method : LiMA or SMDL, optional
        What explains; by default ``LiMA(model)``. It must be one of the same `model`, without an operator.
    max_area : float
        At most this share of the input, in (0, 1], may be taken for support.

    Returns
    -------
    list of Mistake, N
        Drawn by `xplique_submod.visualization.plot_mistake`.

    Raises
    ------
    TypeError, ValueError
        As in `LiMA.explain`; also if the model already predicts the target of an example, or `max_area` is out of range
        or smaller than an example's first region.

    Examples
    --------
    >>> import tensorflow as tf
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
    >>> image = tf.random.uniform((1, 8, 8, 3))
    >>> wrong = tf.one_hot((tf.argmax(model(image), -1) + 1) % 10, 10)
    >>> (mistake,) = explain_error(model, image, wrong, method=LiMA(model, regions=(2, 2)))
    >>> mistake.confidence_after >= mistake.confidence_before, len(mistake.supports) + len(mistake.causes)
    (True, 4)
    """
    method = LiMA(model) if method is None else method
    if not isinstance(method, RegionExplainer) or method.model is not model or not method.scores_classes:
        raise ValueError(
            f"`method` (a {type(method).__name__}) must be a LiMA or SMDL of the same `model` and its classes"
        )
    oracle = method.oracle(inputs, targets)

    def classify(example: int, keep: np.ndarray) -> np.ndarray:
        return oracle.reader.class_probabilities(oracle.batch, np.array([example]), keep[None])[0]

    return find_mistakes(
        classify,
        lambda: method.ask(oracle),
        [len(ground_set.sizes) for ground_set in oracle.batch.sets],
        oracle.batch.targets.numpy().argmax(-1).tolist(),
        max_area,
    )
