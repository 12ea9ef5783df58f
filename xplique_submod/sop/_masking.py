"""From features to masked inputs, a batch at a time."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._checks import check_count
from submod_core.batching import even
from submod_core.sop.features import Features, check_labels, feature_map
from xplique_submod._composition import as_words, kept, of_examples, words_for


class Masking:
    """Which element belongs to which feature, and what replaces the features that a mask leaves out."""

    def __init__(self, input_shape: tuple[int, ...], features: Features, baseline: float, batch_size: int) -> None:
        if len(input_shape) not in (2, 3, 4):
            raise TypeError("`example_inputs` must be an array (1, …) of images, sequences, token ids or vectors")
        check_count("batch_size", batch_size)
        self.features = features
        self.images = len(input_shape) == 4
        self.baseline, self.batch_size = float(baseline), int(batch_size)
        divided = feature_map(features, self.shape(input_shape), self.images)
        self.grid, self.labels = divided.grid, divided.labels
        self._whole = tf.constant(self.labels[None], tf.int32)

    @property
    def n(self) -> int:
        """Number of features where a call brings none of its own."""
        return int(self.labels.max()) + 1

    def as_option(self) -> Any:
        """`features`, as JSON can hold it."""
        return self.features if isinstance(self.features, int | None) else self.labels.tolist()

    def shape(self, shape: Any) -> tuple[int, ...]:
        """The axes along which features lie: (H, W), (T,) or (n,)."""
        return tuple(shape[1:3] if self.images else shape[1:2])

    def labels_of(self, inputs: tf.Tensor, feature_mask: Any) -> tf.Tensor:
        """The feature of each element, (1 or N, …)."""
        shape = self.shape(inputs.shape)
        if feature_mask is None:
            if any(a not in (1, b) for a, b in zip(self.labels.shape, shape, strict=True)):
                raise ValueError(
                    f"`inputs` (of shape {tuple(inputs.shape)}) must be as large as the example that the model was "
                    "made with, or come with a `feature_mask`"
                )
            return self._whole if shape == self.labels.shape else tf.broadcast_to(self._whole, (1, *shape))
        if tf.is_symbolic_tensor(feature_mask):
            return tf.cast(feature_mask, tf.int32)
        rows = [check_labels("feature_mask", row, shape) for row in np.asarray(feature_mask)]
        if len(rows) not in (1, len(inputs)):
            raise ValueError(f"`feature_mask` must be an array (1 or {len(inputs)}, …) of ids over {shape}")
        return tf.constant(np.stack([np.broadcast_to(row, shape) for row in rows]), tf.int32)

    def present(self, labels: tf.Tensor, n_examples: Any) -> tf.Tensor:
        """Which features each example has, (N, n): those of the largest number in the batch, padded."""
        sizes = tf.reduce_max(tf.reshape(labels, (tf.shape(labels)[0], -1)), axis=1, keepdims=True) + 1
        there = tf.cast(tf.range(tf.reduce_max(labels) + 1)[None] < sizes, tf.float32)
        return tf.broadcast_to(there, (n_examples, tf.shape(there)[1]))

    def centres(self, labels: tf.Tensor) -> tf.Tensor:
        """Where the middle of each feature lies, in (0, 1) along each axis, (1 or N, n, axes)."""
        shape = tuple(labels.shape[1:])
        axes = [(np.arange(size) + 0.5) / size for size in shape]
        places = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(shape))
        flat = tf.reshape(labels, (-1, len(places)))
        examples, segments = tf.shape(flat)[0], tf.reduce_max(flat) + 2  # one for what is in no feature
        index = tf.where(flat < 0, segments - 1, flat) + segments * tf.range(examples)[:, None]
        means = tf.math.unsorted_segment_mean(
            tf.tile(tf.constant(places, tf.float32), (examples, 1)), tf.reshape(index, (-1,)), segments * examples
        )
        return tf.reshape(means, (examples, segments, len(shape)))[:, :-1]

    def batches(
        self,
        inputs: tf.Tensor,
        masks: tf.Tensor,
        labels: tf.Tensor,
        n_words: int | None,
        continuous: bool = False,
    ) -> Any:
        """How many batches all inputs under all of their masks (N, m, n) make, and a function that makes the k-th.

        `n_words` is what `words` says of the labels.
        """
        per_example, n = masks.shape[1], tf.shape(masks)[-1]
        rows = tf.reshape(masks, (-1, n))
        rows = tf.concat([rows, tf.ones_like(rows[:, :1])], 1)
        total, shape = tf.shape(rows)[0], tf.shape(inputs)
        size = even(tf.maximum(total, 1), self.batch_size)
        count = -(-total // size)
        if continuous and not inputs.dtype.is_floating:
            inputs = tf.cast(inputs, masks.dtype)
        elements, features = tf.reshape(inputs, (shape[0], -1)), self._of_elements(labels, n, inputs)
        members = rows if n_words is None or continuous else as_words(rows, n_words)
        compose = _composer(per_example, self.baseline, continuous)

        def make(k: tf.Tensor) -> tf.Tensor:
            index = tf.minimum(k * size + tf.range(size), total - 1)
            masked = tf.reshape(compose(elements, members, features, index), (-1, *inputs.shape[1:]))
            return masked[: total - k * size]

        return count, make

    @staticmethod
    def words(labels: tf.Tensor) -> int | None:
        """How many words hold a bit for each feature and one more; None for labels that a graph does not know."""
        known = tf.get_static_value(labels)
        return None if known is None else words_for(2 + int(known.max()))

    def _of_elements(self, labels: tf.Tensor, n: tf.Tensor, inputs: tf.Tensor) -> tf.Tensor:
        """The feature of each element with all of its channels, (1 or N, P); n where it is in none."""
        channels = (1,) * (len(inputs.shape) - len(labels.shape))
        features = tf.reshape(tf.where(labels < 0, n, labels), (-1, *labels.shape[1:], *channels))
        return tf.reshape(
            tf.broadcast_to(features, (tf.shape(labels)[0], *inputs.shape[1:])), (tf.shape(labels)[0], -1)
        )


@functools.lru_cache(maxsize=256)
def _composer(per_example: int, baseline: float, continuous: bool) -> Callable[..., tf.Tensor]:
    """What makes masked inputs (B, P) of flat inputs, members (words of bits or shares), features and rows to make."""

    # Compiled, since as single operations it costs as much as a small network; once for each number of inputs, as all
    # batches of a call are of one size: the last one is filled up.
    @tf.function(jit_compile=True)  # type: ignore[untyped-decorator]
    def compose(elements: tf.Tensor, members: tf.Tensor, features: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        shown, where = (of_examples(each, index // per_example) for each in (elements, features))
        mine, replaced = tf.gather(members, index), tf.cast(baseline, elements.dtype)
        if members.dtype == tf.int32:  # bits
            return tf.where(kept(mine, where), shown, replaced)
        share = tf.gather(mine, where, batch_dims=1)
        if not continuous:
            return tf.where(share > 0.5, shown, replaced)
        share = tf.cast(share, shown.dtype)
        return share * shown + (1 - share) * replaced

    made: Callable[..., tf.Tensor] = compose
    return made


def pooling(labels: tf.Tensor, under: np.ndarray, size: int) -> tf.Tensor:
    """The share of each feature's elements that lies on each place of a layer's map, (1 or N, n, size)."""
    flat = tf.reshape(labels, (tf.shape(labels)[0], -1))
    n = tf.reduce_max(flat) + 1
    index = tf.where(flat < 0, n, flat) * size + tf.constant(under.ravel(), flat.dtype)
    counts = tf.math.bincount(index, minlength=(n + 1) * size, maxlength=(n + 1) * size, axis=-1)
    counts = tf.cast(tf.reshape(counts, (-1, n + 1, size))[:, :-1], tf.float32)
    return counts / tf.maximum(tf.reduce_sum(counts, -1, keepdims=True), 1)
