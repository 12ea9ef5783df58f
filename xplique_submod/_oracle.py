"""Shows masked inputs to a TensorFlow model, or to any callable: the one part that depends on the framework."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core import OutOfMemoryError, Readout, Responses
from submod_core.readout import NO_CLASSES
from xplique_submod._compat import TENSORFLOW_MODELS
from xplique_submod._inputs import Batch

Tensors = tuple[tf.Tensor, ...]

_WIDTH = 64


@dataclass
class Reader:
    """Runs the model on masked inputs and reduces its outputs, on the model's device.

    It outlives a call of `explain`: its functions are traced once for each shape of inputs, whatever the batch size.

    Attributes
    ----------
    model : callable
    operator : callable or None
        g(f, x, y), whose value is the consistency; None where it is the activation of the target output.
    readout : Readout
    wants_confidence : bool
        False leaves the entropy out.
    """

    model: Any
    operator: Callable[..., Any] | None
    readout: Readout
    wants_confidence: bool
    _traced: dict[Any, Callable[..., Tensors]] = field(default_factory=dict, init=False)
    _warned: bool = field(default=False, init=False)

    def read(self, batch: Batch, examples: np.ndarray, keep: np.ndarray, height: int) -> Tensors:
        """The target's score (B,), the confidence (B,) or (), and the output vectors (B, d)."""
        return self._run(self._score, batch, examples, keep, height)

    def features(self, batch: Batch, examples: np.ndarray, keep: np.ndarray, height: int) -> tf.Tensor:
        """The features (B, d) that `readout.features` gives."""
        return self._run(self._source, batch, examples, keep, height)

    def _run(self, function: Any, batch: Batch, examples: np.ndarray, keep: np.ndarray, height: int) -> Any:
        # Composing is compiled for one shape: rows and regions are padded. The model gets its own rows alone.
        n_rows, n_regions = keep.shape
        rows = np.pad(examples, (0, height - n_rows)).astype(np.int32)
        kept = np.pad(keep, ((0, height - n_rows), (0, -n_regions % _WIDTH)))
        tensors = (batch.inputs, batch.baseline, batch.labels, batch.targets)
        # TorchWrapper switches TensorFlow to eager, and then means it.
        if isinstance(self.model, TENSORFLOW_MODELS) and not tf.config.functions_run_eagerly():
            key = (function.__name__, kept.shape, *(tuple(t.shape[1:]) for t in tensors))
            if key not in self._traced:
                signature = [tf.TensorSpec([None, *t.shape[1:]], t.dtype) for t in tensors]
                fixed = [
                    tf.TensorSpec(rows.shape, tf.int32),
                    tf.TensorSpec(kept.shape, tf.bool),
                    tf.TensorSpec([], tf.int32),
                ]
                self._traced[key] = tf.function(function, input_signature=signature + fixed).get_concrete_function()
            function = self._traced[key]
        return function(*tensors, tf.constant(rows), tf.constant(kept), tf.constant(n_rows))

    def _source(
        self,
        x: tf.Tensor,
        baseline: tf.Tensor,
        labels: tf.Tensor,
        targets: tf.Tensor,
        rows: tf.Tensor,
        keep: tf.Tensor,
        n: tf.Tensor,
    ) -> tf.Tensor:
        return self._vectors(_masked(x, baseline, labels, rows, keep)[:n])

    def _score(
        self,
        x: tf.Tensor,
        baseline: tf.Tensor,
        labels: tf.Tensor,
        targets: tf.Tensor,
        rows: tf.Tensor,
        keep: tf.Tensor,
        n: tf.Tensor,
    ) -> Tensors:
        masked, targets = _masked(x, baseline, labels, rows, keep)[:n], tf.gather(targets, rows[:n])
        if self.operator is None:
            outputs = self._class_outputs(masked)
            _check_targets(targets, outputs)
            classes = self._activate(outputs)
            score = tf.reduce_sum(classes * targets, axis=-1)
        else:
            model = _Recorder(self.model)
            # Without its own tf.function around it, the operator's model outputs stay within reach.
            score = tf.cast(
                getattr(self.operator, "python_function", self.operator)(model, masked, targets), tf.float32
            )
            outputs = model.outputs
            classes = None if outputs is None or len(outputs.shape) != 2 else self._activate(outputs)
        vectors = tf.zeros((0, 0)) if outputs is None else _flat(outputs)
        return score, self._confidence(classes), vectors

    def _class_outputs(self, masked: tf.Tensor) -> tf.Tensor:
        if self.readout.class_embeddings is None:
            return call(self.model, masked)
        vectors = _flat(call(self.model, masked)) if self.readout.features is None else self._vectors(masked)
        self.readout.check_width(vectors.shape[-1])
        embeddings = tf.constant(np.asarray(self.readout.class_embeddings), tf.float32)
        cosines = tf.linalg.l2_normalize(vectors, -1) @ tf.transpose(tf.linalg.l2_normalize(embeddings, -1))
        return cosines if len(embeddings) == 1 else self.readout.scale * cosines

    def _vectors(self, masked: tf.Tensor) -> tf.Tensor:
        source = self.readout.features
        if isinstance(source, tf.keras.layers.Layer) and not isinstance(source, tf.keras.Model):
            source = tf.keras.Model(self.model.inputs, source.output)
        vectors = tf.cast(source(masked), tf.float32)
        return (
            tf.reduce_mean(vectors, axis=list(range(1, len(vectors.shape) - 1)))
            if len(vectors.shape) > 3
            else _flat(vectors)
        )

    def _activate(self, outputs: tf.Tensor) -> tf.Tensor:
        activation = self.readout.activation
        if callable(activation):
            return tf.cast(activation(outputs), tf.float32)
        if activation == "sigmoid":
            return tf.sigmoid(outputs)
        return tf.nn.softmax(outputs, -1) if activation == "softmax" and outputs.shape[-1] != 1 else outputs

    def _confidence(self, classes: tf.Tensor | None) -> tf.Tensor:
        if not self.wants_confidence:
            return tf.zeros(())
        if classes is not None and self.readout.activation == "sigmoid":
            pairs = tf.stack([classes, 1 - classes])
            return 1 + tf.reduce_mean(tf.reduce_sum(_xlogx(pairs), 0), -1) / math.log(2)
        if classes is None or classes.shape[-1] == 1:
            self._warn_no_classes()
            return tf.zeros(())
        entropy = tf.reduce_sum(_xlogx(classes), -1)
        if self.readout.activation != "softmax":
            off = tf.abs(tf.reduce_sum(classes, -1) - 1) > 1e-2
            bad = off | (tf.reduce_min(classes, -1) < -1e-3)
            entropy = tf.where(bad, math.nan, entropy)
        return 1 + entropy / math.log(classes.shape[-1])

    def _warn_no_classes(self) -> None:
        if not self._warned:
            warnings.warn(NO_CLASSES, stacklevel=2)
            self._warned = True


@dataclass(frozen=True)
class TensorFlowOracle:
    """Answers a `submod_core` scheduler for a batch of examples."""

    reader: Reader
    batch: Batch
    batch_size: int | None

    def __call__(self, examples: np.ndarray, keep: np.ndarray, features: bool) -> Responses:
        """See `submod_core.Oracle`."""
        height = self.batch_size or 2 ** (len(keep) - 1).bit_length()
        try:
            score, confidence, vectors = self.reader.read(self.batch, examples, keep, height)
            if features and self.reader.readout.features is not None:
                vectors = self.reader.features(self.batch, examples, keep, height)
        except tf.errors.ResourceExhaustedError as error:
            raise OutOfMemoryError(str(error)) from error
        scalars = [score, confidence] if len(confidence.shape) else [score]
        for numbers in scalars:
            _check_rows(numbers, len(examples))
        target, *certainty = (numbers.numpy().astype(np.float64) for numbers in scalars)
        return Responses(target, certainty[0] if certainty else None, vectors.numpy() if features else None)


class _Recorder:
    """A model that remembers what it gave an operator."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.outputs: tf.Tensor | None = None

    def __call__(self, inputs: Any) -> tf.Tensor:
        self.outputs = call(self.model, inputs)
        return self.outputs

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)


def call(model: Any, inputs: tf.Tensor) -> tf.Tensor:
    """The outputs of any kind of model that Xplique takes, as float32 and with a batch dimension."""
    if isinstance(model, TENSORFLOW_MODELS):
        outputs = model(inputs)
    elif isinstance(model, tf.lite.Interpreter):
        outputs = _interpret(model, inputs)
    else:
        outputs = getattr(model, "predict_proba", model)(inputs.numpy())
    if isinstance(outputs, tuple | list | dict):
        raise TypeError(f"`model` returned a {type(outputs).__name__}; it must return one tensor")
    outputs = tf.cast(outputs, tf.float32)
    return outputs[:, None] if len(outputs.shape) == 1 else outputs


def _interpret(model: Any, inputs: tf.Tensor) -> np.ndarray:
    model.resize_tensor_input(model.get_input_details()[0]["index"], [*inputs.shape], strict=False)
    model.allocate_tensors()
    model.set_tensor(model.get_input_details()[0]["index"], inputs)
    model.invoke()
    outputs: np.ndarray = model.get_tensor(model.get_output_details()[0]["index"])
    return outputs


@tf.function(jit_compile=True)  # type: ignore[untyped-decorator] # as single operations it costs as much as a small model
def _masked(x: tf.Tensor, baseline: tf.Tensor, labels: tf.Tensor, rows: tf.Tensor, keep: tf.Tensor) -> tf.Tensor:
    """The masked inputs (B, …); `where` and never a product, so that NaN cannot leak."""
    # Labels that all examples share have a leading axis of 1.
    own = tf.gather(labels, tf.minimum(rows, tf.shape(labels)[0] - 1))
    return tf.where(tf.gather(keep, own, batch_dims=1), tf.gather(x, rows), baseline)


def _flat(outputs: tf.Tensor) -> tf.Tensor:
    return tf.reshape(outputs, (tf.shape(outputs)[0], math.prod(outputs.shape[1:])))


def _xlogx(p: tf.Tensor) -> tf.Tensor:
    return tf.math.xlogy(p, p)


def _check_targets(targets: tf.Tensor, outputs: tf.Tensor) -> None:
    if len(outputs.shape) != 2 or outputs.shape[1:] != targets.shape[1:]:
        raise ValueError(
            f"`targets` (of shape {tuple(targets.shape[1:])} per example) must be shaped like the model's outputs, "
            f"{tuple(outputs.shape[1:])}, which have one axis; for other outputs give an `operator`"
        )


def _check_rows(numbers: tf.Tensor, n_rows: int) -> None:
    if tuple(numbers.shape) != (n_rows,):
        raise ValueError(
            f"the model, by its `operator` if it has one, gave values of shape {tuple(numbers.shape)} for {n_rows} "
            "inputs; there must be one for each"
        )
