"""Which regions of a picture, and which words, does a CLIP match? ZeroShot on named shapes.

    make models       (installs what is needed, and runs this)
    python examples/clip_shapes.py --output clip.png

needs transformers. A small CLIP learns in seconds which texts, such as "a photo of a red disc",
name one of the two shapes of a picture. The program explains each shape's text by the picture's
regions, and each text by its words, and measures how much of the first regions lies in the named
shape's box and how often the first word is the colour or the shape, against chance.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from captum_submod import LiMA, ZeroShot, from_processor
from captum_submod.visualization import plot_explanation

COLOURS = {"red": (220, 40, 40), "green": (40, 180, 60), "blue": (50, 80, 230)}
SHAPES = ["disc", "square", "cross"]
NAMES = [f"{colour} {shape}" for colour in COLOURS for shape in SHAPES]
TEXTS = [f"a photo of a {name}" for name in NAMES]
SIDE, SIZE, PATCH = 48, 16, 8
STEPS, BATCH, SCENES, FIRST = 240, 48, 8, 4


def drawn(shape: str) -> np.ndarray:
    """Pixels of a shape, (SIZE, SIZE)."""
    y, x = np.abs(np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2)
    if shape == "disc":
        return x**2 + y**2 <= (SIZE / 2) ** 2
    return np.minimum(x, y) < SIZE / 6 if shape == "cross" else np.maximum(x, y) < SIZE / 2


def make_scenes(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures (n, H, W, 3) of uint8, the names (n, 2) of their shapes, and corners (n, 2, 2)."""
    images = rng.normal(120, 25, (n, SIDE, SIDE, 3))
    names = np.stack([rng.permutation(len(NAMES))[:2] for _ in range(n)])
    # One shape in the left half and one in the right, in either order.
    rows = PATCH * rng.integers(0, (SIDE - SIZE) // PATCH + 1, (n, 2))
    columns = PATCH * rng.integers(0, (SIDE // 2 - SIZE) // PATCH + 1, (n, 2)) + [0, SIDE // 2]
    columns = rng.permuted(columns, axis=1)
    corners = np.stack([rows, columns], -1)
    for image, pair, places in zip(images, names, corners, strict=True):
        for name, (top, left) in zip(pair, places, strict=True):
            colour, shape = NAMES[name].split()
            image[top : top + SIZE, left : left + SIZE][drawn(shape)] = COLOURS[colour]
    return images.clip(0, 255).astype(np.uint8), names, corners


def load_tokenizer():
    """A fast tokenizer of whole words between a start and an end, as CLIP's."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = ["<start>", "<end>", *dict.fromkeys(" ".join(TEXTS).split())]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.BertProcessing(("<end>", 1), ("<start>", 0))
    special = {"bos_token": "<start>", "eos_token": "<end>", "pad_token": "<end>"}
    names = ["input_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=names, **special)


def load_processor():
    """A processor of images as CLIP's, for pictures of our size."""
    from transformers import CLIPImageProcessorPil

    return CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIDE)


def train(tokenizer, normalised, seed: int = 0):
    """A CLIP of two layers a side that knows which texts name a shape of a picture."""
    from transformers import CLIPConfig, CLIPModel

    small = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2}
    small |= {"num_attention_heads": 4}
    tokens = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    texts = tokenizer(TEXTS, padding=True, return_tensors="pt")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = CLIPConfig(
            text_config=small
            | tokens
            | {
                "vocab_size": len(tokenizer),
                "max_position_embeddings": texts["input_ids"].shape[1],
            },
            vision_config=small | {"image_size": SIDE, "patch_size": PATCH},
            projection_dim=32,
        )
        model, rng = CLIPModel(config), np.random.default_rng(seed)
        # Wider than CLIP's own, which are made for many more steps.
        for name, weights in model.named_parameters():
            if weights.dim() > 1 and "position" not in name:
                torch.nn.init.normal_(weights, std=weights[0].numel() ** -0.5)
        optimizer = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=0.0)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=STEPS)
        for _ in range(STEPS):
            images, names, _ = make_scenes(BATCH, rng)
            # Parts are missing, as in masked pictures, and of some pictures all of them.
            seen = rng.random((BATCH, 1, *2 * [SIDE // PATCH])) < 0.9
            seen = torch.from_numpy(seen & (rng.random((BATCH, 1, 1, 1)) < 0.9))
            seen = seen.repeat_interleave(PATCH, 2).repeat_interleave(PATCH, 3)
            logits = model(pixel_values=normalised(images) * seen, **texts).logits_per_image
            # Both shapes of a picture are named by its texts, each with half of the probability.
            wanted = torch.zeros_like(logits).scatter_(1, torch.from_numpy(names), 0.5)
            loss = torch.nn.functional.cross_entropy(logits, wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def share_in_box(kept: np.ndarray, corner: np.ndarray) -> float:
    """Share of a mask (H, W) that lies in the box of a shape."""
    top, left = corner
    return float(kept[top : top + SIZE, left : left + SIZE].sum() / kept.sum())


def explain_images(zero_shot: ZeroShot, inputs: Tensor, names: np.ndarray):
    """Explanations of each picture for its first shape's text, and for its second's."""
    lima = LiMA(zero_shot.image, regions=(6, 6), **zero_shot.classes)
    given = {"pixel_values": inputs}
    return [
        lima.explain(given, target=torch.from_numpy(names[:, k]), perturbations_per_eval=8)
        for k in range(2)
    ]


def first_words(zero_shot: ZeroShot, inputs: Tensor, names: np.ndarray) -> list[str]:
    """The first word of each picture's first text, with pictures that have no such shape beside."""
    found = []
    for i, name in enumerate(names[:, 0]):
        others = [j for j in range(len(names)) if name not in names[j]]
        sides = zero_shot.of_images({"pixel_values": inputs[[i, *others]]})
        lima = LiMA(zero_shot.text, weights={"consistency": 1, "collaboration": 1}, **sides)
        tokens, mask = zero_shot.tokens(TEXTS[name])
        (one,) = lima.explain(tokens, baselines=0, target=0, feature_mask=mask)
        place = np.flatnonzero(np.asarray(one.regions).ravel() == one.order[0])[0]
        found.append(TEXTS[name].split()[place - 1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("clip.png"))
    arguments = parser.parse_args()
    tokenizer, processor = load_tokenizer(), load_processor()
    pixels = from_processor(processor)
    model = train(tokenizer, pixels.normalised)
    images, names, corners = make_scenes(SCENES, np.random.default_rng(1))
    inputs = pixels.normalised(images)
    zero_shot = ZeroShot(model, tokenizer, TEXTS)
    with torch.no_grad():
        best = zero_shot.scores(pixel_values=inputs).topk(2).indices.numpy()
    print(f"both shapes named rightly: {np.mean(np.sort(best) == np.sort(names)):.2f}")
    explanations = explain_images(zero_shot, inputs, names)
    own, other = (
        np.mean(
            [
                share_in_box(one.prefix(FIRST), corner[k ^ swap])
                for k in range(2)
                for one, corner in zip(explanations[k], corners, strict=True)
            ]
        )
        for swap in (0, 1)
    )
    chance = (SIZE / SIDE) ** 2
    print(
        f"of the first {FIRST} of 36 regions {own:.2f} of the area lie in the box of the named "
        f"shape, {other:.2f} in the other's, by chance {chance:.2f}; "
        f"{np.mean([one.model_inputs for side in explanations for one in side]):.0f} pictures each"
    )
    words = first_words(zero_shot, inputs, names)
    telling = np.mean([word in COLOURS or word in SHAPES for word in words])
    print(f"the first word is the colour or the shape: {telling:.2f}, by chance 0.40")
    figure = plot_explanation(explanations[1][0], images[0], title=f"“{TEXTS[names[0, 1]]}”")
    figure.savefig(arguments.output, dpi=60)
    if not (own > 4 * chance > 4 * other and telling > 0.8):
        raise SystemExit("the first regions or words are not those of the named shape")


if __name__ == "__main__":
    main()
