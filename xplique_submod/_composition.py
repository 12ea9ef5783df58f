"""Masked inputs, composed on the model's device by one compiled function."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core.batching import rounded_up

Shape = tuple[int, ...]

_BITS = 32
# Up to so many words a word is found by halving, in a few instructions for many elements at once; beyond, looked up.
_HALVED = 32


def pack(examples: np.ndarray, keep: np.ndarray) -> tf.Tensor:
    """For each row a 1, the number of its example, and the regions that it keeps as bits of words of 32."""
    # The composition is compiled for each shape: to have few of them, rows and words are padded with 0. The rows that
    # pad are copies of the first example with nothing kept.
    n_rows, n_regions = keep.shape
    packed = np.zeros((rounded_up(n_rows), 2 + words_for(n_regions)), "<i4")
    packed[:, 1] = examples[0]
    packed[:n_rows, 0], packed[:n_rows, 1] = 1, examples
    bits = np.packbits(keep, axis=1, bitorder="little")
    packed.view(np.uint8)[:n_rows, 8 : 8 + bits.shape[1]] = bits
    return tf.constant(packed)


def words_for(n: int) -> int:
    """How many words hold n bits: a power of two, and enough for 128 at least, so that few graphs are needed."""
    return max(4, _power_of_two(-(-n // _BITS)))


def as_words(members: tf.Tensor, n_words: int) -> tf.Tensor:
    """Rows of 0 and 1, (B, n), as the bits of words (B, `n_words`)."""
    bits = tf.pad(tf.cast(members, tf.int32), [[0, 0], [0, n_words * _BITS - tf.shape(members)[1]]])
    return tf.reduce_sum(tf.bitwise.left_shift(tf.reshape(bits, (-1, n_words, _BITS)), tf.range(_BITS)), axis=-1)


def _power_of_two(least: int) -> int:
    return int(2 ** (least - 1).bit_length())


def signature(n_words: int, *shapes: Shape) -> list[tf.TensorSpec]:
    """Of inputs, baselines, labels and targets with examples of these shapes, and of what `pack` makes."""
    # With open batch dimensions the model is traced once, whatever the number of examples and of rows.
    types = (tf.float32, tf.float32, tf.int32, tf.float32)
    specs = [tf.TensorSpec([None, *shape], dtype) for shape, dtype in zip(shapes, types, strict=True)]
    return [*specs, tf.TensorSpec([None, 2 + n_words], tf.int32)]


@functools.lru_cache(maxsize=256)
def composer(shape: Shape, n_words: int, *shapes: Shape) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
    """What makes masked inputs (B, `shape`) and their targets of a `Batch`'s flat rows and packed rows."""

    # Compiled, since as single operations the selection costs as much as a small network; flat, since no axis of an
    # image is as long as the processor's registers are wide.
    @tf.function(jit_compile=True, input_signature=signature(n_words, *shapes))  # type: ignore[untyped-decorator]
    def compose(inputs: Any, baselines: Any, labels: Any, targets: Any, packed: Any) -> tuple[tf.Tensor, tf.Tensor]:
        x, baseline, regions = (of_examples(rows, packed[:, 1]) for rows in (inputs, baselines, labels))
        masked = tf.where(kept(packed[:, 2:], regions), x, baseline)
        return tf.reshape(masked, (-1, *shape)), tf.gather(targets, packed[:, 1])

    compiled: Callable[..., tuple[tf.Tensor, tf.Tensor]] = compose.get_concrete_function()
    return compiled


def of_examples(rows: tf.Tensor, examples: tf.Tensor) -> tf.Tensor:
    """Each example's row, or the one that they share."""
    return tf.gather(rows, tf.minimum(examples, tf.shape(rows)[0] - 1))


def kept(words: tf.Tensor, regions: tf.Tensor) -> tf.Tensor:
    """Whether each element (B, P) stays: the bit of its region."""
    number = tf.bitwise.right_shift(regions, int(math.log2(_BITS)))
    if words.shape[1] > _HALVED:
        word = tf.gather(words, number, axis=1, batch_dims=1)
    else:
        columns = tf.split(words, words.shape[1], axis=1)
        while len(columns) > 1:
            odd = tf.bitwise.bitwise_and(number, 1) > 0
            columns = [tf.where(odd, *pair) for pair in zip(columns[1::2], columns[::2], strict=True)]
            number = tf.bitwise.right_shift(number, 1)
        (word,) = columns
    return tf.bitwise.bitwise_and(tf.bitwise.right_shift(word, tf.bitwise.bitwise_and(regions, _BITS - 1)), 1) > 0
