"""Sum-of-Parts: settings, features, explanations, metrics of groups, the figure and training."""

import numpy as np
import pytest

from submod_core.figures.groups import plot_groups
from submod_core.metrics import (
    cluster_alignment,
    group_iou,
    grown_area,
    kl_fidelity,
    object_share,
    structure_purity,
    void_alignment,
)
from submod_core.results import painted, reveal_order
from submod_core.sop import GroupExplanation, SOPSettings
from submod_core.sop.features import cells, check_labels, feature_map
from submod_core.sop.settings import initial_projections
from submod_core.sop.training import Schedule, Trainee, train


def test_rows_are_spread_evenly_over_heads_and_queries():
    rows = SOPSettings(groups=20, heads=3).rows()
    assert rows.per_head == (7, 7, 6)
    taken = rows.numerators[:7] * 196 // rows.denominators[:7]
    assert taken.tolist() == [14, 42, 70, 98, 126, 154, 182]


def test_projections_start_at_a_rotation():
    for heads in (1, 2, 4):
        start = initial_projections(8, heads)
        joined = np.concatenate(list(start), axis=1)
        np.testing.assert_allclose(joined.T @ joined, np.eye(8), atol=1e-12)
    assert initial_projections(2, 5).shape == (5, 2, 1)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"groups": 0}, "groups"),
        ({"heads": 21}, "heads"),
        ({"top": 0}, "top"),
        ({"top": 1.5}, "top"),
        ({"top": True}, "top"),
        ({"alpha": 0.0}, "alpha"),
        ({"beta": float("inf")}, "beta"),
        ({"positions": -1.0}, "positions"),
        ({"blur": 4}, "blur"),
        ({"blur": 3, "continuous": True}, "continuous"),
    ],
    ids=str,
)
def test_bad_settings_are_named(options, named):
    with pytest.raises(ValueError, match=f"`{named}`"):
        SOPSettings(**options)


def test_features_of_images_sequences_and_label_maps():
    patches = feature_map(3, (7, 6), images=True)
    assert patches.grid == (3, 2)
    assert patches.labels[6, 5] == 5
    assert feature_map(None, (4,), images=False) == (pytest.approx([0, 1, 2, 3]), (4,))
    assert check_labels("features", [[5], [-1], [9]], (3, 8)).tolist() == [[0], [-1], [1]]
    assert cells((4, 6), (2, 3)).tolist() == [[0, 0, 1, 1, 2, 2]] * 2 + [[3, 3, 4, 4, 5, 5]] * 2
    for wrong in (0, 99, [[1.5]], np.full((7, 6), -1), np.zeros((3, 3), int)):
        with pytest.raises(ValueError, match="`features`"):
            feature_map(wrong, (7, 6), images=True)
    with pytest.raises(ValueError, match="`features`"):
        feature_map(4, (9,), images=False)


def explanation(seed=0, m=5, n=6, classes=3, continuous=False):
    rng = np.random.default_rng(seed)
    groups = rng.random((m, n)) if continuous else rng.random((m, n)) < 0.4
    groups[:, 0] = 1
    scores, partials = rng.dirichlet(np.ones(m), size=classes).T, rng.normal(size=(m, classes))
    scores[1] = 0
    regions = np.array([[0, 1, 2], [3, 4, 5], [5, -1, -1]])
    return GroupExplanation(regions, groups, scores, partials, (scores * partials).sum(0))


@pytest.mark.parametrize("continuous", [False, True])
def test_feature_scores_sum_to_the_logit(continuous, tmp_path):
    one = explanation(continuous=continuous)
    for target in range(3):
        assert one.feature_scores(target).sum() == pytest.approx(one.logits[target])
        assert one.paint(target)[2, 2] == 0
        assert 1 not in one.used(target)
    one.save(tmp_path / "one.npz")
    again = GroupExplanation.load(tmp_path / "one.npz")
    for name, value in vars(one).items():
        np.testing.assert_array_equal(getattr(again, name), value)


def test_grouped_steps_bring_only_what_is_new():
    one = explanation()
    seen, steps = set(), one.reveal_order(0)
    assert sorted(np.unique(steps.regions)) == list(range(len(steps.order)))
    parts = [set(np.flatnonzero(one.groups[g])) for g in one.used(0)]
    wanted = [new for part in parts if (new := part - seen, seen.update(part))[0]]
    for k, new in enumerate(wanted):
        features = set(one.regions[steps.regions == k]) - {-1}
        assert features == new
    assert (steps.regions[2, 1:] == steps.regions.max()).all(), "what is in no feature comes last"
    assert reveal_order(steps, (3, 3)) is steps
    assert painted(steps, (3, 3)).max() == painted(steps, (3, 3))[steps.regions == 0][0]
    with pytest.raises(ValueError, match="steps over"):
        reveal_order(steps, (4, 3))


def test_metrics_of_groups():
    one = explanation()
    mask = np.zeros((3, 3), bool)
    mask[0] = True
    areas = [np.append(one.groups[g], False)[one.regions] for g in one.used(0)]
    assert group_iou(one, 0, mask) == pytest.approx(
        np.mean([(a & mask).sum() / (a | mask).sum() for a in areas])
    )
    assert object_share(one, 0, mask) == pytest.approx(
        np.mean([(a & mask).sum() / a.sum() for a in areas])
    )
    with pytest.raises(ValueError, match="`mask`"):
        group_iou(one, 0, mask[:2])
    values = np.array([-2.0, -1.0, 0.5, 9.0] + [0.0] * 96)
    group = np.arange(100) < 3
    assert void_alignment(group, values) == pytest.approx(2 / 3)
    assert void_alignment(np.arange(100) < 4, values) == 0, "its sum is above 0"
    assert cluster_alignment(np.arange(100) < 4, values) == 0.25
    assert structure_purity(group, values) == 1
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    assert kl_fidelity(np.log(p)[None], np.log(q)[None] + 7)[0] == pytest.approx(
        (p * np.log(p / q)).sum()
    )
    with pytest.raises(ValueError, match="`logits`"):
        kl_fidelity(p, q)
    np.testing.assert_allclose(grown_area(np.full((10, 2), 0.3), [0.3, 0.6]), [1, 0.5])
    with pytest.raises(ValueError, match="`probabilities`"):
        grown_area(np.ones((3, 2)), np.ones(2))


def test_the_figure_shows_the_groups_that_count():
    one = explanation()
    figure = plot_groups(one, np.zeros((3, 3, 3)), 0, most=2, title="a digit")
    assert len(figure.axes) == 3
    best = one.used(0)[0]
    assert figure.axes[1].get_title() == f"{one.contributions[best, 0]:.2f} of {one.logits[0]:.2f}"


class Walker:
    """A trainee whose weights depend on the order of all that it saw, and which may be killed."""

    def __init__(self, dies_at=None):
        self.weights, self.steps, self.dies_at = np.zeros(3), 0, dies_at

    def step(self, rows):
        if self.steps == self.dies_at:
            raise KeyboardInterrupt
        self.steps += 1
        self.weights = 0.9 * self.weights + rows[:3].sum() * np.arange(3)
        return float(self.weights.sum())

    def restore(self, arrays):
        self.weights = arrays["weights"]

    def trainee(self):
        return Trainee(self.step, lambda: {"weights": self.weights}, self.restore)


@pytest.mark.parametrize("dies_at", [2, 5, 8])
def test_a_run_that_was_killed_ends_where_one_that_was_not_does(dies_at, tmp_path):
    file, options = tmp_path / "run.npz", {"epochs": 3, "batch_size": 4}
    whole, killed, resumed = Walker(), Walker(dies_at), Walker()
    losses = train(whole.trainee(), 13, Schedule(**options, seed=7))
    kept = Schedule(**options, seed=7, checkpoint=file, checkpoint_every=2)
    with pytest.raises(KeyboardInterrupt):
        train(killed.trainee(), 13, kept)
    assert train(resumed.trainee(), 13, kept) == losses
    assert resumed.steps < whole.steps
    np.testing.assert_array_equal(resumed.weights, whole.weights)
    with pytest.raises(ValueError, match="`checkpoint`"):
        train(Walker().trainee(), 13, Schedule(**options, seed=8, checkpoint=file))


def test_every_example_is_seen_once_an_epoch_in_an_order_of_its_own():
    seen = []
    trainee = Trainee(lambda rows: seen.append(rows) or 0.0, dict, lambda arrays: None)
    train(trainee, 10, Schedule(epochs=2, batch_size=4))
    first, second = np.concatenate(seen[:3]), np.concatenate(seen[3:])
    assert sorted(first) == sorted(second) == list(range(10))
    assert first.tolist() != second.tolist()
    with pytest.raises(ValueError, match="`epochs`"):
        train(trainee, 10, Schedule(epochs=0, batch_size=4))
