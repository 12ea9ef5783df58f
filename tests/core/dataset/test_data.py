"""Datasets of every form, and the sources that stand for them."""

import numpy as np
import pytest
import toy_runs

from submod_core.dataset import Plan, dataset_of
from submod_core.dataset.judging import JUDGING, metric_of


class PyDataset:
    """Stands for Keras' class of this name."""

    sizes = (3, 3, 2)

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, number):
        start = sum(self.sizes[:number])
        places = np.arange(start, start + self.sizes[number])
        return places[:, None] / 7, places % 3, np.ones(len(places))


class Uneven(PyDataset):
    sizes = (3, 2, 3)


def test_the_examples_of_batches():
    examples = dataset_of(PyDataset())
    assert len(examples) == 8
    assert [examples[i][1] for i in (7, 0, 4)] == [1, 0, 1]
    assert examples[5][0] == pytest.approx(5 / 7)


def test_batches_of_several_sizes_are_refused():
    with pytest.raises(ValueError, match="batches of 3 and of 2 examples"):
        dataset_of(Uneven())[4]


@pytest.mark.parametrize(
    "source", [toy_runs.Numbers, toy_runs.Numbers(), "toy_runs:Numbers", lambda: toy_runs.Numbers()]
)
def test_a_dataset_is_given_itself_or_made(source):
    assert len(dataset_of(source)) == toy_runs.N


def test_ids_that_are_whole_numbers_become_text():
    assert Plan.of([5, 6], np.array([281, 7]), np.int64(2)) == Plan(("281", "7"), 2)


def test_metrics_by_name():
    named = {one.name: one for one in JUDGING}
    assert metric_of("insertion", named, "a class").name == "insertion"
    assert "pointing_game" not in named
    with pytest.raises(ValueError, match=r"must be one of \['aupc', .*\], or a class like them"):
        metric_of("pointing_game", named, "a class")
