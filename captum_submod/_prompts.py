"""Prompts: the answer's probability under many masked prompts, in one forward pass."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from captum.attr import ImageMaskInput, TextTemplateInput, TextTokenInput
from torch import Tensor

from captum_submod._memory import memory_errors
from submod_core._types import AnyArray, BoolArray, FloatArray
from submod_core.engine import Responses
from submod_core.regions import GroundSet

ANSWERS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "log_prob": lambda rows: rows.sum(axis=1),
    "prob": lambda rows: np.exp(rows.sum(axis=1)),
    "mean_prob": lambda rows: np.exp(rows).mean(axis=1),
}
"""Scores of an answer (B,) from the log-probabilities of its tokens (B, t)."""

Prompts = Sequence[Any]
Ask = Callable[[Prompts], FloatArray]
"""From prompts, as the model takes them, to the log-probabilities of an answer's tokens, (B, t)."""


@dataclass
class PromptOracle:
    """Oracle of one prompt: example 0 is its whole answer, and example i the answer's i-th token.

    Attributes
    ----------
    ask : callable
        See `Ask`.
    masked : callable
        From kept parts (n,) to a prompt as the model takes it.
    score : str
        A key of `ANSWERS`.
    asked : int
        Prompts that went through the model.
    """

    ask: Ask
    masked: Callable[[BoolArray], Any]
    score: str
    asked: int = 0
    _known: dict[bytes, FloatArray] = field(default_factory=dict)

    def __call__(self, examples: AnyArray, keep: BoolArray, features: bool) -> Responses:
        """Answer as `submod_core.Oracle` documents."""
        with memory_errors():
            rows = self.log_probabilities(keep)
        token = np.maximum(examples - 1, 0)
        one = rows[np.arange(len(rows)), token][:, None]
        score = ANSWERS[self.score]
        return Responses(np.where(examples == 0, score(rows), score(one)))

    def log_probabilities(self, keep: BoolArray) -> FloatArray:
        """Log-probabilities of the answer's tokens under each masked prompt, (B, t)."""
        keys = [row.tobytes() for row in keep]
        # The whole prompt is asked anew each time, so that a random model is found.
        wanted = {
            key: row
            for key, row in zip(keys, keep, strict=True)
            if row.all() or key not in self._known
        }
        if wanted:
            found = self.ask([self.masked(row) for row in wanted.values()])
            self.asked += len(wanted)
            self._known |= dict(zip(wanted, found, strict=True))
        return np.stack([self._known[key] for key in keys])


def parts_of(inp: Any) -> GroundSet:
    """The ground set of one of Captum's inputs: its parts, their sizes, and those without effect.

    The label map is over the pixels of an image, the values of a template, or the tokens. Parts of
    an image that overlap have one element each.

    Examples
    --------
    >>> parts_of(TextTemplateInput("{} or {}?", ["tea", ""])).inert
    array([False,  True])
    """
    n = int(inp.n_itp_features)
    if isinstance(inp, ImageMaskInput):
        return _parts_of_image(inp, n)
    if isinstance(inp, TextTemplateInput):
        labels = np.array(inp.formatted_mask if inp.mask else range(n), dtype=np.intp)
        given = None if callable(inp.baselines) else inp.baselines
        same = np.array([given is not None and v == given[i] for i, v in enumerate(inp.values)])
    else:
        labels, same = np.arange(n), (inp.itp_tensor[0] == inp.baselines).cpu().numpy()
    inert = np.array([bool(same[labels == part].all()) for part in range(n)])
    return GroundSet(labels, np.bincount(labels, minlength=n).astype(np.float64), inert)


def _parts_of_image(inp: Any, n: int) -> GroundSet:
    masks = [np.asarray(mask.cpu()).astype(bool) for mask in inp.get_mask_list()]
    picture, colour = np.array(inp.image), np.array(inp.baseline)
    if picture.ndim != 3 or picture.shape[2] != len(colour):
        raise ValueError(
            f"`inp` (an image of mode {inp.image.mode!r}) must have the {len(colour)} channels of "
            "its baseline: convert it by `image.convert('RGB')`"
        )
    sizes = np.array([mask.sum() for mask in masks], dtype=np.float64)
    inert = np.array([bool((picture[mask] == colour).all()) for mask in masks])
    if sum(mask.astype(int) for mask in masks).max() > 1:  # type: ignore[union-attr]
        return GroundSet(np.arange(n), sizes, inert)
    labels = np.full(masks[0].shape, -1, dtype=np.intp)
    for part, mask in enumerate(masks):
        labels[mask] = part
    return GroundSet(labels, sizes, inert)


def masked_by(inp: Any, device: torch.device | str) -> Callable[[BoolArray], Any]:
    """The function from kept parts to the prompt that one of Captum's inputs makes of them."""
    tokens = isinstance(inp, TextTokenInput)

    def masked(keep: BoolArray) -> Any:
        row = torch.from_numpy(keep.astype(np.int64 if tokens else np.float32))[None].to(device)
        return inp.to_model_input(row)

    return masked


@torch.no_grad()
def log_probabilities(
    model: Any, prompts: Sequence[Mapping[str, Any]], answer: Tensor
) -> FloatArray:
    """Log-probabilities (B, t) of the tokens of an answer (t,) after each of B prompts.

    Prompts of different lengths are padded on the right, where a causal model does not look.

    Raises
    ------
    ValueError
        If a prompt has no token, or its entries cannot be padded.
    """
    answer = answer.reshape(-1)
    rows: list[FloatArray] = [np.empty(0)] * len(prompts)
    for group in _alike(prompts).values():
        inputs, lengths = _padded([prompts[i] for i in group], answer)
        logits = model(**inputs).logits
        logits = logits[:, 0] if logits.dim() == 4 else logits
        if logits.dim() != 3 or logits.shape[1] != inputs["input_ids"].shape[1]:
            raise ValueError(
                f"`attr_method` has a model that gives logits of shape {tuple(logits.shape)} for "
                f"tokens of shape {tuple(inputs['input_ids'].shape)}; there must be a row for each"
            )
        # The logits before each token of the answer: those of its last prompt token, and so on.
        steps = torch.arange(len(answer), device=logits.device)
        places = torch.tensor(lengths, device=logits.device)[:, None] - 1 + steps
        chosen = logits.gather(1, places[..., None].expand(-1, -1, logits.shape[2]))
        found = chosen.float().log_softmax(-1)
        tokens = answer.to(found.device).expand(len(group), -1)[..., None]
        for i, row in zip(group, found.gather(2, tokens)[..., 0].double().cpu(), strict=True):
            rows[i] = row.numpy()
    return np.stack(rows)


def _alike(prompts: Sequence[Mapping[str, Any]]) -> dict[Any, list[int]]:
    """Prompts that fit into one batch: of the same entries, alike but in the number of tokens."""
    groups: dict[Any, list[int]] = {}
    for i, prompt in enumerate(prompts):
        length = prompt["input_ids"].shape[1]
        kind = tuple((name, _kind(value, length)) for name, value in sorted(prompt.items()))
        groups.setdefault(kind, []).append(i)
    return groups


def _kind(value: Any, length: int) -> Any:
    if not isinstance(value, Tensor):
        return repr(value)
    if _per_token(value, length):
        return ("tokens", tuple(value.shape[2:]), value.dtype)
    return (tuple(value.shape[1:]) if value.dim() else float(value), value.dtype)


def _per_token(value: Tensor, length: int) -> bool:
    return value.dim() >= 2 and tuple(value.shape[:2]) == (1, length)


def _padded(
    prompts: Sequence[Mapping[str, Any]], answer: Tensor
) -> tuple[dict[str, Any], list[int]]:
    """Inputs of the model for prompts that are alike, and the answer after each; their lengths."""
    lengths = [prompt["input_ids"].shape[1] for prompt in prompts]
    if not min(lengths):
        raise ValueError(
            "`inp` leaves a prompt without any token where all its parts are removed; there must "
            "be one, such as a start token, before the answer"
        )
    width = max(lengths) + len(answer)

    def filled(value: Tensor, after: Tensor | int) -> Tensor:
        """One row (1, width, …): the prompt's values, those of the answer, and zeros."""
        row = value.new_zeros((1, width, *value.shape[2:]))
        n = value.shape[1]
        row[:, :n], row[:, n : n + len(answer)] = value, after
        return row

    made: dict[str, Any] = {}
    for name, first in prompts[0].items():
        values = [prompt[name] for prompt in prompts]
        if name == "attention_mask":
            continue
        if "position" in name:
            raise ValueError(f"`inp` gives {name!r}, which says nothing of the answer's tokens")
        if name == "input_ids":
            made[name] = torch.cat([filled(v, answer.to(v)) for v in values])
        elif isinstance(first, Tensor) and _per_token(first, lengths[0]):
            made[name] = torch.cat([filled(v, 0) for v in values])
        else:
            made[name] = torch.cat(values) if isinstance(first, Tensor) and first.dim() else first
    masks = [
        prompt.get("attention_mask", torch.ones_like(prompt["input_ids"])) for prompt in prompts
    ]
    made["attention_mask"] = torch.cat([filled(mask, 1) for mask in masks])
    return made, lengths
