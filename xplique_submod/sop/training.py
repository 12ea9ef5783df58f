"""Training the attentions of a sum of parts."""

import json
import math
from typing import Any, Unpack

import numpy as np
import tensorflow as tf

from submod_core._checks import check_flag
from submod_core._docs import documented
from submod_core._types import AnyArray, IntArray
from submod_core.engine._memory import fitting
from submod_core.engine.batching import BatchSize
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
from submod_core.sop.targets import chosen_loss
from submod_core.sop.training import ScheduleOptions, Trainee, check_rates, schedule_of, train
from xplique_submod._checks import tensor_of
from xplique_submod._memory import memory_errors
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
    loss: str | None = None,
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
    {loss}
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
    schedule = schedule_of(options)
    check_rates(lr, weight_decay)
    check_flag("verbose", verbose)
    if not isinstance(model, SumOfParts):
        raise TypeError(f"`model` (a {type(model).__name__}) must be a SumOfParts model")
    columns = _columns(model, inputs, targets, feature_mask)
    loss = chosen_loss(columns[1], model.class_weights.shape[0], loss)
    settings = {"name": "AdamW", "lr": float(lr), "weight_decay": float(weight_decay), "loss": loss}
    training = _Training(model, columns, settings, schedule.batch_size)
    parts = training.step, training.state, training.restore, training.facts
    return train(Trainee(*parts), len(columns[0]), schedule, show_progress=verbose)


def _columns(model: SumOfParts, inputs: Any, targets: Any, feature_mask: Any) -> list[AnyArray]:
    """The arguments as arrays, as long as each other."""
    given = {"inputs": inputs, "targets": targets, "feature_mask": feature_mask}
    arrays = {
        name: np.asarray(tensor_of(name, array))
        for name, array in given.items()
        if name != "feature_mask" or array is not None
    }
    n = len(arrays["inputs"]) if arrays["inputs"].ndim else 0
    if not n:
        raise ValueError(f"`inputs` (of shape {arrays['inputs'].shape}) must hold an example")
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"`{name}` holds NaN or infinite values")
        if array.ndim == 0 or len(array) not in ((1, n) if name == "feature_mask" else (n,)):
            raise ValueError(f"`{name}` (of shape {array.shape}) must be as long as `inputs`, {n}")
    if feature_mask is not None:
        arrays["feature_mask"] = model.masking.checked(feature_mask, arrays["inputs"].shape)
    # One mask for all examples becomes a row for each, without a copy.
    return [np.broadcast_to(array, (n, *array.shape[1:])) for array in arrays.values()]


class _Training:
    """A model, its optimiser and its data, as `Trainee` wants them."""

    def __init__(
        self, model: SumOfParts, columns: list[AnyArray], options: Facts, batch_size: int
    ) -> None:
        self.model, self.columns, self.options = model, columns, options
        self.batch = BatchSize(batch_size)
        self.variables = model.trainable_variables
        if not self.variables:
            raise ValueError("`model` must have trainable variables")
        self.optimizer = tf.keras.optimizers.AdamW(
            options["lr"], weight_decay=options["weight_decay"]
        )
        if model.dtype_policy.name == "mixed_float16":  # as `compile` does
            self.optimizer = tf.keras.optimizers.LossScaleOptimizer(self.optimizer)
        self.optimizer.build(self.variables)
        self.frozen = [weight for weight in model.weights if not weight.trainable]
        # What may change beside the weights: seeds of layers, which are no weights and differ from
        # process to process, and whatever layers of the user's keep.
        fixed = (*self.variables, *model.backbone.weights, model.rows, model.colour)
        known = {id(variable) for variable in fixed}
        self.buffers = [each for each in model.variables if id(each) not in known]
        self._losses = tf.function(self._loss_and_gradients, reduce_retracing=True)
        self._apply = tf.function(self._descend)

    def _loss_and_gradients(
        self, most: tf.Tensor, inputs: tf.Tensor, targets: tf.Tensor, mask: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, list[Any]]:
        with tf.GradientTape() as tape:
            parts = self.model._trained_parts(inputs, mask, most)
            losses = self.model._losses_of(parts, targets, self.options["loss"])
            loss = tf.reduce_mean(losses)
            scaled = self.optimizer.scale_loss(loss)
        return loss, tape.gradient(scaled, self.variables)

    def _descend(self, gradients: list[Any]) -> None:
        pairs = zip(gradients, self.variables, strict=True)
        self.optimizer.apply_gradients([(g, v) for g, v in pairs if g is not None])

    def step(self, rows: IntArray) -> float:
        columns = [column[rows] for column in self.columns]
        first = self.batch.share(len(rows))
        return fitting(self.batch, first, lambda size: self._attempt(columns, size))

    def _attempt(self, columns: list[AnyArray], size: int) -> float:
        """One step from gradients that are summed over batches of a size."""
        n, total, summed = len(columns[0]), 0.0, None
        for start in range(0, n, size):
            some = [tf.constant(column[start : start + size]) for column in columns]
            loss, gradients = self._fitting_gradients(some)
            share = len(some[0]) / n
            total += float(loss) * share
            if size < n:
                gradients = [g if g is None else tf.convert_to_tensor(g) * share for g in gradients]
            if summed is not None:
                pairs = zip(summed, gradients, strict=True)
                gradients = [g if g is None else before + g for before, g in pairs]
            summed = gradients
        if math.isfinite(total):
            self._apply(summed)
        return total

    def _fitting_gradients(self, batch: list[tf.Tensor]) -> tuple[tf.Tensor, list[Any]]:
        """The loss of a batch and its gradients, with as many masked inputs at once as fit."""
        masked = self.model.masking.batch

        def attempt(most: int) -> tuple[tf.Tensor, list[Any]]:
            with memory_errors():
                found: tuple[tf.Tensor, list[Any]] = self._losses(tf.constant(most), *batch)
                return found

        return fitting(masked, masked.share(len(batch[0]) * self.model.groups), attempt)

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
            "baseline": model.masking.baseline_fact(),
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
