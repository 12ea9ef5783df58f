"""Small language models with random weights, a tokenizer of bytes, and prompts."""

import numpy as np
import pytest
import torch
from captum.attr import ImageMaskInput, TextTemplateInput, TextTokenInput
from torch import nn

from submod_core import grid

transformers = pytest.importorskip("transformers")
Image = pytest.importorskip("PIL.Image")

SIZES = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
SIZES |= {"num_attention_heads": 2}
IMAGE, START = 257, 256


class Bytes:
    """A tokenizer of bytes after a start token."""

    pad_token_id = 0

    def encode(self, text, add_special_tokens=True, return_tensors=None):
        ids = [START] * add_special_tokens + list(text.encode())
        return torch.tensor([ids]) if return_tensors == "pt" else ids

    def decode(self, ids):
        ids = [int(i) for i in (ids if hasattr(ids, "__len__") or torch.is_tensor(ids) else [ids])]
        return bytes(i for i in ids if i < 256).decode(errors="replace")

    def convert_ids_to_tokens(self, ids):
        return [self.decode([i]) for i in ids] if isinstance(ids, list) else self.decode([ids])

    def convert_tokens_to_ids(self, tokens):
        return [ord(t) for t in tokens] if isinstance(tokens, list) else ord(tokens)

    def __call__(self, text, return_offsets_mapping=False, add_special_tokens=True, **_):
        ids = self.encode(text, add_special_tokens)
        first = int(add_special_tokens)
        spans = [(0, 0)] * first + [(i, i + 1) for i in range(len(ids) - first)]
        return {"input_ids": ids, "offset_mapping": spans}


def seeded(make):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = make()
        for parameter in model.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.3)
    return model


def gpt2():
    config = transformers.GPT2Config(vocab_size=258, n_embd=16, n_layer=2, n_head=2, n_positions=64)
    return transformers.GPT2LMHeadModel(config)


def llama():
    config = transformers.LlamaConfig(vocab_size=258, max_position_embeddings=64, **SIZES)
    return transformers.LlamaForCausalLM(config)


def llava():
    config = transformers.LlavaConfig(
        text_config=transformers.LlamaConfig(vocab_size=258, max_position_embeddings=64, **SIZES),
        vision_config=transformers.CLIPVisionConfig(image_size=16, patch_size=8, **SIZES),
        image_token_id=IMAGE, vision_feature_layer=-1,
    )  # fmt: skip
    return transformers.LlavaForConditionalGeneration(config)


def processed(image):
    """As a processor of images and texts: four image tokens, then a question."""
    pixels = torch.from_numpy(np.array(image)).float().movedim(-1, 0)[None] / 127.5 - 1
    ids = torch.tensor([[START, *[IMAGE] * 4, *b"what?"]])
    return {"pixel_values": pixels, "input_ids": ids, "attention_mask": torch.ones_like(ids)}


def image_input(**options):
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    given = {"mask": torch.from_numpy(grid((16, 16), (2, 2)))} | options
    return ImageMaskInput(Image.fromarray(picture), processor_fn=processed, **given)


def template():
    values = ["Bob", "a very long word indeed", "tea"]
    return TextTemplateInput("{} said {} of {}.", values, mask=None)


class Planted(nn.Module):
    """Says "t" the more often it read "x", or the redder the lower right of the image is."""

    device = torch.device("cpu")

    def forward(self, input_ids, attention_mask, pixel_values=None):
        logits = torch.zeros(*input_ids.shape, 258)
        logits[..., ord("t")] = (input_ids == ord("x")).float().cumsum(1) - 1
        if pixel_values is not None:
            logits[..., ord("t")] += 9 * pixel_values[:, 0, 8:, 8:].mean((1, 2))[:, None]
        return type("Output", (), {"logits": logits})


def one_by_one(model, inp, keep, answer):
    """Log-probabilities of the answer's tokens, one prompt and one token at a time."""
    dtype = torch.long if isinstance(inp, TextTokenInput) else torch.float
    given = inp.to_model_input(torch.tensor(keep)[None].to(dtype))
    if isinstance(given, str):
        given = Bytes().encode(given, return_tensors="pt")
    given = dict(given) if isinstance(given, dict) else {"input_ids": given}
    found = []
    for token in answer.tolist():
        given["attention_mask"] = torch.ones_like(given["input_ids"])
        with torch.no_grad():
            logits = model(**given).logits[0, -1]
        found.append(float(logits.log_softmax(0)[token]))
        given["input_ids"] = torch.cat([given["input_ids"], torch.tensor([[token]])], 1)
    return np.array(found)
