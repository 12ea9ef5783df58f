"""Check that a model's answer for an input depends on that input alone."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

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
    """Answers to the whole inputs and to nothing kept, after a check of the former.

    The whole inputs are asked in their own order and, as a check, in the reverse, each beside
    itself with nothing kept. A model whose rows are not those of its arguments (a closure over a
    tensor with a row for each example, batch statistics), or that is random, would be explained
    wrongly without a word: row i of a batch is rarely example i. In batches of one image there are
    no other rows.

    Parameters
    ----------
    oracle, inert, sources, on_batch
        As in `submod_core.engine.drive`.
    batch : BatchSize
        Halved, with a warning, where memory runs out; the searches go on with it.

    Returns
    -------
    list of Responses, each of two rows
        For each input, whole and with nothing kept.

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
    submod_core.engine.whole.UnstableModelError: `model` answers 0 for the whole example 0, and 2 \
when it is asked in another order, beside others: ...
    """
    asked = partial(_asked, oracle, inert, batch, sources, on_batch)
    own = asked([(example, True) for example in range(len(inert))])
    reverse = range(len(inert))[::-1]
    again = asked([(example, whole) for example in reverse for whole in (True, False)])
    _check_alike(own, again[::2][::-1], sources.get("target", "model"))
    return [_joined(*rows) for rows in zip(own, again[1::2][::-1], strict=True)]


def _asked(
    oracle: Oracle,
    inert: Sequence[BoolArray],
    batch: BatchSize,
    sources: Mapping[str, str],
    on_batch: Callable[[int], object] | None,
    rows: Sequence[tuple[int, bool]],
) -> list[Responses]:
    """One answer for each of some examples, with all regions kept or none, in their order."""
    width = max(len(mask) for mask in inert)

    def answers(some: slice) -> list[Responses]:
        examples = np.array([example for example, _ in rows[some]], dtype=np.intp)
        keep = np.zeros((len(examples), width), dtype=bool)
        for row, (example, whole) in zip(keep, rows[some], strict=True):
            row[: len(inert[example])] = ~inert[example] & whole
        answer = oracle(examples, keep, False)
        responses = answer() if callable(answer) else answer
        check_finite(examples, keep, responses, sources)
        if on_batch is not None:
            on_batch(len(examples))
        return [responses[i : i + 1] for i in range(len(examples))]

    return [row for answered in in_fitting_batches(len(rows), batch, answers) for row in answered]


def _joined(first: Responses, second: Responses) -> Responses:
    """The rows of two answers, one after the other; a field that one lacks is None."""
    columns: list[Any] = []
    for name in first.names():
        pair = getattr(first, name), getattr(second, name)
        columns.append(None if any(one is None for one in pair) else np.concatenate(pair))
    return type(first)(*columns)


def _check_alike(own: Sequence[Responses], again: Sequence[Responses], source: str) -> None:
    """Raise UnstableModelError where two answers for one input are not the same."""
    first, second = (np.concatenate([row.target for row in rows]) for rows in (own, again))
    apart = np.abs(first - second) > _RELATIVE * np.abs(first) + _OF_LARGEST * np.abs(first).max()
    if not apart.any():
        return
    i = int(apart.argmax())
    raise UnstableModelError(
        f"`{source}` answers {first[i]:.4g} for the whole example {i}, and {second[i]:.4g} when "
        "it is asked in another order, beside others: a row of its output must depend on "
        "the same row of its arguments alone. Tensors with a row for each example must be "
        "arguments of the model, not taken from around it, and nothing in it may be random "
        "(dropout, noise) or depend on the batch (batch statistics)"
    )
