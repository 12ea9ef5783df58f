"""The meaning of a model's answer: axes of classes, and arguments that belong to examples."""

from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from captum_submod import SMDL, LiMA, metrics
from captum_submod._masking import expanded

IDS = torch.randint(1, 50, (2, 7), generator=torch.Generator().manual_seed(0))
torch.manual_seed(0)
EMBEDDING, HEAD, SPACE = nn.Embedding(50, 16), nn.Linear(16, 4), nn.Conv2d(3, 5, 3, padding=1)
X = torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(1))


def tagger(ids):
    """(N, T, C): classes of each token, which looks at its own token alone."""
    return HEAD(EMBEDDING(ids))


# A model with an axis of classes, an index into all axes, the class, and the model of that place.
PLACES = {
    "tokens": (tagger, {}, (3, 1), 1, lambda ids: tagger(ids)[:, 3], IDS),
    "tokens, from the back": (tagger, {}, (-4, -3), 1, lambda ids: tagger(ids)[:, 3], IDS),
    "classes before tokens": (
        lambda ids: tagger(ids).mT, {"class_axis": 1}, (1, 3), 1, lambda ids: tagger(ids)[:, 3], IDS
    ),
    "pixels": (SPACE, {}, (2, 1, 4), 2, lambda x: SPACE(x)[:, :, 1, 4], X),
    "pixels, channels last": (
        lambda x: SPACE(x).movedim(1, -1), {"class_axis": -1}, (1, 4, 2), 2,
        lambda x: SPACE(x)[:, :, 1, 4], X,
    ),
    "pixels, classes in the middle": (
        lambda x: SPACE(x).movedim(1, 2), {"class_axis": 2}, (1, 2, 4), 2,
        lambda x: SPACE(x)[:, :, 1, 4], X,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("model", "options", "target", "class_", "at_place", "inputs"), PLACES.values(), ids=PLACES
)
@pytest.mark.parametrize("method", [LiMA, SMDL])
def test_a_target_is_an_index_into_all_axes(
    method, model, options, target, class_, at_place, inputs
):
    shared = {"weights": {"consistency": 1, "collaboration": 1, "confidence": 1}}
    if inputs.dim() == 4:
        shared |= {"patches": 3} if method is SMDL else {"regions": (3, 3)}
    found = method(model, **shared, **options).explain(inputs, target=target)
    expected = method(at_place, **shared).explain(inputs, target=class_)
    for one, other, x in zip(found, expected, inputs, strict=True):
        assert one.order.tolist() == other.order.tolist()
        for name in ("consistency", "confidence"):
            np.testing.assert_allclose(
                getattr(one.curves, name), getattr(other.curves, name), atol=1e-6
            )
        whole = at_place(x[None]).softmax(1)[0, class_].detach()
        assert one.curves.insertion[-1] == pytest.approx(float(whole), abs=1e-6)
    if method is LiMA:
        heat = torch.rand(inputs.shape)
        by_axis = metrics.insertion(model, inputs, heat, target=target, steps=3, **options)
        torch.testing.assert_close(
            by_axis, metrics.insertion(at_place, inputs, heat, target=class_, steps=3)
        )


def test_only_its_own_token_matters_to_a_tagger():
    for explanation in LiMA(tagger, weights={"consistency": 1}).explain(IDS, target=(3, 1)):
        steps = np.abs(np.diff(explanation.curves.insertion))
        assert np.count_nonzero(steps > 1e-6) == 1
        assert explanation.order[np.argmax(steps)] == 3


@pytest.mark.parametrize("class_axis", [0, 3, -3, 1.0, "last", True])
def test_an_axis_that_there_is_not(class_axis):
    with pytest.raises(ValueError, match="`class_axis`"):
        LiMA(tagger, class_axis=class_axis).explain(IDS, target=(3, 1))


Pair = namedtuple("Pair", ["mask", "rate"])


@dataclass
class Options:
    """A dataclass of arguments."""

    mask: torch.Tensor
    rate: float = 2.0


MASK = torch.tensor([[1.0] * 7, [1.0, 1, 1, 0, 0, 0, 0]])
WEIGHTS = torch.randn(7, 3, generator=torch.Generator().manual_seed(2))
Z = torch.rand(2, 7, generator=torch.Generator().manual_seed(3))
CARRIERS = {
    "tensor": (lambda z, m: (z * m) @ WEIGHTS, MASK),
    "dict": (lambda z, d: (z * d["mask"]) @ WEIGHTS, {"mask": MASK}),
    "list": (lambda z, d: (z * d[0]) @ WEIGHTS, [MASK, "a word"]),
    "nested": (lambda z, d: (z * d["a"][1]["mask"]) @ WEIGHTS, {"a": (3, {"mask": MASK})}),
    "named tuple": (lambda z, d: (z * d.mask) @ WEIGHTS, (Pair(MASK, 2.0),)),
    "dataclass": (lambda z, d: (z * d.mask) @ WEIGHTS, Options(MASK)),
}


@pytest.mark.parametrize("kind", CARRIERS)
def test_arguments_follow_their_examples_wherever_they_are(kind):
    model, argument = CARRIERS[kind]
    one_by_one = [
        LiMA(lambda z, i=i: (z * MASK[i]) @ WEIGHTS).explain(Z[i : i + 1], target=1)[0]
        for i in range(2)
    ]
    found = LiMA(model).explain(
        Z, target=1, additional_forward_args=argument, perturbations_per_eval=3
    )
    for one, other in zip(found, one_by_one, strict=True):
        assert one.order.tolist() == other.order.tolist()
        np.testing.assert_allclose(one.curves.insertion, other.curves.insertion, atol=1e-6)


trees = st.recursive(
    st.sampled_from([MASK, torch.ones(3), torch.tensor(1.0), 5, None, "word"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        | st.builds(Pair, inner, inner)
    ),
    max_leaves=6,
)


@given(trees, st.lists(st.integers(0, 1), min_size=1, max_size=4))
def test_an_expanded_argument_has_the_same_shape_of_containers(tree, rows):
    def check(before, after):
        assert type(before) is type(after)
        if isinstance(before, torch.Tensor):
            follows = before.dim() and len(before) == 2
            assert torch.equal(after, before[rows] if follows else before)
        elif isinstance(before, dict):
            assert list(before) == list(after)
            for key in before:
                check(before[key], after[key])
        elif isinstance(before, list | tuple):
            assert len(before) == len(after)
            for one, other in zip(before, after, strict=True):
                check(one, other)
        else:
            assert before is after

    check(tree, expanded(tree, torch.tensor(rows), 2))


@pytest.mark.parametrize("size", [(16, 16), (16, 24), (24, 12)])
def test_a_layers_channels_may_be_last(size):
    class Net(torch.nn.Module):
        """One function; its layer's maps have their channels first or last."""

        def __init__(self, last):
            super().__init__()
            torch.manual_seed(0)
            self.last, self.patch = last, torch.nn.Conv2d(3, 8, 4, stride=4)
            self.act, self.head = torch.nn.GELU(), torch.nn.Linear(8, 5)

        def forward(self, x):
            maps = self.patch(x)
            if self.last:
                return self.head(self.act(maps.movedim(1, -1)).mean((1, 2)))
            return self.head(self.act(maps).mean((2, 3)))

    x = torch.rand(1, 3, *size)
    first, last = (
        LiMA(net, regions=(2, 2), features=net.act).explain(x, target=1)[0]
        for net in (Net(False).eval(), Net(True).eval())
    )
    assert first.order.tolist() == last.order.tolist()
    np.testing.assert_allclose(
        first.curves.effectiveness, last.curves.effectiveness, rtol=1e-4, atol=1e-6
    )
    assert first.curves.effectiveness[-1] > 0
