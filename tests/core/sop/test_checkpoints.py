"""Checkpoints: what they are of, how runs go on, and what is refused."""

import json
import random

import numpy as np
import pytest

from submod_core.sop import checkpoint as checkpoints
from submod_core.sop.checkpoint import data_facts, read_checkpoint, write_checkpoint
from submod_core.sop.training import Schedule, Trainee, check_rates, train

FACTS = {"optimiser": {"lr": 0.1}, "model": {"groups": 3, "shape": (1, 2)}, "data": {"first": "#1"}}


class Walker:
    """A trainee whose weights depend on the order of all that it saw."""

    def __init__(self, dies_at=None, losses=None, **facts):
        self.weights, self.steps, self.dies_at, self.losses = np.zeros(3), 0, dies_at, losses or {}
        self.facts = FACTS | facts

    def step(self, rows):
        if self.steps == self.dies_at:
            raise KeyboardInterrupt
        loss = self.losses.get(self.steps, float(rows.sum()))
        self.steps += 1
        self.weights = 0.9 * self.weights + rows[:3].sum() * np.arange(3) + 0 * loss
        return loss

    def restore(self, arrays):
        self.weights = arrays["weights"]

    def train(self, n=13, **options):
        options = {"epochs": 2, "batch_size": 4, "checkpoint_every": 2} | options
        parts = self.step, lambda: {"weights": self.weights}, self.restore, lambda: self.facts
        return train(Trainee(*parts), n, Schedule(**options))


def test_more_epochs_go_on_in_the_order_of_a_run_with_that_many(tmp_path):
    whole, again, file = Walker(), Walker(), tmp_path / "run"
    Walker().train(checkpoint=file)
    losses = again.train(epochs=5, checkpoint=file)
    assert losses == whole.train(epochs=5)
    assert again.steps == 12
    np.testing.assert_array_equal(again.weights, whole.weights)
    assert Walker().train(epochs=5, checkpoint=file, checkpoint_every=7) == losses, (
        "nothing is left"
    )
    with pytest.raises(
        ValueError, match=r"`checkpoint` .* 20 steps, more than the 8 that `epochs`"
    ):
        Walker().train(epochs=2, checkpoint=file)


@pytest.mark.parametrize(
    ("facts", "options", "said"),
    [
        ({"optimiser": {"lr": 0.2}}, {}, "optimiser: lr was 0.1 and is 0.2"),
        ({"optimiser": {}}, {}, "optimiser: lr was 0.1 and is absent"),
        ({"model": {"groups": 4, "shape": (1, 2)}}, {}, "model: groups was 3 and is 4"),
        ({"data": {"first": "#2"}}, {}, "data: first was #1 and is #2"),
        ({"versions": {"torch": "9"}}, {}, "versions: torch was absent and is 9"),
        ({}, {"batch_size": 5}, "schedule: batch_size was 4 and is 5"),
        ({}, {"seed": 1}, "schedule: seed was 0 and is 1"),
        ({}, {"n": 14}, "data: examples was 13 and is 14"),
    ],
    ids=str,
)
def test_another_run_is_told_what_differs(facts, options, said, tmp_path):
    Walker().train(checkpoint=tmp_path / "run")
    before = (tmp_path / "run").read_bytes()
    with pytest.raises(ValueError, match=rf"`checkpoint` \(='.*run'\) is of another run: .*{said}"):
        Walker(**facts).train(**options, checkpoint=tmp_path / "run")
    assert (tmp_path / "run").read_bytes() == before


def test_many_differences_are_counted(tmp_path):
    Walker(model={str(i): i for i in range(9)}).train(checkpoint=tmp_path / "run")
    with pytest.raises(ValueError, match=r"and 4 more$"):
        Walker(model={}).train(checkpoint=tmp_path / "run")


def test_other_files_are_no_checkpoints(tmp_path):
    file = tmp_path / "run"
    Walker().train(checkpoint=file)
    good = file.read_bytes()
    with np.load(file) as loaded:
        arrays = dict(loaded)
    bad = [b"", b"text", good[:-1], good[: len(good) // 2]]
    bad.append(good.replace(arrays["weights"].tobytes(), np.ones(3).tobytes()))
    changes = [
        {"weights": np.zeros(4)},
        {"weights": np.zeros(3, np.float32)},
        {"weights": np.array([0, np.nan, 0])},
        {"weights": None},
        {"more": np.zeros(1)},
        {"losses ": None},
        {"losses ": np.zeros((2, 2))},
        {"facts ": np.array("[1")},
        {"facts ": np.array(json.dumps([1]))},
    ]
    for change in changes:
        changed = {name: a for name, a in (arrays | change).items() if a is not None}
        with open(file, "wb") as stream:
            np.savez(stream, **changed)
        bad.append(file.read_bytes())
    for each in bad:
        file.write_bytes(each)
        walker = Walker()
        with pytest.raises(ValueError, match=r"`checkpoint` \(='.*run'\) is not a checkpoint") as e:
            walker.train(checkpoint=file)
        assert "pickle" not in str(e.value)
        assert file.read_bytes() == each
        assert walker.steps == 0
        assert not walker.weights.any(), "nothing was put back"


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_a_loss_that_is_no_number_stops_the_run_and_leaves_the_last_good_checkpoint(loss, tmp_path):
    with pytest.raises(ValueError, match=rf"the loss of step 6 of 8 is {loss}"):
        Walker(losses={5: loss}).train(checkpoint=tmp_path / "run")
    facts = Schedule(batch_size=4).facts(13, Trainee(None, None, None, lambda: FACTS))
    losses, state = read_checkpoint(tmp_path / "run", facts, {"weights": np.zeros(3)})
    assert len(losses) == 4
    assert np.isfinite(state["weights"]).all()
    assert Walker().train(checkpoint=tmp_path / "run") == Walker().train(), "and it goes on from it"


def test_weights_that_are_no_numbers_are_not_written(tmp_path):
    write_checkpoint(tmp_path / "run", {}, [1.0], {"w": np.ones(2)})
    with pytest.raises(ValueError, match="'w' holds NaN after step 2"):
        write_checkpoint(tmp_path / "run", {}, [1.0, 2.0], {"w": np.array([1, np.nan])})
    assert read_checkpoint(tmp_path / "run", {}, {"w": np.zeros(2)})[0] == [1.0]


def test_where_a_checkpoint_cannot_be_written_is_said_before_the_first_step(tmp_path):
    (tmp_path / "file").touch()
    places = ["absent/run", "file/run", "."]
    for place in places:
        walker = Walker()
        with pytest.raises(ValueError, match="`checkpoint`"):
            walker.train(checkpoint=tmp_path / place)
        assert walker.steps == 0
    with pytest.raises(TypeError, match="`checkpoint`"):
        Walker().train(checkpoint=3)


def test_two_runs_on_one_checkpoint(tmp_path):
    class Second(Walker):
        def step(self, rows):
            with pytest.raises(ValueError, match=r"`checkpoint` .* is in use by another run"):
                Walker().train(checkpoint=tmp_path / "run")
            return super().step(rows)

    Second().train(checkpoint=tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        Walker(dies_at=3).train(epochs=4, checkpoint=tmp_path / "run")
    assert len(Walker().train(epochs=4, checkpoint=tmp_path / "run")) == 16
    assert [file.name for file in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("name", ["epochs", "batch_size", "checkpoint_every", "seed"])
@pytest.mark.parametrize("value", [-1, 0.5, None, True, "a", np.nan], ids=str)
def test_schedules_out_of_range(name, value):
    with pytest.raises(ValueError, match=f"`{name}`"):
        Schedule(**{name: value})


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, None, "a", True], ids=str)
def test_rates_out_of_range(value):
    with pytest.raises(ValueError, match="`lr`"):
        check_rates(value, 0.1)
    if value != 0:
        with pytest.raises(ValueError, match="`weight_decay`"):
            check_rates(0.1, value)
    check_rates(np.float32(100), 0)


def test_random_examples_are_compared_by_their_shapes():
    rng = np.random.default_rng(0)
    fixed = data_facts(5, lambda i: [np.full(2, i), i])
    assert fixed == data_facts(5, lambda i: [np.full(2, i), i])
    assert fixed != data_facts(5, lambda i: [np.full(2, max(i, 3)), i])
    drawn = [data_facts(5, lambda i: [rng.random(2), i]) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != data_facts(5, lambda i: [rng.random(3), i])


def test_global_generators_go_on_where_they_were():
    def draw():
        return random.random(), random.gauss(0, 1), np.random.random(), np.random.normal()

    outside = checkpoints.random_state()
    random.gauss(0, 1), np.random.normal()  # each keeps a second number for its next call
    state = checkpoints.random_state()
    wanted = draw()
    checkpoints.restore_random_state(state)
    assert draw() == wanted
    checkpoints.restore_random_state(outside)
