"""Layers of models inside of models: as features, and of the backbone of a sum of parts."""

import numpy as np
import pytest
import tensorflow as tf

from xplique_submod import SMDL, LiMA, SumOfParts
from xplique_submod._layers import flattened, layers_within, output_of

pytestmark = pytest.mark.usefixtures("eagerly")

keras, layers = tf.keras, tf.keras.layers
X, Y = np.random.default_rng(0).random((2, 16, 16, 3), dtype="f4"), np.eye(5, dtype="f4")[:2]
SPREAD = {"weights": {"effectiveness": 1}, "regions": (2, 2)}


def base():
    start = keras.Input((16, 16, 3))
    hidden = layers.Conv2D(8, 3, strides=2, name="inner")(start)
    hidden = layers.BatchNormalization(name="norm")(hidden)
    hidden = layers.Dropout(0.5, name="drop")(hidden)
    return keras.Model(start, layers.Conv2D(6, 3, strides=2, name="last")(hidden), name="base")


def flat():
    """The network with all its layers in one model."""
    keras.utils.set_random_seed(0)
    inner = base()
    hidden = layers.GlobalAveragePooling2D(name="pool")(inner.output)
    return moved(keras.Model(inner.input, layers.Dense(5, name="head")(hidden)))


def transfer():
    keras.utils.set_random_seed(0)
    body = [base(), layers.GlobalAveragePooling2D(name="pool"), layers.Dense(5, name="head")]
    return moved(keras.Sequential([keras.Input((16, 16, 3)), *body]))


def functional():
    keras.utils.set_random_seed(0)
    start = keras.Input((16, 16, 3))
    hidden = base()(start, training=False)
    hidden = layers.GlobalAveragePooling2D(name="pool")(hidden)
    return moved(keras.Model(start, layers.Dense(5, name="head")(hidden)))


def twice_nested():
    return keras.Sequential([keras.Input((16, 16, 3)), layers.Rescaling(1.0), transfer()])


def wrapped():
    start = keras.Input((16, 16, 3))
    return keras.Model(start, keras.ops.multiply(functional()(start), 1.0))


NESTED = {
    "transfer learning": transfer,
    "functional": functional,
    "twice nested": twice_nested,
    "in operations": wrapped,
}


def moved(model):
    """With running statistics unlike their start."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if "moving" in weight.path:
            weight.assign(0.5 + rng.random(weight.shape))
    return model


def layer_of(model, name):
    return next(layer for layer in layers_within(model) if layer.name == name)


@pytest.mark.parametrize(
    ("name", "by"), [("inner", "name"), ("norm", "layer"), ("last", "layer"), ("pool", "name")]
)
@pytest.mark.parametrize("make", NESTED.values(), ids=NESTED)
def test_features_of_an_inner_layer_are_those_of_the_flat_model(make, name, by):
    model, plain = make(), flat()
    features = name if by == "name" else layer_of(model, name)
    found = LiMA(model, features=features, **SPREAD).explain_regions(X, Y)
    wanted = LiMA(plain, features=plain.get_layer(name), **SPREAD).explain_regions(X, Y)
    slow = keras.Model(plain.input, plain.get_layer(name).output)
    for one, other in zip(found, wanted, strict=True):
        assert one.order.tolist() == other.order.tolist()
        np.testing.assert_allclose(one.curves.effectiveness, other.curves.effectiveness, atol=1e-5)
    np.testing.assert_allclose(output_of(model, layer_of(model, name), X), slow(X), atol=1e-5)


def test_an_inner_model_is_a_layer_too():
    model, plain = twice_nested(), flat()
    found = LiMA(model, features=layer_of(model, "base"), **SPREAD).explain_regions(X, Y)
    wanted = LiMA(plain, features="last", **SPREAD).explain_regions(X, Y)
    np.testing.assert_allclose(
        found[0].curves.effectiveness, wanted[0].curves.effectiveness, atol=1e-5
    )


def test_names_in_smdl_and_after_a_swap_of_the_model():
    smdl = SMDL(transfer(), patches=2, features="inner", feature_target=True)
    before = smdl.explain(X).numpy()
    smdl.model = flat()
    np.testing.assert_allclose(smdl.explain(X), before, atol=1e-4)
    assert "features='inner'" in repr(smdl)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = flat()
        self.hidden = layers.Dense(3, name="hidden")

    def call(self, x):
        return self.inner(x) + 0 * tf.reduce_sum(self.hidden(x[:, 0, 0]), -1, keepdims=True)


def doubled():
    start = keras.Input((16, 16, 3))
    return keras.Model(start, layers.Add()([flat()(start), transfer()(start)]))


REFUSED = {
    "no such name": (flat, "layer4", TypeError, r"`features` \(='layer4'\).*'inner'"),
    "a name in what cannot be seen": (
        Subclassed,
        "hidden",
        TypeError,
        "`features`.*cannot be seen",
    ),
    "a name of two layers": (doubled, "inner", ValueError, "`features`.*names 2 layers"),
    "a name of a function": (lambda: lambda x: x[:, 0, 0], "inner", TypeError, "`features`"),
    "a layer of another model": (flat, layer_of(transfer(), "pool"), ValueError, "`features`"),
}


@pytest.mark.parametrize(("make", "features", "error", "named"), REFUSED.values(), ids=REFUSED)
def test_layers_that_cannot_be_found_are_refused(make, features, error, named):
    with pytest.raises(error, match=named):
        LiMA(make(), features=features, **SPREAD).explain(X, Y)


def test_a_layer_of_a_subclassed_model_is_refused():
    model = Subclassed()
    model(X)
    with pytest.raises(ValueError, match=r"`features`.*functional or sequential"):
        LiMA(model, features=model.hidden, **SPREAD).explain(X, Y)


def siamese():
    inner = base()
    left, right = keras.Input((16, 16, 3), name="left"), keras.Input((16, 16, 3), name="right")
    return keras.Model([left, right], layers.Subtract()([inner(left), inner(right)]))


@pytest.mark.parametrize("make", [*NESTED.values(), doubled, siamese])
def test_a_flattened_copy_is_the_model_with_weights_of_its_own(make):
    model = make()
    nodes = [len(layer._inbound_nodes) for layer in layers_within(model)]
    copy = flattened(model)
    inputs = [X, X[::-1]] if make is siamese else X
    np.testing.assert_allclose(copy(inputs), model(inputs), atol=1e-5)
    assert [len(layer._inbound_nodes) for layer in layers_within(model)] == nodes
    assert not any(hasattr(layer, "layers") for layer in copy.layers)
    assert copy.count_params() == model.count_params()
    copy.set_weights([0 * w for w in copy.get_weights()])
    assert np.abs(model(inputs)).max() > 0


@pytest.mark.parametrize(
    ("make", "options"),
    [(transfer, {"layer": "inner"}), (functional, {"finetune": True}), (twice_nested, {})],
    ids=["transfer, layer", "functional, finetune", "twice nested"],
)
def test_a_sum_of_parts_of_a_nested_model_is_that_of_the_flat_one(make, options, tmp_path):
    options = {"features": 4, "groups": 4} | options
    model = make()
    nested, plain = SumOfParts(model, X[:1], **options), SumOfParts(flat(), X[:1], **options)
    assert nested._embedding_layer == plain._embedding_layer
    np.testing.assert_allclose(nested(X), plain(X), atol=1e-5)
    before = model(X).numpy()
    nested.compile("sgd")
    nested.fit(X, np.array([0, 1]), verbose=0)
    np.testing.assert_array_equal(model(X), before)
    nested.save(tmp_path / "sop.keras")
    np.testing.assert_allclose(
        keras.models.load_model(tmp_path / "sop.keras")(X), nested(X), atol=1e-6
    )


def test_a_nested_backbone_of_equal_names():
    keras.utils.set_random_seed(0)

    def block(n):
        start = keras.Input((None, None, n))
        return keras.Model(start, layers.Conv2D(4, 3, name="conv")(start))

    body = [block(3), block(4), layers.GlobalMaxPool2D(), layers.Dense(5)]
    model = keras.Sequential([keras.Input((16, 16, 3)), *body])
    sop = SumOfParts(model, X[:1], features=4, groups=4, layer="conv_2")
    assert [layer.name for layer in sop.backbone.model.layers if "conv" in layer.name] == [
        "conv",
        "conv_2",
    ]
    np.testing.assert_allclose(sop.backbone.model(X), model(X), atol=1e-5)
