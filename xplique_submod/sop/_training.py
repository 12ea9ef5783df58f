"""Training of a sum of parts by Keras's own `fit`: losses, weights of examples, replicas."""

import inspect
from typing import Any

import tensorflow as tf

from submod_core.sop import Parts
from submod_core.sop.targets import check_kind, chosen_loss, is_classes
from xplique_submod.sop._network import Network

keras = tf.keras


class Mean(keras.losses.Loss):  # type: ignore[name-defined]
    """Keras's mean of losses that are known: by the weights of examples, shared among replicas."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The losses (N,), given as predictions."""
        return y_pred


class Trainable(Network):
    """A network that Keras trains: what its `compile` and `fit` take counts as in any model."""

    @property
    def losses(self) -> list[Any]:
        """Losses that the encoder's layers add; the backbone is frozen, and its layers' are not."""
        trained = self.given_encoder is not None or self.finetune
        return list(self.encoder.losses) if trained else []

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tf.Tensor:
        """The loss of a batch: the compiled one of the scaled logits, by default the paper's.

        Parameters
        ----------
        x : tf.Tensor, or a pair of it and `feature_mask`
        y : tf.Tensor
        y_pred : Parts
        sample_weight : tf.Tensor, optional
        training : bool
        """
        if y is None:
            raise ValueError("`y` (=None) must be the targets: labels or values of the examples")
        if self.loss is not None:
            check_takes_logits(self.loss)
            # Keras builds a compiled loss by symbolic outputs, of which it may not know the dtypes.
            real = isinstance(y_pred, Parts)
            logits = y_pred.scaled_logits if real else y_pred
            sparse = any("sparse" in name_of(loss) for loss in keras.tree.flatten(self.loss))
            if real and sparse:
                y = checked(tf.convert_to_tensor(y), logits.shape[-1], None)[0]
            loss = super().compute_loss(x, y, logits, sample_weight, training)
        else:
            mean = Mean(dtype=self.variable_dtype)
            losses = self._losses_of(y_pred, tf.convert_to_tensor(y), None)
            loss = tf.add_n([mean(y, losses, sample_weight), *self.losses])
        # Before any weight is changed: a run on NaN would train to the end.
        return tf.debugging.check_numerics(
            loss,
            "the loss of a step is not finite: look for NaN in the examples and in the backbone's "
            "answers, or lower the learning rate; the loss",
        )

    def _losses_of(self, parts: Parts[tf.Tensor], targets: tf.Tensor, loss: str | None) -> Any:
        """The loss of each example, (N,)."""
        n_outputs = parts.partials.shape[-1]
        targets, name = checked(targets, n_outputs, loss)
        classes = is_classes(_kind(targets), _shape(targets), loss)
        wanted = (
            tf.one_hot(tf.reshape(targets, (-1,)), n_outputs)
            if classes
            else tf.reshape(targets, (-1, n_outputs))
        )
        return parts.losses(tf.cast(wanted, parts.partials.dtype), name)

    def _trained_parts(
        self, inputs: Any, feature_mask: Any = None, most: tf.Tensor | None = None
    ) -> Parts[tf.Tensor]:
        """The parts of a batch of `fit`, as operations of the graph of its step."""
        raise NotImplementedError

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of `fit`, as Keras takes it, but for the parts that the loss is made of."""
        inputs, targets, weights = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            parts = self._trained_parts(inputs)
            loss = self.compute_loss(inputs, targets, parts, weights, training=True)
            scaled = self.optimizer.scale_loss(loss)
        variables = self.trainable_weights
        pairs = zip(tape.gradient(scaled, variables), variables, strict=True)
        self.optimizer.apply_gradients([(g, v) for g, v in pairs if g is not None])
        return self._measured(inputs, targets, parts, weights, loss)

    def test_step(self, data: Any) -> dict[str, Any]:
        """One step of `evaluate`."""
        inputs, targets, weights = keras.utils.unpack_x_y_sample_weight(data)
        parts = self._trained_parts(inputs)
        loss = self.compute_loss(inputs, targets, parts, weights, training=False)
        return self._measured(inputs, targets, parts, weights, loss)

    def _measured(
        self, inputs: Any, targets: Any, parts: Parts[tf.Tensor], weights: Any, loss: tf.Tensor
    ) -> dict[str, Any]:
        # A replica's loss is its share of the mean over all of them.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        size = tf.shape(parts.logits)[0]
        (tracker,) = (metric for metric in self.metrics if metric.name == "loss")
        tracker.update_state(loss * replicas, sample_weight=size)
        return self.compute_metrics(inputs, targets, parts.logits, sample_weight=weights)


def checked(targets: tf.Tensor, n_outputs: int, loss: str | None) -> tuple[tf.Tensor, str]:
    """Targets that the model can learn, and the name of their loss.

    In a graph the values are checked when it runs: that run fails.
    """
    known = tf.get_static_value(targets)
    if known is not None:
        return targets, chosen_loss(known, n_outputs, loss)
    # Keras forgets shapes of a second `fit` that are unlike the first's.
    if targets.shape[1:].is_fully_defined():
        check_kind(_kind(targets), _shape(targets), n_outputs, loss)
    classes = is_classes(_kind(targets), _shape(targets), loss)

    def check(values: Any) -> Any:
        chosen_loss(values, n_outputs, loss)
        return values

    shape = targets.shape
    targets = tf.numpy_function(check, [targets], targets.dtype)
    targets.set_shape(shape)
    return targets, loss or ("cross_entropy" if classes else "squared_error")


def _kind(targets: tf.Tensor) -> str:
    return "f" if targets.dtype.is_floating else str(targets.dtype.as_numpy_dtype(0).dtype.kind)


def _shape(targets: tf.Tensor) -> tuple[int | None, ...]:
    return tuple(targets.shape)


_OF_PROBABILITIES = ("kl_divergence", "poisson")


def check_takes_logits(losses: Any) -> None:
    """Raise ValueError where a compiled loss would take the logits for probabilities.

    Examples
    --------
    >>> check_takes_logits("sparse_categorical_crossentropy")
    Traceback (most recent call last):
    ValueError: `loss` (='sparse_categorical_crossentropy') must take logits: give a `keras.losses`
    object, with from_logits=True where it has that option
    """
    for loss in keras.tree.flatten(losses):
        found = keras.losses.get(loss) if isinstance(loss, str) else loss
        from_logits = getattr(found, "from_logits", None)
        if from_logits is None and inspect.isfunction(found):
            parameter = inspect.signature(found).parameters.get("from_logits")
            from_logits = None if parameter is None else parameter.default
        if from_logits is False or name_of(loss) in _OF_PROBABILITIES:
            raise ValueError(
                f"`loss` (={loss!r}) must take logits: give a `keras.losses` object, with "
                "from_logits=True where it has that option"
            )


def name_of(loss: Any) -> str:
    """The name of a compiled loss, by whatever it was given: text, function or object."""
    found = keras.losses.get(loss) if isinstance(loss, str) else loss
    return str(getattr(found, "name", None) or getattr(found, "__name__", ""))
