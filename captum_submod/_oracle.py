"""Shows masked inputs to a torch model: the one part of LiMA that depends on the framework."""

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from captum_submod._composition import compose, sent
from captum_submod._inputs import Batch
from submod_core import OutOfMemoryError, Readout, Responses
from submod_core.evidential import uncertainty
from submod_core.readout import NO_CLASSES
from submod_core.scheduler import Overlap

Activation = str | Callable[[Tensor], Tensor]
Features = Callable[..., Tensor] | nn.Module | None


@dataclass
class TorchOracle:
    """Answers a `submod_core` scheduler for a batch of examples, within `precision`.

    Attributes
    ----------
    forward_func : callable
    batch : Batch
    target : Tensor of int64, (N, k) on the CPU, or None
    readout : Readout
    wants_confidence : bool
        False leaves the entropy out.
    autocast : torch.dtype or None
        The lower precision in which the model runs where it can.
    """

    forward_func: Callable[..., Any]
    batch: Batch
    target: Tensor | None
    readout: Readout
    wants_confidence: bool = True
    autocast: torch.dtype | None = None
    _warned: bool = field(default=False, init=False)
    _targets: dict[tuple[int, ...], Tensor] = field(default_factory=dict, init=False)

    @property
    def overlap(self) -> Overlap:
        """How a scheduler may go on while the model works: see `submod_core.scheduler.drive`."""
        return "device" if self.batch.inputs[0].is_cuda else None

    def __call__(self, examples: np.ndarray, keep: np.ndarray, features: bool) -> Responses | Callable[[], Responses]:
        """See `submod_core.Oracle`."""
        try:
            return self._answer(torch.from_numpy(examples), torch.from_numpy(keep), features)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in _MEMORY_ERRORS):
                raise OutOfMemoryError(str(error)) from error
            raise

    def precision(self) -> contextlib.AbstractContextManager[None]:
        """The precision in which the model runs: around all calls, so that weights are converted once for them."""
        device = self.batch.inputs[0].device.type
        return contextlib.nullcontext() if self.autocast is None else torch.autocast(device, self.autocast)

    # Not torch's inference mode: a model could make no gradients, nor train with what it remembers of the call.
    @torch.no_grad()
    def _answer(self, rows: Tensor, keep: Tensor, features: bool) -> Responses | Callable[[], Responses]:
        arguments = (*compose(self.batch, rows, keep), *self._expand(rows))
        output, vectors = self._run(arguments, len(rows), features)
        if self.readout.feature_target:
            score, confidence, n_classes = torch.zeros(len(rows), device=output.device), None, None
        else:
            classes, chosen = self._class_scores(output, rows)
            score, confidence = self._score(classes, chosen)
            n_classes = classes.shape[1]
        if self.wants_confidence and self.readout.confidence_model is not None:
            confidence = self._certainty(arguments, len(rows), n_classes).to(score)
        numbers = torch.stack([score] if confidence is None else [score, confidence])
        return _fetched([numbers] if vectors is None else [numbers, vectors])

    def _expand(self, rows: Tensor) -> list[Any]:
        n = len(self.batch)
        return [
            a[sent(rows, a.device)] if isinstance(a, Tensor) and a.dim() and len(a) == n else a
            for a in self.batch.additional
        ]

    def _run(self, arguments: tuple[Any, ...], n_rows: int, features: bool) -> tuple[Tensor, Tensor | None]:
        """The class scores (B, C, …) and, where asked for or needed, the features (B, d)."""
        source, embeddings = self.readout.features, self.readout.class_embeddings
        if not features and embeddings is None:
            return _checked(self._activate(self.forward_func(*arguments)), n_rows, "forward_func"), None
        output: Any
        vectors: Any
        if source is None:
            output = _checked(self.forward_func(*arguments), n_rows, "forward_func")
            vectors = output
        elif _is_layer(source, self.forward_func):
            with _capture(source) as seen:
                output = _uncompiled(self.forward_func)(*arguments)
            if not seen:
                raise ValueError(f"`features` (={source}) is a layer that did not run in `forward_func`")
            vectors = seen[-1]
        else:
            vectors = source(*arguments)
            output = self.forward_func(*arguments) if embeddings is None else None
        vectors = _pooled(_checked(vectors, n_rows, "features"))
        if embeddings is not None:
            output = self._similarity(vectors, torch.as_tensor(embeddings))
        return _checked(self._activate(output), n_rows, "forward_func"), vectors if features else None

    def _similarity(self, vectors: Tensor, embeddings: Tensor) -> Tensor:
        self.readout.check_width(vectors.shape[1])
        normalise = nn.functional.normalize
        cosines = normalise(vectors) @ normalise(embeddings.to(vectors)).T
        return cosines if len(embeddings) == 1 else self.readout.scale * cosines

    def _activate(self, output: Any) -> Any:
        activation = self.readout.activation
        return activation(output) if callable(activation) else output

    @torch.no_grad()
    def class_probabilities(self, examples: np.ndarray, keep: np.ndarray) -> np.ndarray:
        """What the model makes of all classes, (B, C)."""
        rows = torch.from_numpy(examples)
        arguments = (*compose(self.batch, rows, torch.from_numpy(keep)), *self._expand(rows))
        output, _ = self._run(arguments, len(rows), features=False)
        classes, _ = self._class_scores(output, rows)
        if classes.shape[1] < 2:
            raise ValueError("`forward_func` gives one value per example; a mistake needs classes")
        probabilities: np.ndarray = self._probabilities(classes).cpu().double().numpy()
        return probabilities

    def _certainty(self, arguments: tuple[Any, ...], n_rows: int, n_classes: int | None) -> Tensor:
        outputs = _checked(self.readout.confidence_model(*arguments), n_rows, "confidence_model")
        self.readout.check_evidence(tuple(outputs.shape[1:]), n_classes)
        certainty: Tensor = 1 - uncertainty(outputs)
        return certainty

    def _class_scores(self, output: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The scores of all classes (B, C) at the target's place in the output, and the target's class (B,)."""
        shape = tuple(output.shape[1:])
        if self.target is None:
            if math.prod(shape) != 1:
                raise ValueError(f"`target` is needed: the model gives outputs of shape {shape} per example")
            return output.reshape(-1, 1), torch.zeros(len(output), dtype=torch.long, device=output.device)
        if shape not in self._targets:
            self._targets[shape] = _within(self.target, shape).to(output.device)
        target = self._targets[shape][sent(rows, output.device)]
        if len(shape) > 1:
            places = torch.arange(len(output), device=output.device)
            output = output[(places, slice(None), *target[:, 1:].T)]
        return output, target[:, 0]

    def _probabilities(self, classes: Tensor) -> Tensor:
        activation = self.readout.activation
        if activation == "softmax" and classes.shape[1] > 1:
            return classes.softmax(1)
        return classes.sigmoid() if activation == "sigmoid" else classes

    def _score(self, classes: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor | None]:
        """The target's score and the confidence, each (B,), from class scores (B, C)."""
        several, activation = classes.shape[1] > 1, self.readout.activation
        classes = self._probabilities(classes)
        score = classes.gather(1, chosen[:, None])[:, 0]
        if not self.wants_confidence or self.readout.confidence_model is not None:
            return score, None
        if activation == "sigmoid":
            pairs = torch.stack([classes, 1 - classes])
            return score, 1 + _log_weighted(pairs).sum(0).mean(1) / math.log(2)
        if not several:
            self._warn_no_classes()
            return score, None
        if activation != "softmax":
            self.readout.check_probabilities(float(classes.min()), float((classes.sum(1) - 1).abs().max()))
        return score, 1 + _log_weighted(classes).sum(1) / math.log(classes.shape[1])

    def _warn_no_classes(self) -> None:
        if not self._warned:
            warnings.warn(NO_CLASSES, stacklevel=2)
            self._warned = True


def _log_weighted(p: Tensor) -> Tensor:
    """Return p log p, 0 where p is 0: torch's `xlogy`, in a quarter of the time that it takes a processor."""
    return p.clamp_min(torch.finfo(p.dtype).tiny).log_().mul_(p)


def _fetched(tensors: list[Tensor]) -> Responses | Callable[[], Responses]:
    """What a model answered: scores and confidences (1 or 2, B), features. On a GPU, a function that waits for it."""
    if not tensors[0].is_cuda:
        return _responses([tensor.cpu() for tensor in tensors])
    # Copied behind what they wait for: a copy that is asked for later waits for what the device was given since.
    copies = [tensor.to("cpu", non_blocking=True) for tensor in tensors]
    copied = [torch.cuda.current_stream(tensor.device).record_event() for tensor in tensors if tensor.is_cuda]

    def wait() -> Responses:
        for event in copied:
            event.synchronize()
        return _responses(copies)

    return wait


def _responses(tensors: list[Tensor]) -> Responses:
    numbers, *vectors = tensors
    target, *confidence = numbers.double().numpy()
    return Responses(target, confidence[0] if confidence else None, vectors[0].numpy() if vectors else None)


_MEMORY_ERRORS = ("out of memory", "can't allocate memory")


def _checked(output: Any, n_rows: int, name: str) -> Tensor:
    if not isinstance(output, Tensor):
        raise TypeError(f"`{name}` returned a {type(output).__name__}; it must return one tensor")
    if output.dim() == 0 or len(output) != n_rows:
        raise ValueError(
            f"`{name}` returned shape {tuple(output.shape)} for {n_rows} examples; its first dimension must be theirs, "
            "not one value for the whole batch"
        )
    return output if output.dtype in (torch.float32, torch.float64) else output.float()


def _pooled(vectors: Tensor) -> Tensor:
    return (
        (vectors.flatten(2).mean(2) if vectors.dim() > 3 else vectors.flatten(1))
        if vectors.dim() > 1
        else vectors[:, None]
    )


def _within(target: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Targets (N, k), counted from the front, if outputs of that shape have them."""
    if target.shape[1] != len(shape):
        raise ValueError(
            f"`target` (={target[0].tolist()}, {target.shape[1]} indices) must have one index for each dimension of "
            f"the outputs, of shape {shape} per example"
        )
    for index, size in zip(target.T, shape, strict=True):
        if bool(((index < -size) | (index >= size)).any()):
            raise ValueError(f"`target` (={index.tolist()}) is out of range for outputs of shape {shape} per example")
    return target % torch.tensor(shape)


def _is_layer(features: Any, forward_func: Any) -> bool:
    if not isinstance(features, nn.Module):
        return False
    return not isinstance(forward_func, nn.Module) or any(features is module for module in forward_func.modules())


def _uncompiled(forward_func: Any) -> Any:
    # What `torch.compile` returns passes by the hooks of its layers; what it was made from has its weights.
    return getattr(forward_func, "_orig_mod", forward_func)


@contextlib.contextmanager
def _capture(layer: Any) -> Iterator[list[Any]]:
    seen: list[Any] = []
    handle = layer.register_forward_hook(lambda module, arguments, output: seen.append(output))
    try:
        yield seen
    finally:
        handle.remove()


@contextlib.contextmanager
def evaluating(*functions: Any) -> Iterator[None]:
    """Put the modules among `functions` into evaluation mode, and every submodule back as it was."""
    modules = [module for function in functions if isinstance(function, nn.Module) for module in function.modules()]
    training = [module for module in modules if module.training]
    try:
        for module in training:
            module.training = False
        yield
    finally:
        for module in training:
            module.training = True
