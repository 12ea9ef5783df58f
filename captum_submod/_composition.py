"""Masked inputs, composed on the device of the inputs."""

import torch
from torch import Tensor

from captum_submod._inputs import Batch

# On a processor an example with so many elements is not copied for each of its rows, which costs as much as masking it;
# an accelerator copies at once, and waits for whoever asks it for one example after the other.
_LARGE = 4096


def compose(batch: Batch, rows: Tensor, keep: Tensor) -> list[Tensor]:
    """The masked inputs, one tensor (B, …) per input."""
    sides = zip(batch.inputs, batch.baselines, batch.labels, batch.blends, strict=True)
    return [_composed(side, blends, rows, sent(keep, side[0].device)) for *side, blends in sides]


def _composed(side: list[Tensor], blends: bool, rows: Tensor, keep: Tensor) -> Tensor:
    """Of an input, its baseline and labels: the examples `rows` with the regions `keep` of each."""
    if len(side[0]) == 1 or side[0][0].numel() < _LARGE or keep.device.type != "cpu":
        return _mask(keep, blends, _examples(side, sent(rows, keep.device)))
    examples, counts = torch.unique_consecutive(rows, return_counts=True)
    x, shape = side[0], (len(rows), *side[0].shape[1:])
    composed = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=layout(x))
    parts = zip(examples.tolist(), keep.split(counts.tolist()), composed.split(counts.tolist()), strict=True)
    for i, kept, part in parts:
        _mask(kept, blends, _examples(side, slice(i, i + 1)), out=part)
    return composed


def _examples(side: list[Tensor], which: Tensor | slice) -> list[Tensor]:
    return [one if len(one) == 1 else one[which] for one in side]


def _mask(keep: Tensor, blends: bool, side: list[Tensor], out: Tensor | None = None) -> Tensor:
    x, baseline, labels = side
    if layout(x) == torch.channels_last:
        # A mask without channels is spread over the last axis, of three, five times as slowly as one that has them.
        moved = [each.movedim(1, -1) for each in (x, baseline, labels.expand(-1, x.shape[1], -1, -1))]
        return _mask(keep, blends, moved, out=None if out is None else out.movedim(1, -1)).movedim(-1, 1)
    left, places = (~keep).to(x.dtype if blends else torch.bool), labels.flatten(1)
    # A selection of columns takes two thirds of the time of one in each row.
    left = left.index_select(1, places[0]) if len(places) == 1 else left.gather(1, places)
    left = left.view(len(keep), *labels.shape[1:])
    # Exact at 0 and 1, and twice as fast as `where` on a mask without channels; but it would let NaN leak. With the
    # input in front the result is laid out in memory as it is.
    return torch.lerp(x, baseline, left, out=out) if blends else torch.where(left, baseline, x, out=out)


def layout(x: Tensor) -> torch.memory_format:
    """How a tensor lies in memory, of the two ways that images do."""
    last = x.dim() == 4 and not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the processor on the device, without waiting for what that is working on."""
    if device.type == "cpu":
        return tensor
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)
