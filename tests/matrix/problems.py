"""Problems of the probe matrix: inputs of each layout, outputs of each kind, slow references."""

from dataclasses import dataclass
from typing import Any

import numpy as np

SEED, N = 0, 2

# Axes of the inputs, with the lengths of an example, and the cells that its places are cut into.
LAYOUTS = {
    "NF": ((6,), (3,)),
    "NTC": ((6, 2), (3,)),
    "NCT": ((2, 6), (3,)),
    "NHW": ((4, 6), (2, 2)),
    "NCHW": ((2, 4, 6), (2, 2)),
    "NHWC": ((4, 6, 2), (2, 2)),
    "NCDHW": ((2, 2, 4, 4), (2, 2, 1)),
    "NDHWC": ((2, 4, 4, 2), (2, 2, 1)),
    "NCTHW": ((2, 2, 4, 4), (1, 2, 2)),
    "NTCHW": ((2, 3, 4, 4), (1, 2, 2)),
}


@dataclass(frozen=True)
class Output:
    """One kind of output: how a model makes it of four numbers, and how it has to be read."""

    make: Any
    options: dict[str, Any]
    target: int | None
    read: Any


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _cosines(z):
    rows = np.eye(3, 4) + 0.5
    lengths = np.linalg.norm(z, axis=-1, keepdims=True) * np.linalg.norm(rows, axis=-1)
    return z @ rows.T / np.where(lengths > 0, lengths, 1)  # no direction: the cosine is 0


# `make` is from four numbers (B, 4) to the model's outputs, `read` to the target's score (B,).
OUTPUTS = {
    "logits": Output(lambda z: z, {}, 2, lambda z: softmax(z)[:, 2]),
    "probabilities": Output(softmax, {"activation": "identity"}, 1, lambda z: softmax(z)[:, 1]),
    "labels, logits": Output(lambda z: z, {"activation": "sigmoid"}, 1, lambda z: sigmoid(z[:, 1])),
    "labels, probabilities": Output(
        sigmoid, {"activation": "identity"}, 3, lambda z: sigmoid(z[:, 3])
    ),
    "one logit, class 1": Output(
        lambda z: z[:, 0], {"activation": "sigmoid"}, 1, lambda z: sigmoid(z[:, 0])
    ),
    "one logit, class 0": Output(
        lambda z: z[:, 0], {"activation": "sigmoid"}, 0, lambda z: 1 - sigmoid(z[:, 0])
    ),
    "quantities": Output(lambda z: 50 * z, {"activation": None}, 1, lambda z: 50 * z[:, 1]),
    "one value": Output(lambda z: z[:, 0], {"activation": None}, None, lambda z: z[:, 0]),
    "embeddings": Output(
        lambda z: z,
        {"class_embeddings": np.eye(3, 4) + 0.5, "scale": 10.0},
        1,
        lambda z: softmax(10 * _cosines(z))[:, 1],
    ),
}


@dataclass(frozen=True)
class Problem:
    """Inputs (N, …) of a layout, a linear map to four numbers, and the label map of the places."""

    axes: str
    x: np.ndarray
    matrix: np.ndarray
    labels: np.ndarray

    @classmethod
    def of(cls, axes: str) -> "Problem":
        """The problem of a layout, drawn from the seed."""
        shape, cells = LAYOUTS[axes]
        rng = np.random.default_rng(SEED)
        x = rng.uniform(0.5, 1.5, size=(N, *shape)).astype(np.float32)
        matrix = rng.normal(size=(int(np.prod(shape)), 4)).astype(np.float32)
        letters = axes[1:]
        along = {
            letter: np.arange(length) * count // length
            for (letter, length), count in zip(
                ((a, n) for a, n in zip(letters, shape, strict=True) if a != "C"),
                cells,
                strict=True,
            )
        }
        counts = dict(zip(along, cells, strict=True))
        labels = np.zeros(shape, dtype=int)
        for index in np.ndindex(*shape):
            place = 0
            for letter, i in zip(letters, index, strict=True):
                if letter != "C":
                    place = place * counts[letter] + along[letter][i]
            labels[index] = place
        return cls(axes, x, matrix, labels)

    @property
    def cells(self) -> tuple[int, ...]:
        return LAYOUTS[self.axes][1]

    def score(self, output: Output, example: int, kept) -> float:
        """The target's score with some regions of an example kept, one element at a time."""
        masked = np.array(
            [
                value if label in kept else 0.0
                for value, label in zip(self.x[example].ravel(), self.labels.ravel(), strict=True)
            ],
            dtype=np.float32,
        )
        return float(output.read((masked @ self.matrix)[None])[0])

    def greedy(self, output: Output, example: int, weights: dict[str, float]) -> list[int]:
        """The order of greedy search over consistency and collaboration, by loops."""
        every = set(range(int(self.labels.max()) + 1))
        order: list[int] = []
        while len(order) < len(every):
            best = None
            for region in sorted(every - set(order)):
                kept = {*order, region}
                value = weights["consistency"] * self.score(output, example, kept)
                value += weights["collaboration"] * (1 - self.score(output, example, every - kept))
                if best is None or value > best[0] + 1e-9:
                    best = (value, region)
            order.append(best[1])
        return order

    def insertion(self, output: Output, example: int, order: list[int]) -> np.ndarray:
        """The target's score over the prefixes of an order."""
        return np.array(
            [self.score(output, example, set(order[:k])) for k in range(len(order) + 1)]
        )

    def deletion(self, output: Output, example: int, order: list[int]) -> np.ndarray:
        """The target's score without the prefixes of an order."""
        every = set(range(len(order)))
        return np.array(
            [self.score(output, example, every - set(order[:k])) for k in range(len(order) + 1)]
        )

    def areas(self, order: list[int]) -> np.ndarray:
        """Share of the elements in each prefix."""
        sizes = np.bincount(self.labels.ravel())
        return np.concatenate([[0], np.cumsum(sizes[order]) / sizes.sum()])
