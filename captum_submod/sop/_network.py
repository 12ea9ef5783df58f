"""The network of a sum of parts in torch: two attentions around a frozen backbone."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from captum_submod._memory import memory_errors
from captum_submod.sop._backbone import Backbone, LayerEncoder
from captum_submod.sop._masking import Masking, check_inputs, pooling
from submod_core._checks import as_numbers
from submod_core._types import AnyArray
from submod_core.engine._memory import in_fitting_batches
from submod_core.engine.batching import BatchSize
from submod_core.sop import Parts, SOPSettings, affinities, position_code, select, standardised
from submod_core.sop.features import cells, rows_of
from submod_core.sop.finite import check_parts
from submod_core.sop.places import block, certain, chosen, readings, spots
from submod_core.sop.settings import check_class_weights, choose_layer, initial_projections


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
    numerators: Any
    denominators: Any

    def _make(
        self, example: Tensor, layer: str | None, encoder: nn.Module | None, finetune: bool
    ) -> None:
        """Make the fixed arrays and the encoder; `settings`, `masking` and `backbone` are there."""
        rows = self.settings.rows()
        self.register_buffer("numerators", torch.from_numpy(rows.numerators))
        self.register_buffer("denominators", torch.from_numpy(rows.denominators))
        blur = self.settings.blur_of(self.masking.grid)
        self.register_buffer("blur", None if blur is None else torch.from_numpy(blur).float())
        self._kept: dict[tuple[str, torch.device], Tensor] = {}
        self.register_load_state_dict_post_hook(_forget)  # type: ignore[no-untyped-call]
        if encoder is None:
            encoder = self._layer_encoder(layer, finetune, example)
        self.encoder = encoder
        self.eval()

    def _layer_encoder(self, layer: str | None, finetune: bool, example: Tensor) -> LayerEncoder:
        example = example[:1]
        inputs = self.masking.shape(example.shape)
        with torch.no_grad():
            maps = self.backbone.feature_maps(example)
            found = {
                name: readings(tuple(output.shape), inputs)
                for name, output in maps.items()
                if len(output) == 1
            }
            sure = {n for n, each in found.items() if certain(each, maps[n].shape, inputs)}
            unsure = [name for name, each in found.items() if each and name not in sure]
            moves = self._moves(example, {name: maps[name] for name in unsure})
        places = {name: found[name][0] for name in sure}
        told = {name: chosen(found[name], moves[name], inputs) for name in unsure}
        places |= {name: each for name, each in told.items() if each is not None}
        counts = {
            name: int(np.prod(places[name].map_shape(maps[name].shape, inputs)))
            for name in maps
            if name in places
        }
        if layer is None and not counts and example.dim() == 3 and not self.masking.last:
            raise ValueError(
                "`backbone` has no layer whose places match the features, which lie along axis 1 "
                f"of inputs {tuple(example.shape)}: give an `encoder`, or, for features along the "
                f"last axis, `features` of shape (1, {example.shape[2]})"
            )
        name = choose_layer(layer, counts, self.masking.n)
        if name in maps and name not in places:
            raise ValueError(
                f"`layer` (={layer!r}, with outputs of shape {tuple(maps[name].shape)}) has no "
                f"axes that are clearly the places of inputs {inputs}: give an `encoder`"
            )
        return LayerEncoder(self.backbone, name, finetune, places.get(name))

    def _moves(self, example: Tensor, before: dict[str, Tensor]) -> dict[str, list[AnyArray]]:
        """Squared changes of outputs of layers where parts of the example are changed."""
        moves: dict[str, list[AnyArray]] = {name: [] for name in before}
        inputs = self.masking.shape(example.shape)
        for spot in spots(len(inputs)) if before else []:
            other = self.masking.changed(example, block(spot, inputs))
            maps = self.backbone.feature_maps(other)
            for name, output in before.items():
                gap = (maps[name].double() - output.double()) ** 2
                moves[name].append(gap.cpu().numpy())
        return moves

    def _make_parameters(self, example: Tensor, class_weights: Any) -> None:
        with torch.no_grad():
            logits, hidden = self.backbone(example.clone())
            k = self._embed(example, self.masking.labels_of(example, None)).shape[-1]
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

    def parts(
        self,
        inputs: Tensor,
        feature_mask: Tensor | None = None,
        top: float | None = None,
        *,
        remove: bool = False,
    ) -> Parts[Tensor]:
        """Everything that the prediction is made of."""
        raise NotImplementedError

    # Hooks, and sizes that depend on the labels, cannot be compiled.
    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def _logits(
        self,
        inputs: Tensor,
        feature_mask: Tensor | None,
        top: float | None,
        remove: bool = False,
    ) -> Tensor:
        """Logits, by halves of the inputs where all of them do not fit into memory."""
        check_inputs(inputs)
        n = len(inputs)

        def run(some: slice) -> Tensor:
            whole = some == slice(0, n)
            shown = inputs if whole else inputs[some]
            mask = feature_mask if whole else rows_of(feature_mask, some)
            with memory_errors():
                parts = self.parts(shown, mask, top, remove=remove)
            if not self.training:
                check_parts(parts, some.start)
            return parts.logits

        logits = list(in_fitting_batches(n, BatchSize(max(1, n)), run)) or [run(slice(0, n))]
        return torch.cat(logits) if len(logits) > 1 else logits[0]

    def _parts(self, inputs: Tensor, labels: Tensor, top: float, remove: bool) -> Parts[Tensor]:
        _refuse_export()
        embeddings = self._embed(inputs, labels)
        present = self.masking.present(labels, len(inputs)).to(embeddings)
        blur = None if self.blur is None else self.blur.to(embeddings)
        fractions = self.numerators, self.denominators
        generator = self.settings.generator(self.query, self.key, fractions, blur)
        groups = generator.generate(embeddings, present, top)
        groups = groups.without_top(present) if remove else groups
        partials, hidden = self._answers(inputs, groups.masks, labels)
        affinity = affinities(hidden, self.class_weights, self.class_query, self.group_key)
        return Parts.summed(groups, partials, select(affinity, self.settings.beta))

    def _labels_of(self, inputs: Tensor, feature_mask: Tensor | None) -> Tensor:
        labels = self.masking.labels_of(inputs, feature_mask)
        if self.blur is not None and int(labels.max()) + 1 != len(self.blur):
            raise ValueError(
                f"`feature_mask` must have the {len(self.blur)} features of the grid that `blur` "
                "smooths"
            )
        return labels

    def _places(self, outputs: Tensor, map_shape: tuple[int, ...] | None = None) -> Tensor:
        """A layer's output as one embedding for each place, (N, places, k)."""
        places: Any = self.encoder.places
        if map_shape is None:
            shape = self.masking.shape(self.example_inputs.shape)
            map_shape = places.map_shape(outputs.shape, shape)
        size = int(np.prod(map_shape))
        (channels,) = set(range(1, outputs.dim())) - set(places.axes)
        return outputs.movedim(channels, -1).flatten(1, -2)[:, -size:]

    def _embed(self, inputs: Tensor, labels: Tensor) -> Tensor:
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

    def _encode(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """The mean of a layer's output under each feature."""
        if not isinstance(self.encoder, LayerEncoder):
            return self.encoder(inputs.clone())
        outputs = self._encoded(inputs)
        shape, reading = self.masking.shape(inputs.shape), self.encoder.places
        map_shape = reading.map_shape(outputs.shape, shape)
        places = self._places(outputs, map_shape)

        def shares() -> Tensor:
            return pooling(labels, cells(shape, map_shape), places.shape[1])

        return self._once("pooling", labels, shares).to(places) @ places

    def _encoded(self, inputs: Tensor) -> Tensor:
        """The layer's output, in batches that fit into memory."""

        def run(some: slice) -> Tensor:
            with memory_errors():
                return self.encoder(inputs[some])

        if len(inputs) <= 1:
            return run(slice(None))
        return torch.cat(list(in_fitting_batches(len(inputs), self.masking.batch, run)))

    def _answers(self, inputs: Tensor, masks: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, m, C) and hidden states (N, m, h) of all masked inputs."""
        # Hard masks have no gradient to pass: unless the inputs want one, no activation of the
        # backbone needs to be kept.
        continuous = self.settings.continuous
        with nullcontext() if continuous or inputs.requires_grad else torch.no_grad():
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
