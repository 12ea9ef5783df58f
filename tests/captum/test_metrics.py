import numpy as np
import pytest
import reference
import torch
from networks import SmallNet, random_images, random_mask

from captum_submod import LiMA
from captum_submod.metrics import deletion, faithfulness_curves, insertion


@pytest.mark.parametrize("steps", [1, 7, 50, 144, 1000])
def test_pixelwise_curves_equal_the_slow_ones(steps):
    model, x, baseline = SmallNet(2), random_images(0, 2), 0.3 * random_images(7, 2)
    attributions = random_images(3, 2) - 0.5
    found = faithfulness_curves(model, x, attributions, baseline, target=[1, 4], steps=steps)
    for i, curves in enumerate(found):
        for insert in (True, False):
            saliency = attributions[i].sum(0)
            area, slow = reference.pixelwise_curve(
                model, x[i], baseline[i], saliency, [1, 4][i], min(steps, 144), insert
            )
            assert np.allclose(curves.area, area)
            assert np.allclose(curves.insertion if insert else curves.deletion, slow)
    values = insertion(model, x, attributions, baseline, target=[1, 4], steps=steps)
    assert values.tolist() == [curves.insertion_auc for curves in found]
    values = deletion(model, x, attributions, baseline, target=[1, 4], steps=steps)
    assert values.tolist() == [curves.deletion_auc for curves in found]


def test_regionwise_curves_of_lima_are_those_of_its_explanation():
    model, x, mask = SmallNet(2), random_images(0, 2), random_mask(0)
    lima = LiMA(model)
    explained = lima.explain(x, target=1, feature_mask=mask)
    ranks = torch.stack([torch.from_numpy(-np.argsort(e.order)[e.regions]) for e in explained])
    found = faithfulness_curves(model, x, ranks[:, None].double(), target=1, feature_mask=mask)
    for curves, explanation in zip(found, explained, strict=True):
        assert np.allclose(curves.area, explanation.curves.area)
        assert np.allclose(curves.insertion, explanation.curves.insertion)
        assert np.allclose(curves.deletion, explanation.curves.deletion)


def test_inputs_that_are_no_images_step_by_element():
    net = torch.nn.Linear(6, 3).requires_grad_(False)
    x = torch.rand(2, 6)
    (curves, _) = faithfulness_curves(net, x, x, target=0, steps=6)
    kept = torch.zeros(6)
    slow = [float(net(kept).softmax(0)[0])]
    for element in x[0].argsort(descending=True):
        kept[element] = x[0, element]
        slow.append(float(net(kept).softmax(0)[0]))
    assert np.allclose(curves.insertion, slow, atol=1e-6)


def test_values_do_not_depend_on_the_batch():
    model, x = SmallNet(2), random_images(0, 3)
    together = insertion(model, x, x, target=1, max_examples_per_batch=64)
    alone = [insertion(model, x[i : i + 1], x[i : i + 1], target=1, max_examples_per_batch=1) for i in range(3)]
    assert torch.allclose(together, torch.cat(alone))
