"""Inputs and targets out of a `tf.data.Dataset`, or as they are given."""

from typing import Any

import tensorflow as tf


def examples_of(inputs: Any, targets: Any, needs_targets: bool = True) -> tuple[Any, Any]:
    """Inputs and targets as they are given, or all those of a dataset, as two tensors.

    Raises
    ------
    TypeError, ValueError
        If targets are given beside a dataset or missing without one, or the dataset holds anything
        but pairs of an input and a target.
    """
    if not isinstance(inputs, tf.data.Dataset):
        if targets is None and needs_targets:
            raise ValueError(
                "`targets` (=None) must be one-hot, one row per input, unless `inputs` is a "
                "tf.data.Dataset"
            )
        return inputs, targets
    if targets is not None:
        raise ValueError(
            f"`targets` (a {type(targets).__name__}) must be None beside a tf.data.Dataset, which "
            "holds the targets itself"
        )
    _check_pairs(inputs.element_spec, needs_targets)
    if inputs.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError("`inputs` (a tf.data.Dataset) must end, and not repeat for ever: `take`")
    return _unpacked(inputs)


def _check_pairs(spec: Any, needs_targets: bool) -> None:
    """Raise an error unless elements of a dataset are pairs of tensors, or lone inputs will do."""
    parts = list(spec) if isinstance(spec, tuple | list) else [spec]
    numbers = (1, 2) if not needs_targets else (2,)
    if len(parts) not in numbers or not all(isinstance(part, tf.TensorSpec) for part in parts):
        kind = "a dict" if isinstance(spec, dict) else f"{len(parts)} parts"
        raise TypeError(
            f"`inputs` (a tf.data.Dataset whose elements are {kind}) must hold pairs of an input "
            "and a target, without weights: make them by `dataset.map`"
        )


def _unpacked(dataset: Any) -> tuple[Any, Any]:
    """All inputs and all targets (None where there are none) of a dataset, batched or not."""
    rows = [element if isinstance(element, tuple) else (element,) for element in dataset]
    if not rows:
        raise ValueError("`inputs` (a tf.data.Dataset) must hold at least one example")
    join = tf.concat if _is_batched(dataset) else tf.stack
    try:
        columns = [
            join([tf.cast(x, tf.float32) for x in column], 0) for column in zip(*rows, strict=True)
        ]
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        raise ValueError("`inputs` (a tf.data.Dataset) must hold examples of one shape") from error
    return columns[0], columns[1] if len(columns) > 1 else None


def _is_batched(dataset: Any) -> bool:
    """Whether the elements of a dataset are batches.

    They are where the first axis of inputs and of targets is open, and where the dataset is made by
    steps among which one makes batches, as `batch(8, drop_remainder=True)` does.
    """
    spec = dataset.element_spec
    shapes = [part.shape for part in (spec if isinstance(spec, tuple | list) else [spec])]
    if all(shape.rank and shape[0] is None for shape in shapes):
        return True
    step = dataset
    while step is not None:
        kind = type(step).__name__.lower()
        if "unbatch" in kind:
            return False
        size = tf.get_static_value(getattr(step, "_batch_size", None))
        if size is not None:
            # A step in between may have taken the batches apart: then no axis is as long.
            return all(shape.rank is None or (shape.rank and shape[0] == size) for shape in shapes)
        step = getattr(step, "_input_dataset", None)
    return False
