"""Sum-of-Parts on a small cosmology-like problem: parameters predicted from maps of mass.

    python examples/sop_maps.py        (under a minute)

draws lognormal random fields, trains a small network to regress their clustering strength and
spectral slope, wraps the network with watershed segments, trains the attentions by the scaled
squared error, and prints the share of each prediction that comes from voids and from clusters (SOP,
§4.4 and App. C.4.1). The figure shows a map with the groups most like a void and a cluster.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from captum_submod import SumOfParts, watershed
from captum_submod.metrics import cluster_alignment, group_structures, void_alignment
from captum_submod.sop import fit
from submod_core.sop import GroupExplanation

SIZE = 32
SEGMENTS = 48
PARAMETERS = ("strength", "slope")


def draw_maps(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Maps (n, 1, 32, 32) of excess mass, mean 0, and their parameters (n, 2), each in [0, 1]."""
    rng = np.random.default_rng(seed)
    parameters = rng.random((n, 2))
    k = np.hypot(*np.meshgrid(np.fft.fftfreq(SIZE), np.fft.fftfreq(SIZE))) * SIZE
    k[0, 0] = np.inf
    maps = np.empty((n, 1, SIZE, SIZE), np.float32)
    for one, (strength, slope) in zip(maps, parameters, strict=True):
        noise = np.fft.fft2(rng.normal(size=(SIZE, SIZE)))
        field = np.fft.ifft2(noise * k ** (-(1 + 2 * slope) / 2)).real
        mass = np.exp((0.3 + 0.9 * strength) * field / field.std())
        one[0] = mass / mass.mean() - 1
    return torch.from_numpy(maps), torch.from_numpy(parameters.astype(np.float32))


def segment(maps: Tensor) -> Tensor:
    """Basins of the smoothed maps, (n, 32, 32)."""
    return torch.from_numpy(
        np.stack([watershed(gaussian_filter(one, 0.7), SEGMENTS) for one in maps[:, 0].numpy()])
    )


def train_network(
    maps: Tensor, parameters: Tensor, segments: Tensor, epochs: int = 15
) -> nn.Module:
    """Train two convolutions, a mean over the map and two layers, with random segments set to 0."""
    torch.manual_seed(0)
    convolutions = (
        nn.Conv2d(1, 24, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(24, 48, 3, padding=1),
    )
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 32), nn.ReLU(), nn.Linear(32, 2))
    network = nn.Sequential(*convolutions, nn.ReLU(), *head)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(maps)).split(32):
            kept = torch.rand(len(rows), SEGMENTS) > 0.7 * torch.rand(len(rows), 1)
            shown = kept.gather(1, segments[rows].flatten(1)).reshape(len(rows), 1, SIZE, SIZE)
            loss = nn.functional.mse_loss(network(maps[rows] * shown), parameters[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network


def structures(explanations: list[GroupExplanation], maps: Tensor) -> str:
    """Shares of the predictions from voids and from clusters, by the papers' thresholds."""
    lines = ["parameter   from voids   from clusters   purity"]
    for target, name in enumerate(PARAMETERS):
        pairs = zip(explanations, maps[:, 0].numpy(), strict=True)
        found = [group_structures(one, target, values) for one, values in pairs]
        void = np.mean([each.void_weight() for each in found])
        cluster = np.mean([each.cluster_weight() for each in found])
        # A group that is both counts twice (SOP, Eq. 52).
        numbers = [void, cluster, void + cluster]
        lines.append(f"{name:<10} {numbers[0]:>11.2f} {numbers[1]:>15.2f} {numbers[2]:>8.2f}")
    return "\n".join(lines)


def draw(one: GroupExplanation, values: np.ndarray) -> Figure:
    """Draw a map, and of the groups that count the ones most like a void and a cluster."""
    used = np.flatnonzero(one.scores.any(axis=1))
    painted = {group: one.groups[group][one.regions] for group in used}
    void = max(used, key=lambda group: void_alignment(painted[group], values))
    cluster = max(used, key=lambda group: cluster_alignment(painted[group], values))
    figure = Figure(figsize=(9, 3.3), layout="constrained")
    panels = figure.subplots(1, 3)
    limits = {"vmin": -1, "vmax": float(np.quantile(values, 0.99)), "cmap": "inferno"}
    panels[0].imshow(values, **limits)
    panels[0].set_title("strength {:.2f}, slope {:.2f}".format(*one.logits))
    for axes, group, name in zip(panels[1:], (void, cluster), ("void", "cluster"), strict=True):
        axes.imshow(np.where(painted[group], values, np.nan), **limits)
        axes.contourf(~painted[group], levels=[0.5, 1.5], colors="none", hatches=["////"])
        amounts = one.contributions[group]
        axes.set_title(f"most like a {name}: {amounts[0]:.2f}, {amounts[1]:.2f}")
    for axes in panels:
        axes.set_axis_off()
    return figure


def main() -> None:
    """Train, wrap, train, measure, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--maps", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=2, help="of the attentions")
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)

    (maps, parameters), (test, truth) = draw_maps(args.maps, seed=0), draw_maps(100, seed=1)
    segments, of_test = segment(maps), segment(test)
    network = train_network(maps, parameters, segments)
    options = {
        "features": segments[0].numpy(),
        "heads": 4,
        "alpha": 0.2,
        "top": 0.4,
        "beta": 4.0,
        "batch_size": 256,
    }
    sop = SumOfParts(network, maps[:1], **options)

    def error(predicted: Tensor) -> float:
        return float(((predicted - truth) ** 2).mean())

    with torch.no_grad():
        print(
            f"mean squared error: of the mean {error(parameters.mean(0)):.4f}, network "
            f"{error(network(test)):.4f}"
        )
        print(f"sum of parts, untrained {error(sop(test, of_test)):.4f}", end=", ")
    fit(
        sop,
        TensorDataset(maps, parameters, segments),
        epochs=args.epochs,
        lr=3e-3,
        show_progress=False,
    )
    explanations = sop.explain(test, of_test)
    print(
        f"trained {error(torch.from_numpy(np.stack([one.logits for one in explanations]))):.4f}\n"
    )
    print(structures(explanations, test))
    draw(explanations[0], test[0, 0].numpy()).savefig(args.output / "sop_maps.png", dpi=110)
    print(f"\nwrote {args.output / 'sop_maps.png'}")


if __name__ == "__main__":
    main()
