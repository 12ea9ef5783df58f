"""Training the attentions of a sum of parts."""

import os
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, default_collate
from tqdm.auto import tqdm

from captum_submod.sop.model import SumOfParts
from submod_core._types import AnyArray, IntArray
from submod_core.sop.training import Trainee, train


def fit(
    model: SumOfParts,
    dataset: Dataset[Any],
    *,
    epochs: int = 1,
    batch_size: int = 16,
    lr: float = 5e-6,
    weight_decay: float = 0.01,
    seed: int = 0,
    mixed_precision: bool | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 100,
    show_progress: bool = True,
) -> list[float]:
    """Train by AdamW, as the papers do (SOP, App. C.2.2).

    Parameters
    ----------
    model : SumOfParts
        Changed in place, on whatever device it is.
    dataset : Dataset
        Pairs (input, target) or triples (input, target, feature_mask), without a batch axis: see
        `SumOfParts.training_loss`.
    epochs, batch_size : int
    lr, weight_decay : float
        Of AdamW; 5e-6 is the papers' rate, for models trained on a million images.
    seed : int
        Orders the examples.
    mixed_precision : bool, optional
        Run in bfloat16 where torch deems it safe; by default on a GPU.
    checkpoint : path, optional
        File (.npz) that a run writes every `checkpoint_every` steps, and goes on from where it exists.
    checkpoint_every : int
    show_progress : bool

    Returns
    -------
    list of float
        The loss of each step.

    Raises
    ------
    ValueError
        If an argument is out of range, or the checkpoint is of a run with other arguments.

    Examples
    --------
    >>> backbone = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    >>> features = torch.nn.Sequential(torch.nn.Unflatten(1, (6, 1)), torch.nn.Linear(1, 4))
    >>> x, y = torch.rand(8, 6), torch.arange(8) % 3
    >>> sop = SumOfParts(backbone, x[:1], encoder=features, groups=3)
    >>> len(fit(sop, torch.utils.data.TensorDataset(x, y), batch_size=4, lr=1e-3, show_progress=False))
    2
    """
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
            arrays |= {f"{key} {name}": np.asarray(value.cpu()) for key, value in optimizer.state.get(p, {}).items()}
        return arrays

    def restore(arrays: dict[str, AnyArray]) -> None:
        for key, array in arrays.items():
            kind, name = key.split(" ", 1)
            value = torch.from_numpy(np.asarray(array))
            if kind == "weight":
                trained[name].data.copy_(value)
            else:
                optimizer.state[trained[name]][kind] = _beside(trained[name], kind, value)

    total = epochs * -(-len(dataset) // batch_size)  # type: ignore[arg-type]
    with tqdm(total=total, desc="Sum-of-Parts training", unit="step", disable=not show_progress) as bar:
        return train(
            Trainee(step, state, restore),
            len(dataset),  # type: ignore[arg-type]
            epochs=epochs,
            batch_size=batch_size,
            seed=seed,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            on_step=lambda loss: (bar.set_postfix(loss=f"{loss:.4f}", refresh=False), bar.update()),
        )


def _beside(parameter: Tensor, kind: str, value: Tensor) -> Tensor:
    """An entry of the optimiser's state where torch keeps it: the step count stays on the CPU."""
    return value.clone() if kind == "step" else value.to(parameter)
