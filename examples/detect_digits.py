"""Which regions made a detector find this digit? LiMA on scenes of two digits.

    python examples/detect_digits.py --output demo_output

trains a small detector (seconds), explains one of the two boxes that it finds in each scene, and
measures which share of the first regions' area lies in the box, against chance. It then takes boxes
that the detector misses, and shows which regions, taken away, bring them back.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from captum_submod import DetectionScore, LiMA, YOLOProposals, explain_mistakes
from captum_submod.visualization import plot_explanation, plot_mistake
from digits_model import load_model
from digits_scenes import DIGIT, SIZE, Pairs, make_pairs

CELL, FIRST = 8, 4
READER = YOLOProposals(n_classes=10, box_format="xyxy")


class Detector(nn.Module):
    """A box and the scores of ten digits for each cell of 8 × 8 pixels, (N, 64, 4 + 10).

    The convolutions of the classifier of `digits_model`, and two of its own.
    """

    def __init__(self) -> None:
        super().__init__()
        self.convs = load_model().convs
        self.around, self.head = nn.Conv2d(64, 64, 5, padding=2), nn.Conv2d(64, 14, 1)
        nn.init.constant_(self.head.bias, -3.0)  # most cells hold no digit

    def features(self, images: Tensor) -> Tensor:
        """The classifier's features of each cell, (N, 64, 8, 8)."""
        x = images
        for i, conv in enumerate(self.convs):
            x = torch.relu(conv(x))
            x = torch.max_pool2d(x, 2) if i < 3 else x
        return x

    def cells(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes (N, 64, 4) in pixels and logits (N, 64, 10), row by row."""
        rows = self.head(torch.relu(self.around(features))).flatten(2).mT
        # The digit's middle is in the cell or a neighbour; its sides are about those of a digit.
        steps = torch.arange(CELL // 2, SIZE, CELL, device=rows.device)
        middles = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1).reshape(-1, 2)
        middle = middles + CELL * torch.tanh(rows[..., :2] + 3)
        half = DIGIT / 2 * torch.exp(0.5 * torch.tanh(rows[..., 2:4] + 3))
        return torch.cat([middle - half, middle + half], -1), rows[..., 4:]

    def forward(self, images: Tensor) -> Tensor:
        """Rows (N, 64, 4 + 10): left, top, right, bottom, and the score of each digit."""
        boxes, logits = self.cells(self.features(images))
        return torch.cat([boxes, torch.sigmoid(logits)], -1)


def train(scenes: int = 1500, epochs: int = 8, seed: int = 0) -> Detector:
    """Train the detector's own convolutions on scenes of which a random share is blacked out."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model, pairs = Detector(), make_pairs(scenes, seed=1, training=True)
        images, boxes = torch.from_numpy(pairs.images), torch.from_numpy(pairs.boxes)
        labels = torch.from_numpy(pairs.labels)
        middles = (boxes[..., :2] + boxes[..., 2:]) / 2
        cells = (middles[..., 1] // CELL * (SIZE // CELL) + middles[..., 0] // CELL).long()
        share = torch.rand(scenes, 1, 1, 1) * torch.randint(2, (scenes, 1, 1, 1)) * 0.8
        black = (torch.rand(scenes, 1, 8, 8) < share).float()
        images = images * (1 - nn.functional.interpolate(black, scale_factor=8))
        with torch.no_grad():
            features = torch.cat([model.features(some) for some in images.split(100)])
        optimizer = torch.optim.Adam([*model.around.parameters(), *model.head.parameters()])
        steps = epochs * -(-scenes // 32)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
        for _ in range(epochs):
            for rows in torch.randperm(scenes).split(32):
                found = model.cells(features[rows])
                loss = _loss(found, boxes[rows], labels[rows], cells[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    return model.eval().requires_grad_(False)


def _loss(found: tuple[Tensor, Tensor], boxes: Tensor, labels: Tensor, cells: Tensor) -> Tensor:
    """Binary cross-entropy of the classes of all cells, and the error of the right cells' boxes."""
    places, logits = found
    wanted, each = torch.zeros_like(logits), torch.arange(len(logits))[:, None]
    wanted[each, cells, labels] = 1
    classes = nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="sum")
    off = nn.functional.smooth_l1_loss(places[each, cells], boxes, reduction="sum")
    return (classes + 0.2 * off) / len(logits)


def share_in_box(explanation, box: np.ndarray, n_regions: int = FIRST) -> float:
    """Share of the area of the first regions that lies in the box."""
    first = explanation.prefix(n_regions)
    left, top, right, bottom = box.round().astype(int)
    return float(first[top:bottom, left:right].sum() / first.sum())


def explain(model: Detector, n: int, seed: int = 5, **options):
    """Explanations of one digit of each of n scenes that the detector finds, with the scenes."""
    pairs = make_pairs(4 * n, seed=seed)
    images = torch.from_numpy(pairs.images)
    boxes, labels = torch.from_numpy(pairs.boxes[:, 0]), torch.from_numpy(pairs.labels[:, 0])
    score = DetectionScore(model, READER)
    found = torch.nonzero(score(images, boxes, labels) > 0.5)[:n, 0]
    lima = LiMA(score, **({"regions": (8, 8)} | options))
    explanations = lima.explain(
        images[found],
        additional_forward_args=(boxes[found], labels[found]),
        perturbations_per_eval=64,
    )
    kept = found.numpy()
    return explanations, Pairs(pairs.images[kept], pairs.boxes[kept], pairs.labels[kept])


def missed(model: Detector, n: int = 400, seed: int = 9):
    """Mistakes about boxes that the detector misses, with the scenes."""
    pairs = make_pairs(n, seed=seed, clutter=(6, 10))
    images = torch.from_numpy(pairs.images)
    boxes, labels = torch.from_numpy(pairs.boxes[:, 0]), torch.from_numpy(pairs.labels[:, 0])
    score = DetectionScore(model, READER)
    rows = torch.nonzero(score(images, boxes, labels) < 0.3)[:8, 0]
    lima = LiMA(score, regions=(6, 6), activation="identity", weights={"consistency": 1})
    mistakes = explain_mistakes(
        lima,
        images[rows],
        1,
        additional_forward_args=(boxes[rows], labels[rows]),
        perturbations_per_eval=64,
    )
    kept = rows.numpy()
    return mistakes, Pairs(pairs.images[kept], pairs.boxes[kept], pairs.labels[kept])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=24)
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    model = train()
    # Each region alone and left out: enough to find the digit, at a seventh of the masked images.
    explanations, pairs = explain(model, arguments.scenes, search="singletons")
    shares = [
        share_in_box(one, boxes[0]) for one, boxes in zip(explanations, pairs.boxes, strict=True)
    ]
    others = [
        share_in_box(one, boxes[1]) for one, boxes in zip(explanations, pairs.boxes, strict=True)
    ]
    chance = (DIGIT / SIZE) ** 2
    print(
        f"of the first {FIRST} of 64 regions {np.mean(shares):.2f} lies in the box, in the other "
        f"digit's {np.mean(others):.2f}, by chance {chance:.2f} ({len(shares)} scenes)"
    )
    print(f"{np.mean([one.model_inputs for one in explanations]):.0f} masked images for each")
    label, box = pairs.labels[0, 0], pairs.boxes[0, 0]
    figure = plot_explanation(
        explanations[0], pairs.images[0], box=box, title=f"Why is there a {label} in the box?"
    )
    figure.savefig(arguments.output / "detection.png", dpi=60)
    mistakes, scenes = missed(model)
    back = [mistake.corrected for mistake in mistakes]
    print(f"{sum(back)} of {len(back)} missed digits are found without the causes")
    best = mistakes[int(np.argmax([one.confidence_after for one in mistakes]))]
    names = ["missed", "found"]
    figure = plot_mistake(
        best, scenes.images[best.example], classes=names, box=scenes.boxes[best.example, 0]
    )
    figure.savefig(arguments.output / "missed.png", dpi=60)
    assert np.mean(shares) > 3 * chance


if __name__ == "__main__":
    main()
