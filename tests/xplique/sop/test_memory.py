"""Sum-of-Parts under Xplique where memory runs out: smaller batches, the same results."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf
import torch
from comparing import check_same_groups
from xplique.wrappers import TorchWrapper

from submod_core.engine import OutOfMemoryError
from xplique_submod import LiMA, SelfAttributing, SumOfParts
from xplique_submod._memory import out_of_memory
from xplique_submod.sop import _network, fit

pytestmark = pytest.mark.usefixtures("eagerly")

keras, layers = tf.keras, tf.keras.layers
X = np.random.default_rng(0).random((6, 6), "float32")
ERRORS = [
    tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"),
    tf.errors.InternalError(None, None, "CUBLAS_STATUS_ALLOC_FAILED"),
    tf.errors.UnknownError(None, None, "OutOfMemoryError: CUDA out of memory."),
    RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    MemoryError("Unable to allocate 8 GiB for an array"),
]


class Limited(layers.Layer):
    """A layer on a machine whose memory holds a few rows; without a number, on a large one."""

    most: int | None = None

    def call(self, inputs):
        return inputs if self.most is None else tf.grad_pass_through(self._limited)(inputs)

    def _limited(self, inputs):
        def check(rows):
            if len(rows) > self.most:
                raise MemoryError("Unable to allocate 8 GiB for an array")
            return rows

        outputs = tf.numpy_function(check, [inputs], inputs.dtype)
        outputs.set_shape(inputs.shape)
        return outputs


def made(most=None, encoder_most=None):
    keras.utils.set_random_seed(0)
    start, bias = keras.Input((6,)), keras.initializers.RandomNormal(1.0, seed=1)
    first, second = Limited(name="first"), Limited(name="second")
    backbone = keras.Sequential([start, first, layers.Dense(4, "tanh"), layers.Dense(3)])
    body = [second, layers.Reshape((6, 1)), layers.Dense(4, bias_initializer=bias)]
    sop = SumOfParts(backbone, X[:1], encoder=keras.Sequential([start, *body]), groups=4)
    sop.backbone.model.get_layer("first").most = most
    second.most = encoder_most
    return sop


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_every_way_to_say_it_halves_the_batch(error):
    assert out_of_memory(error)
    weights = np.random.default_rng(1).normal(size=(6, 3)).astype("float32")

    def model(x, most=10**6):
        if len(x) > most:
            raise error
        return np.tanh(x @ weights)

    targets = tf.one_hot([0], 3)
    wanted = LiMA(model, batch_size=8)(X[:1], targets)
    with pytest.warns(RuntimeWarning, match="ran out of memory"):
        found = LiMA(lambda x: model(x, 3), batch_size=8)(X[:1], targets)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize(
    "limits", [{"most": 3}, pytest.param({"encoder_most": 2}, marks=pytest.mark.graph)], ids=str
)
def test_sums_of_parts_are_the_same(limits):
    sop, small = made(), made(**limits)
    with pytest.warns(RuntimeWarning, match="ran out of memory"):
        explained = small.explain(X)
    check_same_groups(explained, sop.explain(X), atol=1e-5)
    if "most" not in limits:
        with pytest.warns(RuntimeWarning, match="ran out of memory"):
            np.testing.assert_allclose(small(X), sop(X), atol=1e-5)
    np.testing.assert_allclose(small.without(X[:2]), sop.without(X[:2]), atol=1e-5)


def test_where_one_image_is_too_large_it_says_so():
    with pytest.raises(OutOfMemoryError, match="Unable to allocate"):
        made(most=0)(X)


@pytest.mark.parametrize(
    "limits", [pytest.param({"most": 3}, marks=pytest.mark.graph), {"encoder_most": 2}], ids=str
)
def test_training_takes_the_same_steps(limits):
    y, options = np.arange(6) % 3, {"epochs": 2, "batch_size": 6, "lr": 1e-2, "verbose": False}
    whole, small = made(), made(**limits)
    losses = fit(whole, X, y, **options)
    with pytest.warns(RuntimeWarning, match="ran out of memory"):
        np.testing.assert_allclose(fit(small, X, y, **options), losses, atol=1e-5)


def test_self_attributing_models():
    def model(x, most=10**6):
        if len(x) > most:
            raise MemoryError("Unable to allocate 8 GiB for an array")
        return tf.tanh(tf.convert_to_tensor(x)[:, :3])

    wanted = SelfAttributing(model, lambda x, _: x, X[:1])(X)
    with pytest.warns(RuntimeWarning, match="ran out of memory"):
        found = SelfAttributing(lambda x: model(x, 2), lambda x, _: x, X[:1])(X)
    np.testing.assert_allclose(found, wanted)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
@pytest.mark.filterwarnings("ignore:Exception encountered when calling TorchWrapper")
def test_a_torch_model_behind_xpliques_wrapper():
    class Net(torch.nn.Module):
        most = 10**6

        def forward(self, x):
            if len(x) > self.most:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 8 GiB")
            return x[:, :3] * torch.tensor([1.0, 2.0, 3.0])

    eager, net = tf.config.functions_run_eagerly(), Net().eval()
    try:
        method = LiMA(TorchWrapper(net, "cpu", is_channel_first=False), batch_size=8)
        wanted = method(X[:1], tf.one_hot([0], 3))
        net.most = 3
        with pytest.warns(RuntimeWarning, match="ran out of memory"):
            np.testing.assert_allclose(method(X[:1], tf.one_hot([0], 3)), wanted, atol=1e-6)
    finally:
        tf.config.run_functions_eagerly(eager)


@pytest.mark.graph
def test_models_leave_nothing_behind_that_is_compiled():
    made()(X)
    before = _network._compiled_select.experimental_get_tracing_count()
    models = [made() for _ in range(2)]
    for model in models:
        model(X)
    assert _network._compiled_select.experimental_get_tracing_count() == before
    gone = [weakref.ref(model) for model in models]
    del models, model
    gc.collect()
    assert [each() for each in gone] == [None, None]
