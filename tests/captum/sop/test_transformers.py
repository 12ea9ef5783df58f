"""Sum-of-Parts around models of Hugging Face as they are: keyword inputs, tokens, padding."""

import hf_models
import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from captum_submod import KeywordInputs, SumOfParts, SumOfPartsAttribution, metrics
from captum_submod.sop import fit
from submod_core.sop import blur_matrix

CLS, SEP, PAD, MASK = 1, 2, 0, 3
QUIET = {"show_progress": False, "batch_size": 2, "lr": 1e-2}


def texts(*sizes, seed=0):
    """Texts of random tokens between [CLS] and [SEP], padded to the longest."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.zeros(len(sizes), max(sizes) + 2, dtype=torch.int64)
    for row, size in zip(ids, sizes, strict=True):
        row[0], row[size + 1] = CLS, SEP
        row[1 : size + 1] = torch.randint(4, 40, (size,), generator=generator)
    return {
        "input_ids": ids,
        "attention_mask": (ids != PAD).long(),
        "special_tokens_mask": (ids < 3).long(),
    }


def alone(given, i):
    """One text without its padding."""
    size = int(given["attention_mask"][i].sum())
    return {name: value[i : i + 1, :size] for name, value in given.items()}


def reader(**options):
    options = {"baseline": MASK, "groups": 5, "top": 0.3, "batch_size": 7} | options
    model = hf_models.random(hf_models.bert)
    sop = SumOfParts(model, options.pop("example", texts(6)), **options)
    with torch.no_grad():
        sop.query += 0.1 * torch.rand(sop.query.shape, generator=torch.Generator().manual_seed(1))
    return sop


def test_an_image_classifier_sums_its_parts_and_keeps_its_own_answers():
    model = hf_models.random(hf_models.vit)
    images = {"pixel_values": torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))}
    sop = SumOfParts(model, images, features=8, groups=6, blur=3)
    assert "layernorm" in sop.encoder.layer.lower()
    logits = sop(images).detach().numpy()
    for one, image, row in zip(sop.explain(images), images["pixel_values"], logits, strict=True):
        np.testing.assert_allclose(one.contributions.sum(0), row, atol=1e-5)
        kept = torch.from_numpy(one.groups[0][one.regions])
        answer = model(pixel_values=(image * kept)[None]).logits[0].detach()
        np.testing.assert_allclose(one.partials[0], answer, atol=1e-5)
    bare = SumOfParts(lambda_of(model), images["pixel_values"], features=8, groups=6, blur=3,
                      layer=f"model.{sop.encoder.layer}")  # fmt: skip
    assert torch.equal(bare(images["pixel_values"]), sop(images))
    maps = SumOfPartsAttribution(sop).attribute(images, target=2)
    assert maps["pixel_values"].shape == (2, 3, 32, 32)


def lambda_of(model):
    class Bare(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, pixels):
            return self.model(pixel_values=pixels).logits

    return Bare()


@pytest.mark.parametrize("options", [{}, {"blur": 15}, {"blur": 3, "heads": 2, "positions": 1.0}])
def test_texts_of_any_lengths_are_explained_as_each_alone(options):
    sop, given = reader(**options), texts(4, 11, 1, 7)
    together, logits = sop.explain(given), sop(given).detach().numpy()
    for i, one in enumerate(together):
        single = sop.explain(alone(given, i))[0]
        assert one.groups.tolist() == single.groups.tolist()
        np.testing.assert_allclose(one.contributions, single.contributions, atol=1e-5)
        np.testing.assert_allclose(one.contributions.sum(0), logits[i], atol=1e-5)
        # Every group is of the words alone, a share of them.
        n = [4, 11, 1, 7][i]
        assert one.groups.shape == (5, n)
        assert set(one.groups.sum(1)) == {max(1, round(0.3 * n))}
        always = (given["special_tokens_mask"][i] == 1).numpy()
        assert (one.regions[always] == -1).all()
        assert (one.regions[~always] == np.arange(n)).all()


def test_special_tokens_and_padding_are_in_every_masked_text():
    sop, given, seen = reader(), texts(3, 8), []
    sop.backbone.model.register_forward_pre_hook(
        lambda module, args, named: seen.append(named), with_kwargs=True
    )
    sop.explain(given)
    always, rows = given["special_tokens_mask"] == 1, 0
    for named in seen[1:]:
        for ids, mask in zip(named["input_ids"], named["attention_mask"], strict=True):
            i = rows // 5
            assert torch.equal(mask, given["attention_mask"][i]), "follows its text"
            assert torch.equal(ids[always[i]], given["input_ids"][i][always[i]])
            assert (ids != given["input_ids"][i]).any()
            rows += 1
    assert rows == 10


def test_the_blur_is_over_each_texts_own_words():
    sop, given = reader(blur=5, groups=3), texts(9, 4)
    parts, plain = sop.parts(given), reader(groups=3).parts(given)
    for i, n in enumerate((9, 4)):
        wanted = plain.groups.attention[i, :, :n].detach().numpy() @ blur_matrix((n,), 5)
        found = parts.groups.attention[i].detach().numpy()
        np.testing.assert_allclose(found[:, :n], wanted, atol=1e-6)
        assert (found[:, n:] == 0).all()


def test_words_and_sentences_are_features_too():
    sop, given = reader(blur=3), texts(4, 6)
    words = torch.tensor([[-1, 0, 0, 1, 2, -1, 5, 5], [-1, 0, 1, 1, 2, 3, 3, -1]])
    first, second = sop.explain(given, words)
    assert first.groups.shape == (5, 3), "padding is no word, whatever the mask says"
    assert second.groups.shape == (5, 4)
    np.testing.assert_allclose(
        first.logits, sop.explain(alone(given, 0), words[:1, :6])[0].logits, atol=1e-5
    )
    with pytest.raises(ValueError, match="`feature_mask` must number"):
        sop(given, words.flip(1))


def test_training_a_file_and_a_checkpoint(tmp_path):
    given, labels = texts(5, 3, 8, 2), torch.tensor([0, 2, 1, 1])
    rows = [({n: v[i] for n, v in given.items()}, labels[i]) for i in range(4)]
    sop, other = reader(blur=3), reader(blur=3)
    before = [p.clone() for p in sop.backbone.parameters()]
    losses = fit(sop, rows, epochs=2, **QUIET)
    assert all(torch.equal(a, b) for a, b in zip(before, sop.backbone.parameters(), strict=True))
    flat = [{**one, "labels": label} for one, label in rows]
    run = QUIET | {"columns": (list(given), "labels"), "checkpoint": tmp_path / "run.npz"}
    half = fit(other, flat, **run)
    resumed = reader(blur=3)
    assert fit(resumed, flat, epochs=2, **run) == losses
    assert losses[:2] == half
    sop.save(tmp_path / "sop.safetensors")
    model = hf_models.random(hf_models.bert, scale=0.1)
    again = SumOfParts.load(tmp_path / "sop.safetensors", model, texts(3))
    assert torch.equal(again(given), sop(given))
    assert torch.equal(resumed(given), sop(given))


def test_a_tokenizers_output_says_which_tokens_are_special():
    class Encoding:
        special_tokens_mask, n_sequences = [1, 0, 0, 1], 1

    given = texts(2)
    special = given.pop("special_tokens_mask")
    encoded = hf_models.transformers.BatchEncoding(given, encoding=[Encoding()])
    sop = reader(example=encoded)
    assert (sop.explain(encoded)[0].regions < 0).tolist() == special[0].bool().tolist()
    explained = KeywordInputs(given | {"special_tokens_mask": special}, explain="input_ids")
    assert torch.equal(sop(explained), sop(encoded))


def test_metrics_of_groups_take_keyword_inputs():
    sop, given = reader(), texts(6, 4)
    assert metrics.grown_insertion(sop, given).shape == (2,)
    full = sop(given, top=1.0).argmax(1)
    assert metrics.errors_by_sparsity(sop, given, full, [1.0]).tolist() == [0.0]
    assert np.isfinite(metrics.grown_deletion(sop, given, labels=full)).all()


GIVEN = texts(3, 5)
LESS = {name: GIVEN[name] for name in ("input_ids", "attention_mask")}
ADDED = GIVEN | {"attention_mask": (1 - GIVEN["attention_mask"]) * -1e9}


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: reader()(LESS), ValueError, "special .*`return_special_tokens_mask=True`"),
        (lambda: reader()(GIVEN["input_ids"]), ValueError, "`inputs` .a tensor. must be a mapping"),
        (lambda: reader()(ADDED), ValueError, r"`inputs\['attention_mask'\]` must hold 1"),
        (
            lambda: reader()(GIVEN | {"special_tokens_mask": torch.zeros(2, 3)}),
            ValueError,
            r"`inputs\['special_tokens_mask'\]` \(of shape",
        ),
        (
            lambda: reader()(GIVEN | {"special_tokens_mask": GIVEN["input_ids"]}),
            ValueError,
            r"`inputs\['special_tokens_mask'\]` must be a tensor",
        ),
        (lambda: reader()(GIVEN, torch.zeros(2, 3).long()), ValueError, "`feature_mask`"),
        (lambda: reader()({"pixel_values": torch.rand(1, 3, 8, 8)}), ValueError, "'input_ids'"),
        (lambda: fit(reader(), TensorDataset(GIVEN["input_ids"], torch.tensor([0, 1])), **QUIET),
         ValueError, "must be a mapping"),
    ],
)  # fmt: skip
def test_what_would_be_explained_wrongly_is_refused(call, kind, said):
    with pytest.raises(kind, match=said):
        call()
