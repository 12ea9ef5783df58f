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
from captum_submod._outputs import (
    checked,
    copied,
    ends_in_sigmoid,
    fetched,
    is_layer,
    pooled,
    uncompiled,
)
from captum_submod._targets import class_of_one_output, within
from submod_core.engine import Overlap, Responses
from submod_core.engine._finite import check_finite
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
    truths : bool
        Whether the targets are classes, also of outputs (N, 1), and not indices of outputs.
    """

    forward_func: Callable[..., Any]
    batch: Batch
    target: Tensor | None
    readout: Readout
    wants_confidence: bool = True
    autocast: torch.dtype | None = None
    truths: bool = False
    _warned: bool = field(default=False, init=False)
    _looked: bool = field(default=False, init=False)
    _targets: dict[tuple[int, ...], Tensor] = field(default_factory=dict, init=False)
    _width: int | None = field(default=None, init=False)

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
        given = copied(arguments) if certain else arguments
        output, vectors = self._run(given, len(rows), features)
        if self.readout.feature_target:
            score, confidence, n_classes = torch.zeros(len(rows), device=output.device), None, None
        else:
            classes, chosen = self._class_scores(output, rows)
            score, confidence = self._score(classes, chosen, rows)
            n_classes = classes.shape[1]
            if self.readout.reads_value(n_classes):  # whose unit no distance of features has
                vectors = None
        if certain:
            confidence = self._certainty(arguments, len(rows), n_classes).to(score)
        numbers = torch.stack([score] if confidence is None else [score, confidence])
        return fetched([numbers] if vectors is None else [numbers, vectors])

    def _expand(self, rows: Tensor) -> list[Any]:
        """Additional arguments for the rows: tensors of N rows follow their examples."""
        return [expanded(a, rows, len(self.batch)) for a in self.batch.additional]

    def _call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """The function's answer to the arguments, by keyword where the inputs were a mapping."""
        names = self.batch.keywords
        if names is None:
            return function(*arguments)
        return function(**dict(zip(names, arguments, strict=True)))

    def _run(
        self, arguments: tuple[Any, ...], n_rows: int, features: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Class scores (B, C, …), and the features (B, d) where `features` asks for them."""
        source, embeddings = self.readout.features, self.readout.class_embeddings
        output: Any
        vectors: Any
        if not features and embeddings is None:
            output = logits_of(self._call(self.forward_func, arguments))
            return checked(self.readout.activated(output), n_rows, "forward_func"), None
        # Features come from one of three places: the output itself; a layer, whose output a hook
        # captures during the same forward pass; a function of its own. With class embeddings the
        # features make the class scores, and a function replaces the call of the model.
        if source is None:
            output = checked(self._call(self.forward_func, arguments), n_rows, "forward_func")
            vectors = output
        elif is_layer(source, self.forward_func):
            with captured(source) as seen:
                output = self._call(uncompiled(self.forward_func), arguments)
            if not seen:
                raise ValueError(
                    f"`features` (={source}) is a layer that did not run in `forward_func`, or "
                    "that runs in a compiled model, which keeps no hooks: give the module itself"
                )
            vectors = seen[-1]
        else:
            output = None
            if embeddings is None:
                output = self._call(self.forward_func, copied(arguments))
            vectors = self._call(source, arguments)
        vectors = checked(vectors, n_rows, "features")
        vectors = pooled(vectors, self.batch.layouts[0], tuple(self.batch.inputs[0].shape[1:]))
        if embeddings is not None:
            output = self.readout.similarities(vectors, torch.as_tensor(embeddings).to(vectors))
        return checked(
            self.readout.activated(output), n_rows, "forward_func"
        ), vectors if features else None

    @torch.no_grad()
    def class_probabilities(self, examples: np.ndarray, keep: np.ndarray) -> np.ndarray:
        """Probabilities of all classes, (B, C)."""
        rows = torch.from_numpy(examples)
        arguments = (*compose(self.batch, rows, torch.from_numpy(keep)), *self._expand(rows))
        output, _ = self._run(arguments, len(rows), features=False)
        classes, _ = self._class_scores(output, rows)
        probabilities: np.ndarray = self._probabilities(classes).cpu().double().numpy()
        if probabilities.shape[1] < 2:
            raise ValueError(
                "`forward_func` gives one value per example, and a mistake needs classes: with one "
                "output `method` needs activation='sigmoid' for a logit, 'identity' for a "
                "probability"
            )
        return probabilities

    @torch.no_grad()
    def named_classes(self) -> list[int]:
        """The class that each example's target names, by the outputs for the first example."""
        rows = torch.zeros(1, dtype=torch.long)
        keep = torch.ones((1, len(self.batch.sets[0].sizes)), dtype=torch.bool)
        arguments = (*compose(self.batch, rows, keep), *self._expand(rows))
        output, _ = self._run(arguments, 1, features=False)
        # Logits of −∞ are of impossible classes.
        numbers = output.double().nan_to_num(torch.nan, posinf=torch.nan, neginf=0.0)
        answer = Responses(numbers.flatten().sum(0, keepdim=True).cpu().numpy())
        check_finite(rows.numpy(), keep.numpy(), answer, self.readout.sources("forward_func"))
        assert self.target is not None, "there are targets"
        shape, named = tuple(output.shape[1:]), self.target
        if math.prod(shape) > 1:
            # Of an index into all axes one counts classes, from either end.
            named = within(named, shape)[:, self.readout.axis(output.dim()) - 1 :]
        classes: list[int] = named[:, 0].tolist()
        return classes

    def _probabilities(self, classes: Tensor) -> Tensor:
        """Probabilities of class scores (B, C), which may turn out to be some already."""
        if not self._looked:
            known = ends_in_sigmoid(self.forward_func)
            self.readout, self._looked = self.readout.for_outputs(classes, known), True
        probabilities: Tensor = self.readout.both_classes(self.readout.probabilities(classes))
        return probabilities

    def _certainty(self, arguments: tuple[Any, ...], n_rows: int, n_classes: int | None) -> Tensor:
        """Certainty (B,) by the evidential confidence model."""
        outputs = self._call(self.readout.confidence_model, arguments)
        outputs = checked(outputs, n_rows, "confidence_model")
        self.readout.check_evidence(tuple(outputs.shape[1:]), n_classes)
        certainty: Tensor = 1 - uncertainty(outputs)
        return certainty

    def _class_scores(self, output: Tensor, rows: Tensor) -> tuple[Tensor, Tensor | None]:
        """Class scores (B, C), at the target's place on further axes, and its class (B,).

        None stands for the class of a single output, which is known after the activation.
        """
        shape = tuple(output.shape[1:])
        if len(shape) == 1:
            self._check_width(shape[0])
        # Captum's target is an index: (N, 1) has the column 0 alone, (N,) no index at all.
        single = math.prod(shape) == 1
        if single and (self.target is None or not shape or self.truths):
            return output.reshape(-1, 1), None
        if self.target is None:
            raise ValueError(
                f"`target` is needed: the model gives outputs of shape {shape} per example"
            )
        if shape not in self._targets:
            self._targets[shape] = within(self.target, shape).to(output.device)
        target = self._targets[shape][sent(rows, output.device)]
        if single:  # the value of the only column, which is a probability of class 1 or none
            return output.reshape(-1, 1), torch.full((len(output),), -1, device=output.device)
        # The target is an index into all axes: one of them counts classes, the others places.
        axis = self.readout.axis(output.dim())
        chosen = target[:, axis - 1]
        if len(shape) > 1:
            rows = torch.arange(len(output), device=output.device)
            places = [place for k, place in enumerate(target.T, start=1) if k != axis]
            output = output.movedim(axis, 1)[(rows, slice(None), *places)]
        return output, chosen

    def _check_width(self, width: int) -> None:
        """Raise ValueError where outputs (N, C) have other classes than those before."""
        self._width = width if self._width is None else self._width
        if width != self._width:
            raise ValueError(
                f"`forward_func` gave {self._width} outputs for an example, and then {width}: "
                "their number must not follow the batch. Of `additional_forward_args` a tensor "
                "with as many rows as there are inputs has one for each; what all inputs share "
                "belongs into `forward_func`"
            )

    def _score(
        self, classes: Tensor, chosen: Tensor | None, rows: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """Target's score and confidence, each (B,), from class scores (B, C)."""
        probabilities = self._probabilities(classes)
        n_classes = probabilities.shape[1]
        if chosen is None:
            given = None if self.target is None else self.target[rows]
            chosen = sent(class_of_one_output(given, len(rows), n_classes), classes.device)
        score = probabilities.gather(1, chosen[:, None] % n_classes)[:, 0]
        if self.readout.activation != "softmax":  # which makes the whole row NaN by itself
            # A class that is not finite makes the score NaN: the engine reports it.
            score = score + (0 * probabilities).sum(1)
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
