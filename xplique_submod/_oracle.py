"""TensorFlow oracle: shows masked inputs to a model or any callable, and reduces its outputs."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core.backends import backend_of
from submod_core.engine import OutOfMemoryError, Responses
from submod_core.scores import Readout, uncertainty
from submod_core.scores.readout import NO_CLASSES, ONE_EMBEDDING
from xplique_submod._calls import Recorder, call
from xplique_submod._compat import TENSORFLOW_MODELS
from xplique_submod._inputs import Batch
from xplique_submod._masking import composer, pack, signature

Tensors = tuple[Any, ...]

# So many masked inputs tell whether a model's outputs are probabilities already.
_LOOKED_AT = 8


@dataclass
class Reader:
    """Runs the model on masked inputs and reduces its outputs, on the model's device.

    A reader outlives a call of `explain`: its functions are traced once for each shape of inputs,
    for any batch size, and once more for each doubling of the regions beyond 128.

    Attributes
    ----------
    model : callable
    operator : callable or None
        g(f, x, y), whose value is the consistency; None where the consistency is the activation of
        the target output.
    readout : Readout
    wants_confidence : bool
        Whether the confidence is computed.
    """

    model: Any
    operator: Callable[..., Any] | None
    readout: Readout
    wants_confidence: bool
    _traced: dict[Any, Callable[..., Tensors]] = field(default_factory=dict, init=False)
    _warned: bool = field(default=False, init=False)
    _looked: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._asked_for = self.readout

    def reads_like(self, other: "Reader") -> bool:
        """Whether another reader has the same model and options, by identity."""
        mine, theirs = (
            [one.model, one.operator, one.wants_confidence, *vars(one._asked_for).values()]
            for one in (self, other)
        )
        return all(a is b for a, b in zip(mine, theirs, strict=True))

    def read(self, batch: Batch, examples: np.ndarray, keep: np.ndarray) -> Tensors:
        """Read scores and output vectors.

        Returns
        -------
        tuple
            The target's score (B,), the confidence (B,) or (), the result of `_suspicion`, the
            output vectors (B, d).
        """
        return self._run("score", self._score, batch, examples, keep)

    def features(self, batch: Batch, examples: np.ndarray, keep: np.ndarray) -> tf.Tensor:
        """Features (B, d) of `readout.features`."""
        return self._run("features", lambda masked, _: self._vectors(masked), batch, examples, keep)

    def _run(
        self,
        name: str,
        read: Callable[..., Any],
        batch: Batch,
        examples: np.ndarray,
        keep: np.ndarray,
    ) -> Any:
        """Mask and read a batch: in one traced graph where the models allow, else eagerly.

        `name` tells the graphs of one reader apart, together with the shapes.
        """
        if not self._looked:
            self._looked = True
            self._look(batch, pack(examples[:_LOOKED_AT], keep[:_LOOKED_AT]))
        packed = pack(examples, keep)
        arrays = (batch.inputs, batch.baselines, batch.labels, batch.targets, packed)
        shapes = (packed.shape[1] - 2, *(tuple(array.shape[1:]) for array in arrays[:-1]))
        # Eager: models that are no TensorFlow modules, and all models once Xplique's TorchWrapper
        # has switched TensorFlow to eager execution, globally.
        models = [m for m in (self.model, self.readout.confidence_model) if m is not None]
        if (
            not all(isinstance(model, TENSORFLOW_MODELS) for model in models)
            or tf.config.functions_run_eagerly()
        ):
            return _on_masked(read, composer(batch.shape, *shapes))(*arrays)
        key = (name, batch.shape, *shapes)
        if key not in self._traced:
            # Masking and model in one graph: each call of TensorFlow costs as much as the masking.
            composed = _on_masked(read, composer(batch.shape, *shapes))
            self._traced[key] = _trace(tf.function(composed, input_signature=signature(*shapes)))
        return self._traced[key](*arrays)

    def _look(self, batch: Batch, packed: tf.Tensor) -> None:
        """Find out, before anything is traced, whether the outputs are probabilities already."""
        if self.operator is not None or self.readout.feature_target:
            return
        arrays = (batch.inputs, batch.baselines, batch.labels, batch.targets, packed)
        shapes = (packed.shape[1] - 2, *(tuple(array.shape[1:]) for array in arrays[:-1]))
        outputs = _on_masked(
            lambda masked, _: call(self.model, masked), composer(batch.shape, *shapes)
        )(*arrays)
        if len(outputs.shape) == 2:
            self.readout = self.readout.for_outputs(outputs)

    def _score(self, masked: tf.Tensor, targets: tf.Tensor) -> Tensors:
        """The arrays of `read`, in one of three modes: features alone, class outputs, operator."""
        if self.readout.feature_target:
            vectors = (
                self._vectors(masked)
                if self.readout.features is not None
                else _flat(call(self.model, masked))
            )
            return tf.reduce_sum(targets, axis=-1), self._confidence(None, masked), None, vectors
        if self.operator is None:
            outputs = self._class_outputs(masked)
            _check_targets(targets, outputs)
            classes = self._activate(outputs)
            score = tf.reduce_sum(classes * targets, axis=-1)
        else:
            # The operator calls the model itself: record the outputs for confidence and features.
            # Inside the operator's own `tf.function` they would be out of reach, so unwrap it.
            model = Recorder(self.model)
            operator = getattr(self.operator, "python_function", self.operator)
            score = tf.cast(operator(model, masked, targets), tf.float32)
            outputs = model.outputs
            classes = (
                None if outputs is None or len(outputs.shape) != 2 else self._activate(outputs)
            )
        vectors = tf.zeros((0, 0)) if outputs is None else _flat(outputs)
        return score, self._confidence(classes, masked), self._suspicion(classes), vectors

    def _class_outputs(self, masked: tf.Tensor) -> tf.Tensor:
        """Class scores (B, C): the model's outputs, or similarities to class embeddings."""
        if self.readout.class_embeddings is None:
            return call(self.model, masked)
        plain = self.readout.features is None
        vectors = _flat(call(self.model, masked)) if plain else self._vectors(masked)
        embeddings = tf.constant(np.asarray(self.readout.class_embeddings), tf.float32)
        return self.readout.similarities(vectors, embeddings)

    def _vectors(self, masked: tf.Tensor) -> tf.Tensor:
        """Features (B, d), by a model that ends at a layer, or by a function."""
        source = self.readout.features
        if isinstance(source, tf.keras.layers.Layer) and not isinstance(source, tf.keras.Model):
            source = tf.keras.Model(self.model.inputs, source.output)
        vectors = tf.cast(source(masked), tf.float32)
        return backend_of(vectors).pool(vectors)

    def _activate(self, outputs: tf.Tensor) -> tf.Tensor:
        if callable(self.readout.activation):
            return tf.cast(self.readout.activated(outputs), tf.float32)
        return self.readout.probabilities(outputs)

    def class_probabilities(
        self, batch: Batch, examples: np.ndarray, keep: np.ndarray
    ) -> np.ndarray:
        """Probabilities of all classes, (B, C)."""

        def read(masked: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            outputs = self._class_outputs(masked)
            _check_targets(targets, outputs)
            return self._activate(outputs)

        classes = self._run("classes", read, batch, examples, keep)
        probabilities: np.ndarray = classes.numpy().astype(np.float64)
        return probabilities

    def _confidence(self, classes: tf.Tensor | None, masked: tf.Tensor) -> tf.Tensor:
        """Confidence (B,), or a 0 without axes where there is none."""
        if not self.wants_confidence:
            return tf.zeros(())
        if self.readout.confidence_model is not None:
            outputs = call(self.readout.confidence_model, masked)
            self.readout.check_evidence(
                tuple(outputs.shape[1:]), None if classes is None else classes.shape[-1]
            )
            return 1 - uncertainty(outputs)
        certainty = None if classes is None else self.readout.certainty(classes)
        if certainty is None:
            self._warn_no_classes()
        return tf.zeros(()) if certainty is None else certainty

    def _suspicion(self, classes: tf.Tensor | None) -> tf.Tensor | None:
        """Numbers of `Readout.suspicion` where the confidence is computed from class values."""
        plain = not self.wants_confidence or self.readout.confidence_model is not None
        return None if plain or classes is None else self.readout.suspicion(classes)

    def _warn_no_classes(self) -> None:
        if not self._warned:
            single = self.readout.class_embeddings is not None
            warnings.warn(ONE_EMBEDDING if single else NO_CLASSES, stacklevel=2)
            self._warned = True


@dataclass(frozen=True)
class TensorFlowOracle:
    """Oracle of a batch of examples for `submod_core.engine.drive`."""

    reader: Reader
    batch: Batch

    def __call__(self, examples: np.ndarray, keep: np.ndarray, features: bool) -> Responses:
        """Answer as `submod_core.Oracle` documents."""
        try:
            score, confidence, suspicion, vectors = self.reader.read(self.batch, examples, keep)
            if features and self.reader.readout.features is not None:
                vectors = self.reader.features(self.batch, examples, keep)
        except tf.errors.ResourceExhaustedError as error:
            raise OutOfMemoryError(str(error)) from error
        if suspicion is not None:
            self.reader.readout.check_probabilities(*suspicion.numpy().tolist())
        scalars = [score, confidence] if len(confidence.shape) else [score]
        for numbers in scalars:
            _check_rows(numbers, len(examples))
        target, *certainty = (numbers.numpy().astype(np.float64) for numbers in scalars)
        return Responses(
            target, certainty[0] if certainty else None, vectors.numpy() if features else None
        )


def _trace(function: Any) -> Callable[..., Any]:
    """Trace a `tf.function`; raise our own errors as they are."""
    try:
        traced: Callable[..., Any] = function.get_concrete_function()
        return traced
    except Exception as error:
        # AutoGraph wraps an error of ours into another one, with a long message of files and
        # lines.
        if hasattr(error, "ag_error_metadata") and error.__context__ is not None:
            raise error.__context__ from None
        raise


def _on_masked(read: Callable[..., Any], compose: Callable[..., Tensors]) -> Callable[..., Any]:
    """Compose masked inputs, cut the rows of padding off, and read the model on the rest."""

    def composed(*arrays: tf.Tensor) -> Any:
        masked, targets = compose(*arrays)
        n_rows = tf.reduce_sum(arrays[-1][:, 0])
        return read(masked[:n_rows], targets[:n_rows])

    return composed


def _flat(outputs: tf.Tensor) -> tf.Tensor:
    """Outputs as vectors, (B, d)."""
    return tf.reshape(outputs, (tf.shape(outputs)[0], math.prod(outputs.shape[1:])))


def _check_targets(targets: tf.Tensor, outputs: tf.Tensor) -> None:
    if len(outputs.shape) != 2 or outputs.shape[1:] != targets.shape[1:]:
        raise ValueError(
            f"`targets` (of shape {tuple(targets.shape[1:])} per example) must be shaped like the "
            f"model's outputs, {tuple(outputs.shape[1:])}, which have one axis; for other outputs "
            "give an `operator`"
        )


def _check_rows(numbers: tf.Tensor, n_rows: int) -> None:
    if tuple(numbers.shape) != (n_rows,):
        raise ValueError(
            "the model, by its `operator` if it has one, gave values of shape "
            f"{tuple(numbers.shape)} for {n_rows} inputs; there must be one for each"
        )
