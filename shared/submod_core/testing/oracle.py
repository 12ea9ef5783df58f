"""Conformance of an oracle, for whoever writes a host."""

from collections.abc import Callable, Sequence

import numpy as np

from submod_core._checks import check_amount, check_callable, check_count, check_type
from submod_core._types import BoolArray, IntArray
from submod_core.engine import Oracle, Responses
from submod_core.regions import GroundSet


def check_oracle(
    oracle: Oracle,
    sets: Sequence[GroundSet],
    *,
    reference: Callable[[int, BoolArray], float] | None = None,
    seed: int = 0,
    atol: float = 1e-5,
) -> None:
    """Assert all that a host's oracle must hold for its inputs.

    Its answers have one finite row for each subset; a row does not depend on the rows beside it,
    on their order, nor on the padding of inputs with fewer regions; the features come where they
    are asked for, and change nothing else; a region that equals the baseline changes nothing; the
    arguments stay as they are.

    Parameters
    ----------
    oracle : Oracle
    sets : sequence of GroundSet
        One for each of the oracle's inputs; several, of different numbers of regions, test most.
    reference : callable, optional
        The target's score of an input, by its number, with only some regions (n,) kept: computed in
        another way than the oracle does.
    seed : int
        Of the random subsets.
    atol : float
        Differences up to it are rounding.

    Raises
    ------
    AssertionError
        If one of these does not hold.
    TypeError, ValueError
        If an argument is of the wrong type.

    Examples
    --------
    >>> x, weights = np.array([[1.0, 2.0, 1.0]]), np.array([1.0, -1.0, 3.0])
    >>> def oracle(examples, keep, features):
    ...     kept = np.where(keep, x[examples], 0)
    ...     return Responses(target=kept @ weights, features=kept if features else None)
    >>> ground_set = GroundSet(np.arange(3), np.ones(3), np.zeros(3, bool))
    >>> check_oracle(oracle, [ground_set], reference=lambda i, keep: (x[i] * keep) @ weights)
    """
    check_callable("oracle", oracle)
    check_type("sets", sets, Sequence, "a sequence of GroundSet")
    if not sets:
        raise ValueError("`sets` must have a GroundSet for each input, of at least one")
    for ground_set in sets:
        check_type("sets", ground_set, GroundSet, "a sequence of GroundSet")
    if reference is not None:
        check_callable("reference", reference)
    check_count("seed", seed, least=0)
    check_amount("atol", atol)
    rng = np.random.default_rng(seed)
    examples, keep = _rows(sets, rng)
    before = examples.copy(), keep.copy()
    together = _ask(oracle, examples, keep, features=False)
    same = np.array_equal(examples, before[0]) and np.array_equal(keep, before[1])
    assert same, "the arguments must stay as they are"
    _check_form(together, len(keep), features=False)

    again = _ask(oracle, examples, keep, features=False)
    _check_equal(together, again, 0, "the answers must be the same when asked again")
    backwards = _ask(oracle, examples[::-1].copy(), keep[::-1].copy(), features=False)
    _check_equal(together, backwards[::-1], atol, "a row must not depend on those beside it")
    for i in (0, len(keep) // 2, len(keep) - 1):
        # Alone, and without the columns that only pad the inputs of fewer regions.
        own = keep[i : i + 1, : len(sets[examples[i]].sizes)]
        alone = _ask(oracle, examples[i : i + 1], np.ascontiguousarray(own), features=False)
        _check_equal(together[i : i + 1], alone, atol, "a row alone must be what it is in a batch")

    with_features = _ask(oracle, examples, keep, features=True)
    _check_form(with_features, len(keep), features=True)
    _check_equal(together, with_features, atol, "asking for features must change nothing else")

    inert = np.stack([np.pad(s.inert, (0, keep.shape[1] - len(s.inert))) for s in sets])
    without = _ask(oracle, examples, keep & ~inert[examples], features=False)
    _check_equal(together, without, atol, "a region that equals the baseline must change nothing")

    if reference is not None:
        rows = zip(examples, keep, strict=True)
        expected = [reference(int(i), row[: len(sets[i].sizes)]) for i, row in rows]
        assert np.allclose(together.target, expected, atol=atol), (
            "the target's score must be that of the reference"
        )


def _rows(sets: Sequence[GroundSet], rng: np.random.Generator) -> tuple[IntArray, BoolArray]:
    """Nothing, everything, single regions and random subsets of each input, in a random order."""
    width = max(len(ground_set.sizes) for ground_set in sets)
    examples, rows = [], []
    for index, ground_set in enumerate(sets):
        n = len(ground_set.sizes)
        subsets = np.concatenate(
            [np.zeros((1, n)), np.ones((1, n)), np.eye(n)[:3], rng.random((6, n)) < 0.5]
        )
        rows.append(np.pad(subsets.astype(bool), [(0, 0), (0, width - n)]))
        examples.append(np.full(len(subsets), index, dtype=np.intp))
    order = rng.permutation(sum(map(len, rows)))
    return np.concatenate(examples)[order], np.concatenate(rows)[order]


def _ask(oracle: Oracle, examples: IntArray, keep: BoolArray, features: bool) -> Responses:
    answer = oracle(examples, keep, features)
    responses = answer() if callable(answer) else answer
    assert isinstance(responses, Responses), (
        "an oracle must return Responses, or a function of them"
    )
    return responses


def _check_form(responses: Responses, n_rows: int, features: bool) -> None:
    target, confidence = np.asarray(responses.target), responses.confidence
    assert target.shape == (n_rows,), "there must be one score for each row"
    assert target.dtype == np.float64, "scores must be float64"
    for name in responses.names():
        array = getattr(responses, name)
        if array is not None:
            assert len(array) == n_rows, f"`{name}` must have one entry for each row"
            assert np.isfinite(array).all(), f"`{name}` must be finite"
    if confidence is not None:
        within = (confidence >= -1e-6).all() and (confidence <= 1 + 1e-6).all()
        assert within, "the confidence must be in [0, 1]"
    if features:
        vectors = responses.features
        assert vectors is not None, "features must come where they are asked for"
        assert np.ndim(vectors) == 2, "features must be (B, d)"


def _check_equal(one: Responses, other: Responses, atol: float, rule: str) -> None:
    for name in one.names():
        left, right = getattr(one, name), getattr(other, name)
        if name == "features" or left is None:
            continue
        assert right is not None, f"{rule} (`{name}`)"
        assert np.allclose(left, right, atol=atol, rtol=0), f"{rule} (`{name}`)"
