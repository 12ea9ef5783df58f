"""Training the attentions of a sum of parts."""

from typing import Any, Unpack

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, default_collate

from captum_submod.sop.model import WORDS, SumOfParts
from submod_core._docs import documented
from submod_core._types import AnyArray, IntArray
from submod_core.sop.options import OPTIONS
from submod_core.sop.training import Schedule, ScheduleOptions, Trainee, train


@documented(OPTIONS, **WORDS)
def fit(
    model: SumOfParts,
    dataset: Dataset[Any],
    *,
    lr: float = 5e-6,
    weight_decay: float = 0.01,
    mixed_precision: bool | None = None,
    show_progress: bool = True,
    **options: Unpack[ScheduleOptions],
) -> list[float]:
    """Train by AdamW, as the papers do (SOP, App. C.2.2).

    Parameters
    ----------
    model : SumOfParts
        Changed in place, on its device.
    dataset : Dataset
        Pairs (input, target) or triples (input, target, feature_mask), without a batch axis: see
        `SumOfParts.training_loss`.
    {optimisation}
    mixed_precision : bool, optional
        Run in bfloat16 where torch deems it safe; by default on a GPU.
    {run}

    Examples
    --------
    >>> from torch import nn
    >>> backbone = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3))
    >>> encoder = nn.Sequential(nn.Unflatten(1, (6, 1)), nn.Linear(1, 4))
    >>> x, y = torch.rand(8, 6), torch.arange(8) % 3
    >>> sop = SumOfParts(backbone, x[:1], encoder=encoder, groups=3)
    >>> data = torch.utils.data.TensorDataset(x, y)
    >>> len(fit(sop, data, batch_size=4, lr=1e-3, show_progress=False))
    2
    """
    schedule = Schedule(**options)
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(trained.values(), lr=lr, weight_decay=weight_decay)
    device = next(iter(trained.values())).device
    mixed = device.type == "cuda" if mixed_precision is None else mixed_precision

    def step(rows: IntArray) -> float:
        batch = [item.to(device) for item in default_collate([dataset[int(row)] for row in rows])]
        with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
            loss = model.training_loss(*batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    def state() -> dict[str, AnyArray]:
        arrays = {f"weight {name}": p.detach().cpu().numpy() for name, p in trained.items()}
        for name, p in trained.items():
            arrays |= {
                f"{key} {name}": np.asarray(value.cpu())
                for key, value in optimizer.state.get(p, {}).items()
            }
        return arrays

    def restore(arrays: dict[str, AnyArray]) -> None:
        for key, array in arrays.items():
            kind, name = key.split(" ", 1)
            value = torch.from_numpy(np.asarray(array))
            if kind == "weight":
                trained[name].data.copy_(value)
            else:
                optimizer.state[trained[name]][kind] = _beside(trained[name], kind, value)

    n = len(dataset)  # type: ignore[arg-type]
    return train(Trainee(step, state, restore), n, schedule, show_progress=show_progress)


def _beside(parameter: Tensor, kind: str, value: Tensor) -> Tensor:
    """An entry of the optimiser's state where torch keeps it: the step count stays on the CPU."""
    return value.clone() if kind == "step" else value.to(parameter)
