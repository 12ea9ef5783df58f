"""Which words of a prompt made a language model give this answer? LLMAttribution on a small GPT-2.

    make models       (installs what is needed, and runs this)
    python examples/prompt_words.py --output prompt.png

needs transformers. The model learns in seconds to answer from what a prompt says of a person: "dave
lives in paris , plays golf , reads poems and likes tea . he drinks" goes on with "tea in paris".
The facts come in any order, and some are missing. The program explains each word of the answer by
the facts, and counts how often the first fact is the one that the word was copied from.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from captum.attr import TextTemplateInput

from captum_submod import LiMA, LLMAttribution

FACTS = {
    "lives in": ["paris", "rome", "oslo", "lima", "cairo", "delhi", "tokyo", "berlin"],
    "plays": ["golf", "chess", "tennis", "rugby", "polo", "darts", "cricket", "hockey"],
    "reads": ["poems", "novels", "letters", "papers", "comics", "diaries", "essays", "plays"],
    "likes": ["tea", "milk", "water", "coffee", "juice", "wine", "beer", "cider"],
}
NAMES = ["dave", "anna", "john", "mary", "paul", "ruth"]
QUESTIONS = {"he plays": "plays", "he reads": "reads", "he drinks": "likes"}
SPLIT, STEPS, BATCH, PROMPTS = " , ", 300, 64, 24


def load_tokenizer():
    """A fast tokenizer of whole words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    said = [*NAMES, *FACTS, *QUESTIONS, *(word for words in FACTS.values() for word in words)]
    words = dict.fromkeys(["[PAD]", "[UNK]", ",", ".", *" ".join(said).split()])
    model = models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]")
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")


def make_prompt(rng: np.random.Generator) -> tuple[str, list[str], str, list[str]]:
    """A template, the values of its facts, the answer, and the facts that its words come from."""
    facts = {fact: str(rng.choice(words)) for fact, words in FACTS.items()}
    order = [str(fact) for fact in rng.permutation(list(facts))]
    question = str(rng.choice(list(QUESTIONS)))
    template = SPLIT.join(f"{fact} {{}}" for fact in order)
    template = f"{rng.choice(NAMES)} {template} . {question}"
    asked = [QUESTIONS[question], "lives in"]
    answer = f"{facts[asked[0]]} in {facts[asked[1]]}"
    return template, [facts[fact] for fact in order], answer, [order.index(fact) for fact in asked]


def train(tokenizer, seed: int = 0):
    """A GPT-2 of two layers that answers; where a fact is missing, it guesses."""
    from transformers import GPT2Config, GPT2LMHeadModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = GPT2Config(
            vocab_size=len(tokenizer), n_embd=64, n_layer=2, n_head=4, n_positions=32,
            resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
            bos_token_id=None, eos_token_id=None, pad_token_id=0,
        )  # fmt: skip
        model = GPT2LMHeadModel(config)
        optimizer = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=0.0)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=STEPS)
        rng = np.random.default_rng(seed)
        for _ in range(STEPS):
            ids, labels = _batch(tokenizer, rng)
            loss = model(input_ids=ids, attention_mask=(ids > 0).long(), labels=labels).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def _batch(tokenizer, rng: np.random.Generator):
    """Token ids (B, T) of prompts with their answers, and labels that are the answers' alone."""
    texts, lengths = [], []
    for _ in range(BATCH):
        template, values, answer, _ = make_prompt(rng)
        kept = [value if rng.random() < 0.7 else "" for value in values]
        texts.append(f"{template.format(*kept)} {answer}")
        lengths.append(len(answer.split()))
    ids = tokenizer(texts, padding=True, return_tensors="pt")["input_ids"]
    ends = (ids > 0).sum(1, keepdim=True)
    places = torch.arange(ids.shape[1])
    asked = (places >= ends - torch.tensor(lengths)[:, None]) & (places < ends)
    return ids, torch.where(asked, ids, -100)


def draw(result, prompt: str):
    """Shares that each fact adds to the probability of each word of the answer."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    added = np.zeros((len(result.output_tokens), len(result.input_tokens)))
    for row, one in zip(added, result.token_explanations, strict=True):
        row[one.order] = np.diff(one.curves.insertion).round(2) + 0.0
    image = axes.imshow(added, vmin=0, vmax=1, cmap="Purples", aspect="auto")
    for (i, j), value in np.ndenumerate(added):
        colour = "white" if value > 0.6 else "black"
        axes.text(j, i, f"{value:.2f}", ha="center", va="center", color=colour)
    axes.set_xticks(range(added.shape[1]), result.input_tokens)
    axes.set_yticks(range(len(added)), result.output_tokens)
    axes.set(xlabel="facts of the prompt", ylabel="the answer")
    axes.set_title(prompt, fontsize=9)
    figure.colorbar(image, label="probability it adds")
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("prompt.png"))
    arguments = parser.parse_args()
    tokenizer = load_tokenizer()
    model, rng = train(tokenizer), np.random.default_rng(1)
    llm = LLMAttribution(LiMA(model), tokenizer, attr_target="mean_prob")
    hits, prompts, results = [], [], []
    for _ in range(PROMPTS):
        template, values, answer, sources = make_prompt(rng)
        prompt = TextTemplateInput(template, values)
        results.append(llm.attribute(prompt, target=answer, per_token=True))
        first, _, last = results[-1].token_explanations
        hits.append([int(one.order[0]) == k for one, k in zip((first, last), sources, strict=True)])
        prompts.append((template.format(*values), answer, values))
    for (prompt, answer, _), result in list(zip(prompts, results, strict=True))[:3]:
        first, _, last = result.token_explanations
        named = [result.input_tokens[one.order[0]] for one in (first, last)]
        print(f"{prompt} -> {answer}: {named}, {result.model_inputs} prompts")
    found, chance = np.mean(hits), 1 / len(FACTS)
    print(
        f"the first of {len(FACTS)} facts is the one that the word was copied from: {found:.2f} of "
        f"{2 * PROMPTS}, by chance {chance:.2f}"
    )
    draw(results[0], prompts[0][0]).savefig(arguments.output, dpi=70)
    if not found > 0.9 > 3 * chance:
        raise SystemExit("the first facts are not those that the answer comes from")


if __name__ == "__main__":
    main()
