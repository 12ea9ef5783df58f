"""Small models of Hugging Face with random weights."""

import pytest
import torch
from torch import nn

transformers = pytest.importorskip("transformers")


def vit():
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        image_size=32, patch_size=8, num_labels=5,
    )  # fmt: skip
    return transformers.ViTForImageClassification(config)


def swin():
    config = transformers.SwinConfig(
        image_size=32, patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4,
        num_labels=5,
    )  # fmt: skip
    return transformers.SwinForImageClassification(config)


def convnext():
    config = transformers.ConvNextConfig(depths=[1, 1], hidden_sizes=[8, 16], num_labels=5)
    config.num_stages = 2
    return transformers.ConvNextForImageClassification(config)


def bert():
    config = transformers.BertConfig(
        vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, num_labels=3,
    )  # fmt: skip
    return transformers.BertForSequenceClassification(config)


def seeded(make, scale=None):
    """A model with random weights from a seed, its matrices as wide as `scale` says."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = make()
        for parameter in model.parameters():
            if scale is not None and parameter.dim() == 2:
                nn.init.normal_(parameter, std=scale)
    return model


def random(make, scale=0.5):
    """A model with random weights from a seed, not flat, in evaluation mode."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = make().eval()
        for name, parameter in model.named_parameters():
            if "classifier" in name:
                nn.init.normal_(parameter, std=scale)
    return model
