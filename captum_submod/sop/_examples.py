"""Training examples of any kind of dataset, as columns of tensors."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, default_collate

from captum_submod.sop._inputs import Batch, batch_of
from submod_core._types import AnyArray, IntArray

_OWN_LOOP = "; or train in a loop of your own, by `training_loss`"


class Examples:
    """Examples by their numbers, each of (input, target) or (input, target, feature_mask).

    Parameters
    ----------
    dataset : Dataset
        Has a length and `__getitem__`.
    columns : sequence of str or int, optional
        Where in an example its parts are; several names in a list make keyword inputs.

    Raises
    ------
    ValueError
        If a dataset has no such examples; the message says what to give instead.
    """

    def __init__(self, dataset: Any, columns: Sequence[Any] | None = None) -> None:
        self.dataset, self.chosen = dataset, columns
        if isinstance(dataset, DataLoader):
            raise ValueError(
                "`dataset` (a DataLoader) must be a dataset: `fit` draws the batches itself, in an "
                f"order that a checkpoint can go on with. Give its `.dataset`{_OWN_LOOP}"
            )
        sized = hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")
        if not sized or isinstance(dataset, IterableDataset) or not len(dataset):
            raise ValueError(
                f"`dataset` (a {type(dataset).__name__}) must have a length, of at least 1, and "
                f"examples by their numbers{_OWN_LOOP}"
            )
        listed = isinstance(columns, Sequence) and not isinstance(columns, str)
        if columns is not None and (not listed or len(columns) not in (2, 3)):
            raise ValueError(
                f"`columns` (={columns!r}) must name the input, the target and, if there is one, "
                "the feature mask of an example"
            )

    def __len__(self) -> int:
        return len(self.dataset)

    def columns(self, rows: Sequence[int] | IntArray) -> tuple[Batch, list[Tensor]]:
        """Inputs (B, …), and targets (B, …) and, where there are any, feature masks (B, …)."""
        examples = [self._parts(self.dataset[int(row)]) for row in rows]
        try:
            columns = default_collate(examples)
        except (RuntimeError, TypeError) as error:
            raise ValueError(
                "`dataset` must give tensors, arrays or numbers of the same shapes for all "
                f"examples: {error}"
            ) from error
        given = columns[0] if isinstance(columns[0], Mapping) else {"": columns[0]}
        found = [*given.values(), *columns[1:]]
        if not all(isinstance(column, Tensor) for column in found):
            kinds = ", ".join(type(column).__name__ for column in found)
            raise ValueError(f"`dataset` (of {kinds}) must give tensors, arrays or numbers")
        # Subclasses, as of MONAI and fastai, may not do what plain tensors do.
        plain = [column.as_subclass(torch.Tensor) for column in found]
        named = dict(zip(given, plain, strict=False))
        inputs = named if isinstance(columns[0], Mapping) else plain[0]
        return batch_of(inputs), plain[len(given) :]

    def _parts(self, example: Any) -> tuple[Any, ...]:
        """The input, the target and perhaps the feature mask of one example."""
        if self.chosen is not None:
            try:
                return tuple(_part(example, name) for name in self.chosen)
            except (KeyError, IndexError, TypeError) as error:
                names = list(example) if isinstance(example, Mapping) else type(example).__name__
                raise ValueError(
                    f"`columns` (={self.chosen!r}) must be in each example of `dataset`, which has "
                    f"{names}"
                ) from error
        if isinstance(example, Mapping):
            raise ValueError(
                f"`columns` (=None) must say which of {list(example)} are the input and the target "
                "where `dataset` gives dicts"
            )
        if not isinstance(example, list | tuple) or len(example) not in (2, 3):
            raise ValueError(
                "`dataset` must give (input, target) or (input, target, feature_mask), of tensors, "
                "arrays or numbers; `columns` picks them from longer tuples"
            )
        return tuple(example)


def _part(example: Any, name: Any) -> Any:
    """A part of an example; keyword inputs where there are several names."""
    return {each: example[each] for each in name} if isinstance(name, list) else example[name]


def values_of(targets: Tensor) -> AnyArray:
    """Targets as an array, in a precision that NumPy knows."""
    if not isinstance(targets, Tensor):
        raise TypeError(f"`targets` (a {type(targets).__name__}) must be a tensor")
    given = targets.detach().cpu()
    return (given.double() if given.is_floating_point() else given).numpy()
