"""Bad input: errors that name the argument, from the same cases as under Captum."""

import numpy as np
import pytest
import tensorflow as tf
from bad_options import BAD_OPTIONS, refused

from xplique_submod import LiMA
from xplique_submod.metrics import Insertion

NAN = float("nan")
X = np.random.default_rng(0).random((2, 12, 12, 3), dtype=np.float32)
Y = np.eye(5, dtype=np.float32)[:2]


def keras_model():
    return tf.keras.Sequential(
        [tf.keras.Input((12, 12, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(5)]
    )


def explain(model=None, *, inputs=X, targets=Y, **options):
    return LiMA(model or keras_model(), **({"regions": (3, 3)} | options)).explain(inputs, targets)


@refused(BAD_OPTIONS)
def test_bad_options_are_refused_by_name(arguments, error, named):
    with pytest.raises(error, match=named) as raised:
        explain(**arguments)
    assert "user code" not in str(raised.value), (
        "the message stands alone, not in a report of how a graph was made"
    )


CASES = {
    "inputs that are text": ({"inputs": "cat.jpg"}, TypeError, "`inputs`"),
    "ragged inputs": ({"inputs": [[1.0], [1.0, 2.0]]}, TypeError, "`inputs`"),
    "empty batch": ({"inputs": X[:0], "targets": Y[:0]}, ValueError, "`inputs`"),
    "no elements": ({"inputs": np.zeros((2, 0))}, ValueError, "`inputs`"),
    "a vector of inputs": ({"inputs": np.zeros(2)}, ValueError, "`inputs`"),
    "superpixels of nan": ({"inputs": X * NAN, "regions": 9}, ValueError, "`regions`.*`image`"),
    "no targets": ({"targets": None}, ValueError, "`targets`"),
    "targets that are text": ({"targets": "cat"}, TypeError, "`targets`"),
    "too few targets": ({"targets": Y[:1]}, ValueError, "`targets`"),
    "targets of too few classes": ({"targets": Y[:, :3]}, ValueError, "`targets`"),
    "targets that are indices": ({"targets": np.array([1, 2])}, ValueError, "`targets`"),
    "baseline of another shape": ({"baseline": np.zeros((5, 5, 3))}, ValueError, "`baseline`"),
    "baseline of too many axes": (
        {"baseline": np.zeros((1, 2, 12, 12, 3))},
        ValueError,
        "`baseline`",
    ),
    "baseline of another batch": ({"baseline": np.zeros((3, 12, 12, 3))}, ValueError, "`baseline`"),
    "baseline that is nan": ({"baseline": NAN}, ValueError, "`baseline`"),
    "baseline of no known name": ({"baseline": "mist"}, ValueError, "`baseline`"),
    "baseline that is a mapping": ({"baseline": {"blur": 1}}, TypeError, "`baseline`"),
    "baseline that is a function of another size": (
        {"baseline": lambda image: image[:3]},
        ValueError,
        "`baseline`",
    ),
    "a blur of what is no image": (
        {"inputs": np.zeros((2, 6)), "model": lambda x: x[:, :5], "baseline": "blur"},
        ValueError,
        "`baseline`",
    ),
    "no batch": ({"batch_size": 0}, ValueError, "`batch_size`"),
    "half a batch": ({"batch_size": 1.5}, ValueError, "`batch_size`"),
    "a model that is not callable": ({"model": 3}, TypeError, "`model`"),
    "nan from the model": ({"model": lambda x: np.full((len(x), 5), NAN)}, ValueError, "`model`"),
    "a tuple from the model": ({"model": lambda x: (x, x)}, TypeError, "`model`"),
    "dense outputs without an operator": ({"model": lambda x: x}, ValueError, "`targets`"),
    "rows that are not the batch's": ({"model": lambda x: np.zeros((1, 5))}, ValueError, "model"),
    "an operator that aggregates": (
        {"operator": lambda f, x, y: tf.reduce_sum(f(x) * y)},
        ValueError,
        "`operator`",
    ),
    "logits called probabilities": ({"activation": "identity"}, ValueError, "`activation`"),
    "a label map for no image": (
        {"inputs": np.zeros((2, 6)), "model": lambda x: x[:, :5], "regions": np.zeros(4, int)},
        ValueError,
        "`regions`",
    ),
    "only a score that the model cannot give": (
        {
            "model": lambda x: x[:, :1, 0, 0],
            "targets": np.ones((2, 1)),
            "weights": {"confidence": 1},
        },
        ValueError,
        "`weights`",
    ),
}


@pytest.mark.filterwarnings("ignore:the model gives no class")
@refused(CASES)
def test_bad_input_is_refused_by_name(arguments, error, named):
    with pytest.raises(error, match=named):
        explain(**arguments)


def test_another_keras_backend_is_refused(monkeypatch):
    import importlib
    import sys

    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.delitem(sys.modules, "xplique_submod._compat")
    with pytest.raises(ImportError, match="KERAS_BACKEND"):
        importlib.import_module("xplique_submod._compat")


@pytest.mark.parametrize(
    "targets",
    [np.zeros((2, 5)), tf.one_hot([1, 17], 5), np.full((2, 5), np.nan)],
    ids=["zeros", "a class out of range", "nan"],
)
def test_targets_that_name_no_class_are_refused(targets):
    with pytest.raises(ValueError, match="`targets` name no class"):
        explain(targets=targets)
    with pytest.raises(ValueError, match="`targets` name no class"):
        Insertion(keras_model(), X, targets)


def test_an_operator_may_take_targets_of_any_kind():
    found = explain(
        operator=lambda f, x, y: f(x)[:, 3] + 0 * y[:, 0],
        targets=np.zeros((2, 5)),
        weights={"consistency": 1},
    )
    assert found.shape == (2, 12, 12, 1)


class Probabilities:
    """An estimator of scikit-learn's kind."""

    def __init__(self, model):
        self.model = model

    def predict_proba(self, x):
        return tf.nn.softmax(self.model(x)).numpy()


@pytest.mark.filterwarnings("ignore:the model's outputs are probabilities:UserWarning")
@pytest.mark.parametrize("kind", ["keras", "module", "function", "predict_proba"])
def test_a_model_that_ends_in_a_softmax_is_not_softmaxed_twice(kind):
    plain = keras_model()
    ends = {
        "keras": tf.keras.Sequential([plain, tf.keras.layers.Softmax()]),
        "module": tf.keras.layers.Softmax(),
        "function": lambda x: tf.nn.softmax(plain(x)).numpy(),
        "predict_proba": Probabilities(plain),
    }[kind]
    if kind == "module":
        ends = tf.keras.Model(plain.inputs, ends(plain.outputs[0]))
    weights = {"consistency": 1, "collaboration": 1}
    lima = LiMA(ends, regions=(3, 3), weights=weights)
    expected = LiMA(plain, regions=(3, 3), weights=weights).explain_regions(X, Y)
    for _ in range(2):  # traced once, and as it was found the first time
        for one, other in zip(lima.explain_regions(X, Y), expected, strict=True):
            assert one.order.tolist() == other.order.tolist()
            np.testing.assert_allclose(one.curves.insertion, other.curves.insertion, atol=1e-5)
    assert len(lima._reader._traced) <= 1


def test_a_model_that_ends_in_a_softmax_is_noticed():
    with pytest.warns(UserWarning, match="probabilities already"):
        explain(tf.keras.Sequential([keras_model(), tf.keras.layers.Softmax()]))


@pytest.mark.parametrize("x", [1.7e9 + np.array([[1.0, 40.0]]), np.array([[2**24, 2**24 + 1]])])
def test_numbers_that_float32_cannot_tell_apart_are_refused(x):
    model = lambda x: x[:, 1:] - x[:, :1]  # noqa: E731
    lima = LiMA(model, activation=None, weights={"consistency": 1})
    with pytest.raises(ValueError, match=r"`inputs` .* subtract an offset"):
        lima.explain(x, np.ones((1, 1)))
    found = lima.explain_regions(x - x.min(), np.ones((1, 1)))
    assert found[0].curves.insertion[-1] == np.ptp(x)
