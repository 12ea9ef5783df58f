"""Sum-of-Parts in torch: a model whose prediction is, exactly, the sum of its feature groups' contributions."""

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from captum_submod.sop._backbone import Backbone, LayerEncoder
from captum_submod.sop._masking import Masking, pooling
from submod_core._memory import keep_freed_memory
from submod_core.sop import maths
from submod_core.sop.explanation import GroupExplanation
from submod_core.sop.features import Features, cells, rows_of
from submod_core.sop.settings import (
    SOPSettings,
    blur_matrix,
    check_class_weights,
    check_targets,
    check_top,
    choose_layer,
    initial_projections,
)


class Parts(NamedTuple):
    """Everything that a prediction is made of; names and shapes as in `submod_core.sop.maths`.

    Attributes
    ----------
    groups : Groups
        Attention, masks (N, m, n) and scales (N, m).
    partials : Tensor, (N, m, C)
        The backbone's logits of each masked input.
    scores : Tensor, (N, C, m)
        How much each group counts for each class.
    logits : Tensor, (N, C)
        The sum of the contributions over groups: the prediction.
    """

    groups: maths.Groups
    partials: Tensor
    scores: Tensor
    logits: Tensor

    @property
    def contributions(self) -> Tensor:
        """c_i y_i, (N, m, C)."""
        return maths.contributions(self.scores, self.partials)


def _forget(sop: "SumOfParts", _: Any) -> None:
    sop._kept.clear()


class SumOfParts(nn.Module):
    """Wrap a trained model into one that predicts by summing what groups of features contribute.

    An attention over the features makes m groups of the share `top` of them; the frozen backbone answers each masked
    input; a sparse attention scores the groups for each class. Only the two attentions are trained (see `fit`).

    Parameters
    ----------
    backbone : Module
        Any model of one tensor. It is copied, and the copy is frozen; it returns logits (N, C), or, where its hidden
        states cannot be seen, (logits, hidden states). Everything else is made on its device.
    example_inputs : Tensor, (1, …)
        An input, which fixes shapes and is otherwise not used: images (N, C, H, W), sequences (N, T, D) whose features
        lie along T, token ids or vectors (N, T).
    features : int, array_like of int or None
        What groups are made of: patches of that many pixels a side, a label map with −1 for what always stays, or
        each element. `feature_mask` in a call overrides it.
    layer : str, optional
        The backbone's layer that embeds the features, by the mean of its output under each. By default the last with at
        least as many places as there are features, or else the last that has places.
    encoder : Module, optional
        Embeds the features instead: inputs → (N, n, k); trained with the rest where it has parameters.
    finetune : bool
        Train a copy of the backbone up to `layer`, as the papers do, instead of sharing its frozen layers.
    classifier : str, optional
        The linear layer (or 1 × 1 convolution) that makes logits of hidden states; by default the last.
    class_weights : array_like, (C, h), optional
        Where the selector's queries start; by default the classifier's rows.
    baseline : float
        What replaces the features outside of a group, in the model's input space; for tokens the id of the mask token.
    batch_size : int
        Masked inputs in one call of the backbone: it bounds memory, and does not change the result.
    groups, top, heads, alpha, beta, positions, blur, continuous
        See `SOPSettings`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or does not fit the backbone; the message names it.

    References
    ----------
    .. [1] Sum-of-Parts: Self-Attributing Neural Networks with End-to-End Learning of Feature Groups: §3, App. B.

    Examples
    --------
    >>> backbone = nn.Sequential(
    ...     nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10)
    ... )
    >>> images = torch.rand(2, 3, 16, 16)
    >>> sop = SumOfParts(backbone, images[:1], features=4, groups=6)
    >>> sop(images).shape
    torch.Size([2, 10])
    >>> one = sop.explain(images)[0]
    >>> bool(abs(one.contributions.sum(0) - sop(images)[0].detach().numpy()).max() < 1e-5)
    True
    """

    blur: Tensor | None
    numerators: Any
    denominators: Any

    def __init__(
        self,
        backbone: nn.Module,
        example_inputs: Tensor,
        *,
        features: Features = None,
        layer: str | None = None,
        encoder: nn.Module | None = None,
        finetune: bool = False,
        classifier: str | None = None,
        class_weights: Any = None,
        baseline: float = 0.0,
        batch_size: int = 32,
        groups: int = 20,
        top: float = 0.2,
        heads: int = 1,
        alpha: float | None = None,
        beta: float = 1.0,
        positions: float = 0.0,
        blur: int | None = None,
        continuous: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(backbone, nn.Module):
            raise TypeError(f"`backbone` (a {type(backbone).__name__}) must be a torch module")
        keep_freed_memory()
        self.settings = SOPSettings(groups, top, heads, alpha, beta, positions, blur, continuous)
        self.masking = Masking(example_inputs, features, baseline, batch_size)
        self.backbone = Backbone(backbone, classifier)
        rows = self.settings.rows()
        self.register_buffer("numerators", torch.from_numpy(rows.numerators))
        self.register_buffer("denominators", torch.from_numpy(rows.denominators))
        self._set_blur(self.masking.grid)
        self._kept: dict[tuple[str, torch.device], Tensor] = {}
        self.register_load_state_dict_post_hook(_forget)  # type: ignore[no-untyped-call]
        self.eval()
        self.encoder = encoder if encoder is not None else self._layer_encoder(layer, finetune, example_inputs)
        self._make_parameters(example_inputs, class_weights)

    def _set_blur(self, grid: tuple[int, ...] | None) -> None:
        matrix = None
        if self.settings.blur is not None:
            if grid is None:
                raise ValueError(
                    f"`blur` (={self.settings.blur}) needs features on a grid: patches, or a row of tokens"
                )
            matrix = torch.from_numpy(blur_matrix(grid, self.settings.blur)).float()
        self.register_buffer("blur", matrix)

    def _layer_encoder(self, layer: str | None, finetune: bool, example: Tensor) -> LayerEncoder:
        with torch.no_grad():
            maps = {name: self._places(m).shape[1] for name, m in self.backbone.feature_maps(example).items()}
        return LayerEncoder(self.backbone, choose_layer(layer, maps, self.masking.n), finetune)

    def _make_parameters(self, example: Tensor, class_weights: Any) -> None:
        with torch.no_grad():
            logits, hidden = self.backbone(example)
            k = self._embed(example, self.masking.labels_of(example, None)).shape[-1]
        if class_weights is None:
            class_weights = self.backbone.class_weights()
        weights = torch.as_tensor(class_weights).detach()
        check_class_weights(tuple(weights.shape), tuple(logits.shape), tuple(hidden.shape))
        start = torch.from_numpy(initial_projections(k, self.settings.heads)).to(logits.dtype)
        self.query, self.key = nn.Parameter(start.clone()), nn.Parameter(start.clone())
        self.class_weights = nn.Parameter(weights.to(logits.dtype).clone())
        self.class_query = nn.Parameter(torch.eye(hidden.shape[1], dtype=logits.dtype))
        self.group_key = nn.Parameter(torch.eye(hidden.shape[1], dtype=logits.dtype))
        self.to(logits.device)

    def forward(self, inputs: Tensor, feature_mask: Tensor | None = None, top: float | None = None) -> Tensor:
        """Logits (N, C): the sum of the groups' contributions, in training and in evaluation.

        Parameters
        ----------
        inputs : Tensor, (N, …)
        feature_mask : Tensor of int, (1 or N, …), optional
            Features of these inputs, ids 0 … n_i − 1 without gaps over the axes of `features`; −1 always stays.
        top : float in (0, 1], optional
            The share of features in each group; by default the one that the model was made with.
        """
        return self.parts(inputs, feature_mask, top).logits

    def without(self, inputs: Tensor, feature_mask: Tensor | None = None, top: float | None = None) -> Tensor:
        """Logits (N, C) where each group has lost its highest features; arguments as in `forward`."""
        return self.parts(inputs, feature_mask, top, remove=True).logits

    def parts(
        self, inputs: Tensor, feature_mask: Tensor | None = None, top: float | None = None, *, remove: bool = False
    ) -> Parts:
        """What the prediction is made of; arguments as in `forward`.

        Parameters
        ----------
        inputs, feature_mask, top
        remove : bool
            Groups hold all but their highest features instead: what is left when those are deleted.
        """
        top = self.settings.top if top is None else top
        check_top(top)
        labels = self._labels_of(inputs, feature_mask)
        embeddings = self._embed(inputs, labels)
        present = self.masking.present(labels, len(inputs)).to(embeddings)
        groups = maths.generate(
            embeddings,
            present,
            self.query,
            self.key,
            self.settings.rows()._replace(numerators=self.numerators, denominators=self.denominators),
            alpha=self.settings.alpha or self.query.shape[-1] ** -0.5,
            top=top,
            blur=None if self.blur is None else self.blur.to(embeddings),
            continuous=self.settings.continuous,
        )
        if remove:
            groups = groups._replace(masks=present[:, None] - groups.masks)
        partials, hidden = self._ask(inputs, groups.masks, labels)
        fits = maths.affinities(hidden, self.class_weights, self.class_query, self.group_key)
        scores = maths.select(fits, self.settings.beta)
        logits = maths.contributions(scores, partials).sum(1)
        return Parts(groups, partials, scores, logits)

    def training_loss(self, inputs: Tensor, targets: Tensor, feature_mask: Tensor | None = None) -> Tensor:
        """The loss that trains the attentions, its mean over the batch (SOP, Eq. 48–49).

        Parameters
        ----------
        inputs : Tensor, (N, …)
        targets : Tensor, (N,) of int or (N, C) of float
            Classes for the scaled cross-entropy, or values for the scaled squared error; one-hot rows are values.
        feature_mask : Tensor, optional

        Raises
        ------
        ValueError
            If the targets are neither.
        """
        parts = self.parts(inputs, feature_mask)
        n_outputs, classes = parts.partials.shape[-1], not targets.is_floating_point()
        check_targets(tuple(targets.shape), classes, n_outputs)
        wanted = (
            nn.functional.one_hot(targets.long().flatten(), n_outputs) if classes else targets.reshape(-1, n_outputs)
        )
        loss = maths.scaled_cross_entropy if classes else maths.scaled_squared_error
        losses: Tensor = loss(parts.partials, wanted.to(parts.partials), parts.scores, parts.groups.scales)
        return losses.mean()

    def explain(
        self, inputs: Tensor, feature_mask: Tensor | None = None, top: float | None = None
    ) -> list[GroupExplanation]:
        """Groups, scores, partial logits and contributions of each input; arguments as in `forward`."""
        labels, size = self._labels_of(inputs, feature_mask).cpu().numpy(), self.masking.batch_size
        explanations = []
        with self._inference():
            for start in range(0, len(inputs), size):  # so that memory grows with the batch, not with all inputs
                some = slice(start, start + size)
                parts = self.parts(inputs[some], rows_of(feature_mask, some), top)
                tensors = (parts.groups.masks, parts.scores, parts.partials, parts.logits)
                arrays = (tensor.cpu().double().numpy() for tensor in tensors)
                explanations += GroupExplanation.each(rows_of(labels, some), *arrays)
        return explanations

    def _inference(self) -> AbstractContextManager[Any]:
        # A network that remembers a tensor of inference mode cannot be trained; a frozen one never will be.
        frozen = isinstance(self.encoder, LayerEncoder) and self.encoder.own is None and not self.settings.continuous
        return torch.inference_mode() if frozen else torch.no_grad()

    def _labels_of(self, inputs: Tensor, feature_mask: Tensor | None) -> Tensor:
        labels = self.masking.labels_of(inputs, feature_mask)
        if self.blur is not None and int(labels.max()) + 1 != len(self.blur):
            raise ValueError(f"`feature_mask` must have the {len(self.blur)} features of the grid that `blur` smooths")
        return labels

    def _places(self, outputs: Tensor) -> Tensor:
        """A layer's output as one embedding for each place, (N, places, k)."""
        if self.masking.images and outputs.dim() == 4:
            return outputs.flatten(2).transpose(1, 2)
        if self.masking.images:
            side = int(outputs.shape[1] ** 0.5)  # patch tokens, after a class token or several
            return outputs[:, outputs.shape[1] - side * side :]
        return outputs

    def _embed(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """φ_e: one standardised embedding for each feature, and its place, (N, n, k)."""
        embeddings = maths.standardised(self._encode(inputs, labels))
        if not self.settings.positions:
            return embeddings
        code = self._once("code", labels, lambda: maths.position_code(self.masking.centres(labels)))
        code = code.to(embeddings) * self.settings.positions
        return torch.cat([embeddings, code.expand(len(embeddings), -1, -1)], -1)

    def _once(self, name: str, labels: Tensor, make: Callable[[], Tensor]) -> Tensor:
        """What depends on the labels alone: computed once where they are the model's own."""
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
            return self.encoder(inputs)
        outputs = torch.cat([self.encoder(batch) for batch in inputs.split(self.masking.batch_size)])
        places = self._places(outputs)
        shape = self.masking.shape(inputs)
        map_shape = tuple(outputs.shape[2:]) if outputs.dim() == 4 else (places.shape[1],)
        if self.masking.images and outputs.dim() == 3:
            map_shape = (int(places.shape[1] ** 0.5),) * 2
        weights = self._once(
            "pooling",
            labels,
            lambda: pooling(labels, torch.from_numpy(cells(shape, map_shape)).to(labels.device), places.shape[1]),
        )
        return weights.to(places) @ places

    def _ask(self, inputs: Tensor, masks: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, m, C) and hidden states (N, m, h) of all masked inputs."""
        # Hard masks have no gradient to pass, so that no activation of the backbone needs to be kept.
        batches = self.masking.masked(inputs, masks, labels, self.settings.continuous)
        with nullcontext() if self.settings.continuous else torch.no_grad():
            answers = [self.backbone(batch) for batch in batches]
        logits, hidden = (torch.cat(column).to(masks.dtype) for column in zip(*answers, strict=True))
        return logits.unflatten(0, masks.shape[:2]), hidden.unflatten(0, masks.shape[:2])

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write all arrays and settings to a safetensors file, the choice of rows included."""
        from safetensors.torch import save_file

        encoder = self.encoder if isinstance(self.encoder, LayerEncoder) else None
        options = asdict(self.settings) | {
            "features": self.masking.as_option(),
            "layer": encoder.layer if encoder is not None else None,
            "finetune": encoder is not None and encoder.own is not None,
            "classifier": self.backbone.classifier,
            "baseline": self.masking.baseline,
            "batch_size": self.masking.batch_size,
        }
        arrays = {name: value.detach().contiguous().clone() for name, value in self.state_dict().items()}
        save_file(arrays, os.fspath(file), metadata={"options": json.dumps(options)})

    @classmethod
    def load(
        cls,
        file: str | os.PathLike[str],
        backbone: nn.Module,
        example_inputs: Tensor,
        encoder: nn.Module | None = None,
    ) -> "SumOfParts":
        """The function that `save` wrote.

        Parameters
        ----------
        file : str or PathLike
        backbone : Module
            Of the same architecture; its weights are replaced by those saved.
        example_inputs : Tensor
        encoder : Module, optional
            Where one was given to the constructor, another of its architecture.
        """
        from safetensors import safe_open
        from safetensors.torch import load_file

        arrays = load_file(os.fspath(file))
        with safe_open(os.fspath(file), framework="pt") as opened:
            options = json.loads(opened.metadata()["options"])
        made = cls(backbone, example_inputs, encoder=encoder, class_weights=arrays["class_weights"], **options)
        made.to(arrays["query"].dtype).load_state_dict(arrays)
        return made
