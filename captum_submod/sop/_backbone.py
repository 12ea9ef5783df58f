"""A frozen model, and the inputs and outputs of two of its layers."""

import copy
from collections.abc import Mapping
from threading import get_ident
from typing import Any

import torch
from torch import Tensor, nn

from captum_submod._modules import captured
from captum_submod.sop._inputs import Batch, batch_of
from submod_core.sop.places import Places


class Backbone(nn.Module):
    """A frozen copy of a model that returns its hidden states along with its logits.

    It stays in evaluation mode: no dropout, no new statistics, no gradients of its own.

    Parameters
    ----------
    model : Module
    classifier : str, optional
        The layer that makes logits of hidden states; by default the last linear one that runs.
    example : Tensor or Batch, optional
        An input that shows which layers run.
    """

    def __init__(
        self,
        model: nn.Module,
        classifier: str | None = None,
        example: Tensor | Batch | None = None,
    ) -> None:
        super().__init__()
        self.model = _copied(model).requires_grad_(False).eval()
        self.classifier = classifier
        if classifier is None:
            linear = [n for n, m in self.model.named_modules() if class_weights(m) is not None]
            # Heads that are there for training alone do not run.
            ran = linear if example is None else self._ran(linear, example)
            self.classifier = ran[-1] if ran else None

    @torch.no_grad()
    def _ran(self, names: list[str], example: Tensor | Batch) -> list[str]:
        """Those of some layers that run, in the order of their last calls."""
        ran: list[str] = []
        thread = get_ident()

        def noted(name: str) -> Any:
            return lambda *_: ran.append(name) if get_ident() == thread else None

        handles = [self.model.get_submodule(n).register_forward_hook(noted(n)) for n in names]
        try:
            batch_of(example).on(self.model)
        finally:
            for handle in handles:
                handle.remove()
        return sorted(set(ran), key=lambda name: len(ran) - ran[::-1].index(name))

    def train(self, mode: bool = True) -> "Backbone":
        """Do nothing: a frozen model cannot be trained."""
        return self

    def class_weights(self) -> Tensor:
        """The rows of the classifier, (C, h)."""
        if self.classifier is None:
            raise ValueError(
                "`backbone` has no linear layer: let it return (logits, hidden states) and give "
                "`class_weights`"
            )
        weights = class_weights(layer_of(self.model, self.classifier, "classifier"))
        if weights is None:
            raise ValueError(
                f"`classifier` (={self.classifier!r}) must name a linear layer or a 1 × 1 "
                "convolution"
            )
        return weights

    def forward(self, inputs: Tensor | Batch) -> tuple[Tensor, Tensor]:
        """Logits (B, C) and hidden states (B, h) of inputs that the model may change."""
        layer = self.model
        if self.classifier is not None:
            layer = layer_of(self.model, self.classifier, "classifier")
        with captured(layer, "input") as seen:
            outputs = batch_of(inputs).on(self.model, copy=False)
        pair = isinstance(outputs, tuple) and len(outputs) == 2
        if pair and all(isinstance(each, Tensor) and each.dim() == 2 for each in outputs):
            return outputs
        outputs = _logits(outputs)
        if self.classifier is None:
            raise ValueError(
                "`backbone` must return (logits, hidden states), as it has no linear layer"
            )
        if not seen:
            raise ValueError(
                f"`classifier` (={self.classifier!r}) must name a layer that runs in `backbone`"
            )
        return outputs, seen[-1].mean((2, 3)) if seen[-1].dim() == 4 else seen[-1]

    def feature_maps(self, inputs: Tensor | Batch) -> dict[str, Tensor]:
        """Name and output of every layer that keeps places apart, in the order of their calls."""
        maps: dict[str, Tensor] = {}
        thread = get_ident()

        def keep(name: str) -> Any:
            def hook(_: Any, __: Any, output: Any) -> None:
                output = first_of(output)
                if get_ident() == thread and isinstance(output, Tensor) and output.dim() in (3, 4):
                    maps.pop(name, None)
                    maps[name] = output.clone()  # a layer after it may work in place

            return hook

        leaves = [
            (name, m) for name, m in self.model.named_modules() if name and not list(m.children())
        ]
        handles = [module.register_forward_hook(keep(name)) for name, module in leaves]
        try:
            batch_of(inputs).on(self.model)
        finally:
            for handle in handles:
                handle.remove()
        return maps


def class_weights(module: nn.Module) -> Tensor | None:
    """The weights (C, h) of a linear layer or a 1 × 1 convolution; None for other layers."""
    if isinstance(module, nn.Linear):
        return module.weight.detach()
    if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) and module.groups == 1:
        return module.weight.detach()[:, :, 0, 0]
    return None


class LayerEncoder(nn.Module):
    """The embedding of each place: the output of a layer of the backbone.

    Parameters
    ----------
    backbone : Backbone
    layer : str
    finetune : bool
        Copy the backbone and train the copy, instead of sharing the frozen one.
    places : Places
        Where the places of an input lie in the output.
    """

    def __init__(
        self, backbone: Backbone, layer: str, finetune: bool, places: Places | None = None
    ) -> None:
        super().__init__()
        self.layer = layer
        # None only where the layer does not run, as the first call says.
        self.places: Any = places
        self.own = copy.deepcopy(backbone.model).requires_grad_(True) if finetune else None
        # In a tuple, so that the frozen backbone is not a submodule twice.
        self._shared = (backbone,)

    def train(self, mode: bool = True) -> "LayerEncoder":
        """Stay in evaluation mode, where a copy's dropout and statistics are still."""
        return self

    def forward(self, inputs: Tensor | Batch) -> Tensor:
        """The layer's output."""
        batch = batch_of(inputs)
        model = self.own if self.own is not None else self._shared[0].model
        trained = torch.is_grad_enabled() and (self.own is not None or batch.tensor.requires_grad)
        layer = layer_of(model, self.layer, "layer")
        with torch.set_grad_enabled(trained), captured(layer) as seen:
            batch.on(model)
        output = first_of(seen[-1]) if seen else None
        if not isinstance(output, Tensor):
            raise ValueError(
                f"`layer` (={self.layer!r}) must name a layer that runs in `backbone` and returns "
                "a tensor"
            )
        return output


def first_of(output: Any) -> Any:
    """The output of a layer, the first where it has several, as recurrent ones and attention do."""
    return output[0] if isinstance(output, tuple | list) and output else output


def layer_of(model: nn.Module, name: str, argument: str) -> nn.Module:
    """A layer by its name, or an error that names the argument."""
    layer = dict(model.named_modules()).get(name)
    if layer is None:
        raise ValueError(f"`{argument}` (={name!r}) must name a layer of `backbone`")
    return layer


def _logits(outputs: Any) -> Tensor:
    """The logits (N, C) of what a model returns: a tensor, or a mapping that holds them."""
    found = outputs["logits"] if isinstance(outputs, Mapping) and "logits" in outputs else outputs
    found = getattr(found, "logits", found)
    if not isinstance(found, Tensor) or found.dim() != 2:
        what = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ValueError(
            f"`backbone` (returns {what}) must return logits (N, C), a mapping with 'logits', or "
            "(logits, hidden states)"
        )
    return found


def _copied(model: nn.Module) -> nn.Module:
    """A copy of a model, as it was before it was compiled."""
    model = getattr(model, "_orig_mod", model)
    if isinstance(model, torch.jit.ScriptModule):
        raise TypeError(
            f"`backbone` (a {type(model).__name__}) must be a module whose layers can be seen: "
            "give the one that was scripted or traced"
        )
    # Results that layers keep, as weight norm its weight, cannot be copied with their gradients.
    kept = (value for module in model.modules() for value in vars(module).values())
    results = [v for v in kept if isinstance(v, Tensor) and not v.is_leaf]
    made = copy.deepcopy(model, {id(each): each.detach().clone() for each in results})
    for module in made.modules():
        module._compiled_call_impl = None  # layers of a compiled model skip their hooks
    return made
