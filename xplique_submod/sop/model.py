"""Sum-of-Parts in Keras: a model whose prediction is, exactly, the sum of its feature groups' contributions."""

from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from submod_core._memory import keep_freed_memory
from submod_core.sop import maths
from submod_core.sop.explanation import GroupExplanation
from submod_core.sop.features import Features, cells, rows_of
from submod_core.sop.settings import (
    SOPSettings,
    blur_matrix,
    check_class_weights,
    check_targets,
    check_top,
    choose_layer,
    initial_projections,
)
from xplique_submod.sop._backbone import Backbone, cloned
from xplique_submod.sop._masking import Masking, pooling

keras = tf.keras


class Parts(NamedTuple):
    """Everything that a prediction is made of; names and shapes as in `submod_core.sop.maths`.

    Attributes
    ----------
    groups : Groups
        Attention, masks (N, m, n) and scales (N, m).
    partials : tf.Tensor, (N, m, C)
        The backbone's logits of each masked input.
    scores : tf.Tensor, (N, C, m)
        How much each group counts for each class.
    logits : tf.Tensor, (N, C)
        The sum of the contributions over groups: the prediction.
    """

    groups: maths.Groups
    partials: tf.Tensor
    scores: tf.Tensor
    logits: tf.Tensor

    @property
    def contributions(self) -> tf.Tensor:
        """c_i y_i, (N, m, C)."""
        return maths.contributions(self.scores, self.partials)


@keras.utils.register_keras_serializable("xplique_submod")
class SumOfParts(keras.Model):  # type: ignore[name-defined]
    """Wrap a trained model into one that predicts by summing what groups of features contribute.

    The same function as `captum_submod.SumOfParts` with the same weights. `compile(optimizer)` and `fit` train the two
    attentions with the scaled losses of the paper, chosen by the targets: classes (N,) of whole numbers, or values.

    Parameters
    ----------
    backbone : keras.Model
        Functional or sequential, returning logits (N, C): its copy is frozen. A subclassed model is taken as it is, and
        returns (logits, hidden states).
    example_inputs : array, (1, …)
        An input, which fixes shapes and is otherwise not used: images (N, H, W, C), sequences (N, T, D) whose features
        lie along T, token ids or vectors (N, T).
    features : int, array_like of int or None
        What groups are made of: patches of that many pixels a side, a label map with −1 for what always stays, or
        each element. A call may bring its own: `model((inputs, feature_mask))`.
    layer, encoder, finetune, classifier, class_weights, baseline, batch_size
        As for `captum_submod.SumOfParts`; `encoder` is a Keras model.
    groups, top, heads, alpha, beta, positions, blur, continuous
        See `SOPSettings`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or does not fit the backbone; the message names it.

    References
    ----------
    .. [1] Sum-of-Parts: Self-Attributing Neural Networks with End-to-End Learning of Feature Groups: §3, App. B.

    Examples
    --------
    >>> layers = keras.layers
    >>> backbone = keras.Sequential(
    ...     [keras.Input((16, 16, 3)), layers.Conv2D(8, 3), layers.GlobalMaxPool2D(), layers.Dense(10)]
    ... )
    >>> images = tf.random.uniform((2, 16, 16, 3))
    >>> sop = SumOfParts(backbone, images[:1], features=4, groups=6)
    >>> sop(images).shape
    TensorShape([2, 10])
    >>> one = sop.explain(images)[0]
    >>> bool(np.allclose(one.contributions.sum(0), sop(images)[0], atol=1e-5))
    True
    """

    def __init__(
        self,
        backbone: Any,
        example_inputs: Any,
        *,
        features: Features = None,
        layer: str | None = None,
        encoder: Any = None,
        finetune: bool = False,
        classifier: str | None = None,
        class_weights: Any = None,
        baseline: float = 0.0,
        batch_size: int = 32,
        groups: int = 20,
        top: float = 0.2,
        heads: int = 1,
        alpha: float | None = None,
        beta: float = 1.0,
        positions: float = 0.0,
        blur: int | None = None,
        continuous: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(backbone, keras.Model):
            raise TypeError(f"`backbone` (a {type(backbone).__name__}) must be a Keras model")
        example = tf.convert_to_tensor(example_inputs)
        keep_freed_memory()
        self.settings = SOPSettings(groups, top, heads, alpha, beta, positions, blur, continuous)
        self.masking = Masking(tuple(example.shape), features, baseline, batch_size)
        self.example_shape, self.example_dtype = tuple(example.shape), example.dtype.name
        self.supports_jit = False  # the number of batches is not known when a graph is made
        self.backbone = Backbone(backbone, classifier)
        self.blur = None
        if blur is not None:
            if self.masking.grid is None:
                raise ValueError(f"`blur` (={blur}) needs features on a grid: patches, or a row of tokens")
            self.blur = tf.constant(blur_matrix(self.masking.grid, blur), self.variable_dtype)
        self.layer, self.finetune, self.given_encoder = layer, finetune, encoder
        self.encoder = encoder if encoder is not None else self._layer_encoder()
        self._make_weights(example, class_weights)
        self._traced = tf.function(self._parts, reduce_retracing=True)
        self.built = True

    def _layer_encoder(self) -> Any:
        sizes = {name: int(np.prod(out.shape[1:-1])) for name, out in self.backbone.feature_maps().items()}
        self.layer = choose_layer(self.layer, sizes, self.masking.n)
        model = cloned(self.backbone.model) if self.finetune else self.backbone.model
        made = keras.Model(model.inputs[0], model.get_layer(self.layer).output)
        for each in made.layers:  # the model's own flag does not reach the layers of a frozen model's copy
            each.trainable = self.finetune
        return made

    def _make_weights(self, example: tf.Tensor, class_weights: Any) -> None:
        logits, hidden = self.backbone(example)
        k = self._embed(example, self.masking.labels_of(example, None)).shape[-1]
        weights = np.asarray(self.backbone.class_weights() if class_weights is None else class_weights)
        check_class_weights(weights.shape, tuple(logits.shape), tuple(hidden.shape))
        start, same = initial_projections(k, self.settings.heads), np.eye(hidden.shape[1])
        values = {"query": start, "key": start, "class_weights": weights, "class_query": same, "group_key": same}
        for name, value in values.items():
            made = keras.initializers.Constant(value)
            setattr(self, name, self.add_weight(name=name, shape=value.shape, initializer=made))
        rows = self.settings.rows()
        fixed = np.stack([rows.numerators, rows.denominators])
        self.rows = self.add_weight(
            name="rows", shape=fixed.shape, initializer=keras.initializers.Constant(fixed), trainable=False
        )

    def call(self, inputs: Any, feature_mask: Any = None, top: float | None = None, training: bool = False) -> Any:
        """Logits (N, C): the sum of the groups' contributions, in training and in evaluation.

        Parameters
        ----------
        inputs : tf.Tensor, (N, …), or a pair of it and `feature_mask`
        feature_mask : array of int, (1 or N, …), optional
            Features of these inputs, ids 0 … n_i − 1 without gaps over the axes of `features`; −1 always stays.
        top : float in (0, 1], optional
            The share of features in each group; by default the one that the model was made with.
        training : bool
            Changes nothing.
        """
        return self.parts(inputs, feature_mask, top).logits

    def without(self, inputs: Any, feature_mask: Any = None, top: float | None = None) -> tf.Tensor:
        """Logits (N, C) where each group has lost its highest features; arguments as in `call`."""
        return self.parts(inputs, feature_mask, top, remove=True).logits

    def parts(self, inputs: Any, feature_mask: Any = None, top: float | None = None, *, remove: bool = False) -> Parts:
        """What the prediction is made of; arguments as in `call`.

        Parameters
        ----------
        inputs, feature_mask, top
        remove : bool
            Groups hold all but their highest features instead: what is left when those are deleted.
        """
        top = self.settings.top if top is None else top
        check_top(top)
        inputs, feature_mask = _unpack(inputs, feature_mask, self.compute_dtype)
        return self._make(inputs, self._labels_of(inputs, feature_mask), feature_mask is None, top, remove)

    def _make(self, inputs: tf.Tensor, labels: tf.Tensor, own: bool, top: float, remove: bool = False) -> Parts:
        # As single operations, the layers of a small network take longer to call than to compute.
        make = self._traced if tf.executing_eagerly() else self._parts
        own = own and labels.shape[1:] == self.masking.labels.shape
        mine, n_words = (None, None) if own else (labels, self.masking.words(labels))
        return make(inputs, mine, n_words, tf.constant(top, self.variable_dtype), remove)

    def _parts(
        self, inputs: tf.Tensor, labels: tf.Tensor | None, n_words: int | None, top: tf.Tensor, remove: bool
    ) -> Parts:
        if labels is None:  # a constant of the graph: what depends on it alone is computed once
            labels = tf.constant(self.masking.labels[None], tf.int32)
            n_words = self.masking.words(labels)
        embeddings = self._embed(inputs, labels)
        present = tf.cast(self.masking.present(labels, tf.shape(inputs)[0]), embeddings.dtype)
        groups = maths.generate(
            embeddings,
            present,
            tf.convert_to_tensor(self.query),
            tf.convert_to_tensor(self.key),
            self.settings.rows()._replace(numerators=self.rows[0], denominators=self.rows[1]),
            alpha=self.settings.alpha or self.query.shape[-1] ** -0.5,
            top=top,
            blur=self.blur,
            continuous=self.settings.continuous,
        )
        if remove:
            groups = groups._replace(masks=present[:, None] - groups.masks)
        partials, hidden = self._ask(inputs, groups.masks, labels, n_words)
        fits = maths.affinities(
            hidden, *map(tf.convert_to_tensor, (self.class_weights, self.class_query, self.group_key))
        )
        # Compiled: thousands of short rows, one for each class, that single operations pass over many times.
        scores = tf.function(maths.select, jit_compile=True)(fits, self.settings.beta)
        logits = tf.reduce_sum(maths.contributions(scores, partials), 1)
        return Parts(groups, partials, scores, logits)

    def training_loss(self, inputs: Any, targets: Any, feature_mask: Any = None) -> tf.Tensor:
        """The loss that trains the attentions, its mean over the batch (SOP, Eq. 48–49).

        Parameters
        ----------
        inputs : tf.Tensor, (N, …), or a pair of it and `feature_mask`
        targets : array, (N,) of int or (N, C) of float
            Classes for the scaled cross-entropy, or values for the scaled squared error; one-hot rows are values.
        feature_mask : array, optional

        Raises
        ------
        ValueError
            If the targets are neither.
        """
        return self._loss_of(self.parts(inputs, feature_mask), tf.convert_to_tensor(targets))

    def _loss_of(self, parts: Parts, targets: tf.Tensor) -> tf.Tensor:
        dtype = parts.partials.dtype
        n, classes = parts.partials.shape[-1], targets.dtype.is_integer
        if targets.shape[1:].is_fully_defined():  # Keras forgets shapes of a second `fit` that are unlike the first's
            check_targets(tuple(targets.shape), classes, n)
        wanted = tf.one_hot(tf.reshape(targets, (-1,)), n) if classes else tf.reshape(targets, (-1, n))
        loss = maths.scaled_cross_entropy if classes else maths.scaled_squared_error
        return tf.reduce_mean(loss(parts.partials, tf.cast(wanted, dtype), parts.scores, parts.groups.scales))

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of `fit`."""
        inputs, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            parts = self.parts(inputs)
            loss = self._loss_of(parts, tf.convert_to_tensor(targets))
        variables = self.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.optimizer.apply_gradients([(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None])
        return self._measured(parts, targets, loss)

    def test_step(self, data: Any) -> dict[str, Any]:
        """One step of `evaluate`."""
        inputs, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
        parts = self.parts(inputs)
        return self._measured(parts, targets, self._loss_of(parts, tf.convert_to_tensor(targets)))

    def _measured(self, parts: Parts, targets: Any, loss: tf.Tensor) -> dict[str, Any]:
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(targets, parts.logits)
        return self.get_metrics_result()

    def explain(self, inputs: Any, feature_mask: Any = None, top: float | None = None) -> list[GroupExplanation]:
        """Groups, scores, partial logits and contributions of each input; arguments as in `call`."""
        top = self.settings.top if top is None else top
        check_top(top)
        inputs, feature_mask = _unpack(inputs, feature_mask, self.compute_dtype)
        labels, size = self._labels_of(inputs, feature_mask), self.masking.batch_size
        explanations = []
        for start in range(0, len(inputs), size):  # so that memory grows with the batch, not with the number of inputs
            some = slice(start, start + size)
            shown = inputs if len(inputs) <= size else inputs[some]
            mine = rows_of(labels, some)
            parts = self._make(shown, mine, feature_mask is None, top)
            tensors = (mine, parts.groups.masks, parts.scores, parts.partials, parts.logits)
            explanations += GroupExplanation.each(*(np.asarray(tensor) for tensor in tensors))
        return explanations

    def _labels_of(self, inputs: tf.Tensor, feature_mask: Any) -> tf.Tensor:
        labels = self.masking.labels_of(inputs, feature_mask)
        if self.blur is not None and feature_mask is not None:
            message = f"`feature_mask` must have the {len(self.blur)} features of the grid that `blur` smooths"
            tf.debugging.assert_equal(tf.reduce_max(labels) + 1, tf.cast(len(self.blur), labels.dtype), message)
        return labels

    def _embed(self, inputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """φ_e: one standardised embedding for each feature, and its place, (N, n, k)."""
        embeddings = maths.standardised(tf.cast(self._encode(inputs, labels), self.variable_dtype))
        if not self.settings.positions:
            return embeddings
        code = tf.cast(maths.position_code(self.masking.centres(labels)), embeddings.dtype) * self.settings.positions
        shape = tf.shape(embeddings)
        return tf.concat([embeddings, tf.broadcast_to(code, (shape[0], shape[1], code.shape[-1]))], -1)

    def _encode(self, inputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """The mean of a layer's output under each feature."""
        outputs = self.encoder(inputs, training=False)
        if self.given_encoder is not None:
            return outputs
        size, map_shape = int(np.prod(outputs.shape[1:-1])), tuple(outputs.shape[1:-1])
        places = tf.reshape(outputs, (-1, size, outputs.shape[-1]))
        if self.masking.images and len(map_shape) == 1:
            side = int(size**0.5)  # patch tokens, after a class token or several
            places, map_shape, size = places[:, size - side * side :], (side, side), side * side
        under = cells(self.masking.shape(inputs.shape), map_shape)
        return tf.cast(pooling(labels, under, size), places.dtype) @ places

    def _ask(
        self, inputs: tf.Tensor, masks: tf.Tensor, labels: tf.Tensor, n_words: int | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Logits (N, m, C) and hidden states (N, m, h) of all masked inputs, in batches of one size."""
        count, make = self.masking.batches(inputs, masks, labels, n_words, self.settings.continuous)
        sizes = (self.class_weights.shape[0], self.class_weights.shape[1])
        arrays = [
            tf.TensorArray(masks.dtype, size=count, infer_shape=False, element_shape=(None, size)) for size in sizes
        ]

        def body(k: tf.Tensor, logits: Any, hidden: Any) -> tuple[Any, ...]:
            answers = [tf.cast(answer, masks.dtype) for answer in self.backbone(make(k))]
            return k + 1, logits.write(k, answers[0]), hidden.write(k, answers[1])

        _, *arrays = tf.while_loop(lambda k, *_: k < count, body, (0, *arrays), parallel_iterations=1)
        shape = (-1, masks.shape[1])
        logits, hidden = (tf.reshape(a.concat(), (*shape, size)) for a, size in zip(arrays, sizes, strict=True))
        return logits, hidden

    def get_config(self) -> dict[str, Any]:
        """What `from_config`, and so a `.keras` file, restores the model from."""
        return {
            "backbone": keras.utils.serialize_keras_object(self.backbone.model),
            "encoder": None if self.given_encoder is None else keras.utils.serialize_keras_object(self.given_encoder),
            "example_shape": list(self.example_shape),
            "example_dtype": self.example_dtype,
            "features": self.masking.as_option(),
            "layer": self.layer,
            "finetune": self.finetune,
            "classifier": self.backbone.classifier,
            "class_weights": self.class_weights.numpy().tolist(),
            "baseline": self.masking.baseline,
            "batch_size": self.masking.batch_size,
            **asdict(self.settings),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "SumOfParts":
        """The model of a configuration, before its weights."""
        config = dict(config)
        made = {name: config.pop(name) for name in ("backbone", "encoder")}
        backbone, encoder = (
            None if value is None else keras.utils.deserialize_keras_object(value, custom_objects=custom_objects)
            for value in made.values()
        )
        example = np.zeros(config.pop("example_shape"), config.pop("example_dtype"))
        return cls(backbone, example, encoder=encoder, **config)


def _unpack(inputs: Any, feature_mask: Any, dtype: str) -> tuple[tf.Tensor, Any]:
    first, second = inputs if isinstance(inputs, tuple | list) else (inputs, feature_mask)
    tensor = tf.convert_to_tensor(first)
    return (tf.cast(tensor, dtype) if tensor.dtype.is_floating else tensor), second
