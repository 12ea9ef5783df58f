"""Good calls of the pixel space, which all packages have."""

import numpy as np

from .calls import Case, array, flag, function, without

PAIR = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
PROCESSOR = {
    "None": None,
    "a number": 3,
    "text": "vit",
    "empty": {},
    "a mean alone": {"mean": (0.5,)},
    "no deviation": {"mean": (0.5,), "std": (0.0,)},
    "words": {"mean": ("a",), "std": ("b",)},
}
NUMBERS = array(np.array([0.5, 0.5, 0.5]), empty=(), another=(0.5, 0.5))


def cases(space, from_processor, first):
    """Cases of a package's class and function; `first` says where its channels are."""
    pixels = space(**PAIR)
    x = np.zeros((1, 3, 2, 2)) if first else np.zeros((1, 2, 2, 3))
    images = without(array(x, zero_axes=0.5), "too many axes") | {"another size": x[0]}
    images |= {"far from pictures": x + 99}
    return [
        Case(
            space,
            lambda: PAIR | {"bgr": False, "channels_first": first},
            {"mean": NUMBERS, "std": NUMBERS | {"zero": (0.0, 1.0, 1.0)}}
            | {"bgr": flag(), "channels_first": flag()},
            named={"mean": "std"},
        ),
        *(
            [Case(from_processor, lambda: {"processor": dict(PAIR)}, {"processor": PROCESSOR})]
            if from_processor
            else []
        ),
        Case(
            pixels.pictures,
            lambda: {"inputs": x.copy()},
            {"inputs": without(images, "a mapping")},
            name=f"{space.__name__}.pictures",
        ),
        Case(
            pixels.baseline,
            lambda: {"value": "blur", "inputs": x.copy()},
            {
                "value": {"None": None, "a number": 3, "a name": "teal", "too bright": (1, 1, 2)}
                | {"too few": (0, 0), "an object": object(), "nan": (0.0, np.nan, 0.0)},
                "inputs": images,
            },
            name=f"{space.__name__}.baseline",
        ),
        Case(
            pixels.normalised,
            lambda: {"pictures": np.zeros((1, 2, 2, 3))},
            {
                "pictures": array(
                    np.zeros((1, 2, 2, 3)), **{"too bright": np.full((1, 1, 1, 3), 2.0)}
                )
            },
            name=f"{space.__name__}.normalised",
        ),
        Case(
            pixels.regions,
            lambda: {"divide": 4},
            {"divide": without(function(), "a number") | {"zero": 0, "a fraction": 1.5}},
            name=f"{space.__name__}.regions",
        ),
    ]
