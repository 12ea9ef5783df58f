"""Masking: masked inputs, composed on the model's device by one compiled function."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core.engine.batching import rounded_up

Shape = tuple[int, ...]

_BITS = 32
# Most words among which an element's word is found by halving, with a few vector instructions;
# among more words it is looked up.
_HALVED = 32


def pack(examples: np.ndarray, keep: np.ndarray) -> tf.Tensor:
    """Pack the rows of a request into one tensor of int32, (rounded-up B, 2 + words).

    Columns: 1 for a row and 0 for padding; the row's example; its kept regions as the bits of words
    of 32. One small tensor per batch goes to the device.
    """
    # The composition is compiled for each shape: rows and words are padded to few shapes. Rows of
    # padding show the first example with nothing kept, and are cut off after the composition.
    n_rows, n_regions = keep.shape
    packed = np.zeros((rounded_up(n_rows), 2 + words_for(n_regions)), "<i4")
    packed[:, 1] = examples[0]
    packed[:n_rows, 0], packed[:n_rows, 1] = 1, examples
    # Little-endian bytes and bits: region r is bit r mod 32 of word ⌊r / 32⌋.
    bits = np.packbits(keep, axis=1, bitorder="little")
    packed.view(np.uint8)[:n_rows, 8 : 8 + bits.shape[1]] = bits
    return tf.constant(packed)


def words_for(n: int) -> int:
    """Number of words that hold n bits: a power of two, and at least 4, so that graphs are few.

    Examples
    --------
    >>> words_for(49), words_for(129)
    (4, 8)
    """
    return max(4, _power_of_two(-(-n // _BITS)))


def as_words(members: tf.Tensor, n_words: int) -> tf.Tensor:
    """Pack rows of 0 and 1, (B, n), into the bits of words (B, `n_words`), inside a graph."""
    bits = tf.pad(tf.cast(members, tf.int32), [[0, 0], [0, n_words * _BITS - tf.shape(members)[1]]])
    return tf.reduce_sum(
        tf.bitwise.left_shift(tf.reshape(bits, (-1, n_words, _BITS)), tf.range(_BITS)), axis=-1
    )


def _power_of_two(least: int) -> int:
    return int(2 ** (least - 1).bit_length())


def signature(n_words: int, *shapes: Shape) -> list[tf.TensorSpec]:
    """Input signature of `composer`: inputs, baselines, labels, targets, and the tensor of `pack`.

    `shapes` are those of one example of each of the first four.
    """
    # Open batch dimensions: one trace serves any number of examples and of rows.
    types = (tf.float32, tf.float32, tf.int32, tf.float32)
    specs = [
        tf.TensorSpec([None, *shape], dtype) for shape, dtype in zip(shapes, types, strict=True)
    ]
    return [*specs, tf.TensorSpec([None, 2 + n_words], tf.int32)]


@functools.lru_cache(maxsize=256)
def composer(
    shape: Shape, n_words: int, *shapes: Shape
) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
    """Compile the masking of a `Batch`: flat rows and packed rows to inputs (B, `shape`), targets.

    One graph per shape, kept for later calls.
    """

    # Compiled by XLA: as single operations the selection costs as much as a small network. On flat
    # rows: the axes of an image can be shorter than the processor's vector registers.
    @tf.function(jit_compile=True, input_signature=signature(n_words, *shapes))  # type: ignore[untyped-decorator]
    def compose(
        inputs: Any, baselines: Any, labels: Any, targets: Any, packed: Any
    ) -> tuple[tf.Tensor, tf.Tensor]:
        # Take each row's example, and choose between input and baseline element by element.
        x, baseline, regions = (
            of_examples(rows, packed[:, 1]) for rows in (inputs, baselines, labels)
        )
        masked = tf.where(kept(packed[:, 2:], regions), x, baseline)
        return tf.reshape(masked, (-1, *shape)), tf.gather(targets, packed[:, 1])

    compiled: Callable[..., tuple[tf.Tensor, tf.Tensor]] = compose.get_concrete_function()
    return compiled


def of_examples(rows: tf.Tensor, examples: tf.Tensor) -> tf.Tensor:
    """Rows of the examples; a single row is for all examples."""
    return tf.gather(rows, tf.minimum(examples, tf.shape(rows)[0] - 1))


def kept(words: tf.Tensor, regions: tf.Tensor) -> tf.Tensor:
    """Whether each element (B, P) is kept: the bit of its region in the words (B, W)."""
    # The upper bits of a region's id are the number of its word, the lower five the bit in it.
    number = tf.bitwise.right_shift(regions, int(math.log2(_BITS)))
    if words.shape[1] > _HALVED:
        word = tf.gather(words, number, axis=1, batch_dims=1)
    else:
        # Halving: each bit of the number, the lowest first, chooses between neighbouring words.
        # log2(W) selections of whole vectors are faster than one lookup per element.
        columns = tf.split(words, words.shape[1], axis=1)
        while len(columns) > 1:
            odd = tf.bitwise.bitwise_and(number, 1) > 0
            columns = [
                tf.where(odd, *pair) for pair in zip(columns[1::2], columns[::2], strict=True)
            ]
            number = tf.bitwise.right_shift(number, 1)
        (word,) = columns
    return (
        tf.bitwise.bitwise_and(
            tf.bitwise.right_shift(word, tf.bitwise.bitwise_and(regions, _BITS - 1)), 1
        )
        > 0
    )
