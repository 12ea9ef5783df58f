"""Masking: masked inputs, composed on the device of the inputs."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

from captum_submod._inputs import Batch

# Elements of an example from which inputs are large. CPU, large inputs: mask in place, example by
# example, since a copy per row costs as much as the masking. GPU or small inputs: gather once; a
# loop would serialise the device.
_LARGE = 4096


def compose(batch: Batch, rows: Tensor, keep: Tensor) -> list[Tensor]:
    """Masked inputs, one tensor (B, …) per input.

    `rows` (B,) are the examples, `keep` (B, n) the kept regions of each row.
    """
    if batch.outside is not None:  # what always stays is a last region that is always kept
        keep = torch.nn.functional.pad(keep, (0, batch.outside - keep.shape[1]))
        keep = torch.nn.functional.pad(keep, (0, 1), value=True)
    sides = zip(batch.inputs, batch.baselines, batch.labels, batch.blends, strict=True)
    return [_composed(side, blends, rows, sent(keep, side[0].device)) for *side, blends in sides]


def _composed(side: list[Tensor], blends: bool, rows: Tensor, keep: Tensor) -> Tensor:
    """The masked rows of one input; `side` holds the input, its baseline and its labels."""
    if len(side[0]) == 1 or side[0][0].numel() < _LARGE or keep.device.type != "cpu":
        return _mask(keep, blends, _examples(side, sent(rows, keep.device)))
    # Large inputs on a CPU: rows of an example are consecutive, so one call per example writes
    # all of its masked rows into the result, and broadcasts the example without copies.
    examples, counts = torch.unique_consecutive(rows, return_counts=True)
    x, shape = side[0], (len(rows), *side[0].shape[1:])
    composed = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=layout(x))
    parts = zip(
        examples.tolist(), keep.split(counts.tolist()), composed.split(counts.tolist()), strict=True
    )
    for i, kept, part in parts:
        _mask(kept, blends, _examples(side, slice(i, i + 1)), out=part)
    return composed


def _examples(side: list[Tensor], which: Tensor | slice) -> list[Tensor]:
    """Rows of each tensor; a tensor with a leading axis of 1 is for all examples."""
    return [one if len(one) == 1 else one[which] for one in side]


def _mask(keep: Tensor, blends: bool, side: list[Tensor], out: Tensor | None = None) -> Tensor:
    """Input where a region is kept, baseline elsewhere, (B, …)."""
    x, baseline, labels = side
    if layout(x) == torch.channels_last:
        # Channels last: give the mask all channels. Broadcasting a mask of one channel over a last
        # axis of three elements is five times slower.
        moved = [
            each.movedim(1, -1) for each in (x, baseline, labels.expand(-1, x.shape[1], -1, -1))
        ]
        return _mask(keep, blends, moved, out=None if out is None else out.movedim(1, -1)).movedim(
            -1, 1
        )
    # Look up for each element whether its region is left out: 1 or True takes the baseline. Where
    # all rows share one label map, selecting columns takes two thirds of the time of `gather`.
    left, places = (~keep).to(x.dtype if blends else torch.bool), labels.flatten(1)
    left = left.index_select(1, places[0]) if len(places) == 1 else left.gather(1, places)
    left = left.view(len(keep), *labels.shape[1:])
    # `lerp` is exact at 0 and 1, and twice as fast as `where` with a mask of one channel; but it
    # would let NaN leak, so it needs `blends`. With the input as its first argument the result has
    # the input's memory layout.
    return (
        torch.lerp(x, baseline, left, out=out)
        if blends
        else torch.where(left, baseline, x, out=out)
    )


def layout(x: Tensor) -> torch.memory_format:
    """Memory layout of a tensor: channels last for such images, contiguous for all others."""
    last = (
        x.dim() == 4
        and not x.is_contiguous()
        and x.is_contiguous(memory_format=torch.channels_last)
    )
    return torch.channels_last if last else torch.contiguous_format


def expanded(argument: Any, rows: Tensor, n: int) -> Any:
    """An additional argument for the examples `rows` (B,) of n.

    Tensors with n rows follow their examples, also inside of dicts, lists, tuples and dataclasses;
    all else is passed on.

    Examples
    --------
    >>> expanded({"mask": torch.tensor([[0], [1]]), "scale": 2.0}, torch.tensor([1, 1]), n=2)
    {'mask': tensor([[1],
            [1]]), 'scale': 2.0}
    """
    if isinstance(argument, Tensor):
        follows = argument.dim() and len(argument) == n
        return argument[sent(rows, argument.device)] if follows else argument
    if isinstance(argument, Mapping):
        made = {key: expanded(value, rows, n) for key, value in argument.items()}
        return made if type(argument) is dict else type(argument)(made)  # type: ignore[call-arg]
    if isinstance(argument, list | tuple):
        items = [expanded(item, rows, n) for item in argument]
        named = hasattr(argument, "_fields")
        return type(argument)(*items) if named else type(argument)(items)
    if is_dataclass(argument) and not isinstance(argument, type):
        own = {field.name: getattr(argument, field.name) for field in fields(argument)}
        return replace(argument, **{name: expanded(a, rows, n) for name, a in own.items()})
    return argument


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """Copy of a CPU tensor on a device, without waiting for the device's queued work."""
    # Only copies from pinned memory are asynchronous.
    if device.type == "cpu":
        return tensor
    return (
        tensor.pin_memory().to(device, non_blocking=True)
        if device.type == "cuda"
        else tensor.to(device)
    )
