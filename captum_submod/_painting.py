"""Painting: scores of regions, spread over the elements of the inputs."""

import numpy as np
import torch
from torch import Tensor

from captum_submod._inputs import Batch
from submod_core import Explanation
from submod_core._types import FloatArray
from submod_core.methods import places_of


def region_scores(batch: Batch, explanations: list[Explanation], signed: bool) -> list[FloatArray]:
    """The importance of each example's regions, or their gains."""
    pairs = zip(batch.sets, explanations, strict=True)
    return [(e.gains if signed else e.importance)[places_of(regions, e)] for regions, e in pairs]


def painted(batch: Batch, k: int, scores: list[FloatArray]) -> Tensor:
    """The score of each element's region, shaped like the k-th input tensor."""
    tensor, labels = batch.inputs[k], batch.labels[k]
    dtype = tensor.dtype if tensor.is_floating_point() else torch.get_default_dtype()
    # What always stays has the number after the regions of all examples, and a score of 0.
    width = 1 + max(map(len, scores))
    rows = [
        # The cast comes before the move: some devices have no float64.
        torch.from_numpy(np.pad(row, (0, width - len(row))))
        .to(dtype)
        .to(tensor.device)[labels[i if len(labels) > 1 else 0]]
        for i, row in enumerate(scores)
    ]
    return torch.stack(rows).expand(tensor.shape).contiguous()
