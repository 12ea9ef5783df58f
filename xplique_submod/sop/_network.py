"""The network of a sum of parts in Keras: two attentions around a frozen backbone."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._checks import as_numbers
from submod_core.engine._memory import fitting
from submod_core.sop import (
    Parts,
    SOPSettings,
    affinities,
    position_code,
    row_blur,
    select,
    standardised,
)
from submod_core.sop.features import cells
from submod_core.sop.finite import SOURCES, spoilt
from submod_core.sop.layers import find_layer
from submod_core.sop.settings import check_class_weights, initial_projections
from xplique_submod._memory import memory_errors
from xplique_submod.sop._backbone import Backbone, cloned
from xplique_submod.sop._inputs import check_rows
from xplique_submod.sop._masking import Masking, pooling
from xplique_submod.sop._saving import Saved

keras = tf.keras


class Network(Saved):
    """Embeds the features, makes the groups, and scores the backbone's answers to them.

    Its arrays, under the names of their files: `query` and `key` of the group generator,
    `class_weights`, `class_query` and `group_key` of the selector, `rows`, and `colour` where the
    baseline is drawn.
    """

    settings: SOPSettings
    masking: Masking
    backbone: Backbone
    encoder: Any
    given_encoder: Any
    query: Any
    key: Any
    class_weights: Any
    class_query: Any
    group_key: Any
    example_inputs: Any
    colour: Any = None
    _reading: Any = None

    def _make(self, layer: str | None, encoder: Any, finetune: bool) -> None:
        """Make the fixed arrays and the encoder; `settings`, `masking` and `backbone` are there."""
        self.supports_jit = False  # the number of batches is not known when a graph is made
        blur = self.settings.blur_of(self.masking.grid)
        self._blur = None if blur is None else tf.constant(blur, self.variable_dtype)
        self._embedding_layer = layer
        self.given_encoder = encoder
        self.encoder = self._layer_encoder(layer, finetune) if encoder is None else encoder
        self._traced: dict[str, Any] = {}  # Keras exports a dictionary if its keys are strings

    def _layer_encoder(self, layer: str | None, finetune: bool) -> Any:
        example = self.example_inputs[:1]
        outputs = self.backbone.feature_maps()
        maps = (
            keras.Model(self.backbone.model.inputs[0], list(outputs.values())) if outputs else None
        )

        def maps_of(where: tuple[slice, ...] | None) -> dict[str, np.ndarray]:
            shown = example if where is None else self.masking.changed(example, where)
            arrays = tf.nest.flatten(maps(shown, training=False)) if maps else []
            pairs = zip(outputs, arrays, strict=True)
            return {n: np.asarray(a).astype("float64") for n, a in pairs if len(a) == 1}

        inputs = self.masking.shape(example.shape)
        name, self._reading = find_layer(layer, maps_of, inputs, self.masking.n)
        self._embedding_layer = name
        model = cloned(self.backbone.model) if finetune else self.backbone.model
        made = keras.Model(model.inputs[0], model.get_layer(name).output)
        # The model's own flag does not reach the layers of a frozen model's copy.
        for each in made.layers:
            each.trainable = finetune
        return made

    def _make_weights(self, example: tf.Tensor, class_weights: Any) -> None:
        logits, hidden = self.backbone(example)
        k = self._embed(example, self.masking.labels_of(example, None)).shape[-1]
        if class_weights is None:
            class_weights = self.backbone.class_weights()
        weights = as_numbers("class_weights", class_weights)
        check_class_weights(weights.shape, tuple(logits.shape), tuple(hidden.shape))
        start, same = initial_projections(k, self.settings.heads), np.eye(hidden.shape[1])
        values = {
            "query": start,
            "key": start,
            "class_weights": weights,
            "class_query": same,
            "group_key": same,
        }
        for name, value in values.items():
            setattr(self, name, self._weight(name, value))
        rows = self.settings.rows()
        fractions = np.stack([rows.numerators, rows.denominators])
        self.rows = self._weight("rows", fractions, trainable=False)
        if self.masking.colour is not None:
            drawn = np.asarray(self.masking.colour)
            self.colour = self.masking.colour = self._weight("colour", drawn, trainable=False)

    def _weight(self, name: str, value: np.ndarray, trainable: bool = True) -> Any:
        # Not cast under mixed precision: the attentions are computed in the weights' own.
        made = keras.initializers.Constant(value)
        return self.add_weight(
            name=name, shape=value.shape, initializer=made, trainable=trainable, autocast=False
        )

    def _run(
        self,
        inputs: tf.Tensor,
        labels: tf.Tensor,
        own: bool,
        top: float,
        remove: bool = False,
        most: tf.Tensor | None = None,
    ) -> Parts[tf.Tensor]:
        """The parts of inputs, compiled where they are eager tensors and the batches may be halved.

        `own`: no mask is given; `most`: masked inputs in a batch that has a size.
        """
        own = own and labels.shape[1:] == self.masking.labels.shape
        mine, n_words = (None, None) if own else (labels, self.masking.words(labels))
        top = tf.constant(top, self.variable_dtype)
        batch = self.masking.batch
        if most is not None or not tf.executing_eagerly():
            most = tf.constant(batch.size) if most is None else most
            return self._parts(inputs, mine, n_words, top, remove, most)

        # As single operations, the layers of a small network take longer to call than to compute. A
        # graph for each length of texts: one graph of many would not know the places of its layers.
        shape = str(tuple(inputs.shape[1:]))
        if shape not in self._traced:
            self._traced[shape] = tf.function(self._parts, reduce_retracing=True)
        traced = self._traced[shape]

        def attempt(most: int) -> Parts[tf.Tensor]:
            with memory_errors():
                return traced(inputs, mine, n_words, top, remove, tf.constant(most))

        return fitting(batch, batch.share(max(1, len(inputs) * self.settings.groups)), attempt)

    def _parts(
        self,
        inputs: tf.Tensor,
        labels: tf.Tensor | None,
        n_words: int | None,
        top: tf.Tensor,
        remove: bool,
        most: tf.Tensor,
    ) -> Parts[tf.Tensor]:
        own = labels is None
        if labels is None:  # a constant of the graph: what depends on it alone is computed once
            labels = tf.constant(self.masking.labels[None], tf.int32)
            n_words = self.masking.words(labels)
        embeddings = self._embed(inputs, labels)
        there = self.masking.present(labels, tf.shape(inputs)[0])
        present, blur = tf.cast(there, embeddings.dtype), self._blur
        side = self.settings.blur
        if side is not None and not own and len(labels.shape) == 2:  # rows of their own lengths
            blur = tf.cast(row_blur(there, side), embeddings.dtype)
        query, key = tf.convert_to_tensor(self.query), tf.convert_to_tensor(self.key)
        fractions = self.rows[0], self.rows[1]
        generator = self.settings.generator(query, key, fractions, blur)
        groups = generator.generate(embeddings, present, top)
        groups = groups.without_top(present) if remove else groups
        partials, hidden = self._answers(inputs, groups.masks, labels, n_words, most)
        selector = map(tf.convert_to_tensor, (self.class_weights, self.class_query, self.group_key))
        scores = _compiled_select(affinities(hidden, *selector), self.settings.beta)
        return Parts.summed(groups, partials, scores)

    def _labels_of(self, inputs: tf.Tensor, feature_mask: Any) -> tf.Tensor:
        labels = self.masking.labels_of(inputs, feature_mask)
        if self._blur is not None and feature_mask is not None and len(labels.shape) == 2:
            check_rows(labels)
        elif self._blur is not None and feature_mask is not None:
            n = len(self._blur)
            message = f"`feature_mask` must have the {n} features of the grid that `blur` smooths"
            found = tf.reduce_max(labels) + 1
            tf.debugging.assert_equal(found, tf.cast(n, labels.dtype), message)
        return labels

    def _embed(self, inputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """φ_e: one standardised embedding for each feature, and its place, (N, n, k)."""
        embeddings = standardised(tf.cast(self._encode(inputs, labels), self.variable_dtype))
        if not self.settings.positions:
            return embeddings
        code = tf.cast(position_code(self.masking.centres(labels)), embeddings.dtype)
        code = code * self.settings.positions
        shape = tf.shape(embeddings)
        spread = tf.broadcast_to(code, (shape[0], shape[1], code.shape[-1]))
        return tf.concat([embeddings, spread], -1)

    def _encode(self, inputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """The mean of a layer's output under each feature."""
        outputs = self.encoder(inputs, training=False)
        if self.given_encoder is not None:
            return outputs
        shape, reading = self.masking.shape(inputs.shape), self._reading
        map_shape = reading.map_shape(outputs.shape, shape)
        size = int(np.prod(map_shape))
        (channels,) = set(range(1, len(outputs.shape))) - set(reading.axes)
        if channels != len(outputs.shape) - 1:
            outputs = tf.transpose(outputs, (0, *reading.axes, channels))
        places = tf.reshape(outputs, (-1, size + reading.extra, outputs.shape[-1]))
        places, under = places[:, reading.extra :], cells(shape, map_shape)
        return tf.cast(pooling(labels, under, size), places.dtype) @ places

    def _answers(
        self,
        inputs: tf.Tensor,
        masks: tf.Tensor,
        labels: tf.Tensor,
        n_words: int | None,
        most: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Logits (N, m, C) and hidden states (N, m, h) of all masked inputs."""
        continuous = self.settings.continuous
        count, make = self.masking.batches(inputs, masks, labels, n_words, continuous, most)
        sizes = (self.class_weights.shape[0], self.class_weights.shape[1])
        if (
            tf.get_static_value(count) == 0
        ):  # of no inputs; outside of graphs nothing is put together
            logits, hidden = (tf.zeros((0, masks.shape[1], size), masks.dtype) for size in sizes)
            return logits, hidden
        arrays = [
            tf.TensorArray(masks.dtype, size=count, infer_shape=False, element_shape=(None, size))
            for size in sizes
        ]

        # A loop of the graph, one batch after the other: how many there are is known when it runs,
        # and only one batch of masked inputs is in memory.
        def body(k: tf.Tensor, logits: Any, hidden: Any) -> tuple[Any, ...]:
            answers = [tf.cast(answer, masks.dtype) for answer in self.backbone(make(k))]
            return k + 1, logits.write(k, answers[0]), hidden.write(k, answers[1])

        _, *arrays = tf.while_loop(
            lambda k, *_: k < count, body, (0, *arrays), parallel_iterations=1
        )
        shape = (-1, masks.shape[1])
        logits, hidden = (
            tf.reshape(a.concat(), (*shape, size)) for a, size in zip(arrays, sizes, strict=True)
        )
        return logits, hidden


# Compiled: thousands of short rows, one for each class, that single operations pass over many
# times. Once for all models: what is compiled stays in memory.
_compiled_select = tf.function(select, jit_compile=True)


def finite_logits(parts: Parts[tf.Tensor]) -> tf.Tensor:
    """The logits, in a graph whose run fails where parts are not finite."""
    rows = tf.cast(tf.math.is_finite(spoilt(parts)), tf.int32)
    padded = tf.pad(rows, [[0, 0], [0, 1]], constant_values=1)  # there may be no examples
    checks = []
    for source, fine, example in zip(
        SOURCES,
        tf.unstack(tf.reduce_min(padded, 1) > 0),
        tf.unstack(tf.argmin(padded, 1)),
        strict=True,
    ):
        checks.append(tf.debugging.Assert(fine, [f"{source} is not finite, of example", example]))
    with tf.control_dependencies([check for check in checks if check is not None]):
        return tf.identity(parts.logits)
