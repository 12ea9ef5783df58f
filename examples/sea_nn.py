"""Three heatmaps that disagree, and the map that SEA-NN learns from them.

    python examples/sea_nn.py

draws, for a digit in a cluttered scene, Captum's Saliency, Integrated Gradients and its SmoothGrad
version, their mean and SEA-NN. Below each map are its top features: the highest cells, and for
SEA-NN the set of cells that is influential and not redundant.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from captum_submod import SEANN, AggMean, metrics
from digits_model import load_model
from digits_scenes import make_scenes
from submod_core.sea_nn import downsample, ensemble


def draw(image: np.ndarray, maps: dict[str, np.ndarray], sets: dict[str, np.ndarray]) -> Figure:
    """Each map, and below it the cells of its set on the dimmed image."""
    figure = Figure(figsize=(2.2 * (1 + len(maps)), 4.6), layout="constrained")
    axes = figure.subplots(2, 1 + len(maps))
    axes[0, 0].imshow(image)
    for column, (name, heatmap) in enumerate(maps.items(), 1):
        axes[0, column].imshow(heatmap, cmap="viridis")
        axes[0, column].set_title(name, fontsize="small")
        axes[1, column].imshow(np.where(sets[name][..., None], image, 0.25 * image))
    for one in axes.flat:
        one.set_axis_off()
    return figure


def main() -> None:
    """Attribute, measure, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--features", type=int, default=30, help="how many cells make a set")
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)

    model, scenes = load_model(), make_scenes(1, seed=2)
    image, label, mask = (
        torch.from_numpy(scenes.images),
        int(scenes.labels[0]),
        torch.from_numpy(scenes.masks),
    )
    sea = SEANN(model)
    names = ["Saliency", "IntegratedGradients", "SmoothGrad of it"]
    columns = [
        m.attribute(image.clone().requires_grad_(), target=label).detach().abs().sum(1).double()
        for m in sea.methods
    ]
    maps = dict(zip(names, columns, strict=True)) | {
        "Agg-Mean": AggMean(model).attribute_maps(columns)
    }
    found = ensemble([column[0].numpy() for column in columns], sea.settings)
    maps["SEA-NN"] = torch.from_numpy(found.heatmap)[None]

    sets = {}
    print(f"{'map':<22}{'pointing':>10}{'sparsity':>10}{'set on the digit':>18}")
    for name, one in maps.items():
        cells = downsample(one[0].numpy(), found.cells)
        highest = np.argsort(-cells, kind="stable")[: args.features]
        sets[name] = found.top(args.features) if name == "SEA-NN" else np.isin(found.cells, highest)
        inside = scenes.masks[0][sets[name]].mean()
        pointing, sparsity = float(metrics.pointing_game(one, mask)), float(metrics.sparsity(one))
        print(f"{name:<22}{pointing:>10.2f}{sparsity:>10.3f}{inside:>18.2f}")
    figure = draw(
        np.moveaxis(scenes.images[0], 0, -1), {k: v[0].numpy() for k, v in maps.items()}, sets
    )
    figure.savefig(args.output / "sea_nn.png")
    print(f"\nwrote {args.output / 'sea_nn.png'}")


if __name__ == "__main__":
    main()
