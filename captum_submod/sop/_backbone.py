"""A frozen model, and the inputs and outputs of two of its layers."""

import copy
from threading import get_ident
from typing import Any

import torch
from torch import Tensor, nn

from captum_submod._modules import captured


class Backbone(nn.Module):
    """A frozen copy of a model that returns its hidden states along with its logits.

    It stays in evaluation mode: no dropout, no new statistics, no gradients of its own.

    Parameters
    ----------
    model : Module
    classifier : str, optional
        The layer that makes logits of hidden states; by default the last linear one.
    """

    def __init__(self, model: nn.Module, classifier: str | None = None) -> None:
        super().__init__()
        self.model = copy.deepcopy(model).requires_grad_(False).eval()
        linear = [name for name, m in self.model.named_modules() if class_weights(m) is not None]
        self.classifier = classifier if classifier is not None or not linear else linear[-1]

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
        weights = class_weights(self.model.get_submodule(self.classifier))
        if weights is None:
            raise ValueError(
                f"`classifier` (={self.classifier!r}) must name a linear layer or a 1 × 1 "
                "convolution"
            )
        return weights

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, C) and hidden states (B, h)."""
        layer = (
            self.model.get_submodule(self.classifier) if self.classifier is not None else self.model
        )
        with captured(layer, "input") as seen:
            outputs = self.model(inputs)
        if isinstance(outputs, tuple) and len(outputs) == 2:
            return outputs
        if self.classifier is None:
            raise ValueError(
                "`backbone` must return (logits, hidden states), as it has no linear layer"
            )
        return outputs, seen[-1].mean((2, 3)) if seen[-1].dim() == 4 else seen[-1]

    def feature_maps(self, inputs: Tensor) -> dict[str, Tensor]:
        """Name and output of every layer that keeps places apart, in the order of their calls."""
        maps: dict[str, Tensor] = {}
        thread = get_ident()

        def keep(name: str) -> Any:
            def hook(_: Any, __: Any, output: Any) -> None:
                if get_ident() == thread and isinstance(output, Tensor) and output.dim() in (3, 4):
                    maps.pop(name, None)
                    maps[name] = output.clone()  # a layer after it may work in place

            return hook

        leaves = [
            (name, m) for name, m in self.model.named_modules() if name and not list(m.children())
        ]
        handles = [module.register_forward_hook(keep(name)) for name, module in leaves]
        try:
            self.model(inputs.clone())
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
    """

    def __init__(self, backbone: Backbone, layer: str, finetune: bool) -> None:
        super().__init__()
        self.layer = layer
        self.own = copy.deepcopy(backbone.model).requires_grad_(True) if finetune else None
        # In a tuple, so that the frozen backbone is not a submodule twice.
        self._shared = (backbone,)

    def train(self, mode: bool = True) -> "LayerEncoder":
        """Stay in evaluation mode, where a copy's dropout and statistics are still."""
        return self

    def forward(self, inputs: Tensor) -> Tensor:
        """The layer's output."""
        model = self.own if self.own is not None else self._shared[0].model
        trained = self.own is not None and torch.is_grad_enabled()
        with (
            torch.set_grad_enabled(trained),
            captured(model.get_submodule(self.layer)) as seen,
        ):
            model(inputs.clone())  # the model may work in place on its input
        return seen[-1]
