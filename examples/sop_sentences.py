"""Sum-of-Parts around a BERT of Hugging Face, with the sentences of reviews as features.

    python examples/sop_sentences.py        (about half a minute; needs transformers)

trains a small BERT to tell kind reviews from unkind ones, wraps it as it is with groups of two
sentences, and prints how often the groups that count hold the sentence that judges. It fails where
that is no more often than by chance.
"""

import argparse
from typing import Any

import numpy as np
import torch
from small_bert import load_model, load_tokenizer
from torch import nn

from captum_submod import SumOfParts, text_regions
from captum_submod.sop import fit

NEUTRAL = [
    "The film is long.",
    "We could wonder.",
    "This was the first hour.",
    "Who was it?",
    "So long, and still the first!",
    "What is the plot?",
    "It is never long.",
    "Well, we could.",
]
THINGS = ["plot", "cast", "ending", "film", "hour"]
KIND = ["was good", "is wonderful", "was so good"]
UNKIND = ["was poor", "is slow", "was too slow"]
N_SENTENCES = 5


def write(n: int, seed: int) -> tuple[list[str], torch.Tensor, np.ndarray]:
    """Reviews of five sentences, whether they are kind (n,), and the judgement's place (n,)."""
    rng = np.random.default_rng(seed)
    labels, places = rng.integers(2, size=n), rng.integers(N_SENTENCES, size=n)
    reviews = []
    for label, place in zip(labels, places, strict=True):
        sentences = list(rng.choice(NEUTRAL, N_SENTENCES))
        judgement = rng.choice(KIND if label else UNKIND)
        sentences[place] = f"The {rng.choice(THINGS)} {judgement}."
        reviews.append(" ".join(sentences))
    return reviews, torch.from_numpy(labels), places


def encoded(tokenizer: Any, reviews: list[str]) -> tuple[Any, torch.Tensor]:
    """Tokens of reviews, and the sentence of each, −1 for special tokens and padding."""
    found = tokenizer(reviews, padding=True, return_special_tokens_mask=True, return_tensors="pt")
    return found, torch.from_numpy(text_regions(found, "sentences", reviews))


def trained(found: Any, sentences: torch.Tensor, labels: torch.Tensor, mask: int) -> nn.Module:
    """A BERT that learned from reviews of which a random share of the sentences is masked."""
    torch.manual_seed(0)
    bert = load_model().train()
    optimizer = torch.optim.Adam(bert.parameters(), lr=1e-3)
    for _ in range(12):
        for rows in torch.randperm(len(labels)).split(64):
            hidden = torch.rand(len(rows), N_SENTENCES) < 0.7 * torch.rand(len(rows), 1)
            of_tokens = hidden.gather(1, sentences[rows].clamp(min=0)) & (sentences[rows] >= 0)
            ids = found["input_ids"][rows].masked_fill(of_tokens, mask)
            answers = bert(input_ids=ids, attention_mask=found["attention_mask"][rows])
            loss = nn.functional.cross_entropy(answers.logits, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return bert.eval()


def main() -> None:
    """Train, wrap, train, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reviews", type=int, default=1500)
    args = parser.parse_args()
    tokenizer = load_tokenizer()
    reviews, labels, _ = write(args.reviews, seed=0)
    found, sentences = encoded(tokenizer, reviews)
    bert = trained(found, sentences, labels, tokenizer.mask_token_id)

    options = {"groups": 5, "top": 0.4, "alpha": 0.05, "beta": 2.0, "batch_size": 256}
    sop = SumOfParts(bert, found, baseline=tokenizer.mask_token_id, **options)
    columns = dict(found) | {"sentence": sentences, "label": labels}
    rows = [{name: column[i] for name, column in columns.items()} for i in range(len(labels))]
    fit(sop, rows, columns=(list(found), "label", "sentence"), lr=2e-3, show_progress=False)

    reviews, labels, places = write(200, seed=1)
    found, sentences = encoded(tokenizer, reviews)
    explanations = sop.explain(found, sentences)
    predicted = np.array([int(one.logits.argmax()) for one in explanations])
    held = np.mean(
        [
            one.groups[one.contributions[:, k].argmax()][place]
            for one, k, place in zip(explanations, predicted, places, strict=True)
        ]
    )
    chance = np.mean([one.groups.mean() for one in explanations])
    print(
        f"error {np.mean(predicted != labels.numpy()):.3f}; the group that counts most holds the "
        f"sentence that judges in {held:.2f} of {len(reviews)} reviews (chance {chance:.2f})"
    )
    for one, review, k in list(zip(explanations, reviews, predicted, strict=True))[:2]:
        print(f"\n{review}\n{('unkind', 'kind')[k]}: {one.logits[k]:.2f}")
        pieces = review.replace("? ", "?|").replace(". ", ".|").replace("! ", "!|").split("|")
        for group in one.used(k)[:2]:
            kept = [s if on else "…" for s, on in zip(pieces, one.groups[group], strict=True)]
            print(f"{one.contributions[group, k]:>8.2f}  {' '.join(kept)}")
    if held < chance + 0.3:
        raise SystemExit("the groups do not hold the sentence that judges")


if __name__ == "__main__":
    main()
