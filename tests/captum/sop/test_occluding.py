"""Grown metrics with other values in place of features; other methods on the groups of a sum."""

import numpy as np
import pytest
import torch
from captum.attr import Saliency
from networks import SmallNet, random_images, small_sop

from captum_submod import SelfAttributing, metrics
from captum_submod.sop import with_baseline


@pytest.mark.parametrize("baseline", [0.5, "channel_mean", "blur", "random_colour"])
def test_another_baseline_is_that_of_a_model_made_with_it(baseline):
    sop, images = small_sop(positions=1.0)
    with torch.no_grad():
        sop.query += 0.1 * torch.rand_like(sop.query)
    before, made = sop(images), small_sop(positions=1.0, baseline=baseline)[0]
    colour = {n: v for n, v in made.state_dict().items() if n == "masking.colour"}
    made.load_state_dict(sop.state_dict() | colour)
    other = with_baseline(sop, baseline)
    assert torch.equal(other(images), made(images))
    assert not torch.equal(other(images), before)
    assert torch.equal(sop(images), before), "it stays as it was"
    tops = metrics.tops_by(4, 16)
    for metric in (metrics.grown_insertion, metrics.grown_deletion):
        np.testing.assert_array_equal(
            metric(other, images, tops=tops), metric(made, images, tops=tops)
        )


def test_models_of_one_group_take_another_baseline_too():
    images, method = random_images(0, n=2), Saliency(SmallNet(0))
    grey = SelfAttributing(SmallNet(0), method, images[:1], features=3, baseline=0.5)
    black = SelfAttributing(SmallNet(0), method, images[:1], features=3)
    assert torch.equal(with_baseline(black, 0.5)(images), grey(images))
    with pytest.raises(TypeError, match="`model`"):
        with_baseline(SmallNet(0), 0.5)
    with pytest.raises(ValueError, match="`baseline`"):
        with_baseline(black, "noise")


def test_other_methods_are_inserted_and_deleted_group_by_group():
    sop, images = small_sop()
    model, targets = SmallNet(0), [0, 3, 1]
    maps = Saliency(model).attribute(images.clone().requires_grad_(), target=targets)
    rows = zip(sop.explain(images), targets, maps, strict=True)
    orders = [metrics.grouped_order(*row) for row in rows]
    areas = metrics.insertion(model, images, orders, target=targets)
    # Slowly: the probability with the first k groups shown, over the share of the pixels shown.
    order, shown = orders[0], torch.zeros(12, 12, dtype=torch.bool)
    shares, scores = [0.0], [model(images[:1] * 0).softmax(-1)[0, 0].item()]
    for region in order.order:
        shown |= torch.from_numpy(order.regions == region)
        shares.append(float(shown.float().mean()))
        scores.append(model(images[:1] * shown).softmax(-1)[0, 0].item())
    assert areas[0].item() == pytest.approx(np.trapezoid(scores, shares))


def test_errors_of_values_with_tensors():
    sop, images = small_sop()
    targets = torch.rand(3, 5, dtype=torch.float64)
    errors = metrics.squared_errors_by_sparsity(sop, images, targets, [0.2, 1.0])
    wanted = [((sop(images, top=top) - targets) ** 2).mean().item() for top in (0.2, 1.0)]
    np.testing.assert_allclose(errors, wanted)
    assert metrics.grown_insertion_error(sop, images, targets).shape == (3,)
    assert (metrics.grown_deletion_error(sop, images, targets) > 0).all()
