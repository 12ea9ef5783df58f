"""Xplique's contract: kinds of models, data, batch sizes and inputs; its metrics and plots."""

import numpy as np
import pytest
import scipy.special
import tensorflow as tf
import torch
from sklearn.linear_model import LogisticRegression
from soak.amounts import combined
from xplique.attributions import Saliency
from xplique.metrics import Deletion, Insertion, MuFidelity
from xplique.plots import plot_attributions
from xplique.wrappers import TorchWrapper

from xplique_submod import SMDL, LiMA, grid

layers = tf.keras.layers
SHAPES = {"images": (8, 8, 3), "grey images": (8, 8, 1), "series": (5, 2), "tables": (6,)}
N, CLASSES = 3, 4


@pytest.fixture(autouse=True)
def graph_mode():
    """TorchWrapper switches all of TensorFlow to eager: back."""
    yield
    tf.config.run_functions_eagerly(False)


def data(shape, n=N):
    rng = np.random.default_rng(0)
    return rng.random((n, *shape), dtype=np.float32), np.eye(CLASSES, dtype=np.float32)[
        np.arange(n) % CLASSES
    ]


def cells(shape):
    """A grid of images; None, the default, for others."""
    return (3, 3) if len(shape) == 3 else None


def weights(shape):
    return np.random.default_rng(1).normal(size=(int(np.prod(shape)), CLASSES)).astype(np.float32)


def sequential(shape):
    model = tf.keras.Sequential([tf.keras.Input(shape), layers.Flatten(), layers.Dense(CLASSES)])
    model.layers[-1].set_weights([weights(shape), np.zeros(CLASSES, np.float32)])
    return model


def functional(shape):
    inputs = tf.keras.Input(shape)
    return tf.keras.Model(inputs, sequential(shape)(inputs))


class Subclassed(tf.keras.Model):
    def __init__(self, shape):
        super().__init__()
        self.inner = sequential(shape)

    def call(self, inputs):
        return self.inner(inputs)


class Module(tf.Module):
    def __init__(self, shape):
        super().__init__()
        self.kernel = tf.constant(weights(shape))

    def __call__(self, inputs):
        return tf.reshape(inputs, (tf.shape(inputs)[0], self.kernel.shape[0])) @ self.kernel


def function(shape):
    kernel = weights(shape)
    return lambda inputs: np.reshape(inputs, (len(inputs), -1)) @ kernel


class Estimator:
    """With `predict_proba`, as in scikit-learn."""

    def __init__(self, shape):
        self.fitted = LogisticRegression(max_iter=5000, tol=1e-9)
        self.fitted.classes_ = np.arange(CLASSES)
        self.fitted.coef_, self.fitted.intercept_ = weights(shape).T, np.zeros(CLASSES)

    def predict_proba(self, inputs):
        return self.fitted.predict_proba(np.reshape(inputs, (len(inputs), -1)))


def tflite(shape):
    interpreter = tf.lite.Interpreter(
        model_content=tf.lite.TFLiteConverter.from_keras_model(functional(shape)).convert()
    )
    interpreter.allocate_tensors()
    return interpreter


def torch_wrapper(shape):
    linear = torch.nn.Linear(int(np.prod(shape)), CLASSES, bias=False)
    linear.weight.data = torch.from_numpy(weights(shape).T.copy())
    return TorchWrapper(
        torch.nn.Sequential(torch.nn.Flatten(), linear).eval(), "cpu", is_channel_first=False
    )


MODELS = {
    "sequential": sequential,
    "functional": functional,
    "subclassed": Subclassed,
    "tf.Module": Module,
    "torch": torch_wrapper,
    "estimator": Estimator,
    "tflite": tflite,
    "function": function,
}


def options_for(kind):
    return {"activation": "identity"} if kind == "estimator" else {}


@pytest.fixture(scope="module")
def expected():
    """Scores of the plain Keras model, by kind of data."""
    return {
        kind: LiMA(sequential(shape), regions=cells(shape)).explain(*data(shape)).numpy()
        for kind, shape in SHAPES.items()
    }


@pytest.mark.filterwarnings(
    "ignore:.*tf.lite.Interpreter is deprecated.*", "ignore::DeprecationWarning:keras"
)
@pytest.mark.filterwarnings("ignore:.*NumPy array is not writable.*")
@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs:UserWarning")
@pytest.mark.parametrize(("model", "kind"), combined(MODELS, SHAPES))
def test_every_kind_of_model_and_data(model, kind, expected):
    shape = SHAPES[kind]
    explainer = LiMA(MODELS[model](shape), regions=cells(shape), **options_for(model))
    inputs, targets = data(shape)
    explanations = explainer.explain(inputs, targets)
    assert isinstance(explanations, tf.Tensor)
    assert explanations.shape == ((N, 8, 8, 1) if len(shape) == 3 else inputs.shape)
    if (
        model == "estimator"
    ):  # it gives probabilities: other features, where these are the output vector
        probabilities = LiMA(
            lambda x: scipy.special.softmax(function(shape)(x), axis=1),
            regions=cells(shape),
            activation="identity",
        )
        assert np.allclose(explanations, probabilities(inputs, targets), atol=1e-3)
    else:
        assert np.allclose(explanations, expected[kind], atol=1e-3)


@pytest.mark.filterwarnings(
    "ignore:.*tf.lite.Interpreter is deprecated.*", "ignore::DeprecationWarning:keras"
)
@pytest.mark.filterwarnings("ignore:.*NumPy array is not writable.*")
@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs:UserWarning")
@pytest.mark.parametrize(
    ("model", "kind"), combined([model for model in MODELS if model != "estimator"], SHAPES)
)
def test_smdl_on_every_kind_of_model_and_data(model, kind):
    shape = SHAPES[kind]
    plain, other = (
        SMDL(MODELS[name](shape), patches=3 if len(shape) == 3 else None, k=2)
        for name in ("sequential", model)
    )
    assert np.allclose(other.explain(*data(shape)), plain.explain(*data(shape)), atol=1e-3)


@pytest.mark.parametrize(("kind", "batch_size"), combined(SHAPES, [1, 7, 32, None]))
def test_every_batch_size(kind, batch_size, expected):
    explainer = LiMA(functional(SHAPES[kind]), batch_size, regions=cells(SHAPES[kind]))
    assert np.allclose(explainer(*data(SHAPES[kind])), expected[kind], atol=1e-3)


@pytest.mark.parametrize(
    ("form", "kind"),
    combined(["numpy", "tensors", "dataset", "batched dataset", "lists"], SHAPES, each=2),
)
def test_every_kind_of_input(kind, form, expected):
    inputs, targets = data(SHAPES[kind])
    dataset = tf.data.Dataset.from_tensor_slices((inputs, targets))
    arguments = {
        "numpy": (inputs, targets),
        "tensors": (tf.constant(inputs), tf.constant(targets)),
        "dataset": (dataset, None),
        "batched dataset": (dataset.batch(2), None),
        "lists": (inputs.tolist(), targets.tolist()),
    }[form]
    assert np.allclose(
        LiMA(functional(SHAPES[kind]), regions=cells(SHAPES[kind])).explain(*arguments),
        expected[kind],
        atol=1e-3,
    )


def test_a_mixed_precision_model():
    policy = tf.keras.mixed_precision.global_policy()
    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = functional(SHAPES["images"])
    finally:
        tf.keras.mixed_precision.set_global_policy(policy)
    assert model(np.zeros((1, 8, 8, 3), np.float32)).dtype == tf.float16
    explanations = LiMA(model, regions=(2, 2)).explain(*data(SHAPES["images"]))
    assert np.isfinite(explanations).all()


def test_tensorflow_traces_once_per_input_shape():
    traces, looks = [], []

    class Counting(Subclassed):
        def call(self, inputs):
            (looks if tf.executing_eagerly() else traces).append(tuple(inputs.shape))
            return super().call(inputs)

    explainer = LiMA(Counting(SHAPES["images"]), batch_size=7, regions=(3, 3))
    inputs, targets = data(SHAPES["images"], n=5)
    for n in (1, 5, 2):
        explainer.explain(inputs[:n], targets[:n])
    for regions in ((2, 2), (4, 3)):
        explainer.regions = regions
        explainer.explain(inputs, targets)
    assert len(traces) == 1
    # Before the first trace a look at one input, whole and removed, tells what the outputs are.
    assert len(looks) == 2


def test_a_model_that_is_swapped_is_read_anew():
    inputs, targets = data(SHAPES["tables"])
    explainer = LiMA(sequential(SHAPES["tables"]))
    before = explainer.explain(inputs, targets).numpy()
    opposite = sequential(SHAPES["tables"])
    opposite.set_weights([-w for w in opposite.get_weights()])
    explainer.model = opposite
    assert not np.allclose(before, explainer.explain(inputs, targets))


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.filterwarnings("ignore:the model gives no class")
def test_a_custom_operator_is_the_consistency(compiled):
    def squared_error(model, inputs, targets):
        return -tf.reduce_sum((model(inputs) - targets) ** 2, -1)

    model = functional(SHAPES["tables"])
    inputs, targets = data(SHAPES["tables"])
    explainer = LiMA(model, operator=tf.function(squared_error) if compiled else squared_error)
    (first, *_) = explainer.explain_regions(inputs, targets)
    assert first.curves.insertion[-1] == pytest.approx(
        float(squared_error(model, inputs, targets)[0]), rel=1e-5
    )
    assert first.curves.confidence is not None, "two-dimensional outputs have class probabilities"


def test_segmentation_leaves_confidence_out_and_says_so():
    inputs = tf.keras.Input((8, 8, 3))
    model = tf.keras.Model(
        inputs, layers.Conv2D(2, 3, padding="same", activation="sigmoid")(inputs)
    )
    images, _ = data(SHAPES["images"])
    zone = np.zeros((N, 8, 8, 2), np.float32)
    zone[:, 2:5, 2:5, 1] = 1
    with pytest.warns(UserWarning, match="confidence score is left out"):
        found = LiMA(model, operator="semantic segmentation", regions=(3, 3)).explain_regions(
            images, zone
        )
    assert found[0].curves.confidence is None
    assert found[0].curves.insertion[-1] == pytest.approx(
        float(model(images)[0, 2:5, 2:5, 1].numpy().mean()), rel=1e-4
    )


@pytest.mark.filterwarnings("ignore:the model gives no class")
def test_regression_takes_the_value_itself():
    model = tf.keras.Sequential([tf.keras.Input((6,)), layers.Dense(1)])
    inputs, _ = data(SHAPES["tables"])
    for operator in ("regression", None):
        found = LiMA(model, operator=operator).explain_regions(inputs, np.ones((N, 1), np.float32))
        assert np.allclose([e.curves.insertion[-1] for e in found], model(inputs)[:, 0], atol=1e-5)


def test_features_embeddings_and_label_maps():
    model = functional(SHAPES["images"])
    inputs, targets = data(SHAPES["images"])
    conv = layers.Conv2D(5, 3)
    image = tf.keras.Input((8, 8, 3))
    with_layer = tf.keras.Model(
        image, layers.Dense(CLASSES)(layers.GlobalAveragePooling2D()(conv(image)))
    )
    only = {"effectiveness": 1}
    by_layer = LiMA(with_layer, features=conv, weights=only, regions=(2, 2)).explain_regions(
        inputs, targets
    )
    by_function = LiMA(
        with_layer, features=lambda x: tf.reduce_mean(conv(x), (1, 2)), weights=only, regions=(2, 2)
    ).explain_regions(inputs, targets)
    assert np.allclose(
        by_layer[0].curves.effectiveness, by_function[0].curves.effectiveness, atol=1e-5
    )

    text = np.random.default_rng(2).normal(size=(7, CLASSES)).astype(np.float32)
    found = LiMA(
        model, class_embeddings=text, scale=5.0, regions=grid((8, 8), (2, 2))
    ).explain_regions(inputs, np.eye(7, dtype=np.float32)[:N])
    cosines = torch.nn.functional.cosine_similarity(
        torch.from_numpy(model(inputs).numpy())[:1], torch.from_numpy(text)
    )
    assert found[0].curves.insertion[-1] == pytest.approx(
        float((5 * cosines).softmax(0)[0]), rel=1e-4
    )

    table = (
        LiMA(sequential((6,)), regions=np.array([0, 0, 1, 1, 5, 5])).explain(*data((6,))).numpy()
    )
    assert np.array_equal(table[:, ::2], table[:, 1::2])


def test_a_baseline_replaces_what_is_removed():
    model = functional(SHAPES["images"])
    inputs, targets = data(SHAPES["images"])
    mean = inputs.mean((0, 1, 2))
    (first, *_) = LiMA(model, baseline=mean, regions=(2, 2)).explain_regions(inputs, targets)
    empty = tf.nn.softmax(model(np.broadcast_to(mean, (1, 8, 8, 3))))[0, 0]
    assert first.curves.insertion[0] == pytest.approx(float(empty), rel=1e-4)


def test_out_of_memory_in_tensorflow_halves_the_batch():
    plain = function((6,))

    def model(inputs):
        if len(inputs) > 5:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
        return plain(inputs)

    with pytest.warns(RuntimeWarning, match="batches of 3"):
        found = LiMA(model, batch_size=16).explain(*data((6,)))
    assert np.allclose(found, LiMA(plain).explain(*data((6,))))


def test_nan_outside_of_the_kept_regions_does_not_leak():
    inputs = np.array([[1.0, np.nan, 2.0]], np.float32)
    seen = []

    def model(x):
        seen.append(x)
        return np.stack([np.nan_to_num(x, nan=5).sum(1), np.nan_to_num(x, nan=5).prod(1)], 1)

    LiMA(model).explain(inputs, np.eye(2)[:1])
    rows = np.concatenate(seen)
    assert np.isnan(rows[:, 1]).any()
    assert (rows[~np.isnan(rows[:, 1]), 1] == 0).all()


def test_the_progress_bar_counts_images(capsys):
    (found, *_) = LiMA(functional((6,)), verbose=True).explain_regions(*data((6,), n=1))
    assert f"{found.model_inputs}/{found.model_inputs}" in capsys.readouterr().err


def test_xpliques_own_metrics_and_plots_take_the_explanations():
    import matplotlib

    matplotlib.use("Agg")
    model = functional(SHAPES["images"])
    inputs, targets = data(SHAPES["images"])
    explanations = {
        e.__class__.__name__: e(inputs, targets)
        for e in (LiMA(model, regions=(4, 4)), Saliency(model))
    }
    for metric in (Deletion, Insertion, MuFidelity):
        arguments = {"grid_size": 4} if metric is MuFidelity else {"steps": 8}
        score = metric(model, inputs, targets, **arguments).evaluate(explanations["LiMA"])
        assert np.isfinite(score)
    plot_attributions(explanations["LiMA"], inputs, img_size=2.0, cols=3)
    matplotlib.pyplot.close("all")
