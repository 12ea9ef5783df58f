"""Small CLIP and SigLIP with random weights, and a tokenizer of words."""

import pytest
import torch
from torch import nn

transformers = pytest.importorskip("transformers")

WORDS = ["<pad>", "<start>", "<end>", "a", "photo", "of", "cat", "dog", "red", "car"]


class Tokenizer:
    """Words to tokens, between a start and an end, which is also the padding."""

    def __init__(self, end=2, pad=2, length=7):
        self.all_special_ids = [0, 1, 2, end]
        self.eos_token_id, self.pad, self.length = end, pad, length

    def __call__(self, text, return_tensors, padding):
        rows = [
            [1, *(WORDS.index(word) for word in one.split()), self.eos_token_id] for one in text
        ]
        width = self.length if padding == "max_length" else max(map(len, rows))
        ids = torch.tensor([row + [self.pad] * (width - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
        return {"input_ids": ids} | ({} if padding == "max_length" else {"attention_mask": mask})


def clip():
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    small |= {"num_attention_heads": 2}
    text = small | {"vocab_size": 11, "max_position_embeddings": 7, "eos_token_id": 10}
    config = transformers.CLIPConfig(
        text_config=text | {"bos_token_id": 1, "pad_token_id": 10},
        vision_config=small | {"image_size": 16, "patch_size": 4}, projection_dim=8,
    )  # fmt: skip
    return transformers.CLIPModel(config)


def siglip():
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    small |= {"num_attention_heads": 2}
    config = transformers.SiglipConfig(
        text_config=small | {"vocab_size": 10, "max_position_embeddings": 7, "projection_size": 16},
        vision_config=small | {"image_size": 16, "patch_size": 4},
    )  # fmt: skip
    return transformers.SiglipModel(config)


def made(make):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = make().eval()
        for parameter in model.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.3)
    return model, Tokenizer(10, pad=10) if make is clip else Tokenizer(2, pad=0)
