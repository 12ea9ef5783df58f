"""LiMA on a vision transformer whose masked tokens are set to the baseline, or dropped.

    python benchmarks/tokens.py --images 100

trains a small transformer to read scikit-learn's digits on coloured ground, with masked patches in
turn set to 0 and dropped, and explains its right answers for scenes of other digits, with the 6 × 6
grid of patches as regions. *Insertion* and *deletion* of each order are measured in both ways; *on
the ink* is the share of the digit's ink in the first third of the order. Seconds are of one run, so
only their ratio counts. Last comes the time of a ViT-B/16 with random weights for subsets of 49
regions with their complements.
"""

import argparse
import time
from typing import NamedTuple

import numpy as np
import torch
from scipy.ndimage import zoom
from sklearn.datasets import load_digits
from torch import Tensor, nn

from captum_submod import DropTokens, LiMA, metrics

SIZE, PATCH, CELLS, DIGIT = 48, 8, 6, 40
TRAINING_DIGITS = 1400


class Scenes(NamedTuple):
    """Scenes of digits.

    Images (N, 3, 48, 48) in [0.01, 1], the digit of each (N,), and its ink (N, 48, 48) in [0, 1].
    """

    images: Tensor
    labels: Tensor
    ink: np.ndarray


class ViT(nn.Module):
    """A vision transformer: (N, 3, side, side) → logits (N, classes)."""

    def __init__(
        self, patches: nn.Module, n_patches: int, width: int, depth: int, heads: int, classes: int
    ) -> None:
        super().__init__()
        self.patches = patches
        self.positions = nn.Parameter(0.02 * torch.randn(1, n_patches, width))
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(depth)
        )
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        tokens = self.patches(x).flatten(2).mT + self.positions
        tokens = torch.cat([self.cls.expand(len(x), -1, -1), tokens], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        logits: Tensor = self.head(self.norm(tokens[:, 0]))
        return logits


def make_scenes(n: int, seed: int, digits: slice) -> Scenes:
    """Digits at random places on softly coloured ground."""
    rng = np.random.default_rng(seed)
    loaded = load_digits()
    glyphs = [zoom(glyph / 16, DIGIT // 8, order=1).clip(0, 1) for glyph in loaded.images[digits]]
    chosen = rng.integers(len(glyphs), size=n)
    images, ink = np.empty((n, 3, SIZE, SIZE), np.float32), np.zeros((n, SIZE, SIZE))
    for image, where, index in zip(images, ink, chosen, strict=True):
        top, left = rng.integers(SIZE - DIGIT + 1, size=2)
        where[top : top + DIGIT, left : left + DIGIT] = glyphs[index]
        ground = zoom(rng.uniform(0.05, 0.4, (3, 4, 4)), (1, SIZE // 4, SIZE // 4), order=1)
        ground += rng.normal(0, 0.02, ground.shape)
        # No pixel is as black as the baseline: visible patches differ from masked ones.
        image[:] = (ground * (1 - where) + rng.uniform(0.5, 1, (3, 1, 1)) * where).clip(0.01, 1)
    return Scenes(torch.from_numpy(images), torch.from_numpy(loaded.target[digits][chosen]), ink)


def trained(steps: int, seed: int = 0) -> ViT:
    """A small transformer that reads the digits."""
    torch.manual_seed(seed)
    patches = nn.Sequential(
        nn.Conv2d(3, 32, 4, stride=4), nn.GELU(), nn.Conv2d(32, 64, 2, stride=2)
    )
    model = ViT(patches, CELLS**2, width=64, depth=4, heads=4, classes=10)
    scenes = make_scenes(20_000, seed, slice(TRAINING_DIGITS))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 2e-3, total_steps=steps, pct_start=0.2
    )
    dropping = DropTokens(model, model.blocks[0], PATCH)
    for step in range(1, steps + 1):
        rows = torch.randint(len(scenes.images), (64,))
        # Train on both ways of masking, so that the comparison favours neither.
        logits = (model if step % 2 else dropping)(blacked_out(scenes.images[rows]))
        loss = nn.functional.cross_entropy(logits, scenes.labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 500 == 0:
            print(f"step {step}: loss {loss.item():.3f}", flush=True)
    return model.eval().requires_grad_(False)


def blacked_out(images: Tensor) -> Tensor:
    """Images with random patches set to 0: the same number in each, or none."""
    shown = CELLS**2 if torch.rand(()) < 0.3 else int(torch.randint(1, CELLS**2, ()))
    kept = torch.rand(len(images), CELLS**2).argsort(1).argsort(1) < shown
    keep = kept.view(-1, 1, CELLS, CELLS).repeat_interleave(PATCH, 2).repeat_interleave(PATCH, 3)
    return images * keep


def explained(model: nn.Module, scenes: Scenes, search: str) -> tuple[list[np.ndarray], float, int]:
    """Order of the patches of each scene, seconds, and number of images through the model."""
    lima = LiMA(model, regions=(CELLS, CELLS), search=search)
    start, orders, images = time.perf_counter(), [], 0
    for image, label in zip(scenes.images, scenes.labels, strict=True):
        (found,) = lima.explain(image[None], target=label, perturbations_per_eval=64)
        orders.append(found.order)
        images += found.model_inputs
    return orders, time.perf_counter() - start, images


def curves(model: nn.Module, scenes: Scenes, orders: list[np.ndarray]) -> tuple[float, float]:
    """Mean insertion and deletion, patch by patch."""
    mask = torch.arange(CELLS**2).view(1, 1, CELLS, CELLS)
    mask = mask.repeat_interleave(PATCH, 2).repeat_interleave(PATCH, 3)
    found = []
    for image, label, order in zip(scenes.images, scenes.labels, orders, strict=True):
        ranks = torch.from_numpy(-np.argsort(order).astype(np.float64))
        (one,) = metrics.faithfulness_curves(
            model, image[None], ranks[mask], target=label, steps=CELLS**2
        )
        found.append((one.insertion_auc, one.deletion_auc))
    insertion, deletion = np.mean(found, axis=0)
    return float(insertion), float(deletion)


def on_the_ink(scenes: Scenes, orders: list[np.ndarray]) -> float:
    """Share of the ink in the first third of the order."""
    ink = scenes.ink.reshape(-1, CELLS, PATCH, CELLS, PATCH).sum((2, 4)).reshape(len(orders), -1)
    first = CELLS**2 // 3
    return float(
        np.mean(
            [one[order[:first]].sum() / one.sum() for one, order in zip(ink, orders, strict=True)]
        )
    )


@torch.no_grad()
def large(batch: int) -> tuple[float, float]:
    """Seconds per image of a ViT-B/16 with random weights, with tokens set to 0 and dropped.

    On subsets of 49 regions and their complements.
    """
    torch.manual_seed(0)
    model = ViT(
        nn.Conv2d(3, 768, 16, stride=16), 196, width=768, depth=12, heads=12, classes=1000
    ).eval()
    dropping = DropTokens(model, model.blocks[0], 16)
    seconds = np.zeros((3, 2))
    for line in seconds:
        kept = torch.rand(1, 49).argsort().argsort() < torch.randint(1, 49, (1,))
        keep = (
            torch.cat([kept, ~kept])
            .view(2, 1, 7, 7)
            .repeat_interleave(32, 2)
            .repeat_interleave(32, 3)
        )
        images = torch.rand(batch, 3, 224, 224) * keep.repeat(batch // 2, 1, 1, 1)
        for i, forward_func in enumerate((model, dropping)):
            start = time.perf_counter()
            forward_func(images)
            line[i] = (time.perf_counter() - start) / batch
    return float(np.median(seconds[:, 0])), float(np.median(seconds[:, 1]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=100, help="scenes to explain")
    parser.add_argument("--steps", type=int, default=3000, help="training steps of 64 scenes")
    parser.add_argument("--searches", nargs="+", default=["guided", "bidirectional"])
    parser.add_argument("--skip-large", action="store_true", help="leave out the ViT-B/16")
    args = parser.parse_args()
    model = trained(args.steps)
    models = {"set to 0": model, "dropped": DropTokens(model, model.blocks[0], PATCH)}
    unseen = make_scenes(1000, 1, slice(TRAINING_DIGITS, None))
    right = torch.stack([one(unseen.images).argmax(1) == unseen.labels for one in models.values()])
    rows = torch.nonzero(right.all(0))[: args.images, 0]
    print(
        f"\n{right[0].double().mean():.3f} of {len(unseen.labels)} unseen scenes are read right\n"
    )
    scenes = Scenes(unseen.images[rows], unseen.labels[rows], unseen.ink[rows.numpy()])
    print(f"{f'{len(rows)} scenes':<26}" + "".join(f"{name:>24}" for name in models))
    print(
        f"{'':<26}"
        + f"{'insertion':>14}{'deletion':>10}" * 2
        + f"{'on the ink':>12}{'images':>8}{'seconds':>9}"
    )
    for search in args.searches:
        for name, forward_func in models.items():
            orders, seconds, images = explained(forward_func, scenes, search)
            line = f"{f'{search}, {name}':<26}"
            for measure in models.values():
                insertion, deletion = curves(measure, scenes, orders)
                line += f"{insertion:>14.3f}{deletion:>10.4f}"
            n = len(orders)
            print(
                f"{line}{on_the_ink(scenes, orders):>12.3f}{images / n:>8.0f}{seconds / n:>9.2f}",
                flush=True,
            )
    if not args.skip_large:
        whole, dropped = large(16)
        print(f"\nViT-B/16: {whole:.3f} s an image, dropped {dropped:.3f} s: {dropped / whole:.2f}")


if __name__ == "__main__":
    main()
