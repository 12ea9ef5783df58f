"""The network of a sum of parts in torch: two attentions around a frozen backbone."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np
import torch
from torch import Tensor, nn

from captum_submod._memory import memory_errors
from captum_submod.sop._backbone import Backbone, LayerEncoder
from captum_submod.sop._inputs import Batch, batch_of
from captum_submod.sop._masking import Masking, pooling
from submod_core._checks import as_numbers
from submod_core._types import AnyArray
from submod_core.engine._memory import in_fitting_batches
from submod_core.engine.batching import BatchSize
from submod_core.sop import Parts, SOPSettings, affinities, position_code, select, standardised
from submod_core.sop.features import cells, check_in_a_row, rows_of
from submod_core.sop.finite import check_parts
from submod_core.sop.layers import find_layer
from submod_core.sop.row_blur import row_blur
from submod_core.sop.settings import (
    check_class_weights,
    chosen_top,
    initial_projections,
)

F = TypeVar("F", bound=Callable[..., Any])


def _uncompiled(function: F) -> F:
    """Leave a function out of what `torch.compile` makes of its callers.

    `torch.compiler.disable` as a decorator would take seconds of every import.
    """

    @wraps(function)
    def run(*arguments: Any, **options: Any) -> Any:
        if torch.compiler.is_compiling():
            return torch.compiler.disable(function)(*arguments, **options)
        return function(*arguments, **options)

    return cast(F, run)


def _forget(network: "Network", _: Any) -> None:
    network._kept.clear()


class Network(nn.Module):
    """Embeds the features, makes the groups, and scores the backbone's answers to them.

    Its arrays, under the names of their files: `query` and `key` of the group generator,
    `class_weights`, `class_query` and `group_key` of the selector, `numerators` and `denominators`
    of the rows, `blur`.
    """

    settings: SOPSettings
    masking: Masking
    backbone: Backbone
    encoder: nn.Module
    blur: Tensor | None
    keyword: str | None
    numerators: Any
    denominators: Any

    def _make(
        self, example: Batch, layer: str | None, encoder: nn.Module | None, finetune: bool
    ) -> None:
        """Make the fixed arrays and the encoder; `settings`, `masking` and `backbone` are there."""
        rows = self.settings.rows()
        self.register_buffer("numerators", torch.from_numpy(rows.numerators))
        self.register_buffer("denominators", torch.from_numpy(rows.denominators))
        free = self.masking.free
        blur = None if free else self.settings.blur_of(self.masking.grid)
        self.register_buffer("blur", None if blur is None else torch.from_numpy(blur).float())
        self._kept: dict[tuple[str, torch.device], Tensor] = {}
        self.register_load_state_dict_post_hook(_forget)  # type: ignore[no-untyped-call]
        if encoder is None:
            encoder = self._layer_encoder(layer, finetune, example)
        self.encoder = encoder
        self.eval()

    def _layer_encoder(self, layer: str | None, finetune: bool, example: Batch) -> LayerEncoder:
        example = example[:1]
        tensor = example.tensor
        inputs = self.masking.shape(tensor.shape)
        hint = ""
        if tensor.dim() == 3 and not self.masking.last:
            hint = (
                f", which lie along axis 1 of inputs {tuple(tensor.shape)}: give an `encoder`, or, "
                f"for features along the last axis, `features` of shape (1, {tensor.shape[2]})"
            )

        def maps_of(where: tuple[slice, ...] | None) -> dict[str, AnyArray]:
            shown = example
            if where is not None:
                first = torch.zeros(1, dtype=torch.int64, device=tensor.device)
                shown = example.masked(self.masking.changed(tensor, where), first)
            with torch.no_grad():
                maps = self.backbone.feature_maps(shown)
            return {n: m.double().cpu().numpy() for n, m in maps.items() if len(m) == 1}

        n = inputs[0] if self.masking.free else self.masking.n
        name, places = find_layer(layer, maps_of, inputs, n, hint)
        return LayerEncoder(self.backbone, name, finetune, places)

    def _make_parameters(self, example: Batch, class_weights: Any) -> None:
        with torch.no_grad():
            logits, hidden = self.backbone(example.detached())
            labels = self.masking.labels
            if self.masking.free:  # one feature tells the size of embeddings
                labels = labels.new_zeros(1, *self.masking.shape(example.tensor.shape))
            k = self._embed(example, labels).shape[-1]
        if class_weights is None:
            class_weights = self.backbone.class_weights()
        if not isinstance(class_weights, Tensor):
            class_weights = torch.from_numpy(as_numbers("class_weights", class_weights).copy())
        weights = class_weights.detach()
        if weights.is_complex() or not weights.isfinite().all():
            raise ValueError("`class_weights` must hold finite real numbers")
        check_class_weights(tuple(weights.shape), tuple(logits.shape), tuple(hidden.shape))
        start = torch.from_numpy(initial_projections(k, self.settings.heads)).to(logits.dtype)
        self.query, self.key = nn.Parameter(start.clone()), nn.Parameter(start.clone())
        self.class_weights = nn.Parameter(weights.to(logits.dtype).clone())
        self.class_query = nn.Parameter(torch.eye(hidden.shape[1], dtype=logits.dtype))
        self.group_key = nn.Parameter(torch.eye(hidden.shape[1], dtype=logits.dtype))
        self.to(logits.device)

    @_uncompiled  # it has hooks, and sizes that depend on the labels
    def _logits(
        self,
        inputs: Any,
        feature_mask: Tensor | None,
        top: float | None,
        remove: bool = False,
    ) -> Tensor:
        """Logits, by halves of the inputs where all of them do not fit into memory."""
        inputs = self._batch(inputs)
        n = len(inputs)

        def run(some: slice) -> Tensor:
            whole = some == slice(0, n)
            shown = inputs if whole else inputs[some]
            mask = feature_mask if whole else rows_of(feature_mask, some)
            with memory_errors():
                parts = self._parts(shown, mask, top, remove)
            if not self.training:
                check_parts(parts, some.start)
            return parts.logits

        logits = list(in_fitting_batches(n, BatchSize(max(1, n)), run)) or [run(slice(0, n))]
        return torch.cat(logits) if len(logits) > 1 else logits[0]

    def _batch(self, inputs: Any) -> Batch:
        """The inputs, which come as the example did: as a tensor, or by the same keyword."""
        batch = batch_of(inputs)
        if batch.name != self.keyword:
            wanted = "a tensor" if self.keyword is None else f"a mapping with {self.keyword!r}"
            given = "a tensor" if batch.name is None else f"a mapping with {batch.name!r}"
            raise ValueError(f"`inputs` ({given}) must be {wanted}, as `example_inputs` were")
        return batch

    def _parts(
        self,
        inputs: Batch,
        feature_mask: Tensor | None,
        top: float | None = None,
        remove: bool = False,
    ) -> Parts[Tensor]:
        """Everything that the prediction is made of."""
        _refuse_export()
        top = chosen_top(top, self.settings.top)
        labels = self._labels_of(inputs, feature_mask)
        embeddings = self._embed(inputs, labels)
        there = self.masking.present(labels, len(inputs))
        present, blur = there.to(embeddings), self._blur_over(labels, there)
        blur = None if blur is None else blur.to(embeddings)
        fractions = self.numerators, self.denominators
        generator = self.settings.generator(self.query, self.key, fractions, blur)
        groups = generator.generate(embeddings, present, top)
        groups = groups.without_top(present) if remove else groups
        partials, hidden = self._answers(inputs, groups.masks, labels)
        affinity = affinities(hidden, self.class_weights, self.class_query, self.group_key)
        return Parts.summed(groups, partials, select(affinity, self.settings.beta))

    def _labels_of(self, inputs: Batch, feature_mask: Tensor | None) -> Tensor:
        labels = self.masking.labels_of(inputs, feature_mask)
        if self.settings.blur is None or labels is self.masking.labels:
            return labels
        if labels.dim() == 2:
            check_in_a_row(labels.cpu().numpy())
        if labels.dim() == 3 and self.blur is not None and int(labels.max()) + 1 != len(self.blur):
            raise ValueError(
                f"`feature_mask` must have the {len(self.blur)} features of the grid that `blur` "
                "smooths"
            )
        return labels

    def _blur_over(self, labels: Tensor, present: Tensor) -> Tensor | None:
        """The blur of the model's own features, or of each example's row of them."""
        side = self.settings.blur
        if side is None or labels is self.masking.labels or labels.dim() == 3:
            return self.blur
        blurred: Tensor = row_blur(present, side)
        return blurred

    def _places(self, outputs: Tensor, map_shape: tuple[int, ...]) -> Tensor:
        """A layer's output as one embedding for each place, (N, places, k)."""
        places: Any = self.encoder.places
        size = int(np.prod(map_shape))
        (channels,) = set(range(1, outputs.dim())) - set(places.axes)
        return outputs.movedim(channels, -1).flatten(1, -2)[:, -size:]

    def _embed(self, inputs: Tensor | Batch, labels: Tensor) -> Tensor:
        """φ_e: one standardised embedding for each feature, and its place, (N, n, k)."""
        embeddings = standardised(self._encode(inputs, labels))
        if not self.settings.positions:
            return embeddings
        code = self._once("code", labels, lambda: position_code(self.masking.centres(labels)))
        code = code.to(embeddings) * self.settings.positions
        return torch.cat([embeddings, code.expand(len(embeddings), -1, -1)], -1)

    def _once(self, name: str, labels: Tensor, make: Callable[[], Tensor]) -> Tensor:
        """Compute what depends on the labels alone, once where they are the model's own."""
        if labels is not self.masking.labels:
            return make()
        key = name, labels.device
        if key not in self._kept:
            with torch.inference_mode(False), torch.no_grad():
                self._kept[key] = make()
        return self._kept[key]

    def _encode(self, inputs: Tensor | Batch, labels: Tensor) -> Tensor:
        """The mean of a layer's output under each feature."""
        batch = batch_of(inputs)
        if not isinstance(self.encoder, LayerEncoder):
            found: Tensor = batch.on(self.encoder)
            return found
        outputs = self._encoded(batch)
        shape, reading = self.masking.shape(batch.tensor.shape), self.encoder.places
        map_shape = reading.map_shape(outputs.shape, shape)
        places = self._places(outputs, map_shape)

        def shares() -> Tensor:
            return pooling(labels, cells(shape, map_shape), places.shape[1])

        return self._once("pooling", labels, shares).to(places) @ places

    def _encoded(self, inputs: Batch) -> Tensor:
        """The layer's output, in batches that fit into memory."""

        def run(some: slice) -> Tensor:
            with memory_errors():
                return self.encoder(inputs[some])

        return (
            run(slice(None))
            if len(inputs) <= 1
            else torch.cat(list(in_fitting_batches(len(inputs), self.masking.batch, run)))
        )

    def _answers(self, inputs: Batch, masks: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, m, C) and hidden states (N, m, h) of all masked inputs."""
        # Hard masks have no gradient to pass: unless the inputs want one, no activation of the
        # backbone needs to be kept.
        continuous = self.settings.continuous
        with nullcontext() if continuous or inputs.tensor.requires_grad else torch.no_grad():
            answers = list(self.masking.answers(self.backbone, inputs, masks, labels, continuous))
        logits, hidden = (
            torch.cat(column).to(masks.dtype) for column in zip(*answers, strict=True)
        )
        return logits.unflatten(0, masks.shape[:2]), hidden.unflatten(0, masks.shape[:2])


def _refuse_export() -> None:
    exporting = getattr(torch.compiler, "is_exporting", None)  # since torch 2.7
    if exporting is not None and exporting():
        raise NotImplementedError(
            "a SumOfParts cannot be exported: how many features and batches there are depends on "
            "the label map. Keep it by `save`; its backbone can be exported"
        )
