"""TensorFlow Lite: quantised inputs and outputs by their scale and zero point."""

import numpy as np
import pytest
import tensorflow as tf

from xplique_submod import LiMA, explain_mistakes, metrics
from xplique_submod._calls import call

keras, layers = tf.keras, tf.keras.layers
X = np.random.default_rng(0).random((3, 8, 8, 3), dtype="f4") * 4 - 2
Y = np.eye(4, dtype="f4")[:3]
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated.*"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras"),
    pytest.mark.filterwarnings("ignore:.*NumPy array is not writable.*"),
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs:UserWarning"),
]
KINDS = {"float32": None, "int8": tf.int8, "uint8": tf.uint8}


def network(n=4, end=None):
    keras.utils.set_random_seed(0)
    start = keras.Input((8, 8, 3))
    return keras.Model(start, layers.Dense(n, end)(layers.Flatten()(start)))


def interpreter(model, kind, width=None):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([row[None]] for row in [*X, 0 * X[0]])
        if kind == "int16":
            converter.target_spec.supported_ops = [
                tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
            ]
            width = tf.int16
        else:
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            width = KINDS[kind]
        converter.inference_input_type = converter.inference_output_type = width
    made = tf.lite.Interpreter(model_content=converter.convert())
    made.allocate_tensors()
    return made


@pytest.mark.parametrize("kind", [*KINDS, "int16"])
def test_outputs_are_in_the_units_of_the_network(kind):
    model, made = network(), interpreter(network(), kind)
    assert np.dtype(made.get_input_details()[0]["dtype"]).name == kind
    wanted = model(X).numpy()
    step = max(detail["quantization"][0] for detail in made.get_output_details())
    np.testing.assert_allclose(
        call(made, tf.constant(X)), wanted, atol=1e-5 if kind == "float32" else 0.02 + 4 * step
    )


@pytest.mark.parametrize("kind", [*KINDS, "int16"])
def test_explanations_are_those_of_the_network(kind):
    weights = {"consistency": 1, "collaboration": 1}
    wanted = LiMA(network(), regions=(2, 2), weights=weights).explain_regions(X, Y)
    found = LiMA(interpreter(network(), kind), regions=(2, 2), weights=weights).explain_regions(
        X, Y
    )
    for one, other in zip(found, wanted, strict=True):
        ends = [-1, 0]
        np.testing.assert_allclose(
            one.curves.insertion[ends], other.curves.insertion[ends], atol=0.03
        )


@pytest.mark.parametrize("kind", ["int8", "uint8"])
def test_quantised_probabilities_metrics_and_mistakes(kind):
    model = network(end="softmax")
    made = interpreter(model, kind)
    (first, *_) = LiMA(made, regions=(2, 2), activation="identity").explain_regions(X, Y)
    assert first.curves.insertion[-1] == pytest.approx(float(model(X)[0, 0]), abs=0.02)
    maps = np.random.default_rng(1).random((3, 8, 8))
    assert metrics.Insertion(made, X, Y, steps=4)(maps) == pytest.approx(
        metrics.Insertion(model, X, Y, steps=4)(maps), abs=0.03
    )
    wrong = np.eye(4)[model(X).numpy().argmin(1)]
    lima = LiMA(made, regions=(2, 2), activation="identity")
    found = explain_mistakes(lima, X, wrong)
    assert [one.predicted for one in found] == model(X).numpy().argmax(1).tolist()


def test_several_outputs_and_inputs_are_refused_by_name():
    start = keras.Input((8, 8, 3))
    flat = layers.Flatten()(start)
    two = keras.Model(start, [layers.Dense(4)(flat), layers.Dense(2)(flat)])
    with pytest.raises(TypeError, match="`model` returned several outputs"):
        LiMA(interpreter(two, "float32"), regions=(2, 2)).explain(X, Y)
    other = keras.Input((8, 8, 3))
    pair = keras.Model(
        [start, other], layers.Dense(4)(layers.Flatten()(layers.Add()([start, other])))
    )
    with pytest.raises(ValueError, match=r"`model`.*2 inputs"):
        LiMA(interpreter(pair, "float32"), regions=(2, 2)).explain(X, Y)
