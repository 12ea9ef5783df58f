"""Small models of the gallery's texts, series and sums, in PyTorch, trained once a run."""

import copy
from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import TensorDataset
from torch_models import fitted

from captum_submod import SumOfParts
from captum_submod.sop import fit

GOOD, BAD = ["good", "great", "wonderful", "fresh"], ["bad", "slow", "awful", "dull"]
PLAIN = ["the", "plot", "cast", "music", "is", "was", "and", "but", "very", "ending", "story", ","]
WORDS = ["", *GOOD, *BAD, *PLAIN, "not"]


def ids_of(text: str) -> Tensor:
    """The numbers of a text's words, (1, T); 0 stands for no word."""
    return torch.tensor([[WORDS.index(word) for word in text.split()]])


class Reader(nn.Module):
    """Reads words and pairs of neighbours: ids (N, T) → logits (N, 2) of bad and good reviews."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(len(WORDS), 12, padding_idx=0)
        self.pairs, self.head = nn.Conv1d(12, 24, 2, padding=1), nn.Linear(24, 2)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits of token ids."""
        return self.head(torch.relu(self.pairs(self.words(ids).mT)).sum(-1))


@cache
def reader() -> nn.Module:
    """A reader trained on random reviews, in which "not" turns the word after it round."""
    torch.manual_seed(0)

    good, bad, plain = (np.array([WORDS.index(word) for word in s]) for s in (GOOD, BAD, PLAIN))
    turn = WORDS.index("not")

    def batch(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        # Four phrases a text: two plain words, perhaps "not", and a good or a bad word, or neither.
        kinds, turned, silent = rng.random((3, 64, 4)) < [[[0.5]], [[0.3]], [[0.3]]]
        told = np.where(kinds, rng.choice(good, kinds.shape), rng.choice(bad, kinds.shape))
        told, turns = np.where(silent, 0, told), np.where(turned & ~silent, turn, 0)
        ids = np.stack([*rng.choice(plain, (2, *kinds.shape)), turns, told], -1)
        score = (np.where(kinds ^ turned, 1, -1) * ~silent).sum(1)
        labels = np.where(score == 0, rng.integers(0, 2, 64), score > 0)
        # Plain words are missing more often than others.
        ids[rng.random(ids.shape) < [0.6, 0.6, 0.1, 0.1]] = 0
        # The gaps of what is not said go to the end, as in texts.
        ids = ids.reshape(64, 16)
        ids = np.take_along_axis(ids, np.argsort(ids == 0, 1, kind="stable"), 1)
        return torch.from_numpy(ids), torch.from_numpy(labels)

    return fitted(Reader(), batch, 250, 1e-2)


def heart(rng: np.random.Generator, odd: int | None) -> np.ndarray:
    """A series (240,) of eight beats, of which one may be upside down, with noise and drift."""
    t = np.arange(240)
    series = 0.3 * np.sin(t / 40 + rng.uniform(0, 6)) + 0.1 * rng.normal(size=240)
    for beat in range(8):
        height = -1.0 if beat == odd else 1.0
        series += height * np.exp(-(((t - 15 - 30 * beat) / 3) ** 2))
    return series.astype(np.float32)


@cache
def rhythm() -> nn.Module:
    """Tells whether a beat is upside down: series (N, 240) → logits (N, 2)."""
    torch.manual_seed(0)

    def batch(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        odd = rng.integers(0, 2, 32)
        series = np.stack([heart(rng, rng.integers(0, 8) if one else None) for one in odd])
        shown = rng.random((32, 24)) < rng.uniform(0.4, 1, (32, 1))
        series = series * np.repeat(shown, 10, 1)
        # What is upside down may be hidden.
        seen = [bool(one) and bool((series[k] < -0.75).any()) for k, one in enumerate(odd)]
        return torch.from_numpy(series.astype(np.float32)), torch.tensor(seen).long()

    filters = [nn.Unflatten(1, (1, 240)), nn.Conv1d(1, 12, 9), nn.ReLU(), nn.AdaptiveMaxPool1d(1)]
    return fitted(nn.Sequential(*filters, nn.Flatten(), nn.Linear(12, 2)), batch, 150, 1e-2)


def quarters(n: int, seed: int, pieces: int) -> tuple[Tensor, Tensor]:
    """Scenes (n, 1, 32, 32) of a digit in one quarter and halves of others, and the digits."""
    rng, table = np.random.default_rng(seed), load_digits()
    images = np.zeros((n, 1, 2, 16, 2, 16), np.float32)
    which = rng.integers(0, len(table.data), (n, 1 + pieces))
    for image, chosen in zip(images, which, strict=True):
        for place, (k, one) in zip(rng.permutation(4), enumerate(chosen), strict=False):
            digit = np.kron(table.images[one] / 16, np.ones((2, 2)))
            if k:  # a piece: its upper or lower half alone
                digit[8 * rng.integers(2) :][:8] = 0
            image[0, place // 2, :, place % 2] = digit
    return torch.from_numpy(images.reshape(n, 1, 32, 32)), torch.from_numpy(
        table.target[which[:, 0]]
    )


class Patches(nn.Module):
    """Embeddings (N, 64, 24) of patches of 4 × 4 pixels: a network's first layers, and one more."""

    def __init__(self, first: nn.Sequential) -> None:
        super().__init__()
        self.first, self.around = copy.deepcopy(first), nn.Conv2d(24, 24, 5, padding=2)
        nn.init.zeros_(self.around.weight)
        nn.init.zeros_(self.around.bias)

    def forward(self, images: Tensor) -> Tensor:
        """One embedding for each patch."""
        seen = self.first(images)
        return (seen + self.around(seen.relu())).flatten(2).mT


@cache
def sum_of_parts() -> tuple[SumOfParts, Tensor, Tensor]:
    """A sum of eight groups of patches around a network that never saw pieces; scenes, digits."""
    torch.manual_seed(0)
    known = quarters(800, 0, 0)

    def batch(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        rows = rng.integers(0, 800, 64)
        return known[0][rows], known[1][rows]

    layers = [nn.Conv2d(1, 16, 5, 2, 2), nn.ReLU(), nn.Conv2d(16, 24, 5, 2, 2), nn.ReLU()]
    head = [
        nn.Conv2d(24, 64, 4),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    ]
    model = fitted(nn.Sequential(*layers, *head), batch, 150, 4e-3).requires_grad_(True)
    images, digits = quarters(600, 1, 2)
    options = {"groups": 8, "heads": 2, "alpha": 0.24, "beta": 0.6, "positions": 1.5, "blur": 5}
    sop = SumOfParts(model, images[:1], features=4, encoder=Patches(model[:3]), **options)
    fit(sop, TensorDataset(images, digits), lr=3e-3, epochs=2, show_progress=False)
    return sop, *quarters(40, 2, 2)
