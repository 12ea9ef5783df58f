"""Mistakes of an ImageNet network, explained.

    python examples/mistakes.py --data DIR

takes photographs that MobileNetV1-0.25 misclassifies, explains each for its true class, prints the
network's probability of the truth without the causes of the mistake, and draws both. DIR holds
imagenet_sample/, imagenet_classes.json and weights/.
"""

import argparse
import json
import sys
from pathlib import Path

import torch

from captum_submod import LiMA, explain_mistakes
from captum_submod.visualization import plot_mistake


def main() -> None:
    """Explain, print, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with the photographs and weights"
    )
    parser.add_argument("--images", type=int, default=6)
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
    from imagenet import classified

    model, images, labels, names = classified(
        args.data, "mobilenet_v1_025", args.images, correctly=False
    )
    classes = json.loads((args.data / "imagenet_classes.json").read_text())
    corrected = 0
    for name, image, label in zip(names, images, labels, strict=True):
        with torch.inference_mode():
            (mistake,) = explain_mistakes(
                LiMA(model), image[None], label, perturbations_per_eval=32
            )
        corrected += mistake.corrected
        picture = (image - image.min()) / (image.max() - image.min())
        plot_mistake(mistake, picture, classes=classes).savefig(args.output / f"mistake_{name}.png")
        print(
            f"{name}: taken for {classes[mistake.predicted].split(',')[0]}; without "
            f"{len(mistake.causes)} of {len(mistake.explanation.order)} regions p(truth) "
            f"{mistake.confidence_before:.3f} → {mistake.confidence_after:.3f}"
            f"{', recognised' if mistake.corrected else ''}",
            flush=True,
        )
    print(
        f"\n{corrected} of {len(names)} recognised without the causes; wrote {len(names)} figures "
        f"to {args.output}"
    )


if __name__ == "__main__":
    main()
