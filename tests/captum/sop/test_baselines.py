"""Baselines of sums of parts under Captum: what replaces the features outside of a group."""

import numpy as np
import pytest
import torch
from captum.attr import Saliency
from networks import SmallNet, random_images, small_sop
from reference import sop_baseline
from torch.utils.data import TensorDataset

from captum_submod import SelfAttributing, SumOfParts
from captum_submod._baselines import baselines_of
from captum_submod.sop import fit
from submod_core.regions import Layout

BASELINES = [0.25, (0.1, 0.5, 0.9), "blur", "channel_mean", "random_colour"]
NAMES = BASELINES[2:]
each = pytest.mark.parametrize("baseline", BASELINES, ids=str)


def composed(sop, images, masks):
    """The masked inputs (N, m, …) that the backbone is shown."""
    labels = sop.masking.labels_of(images, None)
    continuous = sop.settings.continuous
    answers = sop.masking.answers(lambda batch: batch.clone(), images, masks, labels, continuous)
    return torch.cat(list(answers)).unflatten(0, masks.shape[:2])


def wanted(baseline, images, masks, labels, example):
    """As `composed`, in NumPy, one masked input after the other."""
    last = np.moveaxis(np.asarray(images, dtype=np.float64), 1, -1)
    rows = []
    for image, groups in zip(last, np.asarray(masks), strict=True):
        replaced = sop_baseline(baseline, image, np.moveaxis(np.asarray(example), 0, -1))
        for group in groups:
            share = group[labels][..., None]
            rows.append(share * image + (1 - share) * replaced)
    return np.moveaxis(np.stack(rows), -1, 1).reshape(*masks.shape[:2], *images.shape[1:])


@each
@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_masked_inputs_are_those_of_the_reference(baseline, continuous, dtype):
    sop, images = small_sop(dtype=dtype, baseline=baseline, continuous=continuous, batch_size=5)
    generator = torch.Generator().manual_seed(0)
    masks = torch.rand(3, 6, 16, generator=generator, dtype=dtype)
    masks = masks if continuous else masks.round()
    found = composed(sop, images, masks)
    labels = sop.masking.labels[0].numpy()
    reference = wanted(baseline, images, masks, labels, images[0])
    np.testing.assert_allclose(found, reference, atol=1e-6 if dtype == torch.float32 else 1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_what_has_a_name_is_what_lima_makes_of_it(name):
    sop, images = small_sop(baseline=name)
    nothing = composed(sop, images, torch.zeros(3, 1, 16, dtype=images.dtype))[:, 0]
    like = images if name != "random_colour" else images[:1].expand_as(images)
    (lima,) = baselines_of(name, (like.float(),), (Layout("NCHW"),))
    np.testing.assert_allclose(nothing, lima.expand_as(images), atol=1e-6)


@each
def test_contributions_sum_to_the_prediction_in_any_batches(baseline):
    sop, images = small_sop(baseline=baseline)
    other, _ = small_sop(baseline=baseline, batch_size=4)
    for training in (False, True):
        logits = sop.train(training)(images).detach().numpy()
        parts = sop.parts(images)
        np.testing.assert_allclose(parts.contributions.sum(1).detach(), logits, atol=1e-12)
    for one, row in zip(sop.explain(images), logits, strict=True):
        np.testing.assert_allclose(one.contributions.sum(0), row, atol=1e-12)
    np.testing.assert_allclose(other(images).detach(), logits, atol=1e-12)
    alone = torch.cat([sop(image[None]) for image in images]).detach()
    np.testing.assert_allclose(alone, logits, atol=1e-12)


@each
def test_gradients_reach_the_inputs_through_the_baseline(baseline):
    sop, images = small_sop(baseline=baseline, continuous=True)
    images = images[:1]
    found = Saliency(sop).attribute(images.clone().requires_grad_(), target=1, abs=False)
    for place in [(0, 0, 0, 0), (0, 1, 7, 2), (0, 2, 11, 11)]:
        step = torch.zeros_like(images)
        step[place] = 1e-5
        with torch.no_grad():
            slope = (sop(images + step) - sop(images - step))[0, 1] / 2e-5
        assert found[place].item() == pytest.approx(slope.item(), abs=1e-6, rel=1e-3)


@each
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_it_is_saved_and_loaded_with_the_model(baseline, dtype, tmp_path):
    sop, images = small_sop(dtype=dtype, baseline=baseline)
    sop.save(tmp_path / "sop")
    # Another example would draw another colour.
    again = SumOfParts.load(tmp_path / "sop", SmallNet(9, dtype), images[1:2])
    assert again.baseline == sop.baseline == baseline
    assert torch.equal(again(images), sop(images))


@each
def test_training_goes_on_with_it(baseline, tmp_path):
    images, labels = random_images(0, 6), torch.arange(6) % 5
    run = {"epochs": 1, "batch_size": 4, "lr": 1e-2, "show_progress": False}
    file = tmp_path / "run"

    def sop(with_baseline, example=images[:1]):
        made = SmallNet(0), example
        return SumOfParts(*made, features=3, groups=4, baseline=with_baseline)

    whole, again = sop(baseline), sop(baseline)
    losses = fit(whole, TensorDataset(images, labels), **run | {"epochs": 2})
    fit(sop(baseline), TensorDataset(images, labels), **run, checkpoint=file)
    other = 0.5 if baseline == "random_colour" else "random_colour"
    others = [(other, images[:1])]
    if baseline == "random_colour":  # another colour
        others.append((baseline, images[1:2]))
    for given in others:
        with pytest.raises(ValueError, match="is of another run: model: baseline was "):
            fit(sop(*given), TensorDataset(images, labels), **run, checkpoint=file)
    run["epochs"] = 2
    assert fit(again, TensorDataset(images, labels), **run, checkpoint=file) == losses


def test_under_autocast_a_blur_is_what_it_is_without():
    sop, images = small_sop(dtype=torch.float32, baseline="blur")
    masks = torch.zeros(3, 1, 16)
    with torch.autocast("cpu", torch.bfloat16):
        found = composed(sop, images, masks)
    assert torch.equal(found, composed(sop, images, masks))


def test_images_of_whole_numbers_get_whole_numbers():
    whole = (random_images(0, 2) * 255).to(torch.uint8)

    class OfBytes(SmallNet):
        def forward(self, x):
            return super().forward(x.double() / 255)

    sop = SumOfParts(OfBytes(0), whole[:1], features=3, groups=4, baseline="channel_mean")
    nothing = composed(sop, whole, torch.zeros(2, 1, 16))[:, 0]
    means = whole.double().mean((2, 3)).round().to(torch.uint8)
    assert torch.equal(nothing, means[:, :, None, None].expand_as(whole))


def test_self_attributing_models_have_them_too():
    model, images = SmallNet(0), random_images(0, n=3)
    one = SelfAttributing(
        model, Saliency(model), images[:1], features=3, top=1.0, baseline="channel_mean"
    )
    mean = images.mean((2, 3), keepdim=True).expand_as(images)
    np.testing.assert_allclose(one.without(images), model(mean).detach(), atol=1e-12)


def test_a_sequence_has_a_number_for_each_channel_and_no_name():
    torch.manual_seed(0)
    backbone = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.Flatten(), torch.nn.Linear(20, 2)
    )
    x = torch.rand(2, 5, 3)
    sop = SumOfParts(backbone, x[:1], layer="0", groups=2, baseline=torch.tensor([1.0, 2.0, 3.0]))
    assert sop.baseline == (1.0, 2.0, 3.0)
    nothing = composed(sop, x, torch.zeros(2, 1, 5))
    assert nothing.flatten(0, 2).unique(dim=0).tolist() == [[1.0, 2.0, 3.0]]


@pytest.mark.parametrize(
    ("baseline", "example", "said"),
    [
        ("noise", torch.rand(1, 3, 12, 12), "must be a finite number, one for each channel, or"),
        ([1.0, 2.0], torch.rand(1, 3, 12, 12), "3 channels"),
        ([[1.0], [2.0, 3.0]], torch.rand(1, 3, 12, 12), "rows differ in length"),
        ([True, True, True], torch.rand(1, 3, 12, 12), "must be a finite number"),
        ([1.0, 2.0, float("nan")], torch.rand(1, 3, 12, 12), "holds NaN"),
        ("blur", torch.rand(1, 5, 3), "is for images"),
        ("blur", torch.ones(1, 5, dtype=torch.int64), "is for images: .* take a number$"),
        ([1.0] * 5, torch.rand(1, 5), "no channels"),
    ],
    ids=lambda value: "" if isinstance(value, torch.Tensor) else str(value),
)
def test_those_that_do_not_fit_are_refused(baseline, example, said):
    with pytest.raises(ValueError, match=f"`baseline` .*{said}"):
        SumOfParts(SmallNet(0), example, baseline=baseline)


@pytest.mark.parametrize("baseline", [True, None, "mist", [], ["a"], [float("nan")] * 3, {}])
def test_files_with_another_are_refused(baseline, tmp_path):
    import json

    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    sop, images = small_sop()
    file = tmp_path / "sop"
    sop.save(file)
    with safe_open(file, framework="pt") as opened:
        options = json.loads(opened.metadata()["options"])
    save_file(load_file(file), file, {"options": json.dumps(options | {"baseline": baseline})})
    with pytest.raises(ValueError, match=r"`file` .* is not a.*`?baseline`"):
        SumOfParts.load(file, SmallNet(0), images[:1])
