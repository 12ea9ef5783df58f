"""LiMA against Captum's built-in methods on real ImageNet networks: same images, same regions, one run.

    python benchmarks/faithfulness.py --data DIR --model mobilenet_v1_025 --images 20

prints a table and, with `--output FILE`, writes it as JSON. Insertion, deletion and highest confidence are pixel by
pixel in 50 steps, on a black baseline. *Images* went through the model, per explained image. *Overhead* is the wall
time over the time that the same number of images takes in the bare model at the same batch size; for gradient methods
it contains the backward pass.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import captum.attr as captum
import numpy as np
import torch
from imagenet import MODELS, correctly_classified
from torch import Tensor, nn

from captum_submod import LiMA, slico
from captum_submod.metrics import faithfulness_curves

Method = Callable[[Tensor, int, Tensor], Tensor]
"""(image (1, 3, H, W), class, feature_mask (1, 1, H, W)) → attribution (1, C, H, W)."""


class Counter:
    """Counts the images that go through a module."""

    def __init__(self, model: nn.Module) -> None:
        self.images = 0
        model.register_forward_pre_hook(self._count)

    def _count(self, module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        self.images += len(arguments[0])


@dataclass
class Row:
    """What was measured of one method, image by image."""

    method: str
    insertion: list[float] = field(default_factory=list)
    deletion: list[float] = field(default_factory=list)
    highest_confidence: list[float] = field(default_factory=list)
    images: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    bare_seconds: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        """Means over the images, and the overhead."""
        means = {name: float(np.mean(values)) for name, values in asdict(self).items() if name != "method"}
        return means | {"overhead": means["seconds"] / means["bare_seconds"]}


def methods(model: nn.Module, batch_size: int, samples: int) -> dict[str, Method]:
    layer = list(model.modules())[-2] if not hasattr(model, "version") else model.layers[-2]
    per_eval = {"perturbations_per_eval": batch_size}
    side = max(model.size // 7, 1)
    window = {"sliding_window_shapes": (3, side, side), "strides": (3, side // 2, side // 2)}
    lima = {search: LiMA(model, search=search) for search in ("bidirectional", "greedy")}

    def regional(method: captum.Attribution, **options: object) -> Method:
        return lambda x, y, mask: method.attribute(x, target=y, feature_mask=mask, **per_eval, **options)

    def grad_cam(x: Tensor, y: int, mask: Tensor) -> Tensor:
        coarse = captum.LayerGradCam(model, layer).attribute(x, target=y, relu_attributions=True)
        return nn.functional.interpolate(coarse, size=x.shape[-2:], mode="bilinear")

    return {
        "LiMA, bidirectional": regional(lima["bidirectional"]),
        "LiMA, greedy": regional(lima["greedy"]),
        "FeatureAblation": regional(captum.FeatureAblation(model)),
        "Occlusion": lambda x, y, mask: captum.Occlusion(model).attribute(x, target=y, **window, **per_eval),
        "Lime": regional(captum.Lime(model), n_samples=samples),
        "KernelShap": regional(captum.KernelShap(model), n_samples=samples),
        "Saliency": lambda x, y, mask: captum.Saliency(model).attribute(x, target=y),
        "IntegratedGradients": lambda x, y, mask: captum.IntegratedGradients(model).attribute(
            x, target=y, internal_batch_size=batch_size
        ),
        "Grad-CAM": grad_cam,
    }


def bare_time(model: nn.Module, x: Tensor, batch_size: int, n_batches: int) -> float:
    """Seconds per image in full batches."""
    batch = x.repeat(batch_size, 1, 1, 1)
    with torch.no_grad():
        start = time.perf_counter()
        for _ in range(n_batches):
            model(batch)
    return (time.perf_counter() - start) / (n_batches * batch_size)


def measure(
    row: Row, method: Method, model: nn.Module, counter: Counter, x: Tensor, y: int, args: argparse.Namespace
) -> None:
    mask = torch.from_numpy(slico(x[0].permute(1, 2, 0).numpy(), args.regions))[None, None]
    # The machine's speed drifts: the bare model is timed before and after, for about a fifth of the run on each side.
    probe = max(2, round(0.2 * (row.images[-1] if row.images else 0) / args.batch_size))
    before = bare_time(model, x, args.batch_size, probe)
    counter.images = 0
    start = time.perf_counter()
    attribution = method(x, y, mask)
    row.seconds.append(time.perf_counter() - start)
    row.images.append(counter.images)
    row.bare_seconds.append(counter.images * (before + bare_time(model, x, args.batch_size, probe)) / 2)
    (curves,) = faithfulness_curves(model, x, attribution, target=y, steps=50, max_examples_per_batch=args.batch_size)
    row.insertion.append(curves.insertion_auc)
    row.deletion.append(curves.deletion_auc)
    row.highest_confidence.append(curves.highest_confidence().value)


def table(rows: list[Row]) -> str:
    header = f"{'method':<22}{'insertion':>10}{'deletion':>10}{'highest':>9}{'images':>8}{'seconds':>9}{'overhead':>10}"
    lines = [header, "-" * len(header)]
    for row in rows:
        s = row.summary()
        lines.append(
            f"{row.method:<22}{s['insertion']:>10.4f}{s['deletion']:>10.4f}{s['highest_confidence']:>9.3f}"
            f"{s['images']:>8.0f}{s['seconds']:>9.2f}{s['overhead']:>10.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with imagenet_sample/ and weights/")
    parser.add_argument("--model", choices=MODELS, default="mobilenet_v1_025")
    parser.add_argument("--images", type=int, default=20, help="correctly classified photographs to explain")
    parser.add_argument("--regions", type=int, default=49, help="SLICO regions per photograph")
    parser.add_argument("--samples", type=int, default=500, help="samples of Lime and KernelShap")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--methods", nargs="+", help="only these rows")
    parser.add_argument("--output", type=Path, help="write the table as JSON")
    args = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, images, labels, names = correctly_classified(args.data, args.model, args.images)
    counter = Counter(model)
    chosen = {
        name: m
        for name, m in methods(model, args.batch_size, args.samples).items()
        if not args.methods or name in args.methods
    }
    rows = [Row(name) for name in chosen]
    for x, y, photograph in zip(images.split(1), labels, names, strict=True):
        for row in rows:
            measure(row, chosen[row.method], model, counter, x, y, args)
        print(f"{photograph}: " + ", ".join(f"{row.method} {row.insertion[-1]:.3f}" for row in rows), flush=True)
    print(f"\n{args.model}, {args.images} photographs, {args.regions} regions, batches of {args.batch_size}\n")
    print(table(rows))
    if args.output:
        report = {"arguments": {k: str(v) for k, v in vars(args).items()}, "photographs": names}
        args.output.parent.mkdir(parents=True, exist_ok=True)
        args.output.write_text(
            json.dumps(report | {"rows": [{"method": row.method} | row.summary() for row in rows]}, indent=1)
        )


if __name__ == "__main__":
    main()
