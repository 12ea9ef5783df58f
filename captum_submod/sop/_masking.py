"""From features to masked inputs, a batch at a time."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from captum_submod._inputs import blends
from captum_submod._masking import layout
from captum_submod._memory import memory_errors
from captum_submod.sop._inputs import Batch, batch_of
from captum_submod.sop._replacing import given_numbers, replacements
from submod_core._types import FloatArray, IntArray
from submod_core.engine._memory import in_fitting_batches
from submod_core.engine.batching import even
from submod_core.sop.baselines import Baseline, drawn_colour
from submod_core.sop.features import Features
from submod_core.sop.host import MaskingBase

T = TypeVar("T")


class Masking(MaskingBase, nn.Module):
    """The feature of each element, and the masked inputs.

    It takes an example of the inputs, and arguments of `SumOfParts`. Sequences by keyword without
    `features` have those of a call: each element that is no padding and no special token.
    """

    labels: Tensor
    colour: Tensor | None
    channels_of_images = 1

    def __init__(
        self,
        example_inputs: Tensor | Batch,
        features: Features,
        baseline: Baseline,
        batch_size: int,
    ) -> None:
        super().__init__()
        name = example_inputs.name if isinstance(example_inputs, Batch) else None
        if isinstance(example_inputs, Batch):
            example_inputs = example_inputs.tensor
        if not isinstance(example_inputs, Tensor) or example_inputs.dim() not in (2, 3, 4):
            raise TypeError(
                "`example_inputs` must be one tensor (1, …) of images, sequences, token ids or "
                "vectors"
            )
        if example_inputs.is_complex() or not example_inputs.numel():
            raise ValueError("`example_inputs` must hold at least one example, of real numbers")
        if not example_inputs.isfinite().all():
            raise ValueError("`example_inputs` holds NaN or infinite values")
        given = given_numbers(baseline)
        labels = self._divide(tuple(example_inputs.shape), features, given, batch_size)
        self.free = name is not None and features is None and labels.ndim == 1
        labels = labels[:1] if self.free else labels  # a file's must not depend on the example
        self.register_buffer("labels", torch.from_numpy(labels)[None].to(example_inputs.device))
        self.register_buffer("colour", self._drawn(example_inputs[0]))

    def _drawn(self, example: Tensor) -> Tensor | None:
        """The colour of "random_colour", of an image (C, H, W)."""
        if self.baseline != "random_colour":
            return None
        values = drawn_colour(example.detach().movedim(0, -1).double().cpu().numpy())
        dtype = example.dtype if example.is_floating_point() else torch.float32
        return torch.from_numpy(values).to(example.device, dtype)

    def _colour_values(self) -> FloatArray:
        assert self.colour is not None
        return self.colour.double().cpu().numpy()

    def as_option(self) -> Any:
        """`features`, as JSON can hold it."""
        return self._as_option(self.labels[0].cpu().numpy())

    def shape(self, shape: Any) -> tuple[int, ...]:
        """The axes along which features lie, (H, W), (T,) or (n,), of the shape of inputs."""
        return tuple(shape[2:] if self.images or self.last else shape[1:2])

    def changed(self, example: Tensor, where: tuple[slice, ...]) -> Tensor:
        """The example with other values at some places along the axes of features."""
        other = example.clone()
        place = (
            (slice(None), slice(None), *where)
            if self.images or self.last
            else (slice(None), *where)
        )
        if example.is_floating_point():
            other[place] += 1 + example.float().abs().mean().to(example.dtype)
            return other
        # Other ids: those that the example has, or that of the mask token.
        for token in (*example.flatten().tolist(), self.mask_token, 0, 1):
            other[place] = token
            if not bool((other[place] == example[place]).any()):
                break
        return other

    def labels_of(self, inputs: Tensor | Batch, feature_mask: Tensor | None) -> Tensor:
        """The feature of each element, (1 or N, …)."""
        batch = batch_of(inputs)
        tensor, shape = batch.tensor, self.shape(batch.tensor.shape)
        if feature_mask is None and self.free:
            places = torch.arange(shape[0], device=tensor.device).expand(len(batch), -1)
            always = batch.always(shape)
        elif feature_mask is None:
            self._check_own(tuple(tensor.shape), tuple(self.labels.shape[1:]))
            same = self.labels.shape[1:] == shape
            places = self.labels if same else self.labels.expand(-1, *shape)
            always = batch.padding(shape)
            if always is None or not bool(always.any()):
                return places
        else:
            if not isinstance(feature_mask, Tensor):
                kind = type(feature_mask).__name__
                raise ValueError(f"`feature_mask` (a {kind}) must be a tensor")
            places, always = feature_mask, batch.padding(shape)
        rows = places.cpu().numpy()
        if always is not None:  # checked before it is broadcast
            rows = self._check_given(rows, tuple(tensor.shape))
            rows = np.where(always.cpu().numpy(), -1, rows)
        return torch.from_numpy(self._check_given(rows, tuple(tensor.shape))).to(tensor.device)

    def present(self, labels: Tensor, n_examples: int) -> Tensor:
        """1 for the features of each example, 0 for padding, (N, n).

        n is the largest number of features in the batch.
        """
        sizes = labels.flatten(1).amax(1, keepdim=True) + 1
        there = torch.arange(int(labels.max()) + 1, device=labels.device) < sizes
        return there.float().expand(n_examples, -1)

    def centres(self, labels: Tensor) -> Tensor:
        """The middle of each feature, in (0, 1) along each axis, (1 or N, n, axes).

        Of a row it is counted from its first feature to its last: padding is not part of it.
        """
        # The mean place of its elements; those in no feature go to a column of their own, cut off
        # at the end.
        shape = labels.shape[1:]
        axes = [(torch.arange(size, device=labels.device) + 0.5) / size for size in shape]
        places = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(shape))
        n = int(labels.max()) + 1
        features = (
            torch.where(labels < 0, n, labels).flatten(1)[..., None].expand(-1, -1, len(shape))
        )
        sums = torch.zeros(len(labels), n + 1, len(shape), device=labels.device)
        sums.scatter_add_(1, features, places.expand(len(labels), -1, -1))
        counts = torch.zeros_like(sums).scatter_add_(
            1, features, torch.ones_like(features, dtype=sums.dtype)
        )
        middles = (sums / counts.clamp_min(1))[:, :n]
        if len(shape) > 1:
            return middles
        there, length = (labels >= 0).float(), shape[0]
        first, after = there.argmax(1), length - there.flip(1).argmax(1)
        spans = (after - first)[:, None, None]
        return (middles * length - first[:, None, None]) / spans

    def answers(
        self,
        run: Callable[[Any], T],
        inputs: Tensor | Batch,
        masks: Tensor,
        labels: Tensor,
        continuous: bool = False,
    ) -> Iterator[T]:
        """Answers to all inputs under all of their masks, example by example, in even batches.

        A batch that does not fit into memory is halved.

        Parameters
        ----------
        run : callable
            From a batch (B, …), with B at most `batch_size`, to the answer.
        inputs : Tensor, (N, …), or Batch
            Of the kind that `run` takes.
        masks : Tensor, (N, m, n)
            1 keeps a feature, 0 replaces it; with `continuous`, shares of both.
        labels : Tensor, (1 or N, …)
        continuous : bool

        Yields
        ------
        answer
            Of each batch.
        """
        # A column of ones beside the masks: elements in no feature always stay.
        n = masks.shape[-1]
        places = torch.where(labels < 0, n, labels).flatten(1)
        rows = nn.functional.pad(masks.flatten(0, 1), (0, 1), value=1.0)
        batch = inputs if isinstance(inputs, Batch) else None
        inputs = batch_of(inputs).tensor
        if continuous:
            inputs = inputs.to(torch.promote_types(inputs.dtype, masks.dtype))
        if not len(rows):
            yield run(
                inputs if batch is None else batch
            )  # for the backbone to say what its answer to nothing looks like
            return
        axis = self.channels(inputs.dim())
        baseline = replacements(inputs, self.baseline, self.colour, axis)
        mixed = continuous or blends(inputs, baseline)
        passes = torch.is_grad_enabled() and (inputs.requires_grad or rows.requires_grad)

        def answer(some: slice) -> T:
            with memory_errors():
                shown = composed(some.start, some.stop)
                if batch is None:
                    return run(shown)
                numbers = torch.arange(some.start, some.stop, device=shown.device)
                return run(batch.masked(shown, numbers // masks.shape[1]))

        def composed(start: int, stop: int) -> Tensor:
            # Examples that share a batch are written into it rather than copied there; not where a
            # gradient passes, which writing in place would break.
            whole, parts = None if passes else _empty(inputs, stop - start), []
            for first, last, example in _runs(start, stop, masks.shape[1]):
                keep = rows[first:last].index_select(1, places[example % len(places)])
                out = None if whole is None else whole[first - start : last - start]
                shown = inputs[example]
                replaced = baseline[example % len(baseline)]
                parts.append(_mix(self._over(keep, inputs), shown, replaced, mixed, out))
            return torch.cat(parts) if whole is None else whole

        if passes:  # what a gradient needs is kept of all batches: smaller ones save nothing
            size = even(len(rows), self.batch_size)
            for start in range(0, len(rows), size):
                yield answer(slice(start, min(start + size, len(rows))))
        else:
            yield from in_fitting_batches(len(rows), self.batch, answer)

    def _over(self, keep: Tensor, inputs: Tensor) -> Tensor:
        """Masks of elements (B, P) with axes that broadcast to the inputs."""
        shape = self.shape(inputs.shape)
        if self.images or self.last:
            return keep.reshape(-1, 1, *shape)
        return keep.reshape(-1, *shape, *(1,) * (inputs.dim() - 2))


def _mix(keep: Tensor, shown: Tensor, baseline: Tensor, mixed: bool, out: Tensor | None) -> Tensor:
    """The masked versions of one input: shares of it and of the baseline, or one or the other."""
    if mixed:  # exact at 0 and 1, and several times faster than `where`
        return torch.lerp(baseline.expand_as(shown), shown, keep.to(shown), out=out)
    return torch.where(keep > 0.5, shown, baseline, out=out)


def _empty(like: Tensor, n_rows: int) -> Tensor:
    shape = (n_rows, *like.shape[1:])
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=layout(like))


def _runs(start: int, stop: int, per_example: int) -> Iterator[tuple[int, int, int]]:
    """Rows start … stop − 1 as runs of one example each: first row, last row and one, example."""
    while start < stop:
        example = start // per_example
        last = min(stop, (example + 1) * per_example)
        yield start, last, example
        start = last


def pooling(labels: Tensor, under: IntArray, size: int) -> Tensor:
    """The share of each feature's elements on each place of a layer's map, (1 or N, n, size).

    Parameters
    ----------
    labels : Tensor, (1 or N, …)
    under : ndarray of intp
        The place under each element.
    size : int
        Number of places.
    """
    # One counter for each pair of a feature and a place; elements in no feature count in a row of
    # their own, cut off at the end.
    n = int(labels.max()) + 1
    places = torch.from_numpy(under).to(labels.device).flatten()
    index = torch.where(labels < 0, n, labels).flatten(1) * size + places
    counts = torch.zeros(len(labels), (n + 1) * size, device=labels.device)
    counts.scatter_add_(1, index, torch.ones_like(index, dtype=counts.dtype))
    counts = counts.unflatten(1, (n + 1, size))[:, :n]
    return counts / counts.sum(-1, keepdim=True).clamp_min(1)
