"""Check that a model's answer for an input depends on that input alone."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from submod_core._types import BoolArray
from submod_core.engine._finite import check_finite
from submod_core.engine._memory import in_fitting_batches
from submod_core.engine.batching import BatchSize
from submod_core.engine.protocol import Oracle, Responses

# Answers differ by rounding where rows change places or kernels; by less than a hundredth of
# themselves, or a ten-thousandth of the largest of the batch, also in half precision.
_RELATIVE, _OF_LARGEST = 0.05, 1e-4


class UnstableModelError(ValueError):
    """Error where a model's answer for an input is another one when it is asked again."""


def whole_answers(
    oracle: Oracle,
    inert: Sequence[BoolArray],
    batch: BatchSize,
    sources: Mapping[str, str],
    on_batch: Callable[[int], object] | None = None,
) -> list[Responses]:
    """Answers to the whole inputs, asked in their own order and, as a check, in the reverse.

    A model whose rows are not those of its arguments (a closure over a tensor with a row for each
    example, batch statistics), or that is random, would be explained wrongly without a word: row i
    of a batch is rarely example i.

    Parameters
    ----------
    oracle, inert, sources, on_batch
        As in `submod_core.engine.drive`.
    batch : BatchSize
        Halved, with a warning, where memory runs out; the searches go on with it.

    Returns
    -------
    list of Responses, each of one row

    Raises
    ------
    UnstableModelError
        If the two answers for an input differ by more than rounding.

    Examples
    --------
    >>> def oracle(examples, keep, features):
    ...     return Responses(target=np.arange(len(examples)) + 0.0)  # of the row, not the input
    >>> whole_answers(oracle, [np.zeros(2, bool)] * 2, BatchSize(8), {})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    submod_core.engine.whole.UnstableModelError: `model` answers 0 for the whole example 0, and 1 \
when the examples are asked in another order: ...
    """
    order = list(range(len(inert)))
    asked = partial(_asked, oracle, inert, batch, sources, on_batch)
    own, again = asked(order), asked(order[::-1])[::-1]
    _check_alike(own, again, sources.get("target", "model"))
    return own


def _asked(
    oracle: Oracle,
    inert: Sequence[BoolArray],
    batch: BatchSize,
    sources: Mapping[str, str],
    on_batch: Callable[[int], object] | None,
    order: Sequence[int],
) -> list[Responses]:
    """One answer for each of some examples with all regions kept, in their order."""
    width = max(len(mask) for mask in inert)

    def answers(some: slice) -> list[Responses]:
        examples = np.array(order[some], dtype=np.intp)
        keep = np.zeros((len(examples), width), dtype=bool)
        for row, example in enumerate(examples):
            keep[row, : len(inert[example])] = ~inert[example]
        answer = oracle(examples, keep, False)
        responses = answer() if callable(answer) else answer
        check_finite(examples, keep, responses, sources)
        if on_batch is not None:
            on_batch(len(examples))
        return [responses[i : i + 1] for i in range(len(examples))]

    return [row for rows in in_fitting_batches(len(order), batch, answers) for row in rows]


def _check_alike(own: Sequence[Responses], again: Sequence[Responses], source: str) -> None:
    """Raise UnstableModelError where two answers for one input are not the same."""
    first, second = (np.concatenate([row.target for row in rows]) for rows in (own, again))
    apart = np.abs(first - second) > _RELATIVE * np.abs(first) + _OF_LARGEST * np.abs(first).max()
    if not apart.any():
        return
    i = int(apart.argmax())
    raise UnstableModelError(
        f"`{source}` answers {first[i]:.4g} for the whole example {i}, and {second[i]:.4g} when "
        "the examples are asked in another order: a row of its output must depend on the same row "
        "of its arguments alone. Tensors with a row for each example must be arguments of the "
        "model, not taken from around it, and nothing in it may be random (dropout, noise) or "
        "depend on the batch (batch statistics)"
    )
