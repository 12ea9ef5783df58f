"""Training the attentions of a sum of parts."""

import json
import math
from typing import Any, Unpack

import numpy as np
import tensorflow as tf

from submod_core._docs import documented
from submod_core._types import AnyArray, IntArray
from submod_core.sop.checkpoint import (
    Arrays,
    Facts,
    data_facts,
    digest,
    digest_of_text,
    shapes,
    versions,
)
from submod_core.sop.options import OPTIONS
from submod_core.sop.training import Schedule, ScheduleOptions, Trainee, check_rates, train
from xplique_submod.sop.model import WORDS, SumOfParts, check_learnable


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
    check_rates(lr, weight_decay)
    columns = _columns(model, inputs, targets, feature_mask)
    training = _Training(model, columns, float(lr), float(weight_decay))
    parts = training.step, training.state, training.restore, training.facts
    return train(Trainee(*parts), len(columns[0]), schedule, show_progress=verbose)


def _columns(model: SumOfParts, inputs: Any, targets: Any, feature_mask: Any) -> list[AnyArray]:
    """The arguments as arrays, as long as each other, with targets that the model can learn."""
    given = {"inputs": inputs, "targets": targets, "feature_mask": feature_mask}
    arrays = {name: np.asarray(array) for name, array in given.items() if array is not None}
    n = len(arrays["inputs"]) if arrays["inputs"].ndim else 0
    if not n:
        raise ValueError(f"`inputs` (of shape {arrays['inputs'].shape}) must hold an example")
    for name, array in arrays.items():
        if array.ndim == 0 or len(array) not in ((1, n) if name == "feature_mask" else (n,)):
            raise ValueError(f"`{name}` (of shape {array.shape}) must be as long as `inputs`, {n}")
    check_learnable(arrays["targets"], model.class_weights.shape[0])
    # One mask for all examples becomes a row for each, without a copy.
    return [np.broadcast_to(array, (n, *array.shape[1:])) for array in arrays.values()]


class _Training:
    """A model, its optimiser and its data, as `Trainee` wants them."""

    def __init__(
        self, model: SumOfParts, columns: list[AnyArray], lr: float, weight_decay: float
    ) -> None:
        self.model, self.columns = model, columns
        self.variables = model.trainable_variables
        if not self.variables:
            raise ValueError("`model` must have trainable variables")
        self.options = {"name": "AdamW", "lr": lr, "weight_decay": weight_decay}
        self.optimizer = tf.keras.optimizers.AdamW(lr, weight_decay=weight_decay)
        self.optimizer.build(self.variables)
        self.frozen = [weight for weight in model.weights if not weight.trainable]
        # What may change beside the weights: seeds of layers, which are no weights and differ from
        # process to process, and whatever layers of the user's keep.
        fixed = (*self.variables, *model.backbone.weights, model.rows)
        known = {id(variable) for variable in fixed}
        self.buffers = [each for each in model.variables if id(each) not in known]
        self._losses = tf.function(self._loss_and_gradients, reduce_retracing=True)
        self._apply = tf.function(self._descend)

    def _loss_and_gradients(self, *batch: tf.Tensor) -> tuple[tf.Tensor, list[Any]]:
        with tf.GradientTape() as tape:
            loss = self.model.training_loss(*batch)
        return loss, tape.gradient(loss, self.variables)

    def _descend(self, gradients: list[Any]) -> None:
        pairs = zip(gradients, self.variables, strict=True)
        self.optimizer.apply_gradients([(g, v) for g, v in pairs if g is not None])

    def step(self, rows: IntArray) -> float:
        loss, gradients = self._losses(*(tf.constant(column[rows]) for column in self.columns))
        value = float(loss)
        if math.isfinite(value):
            self._apply(gradients)
        return value

    def _changed(self) -> dict[str, Any]:
        kinds = {
            "weight": self.variables,
            "optimiser": self.optimizer.variables,
            "buffer": self.buffers,
        }
        return {
            f"{kind} {i}": variable
            for kind, variables in kinds.items()
            for i, variable in enumerate(variables)
        }

    def state(self) -> Arrays:
        return {name: np.asarray(variable) for name, variable in self._changed().items()}

    def restore(self, arrays: Arrays) -> None:
        for name, variable in self._changed().items():
            variable.assign(arrays[name])

    def facts(self) -> Facts:
        columns = self.columns
        return {
            "optimiser": self.options,
            "model": self._model_facts(),
            "data": data_facts(len(columns[0]), lambda i: [column[i] for column in columns]),
            "versions": versions(tensorflow=tf.__version__, keras=tf.keras.__version__),
        }

    def _model_facts(self) -> Facts:
        model = self.model
        frozen = [(str(i), np.asarray(variable)) for i, variable in enumerate(self.frozen)]
        return {
            **vars(model.settings),
            "finetune": model.finetune,
            "baseline": model.baseline,
            "features": digest([("labels", model.masking.labels)]),
            "precision": model.dtype_policy.name,
            "modules": digest_of_text(_described(model.backbone) + _described(model.encoder)),
            "trained weights": shapes({f"{i} {v.name}": v for i, v in enumerate(self.variables)}),
            "buffers": shapes({f"{i} {v.name}": v for i, v in enumerate(self.buffers)}),
            "frozen weights": digest(frozen),
        }


def _described(layer: Any) -> str:
    """The classes and configurations of all layers within one, but for names, which are counted."""
    parts = [type(layer).__name__]
    for inner in layer._flatten_layers(include_self=False):
        # Layers that hold layers are described by those; their own configurations are full of
        # names, and of weights.
        leaf = not any(inner._flatten_layers(include_self=False))
        try:
            config = inner.get_config() if leaf else {}
        except NotImplementedError:  # a layer of the user's, without one
            config = {}
        config.pop("name", None)
        parts.append(f"{type(inner).__name__} {json.dumps(config, default=str, sort_keys=True)}")
    return "\n".join(parts)
