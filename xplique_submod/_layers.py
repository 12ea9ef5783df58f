"""Layers of functional and sequential Keras models, within models inside of them too."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from xplique_submod._compat import origin, run_layers

keras = tf.keras

# Layers that hand on the values of what comes before them.
_PASSING = (
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Dropout,
    keras.layers.Concatenate,
    keras.layers.Permute,
)


def is_graph(model: Any) -> bool:
    """Whether a model's layers can be seen: functional, or sequential and built."""
    sequential = isinstance(model, keras.Sequential)
    return (sequential and hasattr(model, "outputs")) or type(model).__name__ == "Functional"


def layers_within(model: Any) -> Iterator[Any]:
    """All layers of a model, those of models inside of it after the inner model itself.

    Examples
    --------
    >>> inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="hidden")])
    >>> outer = keras.Sequential([keras.Input((4,)), inner, keras.layers.Dense(2, name="end")])
    >>> [layer.name for layer in layers_within(outer)][1:]
    ['hidden', 'end']
    """
    for layer in model.layers if is_graph(model) else []:
        yield layer
        yield from layers_within(layer)


def holds_models(model: Any) -> bool:
    """Whether models whose layers can be seen are among a model's layers."""
    return any(is_graph(layer) for layer in layers_within(model))


def layer_named(model: Any, name: str) -> Any:
    """The layer of a name, within inner models too.

    Raises
    ------
    TypeError, ValueError
        If there is none, or more than one.
    """
    found = {id(layer): layer for layer in layers_within(model) if layer.name == name}
    if len(found) > 1:
        raise ValueError(
            f"`features` (={name!r}) names {len(found)} layers of the model and of models inside "
            "of it; give the layer itself"
        )
    if not found:
        names = [layer.name for layer in layers_within(model)]
        known = f"it has {names[:20]}" if names else "its layers cannot be seen"
        raise TypeError(
            f"`features` (={name!r}) must be a callable, a layer of the model or its name, or "
            f"None; the model has no layer of that name: {known}"
        )
    return next(iter(found.values()))


def output_of(model: Any, layer: Any, inputs: Any) -> Any:
    """The output of a layer of a model, or of a model inside of it, where it is first called."""
    found: list[Any] = []

    def keep(one: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = _opened(one, keep, *args, **kwargs)
        if one is layer:
            found.append(outputs)
        return outputs

    run_layers(model, inputs, keep)
    if isinstance(found[0], tuple | list | dict):
        raise TypeError(f"`features` (the layer {layer.name!r}) must give one tensor")
    return found[0]


def feature_function(model: Any, source: Any) -> Callable[..., Any]:
    """The function of masked inputs that `features` stands for, a function or a layer.

    Raises
    ------
    ValueError
        If it is a layer whose output cannot be found in the model.
    """
    if not isinstance(source, keras.layers.Layer):
        return lambda inputs: source(inputs)
    if any(layer is source for layer in layers_within(model)):
        return lambda inputs: output_of(model, source, inputs)
    if isinstance(source, keras.Model) or not hasattr(source, "output"):
        hidden = isinstance(model, keras.Model) and source in model._flatten_layers()
        if not hidden or isinstance(source, keras.Model):
            return lambda inputs: source(inputs)
    try:  # a layer on top of a layer of the model
        made = keras.Model(model.inputs, source.output)
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"`features` (the layer {source.name!r}) must be a layer of `model`, which must be "
            "functional or sequential for its layers to be seen, or of such a model inside of it; "
            "or give a function of the inputs"
        ) from error
    return lambda inputs: made(inputs)


def flattened(model: Any) -> Any:
    """A copy of a functional or sequential model, with the layers of its inner models as its own.

    Layers keep their names; of layers of one name the later ones get a number.
    """
    copies: dict[int, tuple[Any, Any]] = {}

    def copied(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if is_graph(layer):
            return _opened(layer, copied, *args, **kwargs)
        if not isinstance(layer, keras.layers.Layer):  # an operation, which has no weights
            return layer(*args, **kwargs)
        if id(layer) not in copies:
            taken = {copy.name for _, copy in copies.values()}
            copies[id(layer)] = layer, _copy(layer, taken)
        return copies[id(layer)][1](*args, **kwargs)

    starts = [
        keras.Input(batch_shape=start.shape, dtype=start.dtype, name=start.name)
        for start in model.inputs
    ]
    outputs = run_layers(model, starts if len(starts) > 1 else starts[0], copied)
    for layer, copy in copies.values():
        copy.set_weights(layer.get_weights())
    return keras.Model(starts if len(starts) > 1 else starts[0], outputs, name=model.name)


def _opened(layer: Any, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a layer; of an inner model the layers, one by one, by `call`."""
    if not is_graph(layer):
        return layer(*args, **kwargs)
    training = kwargs.get("training")

    def inner(one: Any, *args: Any, **kwargs: Any) -> Any:
        # As Keras does, hand a model's training mode to those of its layers that know of one.
        knows = isinstance(one, keras.layers.Layer) and (
            is_graph(one) or "training" in inspect.signature(one.call).parameters
        )
        mode = {"training": training} if training is not None and knows else {}
        return call(one, *args, **kwargs | mode)

    return run_layers(layer, args[0], inner)


def _copy(layer: Any, taken: set[str]) -> Any:
    """A layer of the same configuration, under a name that is not taken."""
    config, number = layer.get_config(), 2
    while config.get("name") in taken:
        config["name"] = f"{layer.name}_{number}"
        number += 1
    return type(layer).from_config(config)


def ends_in_sigmoid(model: Any) -> bool:
    """Whether a Keras model's one output is known to be a sigmoid's.

    Examples
    --------
    >>> ends_in_sigmoid(keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "sigmoid")]))
    True
    """
    return is_graph(model) and len(model.outputs) == 1 and _is_sigmoid(model.outputs[0])


def _is_sigmoid(tensor: Any) -> bool:
    layer, sources, place = origin(tensor)
    if is_graph(layer):
        return _is_sigmoid(layer.outputs[place])
    activation = getattr(layer, "activation", None)
    passes = isinstance(layer, _PASSING) or (
        isinstance(layer, keras.layers.Activation) and activation is keras.activations.linear
    )
    if passes:
        return all(_is_sigmoid(source) for source in sources)
    return activation is keras.activations.sigmoid or type(layer).__name__ == "Sigmoid"
