"""Sum-of-Parts in torch: a model that predicts by summing the contributions of feature groups."""

import os
from typing import Any

import torch
from torch import Tensor, nn

from captum_submod._memory import memory_errors
from captum_submod.sop._backbone import Backbone, LayerEncoder
from captum_submod.sop._examples import values_of
from captum_submod.sop._files import check_arrays, read_model, write_model
from captum_submod.sop._inputs import Batch, Inputs, batch_of
from captum_submod.sop._masking import Masking
from captum_submod.sop._network import Network
from submod_core._archives import blamed
from submod_core._checks import check_flag, check_text
from submod_core._docs import documented
from submod_core.engine._memory import keep_freed_memory
from submod_core.sop import GroupExplanation, Parts, SOPSettings
from submod_core.sop.baselines import Baseline
from submod_core.sop.checkpoint import plain
from submod_core.sop.features import Features, rows_of
from submod_core.sop.finite import check_parts
from submod_core.sop.host import SumOfPartsBase
from submod_core.sop.options import OPTIONS
from submod_core.sop.targets import chosen_loss, is_classes

WORDS = {
    "array": "Tensor",
    "keywords": ", or mapping",
    "images": "images (N, C, H, W)",
    "mask_of_a_call": "`feature_mask` in a call\n    overrides it.",
    "model": "Module",
    "source": "§3, App. B",
    "linear": "linear",
    "show_progress": "show_progress",
}
_documented = documented(OPTIONS, **WORDS)


@_documented
class SumOfParts(SumOfPartsBase[Tensor], Network):
    """Wrap a trained model into one that predicts by summing the contributions of feature groups.

    An attention over the features makes m groups of the share `top` of them; the frozen backbone
    answers each masked input; a sparse attention scores the groups for each class. Only the two
    attentions are trained (see `fit`).

    Parameters
    ----------
    backbone : Module
        Any model of one tensor, or of keyword inputs as those of Hugging Face. It is copied, and
        the copy is frozen; it returns logits (N, C), something with `.logits`, or, where its hidden
        states cannot be seen, (logits, hidden states). Everything else is made on its device.
    {example_inputs}
    {features}
    {wrapping}
    {attentions}

    {errors}

    Examples
    --------
    >>> backbone = nn.Sequential(
    ...     nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    ...     nn.Linear(8, 10),
    ... )
    >>> images = torch.rand(2, 3, 16, 16)
    >>> sop = SumOfParts(backbone, images[:1], features=4, groups=6)
    >>> sop.extra_repr()
    'features=4, groups=6'
    >>> sop(images).shape
    torch.Size([2, 10])
    >>> one = sop.explain(images)[0]
    >>> bool(abs(one.contributions.sum(0) - sop(images)[0].detach().numpy()).max() < 1e-5)
    True
    """

    def __init__(
        self,
        backbone: nn.Module,
        example_inputs: Inputs,
        *,
        features: Features = None,
        layer: str | None = None,
        encoder: nn.Module | None = None,
        finetune: bool = False,
        classifier: str | None = None,
        class_weights: Any = None,
        baseline: Baseline = 0.0,
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
        if not (encoder is None or isinstance(encoder, nn.Module)):
            raise TypeError(f"`encoder` (a {type(encoder).__name__}) must be a torch module")
        check_flag("finetune", finetune)
        for name, value in (("layer", layer), ("classifier", classifier)):
            check_text(name, value)
        keep_freed_memory()
        self.settings = SOPSettings(groups, top, heads, alpha, beta, positions, blur, continuous)
        example = batch_of(example_inputs, "example_inputs")
        self.keyword = example.name
        self.masking = Masking(example, features, baseline, batch_size)
        # A copy: a view of one example would keep all others in memory, and in a pickle.
        self.example_inputs = example[:1].detached().as_given()
        self.layer, self.finetune, self.classifier = layer, finetune, classifier
        self.backbone = Backbone(backbone, classifier, example)
        self._make(example, layer, encoder, finetune)
        self._make_parameters(example, class_weights)

    def extra_repr(self) -> str:
        """The arguments that differ from their defaults."""
        given = None if isinstance(self.encoder, LayerEncoder) else self.encoder
        return self._shown(encoder=given)

    @_documented
    def forward(
        self, inputs: Inputs, feature_mask: Tensor | None = None, top: float | None = None
    ) -> Tensor:
        """Logits (N, C): the sum of the groups' contributions, in training and in evaluation.

        Parameters
        ----------
        inputs : Tensor, (N, …), or mapping
            As `example_inputs` were. Of a mapping, padding always stays.
        {of_a_call}

        Raises
        ------
        ValueError
            If an argument does not fit the model; so do all methods that take them.
        """
        return self._logits(inputs, feature_mask, top)

    def without(
        self, inputs: Inputs, feature_mask: Tensor | None = None, top: float | None = None
    ) -> Tensor:
        """Logits (N, C) where each group has lost its highest features; else as `forward`."""
        return self._logits(inputs, feature_mask, top, remove=True)

    @_documented
    def parts(
        self,
        inputs: Inputs,
        feature_mask: Tensor | None = None,
        top: float | None = None,
        *,
        remove: bool = False,
    ) -> Parts[Tensor]:
        """Everything that the prediction is made of.

        Parameters
        ----------
        inputs, feature_mask, top
            As in `forward`.
        {remove}
        """
        check_flag("remove", remove)
        return self._parts(self._batch(inputs), feature_mask, top, remove)

    @_documented
    def training_loss(
        self,
        inputs: Inputs,
        targets: Tensor,
        feature_mask: Tensor | None = None,
        loss: str | None = None,
    ) -> Tensor:
        """The loss that trains the attentions, its mean over the batch (SOP, Eq. 48–49).

        Parameters
        ----------
        inputs : Tensor, (N, …), or mapping
        {targets}
        {feature_mask}
        {loss}

        Raises
        ------
        ValueError
            If the targets are neither, or not finite, or no classes of the model.
        """
        return self._loss(self._batch(inputs), targets, feature_mask, loss)

    def _loss(
        self, batch: Batch, targets: Tensor, feature_mask: Tensor | None, loss: str | None
    ) -> Tensor:
        """The mean loss of a batch of `fit`."""
        values, batch = values_of(targets), self._batch(batch)
        if not len(batch):
            raise ValueError("`inputs` must hold at least one example")
        parts = self._parts(batch, feature_mask)
        n_outputs = parts.partials.shape[-1]
        name = chosen_loss(values, n_outputs, loss)
        wanted = (
            nn.functional.one_hot(targets.long().flatten(), n_outputs)
            if is_classes(values.dtype.kind, values.shape, loss)
            else targets.reshape(-1, n_outputs)
        )
        losses: Tensor = parts.losses(wanted.to(parts.partials), name)
        return losses.mean()

    def loss_of(self, targets: Tensor) -> str:
        """The name of the loss that `training_loss` takes for targets, where it is given none."""
        return chosen_loss(values_of(targets), len(self.class_weights))

    def explain(
        self, inputs: Inputs, feature_mask: Tensor | None = None, top: float | None = None
    ) -> list[GroupExplanation]:
        """Groups, scores, partial logits and contributions of each input, as `forward` takes it."""
        batch = self._batch(inputs)
        labels = self._labels_of(batch, feature_mask).cpu().numpy()

        def answer(some: slice) -> list[Any]:
            with memory_errors():
                parts = self._parts(batch[some], rows_of(feature_mask, some), top)
            check_parts(parts, some.start)
            return [tensor.cpu().double().numpy() for tensor in parts.explained()]

        with torch.no_grad():
            return GroupExplanation.in_batches(labels, len(batch), self.batch_size, answer)

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write all arrays and settings to a safetensors file, the choice of rows included.

        It is written whole or not at all: an earlier file stays where writing fails.

        Parameters
        ----------
        file : str or PathLike
        """
        encoder = self.encoder if isinstance(self.encoder, LayerEncoder) else None
        options = vars(self.settings) | {
            "features": self.masking.as_option(),
            "layer": encoder.layer if encoder is not None else None,
            "finetune": encoder is not None and encoder.own is not None,
            "classifier": self.backbone.classifier,
            "baseline": self.baseline,
            "batch_size": self.batch_size,
        }
        arrays = {
            name: value.detach().contiguous().clone() for name, value in self.state_dict().items()
        }
        write_model(file, arrays, plain(options))

    @classmethod
    def load(
        cls,
        file: str | os.PathLike[str],
        backbone: nn.Module,
        example_inputs: Inputs,
        encoder: nn.Module | None = None,
    ) -> "SumOfParts":
        """The model that `save` wrote: the same function, bit for bit.

        Parameters
        ----------
        file : str or PathLike
        backbone : Module
            Of the same architecture; its weights are replaced by those saved.
        example_inputs : Tensor, (1, …), or mapping
        encoder : Module, optional
            Where one was given to the constructor, another of its architecture.

        Raises
        ------
        OSError
            If there is no such file, or it cannot be opened.
        ValueError
            If the file is not such a model (truncated, of another kind, with NaN), or does not fit
            the other arguments.
        """
        arrays, options = read_model(file)
        with blamed(file, "a `SumOfParts` of this backbone, example and encoder"):
            weights = arrays["class_weights"]
            try:
                made = cls(
                    backbone, example_inputs, encoder=encoder, class_weights=weights, **options
                )
            except AttributeError as error:  # a layer that the backbone has not
                raise ValueError(str(error)) from error
            made.to(arrays["query"].dtype)
            check_arrays(arrays, made.state_dict())
            made.load_state_dict(arrays)
        return made
