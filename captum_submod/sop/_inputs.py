"""Inputs of a sum of parts: the tensor that is masked, and what a model takes beside it."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from captum_submod.keywords import KeywordInputs, unpacked

Inputs = Tensor | Mapping[str, Any]
"""A tensor (N, …), or keyword inputs of which one is explained."""

_SPECIAL = "special_tokens_mask"
_OF_TOKENS = ("input_ids", "inputs_embeds")
_PADDING = ("attention_mask", "pixel_mask")


class Batch:
    """Inputs of a model, which have rows as a tensor has.

    Parameters
    ----------
    tensor : Tensor, (N, …)
        Those that are masked.
    name : str, optional
        Their name, where a model takes its inputs by keyword.
    others : dict, optional
        Its other arguments: tensors with a row for each example, and values that all share.
    special : Tensor of bool, (N, T), optional
        Special tokens, where they are known.
    """

    def __init__(
        self,
        tensor: Tensor,
        name: str | None = None,
        others: dict[str, Any] | None = None,
        special: Tensor | None = None,
    ) -> None:
        self.tensor, self.name, self.others = tensor, name, others or {}
        self.special = special

    def __len__(self) -> int:
        return len(self.tensor)

    def __getitem__(self, rows: slice) -> "Batch":
        return self._each(lambda value: value[rows])

    def to(self, device: torch.device) -> "Batch":
        """All tensors on a device."""
        return self._each(lambda value: value.to(device))

    def detached(self) -> "Batch":
        """A copy of all tensors."""
        return self._each(lambda value: value.detach().clone())

    def _each(self, function: Callable[[Tensor], Tensor]) -> "Batch":
        others = {name: _changed(value, function) for name, value in self.others.items()}
        special = None if self.special is None else function(self.special)
        return Batch(function(self.tensor), self.name, others, special)

    def masked(self, tensor: Tensor, rows: Tensor) -> "Batch":
        """Masked versions of some of the examples, by their numbers, with all that goes along."""
        others = {n: _changed(value, lambda v: v[rows]) for n, value in self.others.items()}
        return Batch(tensor, self.name, others)

    def on(self, model: Callable[..., Any], copy: bool = True) -> Any:
        """The answer of a model, which may work in place on its inputs: on a copy of the tensor."""
        shown = self.tensor.clone() if copy else self.tensor
        return model(shown) if self.name is None else model(**{self.name: shown}, **self.others)

    def as_given(self) -> Any:
        """A tensor or a mapping, as users give inputs."""
        return self.tensor if self.name is None else {self.name: self.tensor, **self.others}

    def columns(self) -> dict[str, Tensor]:
        """All tensors by their names."""
        tensors = {n: value for n, value in self.others.items() if isinstance(value, Tensor)}
        special = {} if self.special is None else {_SPECIAL: self.special}
        return {self.name or "inputs": self.tensor, **tensors, **special}

    def padding(self, shape: tuple[int, ...]) -> Tensor | None:
        """Whether elements are padding, (N, …) over the axes of features; None where none are told.

        Raises
        ------
        ValueError
            If a mask of that shape holds other numbers than 0 and 1, or hides a whole example.
        """
        for name in _PADDING:
            mask = self.others.get(name)
            if isinstance(mask, Tensor) and tuple(mask.shape) == (len(self), *shape):
                binary = bool(((mask == 0) | (mask == 1)).all())
                if not binary or not bool((mask == 1).flatten(1).any(1).all()):
                    raise ValueError(
                        f"`inputs[{name!r}]` must hold 1 for what an example has and 0 for "
                        "padding, and a 1 in every row"
                    )
                return mask == 0
        return None

    def always(self, shape: tuple[int, ...]) -> Tensor | None:
        """Whether elements are padding or special tokens, (N, …); None where there are none.

        Raises
        ------
        ValueError
            If tokens are explained and nothing says which of them are special.
        """
        padding = self.padding(shape)
        if self.special is None:
            if self.name in _OF_TOKENS:
                raise ValueError(
                    "`inputs` must say which tokens are special and always stay: what a fast "
                    "tokenizer returns does so, and any with `return_special_tokens_mask=True`, as "
                    f"an entry {_SPECIAL!r} of 0 and 1; or give a `feature_mask` with -1 for them"
                )
            return padding
        if tuple(self.special.shape) != (len(self), *shape):
            raise ValueError(
                f"`inputs[{_SPECIAL!r}]` (of shape {tuple(self.special.shape)}) must be "
                f"{(len(self), *shape)}"
            )
        return self.special if padding is None else self.special | padding


def _changed(value: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """An argument whose rows follow the examples, changed; other values as they are."""
    return function(value) if isinstance(value, Tensor) and value.dim() else value


def batch_of(inputs: Any, name: str = "inputs") -> Batch:
    """The batch that inputs are.

    Parameters
    ----------
    inputs : Tensor, (N, …), mapping or Batch
    name : str
        The argument, for errors.

    Raises
    ------
    TypeError, ValueError
        If inputs are no tensor (N, …) of real numbers, or no keywords of which one is explained.

    Examples
    --------
    >>> ids = torch.tensor([[1, 7, 2], [1, 2, 0]])
    >>> given = {"input_ids": ids, "attention_mask": (ids > 0).long()}
    >>> batch = batch_of(given | {"special_tokens_mask": (ids < 3).long()})
    >>> batch.name, list(batch.others), batch.always((3,)).int().tolist()
    ('input_ids', ['attention_mask'], [[1, 0, 1], [1, 1, 1]])
    """
    if isinstance(inputs, Batch):
        return inputs
    if not isinstance(inputs, Mapping):
        check_inputs(inputs, name)
        return Batch(inputs)
    special = _special_of(inputs)
    rest: Mapping[str, Any] = {key: value for key, value in inputs.items() if key != _SPECIAL}
    given = unpacked(
        KeywordInputs(rest, inputs.explain) if isinstance(inputs, KeywordInputs) else rest
    )
    if not isinstance(given.inputs, Tensor):
        raise ValueError(f"`{name}` must have one entry to explain, not {given.explained}")
    check_inputs(given.inputs, name)
    names = given.keywords or ()
    others = dict(zip(names[1:], given.additional, strict=True))
    return Batch(given.inputs, names[0], others, special)


def _special_of(inputs: Mapping[str, Any]) -> Tensor | None:
    """Special tokens (N, T), by an entry of the inputs or by the tokenizer's encodings."""
    given = inputs.get(_SPECIAL)
    if given is None:
        encodings, ids = getattr(inputs, "encodings", None), inputs.get("input_ids")
        if not encodings or not isinstance(ids, Tensor) or len(encodings) != len(ids):
            return None
        rows = [list(one.special_tokens_mask) for one in encodings]
        if any(len(row) != ids.shape[-1] for row in rows):
            return None
        return torch.tensor(rows, device=ids.device) == 1
    if not isinstance(given, Tensor) or not bool(((given == 0) | (given == 1)).all()):
        raise ValueError(f"`inputs[{_SPECIAL!r}]` must be a tensor (N, T) of 0 and 1")
    return given == 1


def check_inputs(inputs: Any, name: str = "inputs") -> None:
    """Raise TypeError unless inputs are a tensor (N, …) of real numbers."""
    if not isinstance(inputs, Tensor) or inputs.dim() < 2 or inputs.is_complex():
        raise TypeError(
            f"`{name}` (a {type(inputs).__name__}) must be a tensor (N, …) of real numbers"
        )
