"""Language models that see a text without the tokens that were removed."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from submod_core._checks import check_callable
from submod_core.regions.tokenized import check_dropping
from xplique_submod._checks import tensor_of


class DropTextTokens(tf.Module):
    """A language model that sees texts without their removed tokens, instead of a baseline.

    Use it as the model of an explainer of token ids, with `removed` as its `baseline`: no token has
    this id. What is padding is told by its id.

    Parameters
    ----------
    model : callable
        From token ids (N, T) and an attention mask (N, T), both int32, to outputs (N, …).
    pad_id : int
        The tokenizer's id of padding; no other token may have it.
    how : {"delete", "hide"}
        "delete" shows the text that is left, as if it had been written so: tokens move together and
        padding follows. "hide" leaves all tokens at their positions, and sets the attention mask to
        0 where one was removed.
    padding_side : {"right", "left"}
        Where the tokenizer pads.
    removed : int
        The id that stands for a removed token: the explainer's `baseline`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or unknown, or, when called, the ids are not (N, T).

    Notes
    -----
    A text of which no token is left, which has no special tokens either, is shown as one token of
    padding.

    Examples
    --------
    >>> dropping = DropTextTokens(lambda ids, mask: tf.concat([ids, mask], axis=1), pad_id=0)
    >>> dropping(tf.constant([[5.0, -1.0, 7.0, 0.0]])).numpy().tolist()
    [[5, 7, 0, 0, 1, 1, 0, 0]]
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

    def __call__(self, ids: Any) -> Any:
        """The model's outputs (N, …) for token ids (N, T), `removed` where one is removed."""
        ids = tensor_of("ids", ids)
        if ids.shape.rank != 2:
            raise ValueError(f"`ids` (of shape {ids.shape}) must be (N, T)")
        # Xplique's inputs are floats, which hold each id below 2²⁴ exactly.
        ids = tf.cast(tf.round(ids) if ids.dtype.is_floating else ids, tf.int32)
        kept = (ids != self.removed) & (ids != self.pad_id)
        left = self.padding_side == "left"
        if self.how == "delete":
            # The kept tokens of each row in their order, then the others, which become padding.
            places = tf.argsort(tf.cast(kept if left else ~kept, tf.int32), axis=1, stable=True)
            ids, kept = (tf.gather(one, places, axis=1, batch_dims=1) for one in (ids, kept))
        shown = tf.where(kept, ids, self.pad_id)
        return self.model(shown, tf.cast(self._at_least_one(kept), tf.int32))

    def _at_least_one(self, kept: tf.Tensor) -> tf.Tensor:
        """A mask that attends to one place of each row at least: models divide by their number."""
        length = tf.shape(kept)[1]
        edge = tf.range(length) == (length - 1 if self.padding_side == "left" else 0)
        return kept | (edge[None] & ~tf.reduce_any(kept, axis=1, keepdims=True))
