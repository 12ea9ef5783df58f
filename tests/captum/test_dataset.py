"""Datasets under Captum: every kind of method, target, dataset and metric."""

from functools import partial

import numpy as np
import pytest
import torch
from captum.attr import (
    GuidedGradCam,
    IntegratedGradients,
    KernelShap,
    Lime,
    NoiseTunnel,
    Saliency,
)
from torch import nn

from captum_submod import (
    SMDL,
    LiMA,
    SumOfParts,
    attribute_dataset,
    evaluate_dataset,
    explain_mistakes,
    open_explanations,
)
from captum_submod.metrics import deletion, insertion, sparsity
from submod_core.dataset import OtherRunError, describe, digest, read_shard, write_report
from submod_core.dataset.folder import folder_of

N = 7
IMAGES = torch.rand(N, 3, 8, 8, generator=torch.Generator().manual_seed(0))
TARGETS = [0, 1, 2, 3, 0, 1, 2]


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.Tanh(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        nn.Dropout(), nn.Linear(16, 4),
    )  # fmt: skip


def lima():
    """A factory, as workers call it."""
    return LiMA(network(), regions=(2, 2))


class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return N

    def __getitem__(self, index):
        if index == 3:
            raise OSError("truncated")
        return IMAGES[index], torch.tensor(TARGETS[index])


def rows(folder):
    """All rows but for their seconds."""
    table = open_explanations(folder).table()
    return [row | {"seconds": None} for row in table.to_pylist()]


def same(one, other):
    a, b = one.to_arrays(), other.to_arrays()
    assert a.keys() == b.keys()
    return all(np.array_equal(a[name], b[name], equal_nan=True) for name in a)


def test_explanations_are_those_of_the_method(tmp_path):
    model = network().train()
    stored = attribute_dataset(
        LiMA(model, regions=(2, 2)), (IMAGES, TARGETS), tmp_path, shard_size=3
    )
    expected = LiMA(model, regions=(2, 2)).explain(IMAGES, target=TARGETS)
    for i, one in enumerate(expected):
        np.testing.assert_array_equal(stored[i].order, one.order)
        np.testing.assert_allclose(stored[i].curves.insertion, one.curves.insertion, rtol=1e-5)
    with torch.no_grad():
        predicted = model.eval()(IMAGES).argmax(1).tolist()
    assert [stored.row(i)["prediction"] for i in range(N)] == predicted
    assert [stored.row(i)["target"] for i in range(N)] == TARGETS


def test_a_factory_gives_what_its_method_gives(tmp_path):
    attribute_dataset(lima(), (IMAGES, TARGETS), tmp_path / "a")
    attribute_dataset(lima, (IMAGES, TARGETS), tmp_path / "b")
    assert rows(tmp_path / "a") == rows(tmp_path / "b")


def test_without_targets_the_prediction_is_explained(tmp_path):
    stored = attribute_dataset(lima, IMAGES, tmp_path)
    with torch.no_grad():
        predicted = network().eval()(IMAGES).argmax(1).tolist()
    assert [stored.row(i)["target"] for i in range(N)] == predicted
    assert same(stored[0], lima().explain(IMAGES, target=predicted)[0])


def test_a_dataset_that_fails_to_read_one_example(tmp_path):
    stored = attribute_dataset(lima, Pairs(), tmp_path)
    assert stored.errors == {"3": "OSError: truncated"}
    assert len(stored.explained) == N - 1


def test_inputs_of_different_sizes(tmp_path):
    images = [IMAGES[0], torch.rand(3, 6, 10), IMAGES[1]]
    stored = attribute_dataset(lima, [(x, 1) for x in images], tmp_path)
    assert [one.regions.shape for one in stored] == [(8, 8), (6, 10), (8, 8)]
    assert same(stored[2], lima().explain(IMAGES[:2], target=1)[1])


def test_a_transform_makes_the_pair(tmp_path):
    items = [{"pixel_values": x, "label": y} for x, y in zip(IMAGES, TARGETS, strict=True)]
    with pytest.raises(RuntimeError, match="`transform` must make"):
        attribute_dataset(lima, items, tmp_path / "a")
    stored = attribute_dataset(
        lima, items, tmp_path / "b", transform=lambda d: (d["pixel_values"], d["label"])
    )
    assert stored.verify().failed == ()


def test_indices_of_an_output_are_no_one_hot_row(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 6), nn.Unflatten(1, (2, 3)))
    targets = [(0, 1), (1, 0), (1, 2)]
    stored = attribute_dataset(Saliency(model), (IMAGES[:3], targets), tmp_path)
    made = Saliency(model).attribute(IMAGES[:3].clone().requires_grad_(), target=targets)
    for i, target in enumerate(targets):
        np.testing.assert_allclose(stored.map(i), made[i].detach().sum(0), rtol=1e-5, atol=1e-7)
        assert stored.row(i)["target_values"] == list(target)


@pytest.mark.parametrize("target", [1.7, "1"])
def test_a_target_that_is_no_class_is_an_error_of_its_example(target, tmp_path):
    stored = attribute_dataset(lima, (IMAGES[:2], [1, target]), tmp_path)
    (error,) = stored.errors.values()
    assert f"target {target!r}" in error


def test_a_report_beside_a_run_of_mistakes(tmp_path):
    data = (IMAGES, TARGETS)
    both = {
        "maps": attribute_dataset(lima, data, tmp_path / "a"),
        "mistakes": attribute_dataset(lima, data, tmp_path / "b", mistakes=True),
    }
    assert any(one is None for one in both["mistakes"])
    write_report(tmp_path / "report.html", both, dataset=data, n_examples=N)
    assert "classified rightly" in (tmp_path / "report.html").read_text()


METHODS = {
    "SMDL": lambda net: SMDL(net, patches=(2, 2)),
    "Saliency": Saliency,
    "IntegratedGradients": IntegratedGradients,
    "KernelShap": KernelShap,
}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gives_the_same_whatever_the_shards(tmp_path, name):
    arguments = {"n_samples": 4} if name == "KernelShap" else {}
    for place in ("a", "b"):
        attribute_dataset(
            METHODS[name](network()), (IMAGES, TARGETS), tmp_path / place, shard_size=3, **arguments
        )
    assert rows(tmp_path / "a") == rows(tmp_path / "b")  # also where random numbers are drawn
    stored = open_explanations(tmp_path / "a")
    assert not stored.errors
    if name not in ("SMDL", "KernelShap"):
        inputs = IMAGES[:3].clone().requires_grad_()
        made = METHODS[name](network().eval()).attribute(inputs, target=TARGETS[:3])
        np.testing.assert_allclose(stored.map(1), made[1].detach().sum(0), rtol=1e-4, atol=1e-6)


def test_groups_of_a_sum_of_parts(tmp_path):
    sop = SumOfParts(network(), IMAGES[:1], features=4).eval()
    stored = attribute_dataset(sop, (IMAGES, TARGETS), tmp_path)
    for found, one in zip(stored, sop.explain(IMAGES), strict=True):
        np.testing.assert_allclose(found.contributions.sum(0), one.logits, atol=1e-5)
    scores = evaluate_dataset(stored, "insertion", network, (IMAGES, TARGETS), tmp_path / "s")
    assert np.isfinite(scores.values).all()


def test_mistakes_are_those_of_explain_mistakes(tmp_path):
    stored = attribute_dataset(lima, (IMAGES, TARGETS), tmp_path, mistakes=True)
    expected = {m.example: m for m in explain_mistakes(lima(), IMAGES, TARGETS)}
    assert expected
    for i in range(N):
        assert (stored[i] is None) == (i not in expected)
        if i in expected:
            assert stored[i].example == i
            np.testing.assert_array_equal(stored[i].causes, expected[i].causes)


@pytest.mark.parametrize("metric", [insertion, deletion], ids=["insertion", "deletion"])
@pytest.mark.parametrize("method", [lima, lambda: Saliency(network())], ids=["LiMA", "Saliency"])
def test_a_metric_over_the_dataset_is_the_metric(tmp_path, metric, method):
    stored = attribute_dataset(method, (IMAGES, TARGETS), tmp_path / "e", shard_size=3)
    scores = evaluate_dataset(
        stored, metric, network, (IMAGES, TARGETS), tmp_path / "s", shard_size=2, steps=4
    )
    given = list(stored)
    given = torch.from_numpy(np.stack(given)) if isinstance(given[0], np.ndarray) else given
    expected = metric(network(), IMAGES, given, target=TARGETS, steps=4)
    np.testing.assert_allclose(scores.values, expected, rtol=1e-5)


def test_a_metric_of_maps_alone(tmp_path):
    stored = attribute_dataset(lambda: Saliency(network()), (IMAGES, TARGETS), tmp_path / "e")
    scores = evaluate_dataset(stored, sparsity, network, (IMAGES, TARGETS), tmp_path / "s")
    np.testing.assert_allclose(scores.values, sparsity(torch.from_numpy(np.stack(list(stored)))))


def test_a_metric_waits_for_all_explanations(tmp_path):
    stored = attribute_dataset(lima, (IMAGES, TARGETS), tmp_path / "e", shard_size=3)
    (tmp_path / "e" / "shards" / "000001.parquet").unlink()
    with pytest.raises(ValueError, match="3 examples are missing"):
        evaluate_dataset(stored, insertion, network, (IMAGES, TARGETS), tmp_path / "s")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"method": lambda: LiMA(network(1), regions=(2, 2))}, "forward_func.weights"),
        ({"method": lambda: LiMA(network(), regions=(2, 4))}, "regions"),
        ({"baselines": 0.5}, "arguments.baselines: null, now"),
        ({"seed": 1}, "seed: 0, now 1"),
        ({"mistakes": True}, "kind: "),
    ],
    ids=["weights", "regions", "baselines", "seed", "kind"],
)
def test_another_run_is_refused(tmp_path, change, named):
    attribute_dataset(lima, (IMAGES, TARGETS), tmp_path)
    given = {"method": lima, "dataset": (IMAGES, TARGETS), "folder": tmp_path} | change
    with pytest.raises(OtherRunError, match=named):
        attribute_dataset(**given)


def test_the_batch_size_is_no_part_of_the_fingerprint(tmp_path):
    prints = [
        attribute_dataset(
            lima, (IMAGES, TARGETS), tmp_path, perturbations_per_eval=size
        ).manifest.fingerprint
        for size in (1, 16)
    ]
    assert prints[0] == prints[1]


@pytest.mark.slow
def test_two_processes_give_the_rows_of_one(tmp_path):
    options = {"shard_size": 2, "ids": [f"image {i}" for i in range(N)]}
    model = network().eval()
    method = LiMA(model, regions=(2, 2))
    attribute_dataset(method, (IMAGES, TARGETS), tmp_path / "a", **options)
    attribute_dataset(
        method, (IMAGES, TARGETS), tmp_path / "b", engine="processes", n_workers=2, **options
    )
    assert rows(tmp_path / "a") == rows(tmp_path / "b")
    names = folder_of(tmp_path / "a").names("shards")
    marks = [read_shard(folder_of(tmp_path / p), n)[1] for p in "ab" for n in names]
    assert len(set(marks)) == 1


def layered(activation=nn.ReLU):
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3), activation(), nn.Conv2d(4, 4, 3), nn.ReLU()
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 3))


OPTIONS = {
    "multiply_by_inputs": lambda net: IntegratedGradients(net, multiply_by_inputs=False),
    "none": IntegratedGradients,
    "a first layer": lambda net: LiMA(net, features=net[1]),
    "a second layer": lambda net: LiMA(net, features=net[3]),
    "a layer": lambda net: GuidedGradCam(net, net[0]),
    "another layer": lambda net: GuidedGradCam(net, net[2]),
    "a sum": lambda net: NoiseTunnel(IntegratedGradients(net)),
    "a sum of others": lambda net: NoiseTunnel(OPTIONS["multiply_by_inputs"](net)),
    "a module": lambda net: LiMA(net),
    "another module": lambda net: LiMA(layered(nn.GELU)),
    "a wrapper": lambda net: SumOfParts(net, IMAGES[:1], features=4),
    "an option of a wrapper": lambda net: SumOfParts(net, IMAGES[:1], features=4, top=0.4),
    "an option of a module": lambda net: LiMA(layered(partial(nn.GELU, approximate="tanh"))),
}


def test_every_option_of_a_method_and_a_model_counts():
    digests = [digest(describe(make(layered()))) for make in OPTIONS.values()]
    assert len(set(digests)) == len(OPTIONS)
    assert digests == [digest(describe(make(layered()))) for make in OPTIONS.values()]
    other_batches = SumOfParts(layered(), IMAGES[:1], features=4, batch_size=3)
    assert digest(describe(other_batches)) in digests


class Mine(nn.Module):
    """Holds what it multiplies by, and what it applies, in all the ways there are."""

    shift = 0.0

    def __init__(self, std=1.0, by=1.0, activation=torch.sigmoid, mean=0.0):
        super().__init__()
        self.std, self._by, self.activation = torch.tensor(std), by, activation
        self.register_buffer("mean", torch.tensor(mean), persistent=False)

    def forward(self, x):
        self.last = x
        return self.activation((x - self.mean) / self.std * self._by + self.shift)


class Shifted(Mine):
    shift = 1.0


def later(**attributes):
    module = Mine()
    vars(module).update(attributes)
    return module


def hooked(factor):
    module = Mine()
    module.register_forward_hook(lambda *given: factor * given[2])
    return module


MODULES = {
    "none": Mine(),
    "a tensor": Mine(std=2.0),
    "a private number": Mine(by=2.0),
    "a function of C": Mine(activation=torch.tanh),
    "a partial": Mine(activation=partial(torch.clamp, min=0.0)),
    "another partial": Mine(activation=partial(torch.clamp, min=0.5)),
    "a buffer that is not saved": Mine(mean=1.0),
    "a constant of the class": Shifted(),
    "an attribute set later": later(_by=3.0),
    "a method of the object": later(forward=lambda x: 2 * x),
    "a hook": hooked(2),
    "another hook": hooked(3),
    "digits": Mine().bfloat16(),
}


def test_whatever_a_module_holds_counts():
    digests = [digest(describe(module)) for module in MODULES.values()]
    assert len(set(digests)) == len(MODULES)
    for module in MODULES.values():
        module(torch.ones(2))  # what it keeps of a call does not count
    assert digests == [digest(describe(module)) for module in MODULES.values()]


def test_the_order_in_which_classes_are_met_does_not_depend_on_the_process():
    source = """
class Scale(nn.Module):
    @staticmethod
    def by(x): return x * 2
    def forward(self, x): return Scale.by(x)
class Body(nn.Module):
    def forward(self, x): return x if isinstance(x, Scale) else self.scale(x)
"""
    found = set()
    for _ in range(20):
        made = {"nn": nn, "__name__": "script"}
        exec(source, made)
        body = made["Body"]()
        body.relu, body.scale = nn.ReLU(), made["Scale"]()
        found.add(digest(describe(body)))
    assert len(found) == 1


@pytest.mark.parametrize(
    "tensor",
    [
        torch.eye(3).to_sparse(),
        torch.ones(2).to(torch.float8_e4m3fn),
        torch.tensor([1j]).conj(),
        torch.empty(2, device="meta"),
    ],
    ids=["sparse", "float8", "conjugate", "meta"],
)
def test_tensors_of_any_kind_are_described(tensor):
    assert describe(tensor) == describe(tensor)


@pytest.mark.parametrize("kind", [Lime, KernelShap])
def test_a_method_goes_on_after_its_use(kind, tmp_path):
    method, options = kind(network()), {"n_samples": 3}
    stored = attribute_dataset(method, (IMAGES, TARGETS), tmp_path, **options)
    again = attribute_dataset(method, (IMAGES, TARGETS), tmp_path, **options)
    np.testing.assert_array_equal(again.map(0), stored.map(0))


def test_random_numbers_and_modes_stay_the_user_s(tmp_path):
    model, state = network().train(), torch.get_rng_state()
    attribute_dataset(KernelShap(model), (IMAGES, TARGETS), tmp_path, n_samples=3)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(module.training for module in model.modules())


BAD = [
    ({"method": network()}, TypeError, "`method`"),
    ({"method": 3}, TypeError, "`method`"),
    ({"method": "nowhere:lima"}, ValueError, "`method`"),
    ({"dataset": iter([1])}, TypeError, "`dataset`"),
    ({"shard_size": 0}, ValueError, "`shard_size`"),
    ({"ids": ["a"]}, ValueError, "`ids`"),
    ({"ids": ["a"] * N}, ValueError, "`ids`"),
    ({"method": lambda: Saliency(network()), "mistakes": True}, ValueError, "`mistakes`"),
    ({"dataset": (IMAGES, TARGETS[:2])}, ValueError, "`dataset`"),
]


@pytest.mark.parametrize(("change", "error", "named"), BAD)
def test_bad_arguments_are_named(tmp_path, change, error, named):
    given = {"method": lima, "dataset": (IMAGES, TARGETS), "folder": tmp_path / "run"} | change
    with pytest.raises(error, match=named):
        attribute_dataset(**given)
