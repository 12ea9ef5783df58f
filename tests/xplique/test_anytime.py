"""`LiMA.explain_iter`: the explanations of Captum's, one after the other."""

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn

import captum_submod
from xplique_submod import LiMA


def test_both_hosts_give_the_same_explanations():
    rng = np.random.default_rng(0)
    images = rng.random((2, 8, 8, 1), dtype=np.float32)
    first, second = rng.normal(size=(64, 12)), rng.normal(size=(12, 3))
    net = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(12, "tanh", use_bias=False),
            keras.layers.Dense(3, use_bias=False),
        ]
    )
    net.set_weights([first, second])
    twin = nn.Sequential(nn.Flatten(), nn.Linear(64, 12, False), nn.Tanh(), nn.Linear(12, 3, False))
    for layer, weight in ((twin[1], first), (twin[3], second)):
        layer.weight.data = torch.tensor(weight.T, dtype=torch.float32)
    ours = captum_submod.LiMA(twin, regions=(3, 3)).explain_iter(
        torch.from_numpy(images).movedim(-1, 1), target=[0, 2]
    )
    theirs = LiMA(net, regions=(3, 3)).explain_iter(images, tf.one_hot([0, 2], 3))
    for some, others in zip(ours, theirs, strict=True):
        for one, other in zip(some, others, strict=True):
            assert one.order.tolist() == other.order.tolist()
            assert one.model_inputs == other.model_inputs
            assert np.allclose(one.curves.insertion, other.curves.insertion, atol=1e-5)
