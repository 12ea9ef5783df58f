"""A frozen model, and the inputs and outputs of two of its layers."""

from typing import Any

import tensorflow as tf

from xplique_submod._layers import flattened, holds_models, is_graph

keras = tf.keras


class Backbone(keras.layers.Layer):  # type: ignore[name-defined]
    """A frozen copy of a model that returns its hidden states along with its logits.

    Functional and sequential models are cloned, and the layers of such models inside of them become
    layers of the copy. A subclassed model is taken as it is, returns (logits, hidden states), and
    stops being trainable.

    Parameters
    ----------
    model : keras.Model
    classifier : str, optional
        The layer that makes logits of hidden states; by default the last dense one.
    """

    def __init__(self, model: Any, classifier: str | None, **kwargs: Any) -> None:
        super().__init__(trainable=False, **kwargs)
        self.model = cloned(model)
        self.model.trainable = False
        self.classifier = classifier
        self.joint = self.model
        if is_graph(self.model):
            layer = self._find_classifier()
            self.classifier = layer.name
            self.joint = keras.Model(self.model.inputs[0], [self.model.outputs[0], layer.input])

    def check_names(self, **names: str | None) -> None:
        """Raise ValueError unless each name is None or that of a layer, inner models' included."""
        known = [layer.name for layer in self.model.layers]
        for option, name in names.items():
            if name is not None and name not in known:
                raise ValueError(f"`{option}` (={name!r}) must name a layer of `backbone`")

    def _find_classifier(self) -> Any:
        layers = [layer for layer in self.model.layers if class_weights(layer) is not None]
        if self.classifier is not None:
            layers = [layer for layer in layers if layer.name == self.classifier]
        if not layers:
            raise ValueError(
                f"`classifier` (={self.classifier!r}) must name a dense layer or a 1 × 1 "
                "convolution"
            )
        activation = layers[-1].activation
        if activation not in (None, keras.activations.linear, keras.activations.relu):
            name = getattr(activation, "__name__", activation)
            raise ValueError(
                f"`backbone` must return logits, but its layer {layers[-1].name!r} ends in {name}"
            )
        return layers[-1]

    def class_weights(self) -> Any:
        """The rows of the classifier, (C, h)."""
        if self.classifier is None:
            raise ValueError(
                "`class_weights` must be given for a `backbone` whose layers cannot be seen"
            )
        return class_weights(self.model.get_layer(self.classifier))

    def call(self, inputs: Any) -> tuple[Any, Any]:
        """Logits (B, C) and hidden states (B, h)."""
        outputs = self.joint(inputs, training=False)
        if not isinstance(outputs, list | tuple) or len(outputs) != 2:
            raise ValueError(
                "`backbone` must return (logits, hidden states) where its layers cannot be seen"
            )
        logits, hidden = outputs
        return logits, tf.reduce_mean(hidden, (1, 2)) if len(hidden.shape) == 4 else hidden

    def feature_maps(self) -> dict[str, Any]:
        """Name and output of every layer that keeps places apart, in their order."""
        layers = self.model.layers if is_graph(self.model) else []
        return {
            layer.name: layer.output
            for layer in layers
            if len(getattr(layer.output, "shape", ())) in (3, 4)
        }


def cloned(model: Any) -> Any:
    """A copy with weights of its own, where a model can be copied."""
    if not is_graph(model):
        return model
    if holds_models(model):
        return flattened(model)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def class_weights(layer: Any) -> Any:
    """The weights (C, h) of a dense layer or a 1 × 1 convolution; None for other layers."""
    if isinstance(layer, keras.layers.Dense) and len(layer.output.shape) == 2:
        return layer.kernel.numpy().T
    if type(layer) is keras.layers.Conv2D and layer.kernel_size == (1, 1):
        return layer.kernel.numpy()[0, 0].T
    return None
