"""LiMA beside Captum's own methods, from images to a table and a figure.

    python examples/demo.py

explains digits hidden in cluttered scenes, where the place of the evidence is known. With

    python examples/demo.py --image photo.jpg --model torchvision:resnet50

the script explains a photograph instead, by any torchvision classifier or any `module:factory`
whose factory returns a network for images (N, 3, size, size) in [0, 1].
"""

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

import captum.attr as captum
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from captum_submod import LiMA, metrics, slico, visualization
from digits_model import load_model
from digits_scenes import make_scenes

BATCH = 32


def methods(
    model: nn.Module, n_channels: int = 3
) -> dict[str, Callable[[Tensor, int, Tensor], Tensor]]:
    """Methods as functions of an image (1, C, H, W), its class and its regions (1, 1, H, W)."""
    per_eval = {"perturbations_per_eval": BATCH}
    window = {"sliding_window_shapes": (n_channels, 12, 12), "strides": (n_channels, 6, 6)}
    return {
        "LiMA": lambda x, y, r: LiMA(model).attribute(x, target=y, feature_mask=r, **per_eval),
        "FeatureAblation": lambda x, y, r: captum.FeatureAblation(model).attribute(
            x, target=y, feature_mask=r, **per_eval
        ),
        "Occlusion": lambda x, y, r: captum.Occlusion(model).attribute(
            x, target=y, **window, **per_eval
        ),
        "KernelShap": lambda x, y, r: captum.KernelShap(model).attribute(
            x, target=y, feature_mask=r, n_samples=500, **per_eval
        ),
        "Saliency": lambda x, y, r: captum.Saliency(model).attribute(
            x.clone().requires_grad_(), target=y
        ),
        "IntegratedGradients": lambda x, y, r: captum.IntegratedGradients(model).attribute(
            x, target=y
        ),
    }


def pointing(attribution: Tensor, place: np.ndarray) -> float:
    """Share of the highest-scoring pixels that lie in the digit's square."""
    scores = attribution[0].sum(0).detach().numpy()
    return float(place[scores == scores.max()].mean())


def compare(model: nn.Module, n_scenes: int) -> str:
    """A table of all methods over scenes that the network reads correctly."""
    scenes = make_scenes(4 * n_scenes, seed=7)
    images, labels = torch.from_numpy(scenes.images), torch.from_numpy(scenes.labels)
    correct = torch.nonzero(model(images).argmax(1) == labels).flatten()[:n_scenes].tolist()
    regions = {i: torch.from_numpy(slico(images[i].permute(1, 2, 0)))[None, None] for i in correct}
    seen = count_images(model)
    lines = [
        f"{'method':<22}{'insertion':>10}{'deletion':>10}{'pointing':>10}"
        f"{'images':>8}{'seconds':>9}"
    ]
    for name, method in methods(model).items():
        measured = []
        for i in correct:
            x, y = images[i : i + 1], int(labels[i])
            seen.clear()
            start = time.perf_counter()
            attribution = method(x, y, regions[i])
            cost = (sum(seen), time.perf_counter() - start)
            (curves,) = metrics.faithfulness_curves(
                model, x, attribution, target=y, max_examples_per_batch=BATCH
            )
            measured.append(
                (
                    curves.insertion_auc,
                    curves.deletion_auc,
                    pointing(attribution, scenes.masks[i]),
                    *cost,
                )
            )
        insertion, deletion, hits, n_images, seconds = np.mean(measured, axis=0)
        lines.append(
            f"{name:<22}{insertion:>10.3f}{deletion:>10.3f}{hits:>10.2f}"
            f"{n_images:>8.0f}{seconds:>9.2f}"
        )
    return "\n".join(lines)


def count_images(model: nn.Module) -> list[int]:
    """A list to which every forward pass of the model adds its batch size."""
    seen: list[int] = []
    model.register_forward_pre_hook(lambda module, arguments: seen.append(len(arguments[0])))
    return seen


class Normalised(nn.Module):
    """A network for normalised images, adapted to images in [0, 1]: the baseline 0 is black."""

    def __init__(self, model: nn.Module, mean: list[float], std: list[float]) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Class scores of images in [0, 1]."""
        return self.model((x - self.mean) / self.std)


def load_network(name: str, size: int) -> tuple[nn.Module, int, list[str] | None]:
    """The network of `module:factory`, its input size, and its classes' names where known."""
    module_name, _, factory = name.partition(":")
    sys.path.insert(0, "")  # a module in the current folder
    if module_name != "torchvision":
        model = getattr(importlib.import_module(module_name), factory)()
        return model.eval(), getattr(model, "size", size), None
    try:
        from torchvision import models
    except ImportError:
        raise SystemExit(
            "--model torchvision:… needs torchvision: pip install torchvision"
        ) from None
    weights = models.get_model_weights(factory).DEFAULT
    preset = weights.transforms()
    model = Normalised(models.get_model(factory, weights=weights), preset.mean, preset.std)
    return model.eval(), preset.crop_size[0], weights.meta["categories"]


def load_image(file: Path, size: int) -> Tensor:
    """The centre of a photograph, (1, 3, size, size) in [0, 1]."""
    with Image.open(file) as picture:
        scale = size / 0.875 / min(picture.size)
        picture = picture.convert("RGB").resize(
            [round(side * scale) for side in picture.size], Image.Resampling.BILINEAR
        )
    left, top = ((side - size) // 2 for side in picture.size)
    pixels = np.asarray(picture.crop((left, top, left + size, top + size)), dtype=np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()


def explain(
    model: nn.Module, image: Tensor, target: int, title: str, max_area: float, output: Path
) -> None:
    """Explain one image, print the result, and write figure and explanation."""
    (explanation,) = LiMA(model).explain(
        image, target=target, perturbations_per_eval=BATCH, show_progress=True
    )
    print(f"\n{title}: {explanation}")
    output.mkdir(parents=True, exist_ok=True)
    visualization.plot_explanation(explanation, image[0], title=title, max_area=max_area).savefig(
        output / "explanation.png"
    )
    explanation.save(output / "explanation.npz")
    print(f"wrote {output / 'explanation.png'} and {output / 'explanation.npz'}")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--image", type=Path, help="a photograph to explain instead of the digits")
    parser.add_argument(
        "--model", default="torchvision:resnet50", help="torchvision:NAME or module:factory"
    )
    parser.add_argument("--target", type=int, help="class to explain; by default the predicted one")
    parser.add_argument(
        "--size", type=int, default=224, help="input size, where the network does not say its own"
    )
    parser.add_argument(
        "--max-area",
        type=float,
        default=1.0,
        help="largest share of the image in which the highest confidence is looked for",
    )
    parser.add_argument("--scenes", type=int, default=12, help="digit scenes in the table")
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    args = parser.parse_args()
    torch.manual_seed(0)
    if args.image:
        model, size, names = load_network(args.model, args.size)
        image = load_image(args.image, size)
        with torch.no_grad():
            target = int(model(image).argmax()) if args.target is None else args.target
        explain(
            model,
            image,
            target,
            names[target] if names else f"class {target}",
            args.max_area,
            args.output,
        )
        return
    model = load_model()
    scene = make_scenes(1, seed=2)
    label = int(scene.labels[0])
    explain(
        model,
        torch.from_numpy(scene.images),
        label,
        f"the digit {label}",
        args.max_area,
        args.output,
    )
    print(f"\nMean over {args.scenes} scenes; insertion and deletion pixel by pixel in 50 steps\n")
    print(compare(model, args.scenes))


if __name__ == "__main__":
    main()
