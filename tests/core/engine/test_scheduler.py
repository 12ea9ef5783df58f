"""The scheduler: packing, memory of answers, out-of-memory errors, faults of the model."""

import dataclasses
import threading
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submod_core.engine import (
    BatchSize,
    NonFiniteOutputError,
    OutOfMemoryError,
    Query,
    Responses,
    drive,
)
from submod_core.engine.progress import counting
from submod_core.methods import LiMASettings, explain
from submod_core.regions import GroundSet
from submod_core.scores import Weights, cosine_distance
from submod_core.search import Greedy, Guided, as_search, rank


class ToyOracle:
    """A model that answers with numbers of each subset's own, and remembers what it was shown."""

    def __init__(self, seed=0, n=12, capacity=None):
        rng = np.random.default_rng(seed)
        self.weights, self.vectors = rng.normal(size=(8, n)), rng.normal(size=(8, n, 3))
        self.capacity, self.batches, self.seen = capacity, [], []

    def __call__(self, examples, keep, features):
        if self.capacity is not None and len(keep) > self.capacity:
            raise OutOfMemoryError("too large")
        self.batches.append(len(keep))
        self.seen += [
            (int(e), tuple(np.flatnonzero(row))) for e, row in zip(examples, keep, strict=True)
        ]
        width = keep.shape[1]
        logits = np.array(
            [self.weights[e, :width] @ row for e, row in zip(examples, keep, strict=True)]
        )
        p = 1 / (1 + np.exp(-logits))
        vectors = np.array(
            [
                (self.vectors[e, :width] * row[:, None]).sum(0)
                for e, row in zip(examples, keep, strict=True)
            ]
        )
        return Responses(p, 1 - p * (1 - p), vectors if features else None)


def ground_set(n, inert=()):
    return GroundSet(np.arange(n), np.ones(n), np.isin(np.arange(n), inert))


def run(oracle, sizes, batch_size=16, weights=None, search="bidirectional", inert=(), **budget):
    weights = Weights.of(weights)
    settings = LiMASettings(as_search(search), weights, cosine_distance, **budget)
    return explain(oracle, [ground_set(n, inert) for n in sizes], settings, batch_size=batch_size)


@settings(max_examples=13)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=8),
    batch_size=st.integers(1, 70),
    search=st.sampled_from(["greedy", "bidirectional"]),
    seed=st.integers(0, 99),
)
def test_results_depend_neither_on_the_batch_size_nor_on_the_company(
    sizes, batch_size, search, seed
):
    together = run(ToyOracle(seed), sizes, batch_size, search=search)
    for index, (n, one) in enumerate(zip(sizes, together, strict=True)):

        def alone(examples, keep, features, index=index):
            return ToyOracle(seed)(examples + index, keep, features)

        (single,) = run(alone, [n], batch_size=5, search=search)
        assert one.order.tolist() == single.order.tolist()
        assert np.array_equal(one.curves.objective, single.curves.objective)
        assert one.model_inputs == single.model_inputs


@settings(max_examples=10)
@given(sizes=st.lists(st.integers(1, 10), min_size=1, max_size=4), batch_size=st.integers(1, 40))
def test_the_model_never_sees_the_same_subset_of_the_same_input_twice(sizes, batch_size):
    oracle = ToyOracle()
    found = run(oracle, sizes, batch_size)
    # Whole inputs twice, as a check, and once more with features where they are a single region.
    again = len(sizes) + sizes.count(1)
    assert len(oracle.seen) - again == len(set(oracle.seen))
    assert sum(one.model_inputs for one in found) == len(oracle.seen)
    assert max(oracle.batches) <= batch_size


def test_batches_are_filled_across_inputs():
    oracle = ToyOracle()
    run(oracle, [12] * 8, batch_size=64)
    assert np.mean(np.array(oracle.batches[2:]) == 64) > 0.7


def test_memory_does_not_grow_with_the_inputs():
    def peak(n_inputs, n):
        oracle = lambda examples, keep, features: Responses(keep.mean(1), None, keep[:, :1] + 1.0)  # noqa: E731
        settings = LiMASettings(Greedy(k=40), Weights.of({"consistency": 1}), cosine_distance)
        sets = [ground_set(n)] * n_inputs
        tracemalloc.start()
        try:
            explain(oracle, sets, settings, batch_size=8)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1, 2)  # the first run of a process makes the allocator keep what models free
    assert peak(9, 150) < 1.3 * peak(3, 150)


@settings(max_examples=20)
@given(knee=st.sampled_from([8, 16, 64, 256, 512, 4096]), data=st.data())
def test_auto_ends_at_the_batch_after_which_images_per_second_no_longer_rise(knee, data):
    size = BatchSize("auto")
    for _ in range(60):
        n = data.draw(
            st.sampled_from([size.size, max(1, size.size - 3)])
        )  # partial batches tell nothing
        size.timed(n, n / (min(n, knee) ** 0.5) if n <= knee else 1.2 * n / knee**0.5)
    for _ in range(60):
        size.timed(
            size.size, size.size / min(size.size, knee) ** 0.5 * (1.2 if size.size > knee else 1)
        )
    assert size.size == min(knee, 512)


def test_auto_changes_nothing_but_the_batches():
    expected = run(ToyOracle(), [12] * 6, batch_size=32)
    found = run(oracle := ToyOracle(), [12] * 6, batch_size="auto")
    assert oracle.batches[:3] == [6, 8, 4]
    for a, b in zip(expected, found, strict=True):
        assert np.array_equal(a.order, b.order)
        assert np.array_equal(a.curves.objective, b.curves.objective)


def test_auto_stays_below_what_does_not_fit_into_memory():
    size = BatchSize("auto")
    size.too_large(8)
    for _ in range(9):
        size.timed(size.size, 1.0)
    assert size.size == 4
    oracle = ToyOracle(capacity=5)
    with pytest.warns(RuntimeWarning, match="batch of 8 images; going on with batches of 4"):
        run(oracle, [10, 10], batch_size="auto")
    assert max(oracle.batches) == 4


def test_an_answer_that_was_forgotten_is_asked_for_again(monkeypatch):
    expected = run(ToyOracle(), [12], search="greedy")
    monkeypatch.setattr("submod_core.methods.lima.REMEMBERED", 5)
    (found,) = run(ToyOracle(), [12], search="greedy")
    assert found.order.tolist() == expected[0].order.tolist()
    assert np.array_equal(found.curves.objective, expected[0].curves.objective)
    assert found.model_inputs > expected[0].model_inputs


@pytest.mark.parametrize("search", ["greedy", "guided", "two_sided"])
def test_within_a_budget_no_answer_is_forgotten(search, monkeypatch):
    weights = {"consistency": 1, "collaboration": 1}
    options = {"weights": weights, "search": search, "max_model_inputs": 200}
    (expected,) = run(ToyOracle(), [12], **options)
    monkeypatch.setattr("submod_core.methods.lima.REMEMBERED", 5)
    oracle = ToyOracle()
    (found,) = run(oracle, [12], **options)
    assert found.order.tolist() == expected.order.tolist()
    assert len(oracle.seen) == found.model_inputs == expected.model_inputs <= 200
    # The whole input alone is seen twice, to check that the model answers alike.
    assert len(set(oracle.seen)) == len(oracle.seen) - 1


def test_regions_that_equal_the_baseline_are_never_shown():
    oracle = ToyOracle()
    oracle.weights[:, [2, 5]] = 0
    oracle.vectors[:, [2, 5]] = 0
    plain, spared = run(ToyOracle(), [8]), run(oracle, [8], inert=[2, 5])
    assert not any({2, 5} & set(subset) for _, subset in oracle.seen)
    assert spared[0].model_inputs < plain[0].model_inputs


@pytest.mark.parametrize("score", ["consistency", "collaboration", "confidence", "effectiveness"])
def test_each_score_works_alone_and_costs_only_its_own_questions(score):
    oracle = ToyOracle()
    (one,) = run(oracle, [9], weights={score: 1}, search="greedy")
    assert np.array_equal(one.curves.objective, getattr(one.curves, score))
    sides = {"effectiveness": 0}.get(score, 1)
    prefixes_and_complements = 2 * (9 + 1)
    assert one.model_inputs <= sides * 45 + prefixes_and_complements + 9


def test_memory_runs_out_halves_the_batch_goes_on_and_says_so_once():
    expected = run(ToyOracle(), [10, 10], batch_size=32)
    oracle = ToyOracle(capacity=9)
    with pytest.warns(RuntimeWarning, match="out of memory") as caught:
        found = run(oracle, [10, 10], batch_size=32)
    assert len(caught) == 1
    assert max(oracle.batches) <= 9
    for a, b in zip(expected, found, strict=True):
        assert np.array_equal(a.order, b.order)


def test_memory_that_does_not_even_hold_one_image_is_an_error():
    with pytest.raises(OutOfMemoryError):
        run(ToyOracle(capacity=0), [4], batch_size=4)


def test_a_nan_is_an_error_that_names_the_subset():
    def oracle(examples, keep, features):
        answer = ToyOracle()(examples, keep, features)
        bad = (examples == 1) & keep[:, 3] & (keep.sum(axis=1) == 2)
        return dataclasses.replace(answer, target=np.where(bad, np.nan, answer.target))

    with pytest.raises(
        NonFiniteOutputError, match=r"example 1 with only the regions \[\d, \d\] kept"
    ):
        run(oracle, [6, 6])


def test_dialogues_are_closed_when_the_model_fails():
    closed = []

    def dialogue():
        try:
            yield Query(np.ones((1, 2), bool))
        finally:
            closed.append(True)

    def oracle(examples, keep, features):
        raise KeyError("broken model")

    with pytest.raises(KeyError, match="broken"):
        drive([dialogue(), dialogue()], oracle, inert=[np.zeros(2, bool)] * 2, batch_size=1)
    assert closed == [True, True]


def two_rounds(went_on=None, error=None):
    yield Query(np.array([[True, False], [False, True]]))
    if went_on is not None:
        went_on.set()
    if error is not None:
        raise error
    return (yield Query(np.ones((1, 2), bool))).target


def test_a_question_alone_is_shared_out_evenly_unless_the_best_size_is_still_sought():
    def asking():
        yield Query(np.eye(98, dtype=bool))

    def sizes(batch_size, n_inputs=1):
        oracle = ToyOracle(n=98)
        inert = [np.zeros(98, bool)] * n_inputs
        drive([asking() for _ in range(n_inputs)], oracle, inert=inert, batch_size=batch_size)
        return oracle.batches

    assert sizes(16) == [14] * 7
    assert sizes(49) == [49, 49]
    assert (
        sizes(16, n_inputs=2) == [14] * 3 + [16] * 4 + [15] * 6
    )  # the second begins when less than four batches wait
    assert sizes("auto")[:3] == [8, 8, 8]


def test_dialogues_go_on_while_the_model_works_in_the_callers_thread():
    went_on, threads = threading.Event(), set()

    def oracle(examples, keep, features):
        threads.add(threading.get_ident())
        assert examples[0] == 0 or went_on.wait(timeout=20)
        return Responses(keep.sum(1) + 10.0 * examples)

    dialogues = [two_rounds(went_on), two_rounds(), two_rounds()]
    found = drive(dialogues, oracle, inert=[np.zeros(2, bool)] * 3, batch_size=2, overlap="thread")
    assert [one.result.tolist() for one in found] == [[2.0], [12.0], [22.0]]
    assert threads == {threading.get_ident()}


class Later(ToyOracle):
    """Answers when it is waited for, in the order in which it was asked, as an accelerator does."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.working, self.deepest, self.overlapping = [], 0, 0

    def __call__(self, examples, keep, features):
        answer = super().__call__(examples, keep, features)
        self.working.append(answer)
        self.deepest = max(self.deepest, len(self.working))

        def wait():
            assert self.working.pop(0) is answer
            self.overlapping += bool(self.working)
            return answer

        return wait


@settings(max_examples=13)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=8),
    batch_size=st.one_of(st.integers(1, 70), st.just("auto")),
    capacity=st.sampled_from([None, 3]),
    search=st.sampled_from(["greedy", "bidirectional", "guided"]),
)
@pytest.mark.filterwarnings("ignore:the model ran out of memory:RuntimeWarning")
def test_what_is_answered_later_is_answered_the_same(sizes, batch_size, capacity, search):
    settings = LiMASettings(as_search(search), Weights.of(None), cosine_distance)
    sets = [ground_set(n) for n in sizes]
    oracle, counted = Later(capacity=capacity), []
    found = explain(
        oracle, sets, settings, batch_size=batch_size, overlap="device", on_batch=counted.append
    )
    expected = explain(ToyOracle(), sets, settings, batch_size=16)
    assert oracle.deepest <= 2
    assert not oracle.working
    assert sum(counted) == sum(one.model_inputs for one in found), (
        "rows that fill a batch up are not counted"
    )
    assert batch_size == "auto" or max(oracle.batches) <= batch_size
    for one, other in zip(found, expected, strict=True):
        assert one.order.tolist() == other.order.tolist()
        assert np.array_equal(one.curves.objective, other.curves.objective)
        assert one.model_inputs == other.model_inputs


def test_an_accelerator_always_has_work_while_two_inputs_are_searched():
    oracle = Later()
    settings = LiMASettings(Greedy(), Weights.of(None), cosine_distance)
    explain(oracle, [ground_set(10)] * 4, settings, batch_size=512, overlap="device")
    # The check of the whole inputs and the last answers alone leave it idle.
    assert len(oracle.batches) - oracle.overlapping <= 4
    assert max(oracle.batches[2:6]) <= min(oracle.batches[2:6]) + 1, (
        "the four are shared out evenly between two batches"
    )


def test_an_accelerator_sees_few_shapes():
    settings = LiMASettings(Greedy(), Weights.of(None), cosine_distance)
    sizes = {}
    for overlap in (None, "device"):
        oracle = Later(n=49)
        explain(oracle, [ground_set(49)], settings, batch_size=100, overlap=overlap)
        sizes[overlap] = set(oracle.batches)
    assert len(sizes[None]) > 40
    assert len(sizes["device"]) < 20


def test_one_batch_at_a_time_unless_asked():
    oracle = Later()
    assert run(oracle, [9, 7, 8], batch_size=8)
    assert oracle.deepest == 1


def test_an_error_in_a_dialogue_ends_the_others():
    dialogues = [two_rounds(error=ZeroDivisionError("of mine")), two_rounds(), two_rounds()]
    with pytest.raises(ZeroDivisionError, match="of mine"):
        drive(
            dialogues,
            lambda e, keep, f: Responses(keep.sum(1) + 0.0),
            inert=[np.zeros(2, bool)] * 3,
            batch_size=2,
        )
    assert all(dialogue.gi_frame is None for dialogue in dialogues)


@pytest.mark.parametrize("weights", [{"consistency": 1}, {"collaboration": 1}])
def test_guided_looks_at_one_part_where_the_objective_does(weights):
    plain, one_part = (
        explain(
            ToyOracle(), [ground_set(9)], LiMASettings.of(search, weights=weights), batch_size=4
        )[0]
        for search in ("guided", Guided(complement_weight=0))
    )
    assert plain.order.tolist() == one_part.order.tolist()
    assert plain.model_inputs == one_part.model_inputs


def test_progress_counts_every_image():
    counted = []
    settings = LiMASettings(Greedy(), Weights(), cosine_distance)
    found = explain(ToyOracle(), [ground_set(6)], settings, batch_size=4, on_batch=counted.append)
    assert sum(counted) == found[0].model_inputs
    asked: set[frozenset[int]] = set()
    rank(
        lambda subset: float(asked.add(subset) or asked.add(frozenset(range(6)) - subset) or 0),
        6,
        "greedy",
    )
    assert settings.expected_model_inputs([ground_set(6)]) == len(asked)


@pytest.mark.parametrize("search", ["greedy", "bidirectional", "guided", "two_sided"])
def test_how_many_images_a_progress_bar_waits_for_is_about_right(search):
    settings = LiMASettings(as_search(search), Weights(), cosine_distance)
    sets = [ground_set(n) for n in (30, 40, 36)]
    found = explain(ToyOracle(n=40), sets, settings, batch_size=64)
    asked = sum(one.model_inputs for one in found)
    assert settings.expected_model_inputs(sets) == pytest.approx(asked, rel=0.4)


def test_a_progress_bar_grows_rather_than_being_overrun():
    bar = SimpleNamespace(n=0, total=10)
    bar.update = lambda n: setattr(bar, "n", bar.n + n)
    for n in (6, 3, 4):
        counting(bar)(n)
    assert (bar.n, bar.total) == (13, 13)
    bar.total = None
    counting(bar)(2)
    assert (bar.n, bar.total) == (15, None)
