"""From features to masked inputs, a batch at a time."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._types import FloatArray, IntArray
from submod_core.engine.batching import even
from submod_core.sop.baselines import Baseline, drawn_colour
from submod_core.sop.features import Features
from submod_core.sop.host import MaskingBase
from xplique_submod._checks import tensor_of
from xplique_submod._masking import as_words, kept, of_examples, words_for
from xplique_submod.sop._replacing import replacements


class Masking(MaskingBase):
    """The feature of each element, and the masked inputs, in graphs too.

    It takes an example of the inputs, and arguments of `SumOfParts`.
    """

    labels: IntArray
    channels_of_images = 3

    def __init__(
        self, example: tf.Tensor, features: Features, baseline: Baseline, batch_size: int
    ) -> None:
        if len(example.shape) not in (2, 3, 4):
            raise TypeError(
                "`example_inputs` must be an array (1, …) of images, sequences, token ids or "
                "vectors"
            )
        given = np.asarray(baseline) if tf.is_tensor(baseline) else baseline
        self.labels = self._divide(tuple(example.shape), features, given, batch_size)
        self._whole = tf.constant(self.labels[None], tf.int32)
        drawn = self.baseline == "random_colour"
        self.colour = tf.constant(drawn_colour(example[0].numpy())) if drawn else None

    def _colour_values(self) -> FloatArray:
        return np.asarray(self.colour, np.float64)

    def as_option(self) -> Any:
        """`features`, as JSON can hold it."""
        return self._as_option(self.labels)

    def shape(self, shape: Any) -> tuple[int, ...]:
        """The axes along which features lie, (H, W), (T,) or (n,), of the shape of inputs."""
        if self.last:
            return tuple(shape[2:3])
        return tuple(shape[1:3] if self.images else shape[1:2])

    def changed(self, example: Any, where: tuple[slice, ...]) -> Any:
        """The example with other values at some places along the axes of features."""
        other = np.array(example)
        place = (*(slice(None),) * (2 if self.last else 1), *where)
        if other.dtype.kind == "f":
            other[place] += 1 + np.abs(other).mean()
            return other
        # Other ids: those that the example has, or that of the mask token.
        before = other[place].copy()
        for token in (*other.ravel().tolist(), self.mask_token, 0, 1):
            other[place] = token
            if not (other[place] == before).any():
                break
        return other

    def labels_of(self, inputs: tf.Tensor, feature_mask: Any) -> tf.Tensor:
        """The feature of each element, (1 or N, …)."""
        if feature_mask is None:
            self._check_own(tuple(inputs.shape), self.labels.shape)
            shape = self.shape(inputs.shape)
            same = shape == self.labels.shape
            return self._whole if same else tf.broadcast_to(self._whole, (1, *shape))
        if tf.is_symbolic_tensor(feature_mask):
            return tf.cast(feature_mask, tf.int32)
        return tf.constant(self.checked(feature_mask, tuple(inputs.shape)), tf.int32)

    def checked(self, feature_mask: Any, shape: tuple[int, ...]) -> IntArray:
        """A feature mask for inputs of a shape (N, …) as ids (1 or N, …)."""
        return self._check_given(np.asarray(feature_mask), shape)

    def present(self, labels: tf.Tensor, n_examples: Any) -> tf.Tensor:
        """1 for the features of each example, 0 for padding, (N, n).

        n is the largest number of features in the batch.
        """
        flat = tf.reshape(labels, (tf.shape(labels)[0], -1))
        sizes = tf.reduce_max(flat, axis=1, keepdims=True) + 1
        there = tf.cast(tf.range(tf.reduce_max(labels) + 1)[None] < sizes, tf.float32)
        return tf.broadcast_to(there, (n_examples, tf.shape(there)[1]))

    def centres(self, labels: tf.Tensor) -> tf.Tensor:
        """The middle of each feature, in (0, 1) along each axis, (1 or N, n, axes).

        Of a row it is counted from its first feature to its last: padding is not part of it.
        """
        # The mean place of its elements; those in no feature go to a segment of their own, cut off
        # at the end.
        shape = tuple(labels.shape[1:])
        axes = [(np.arange(size) + 0.5) / size for size in shape]
        places = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(shape))
        flat = tf.reshape(labels, (-1, len(places)))
        examples, segments = tf.shape(flat)[0], tf.reduce_max(flat) + 2
        index = tf.where(flat < 0, segments - 1, flat) + segments * tf.range(examples)[:, None]
        means = tf.math.unsorted_segment_mean(
            tf.tile(tf.constant(places, tf.float32), (examples, 1)),
            tf.reshape(index, (-1,)),
            segments * examples,
        )
        middles = tf.reshape(means, (examples, segments, len(shape)))[:, :-1]
        if len(shape) > 1:
            return middles
        there, length = tf.cast(labels >= 0, tf.int32), tf.shape(labels)[1]
        first = tf.argmax(there, 1, tf.int32)
        spans = length - tf.argmax(tf.reverse(there, [1]), 1, tf.int32) - first
        first, spans, length = (tf.cast(each, middles.dtype) for each in (first, spans, length))
        return (middles * length - first[:, None, None]) / spans[:, None, None]

    def batches(
        self,
        inputs: tf.Tensor,
        masks: tf.Tensor,
        labels: tf.Tensor,
        n_words: int | None,
        continuous: bool = False,
        most: Any = None,
    ) -> Any:
        """All inputs under all of their masks, example by example, in even batches.

        Parameters
        ----------
        inputs : tf.Tensor, (N, …)
        masks : tf.Tensor, (N, m, n)
            1 keeps a feature, 0 replaces it; with `continuous`, shares of both.
        labels : tf.Tensor, (1 or N, …)
        n_words : int or None
            Of `words`, for these labels.
        continuous : bool
        most : int or tf.Tensor of int32, optional
            Masked inputs in a batch; by default as many as fitted before.

        Returns
        -------
        tf.Tensor of int32
            Number of batches.
        callable
            Makes the k-th batch, (B, …) with B at most `most`.
        """
        # A column of ones beside the masks: elements in no feature always stay.
        per_example, n = masks.shape[1], tf.shape(masks)[-1]
        rows = tf.reshape(masks, (-1, n))
        rows = tf.concat([rows, tf.ones_like(rows[:, :1])], 1)
        total, shape = tf.shape(rows)[0], tf.shape(inputs)
        most = self.batch.size if most is None else most
        size = even(tf.maximum(total, 1), most)
        count = -(-total // size)
        if continuous and not inputs.dtype.is_floating:
            inputs = tf.cast(inputs, masks.dtype)
        elements = tf.reshape(inputs, (shape[0], -1))
        features = self._of_elements(labels, n, inputs)
        members = rows if n_words is None or continuous else as_words(rows, n_words)
        axis = self.channels(len(inputs.shape))
        replaced = _flat(replacements(inputs, self.baseline, self.colour, axis), inputs)
        compose = _composer(per_example, continuous)

        def make(k: tf.Tensor) -> tf.Tensor:
            # Every batch is composed at the full size, and the last one cut: one shape, one
            # compilation.
            index = tf.minimum(k * size + tf.range(size), total - 1)
            flat = compose(elements, replaced, members, features, index)
            return tf.reshape(flat, (-1, *inputs.shape[1:]))[: total - k * size]

        return count, make

    @staticmethod
    def words(labels: tf.Tensor) -> int | None:
        """Number of words that hold a bit for each feature and one more.

        None where the labels are symbolic: a graph does not know their number.
        """
        known = tf.get_static_value(labels)
        return None if known is None else words_for(2 + int(known.max()))

    def _of_elements(self, labels: tf.Tensor, n: tf.Tensor, inputs: tf.Tensor) -> tf.Tensor:
        """The feature of each element with all of its channels, (1 or N, P); n for none."""
        channels = (1,) * (len(inputs.shape) - len(labels.shape))
        axes = (*channels, *labels.shape[1:]) if self.last else (*labels.shape[1:], *channels)
        features = tf.reshape(tf.where(labels < 0, n, labels), (-1, *axes))
        examples = tf.shape(labels)[0]
        spread = tf.broadcast_to(features, (examples, *inputs.shape[1:]))
        return tf.reshape(spread, (examples, -1))


def _flat(replaced: tf.Tensor, inputs: tf.Tensor) -> tf.Tensor:
    """Values that replace inputs, as flat rows of all elements, or of one number for all."""
    if all(side == 1 for side in replaced.shape[1:]):
        return tf.reshape(replaced, (-1, 1))
    rows = tf.shape(replaced)[0]
    return tf.reshape(tf.broadcast_to(replaced, (rows, *inputs.shape[1:])), (rows, -1))


@functools.lru_cache(maxsize=256)
def _composer(per_example: int, continuous: bool) -> Callable[..., tf.Tensor]:
    """A function that composes the masked inputs (B, P) of some rows.

    It takes flat inputs (N, P), what replaces them (1 or N, 1 or P), members (words of bits or
    shares), the feature of each element, and the rows to compose.
    """

    # Compiled, since as single operations it costs as much as a small network; once for each number
    # of inputs, as all batches of a call are of one size: the last one is filled up.
    @tf.function(jit_compile=True)  # type: ignore[untyped-decorator]
    def compose(
        elements: tf.Tensor,
        baselines: tf.Tensor,
        members: tf.Tensor,
        features: tf.Tensor,
        index: tf.Tensor,
    ) -> tf.Tensor:
        shown, replaced, where = (
            of_examples(each, index // per_example) for each in (elements, baselines, features)
        )
        mine = tf.gather(members, index)
        if members.dtype == tf.int32:  # bits
            return tf.where(kept(mine, where), shown, replaced)
        share = tf.gather(mine, where, batch_dims=1)
        if not continuous:
            return tf.where(share > 0.5, shown, replaced)
        share = tf.cast(share, shown.dtype)
        return share * shown + (1 - share) * replaced

    made: Callable[..., tf.Tensor] = compose
    return made


def pooling(labels: tf.Tensor, under: IntArray, size: int) -> tf.Tensor:
    """The share of each feature's elements on each place of a layer's map, (1 or N, n, size).

    Parameters
    ----------
    labels : tf.Tensor, (1 or N, …)
    under : ndarray of intp
        The place under each element.
    size : int
        Number of places.
    """
    # One counter for each pair of a feature and a place; elements in no feature count in a row of
    # their own, cut off at the end.
    flat = tf.reshape(labels, (tf.shape(labels)[0], -1))
    n = tf.reduce_max(flat) + 1
    index = tf.where(flat < 0, n, flat) * size + tf.constant(under.ravel(), flat.dtype)
    counts = tf.math.bincount(index, minlength=(n + 1) * size, maxlength=(n + 1) * size, axis=-1)
    counts = tf.cast(tf.reshape(counts, (-1, n + 1, size))[:, :-1], tf.float32)
    return counts / tf.maximum(tf.reduce_sum(counts, -1, keepdims=True), 1)


def example_of(inputs: Any) -> tf.Tensor:
    """An example as a tensor; TypeError or ValueError unless it holds finite real numbers."""
    example = tensor_of("example_inputs", inputs)
    if not len(example.shape) or not np.prod(example.shape):
        raise TypeError("`example_inputs` must hold at least one example")
    if example.dtype.is_floating and not bool(tf.reduce_all(tf.math.is_finite(example))):
        raise ValueError("`example_inputs` holds NaN or infinite values")
    return example
