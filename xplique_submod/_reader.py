"""Reader of a model: runs it on masked inputs, and reduces its outputs on the model's device."""

import functools
import math
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core.backends import backend_of
from submod_core.engine import Responses
from submod_core.engine._finite import check_finite
from submod_core.scores import NO_CLASSES, ONE_EMBEDDING, Readout, uncertainty
from xplique_submod._calls import call, single
from xplique_submod._compat import Task
from xplique_submod._inputs import Batch
from xplique_submod._layers import ends_in_sigmoid, feature_function
from xplique_submod._messages import EITHER, NO_CERTAINTY, NO_FEATURES
from xplique_submod._targets import check_classes, check_targets, of_one_output
from xplique_submod._tracing import Runner

Tensors = tuple[Any, ...]

# So many examples, whole and with nothing kept, tell what kind of values a model's outputs are.
_LOOKED_AT = 4
# One look at a time, as it changes its reader in several steps. A model may itself explain.
_LOOKING = threading.RLock()


@dataclass
class Reader(Runner):
    """Runs the model on masked inputs and reduces its outputs, on the model's device.

    A reader outlives a call of `explain`: its functions are traced once for each shape of inputs,
    for any batch size, and once more for each doubling of the regions beyond 128.

    Attributes
    ----------
    model : callable
    task : Task
        What the consistency is: the probability of a class, a value, or an operator's value.
    readout : Readout
    wants_confidence : bool
        Whether the confidence is computed.
    """

    model: Any
    task: Task
    readout: Readout
    wants_confidence: bool
    _traced: dict[Any, Callable[..., Any]] = field(default_factory=dict, init=False)
    _warned: set[str] = field(default_factory=set, init=False)
    _looked: bool = field(default=False, init=False)
    _eager: bool = field(default=False, init=False)
    _n_outputs: int | None = field(default=None, init=False)
    _n_features: int | None = field(default=None, init=False)
    _fitted: tuple[Batch, Batch] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._asked_for, self._kind = self.readout, self.task.kind
        embeddings = self.readout.class_embeddings
        self._embeddings = np.array([] if embeddings is None else embeddings)

    def reads_like(self, other: "Reader") -> bool:
        """Whether another reader has the same model and options, and numbers of embeddings."""
        if not np.array_equal(self._embeddings, other._embeddings):
            return False
        mine, theirs = (
            [one.model, *one.task, one.wants_confidence, *vars(one._asked_for).values()]
            for one in (self, other)
        )
        return all(a is b for a, b in zip(mine, theirs, strict=True))

    def fitted(self, batch: Batch, most: int) -> Batch:
        """The batch with a column of targets for each class, after a look at the model's outputs.

        `most` bounds the images in one call of the model.

        Raises
        ------
        ValueError
            If a target names no class of the model.
        """
        fitted = self._fitted  # of the call before, in this thread or in another one
        if fitted is None or fitted[0] is not batch:
            with _LOOKING:
                if not self._looked:  # noted only then: a look that failed is repeated
                    self._look(batch, most)
                    self._looked = True
            targets, embeddings = batch.targets, self.readout.class_embeddings
            n_outputs = self._n_outputs if embeddings is None else len(embeddings)
            if self.task.kind == "either" and self._kind == "classes":
                check_classes(targets)
            if self._kind == "classes" and n_outputs == 1:
                targets = of_one_output(targets, self._one_is_probability)
            fitted = self._fitted = batch, replace(batch, targets=targets)
        return fitted[1]

    @property
    def reads_value(self) -> bool:
        """Whether the score is the model's own value, in a unit that features do not share."""
        if self._kind == "classes":
            return self.readout.reads_value(self._n_outputs or 2)
        return self._kind == "value"

    @property
    def _one_is_probability(self) -> bool:
        return self.readout.independent or self.readout.activation == "sigmoid"

    def read(self, batch: Batch, examples: np.ndarray, keep: np.ndarray, features: bool) -> Tensors:
        """Read scores and output vectors.

        Returns
        -------
        tuple
            The target's score (B,), the confidence (B,) or (), the result of `_suspicion`, the
            output vectors (B, d); of an operator's model only with `features`, else (0, 0).
        """
        # Beside an operator the vectors cost a call of the model of their own.
        vectors = self._kind != "operator" or (features and self.readout.features is None)
        score = functools.partial(self._score, vectors=vectors)
        name = "score" if self._kind != "operator" or not vectors else "score and vectors"
        return self._run(name, score, batch, examples, keep)

    def features(self, batch: Batch, examples: np.ndarray, keep: np.ndarray) -> tf.Tensor:
        """Features (B, d) of `readout.features`."""
        return self._run("features", lambda masked, _: self._vectors(masked), batch, examples, keep)

    def check_length(self, n_features: int) -> None:
        """Raise ValueError where feature vectors are not as long as those of an earlier batch."""
        if self._n_features not in (None, n_features):
            raise ValueError(
                f"`features` must be given: the model's outputs are vectors of {self._n_features} "
                f"values for some inputs and of {n_features} for others"
            )
        self._n_features = n_features

    def class_probabilities(
        self, batch: Batch, examples: np.ndarray, keep: np.ndarray
    ) -> np.ndarray:
        """Probabilities of all classes, (B, C)."""

        def read(masked: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            classes = self._activate(self._class_scores(call(self.model, masked), masked))
            check_targets(targets, classes)
            return classes

        classes = self._run("classes", read, batch, examples, keep)
        probabilities: np.ndarray = classes.numpy().astype(np.float64)
        return probabilities

    def _look(self, batch: Batch, most: int) -> None:
        """Find out, before anything is traced, what kind of values the model's outputs are."""
        readout = self.readout
        if self._kind == "either" and readout.class_embeddings is not None:
            self._kind = "classes"
        plain = readout.class_embeddings is None and not readout.feature_target
        operator = self._kind == "operator" and not self._needs_classes
        if not plain or operator or self._kind == "value":
            return
        outputs = self._some_outputs(batch, most)
        if outputs is None:
            return
        self._n_outputs = outputs.shape[1]
        known = ends_in_sigmoid(self.model) or (
            hasattr(self.model, "predict_proba") and self._n_outputs == 1
        )
        self.readout = readout.for_outputs(readout.activated(outputs), known)
        if self._kind == "either":
            unknown = self.readout.activation == "softmax"
            self._kind = "value" if unknown else "classes"
            if unknown:
                self._warn(EITHER)

    def _some_outputs(self, batch: Batch, most: int) -> tf.Tensor | None:
        """Outputs (B, C) for some inputs, whole and with nothing kept; None for other outputs."""
        sizes = [len(ground_set.sizes) for ground_set in batch.sets]
        whole = np.arange(max(sizes)) < np.array(sizes[:_LOOKED_AT])[:, None]
        keep = np.concatenate([whole, np.zeros_like(whole)])
        examples = np.tile(np.arange(len(whole)), 2)
        eager, self._eager = self._eager, True
        try:
            found = [
                self._run("", lambda x, _: single(self.model, x), batch, examples[some], keep[some])
                for some in (slice(i, i + most) for i in range(0, len(keep), most))
            ]
        finally:
            self._eager = eager
        rows = all(outputs is not None and len(outputs.shape) == 2 for outputs in found)
        if not rows:
            return None
        outputs = tf.concat(found, 0)
        # What is not finite tells nothing about the kind; logits of −∞ are of impossible classes.
        numbers = np.where(np.isneginf(outputs), 0, outputs)
        check_finite(examples, keep, Responses(numbers), {"target": "model"})
        return outputs

    def _score(self, masked: tf.Tensor, targets: tf.Tensor, vectors: bool) -> Tensors:
        """The arrays of `read`, in one of four modes: features, an operator, a value, classes."""
        if self.readout.feature_target:
            found = (
                self._vectors(masked)
                if self.readout.features is not None
                else _flat(call(self.model, masked))
            )
            return tf.reduce_sum(targets, axis=-1), self._confidence(None, masked), None, found
        if self._kind == "operator":
            return self._operated(masked, targets, vectors)
        outputs, layer = None, self.readout.features is not None
        if not (layer and self.readout.class_embeddings is not None):
            outputs = call(self.model, masked)
        classes = self._class_scores(outputs, masked)
        if self._kind == "classes":
            classes = self._activate(classes)
        check_targets(targets, classes)
        score = tf.reduce_sum(classes * targets, axis=-1)
        classes = classes if self._kind == "classes" else None
        found = tf.zeros((0, 0)) if outputs is None else _flat(outputs)
        return score, self._confidence(classes, masked), self._suspicion(classes), found

    def _operated(self, masked: tf.Tensor, targets: tf.Tensor, vectors: bool) -> Tensors:
        """The arrays of `read` of an operator, which may call the model in any way."""
        assert self.task.operator is not None
        score = tf.cast(self.task.operator(self.model, masked, targets), tf.float32)
        # Confidence and features come from a call of our own, and only where they are needed.
        outputs = single(self.model, masked) if vectors or self._needs_classes else None
        classes = None
        if self._needs_classes and outputs is not None and len(outputs.shape) == 2:
            classes = self._activate(self._class_scores(outputs, masked))
        found = tf.zeros((0, 0))
        if vectors and outputs is not None and None not in outputs.shape[1:]:
            found = _flat(outputs)
        elif vectors:
            self._warn(NO_FEATURES)
        return score, self._confidence(classes, masked), self._suspicion(classes), found

    def _class_scores(self, outputs: tf.Tensor | None, masked: tf.Tensor) -> tf.Tensor:
        """Class scores (B, C): the model's outputs, or similarities to class embeddings."""
        if self.readout.class_embeddings is None:
            return outputs
        plain = self.readout.features is None
        vectors = _flat(outputs) if plain else self._vectors(masked)
        embeddings = tf.constant(np.asarray(self.readout.class_embeddings), tf.float32)
        return self.readout.similarities(vectors, embeddings)

    def _vectors(self, masked: tf.Tensor) -> tf.Tensor:
        """Features (B, d), by a layer's output or by a function."""
        source = feature_function(self.model, self.readout.features)
        vectors = tf.cast(source(masked), tf.float32)
        return backend_of(vectors).pool(vectors)

    def _activate(self, outputs: tf.Tensor) -> tf.Tensor:
        """Class probabilities, those of both classes where the model has one output."""
        own = callable(self.readout.activation)
        classes = (self.readout.activated if own else self.readout.probabilities)(outputs)
        return self.readout.both_classes(tf.cast(classes, tf.float32))

    @property
    def _needs_classes(self) -> bool:
        """Whether the confidence is computed from class probabilities."""
        return self.wants_confidence and self.readout.confidence_model is None

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
        silent = EITHER in self._warned or self.readout.activation is None
        if certainty is None and not silent:
            one = self.readout.class_embeddings is not None
            plain = NO_CERTAINTY if self._kind == "operator" else NO_CLASSES
            self._warn(ONE_EMBEDDING if one else plain)
        return tf.zeros(()) if certainty is None else certainty

    def _suspicion(self, classes: tf.Tensor | None) -> tf.Tensor | None:
        """Numbers of `Readout.suspicion` where class values have to be probabilities."""
        asked = self._needs_classes or self.readout.independent
        return self.readout.suspicion(classes) if asked and classes is not None else None

    def _warn(self, text: str) -> None:
        if text not in self._warned:
            warnings.warn(text, stacklevel=2)
            self._warned.add(text)


def _flat(outputs: tf.Tensor) -> tf.Tensor:
    """Outputs as vectors, (B, d)."""
    return tf.reshape(outputs, (tf.shape(outputs)[0], math.prod(outputs.shape[1:])))
