"""Oracle with a memory, for several searches about the same inputs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from submod_core._types import BoolArray, IntArray
from submod_core.engine.protocol import Oracle, Responses

Key = tuple[int, bytes]


class Remembering:
    """Oracle that asks another one, and remembers its answers.

    As long as `answers` is False everything is asked: the check that a model answers alike when it
    is asked again has to ask again.

    Parameters
    ----------
    oracle : Oracle

    Attributes
    ----------
    answers : bool
        Whether rows that are known are answered from memory.
    images : dict of int to int
        Images that the oracle was asked for by example, since `answers` is True.

    Examples
    --------
    >>> def oracle(examples, keep, features):
    ...     print("asked for", len(keep))
    ...     return Responses(target=keep.sum(1) / 2)
    >>> memory = Remembering(oracle)
    >>> _ = memory(np.array([0]), np.array([[True, True]]), False)
    asked for 1
    >>> memory.answers = True
    >>> memory(np.array([0, 0]), np.array([[True, False], [True, True]]), False).target
    asked for 1
    array([0.5, 1. ])
    """

    def __init__(self, oracle: Oracle) -> None:
        self.oracle, self.answers = oracle, False
        self.images: dict[int, int] = {}
        self._known: dict[Key, tuple[Any, ...]] = {}
        self._kind: type[Responses] = Responses

    def __call__(self, examples: IntArray, keep: BoolArray, features: bool) -> Responses:
        """See `Oracle`; the answer is waited for."""
        packed = np.packbits(keep, axis=1)
        keys = [
            (int(example), row.tobytes()) for example, row in zip(examples, packed, strict=True)
        ]
        if not self.answers:
            return self._asked(keys, examples, keep, features)
        # The first row of each subset that is not known, or not with its features.
        missing: dict[Key, int] = {}
        for i, key in enumerate(keys):
            if self._lacks(key, features):
                missing.setdefault(key, i)
        if rows := list(missing.values()):
            self._asked([keys[i] for i in rows], examples[rows], keep[rows], features)
            for i in rows:
                self.images[keys[i][0]] = self.images.get(keys[i][0], 0) + 1
        columns = zip(*(self._known[key] for key in keys), strict=True)
        stacked: list[Any] = [
            None if any(value is None for value in column) else np.array(column)
            for column in columns
        ]
        return self._kind(*stacked)

    def _lacks(self, key: Key, features: bool) -> bool:
        known = self._known.get(key)
        return known is None or (features and known[self._kind.names().index("features")] is None)

    def _asked(
        self, keys: Sequence[Key], examples: IntArray, keep: BoolArray, features: bool
    ) -> Responses:
        """Ask the oracle, and remember its answers."""
        answer = self.oracle(examples, keep, features)
        responses = answer() if callable(answer) else answer
        self._kind = type(responses)
        columns = [getattr(responses, name) for name in responses.names()]
        for i, key in enumerate(keys):
            row = tuple(None if column is None else column[i] for column in columns)
            # An answer without features must not replace one with them.
            known = self._known.get(key, row)
            self._known[key] = tuple(
                old if new is None else new for old, new in zip(known, row, strict=True)
            )
        return responses
