"""Sum-of-Parts on a small sentence classifier: predictions that are sums over groups of words.

    python examples/sop_text.py        (about half a minute)

trains a network to tell kind reviews from unkind ones, wraps the network with tokens as features
and a blur that keeps groups contiguous (SOP, App. C.2.2), and prints the groups of a prediction
with the contribution of each.
"""

import argparse

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from captum_submod import SumOfParts
from captum_submod.sop import fit

THINGS = [
    "film",
    "plot",
    "cast",
    "music",
    "ending",
    "dialogue",
    "pacing",
    "camera",
    "script",
    "humour",
]
KIND = ["wonderful", "moving", "clever", "charming", "gripping", "tender"]
UNKIND = ["dull", "clumsy", "tedious", "shallow", "noisy", "hollow"]
FILLERS = [
    "we",
    "saw",
    "it",
    "on",
    "a",
    "rainy",
    "evening",
    "with",
    "friends",
    "after",
    "dinner",
    "in",
    "town",
    "and",
]
WORDS = ["<mask>", "the", "was", "never", *THINGS, *KIND, *UNKIND, *FILLERS]
IDS = {word: i for i, word in enumerate(dict.fromkeys(WORDS))}
NAMES = list(IDS)
LENGTH = 24


def write(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Sentences of 24 tokens (n, 24), with one judgement somewhere, and whether it is kind (n,)."""
    rng = np.random.default_rng(seed)
    sentences, labels = [], rng.integers(2, size=n)
    for label in labels:
        negated = rng.random() < 0.3
        adjective = rng.choice(KIND if label != negated else UNKIND)
        judgement = ["the", rng.choice(THINGS), "was", *(["never"] if negated else []), adjective]
        words = list(rng.choice(FILLERS, size=LENGTH - len(judgement)))
        place = rng.integers(len(words) + 1)
        sentences.append([IDS[word] for word in (*words[:place], *judgement, *words[place:])])
    return torch.tensor(sentences), torch.from_numpy(labels)


class Reader(nn.Module):
    """An embedding, a convolution over five tokens, its maximum over the sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(IDS), 24)
        self.conv = nn.Conv1d(24, 48, 5, padding=2)
        self.head = nn.Linear(48, 2)

    def places(self, ids: Tensor) -> Tensor:
        """Hidden features of each token, (N, T, 48)."""
        return torch.relu(self.conv(self.embedding(ids).transpose(1, 2))).transpose(1, 2)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits (N, 2)."""
        return self.head(self.places(ids).amax(1))


class Places(nn.Module):
    """The reader's own view of each token, as the embedding of the features."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader.requires_grad_(False)

    def forward(self, ids: Tensor) -> Tensor:
        """Embeddings (N, T, 48)."""
        return self.reader.places(ids)


def train_reader(ids: Tensor, labels: Tensor, epochs: int = 6) -> Reader:
    """Learn from sentences of which a random share of the tokens is masked."""
    torch.manual_seed(0)
    reader = Reader()
    optimizer = torch.optim.Adam(reader.parameters(), lr=3e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(ids)).split(64):
            hidden = torch.rand(len(rows), LENGTH) < 0.7 * torch.rand(len(rows), 1)
            loss = nn.functional.cross_entropy(
                reader(ids[rows].masked_fill(hidden, 0)), labels[rows]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return reader


def main() -> None:
    """Train, wrap, train, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sentences", type=int, default=4000)
    args = parser.parse_args()
    (ids, labels), (test, truth) = write(args.sentences, seed=0), write(300, seed=1)
    reader = train_reader(ids, labels)
    options = {
        "groups": 12,
        "top": 0.25,
        "alpha": 0.05,
        "positions": 1.0,
        "blur": 3,
        "beta": 2.0,
        "batch_size": 256,
    }
    sop = SumOfParts(reader, test[:1], encoder=Places(reader), **options)
    fit(sop, TensorDataset(ids, labels), lr=2e-3, show_progress=False)

    explanations = sop.explain(test)
    predicted = np.array([int(one.logits.argmax()) for one in explanations])
    used = np.mean(
        [len(one.used(target)) for one, target in zip(explanations, predicted, strict=True)]
    )
    print(
        f"error on whole sentences {float((reader(test).argmax(1) != truth).float().mean()):.3f}",
        end="; ",
    )
    print(
        f"sum of parts {np.mean(predicted != truth.numpy()):.3f}, from {used:.1f} groups of a "
        "quarter of the tokens"
    )
    for one, sentence, target in list(zip(explanations, test.tolist(), predicted, strict=True))[:3]:
        print(
            f"\n{' '.join(NAMES[i] for i in sentence)}\n{('unkind', 'kind')[target]}: "
            f"{one.logits[target]:.2f}"
        )
        for group in one.used(target)[:3]:
            shown = [
                NAMES[i] if kept else "·"
                for i, kept in zip(sentence, one.groups[group], strict=True)
            ]
            print(f"{one.contributions[group, target]:>8.2f}  {' '.join(shown)}")


if __name__ == "__main__":
    main()
