"""One result under NumPy, torch and TensorFlow; and what is no array of theirs."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit, softmax, xlogy

from submod_core.backends import Backend, backend_of

MAKE = {"numpy": np.asarray, "torch": torch.from_numpy, "tensorflow": tf.constant}
values = arrays(np.float64, (3, 5), elements=st.floats(-4, 4, allow_subnormal=False))

# Each operation, and the same in plain NumPy.
UNARY = {
    "exp": np.exp,
    "sin": np.sin,
    "cos": np.cos,
    "floor": np.floor,
    "abs": np.abs,
    "sigmoid": expit,
    "relu": lambda x: x * (x > 0),
    "softmax": lambda x: softmax(x, axis=-1),
    "matrix_transpose": lambda x: x.T,
    "arange_like": lambda x: np.arange(5.0),
}


@pytest.mark.parametrize("framework", MAKE)
@pytest.mark.parametrize("name", UNARY)
@given(x=values)
def test_unary_operations(framework, name, x):
    array = MAKE[framework](x)
    xp = backend_of(array)
    found = xp.to_numpy(getattr(xp, name)(array))
    np.testing.assert_allclose(found, UNARY[name](x), atol=1e-12)
    assert found.dtype == np.float64


@pytest.mark.parametrize("framework", MAKE)
@pytest.mark.parametrize("name", ["sum", "mean", "max", "min"])
@pytest.mark.parametrize("axis", [0, 1, -1])
@given(x=values)
def test_reductions(framework, name, axis, x):
    array = MAKE[framework](x)
    xp = backend_of(array)
    found = xp.to_numpy(getattr(xp, name)(array, axis))
    np.testing.assert_allclose(found, getattr(np, name)(x, axis), atol=1e-12)


@pytest.mark.parametrize("framework", MAKE)
@given(x=arrays(np.float64, (3, 5), elements=st.integers(-2, 2).map(float)))
def test_orders_are_stable(framework, x):
    array = MAKE[framework](x)
    xp = backend_of(array)
    for descending in (False, True):
        slow = [
            sorted(range(5), key=lambda i, row=row: (-row[i] if descending else row[i], i))
            for row in x
        ]
        assert xp.to_numpy(xp.argsort(array, descending=descending)).tolist() == slow


@pytest.mark.parametrize("framework", MAKE)
@given(x=values)
def test_the_rest(framework, x):
    array = MAKE[framework](x)
    xp = backend_of(array)
    p = softmax(x, axis=-1) * (x > 0)
    lengths = np.linalg.norm(x, axis=-1, keepdims=True)
    found = {
        "clip": (xp.clip(array, -1, 1), np.clip(x, -1, 1)),
        "concat": (xp.concat([array, array], 1), np.concatenate([x, x], 1)),
        "stack": (xp.stack([array, array], 0), np.stack([x, x])),
        "asarray_like": (xp.asarray_like(np.arange(5), array), np.arange(5.0)),
        "astype": (xp.astype(array, "float32"), x.astype(np.float32)),
        "plogp": (xp.plogp(MAKE[framework](p)), xlogy(p, p)),
        "log": (xp.log(xp.exp(array)), x),
    }
    for name, (one, expected) in found.items():
        array_ = xp.to_numpy(one)
        np.testing.assert_allclose(array_, expected, atol=1e-12, err_msg=name)
        assert array_.dtype == expected.dtype, name
    if (lengths > 1e-3).all():
        np.testing.assert_allclose(xp.to_numpy(xp.normalize(array)), x / lengths, atol=1e-9)


@pytest.mark.parametrize("framework", MAKE)
@given(x=values)
def test_the_threshold_of_sparsemax_leaves_a_sum_of_1(framework, x):
    array = MAKE[framework](x)
    xp = backend_of(array)
    threshold = xp.to_numpy(xp.simplex_threshold(array))
    np.testing.assert_allclose(np.maximum(x - threshold[:, None], 0).sum(1), 1)


@pytest.mark.parametrize("framework", MAKE)
def test_pooling_follows_the_layout_of_the_framework(framework):
    maps = np.random.default_rng(0).random((2, 3, 4, 5))
    array = MAKE[framework](maps)
    xp = backend_of(array)
    space = (2, 3) if framework == "torch" else (1, 2)
    np.testing.assert_allclose(xp.to_numpy(xp.pool(array)), maps.mean(space))
    flat = MAKE[framework](maps[0])
    np.testing.assert_array_equal(xp.to_numpy(xp.pool(flat)), maps[0].reshape(3, -1))


class Masked(np.ndarray):
    """A subclass, as libraries of units and masks have."""


class Named(torch.Tensor):
    """A subclass, as torch's own parameters are."""


@pytest.mark.parametrize(
    ("array", "framework"),
    [
        (np.zeros(2).view(Masked), "numpy"),
        (np.float32(1), "numpy"),
        (torch.nn.Parameter(torch.zeros(2)), "torch"),
        (torch.zeros(2).as_subclass(Named), "torch"),
        (tf.Variable([0.0]), "tensorflow"),
    ],
    ids=["ndarray subclass", "scalar", "parameter", "tensor subclass", "variable"],
)
def test_subclasses_belong_to_their_framework(array, framework):
    assert backend_of(array) is backend_of(MAKE[framework](np.zeros(2)))


@pytest.mark.parametrize("array", [[1.0], 1.0, None, "numpy", object()])
def test_what_is_no_array_is_refused(array):
    with pytest.raises(TypeError, match=r"`array`.*must be a NumPy array"):
        backend_of(array)


def test_every_backend_has_every_operation():
    names = {*Backend.__annotations__, *Backend.__abstractmethods__}
    for make in MAKE.values():
        xp = backend_of(make(np.zeros(2)))
        assert all(callable(getattr(xp, name, None)) for name in names)
