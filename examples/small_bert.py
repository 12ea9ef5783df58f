"""A small BERT with random weights and a tokenizer of its own, for examples that run offline.

It has the architecture, the tokenizer and the conventions of the trained ones. It needs
transformers.
"""

from typing import Any

import torch

WORDS = (
    "a and but cast could ending film first for good good hour is it long never no plot poor slow "
    "so still the this too was we well what who why wonder ##ful ##ly ##s"
)


def load_tokenizer() -> Any:
    """A fast tokenizer: words of a list, pieces of words, and letters for all others."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = [*special, *WORDS.split(), *letters, *("##" + one for one in letters), *".,!?"]
    ids = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"])
    )
    names = {f"{one[1:-1].lower()}_token": one for one in special}
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=inputs, **names)


def load_model() -> Any:
    """A classifier of two classes, BERT with two layers of 32 features."""
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=128,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        num_labels=2,
        initializer_range=0.3,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return BertForSequenceClassification(config).eval()
