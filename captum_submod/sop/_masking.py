"""From features to masked inputs, a batch at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from captum_submod._composition import layout
from captum_submod._inputs import blends
from submod_core._checks import check_count
from submod_core.batching import even
from submod_core.sop.features import Features, check_labels, feature_map


class Masking(nn.Module):
    """Which element belongs to which feature, and what replaces the features that a mask leaves out."""

    labels: Tensor

    def __init__(self, example_inputs: Tensor, features: Features, baseline: float, batch_size: int) -> None:
        super().__init__()
        if not isinstance(example_inputs, Tensor) or example_inputs.dim() not in (2, 3, 4):
            raise TypeError("`example_inputs` must be one tensor (1, …) of images, sequences, token ids or vectors")
        check_count("batch_size", batch_size)
        self.features = features
        self.images = example_inputs.dim() == 4
        self.baseline, self.batch_size = float(baseline), int(batch_size)
        divided = feature_map(features, self.shape(example_inputs), self.images)
        self.grid = divided.grid
        self.register_buffer("labels", torch.from_numpy(divided.labels)[None].to(example_inputs.device))

    @property
    def n(self) -> int:
        """Number of features where a call brings none of its own."""
        return int(self.labels.max()) + 1

    def as_option(self) -> Any:
        """`features`, as JSON can hold it."""
        return self.features if isinstance(self.features, int | None) else self.labels[0].tolist()

    def shape(self, inputs: Tensor) -> tuple[int, ...]:
        """The axes along which features lie: (H, W), (T,) or (n,)."""
        return tuple(inputs.shape[2:] if self.images else inputs.shape[1:2])

    def labels_of(self, inputs: Tensor, feature_mask: Tensor | None) -> Tensor:
        """The feature of each element, (1 or N, …)."""
        shape = self.shape(inputs)
        if feature_mask is None:
            if any(a not in (1, b) for a, b in zip(self.labels.shape[1:], shape, strict=True)):
                raise ValueError(
                    f"`inputs` (of shape {tuple(inputs.shape)}) must be as large as the example that the model was "
                    "made with, or come with a `feature_mask`"
                )
            return self.labels if self.labels.shape[1:] == shape else self.labels.expand(-1, *shape)
        if not isinstance(feature_mask, Tensor) or len(feature_mask) not in (1, len(inputs)):
            raise ValueError(f"`feature_mask` must be a tensor (1 or {len(inputs)}, …) of ids over {shape}")
        rows = [check_labels("feature_mask", row, shape) for row in feature_mask.cpu().numpy()]
        return torch.from_numpy(np.stack([np.broadcast_to(row, shape) for row in rows])).to(inputs.device)

    def present(self, labels: Tensor, n_examples: int) -> Tensor:
        """Which features each example has, (N, n): those of the largest number in the batch, padded."""
        sizes = labels.flatten(1).amax(1, keepdim=True) + 1
        there = torch.arange(int(labels.max()) + 1, device=labels.device) < sizes
        return there.float().expand(n_examples, -1)

    def centres(self, labels: Tensor) -> Tensor:
        """Where the middle of each feature lies, in (0, 1) along each axis, (1 or N, n, axes)."""
        shape = labels.shape[1:]
        axes = [(torch.arange(size, device=labels.device) + 0.5) / size for size in shape]
        places = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(shape))
        n = int(labels.max()) + 1
        features = torch.where(labels < 0, n, labels).flatten(1)[..., None].expand(-1, -1, len(shape))
        sums = torch.zeros(len(labels), n + 1, len(shape), device=labels.device)
        sums.scatter_add_(1, features, places.expand(len(labels), -1, -1))
        counts = torch.zeros_like(sums).scatter_add_(1, features, torch.ones_like(features, dtype=sums.dtype))
        return (sums / counts.clamp_min(1))[:, :n]

    def masked(self, inputs: Tensor, masks: Tensor, labels: Tensor, continuous: bool = False) -> Iterator[Tensor]:
        """All inputs under all of their masks (N, m, n), example by example, in even batches of at most that size."""
        n, shape = masks.shape[-1], self.shape(inputs)
        places = torch.where(labels < 0, n, labels).flatten(1)
        rows = nn.functional.pad(masks.flatten(0, 1), (0, 1), value=1.0)
        if continuous:
            inputs = inputs.to(torch.promote_types(inputs.dtype, masks.dtype))
        baseline = torch.tensor(self.baseline, device=inputs.device).to(inputs.dtype)
        mixed = continuous or blends(inputs, baseline)
        view = (-1, 1, *shape) if self.images else (-1, *shape, *(1,) * (inputs.dim() - 2))
        if not len(rows):
            yield inputs  # the backbone says what the answer to nothing looks like
            return
        size = even(len(rows), self.batch_size)
        passes = torch.is_grad_enabled() and (inputs.requires_grad or rows.requires_grad)
        for start in range(0, len(rows), size):
            stop, parts = min(start + size, len(rows)), []
            # Examples that share a batch are written into it rather than copied there, but where a gradient passes.
            batch = None if passes else _empty(inputs, stop - start)
            for first, last, example in _runs(start, stop, masks.shape[1]):
                keep = rows[first:last].index_select(1, places[example % len(places)]).reshape(view)
                shown, out = inputs[example], None if batch is None else batch[first - start : last - start]
                if mixed:  # several times faster than `where`
                    parts.append(torch.lerp(baseline.expand_as(shown), shown, keep.to(shown), out=out))
                else:
                    parts.append(torch.where(keep > 0.5, shown, baseline, out=out))
            yield torch.cat(parts) if batch is None else batch


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


def pooling(labels: Tensor, under: Tensor, size: int) -> Tensor:
    """The share of each feature's elements that lies on each place of a layer's map, (1 or N, n, size)."""
    n = int(labels.max()) + 1
    index = torch.where(labels < 0, n, labels).flatten(1) * size + under.flatten()
    counts = torch.zeros(len(labels), (n + 1) * size, device=labels.device)
    counts.scatter_add_(1, index, torch.ones_like(index, dtype=counts.dtype))
    counts = counts.unflatten(1, (n + 1, size))[:, :n]
    return counts / counts.sum(-1, keepdim=True).clamp_min(1)
