"""Which regions of a photograph made a network find the face? LiMA on MTCNN.

    make models       (installs what is needed, and runs this)
    python examples/face_regions.py --output face.png

needs facenet-pytorch, whose package carries the weights of MTCNN, a cascade of three networks that
proposes faces and their boxes. scikit-image ships the photograph. The program explains the box that
MTCNN finds, divided into superpixels, and measures which share of the first regions' area lies in
the box, against chance.
"""

import argparse
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from skimage.data import astronaut
from torch import Tensor, nn

from captum_submod import DetectionScore, LiMA
from captum_submod.visualization import plot_explanation

GREY, FIRST, REGIONS = 0.5, 5, 64
SMALLEST, STEP, LEAST = 30, 0.709, (0.6, 0.7, 0.7)


def nms(boxes: Tensor, scores: Tensor, groups: Tensor, most: float) -> Tensor:
    """The boxes that no better one of their group overlaps by more than `most`, best first."""
    order, kept = scores.argsort(descending=True, stable=True), []
    sides = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0)
    areas = sides[:, 0] * sides[:, 1]
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        low = torch.maximum(boxes[best, :2], boxes[order, :2])
        high = torch.minimum(boxes[best, 2:], boxes[order, 2:])
        common = (high - low).clamp(min=0).prod(1)
        overlap = common / (areas[best] + areas[order] - common)
        order = order[~((overlap > most) & (groups[order] == groups[best]))]
    return torch.stack(kept) if kept else torch.zeros(0, dtype=torch.long)


def load() -> tuple[nn.ModuleList, ModuleType]:
    """The three networks of MTCNN, and the module of its cascade, from the files of its package.

    The package itself imports torchvision, of which the cascade needs one function, `nms`.
    """
    found = importlib.util.find_spec("facenet_pytorch")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("facenet-pytorch is missing: pip install --no-deps facenet-pytorch")
    folder = Path(found.submodule_search_locations[0])
    stubs = {name: ModuleType(name) for name in ("torchvision", "torchvision.transforms")}
    stubs["torchvision.transforms"].functional = None
    stubs["torchvision.ops"], stubs["torchvision.ops.boxes"] = (
        ModuleType(name) for name in ("torchvision.ops", "torchvision.ops.boxes")
    )
    stubs["torchvision.ops.boxes"].batched_nms = nms
    package = ModuleType("facenet_pytorch")
    package.__path__ = [str(folder)]
    # Without its own __init__, which imports more: the parts of the package are found by its path.
    stubs |= {"facenet_pytorch": package, "facenet_pytorch.models": ModuleType("models")}
    stubs["facenet_pytorch.models"].__path__ = [str(folder / "models")]
    saved = {name: sys.modules.get(name) for name in stubs}
    sys.modules.update(stubs)
    try:
        module = importlib.import_module("facenet_pytorch.models.mtcnn")
        cascade = importlib.import_module("facenet_pytorch.models.utils.detect_face")
    finally:
        for name, old in saved.items():
            sys.modules.pop(name)
            if old is not None:
                sys.modules[name] = old
    networks = nn.ModuleList([module.PNet(), module.RNet(), module.ONet()])
    return networks.eval().requires_grad_(False), cascade


class Faces(nn.Module):
    """Faces of images (N, 3, H, W) in [0, 1], as a detector of torchvision gives them: class 0."""

    def __init__(self) -> None:
        super().__init__()
        self.networks, self.cascade = load()

    def forward(self, images: list[Tensor]) -> list[dict[str, Tensor]]:
        """Boxes, labels and scores of each image."""
        pixels = 255 * torch.stack(images).permute(0, 2, 3, 1)
        found, _ = self.cascade.detect_face(pixels, SMALLEST, *self.networks, LEAST, STEP, "cpu")
        rows = [torch.from_numpy(np.asarray(one, np.float32).reshape(-1, 5)) for one in found]
        return [
            {"boxes": row[:, :4], "scores": row[:, 4], "labels": torch.zeros(len(row)).long()}
            for row in rows
        ]


def explain(search: str = "guided"):
    """The explanation of the face, its box and the photograph (1, 3, 256, 256)."""
    photograph = torch.from_numpy(astronaut()).permute(2, 0, 1).float()[None] / 255
    photograph = nn.functional.avg_pool2d(photograph, 2)
    faces = Faces()
    (found,) = faces(list(photograph))
    box = found["boxes"][found["scores"].argmax()]
    score = DetectionScore(faces, box=box.tolist(), label=0)
    lima = LiMA(score, regions=REGIONS, search=search)
    (explanation,) = lima.explain(photograph, GREY, perturbations_per_eval=32)
    return explanation, box.numpy(), photograph


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("face.png"))
    parser.add_argument("--search", default="guided")
    arguments = parser.parse_args()
    explanation, box, photograph = explain(arguments.search)
    left, top, right, bottom = box.round().astype(int)
    first, inside = (
        (kept[top:bottom, left:right].sum() / kept.sum())
        for kept in (explanation.prefix(1), explanation.prefix(FIRST))
    )
    chance = (right - left) * (bottom - top) / explanation.regions.size
    n, score = len(explanation.order), explanation.curves.insertion
    print(
        f"of the first region {first:.2f} lies in the face's box, of the first {FIRST} of {n} "
        f"{inside:.2f}, by chance {chance:.2f}; score {score[FIRST]:.2f} with them, "
        f"{score[-1]:.2f} with all"
    )
    print(f"{explanation.model_inputs} masked photographs")
    figure = plot_explanation(
        explanation, photograph[0], box=box, title="Why does the network find a face in the box?"
    )
    figure.savefig(arguments.output, dpi=60)
    if not inside > 5 * chance:
        raise SystemExit("the first regions do not lie on the face")


if __name__ == "__main__":
    main()
