"""Sum-of-Parts on digits in clutter: predictions that are sums of few groups' contributions.

    python examples/sop.py                  (torch; a minute or two on two cores)
    python examples/sop.py --host xplique   (Keras)

wraps a network that reads digits and never saw any clutter, trains the two attentions on scenes
with clutter, and compares the result with "-F" models, which predict from the top patches of other
methods alone: error, overlap of the groups with the digit's box, accuracy of a label predicted from
the outlines alone. The script writes a picture of the groups.
"""

import argparse
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from digits_scenes import CLEAN_WEIGHTS, WEIGHTS, Scenes, make_scenes
from submod_core.figures.groups import plot_groups
from submod_core.metrics.groups import group_iou

PATCH = 4
OPTIONS = {
    "features": PATCH,
    "top": 0.2,
    "heads": 4,
    "alpha": 0.24,
    "beta": 0.6,
    "positions": 1.5,
    "blur": 7,
    "batch_size": 16,
}
RATES = (1e-3, 2e-4)
COLUMNS = (
    "model",
    "error",
    "IoU with the box",
    "groups used",
    "probing",
    "grown insertion",
    "grown deletion",
)
NETWORKS = {"clean": CLEAN_WEIGHTS, "cluttered": WEIGHTS}


def torch_host(weights: Path) -> SimpleNamespace:
    """The network, its methods and the models to compare, under Captum."""
    import torch
    from captum.attr import (
        FeatureAblation,
        InputXGradient,
        IntegratedGradients,
        LayerGradCam,
        Saliency,
    )

    from captum_submod import SelfAttributing, SumOfParts, metrics
    from captum_submod.sop import fit
    from digits_model import PatchEncoder, load_model

    model = load_model(weights).to(memory_format=torch.channels_last)  # twice as fast
    patches = (
        torch.arange(256)
        .reshape(16, 16)
        .repeat_interleave(PATCH, 0)
        .repeat_interleave(PATCH, 1)[None, None]
    )
    ablation = FeatureAblation(model)
    methods = {
        "Saliency": Saliency(model),
        "Integrated Gradients": IntegratedGradients(model),
        "Input × Gradient": InputXGradient(model),
        "Grad-CAM": LayerGradCam(model, model.convs[3]),
        "Feature Ablation": lambda x, target: ablation.attribute(
            x, target=target, feature_mask=patches, perturbations_per_eval=32
        ),
    }

    def train(sop: Any, scenes: Scenes, rate: float) -> list[float]:
        data = torch.utils.data.TensorDataset(
            *map(torch.from_numpy, (scenes.images, scenes.labels))
        )
        return fit(sop, data, lr=rate)

    return SimpleNamespace(
        model=lambda x: model(x).numpy(),
        inputs=lambda scenes: torch.from_numpy(scenes.images),
        sop=lambda x, beta: SumOfParts(
            model, x, encoder=PatchEncoder(model), **OPTIONS | {"beta": beta}
        ),
        single=lambda name, x: SelfAttributing(
            model, methods[name], x, features=PATCH, batch_size=64
        ),
        names=list(methods),
        train=train,
        metrics=metrics,
        labels=torch.from_numpy,
    )


def keras_host(weights: Path) -> SimpleNamespace:
    """The network, its methods and the models to compare, under Xplique."""
    from digits_keras import load_model, patch_encoder
    from xplique.attributions import (
        GradCAM,
        GradientInput,
        IntegratedGradients,
        Occlusion,
        Saliency,
    )

    from xplique_submod import SelfAttributing, SumOfParts, metrics
    from xplique_submod.sop import fit

    model = load_model(weights)
    methods = {
        "Saliency": Saliency(model),
        "Integrated Gradients": IntegratedGradients(model),
        "Gradient Input": GradientInput(model),
        "Grad-CAM": GradCAM(model, conv_layer="conv_3"),
        "Occlusion": Occlusion(model, patch_size=8, patch_stride=4, batch_size=64),
    }

    def inputs(scenes: Scenes) -> np.ndarray:
        return np.ascontiguousarray(np.moveaxis(scenes.images, 1, -1))

    return SimpleNamespace(
        model=lambda x: model.predict(x, verbose=0),
        inputs=inputs,
        sop=lambda x, beta: SumOfParts(
            model, x, encoder=patch_encoder(model), **OPTIONS | {"beta": beta}
        ),
        single=lambda name, x: SelfAttributing(
            model, methods[name], x, features=PATCH, batch_size=64
        ),
        names=list(methods),
        train=lambda sop, scenes, rate: fit(sop, inputs(scenes), scenes.labels, lr=rate),
        metrics=metrics,
        labels=np.asarray,
    )


def part(scenes: Scenes, start: int, stop: int) -> Scenes:
    """Some of the scenes."""
    return Scenes(scenes.images[start:stop], scenes.labels[start:stop], scenes.masks[start:stop])


def answered(host: SimpleNamespace, scenes: Scenes) -> Scenes:
    """Scenes labelled by the network's answers.

    A sum that repeats these answers explains the network, mistakes included.
    """
    starts = range(0, len(scenes.labels), 500)
    answers = [
        host.model(host.inputs(part(scenes, start, start + 500))).argmax(1) for start in starts
    ]
    return Scenes(scenes.images, np.concatenate(answers), scenes.masks)


def shares(scenes: Scenes) -> list[Scenes]:
    """Three quarters of the scenes for the first learning rate, the rest for the second."""
    n = len(scenes.labels)
    return [part(scenes, 0, 3 * n // 4), part(scenes, 3 * n // 4, n)]


def judge(host: SimpleNamespace, name: str, model: Any, scenes: Scenes) -> list[str]:
    """One row of the table."""
    x, explanations = host.inputs(scenes), []
    for start in range(0, len(x), 50):
        explanations += model.explain(x[start : start + 50])
    predicted = np.array([int(one.logits.argmax()) for one in explanations])
    overlaps = [
        group_iou(*each) for each in zip(explanations, predicted, scenes.masks, strict=True)
    ]
    used = [len(one.used(target)) for one, target in zip(explanations, predicted, strict=True)]
    few, labels = x[:50], host.labels(scenes.labels[:50])
    numbers = [
        np.mean(predicted != scenes.labels),
        np.mean(overlaps),
        np.mean(used),
        host.metrics.probing_accuracy(explanations, scenes.labels),
        host.metrics.grown_insertion(model, few).mean(),
        host.metrics.grown_deletion(model, few, labels).mean(),
    ]
    return [name, *(f"{number:.3f}" for number in numbers)]


def options() -> argparse.Namespace:
    """The program's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", choices=("captum", "xplique"), default="captum")
    parser.add_argument(
        "--train", type=int, default=17600, help="number of training scenes, each seen once"
    )
    parser.add_argument("--test", type=int, default=500)
    parser.add_argument(
        "--network", choices=NETWORKS, default="clean", help="what its training scenes were"
    )
    parser.add_argument(
        "--clutter", type=int, nargs=2, default=(3, 6), help="pieces in a scene: at least, below"
    )
    parser.add_argument(
        "--labels",
        choices=("true", "network"),
        default="true",
        help="what is learned: digits, or answers",
    )
    parser.add_argument(
        "--beta", type=float, default=OPTIONS["beta"], help="the higher, the fewer groups count"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the test scenes")
    parser.add_argument("--methods", nargs="*", help="compare with these alone")
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    return parser.parse_args()


def main() -> None:
    """Train, compare, draw."""
    args = options()
    args.output.mkdir(parents=True, exist_ok=True)

    host = (torch_host if args.host == "captum" else keras_host)(NETWORKS[args.network])
    clutter = tuple(args.clutter)
    scenes = make_scenes(args.train, seed=5000, training=True, clutter=clutter)
    if args.labels == "network":
        scenes = answered(host, scenes)
    test = make_scenes(args.test, seed=args.seed, clutter=clutter)
    x = host.inputs(test)
    sop = host.sop(x[:1], args.beta)
    start = time.perf_counter()
    losses = [
        loss
        for rate, share in zip(RATES, shares(scenes), strict=True)
        for loss in host.train(sop, share, rate)
    ]
    seconds = time.perf_counter() - start
    print(
        f"trained in {seconds:.0f} s; loss {np.mean(losses[:20]):.3f} → "
        f"{np.mean(losses[-20:]):.3f}",
        flush=True,
    )

    whole = np.mean(host.model(x).argmax(1) != test.labels)
    print(f"\n| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    print(f"| the network, on whole scenes | {whole:.3f} | | | | | |")
    names = host.names if args.methods is None else args.methods
    models = {"Sum-of-Parts": sop} | {f"{name}-F": host.single(name, x[:1]) for name in names}
    for name, model in models.items():
        print(f"| {' | '.join(judge(host, name, model, test))} |", flush=True)

    (one,) = sop.explain(x[:1])
    target = int(one.logits.argmax())
    assert np.allclose(one.contributions.sum(0), one.logits, rtol=1e-5, atol=1e-5)
    figure = plot_groups(one, test.images[0], target, classes=[f"digit {i}" for i in range(10)])
    figure.savefig(args.output / "sop.png", dpi=110)
    print(f"\nwrote {args.output / 'sop.png'}")


if __name__ == "__main__":
    main()
