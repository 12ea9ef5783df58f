"""Keyword inputs: mappings such as a processor's output, taken apart at the boundary."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from captum_submod._baselines import kind

# Floating-point entries that describe an input, and are none.
_DESCRIBING = ("mask", "label", "position")
# Tensors follow their examples; other values are alike for all of them.
_PASSED = (Tensor, bool, int, float, str, type(None))


class KeywordInputs(Mapping[str, Any]):
    """Keyword inputs of a model, with the names of those that are explained.

    A mapping alone, such as the output of a Hugging Face processor, is enough where one entry can
    be meant: `input_ids`, or a floating-point tensor that is no mask (`pixel_values`,
    `input_values`, `input_features`, `inputs_embeds`). Where there are several, this class says
    which.

    Parameters
    ----------
    inputs : mapping of str to Tensor, number, str or None
        Arguments of the model. Tensors have a row for each example, or no axes.
    explain : str or sequence of str
        Entries that are masked, and get attributions; all others go to the model as they are.

    Raises
    ------
    TypeError, ValueError
        If a value is of another type, or `explain` names no tensors of `inputs`.

    Examples
    --------
    >>> both = {"pixel_values": torch.rand(1, 3, 8, 8), "input_ids": torch.tensor([[5, 3]])}
    >>> KeywordInputs(both, explain="pixel_values")
    KeywordInputs(pixel_values, input_ids; explain='pixel_values')
    >>> KeywordInputs(both, explain=["pixel_values", "input_ids"]).explain
    ('pixel_values', 'input_ids')
    """

    def __init__(self, inputs: Mapping[str, Any], explain: str | Sequence[str]) -> None:
        if not isinstance(inputs, Mapping):
            raise TypeError(f"`inputs` (a {kind(inputs)}) must be a mapping of names to tensors")
        listed = isinstance(explain, list | tuple) and all(isinstance(k, str) for k in explain)
        if not isinstance(explain, str) and not (listed and len(explain)):
            raise TypeError(f"`explain` (={explain!r}) must be a name, or a sequence of names")
        self._inputs = dict(inputs)
        self.explain = (explain,) if isinstance(explain, str) else tuple(explain)
        _check(self._inputs, self.explain)

    def __getitem__(self, name: str) -> Any:
        return self._inputs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)

    def __repr__(self) -> str:
        shown = self.explain[0] if len(self.explain) == 1 else self.explain
        return f"KeywordInputs({', '.join(self._inputs)}; explain={shown!r})"


def _check(inputs: Mapping[str, Any], explain: tuple[str, ...]) -> None:
    """Raise TypeError or ValueError unless all entries can be masked, or follow their examples."""
    unknown = set(explain) - set(inputs)
    if unknown or len(set(explain)) < len(explain):
        raise ValueError(
            f"`explain` (={list(explain)}) must name entries of `inputs`, {list(inputs)}, each once"
        )
    for name in explain:
        if not isinstance(inputs[name], Tensor):
            raise TypeError(
                f"`inputs[{name!r}]` (a {kind(inputs[name])}) must be a tensor, as of a processor "
                "called with `return_tensors='pt'`"
            )
    first = inputs[explain[0]]
    n = len(first) if first.dim() else 0
    for name, value in inputs.items():
        if not isinstance(value, _PASSED):
            raise TypeError(
                f"`inputs[{name!r}]` (a {kind(value)}) must be a tensor, a number, text or None; "
                "`additional_forward_args` takes a mapping of further arguments"
            )
        if isinstance(value, Tensor) and value.dim() and len(value) != n:
            raise ValueError(
                f"`inputs[{name!r}]` (of shape {tuple(value.shape)}) must have a row for each of "
                f"the {n} examples of {explain[0]!r}; `additional_forward_args` takes a mapping of "
                "arguments that all examples share"
            )


def _found(inputs: Mapping[str, Any]) -> str:
    """The name of the entry that is explained where nothing says which."""
    if not inputs or not all(isinstance(name, str) for name in inputs):
        raise TypeError(f"`inputs` (with the keys {list(inputs)}) must map names to tensors")
    for name in ("pixel_values", "input_ids"):  # a processor's output without `return_tensors`
        if name in inputs and not isinstance(inputs[name], Tensor):
            _check(inputs, (name,))
    names = [
        name
        for name, value in inputs.items()
        if isinstance(value, Tensor) and (name == "input_ids" or value.is_floating_point())
        if not any(word in name for word in _DESCRIBING)
    ]
    if len(names) != 1:
        raise ValueError(
            f"`inputs` (with the keys {list(inputs)}) must have one entry to explain, `input_ids` "
            f"or a floating-point tensor, and has {names or 'none'}: say which by "
            "`KeywordInputs(inputs, explain=…)`"
        )
    return names[0]


class Unpacked(NamedTuple):
    """Inputs and further arguments of a model as all else takes them.

    Attributes
    ----------
    inputs : Tensor or tuple of Tensor
        Those that are explained; what was given where that was no mapping.
    additional : any
        The further arguments.
    keywords : tuple of str or None
        Names of all arguments, the explained ones first; None where they are positional.
    """

    inputs: Any
    additional: Any
    keywords: tuple[str, ...] | None = None

    def aligned(self, name: str, value: Any) -> Any:
        """An argument with an entry for each explained input, which may be keyed as they are."""
        if not isinstance(value, Mapping):
            return value
        if self.keywords is None:
            raise TypeError(f"`{name}` (a {kind(value)}) may be a mapping where `inputs` is one")
        names = self.explained
        missing = () if name == "baselines" else set(names) - set(value)
        if set(value) - set(names) or missing:
            raise ValueError(
                f"`{name}` (with the keys {list(value)}) must have those of the explained inputs, "
                f"{list(names)}"
            )
        each = tuple(value.get(key, 0) for key in names)
        return each if isinstance(self.inputs, tuple) else each[0]

    @property
    def explained(self) -> tuple[str, ...]:
        """Names of the explained inputs."""
        n = len(self.inputs) if isinstance(self.inputs, tuple) else 1
        return (self.keywords or ())[:n]

    def check_axes(self, layout: Any) -> None:
        """Raise ValueError where an entry may be of several kinds, and no `layout` says of which.

        Models of videos and of several images take (N, T, C, H, W), where torch's volumes are (N,
        C, D, H, W).
        """
        if self.keywords is None or layout is not None or not isinstance(self.inputs, Tensor):
            return
        if self.inputs.dim() == 5:
            raise ValueError(
                f"`layout` is needed: {self.explained[0]!r} (of shape {tuple(self.inputs.shape)}) "
                "may be a video or several images, 'NTCHW' or 'NCTHW', or a volume, 'NCDHW'"
            )

    def padding(self) -> Tensor | None:
        """A region for each token, −1 where `attention_mask` is 0; None where there is no padding.

        Examples
        --------
        >>> ids, mask = torch.tensor([[7, 8, 0]]), torch.tensor([[1, 1, 0]])
        >>> unpacked({"input_ids": ids, "attention_mask": mask}).padding()
        tensor([[ 0,  1, -1]])
        """
        if self.explained != ("input_ids",) or "attention_mask" not in (self.keywords or ()):
            return None
        assert self.keywords is not None
        mask = self.additional[self.keywords.index("attention_mask") - 1]
        padded = isinstance(mask, Tensor) and mask.shape == self.inputs.shape and mask.dim() == 2
        # Some models take numbers to be added instead: 0 then stands for a token.
        told = padded and bool(((mask == 0) | (mask == 1)).all() & (mask == 1).any(1).all())
        if not told or bool((mask != 0).all()):
            return None
        places = torch.arange(mask.shape[1], device=mask.device)
        return torch.where(mask != 0, places, -1)


def unpacked(inputs: Any, additional: Any = None) -> Unpacked:
    """Take keyword inputs apart; what is no mapping is returned as it is.

    Parameters
    ----------
    inputs : Tensor, tuple of Tensor or mapping
    additional : any
        Beside a mapping a further one, of arguments that need no row for each example.

    Raises
    ------
    TypeError, ValueError
        If it is not clear which entry is explained, or an entry cannot be passed on.

    Examples
    --------
    >>> given = unpacked({"pixel_values": torch.rand(2, 3, 8, 8), "pixel_mask": torch.ones(2, 8)})
    >>> given.keywords, given.inputs.shape
    (('pixel_values', 'pixel_mask'), torch.Size([2, 3, 8, 8]))
    """
    if not isinstance(inputs, Mapping):
        return Unpacked(inputs, additional)
    if not isinstance(inputs, KeywordInputs):
        inputs = KeywordInputs(inputs, _found(inputs))
    if not isinstance(additional, Mapping | None):
        raise TypeError(
            f"`additional_forward_args` (a {kind(additional)}) must be a mapping where `inputs` is "
            "one"
        )
    extra = dict(additional or {})
    if set(extra) & set(inputs):
        raise ValueError(
            f"`additional_forward_args` and `inputs` both have {sorted(set(extra) & set(inputs))}"
        )
    names = inputs.explain
    rest = {name: value for name, value in inputs.items() if name not in names} | extra
    tensors = tuple(inputs[name] for name in names)
    explained = tensors if len(tensors) > 1 else tensors[0]
    return Unpacked(explained, tuple(rest.values()), (*names, *rest))


def stacked_mappings(
    examples: Sequence[Mapping[str, Any]], device: torch.device | None
) -> Mapping[str, Any]:
    """Keyword inputs of examples of one form as one batch.

    Parameters
    ----------
    examples : sequence of mapping
        With the same entries. Arrays have no batch axis, but for a `KeywordInputs`, which has one
        row. Numbers, text and None are alike in all examples, and stay as they are.
    device : torch.device, optional

    Raises
    ------
    TypeError, ValueError
        If an entry is of another type, or a `KeywordInputs` has several rows.

    Examples
    --------
    >>> some = [{"input_ids": torch.tensor([5, 3]), "use_cache": False}] * 2
    >>> stacked_mappings(some, None)
    {'input_ids': tensor([[5, 3],
            [5, 3]]), 'use_cache': False}
    """
    first = examples[0]
    rows = isinstance(first, KeywordInputs)
    batch: dict[str, Any] = {}
    for name, value in first.items():
        entries = [one[name] for one in examples]
        if value is None or isinstance(value, bool | int | float | str):
            batch[name] = value
            continue
        if not hasattr(value, "dtype"):
            raise TypeError(
                f"`dataset` has a {kind(value)} in {name!r} of its mappings; it must be a tensor, "
                "an array, a number, text or None (a dataset of Hugging Face gives tensors after "
                "`set_format('torch')`)"
            )
        tensors = [torch.as_tensor(entry) for entry in entries]
        if rows and any(one.dim() and len(one) != 1 for one in tensors):
            raise ValueError(
                f"`dataset` has a KeywordInputs with {name!r} of shape {tuple(value.shape)}; it "
                "must have one row, of one example"
            )
        joined = torch.cat(tensors) if rows and tensors[0].dim() else torch.stack(tensors)
        batch[name] = joined.to(device)
    return KeywordInputs(batch, first.explain) if isinstance(first, KeywordInputs) else batch
