"""Training the attentions of a sum of parts."""

from typing import Any, Unpack

import numpy as np
import tensorflow as tf

from submod_core._docs import documented
from submod_core._types import AnyArray, IntArray
from submod_core.sop.options import OPTIONS
from submod_core.sop.training import Schedule, ScheduleOptions, Trainee, train
from xplique_submod.sop.model import WORDS, SumOfParts


@documented(OPTIONS, **WORDS)
def fit(
    model: SumOfParts,
    inputs: Any,
    targets: Any,
    feature_mask: Any = None,
    *,
    lr: float = 5e-6,
    weight_decay: float = 0.01,
    verbose: bool = True,
    **options: Unpack[ScheduleOptions],
) -> list[float]:
    """Train by AdamW, as the papers do (SOP, App. C.2.2), with checkpoints that a run resumes from.

    `model.compile(optimizer)` and `model.fit` train too. For mixed precision set Keras's policy
    before the model is made.

    Parameters
    ----------
    model : SumOfParts
        Changed in place.
    inputs : array, (N, …)
    {targets}
    {feature_mask}
    {optimisation}
    {run}

    Examples
    --------
    >>> layers = tf.keras.layers
    >>> start = tf.keras.Input((6,))
    >>> backbone = tf.keras.Sequential([start, layers.Dense(4, "relu"), layers.Dense(3)])
    >>> encoder = tf.keras.Sequential([start, layers.Reshape((6, 1)), layers.Dense(4)])
    >>> x, y = np.random.default_rng(0).random((8, 6), "float32"), np.arange(8) % 3
    >>> sop = SumOfParts(backbone, x[:1], encoder=encoder, groups=3)
    >>> len(fit(sop, x, y, batch_size=4, lr=1e-3, verbose=False))
    2
    """
    schedule = Schedule(**options)
    variables = model.trainable_variables
    optimizer = tf.keras.optimizers.AdamW(lr, weight_decay=weight_decay)
    optimizer.build(variables)
    changed = [*variables, *optimizer.variables]
    given = [inputs, targets] if feature_mask is None else [inputs, targets, feature_mask]
    columns = [np.asarray(column) for column in given]

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def descend(*batch: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = model.training_loss(*batch)
        gradients = tape.gradient(loss, variables)
        pairs = [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]
        optimizer.apply_gradients(pairs)
        return loss

    def step(rows: IntArray) -> float:
        return float(descend(*(tf.constant(column[rows]) for column in columns)))

    def state() -> dict[str, AnyArray]:
        return {str(i): np.asarray(variable) for i, variable in enumerate(changed)}

    def restore(arrays: dict[str, AnyArray]) -> None:
        for i, variable in enumerate(changed):
            variable.assign(arrays[str(i)])

    return train(Trainee(step, state, restore), len(columns[0]), schedule, show_progress=verbose)
