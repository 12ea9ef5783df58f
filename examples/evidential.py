"""Evidential training of a network, and SMDL with the network's certainty as confidence score.

    python examples/evidential.py

trains the digits network further by the evidential loss (under a minute on two cores), prints the
rise of its uncertainty as scenes are blended with noise, and explains a scene by SMDL with this
network as the confidence model.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from captum.attr import Saliency
from torch import Tensor, nn

from captum_submod import SMDL, evidential_loss, uncertainty
from captum_submod.visualization import plot_explanation
from digits_model import DigitsCNN, load_model
from digits_scenes import make_scenes

NOISE = (0.0, 0.1, 0.2, 0.4, 0.8)


def train(scenes: int = 1500, epochs: int = 4, seed: int = 0) -> DigitsCNN:
    """Start from the shipped classifier and minimise the evidential loss (SMDL, Eq. 3) on scenes.

    Evidence is exp(output): the outputs of a classifier are right only relative to each other, and
    this training gives them a scale.
    """
    torch.manual_seed(seed)
    model = load_model().to(memory_format=torch.channels_last).requires_grad_(True).train()
    drawn = make_scenes(scenes, seed=2000 + seed, training=True)
    images, one_hot = torch.from_numpy(drawn.images), torch.eye(10)[torch.from_numpy(drawn.labels)]
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)
    for _ in range(epochs):
        for rows in torch.randperm(scenes).split(64):
            loss = evidential_loss(model(images[rows]), one_hot[rows]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval().requires_grad_(False)


def mean_uncertainty(model: nn.Module, images: Tensor, noise: float) -> float:
    """Mean uncertainty (SMDL, Eq. 4) of images blended with a share `noise` of uniform noise."""
    generator = torch.Generator().manual_seed(0)
    blended = (1 - noise) * images + noise * torch.rand(images.shape, generator=generator)
    return float(uncertainty(model(blended)).mean())


def main() -> None:
    """Train, measure, explain."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)

    judge = train(args.scenes, args.epochs)
    test = make_scenes(200, seed=1)
    images, labels = torch.from_numpy(test.images), torch.from_numpy(test.labels)
    print(
        f"accuracy on new scenes: {float((judge(images).argmax(1) == labels).float().mean()):.3f}\n"
    )
    print("share of noise  mean uncertainty")
    for noise in NOISE:
        print(f"{noise:>14.1f}  {mean_uncertainty(judge, images, noise):>16.3f}")

    model = load_model()
    smdl = SMDL(model, prior=Saliency(model), patches=8, regions=16, confidence_model=judge)
    (explanation,) = smdl.explain(images[:1], target=labels[:1], perturbations_per_eval=64)
    figure = plot_explanation(
        explanation, np.moveaxis(test.images[0], 0, -1), title=f"SMDL, digit {int(labels[0])}"
    )
    figure.savefig(args.output / "smdl.png")
    print(f"\n{explanation}\nwrote {args.output / 'smdl.png'}")


if __name__ == "__main__":
    main()
