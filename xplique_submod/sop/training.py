"""Training the attentions of a sum of parts."""

import os
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from submod_core._types import AnyArray, IntArray
from submod_core.sop.training import Trainee, train
from xplique_submod.sop.model import SumOfParts


def fit(
    model: SumOfParts,
    inputs: Any,
    targets: Any,
    feature_mask: Any = None,
    *,
    epochs: int = 1,
    batch_size: int = 16,
    lr: float = 5e-6,
    weight_decay: float = 0.01,
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 100,
    verbose: bool = True,
) -> list[float]:
    """Train by AdamW, as the papers do (SOP, App. C.2.2), with checkpoints that a run goes on from.

    `model.compile(optimizer)` and `model.fit` train too. For mixed precision set Keras's policy before the model is
    made.

    Parameters
    ----------
    model : SumOfParts
        Changed in place.
    inputs : array, (N, …)
    targets : array, (N,) of int or (N, C) of float
    feature_mask : array of int, (N, …), optional
    epochs, batch_size : int
    lr, weight_decay : float
        Of AdamW; 5e-6 is the papers' rate, for models trained on a million images.
    seed : int
        Orders the examples.
    checkpoint : path, optional
        File (.npz) that a run writes every `checkpoint_every` steps, and goes on from where it exists.
    checkpoint_every : int
    verbose : bool
        Show a progress bar.

    Returns
    -------
    list of float
        The loss of each step.

    Raises
    ------
    ValueError
        If an argument is out of range, or the checkpoint is of a run with other arguments.

    Examples
    --------
    >>> layers = tf.keras.layers
    >>> backbone = tf.keras.Sequential([tf.keras.Input((6,)), layers.Dense(4, "relu"), layers.Dense(3)])
    >>> features = tf.keras.Sequential([tf.keras.Input((6,)), layers.Reshape((6, 1)), layers.Dense(4)])
    >>> x, y = np.random.default_rng(0).random((8, 6), "float32"), np.arange(8) % 3
    >>> sop = SumOfParts(backbone, x[:1], encoder=features, groups=3)
    >>> len(fit(sop, x, y, batch_size=4, lr=1e-3, verbose=False))
    2
    """
    variables = model.trainable_variables
    optimizer = tf.keras.optimizers.AdamW(lr, weight_decay=weight_decay)
    optimizer.build(variables)
    changed = [*variables, *optimizer.variables]
    columns = [np.asarray(inputs), np.asarray(targets)] + ([] if feature_mask is None else [np.asarray(feature_mask)])

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

    total = epochs * -(-len(columns[0]) // batch_size)
    with tqdm(total=total, desc="Sum-of-Parts training", unit="step", disable=not verbose) as bar:
        return train(
            Trainee(step, state, restore),
            len(columns[0]),
            epochs=epochs,
            batch_size=batch_size,
            seed=seed,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            on_step=lambda loss: (bar.set_postfix(loss=f"{loss:.4f}", refresh=False), bar.update()),
        )
