"""Sum-of-Parts where memory runs out: smaller batches, the same results."""

import numpy as np
import pytest
import torch
from captum.attr import Saliency
from comparing import check_same_groups
from networks import SmallNet, noisy_problem, random_images, small_sop
from torch import nn

from captum_submod import LiMA, SelfAttributing, SumOfParts
from captum_submod._memory import out_of_memory
from captum_submod.sop import fit
from submod_core.engine import OutOfMemoryError

ERRORS = [
    torch.cuda.OutOfMemoryError("CUDA out of memory."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    MemoryError("Unable to allocate 8 GiB for an array"),
]


class Turned(nn.Module):
    def forward(self, x):
        return x.mT


def limited(net, most, error=ERRORS[0]):
    """The network, on a machine whose memory holds a few images."""

    def check(_, arguments):
        if len(arguments[0]) > most:
            raise error

    net.register_forward_pre_hook(check)
    return net


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: str(e)[:30])
def test_every_way_to_say_it_halves_the_batch(error):
    assert out_of_memory(error)
    images = random_images(0)
    wanted = LiMA(SmallNet(0), regions=(3, 3)).attribute(images, target=1)
    method = LiMA(limited(SmallNet(0), 3, error), regions=(3, 3))
    with pytest.warns(RuntimeWarning, match="ran out of memory"):
        found = method.attribute(images, target=1, perturbations_per_eval=8)
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("most", [1, 2, 5])
@pytest.mark.parametrize("options", [{}, {"continuous": True}, {"positions": 1.0}], ids=str)
def test_sums_of_parts_are_the_same(most, options):
    (sop, images), (small, _) = small_sop(**options), small_sop(**options)
    limited(small.backbone.model, most)
    with pytest.warns(RuntimeWarning, match="ran out of memory"):
        explained = small.explain(images)
    check_same_groups(explained, sop.explain(images), atol=1e-12)
    with torch.no_grad():
        np.testing.assert_allclose(small(images), sop(images), atol=1e-12)
        np.testing.assert_allclose(small.without(images), sop.without(images), atol=1e-12)
    assert small.batch_size == 32, "what was asked for"


def test_where_one_image_is_too_large_it_says_so():
    sop, images = small_sop()
    limited(sop.backbone.model, 0)
    with pytest.raises(OutOfMemoryError, match="out of memory"):
        sop(images)
    assert sop.masking.batch.size == 32


@pytest.mark.parametrize("own", [True, False])
def test_inputs_are_shared_out_where_an_encoder_runs_out(own):
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.AvgPool2d(3), nn.Flatten(2), Turned(), nn.Linear(3, 4)).double()
    images = random_images(0, n=5)
    options = {"features": 3, "groups": 6} | ({"encoder": encoder} if own else {})
    sop = SumOfParts(SmallNet(0), images[:1], **options)
    with torch.no_grad():
        wanted = sop(images)
    limited(encoder if own else sop.encoder, 2)
    with pytest.warns(RuntimeWarning, match="ran out of memory"), torch.no_grad():
        found = sop(images)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_self_attributing_models():
    images, net = random_images(0, n=4), SmallNet(0)
    one = SelfAttributing(net, Saliency(net), images[:1], features=3)
    wanted = one(images)
    limited(one.backbone.model, 1)
    with pytest.warns(RuntimeWarning, match="ran out of memory"):
        assert torch.allclose(one(images), wanted, atol=1e-12)


@pytest.mark.parametrize("most", [1, 3])
def test_training_takes_the_same_steps(most):
    """The copy that is trained holds a few examples: gradients of their batches are summed."""
    backbone, data = noisy_problem(8)
    options = {"epochs": 2, "batch_size": 8, "lr": 1e-2, "show_progress": False}

    def made():
        return SumOfParts(backbone, data[0][0][None], features=3, groups=5, finetune=True)

    whole, small = made(), made()
    losses = fit(whole, data, **options)
    limited(small.encoder, most)
    with pytest.warns(RuntimeWarning, match="ran out of memory"):
        np.testing.assert_allclose(fit(small, data, **options), losses, atol=1e-5)
    for (name, a), b in zip(whole.named_parameters(), small.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=2e-3, rtol=0, msg=name)
