"""Prompts of language and vision-language models: batched as one by one, and with evidence."""

import itertools

import numpy as np
import pytest
import torch
from captum.attr import (
    FeatureAblation,
    ImageMaskInput,
    RemoteLLMProvider,
    TextTemplateInput,
    TextTokenInput,
)
from prompt_models import (
    START,
    Bytes,
    Planted,
    gpt2,
    image_input,
    llama,
    llava,
    one_by_one,
    seeded,
    template,
)
from torch import nn

from captum_submod import SMDL, LiMA, LLMAttribution, RemoteLLMAttribution
from captum_submod._prompts import log_probabilities, parts_of
from submod_core import grid

Image = pytest.importorskip("PIL.Image")

INPUTS = {
    "template": (gpt2, template),
    "grouped": (
        llama, lambda: TextTemplateInput("{a} {b} {c}", {"a": "one", "b": "two", "c": "three"},
        {"a": "x", "b": "", "c": "y"}, mask={"a": 5, "b": 9, "c": 5}),
    ),
    "tokens": (llama, lambda: TextTokenInput("good tea", Bytes(), 32, skip_tokens=[START])),
    "image": (llava, image_input),
    "overlapping masks": (
        llava, lambda: image_input(mask_list=[torch.ones(16, 16), torch.eye(16), torch.eye(16)])
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "inp"), INPUTS.values(), ids=INPUTS)
@pytest.mark.parametrize("score", ["log_prob", "prob", "mean_prob"])
def test_batched_is_as_one_by_one(make, inp, score):
    model, inp, answer = seeded(make).eval(), inp(), torch.tensor(list(b"tea"))
    n = inp.n_itp_features
    search = {"search": "greedy"} if n < 5 else {"search": "singletons"}
    results = [
        LLMAttribution(LiMA(model, **search), Bytes(), attr_target=score).attribute(
            inp, answer, perturbations_per_eval=size
        )
        for size in (1, 7)
    ]
    one, other = (result.explanation for result in results)
    assert one.order.tolist() == other.order.tolist()
    np.testing.assert_allclose(one.curves.insertion, other.curves.insertion, rtol=1e-4, atol=1e-6)
    # Both curves a second time, slowly.
    keep = np.zeros(n, dtype=bool)
    for k, part in enumerate([None, *one.order.tolist()]):
        keep[part] = part is not None
        for curve, kept in ((one.curves.insertion, keep), (one.curves.deletion, ~keep)):
            rows = one_by_one(model, inp, kept, answer)
            expected = {"log_prob": rows.sum(), "prob": np.exp(rows.sum())}
            expected["mean_prob"] = np.exp(rows).mean()
            assert curve[k] == pytest.approx(expected[score], rel=1e-3, abs=1e-7)
    assert results[0].output_tokens == ["t", "e", "a"]
    assert len(results[0].seq_attr) == len(results[0].input_tokens)


def test_consistency_and_collaboration_are_the_objective():
    model, inp = seeded(gpt2).eval(), template()
    llm = LLMAttribution(LiMA(model, search="greedy"), Bytes(), attr_target="mean_prob")
    result = llm.attribute(inp, "tea")
    v = {
        keep: np.exp(one_by_one(model, inp, list(keep), torch.tensor(list(b"tea")))).mean()
        for keep in itertools.product([False, True], repeat=3)
    }
    chosen = ()
    for region in result.explanation.order:  # greedy, by the sum of both scores

        def worth(i, chosen=chosen):
            keep = tuple(j in (*chosen, i) for j in range(3))
            return v[keep] + 1 - v[tuple(not k for k in keep)]

        assert region == max((i for i in range(3) if i not in chosen), key=worth)
        chosen += (int(region),)
    assert result.seq_attr.argmax() == result.explanation.order[0]
    own = LiMA(model, weights={"consistency": 3})
    assert LLMAttribution(own, Bytes()).attr_method.weights == {"consistency": 3}
    assert own.forward_func is model, "the caller's method stays as it was"


def test_each_token_has_its_own_explanation():
    model, inp = seeded(llama).eval(), template()
    llm = LLMAttribution(LiMA(model, search="greedy"), Bytes())
    plain = llm.attribute(inp, "tea")
    result = llm.attribute(inp, "tea", per_token=True)
    assert plain.token_attr is None
    assert torch.equal(plain.seq_attr, result.seq_attr)
    assert result.token_attr.shape == (3, 3)
    answer = torch.tensor(list(b"tea"))
    whole = one_by_one(model, inp, [True] * 3, answer)
    np.testing.assert_allclose(result.output_probs, np.exp(whole), rtol=1e-4)
    for i, one in enumerate(result.token_explanations):
        assert one.curves.insertion[-1] == pytest.approx(whole[i], rel=1e-4)
        first = int(one.order[0])
        keep = [j == first for j in range(3)]
        expected = one_by_one(model, inp, keep, answer)[i]
        assert one.curves.insertion[1] == pytest.approx(expected, rel=1e-4)
    # All four searches together see each prompt once: 2³ of them, and the checks.
    assert result.model_inputs < plain.model_inputs + 8
    result.plot_token_attr()
    signed = llm.attribute(inp, "tea", signed=True)
    np.testing.assert_allclose(signed.seq_attr, result.explanation.gains, rtol=1e-5)


@pytest.mark.parametrize("target", ["log_prob", "prob", "mean_prob"])
def test_what_made_the_model_say_it_comes_first(target):
    llm = LLMAttribution(LiMA(Planted()), Bytes(), attr_target=target)
    words = llm.attribute(TextTemplateInput("{} {} {}", ["ab", "axxa", "xb"]), "t")
    assert words.explanation.order.tolist() == [1, 2, 0]
    assert words.seq_attr.tolist()[1] == 1
    signed = llm.attribute(TextTokenInput("axb", Bytes(), ord("a")), "t", signed=True)
    assert signed.seq_attr.argmax() == 2
    assert signed.seq_attr[[0, 1, 3]].abs().max() < 1e-6
    seen = llm.attribute(image_input(baseline=(0, 0, 0)), torch.tensor([ord("t")]))
    assert seen.explanation.order[0] == 3


def test_the_regions_are_those_of_the_input():
    image = image_input()
    parts = parts_of(image)
    assert np.array_equal(parts.regions, grid((16, 16), (2, 2)))
    assert parts.sizes.tolist() == [64] * 4
    apart = image_input(mask_list=[torch.eye(16), 1 - torch.eye(16)])
    assert np.array_equal(parts_of(apart).regions, 1 - np.eye(16))
    white = ImageMaskInput(Image.new("RGB", (4, 4), "white"), torch.arange(16).reshape(4, 4) // 8)
    assert parts_of(white).inert.all()
    with pytest.raises(ValueError, match="`inp`"):
        parts_of(ImageMaskInput(Image.new("L", (4, 4))))
    ids = TextTokenInput("a a", Bytes(), baselines=ord("a"), skip_tokens=[START])
    assert parts_of(ids).inert.tolist() == [True, False, True]


def test_an_image_is_explained_and_drawn():
    llm = LLMAttribution(LiMA(seeded(llava).eval()), Bytes())
    result = llm.attribute(image_input(), "tea")
    assert result.input_tokens == [f"image_feature_{i}" for i in range(4)]
    assert result.plot_image_heatmap() is not None
    assert result.explanation.regions.shape == (16, 16)


def test_a_generated_answer_smdl_and_captums_methods():
    model, inp = seeded(gpt2).train(), template()
    llm = LLMAttribution(SMDL(model, k=2), Bytes())
    options = {"max_new_tokens": 3, "do_sample": False, "pad_token_id": 0}
    result = llm.attribute(inp, gen_args=options)
    assert len(result.output_probs) == 3
    assert model.training
    captum = LLMAttribution(FeatureAblation(model.eval()), Bytes())
    ablated = captum.attribute(inp, "tea", use_cached_outputs=False)
    removed = [one_by_one(model, inp, [j != i for j in range(3)], torch.tensor(list(b"tea")))
               for i in range(3)]  # fmt: skip
    whole = one_by_one(model, inp, [True] * 3, torch.tensor(list(b"tea")))
    expected = [whole.sum() - one.sum() for one in removed]
    np.testing.assert_allclose(ablated.seq_attr, expected, rtol=1e-3)
    same = LLMAttribution(LiMA(model, search="greedy"), Bytes()).attribute(inp, "tea")
    assert same.explanation.curves.insertion[-1] == pytest.approx(whole.sum(), rel=1e-4)


class Lookup(RemoteLLMProvider):
    """An API to a model here."""

    api_url = "http://localhost"

    def __init__(self, model, shift=0):
        self.model, self.shift, self.prompts = model, shift, []

    def generate(self, prompt, **_):
        return "tea"

    def get_logprobs(self, input_prompt, target_str, tokenizer=None):
        self.prompts.append(input_prompt)
        ids = tokenizer.encode(input_prompt, return_tensors="pt")
        answer = torch.tensor(list(target_str.encode()))
        rows = log_probabilities(self.model, [{"input_ids": ids}], answer)
        return [*rows[0].tolist(), *[0.0] * self.shift]


def test_a_model_behind_an_api():
    model, inp = seeded(gpt2).eval(), template()
    here = LLMAttribution(LiMA(model, search="greedy"), Bytes()).attribute(inp, "tea")
    method = LiMA(RemoteLLMAttribution.placeholder_model, search="greedy")
    for size in (1, 5):
        provider = Lookup(model)
        remote = RemoteLLMAttribution(method, Bytes(), provider)
        there = remote.attribute(inp, perturbations_per_eval=size)
        assert there.explanation.order.tolist() == here.explanation.order.tolist()
        np.testing.assert_allclose(
            there.explanation.curves.insertion, here.explanation.curves.insertion, rtol=1e-5
        )
        assert len(provider.prompts) == there.model_inputs
    with pytest.raises(ValueError, match="`provider`"):
        RemoteLLMAttribution(method, Bytes(), Lookup(model, 1)).attribute(inp, "tea")
    ablation = FeatureAblation(RemoteLLMAttribution.placeholder_model)
    captum = RemoteLLMAttribution(ablation, Bytes(), Lookup(model)).attribute(inp, "tea")
    assert captum.seq_attr.shape == (3,)


class Looking(nn.Module):
    """A model that looks at all tokens, and at no mask: padding changes its answer."""

    device = torch.device("cpu")

    def forward(self, input_ids, **_):
        hot = nn.functional.one_hot(input_ids % 258, 258).float()
        return type("Output", (), {"logits": hot.sum(1, keepdim=True).expand_as(hot)})


def test_a_model_that_sees_padding_is_refused():
    llm = LLMAttribution(LiMA(Looking()), Bytes())
    with pytest.raises(ValueError, match="`perturbations_per_eval` must be 1"):
        llm.attribute(template(), "tea")
    assert llm.attribute(template(), "tea", perturbations_per_eval=1)


class NoStart(Bytes):
    def encode(self, text, add_special_tokens=True, return_tensors=None):
        return super().encode(text, False, return_tensors)


def calls(**given):
    llm = LLMAttribution(LiMA(seeded(gpt2)), Bytes())
    return llm.attribute(**{"inp": template(), "target": "tea"} | given)


BAD = {
    "a text": (lambda: calls(inp="a prompt"), "inp"),
    "a number": (lambda: calls(target=3), "target"),
    "nothing": (lambda: calls(target=""), "target"),
    "fractions": (lambda: calls(target=torch.tensor([0.5])), "target"),
    "options of generation": (lambda: calls(gen_args={"max_new_tokens": 3}), "gen_args"),
    "trials": (lambda: calls(num_trials=0), "num_trials"),
    "callback": (lambda: calls(_inspect_forward=print), "_inspect_forward"),
    "size": (lambda: calls(perturbations_per_eval=0), "perturbations_per_eval"),
    "flag": (lambda: calls(per_token="yes"), "per_token"),
    "score": (lambda: LLMAttribution(LiMA(Looking()), None, attr_target="odds"), "attr_target"),
    "mean of Captum's": (
        lambda: LLMAttribution(FeatureAblation(Looking()), None, attr_target="mean_prob"),
        "attr_target",
    ),
    "features": (
        lambda: LLMAttribution(LiMA(Looking(), weights={"effectiveness": 1}), None), "attr_method"
    ),
    "confidence": (
        lambda: LLMAttribution(LiMA(Looking(), weights={"consistency": 1, "confidence": 1}), None),
        "attr_method",
    ),
    "embeddings": (
        lambda: LLMAttribution(LiMA(Looking(), class_embeddings=torch.eye(2)), None), "attr_method"
    ),
    "regions": (lambda: LLMAttribution(LiMA(Looking(), regions=2), None), "attr_method"),
    "prior": (lambda: LLMAttribution(SMDL(Looking(), prior=torch.ones(2, 2)), None), "attr_method"),
    "autocast": (
        lambda: LLMAttribution(LiMA(Looking(), autocast=torch.bfloat16), None), "attr_method"
    ),
    "no token": (
        lambda: LLMAttribution(LiMA(seeded(gpt2)), NoStart()).attribute(
            TextTemplateInput("{}", ["tea"]), "a", perturbations_per_eval=1
        ),
        "inp",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "name"), BAD.values(), ids=BAD)
def test_bad_arguments(call, name):
    with pytest.raises((TypeError, ValueError), match=f"`{name}`"):
        call()


def test_an_encoder_and_decoder_is_refused():
    model = Looking()
    model.config = type("Config", (), {"is_encoder_decoder": True})
    with pytest.raises(ValueError, match="`attr_method`"):
        LLMAttribution(LiMA(model), Bytes()).attribute(template(), "tea")
