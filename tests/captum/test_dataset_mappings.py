"""Datasets whose inputs are mappings: keyword arguments of the model, as Hugging Face has them."""

import numpy as np
import pytest
import torch
from captum.attr import Saliency
from hf_models import bert, random, vit
from torch import nn

from captum_submod import (
    KeywordInputs,
    LiMA,
    attribute_dataset,
    evaluate_dataset,
    explain_mistakes,
    metrics,
)
from captum_submod.keywords import stacked_mappings

GENERATOR = torch.Generator().manual_seed(0)
PIXELS = torch.rand(5, 3, 32, 32, generator=GENERATOR)
CLASSES = [0, 4, 2, 2, 1]
IMAGES = [({"pixel_values": x}, t) for x, t in zip(PIXELS, CLASSES, strict=True)]
# Of two lengths, the shorter ones padded by one.
TEXTS = [
    (
        {
            "input_ids": torch.arange(1, n + 1) + i,
            "attention_mask": torch.tensor([1] * (n - 1) + [int(n > 4)]),
        },
        i % 3,
    )
    for i, n in enumerate((4, 6, 4, 6, 4))
]


class Cut:
    """A dataset that is cut off, as by a kill, when it is asked for one of its examples."""

    def __init__(self, data, at):
        self.data, self.at = data, at

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        if index == self.at:
            raise KeyboardInterrupt
        return self.data[index]


def alone(lima, data, i, **arguments):
    """Explanation of one example by itself."""
    inputs, target = data[i]
    rows = {name: value[None] for name, value in inputs.items()}
    return lima.explain(rows, target=target, **arguments)[0]


@pytest.mark.parametrize(
    ("data", "lima"),
    [
        (IMAGES, LiMA(random(vit), regions=(2, 2))),
        (TEXTS, LiMA(random(bert))),
    ],
    ids=["images", "texts"],
)
def test_a_run_that_was_cut_off_gives_what_each_example_gives_alone(data, lima, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        attribute_dataset(lima, Cut(data, 3), tmp_path, shard_size=2, perturbations_per_eval=4)
    stored = attribute_dataset(lima, data, tmp_path, shard_size=2, perturbations_per_eval=4)
    assert len(stored) == len(data)
    for i in range(len(data)):
        one = alone(lima, data, i)
        np.testing.assert_array_equal(stored[i].order, one.order)
        np.testing.assert_array_equal(stored[i].regions, one.regions)
        np.testing.assert_allclose(stored[i].curves.insertion, one.curves.insertion, atol=1e-5)
        rows = {name: value[None] for name, value in data[i][0].items()}
        assert stored.row(i)["prediction"] == int(lima.forward_func(**rows).logits.argmax())
    assert stored.verify().missing == ()


def test_mistakes_and_metrics_take_mappings(tmp_path):
    model = random(vit)
    lima = LiMA(model, regions=(2, 2))
    stored = attribute_dataset(lima, IMAGES, tmp_path / "lima", shard_size=3)
    scores = evaluate_dataset(stored, "insertion", model, IMAGES, tmp_path / "scores", steps=4)
    wanted = metrics.insertion(
        model, {"pixel_values": PIXELS}, [stored[i] for i in range(5)], target=CLASSES, steps=4
    )
    np.testing.assert_allclose(scores.values, wanted, atol=1e-5)
    wrong = attribute_dataset(lima, IMAGES, tmp_path / "wrong", mistakes=True)
    found = {one.example: one for one in explain_mistakes(lima, {"pixel_values": PIXELS}, CLASSES)}
    for i in range(5):
        assert (wrong[i] is None) == (i not in found)
        if i in found:
            np.testing.assert_array_equal(wrong[i].explanation.order, found[i].explanation.order)


class TwoSided(nn.Module):
    def forward(self, *, pixel_values, input_ids, gain=1.0):
        return gain * (pixel_values.mean((2, 3)) + input_ids.float().mean(1, keepdim=True))


def test_keyword_inputs_of_one_row_say_what_is_explained(tmp_path):
    ids = torch.tensor([[1, 2]])
    both = [
        {"pixel_values": x[None, :, :8, :8], "input_ids": ids, "gain": 1.0 + i % 2}
        for i, x in enumerate(PIXELS)
    ]
    data = [(KeywordInputs(one, "pixel_values"), 1) for one in both]
    lima = LiMA(TwoSided(), regions=(2, 2))
    stored = attribute_dataset(lima, data, tmp_path, shard_size=5)
    for i, (inputs, target) in enumerate(data):
        (one,) = lima.explain(inputs, target=target)
        np.testing.assert_array_equal(stored[i].order, one.order)
        np.testing.assert_allclose(stored[i].curves.insertion, one.curves.insertion, atol=1e-6)


@pytest.mark.parametrize(
    ("method", "item", "said"),
    [
        (Saliency(random(vit)), IMAGES[0], "LiMA, SMDL"),
        (LiMA(random(bert)), ({"input_ids": [1, 2, 3]}, 0), "set_format"),
        (
            LiMA(TwoSided()),
            ({"pixel_values": PIXELS[0], "input_ids": torch.tensor([1, 2])}, 0),
            "explain=",
        ),
        (LiMA(TwoSided()), IMAGES[0][0], "transform"),
    ],
)
def test_what_cannot_be_taken_is_an_error_by_name(method, item, said, tmp_path):
    (error,) = attribute_dataset(method, [item], tmp_path).errors.values()
    assert said in error


def test_entries_are_stacked_and_rows_joined():
    some = [{"a": np.full(2, i), "b": torch.tensor(i), "c": None} for i in range(3)]
    batch = stacked_mappings(some, None)
    assert batch["a"].tolist() == [[0, 0], [1, 1], [2, 2]]
    assert batch["b"].tolist() == [0, 1, 2]
    assert batch["c"] is None
    two = KeywordInputs({"a": torch.zeros(2, 3)}, "a")
    with pytest.raises(ValueError, match="one row"):
        stacked_mappings([two, two], None)
