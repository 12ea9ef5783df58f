"""Blocks of docs/hugging_face.md and docs/language_models.md, run with small random models."""

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import torch
from torch import nn

from captum_submod import LiMA, from_masks
from submod_core import grid

pytest.importorskip("transformers")
hf_models, prompt_models, clip_models = (
    pytest.importorskip(name) for name in ("hf_models", "prompt_models", "clip_models")
)
transformers = hf_models.transformers
Image = pytest.importorskip("PIL.Image")

DOCS = Path(__file__).parent.parent / "docs"
PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))


def blocks(page):
    """Python blocks of a page."""
    found = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert len(found) >= 4
    return found


def run(page, names):
    """Run a page's blocks one after the other."""
    for block in blocks(page):
        exec(compile(block, page, "exec"), names)


class Words:
    """A tokenizer of words between [CLS] and [SEP]."""

    all_special_ids, mask_token_id = (0, 1, 2), 3

    def __call__(self, texts, padding, return_tensors):
        rows = [[1, *(4 + len(word) for word in text.split()), 2] for text in texts]
        width = max(map(len, rows))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
        return transformers.BatchEncoding({"input_ids": ids, "attention_mask": (ids > 0).long()})


class TwoSided(nn.Module):
    def forward(self, *, pixel_values, input_ids):
        return {"logits": pixel_values.mean((2, 3)) + input_ids.float().mean(1, keepdim=True)}


def halves(image):
    """As `pipeline("mask-generation")`."""
    left = np.asarray(image)[..., 0] >= 0
    left[:, left.shape[1] // 2 :] = False
    return {"masks": [left, ~left], "scores": torch.ones(2)}


class Both:
    """A processor of texts and of images, as CLIP's."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    def __call__(self, text=None, images=None, return_tensors="pt", padding=True):
        if images is None:
            return self.tokenizer(text, return_tensors, padding)
        pixels = np.asarray(images.resize((16, 16))) / 127.5 - 1
        return {"pixel_values": torch.from_numpy(pixels).float().movedim(-1, 0)[None]}


@pytest.mark.filterwarnings("ignore:`class_embeddings` has one row:UserWarning")
def test_the_page_of_hugging_face(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    size = {"height": 32, "width": 32}
    clip, tokenizer = clip_models.made(clip_models.clip)
    names = {
        "torch": torch,
        "model": hf_models.random(hf_models.vit),
        "processor": transformers.ViTImageProcessorPil(size=size),
        "image": PICTURE,
        "generator": halves,
        "rows": [{"image": PICTURE, "label": 3}],
        "text_model": hf_models.random(hf_models.bert),
        "tokenizer": Words(),
        "two_sided": TwoSided(),
        "image_and_question": {
            "pixel_values": torch.rand(1, 3, 8, 8),
            "input_ids": torch.tensor([[1, 2]]),
        },
        "clip": clip,
        "clip_processor": Both(tokenizer),
    }
    run("hugging_face.md", names)
    assert (tmp_path / "image.png").stat().st_size > 10_000
    assert set(names["maps"]) == {"input_ids"}
    lima = LiMA(names["model"], regions=names["pixels"].regions(49))
    (one,) = lima.explain(names["inputs"], names["black"], 3, perturbations_per_eval=16)
    assert names["stored"][0].order.tolist() == one.order.tolist()
    assert names["zero_shot"].classes["class_embeddings"].shape == (2, 8)


def test_the_page_of_language_models():
    mpl.use("Agg")
    model = prompt_models.seeded(prompt_models.llama)
    model.eval()
    names = {
        "torch": torch,
        "from_masks": from_masks,
        "model": model,
        "tokenizer": prompt_models.Bytes(),
        "image": PICTURE.resize((16, 16)),
        "masks": [grid((16, 16), (2, 2)) == i for i in range(4)],
        "question": prompt_models.processed,
        "vision_model": prompt_models.seeded(prompt_models.llava),
        "provider": Provider(),
    }
    run("language_models.md", names)
    assert len(names["result"].seq_attr) == 3


class Provider:
    def get_logprobs(self, input_prompt, target_str, tokenizer):
        return [-1.0 / len(input_prompt)] * len(target_str)


@pytest.mark.parametrize("page", ["hugging_face.md", "language_models.md"])
def test_each_job_has_eight_lines_at_most_and_links_exist(page):
    for block in blocks(page):
        lines = [line for line in block.splitlines() if line.strip()]
        assert len(lines) <= 8, block
    for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", (DOCS / page).read_text()):
        assert target.startswith("http") or (DOCS / target).exists(), target
