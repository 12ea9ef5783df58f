import pytest
import torch
from captum.attr import TextTokenInput
from torch import nn

from captum_submod import LiMA, LLMAttribution

PATIENCE = {"consistency": 1, "collaboration": 1}


class ToyLanguageModel(nn.Module):
    """Says token 7 next the more often token 3 came before."""

    device = torch.device("cpu")

    def forward(self, input_ids, attention_mask=None, **_):
        logits = torch.zeros(*input_ids.shape, 10)
        logits[..., 7] = (input_ids == 3).float().cumsum(1) * 2 - 3
        return type("Output", (), {"logits": logits})

    def generate(self, *args, **kwargs):
        raise NotImplementedError


class ToyTokenizer:
    def encode(self, text, add_special_tokens=True, return_tensors=None):
        ids = [int(c) for c in text]
        return torch.tensor([ids]) if return_tensors == "pt" else ids

    def convert_ids_to_tokens(self, ids):
        return [str(i) for i in ids] if isinstance(ids, list) else str(ids)

    def convert_tokens_to_ids(self, tokens):
        return [int(t) for t in tokens] if isinstance(tokens, list) else int(tokens)

    def decode(self, ids):
        return "".join(str(int(i)) for i in ids)

    def __call__(self, text, return_offsets_mapping=False, **_):
        ids = self.encode(text)
        return {"input_ids": ids, "offset_mapping": [(i, i + 1) for i in range(len(ids))]}


@pytest.mark.parametrize("target", ["log_prob", "prob"])
def test_lima_explains_a_language_model(target):
    method = LLMAttribution(
        LiMA(ToyLanguageModel(), weights=PATIENCE), ToyTokenizer(), attr_target=target
    )
    prompt = TextTokenInput("1532", ToyTokenizer(), baselines=0)
    result = method.attribute(prompt, target=torch.tensor([7]), use_cached_outputs=False)
    assert result.seq_attr.shape == (4,)
    assert int(result.seq_attr.argmax()) == 2, "the 3 makes the model say 7"
