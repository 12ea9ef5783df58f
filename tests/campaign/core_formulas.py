"""Good calls of the core: the formulas of Sum-of-Parts, on NumPy's arrays."""

import numpy as np
import torch

from submod_core import sop

from .calls import Bad, Case, count, number, share

N, M, C, FEATURES, HIDDEN = 2, 3, 4, 5, 6
RNG = np.random.default_rng(0)


def tensor(good: np.ndarray) -> Bad:
    """Bad values of an array of any framework; its values are not looked at."""
    return {
        "None": None,
        "a number": 3.0,
        "a list": good.tolist(),
        "text": "a",
        "an object": object(),
        "strings": np.full(good.shape, "a"),
        "objects": np.full(good.shape, None, dtype=object),
        "complex numbers": good * 1j,
        "no axes": np.array(1.0),
    }


def case(function, options=(), named=(), **shapes):
    """A case of arrays of some shapes, which must be of the same framework and fit each other."""
    good = {name: RNG.random(shape) for name, shape in shapes.items()}
    kinds = {name: tensor(value) for name, value in good.items()}
    for name, value in good.items():
        if len(good) > 1:
            kinds[name]["of another framework"] = torch.from_numpy(value)
            kinds[name]["too many axes"] = value[None, None, None]
            kinds[name]["one row more"] = np.concatenate([value, value[:1]])
    first, second = (*good, *good)[:2]
    named = {first: second} | dict(named)
    return Case(
        function,
        lambda: good | {name: value for name, (value, _) in dict(options).items()},
        kinds | {name: bad for name, (_, bad) in dict(options).items()},
        named=named,
    )


LOSS = {"partials": (N, M, C), "scores": (N, C, M), "scales": (N, M)}
TOP = {"top": (0.5, share())}
CASES = [
    case(sop.softmax, scores=(N, C)),
    case(sop.sparsemax, scores=(N, C)),
    case(sop.standardised, embeddings=(N, FEATURES, HIDDEN)),
    case(sop.position_code, {"frequencies": (2, count())}, centres=(1, FEATURES, 2)),
    case(
        sop.affinities,
        named={"hidden": "class_weights", "class_weights": "hidden"},
        hidden=(N, M, HIDDEN),
        class_weights=(C, HIDDEN),
        query=(HIDDEN, HIDDEN),
        key=(HIDDEN, HIDDEN),
    ),
    case(
        sop.row_blur,
        {"side": (3, count() | {"an even number": 2})},
        present=(N, FEATURES),
    ),
    case(sop.select, {"beta": (1.0, number(zero=0.0))}, affinity=(N, M, C)),
    case(sop.contributions, scores=(N, C, M), partials=(N, M, C)),
    case(sop.scales, attention=(N, M, FEATURES), masks=(N, M, FEATURES)),
    case(sop.top_masks, TOP, scores=(N, M, FEATURES), present=(N, FEATURES)),
    case(sop.scaled_cross_entropy, one_hot=(N, C), **LOSS, named={"partials": "scores"}),
    case(sop.scaled_squared_error, targets=(N, C), **LOSS, named={"partials": "scores"}),
    case(sop.scaled_binary_cross_entropy, targets=(N, C), **LOSS, named={"partials": "scores"}),
]
