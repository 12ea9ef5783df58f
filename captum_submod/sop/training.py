"""Training the attentions of a sum of parts."""

import math
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from captum_submod._memory import memory_errors
from captum_submod.sop._examples import Examples
from captum_submod.sop._inputs import Batch
from captum_submod.sop.model import WORDS, SumOfParts
from submod_core._checks import check_flag
from submod_core._docs import documented
from submod_core._types import AnyArray, IntArray
from submod_core.engine._memory import fitting
from submod_core.engine.batching import BatchSize
from submod_core.sop.checkpoint import (
    Arrays,
    Facts,
    data_facts,
    digest,
    digest_of_text,
    random_state,
    restore_random_state,
    shapes,
    versions,
)
from submod_core.sop.options import OPTIONS
from submod_core.sop.targets import check_loss
from submod_core.sop.training import ScheduleOptions, Trainee, check_rates, schedule_of, train


@documented(OPTIONS, **WORDS)
def fit(
    model: SumOfParts,
    dataset: Dataset[Any],
    *,
    lr: float = 5e-6,
    weight_decay: float = 0.01,
    loss: str | None = None,
    columns: Sequence[Any] | None = None,
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
        Of a length, with examples by their numbers: pairs (input, target) or triples (input,
        target, feature_mask), without a batch axis: see `SumOfParts.training_loss`.
    {optimisation}
    {loss}
    columns : sequence of str or int, optional
        Where in an example the input, the target and the feature mask are, if there is one: keys of
        dicts, such as ("pixel_values", "labels"), or places in tuples. A list of keys makes keyword
        inputs: (["input_ids", "attention_mask", "special_tokens_mask"], "labels").
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
    schedule = schedule_of(options)
    check_rates(lr, weight_decay)
    check_loss(loss)
    check_flag("show_progress", show_progress)
    examples = Examples(dataset, columns)
    settings = {"name": "AdamW", "lr": float(lr), "weight_decay": float(weight_decay), "loss": loss}
    training = _Training(_uncompiled(model), examples, settings, mixed_precision)
    training.batch = BatchSize(schedule.batch_size)
    parts = training.step, training.state, training.restore, training.facts
    return train(Trainee(*parts), len(examples), schedule, show_progress=show_progress)


def _uncompiled(model: Any) -> SumOfParts:
    """The model behind `torch.compile`, whose weights they share."""
    model = getattr(model, "_orig_mod", model)
    if not isinstance(model, SumOfParts):
        raise TypeError(f"`model` (a {type(model).__name__}) must be a SumOfParts model")
    return model


class _Training:
    """A model, its optimiser and its data, as `Trainee` wants them."""

    batch: BatchSize

    def __init__(
        self, model: SumOfParts, examples: Examples, options: Facts, mixed_precision: bool | None
    ) -> None:
        if not (mixed_precision is None or isinstance(mixed_precision, bool | np.bool_)):
            raise ValueError(f"`mixed_precision` (={mixed_precision!r}) must be a bool, or None")
        self.model, self.examples, self.options = model, examples, options
        self.loss = options["loss"]
        self.trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        if not self.trained:
            raise ValueError("`model` must have parameters that require gradients")
        parameters = self.trained.values()
        rates = {name: options[name] for name in ("lr", "weight_decay")}
        self.optimizer = torch.optim.AdamW(parameters, **rates)
        self.device = next(iter(parameters)).device
        cuda = self.device.type == "cuda"
        self.mixed = cuda if mixed_precision is None else bool(mixed_precision)
        # The buffers of the encoder may change in training, as those of batch norm do; no others.
        self.buffers = {name: b for name, b in model.named_buffers() if name.startswith("encoder.")}

    def step(self, rows: IntArray) -> float:
        batch, columns = self.examples.columns(rows)
        # What the first batch looks like, all others are.
        self.loss = self.loss or self.model.loss_of(columns[0])
        first = self.batch.share(len(rows))
        return fitting(self.batch, first, lambda size: self._attempt(batch, columns, size))

    def _attempt(self, batch: Batch, columns: list[Tensor], size: int) -> float:
        """One step from gradients that are summed over batches of a size."""
        self.optimizer.zero_grad()
        n, total = len(batch), 0.0
        for start in range(0, n, size):
            some = slice(start, start + size)
            targets, *mask = (column[some].to(self.device) for column in columns)
            inputs = batch[some].to(self.device)
            with memory_errors():
                with torch.autocast(self.device.type, torch.bfloat16, enabled=self.mixed):
                    loss = self.model._loss(inputs, targets, mask[0] if mask else None, self.loss)
                    loss = loss * (len(inputs) / n)
                total += float(loss.detach())
                if math.isfinite(total):
                    loss.backward()
        if math.isfinite(total):
            self.optimizer.step()
        return total

    def state(self) -> Arrays:
        arrays = self._random_state()
        arrays |= {f"buffer {name}": _array(buffer) for name, buffer in self.buffers.items()}
        for name, p in self.trained.items():
            arrays[f"weight {name}"] = _array(p)
            # Before a parameter's first gradient AdamW has no entries for it; it starts at zeros.
            entries = self.optimizer.state.get(p, {})
            arrays[f"step {name}"] = np.array(float(entries.get("step", 0)))
            for moment in _MOMENTS:
                arrays[f"{moment} {name}"] = _array(entries.get(moment, torch.zeros_like(p)))
        return arrays

    def restore(self, arrays: Arrays) -> None:
        for name, buffer in self.buffers.items():
            buffer.copy_(_tensor(arrays[f"buffer {name}"], buffer))
        # The step count stays on the CPU, in the dtype that torch makes it in.
        double = torch.get_default_dtype() == torch.float64
        for name, p in self.trained.items():
            p.data.copy_(_tensor(arrays[f"weight {name}"], p))
            count = float(arrays[f"step {name}"])
            if count:
                self.optimizer.state[p] = {
                    "step": torch.tensor(count, dtype=torch.float64 if double else torch.float32)
                } | {
                    moment: torch.zeros_like(p).copy_(_tensor(arrays[f"{moment} {name}"], p))
                    for moment in _MOMENTS
                }
        self._restore_random_state(arrays)

    def _random_state(self) -> Arrays:
        """Of all generators that dropout and augmentation may draw from."""
        arrays = random_state() | {"random torch": torch.get_rng_state().numpy()}
        if self.device.type == "cuda":
            arrays["random cuda"] = torch.cuda.get_rng_state(self.device).numpy()
        return arrays

    def _restore_random_state(self, arrays: Arrays) -> None:
        restore_random_state(arrays)
        torch.set_rng_state(torch.from_numpy(arrays["random torch"]))
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(torch.from_numpy(arrays["random cuda"]), self.device)

    def facts(self) -> Facts:
        before = self._random_state()
        data = data_facts(len(self.examples), self._example)
        self._restore_random_state(before)  # reading the examples may have drawn from them
        run = {"mixed_precision": self.mixed, "device": self.device.type}
        return {
            "optimiser": self.options | run,
            "model": self._model_facts(),
            "data": data,
            "versions": versions(torch=torch.__version__),
        }

    def _example(self, number: int) -> list[AnyArray]:
        """All arrays of one example."""
        batch, columns = self.examples.columns([number])
        return [_array(each) for each in (*batch.columns().values(), *columns)]

    def _model_facts(self) -> Facts:
        model, encoder = self.model, self.model.encoder
        fixed = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        for name in (*self.trained, *self.buffers):
            del fixed[name]
        # Modes count where a mode changes what is computed: the backbone is always in evaluation.
        modes = [module.training for module in encoder.modules()]
        return {
            **vars(model.settings),
            "layer": getattr(encoder, "layer", None),
            "finetune": model.finetune,
            "classifier": model.backbone.classifier,
            "baseline": model.masking.baseline_fact(),
            "modules": digest_of_text(f"{model.backbone} {encoder} {modes}"),
            "trained weights": shapes(self.trained),
            "buffers": shapes(self.buffers),
            "frozen weights": digest((name, _array(t)) for name, t in fixed.items()),
        }


_MOMENTS = ("exp_avg", "exp_avg_sq")


def _array(tensor: Tensor) -> AnyArray:
    """The tensor as an array; NumPy has no bfloat16, so that its bits stand for it."""
    tensor = tensor.detach().cpu()
    bits = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
    return np.asarray(bits.numpy())


def _tensor(array: AnyArray, like: Tensor) -> Tensor:
    """The tensor behind an array of `_array`, in the dtype of another."""
    tensor = torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape))
    return tensor.view(torch.bfloat16) if like.dtype == torch.bfloat16 else tensor
