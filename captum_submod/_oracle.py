"""Torch oracle: shows masked inputs to a torch model, and reduces its outputs on the device."""

import contextlib
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from captum_submod._inputs import Batch
from captum_submod._masking import compose, expanded, sent
from captum_submod._memory import memory_errors
from captum_submod._modules import captured
from submod_core.backends import backend_of
from submod_core.engine import Overlap, Responses
from submod_core.scores import NO_CLASSES, ONE_EMBEDDING, Readout, uncertainty
from submod_core.scores.outputs import logits_of

Activation = str | Callable[[Tensor], Tensor] | None
Features = Callable[..., Tensor] | nn.Module | None


@dataclass
class TorchOracle:
    """Oracle of a batch of examples for `submod_core.engine.drive`; call it within `precision`.

    Attributes
    ----------
    forward_func : callable
    batch : Batch
    target : Tensor of int64, (N, k) on the CPU, or None
    readout : Readout
    wants_confidence : bool
        Whether the confidence is computed.
    autocast : torch.dtype or None
        The dtype of `torch.autocast` in which the model runs; None for the model's own.
    """

    forward_func: Callable[..., Any]
    batch: Batch
    target: Tensor | None
    readout: Readout
    wants_confidence: bool = True
    autocast: torch.dtype | None = None
    _warned: bool = field(default=False, init=False)
    _looked: bool = field(default=False, init=False)
    _targets: dict[tuple[int, ...], Tensor] = field(default_factory=dict, init=False)

    @property
    def overlap(self) -> Overlap:
        """Overlap of searches with the model's work: see `submod_core.engine.drive`."""
        return "device" if self.batch.inputs[0].is_cuda else None

    def __call__(
        self, examples: np.ndarray, keep: np.ndarray, features: bool
    ) -> Responses | Callable[[], Responses]:
        """Answer as `submod_core.Oracle` documents."""
        with memory_errors():
            return self._answer(torch.from_numpy(examples), torch.from_numpy(keep), features)

    def precision(self) -> contextlib.AbstractContextManager[None]:
        """Context of the model's precision around all calls: autocast converts weights once."""
        device = self.batch.inputs[0].device.type
        return (
            contextlib.nullcontext()
            if self.autocast is None
            else torch.autocast(device, self.autocast)
        )

    # `no_grad`, not inference mode: inside inference mode a model cannot compute gradients of its
    # own, and tensors that it keeps from the call cannot be used in training later.
    @torch.no_grad()
    def _answer(
        self, rows: Tensor, keep: Tensor, features: bool
    ) -> Responses | Callable[[], Responses]:
        """Mask, run the model, and reduce its outputs to the small arrays that are copied back."""
        arguments = (*compose(self.batch, rows, keep), *self._expand(rows))
        certain = self.wants_confidence and self.readout.confidence_model is not None
        given = _copied(arguments) if certain else arguments
        output, vectors = self._run(given, len(rows), features)
        if self.readout.feature_target:
            score, confidence, n_classes = torch.zeros(len(rows), device=output.device), None, None
        else:
            classes, chosen = self._class_scores(output, rows)
            score, confidence = self._score(classes, chosen)
            n_classes = classes.shape[1]
            if self.readout.reads_value(n_classes):  # whose unit no distance of features has
                vectors = None
        if certain:
            confidence = self._certainty(arguments, len(rows), n_classes).to(score)
        numbers = torch.stack([score] if confidence is None else [score, confidence])
        return _fetched([numbers] if vectors is None else [numbers, vectors])

    def _expand(self, rows: Tensor) -> list[Any]:
        """Additional arguments for the rows: tensors of N rows follow their examples."""
        return [expanded(a, rows, len(self.batch)) for a in self.batch.additional]

    def _run(
        self, arguments: tuple[Any, ...], n_rows: int, features: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Class scores (B, C, …), and the features (B, d) where `features` asks for them."""
        source, embeddings = self.readout.features, self.readout.class_embeddings
        output: Any
        vectors: Any
        if not features and embeddings is None:
            output = logits_of(self.forward_func(*arguments))
            return _checked(self.readout.activated(output), n_rows, "forward_func"), None
        # Features come from one of three places: the output itself; a layer, whose output a hook
        # captures during the same forward pass; a function of its own. With class embeddings the
        # features make the class scores, and a function replaces the call of the model.
        if source is None:
            output = _checked(self.forward_func(*arguments), n_rows, "forward_func")
            vectors = output
        elif _is_layer(source, self.forward_func):
            with captured(source) as seen:
                output = _uncompiled(self.forward_func)(*arguments)
            if not seen:
                raise ValueError(
                    f"`features` (={source}) is a layer that did not run in `forward_func`"
                )
            vectors = seen[-1]
        else:
            output = None
            if embeddings is None:
                output = self.forward_func(*_copied(arguments))
            vectors = source(*arguments)
        vectors = _checked(vectors, n_rows, "features")
        vectors = backend_of(vectors).pool(vectors)
        if embeddings is not None:
            output = self.readout.similarities(vectors, torch.as_tensor(embeddings).to(vectors))
        return _checked(
            self.readout.activated(output), n_rows, "forward_func"
        ), vectors if features else None

    @torch.no_grad()
    def class_probabilities(self, examples: np.ndarray, keep: np.ndarray) -> np.ndarray:
        """Probabilities of all classes, (B, C)."""
        rows = torch.from_numpy(examples)
        arguments = (*compose(self.batch, rows, torch.from_numpy(keep)), *self._expand(rows))
        output, _ = self._run(arguments, len(rows), features=False)
        classes, _ = self._class_scores(output, rows)
        if classes.shape[1] < 2:
            raise ValueError("`forward_func` gives one value per example; a mistake needs classes")
        probabilities: np.ndarray = self._probabilities(classes).cpu().double().numpy()
        return probabilities

    def _probabilities(self, classes: Tensor) -> Tensor:
        """Probabilities of class scores (B, C), which may turn out to be some already."""
        if not self._looked:
            self.readout, self._looked = self.readout.for_outputs(classes), True
        probabilities: Tensor = self.readout.probabilities(classes)
        return probabilities

    def _certainty(self, arguments: tuple[Any, ...], n_rows: int, n_classes: int | None) -> Tensor:
        """Certainty (B,) by the evidential confidence model."""
        outputs = _checked(self.readout.confidence_model(*arguments), n_rows, "confidence_model")
        self.readout.check_evidence(tuple(outputs.shape[1:]), n_classes)
        certainty: Tensor = 1 - uncertainty(outputs)
        return certainty

    def _class_scores(self, output: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Class scores (B, C), at the target's place on further axes, and its class (B,)."""
        shape = tuple(output.shape[1:])
        if self.target is None:
            if math.prod(shape) != 1:
                raise ValueError(
                    f"`target` is needed: the model gives outputs of shape {shape} per example"
                )
            return output.reshape(-1, 1), torch.zeros(
                len(output), dtype=torch.long, device=output.device
            )
        if shape not in self._targets:
            self._targets[shape] = _within(self.target, shape).to(output.device)
        target = self._targets[shape][sent(rows, output.device)]
        # The target is an index into all axes: one of them counts classes, the others places.
        axis = self.readout.axis(output.dim())
        chosen = target[:, axis - 1]
        if len(shape) > 1:
            rows = torch.arange(len(output), device=output.device)
            places = [place for k, place in enumerate(target.T, start=1) if k != axis]
            output = output.movedim(axis, 1)[(rows, slice(None), *places)]
        return output, chosen

    def _score(self, classes: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor | None]:
        """Target's score and confidence, each (B,), from class scores (B, C)."""
        probabilities = self._probabilities(classes)
        score = probabilities.gather(1, chosen[:, None])[:, 0]
        # A class that is not finite makes the whole row so: the engine reports it.
        score = torch.where(probabilities.isfinite().all(1), score, torch.nan)
        if not self.wants_confidence or self.readout.confidence_model is not None:
            return score, None
        suspicion = self.readout.suspicion(probabilities)
        if suspicion is not None:
            self.readout.check_probabilities(*suspicion.tolist())
        confidence = self.readout.certainty(probabilities)
        if confidence is None and self.readout.activation is not None:
            self._warn_no_classes()
        return score, confidence

    def _warn_no_classes(self) -> None:
        if not self._warned:
            single = self.readout.class_embeddings is not None
            warnings.warn(ONE_EMBEDDING if single else NO_CLASSES, stacklevel=2)
            self._warned = True


def _copied(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments for one of several functions: it may work in place on what it gets."""
    return tuple(a.clone() if isinstance(a, Tensor) else a for a in arguments)


def _fetched(tensors: list[Tensor]) -> Responses | Callable[[], Responses]:
    """Responses from scores and confidences (1 or 2, B) and features; on a GPU, a function."""
    if not tensors[0].is_cuda:
        return _responses([tensor.cpu() for tensor in tensors])
    # Enqueue the copies now; later they would queue behind the next batch.
    copies = [tensor.to("cpu", non_blocking=True) for tensor in tensors]
    copied = [
        torch.cuda.current_stream(tensor.device).record_event()
        for tensor in tensors
        if tensor.is_cuda
    ]

    def wait() -> Responses:
        for event in copied:
            event.synchronize()
        return _responses(copies)

    return wait


def _responses(tensors: list[Tensor]) -> Responses:
    """Responses from CPU tensors: numbers (1 or 2, B) and, where asked for, features (B, d)."""
    numbers, *vectors = tensors
    target, *confidence = numbers.double().numpy()
    return Responses(
        target, confidence[0] if confidence else None, vectors[0].numpy() if vectors else None
    )


def _checked(output: Any, n_rows: int, name: str) -> Tensor:
    """An output in float32 or float64 with one row per example, else an error."""
    output = logits_of(output)
    if not isinstance(output, Tensor):
        raise TypeError(
            f"`{name}` returned a {type(output).__name__}; it must return one tensor, or an object "
            "or mapping with `logits`"
        )
    if output.dim() == 0 or len(output) != n_rows:
        raise ValueError(
            f"`{name}` returned shape {tuple(output.shape)} for {n_rows} examples; its first "
            "dimension must be theirs, not one value for the whole batch"
        )
    return output if output.dtype in (torch.float32, torch.float64) else output.float()


def _within(target: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Targets (N, k) as indices from 0 on, checked against the shape of an output."""
    if target.shape[1] != len(shape):
        raise ValueError(
            f"`target` (={target[0].tolist()}, {target.shape[1]} indices) must have one index for "
            f"each dimension of the outputs, of shape {shape} per example"
        )
    for index, size in zip(target.T, shape, strict=True):
        if bool(((index < -size) | (index >= size)).any()):
            raise ValueError(
                f"`target` (={index.tolist()}) is out of range for outputs of shape {shape} per "
                "example"
            )
    return target % torch.tensor(shape)


def _is_layer(features: Any, forward_func: Any) -> bool:
    """Whether `features` is a layer of the model; for a plain function any module counts."""
    if not isinstance(features, nn.Module):
        return False
    return not isinstance(forward_func, nn.Module) or any(
        features is module for module in forward_func.modules()
    )


def _uncompiled(forward_func: Any) -> Any:
    # A compiled module skips the hooks of its layers; the original module shares its weights.
    return getattr(forward_func, "_orig_mod", forward_func)
