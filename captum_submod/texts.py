"""Language models that see a text without the tokens that were removed."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from submod_core._checks import check_callable
from submod_core.regions.tokenized import check_dropping


class DropTextTokens(nn.Module):
    """A language model that sees texts without their removed tokens, instead of a baseline.

    Use it as the model of a method that masks token ids, with `removed` as its baseline: no token
    has this id. What `DropTokens` is for the patches of images.

    Parameters
    ----------
    model : callable
        From token ids (N, T) and an attention mask (N, T), both int64, and further arguments to
        outputs (N, …).
    pad_id : int
        The tokenizer's id of padding.
    how : {"delete", "hide"}
        "delete" shows the text that is left, as if it had been written so: tokens move together
        and the text gets shorter, padded to the longest of the batch. "hide" leaves all tokens at
        their positions, and sets the attention mask to 0 where one was removed.
    padding_side : {"right", "left"}
        Where the tokenizer pads: its attribute of that name.
    removed : int
        The id that stands for a removed token: the `baselines` of the method.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or unknown. When called: if the ids are not whole
        numbers (N, T), the attention mask has another shape, or padding is on the other side.

    Notes
    -----
    A text of which no token is left, which has no special tokens either, is shown as one token of
    padding. Further arguments whose first two axes are those of the ids, such as token types, lose
    the same places, and are padded by 0. Give the model's own modules in evaluation mode where
    `model` is a function that calls them.

    Examples
    --------
    >>> seen = []
    >>> def model(ids, mask):
    ...     seen.append((ids.tolist(), mask.tolist()))
    ...     return torch.stack([(ids * mask).sum(1), mask.sum(1)], 1).float()
    >>> dropping = DropTextTokens(model, pad_id=0)
    >>> _ = dropping(torch.tensor([[5, -1, 7, 8], [-1, 6, -1, 0]]))
    >>> seen
    [([[5, 7, 8], [6, 0, 0]], [[1, 1, 1], [1, 1, 0]])]
    >>> from captum_submod import LiMA
    >>> ids, mask = torch.tensor([[2, 9, 7], [3, 4, 0]]), torch.tensor([[1, 1, 1], [1, 1, 0]])
    >>> regions = torch.where(mask == 1, torch.arange(3), -1)
    >>> LiMA(dropping).attribute(ids, -1, 0, mask, regions).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        model: Callable[..., Any],
        pad_id: int,
        how: str = "delete",
        padding_side: str = "right",
        removed: int = -1,
    ) -> None:
        super().__init__()
        check_callable("model", model)
        check_dropping(pad_id, how, padding_side, removed)
        self.model, self.pad_id, self.removed = model, pad_id, removed
        self.how, self.padding_side = how, padding_side

    def extra_repr(self) -> str:
        """The arguments beside the model."""
        return (
            f"pad_id={self.pad_id}, how={self.how!r}, padding_side={self.padding_side!r}, "
            f"removed={self.removed}"
        )

    def forward(self, ids: Tensor, attention_mask: Tensor | None = None, *others: Any) -> Any:
        """The model's outputs (N, …) for token ids (N, T), `removed` where one is removed.

        `attention_mask` (N, T) is 0 for padding; without one nothing is.
        """
        mask = self._mask_of(ids, attention_mask)
        kept = mask & (ids != self.removed)
        if self.how == "hide":
            shown = ids.masked_fill(ids == self.removed, self.pad_id)
            return self.model(shown, _at_least_one(kept, self.padding_side).long(), *others)
        # The kept tokens of each row in their order, then the others, which become padding.
        left = self.padding_side == "left"
        places = (kept if left else ~kept).to(torch.uint8).argsort(dim=1, stable=True)
        length = max(1, int(kept.sum(1).max()))
        places = places[:, -length:] if left else places[:, :length]
        shown = kept.gather(1, places)
        tokens = ids.gather(1, places).masked_fill(~shown, self.pad_id)
        shortened = [_shortened(one, places, shown, ids) for one in others]
        return self.model(tokens, _at_least_one(shown, self.padding_side).long(), *shortened)

    def _mask_of(self, ids: Tensor, attention_mask: Tensor | None) -> Tensor:
        """Whether each place is no padding, (N, T); an error for what are no texts."""
        if not isinstance(ids, Tensor) or ids.is_floating_point() or ids.is_complex():
            raise TypeError("`ids` must be a tensor of whole numbers")
        if ids.dim() != 2 or not ids.numel():
            raise ValueError(f"`ids` (of shape {tuple(ids.shape)}) must be (N, T), with a token")
        if attention_mask is None:
            return torch.ones_like(ids, dtype=torch.bool)
        if not isinstance(attention_mask, Tensor) or attention_mask.shape != ids.shape:
            raise ValueError(f"`attention_mask` must be a tensor shaped like `ids`, {ids.shape}")
        mask: Tensor = attention_mask != 0
        # Padding is one block at the end; a mask that rises along the text has it elsewhere.
        towards = mask.flip(1) if self.padding_side == "left" else mask
        if (towards[:, 1:] & ~towards[:, :-1]).any():
            raise ValueError(
                f"`padding_side` (={self.padding_side!r}) must be where `attention_mask` has zeros"
            )
        return mask


def _at_least_one(shown: Tensor, side: str) -> Tensor:
    """A mask that attends to one place of each row at least: models divide by their number."""
    edge = torch.zeros_like(shown)
    edge[:, -1 if side == "left" else 0] = True
    return shown | (edge & ~shown.any(1, keepdim=True))


def _shortened(argument: Any, places: Tensor, shown: Tensor, ids: Tensor) -> Any:
    """An argument with a value for each token, at the places (N, T') that are shown."""
    if not isinstance(argument, Tensor) or argument.shape[:2] != ids.shape:
        return argument
    beyond = (1,) * (argument.dim() - 2)
    index = places.reshape(*places.shape, *beyond).expand(-1, -1, *argument.shape[2:])
    hidden = ~shown.reshape(*shown.shape, *beyond)
    return argument.gather(1, index).masked_fill(hidden, 0)
