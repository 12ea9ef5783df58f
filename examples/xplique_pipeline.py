"""LiMA in an Xplique pipeline: a list of explainers, Xplique's own metrics, its plots.

    python examples/xplique_pipeline.py

explains digits hidden in cluttered scenes with LiMA and five of Xplique's methods, prints a table,
and writes the maps and a bar chart of the scores.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from digits_keras import load_model
from xplique.attributions import KernelShap, Occlusion, Rise, Saliency, SobolAttributionMethod
from xplique.metrics import Deletion, Insertion, MuFidelity
from xplique.plots import plot_attributions
from xplique.plots.metrics import barplot

from digits_scenes import make_scenes
from xplique_submod import LiMA, slico
from xplique_submod.visualization import plot_explanation


def options() -> argparse.Namespace:
    """The program's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=6)
    parser.add_argument(
        "--samples",
        type=int,
        default=1000,
        help="of Rise; other methods and the metrics take proportionally many",
    )
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    return parser.parse_args()


def main() -> None:
    """Explain, measure, draw."""
    args = options()
    args.output.mkdir(parents=True, exist_ok=True)
    tf.random.set_seed(0)

    def scaled(samples: int) -> int:
        return max(1, samples * args.samples // 1000)

    model = load_model()
    scenes = make_scenes(args.scenes, seed=7)
    images, targets = np.moveaxis(scenes.images, 1, -1), tf.one_hot(scenes.labels, 10)

    lima = LiMA(model)
    explainers = [
        lima,
        Rise(model, nb_samples=args.samples),
        SobolAttributionMethod(model, grid_size=7, nb_design=scaled(16)),
        KernelShap(
            model,
            nb_samples=scaled(500),
            map_to_interpret_space=lambda image: tf.constant(slico(image), tf.int32),
        ),
        Occlusion(model, patch_size=12, patch_stride=6),
        Saliency(model),
    ]
    explanations = {
        type(explainer).__name__: explainer(images, targets) for explainer in explainers
    }

    arguments, softmax = (model, images, targets), {"activation": "softmax"}
    metrics = {
        "Insertion": Insertion(*arguments, steps=scaled(50), **softmax),
        "Deletion": Deletion(*arguments, steps=scaled(50), **softmax),
        "MuFidelity": MuFidelity(*arguments, grid_size=8, nb_samples=scaled(200), **softmax),
    }
    scores = {
        name: {method: float(metric(maps)) for method, maps in explanations.items()}
        for name, metric in metrics.items()
    }
    print(f"{'method':<24}" + "".join(f"{name:>12}" for name in metrics))
    for method in explanations:
        print(f"{method:<24}" + "".join(f"{scores[name][method]:>12.3f}" for name in metrics))

    for method, maps in explanations.items():
        plot_attributions(maps, images, img_size=2.0, cols=args.scenes, cmap="jet", alpha=0.5)
        plt.savefig(args.output / f"xplique_{method}.png")
        plt.close("all")
    barplot(scores, sort_metric="Insertion", filepath=str(args.output / "xplique_scores.png"))
    plt.close("all")

    (explanation,) = lima.explain_regions(images[:1], targets[:1])
    plot_explanation(explanation, images[0]).savefig(args.output / "xplique_explanation.png")
    print(f"\n{explanation}\nwrote {len(explanations) + 2} figures to {args.output}")


if __name__ == "__main__":
    main()
