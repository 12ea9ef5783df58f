"""Sum-of-Parts on a real network: the cost of training, and its gain.

    python benchmarks/sop.py --data DIR --model mobilenet_v1_025 --steps 300

wraps the network with patches of its images, trains the attentions on the 200 photographs of
DIR/imagenet_sample, and prints time, memory and the error on those held out. With `--output FILE`
it draws one photograph.
"""

import argparse
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from imagenet import MODELS, photographs
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from captum_submod import SumOfParts
from captum_submod.sop import fit
from captum_submod.visualization import plot_groups

GROUPS = 20
OPTIONS: dict[str, Any] = {
    "features": 16,
    "groups": GROUPS,
    "alpha": 0.06,
    "beta": 0.1,
    "positions": 1.5,
    "blur": 3,
    "baseline": 0.5,
}
HELD_OUT = 40


def wrap(network: nn.Module, images: Tensor, batch_size: int, top: float) -> SumOfParts:
    """Wrap the network, with a row of weights for each class.

    The network's own last layer has a row for the background too, which is left out.
    """
    last = [name for name, module in network.named_modules() if isinstance(module, nn.Conv2d)][-1]
    weights = network.get_submodule(last).weight.detach()[:, :, 0, 0]
    logits = network(images[:1]).shape[1]
    return SumOfParts(
        network,
        images[:1],
        classifier=last,
        class_weights=weights[-logits:],
        top=top,
        batch_size=batch_size,
        **OPTIONS,
    )


@torch.no_grad()
def quality(sop: SumOfParts, images: Tensor, labels: Tensor) -> str:
    """Error and number of groups used for the predicted class."""
    explanations = [one for batch in images.split(8) for one in sop.explain(batch)]
    predicted = np.array([int(one.logits.argmax()) for one in explanations])
    used = np.mean(
        [len(one.used(target)) for one, target in zip(explanations, predicted, strict=True)]
    )
    return f"error {np.mean(predicted != labels.numpy()):.3f}, {used:.1f} groups used"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with imagenet_sample/ and weights/"
    )
    parser.add_argument("--model", choices=MODELS, default="mobilenet_v1_025")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--top", type=float, default=0.2, help="share of the patches in each group")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--output", type=Path, help="file for a picture of one photograph's groups")
    args = parser.parse_args()
    network, images, labels = photographs(args.data, args.model, 200)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(images)))
    train, test = order[HELD_OUT:], order[:HELD_OUT]
    sop = wrap(network, images, args.batch_size, args.top)
    print(f"embeddings: {sop.encoder.layer}, {sop.masking.n} patches")
    with torch.no_grad():
        whole = network(images[test]).argmax(1)
    print(f"held out, bare network: error {(whole != labels[test]).float().mean():.3f}")
    print(f"held out, untrained: {quality(sop, images[test], labels[test])}")
    batch = 4
    epochs = max(1, args.steps * batch // len(train))
    start = time.perf_counter()
    losses = fit(
        sop, TensorDataset(images[train], labels[train]), epochs=epochs, batch_size=batch, lr=1e-4
    )
    spent = time.perf_counter() - start
    first, last = np.mean(losses[:40]), np.mean(losses[-40:])
    print(
        f"{len(losses)} steps of {batch} photographs: {spent:.0f} s; loss {first:.3f} → {last:.3f}",
        end="; ",
    )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    print(f"held out, trained: {quality(sop, images[test], labels[test])}")
    if args.output:
        (one,) = sop.explain(images[test][:1])
        target = int(one.logits.argmax())
        plot_groups(one, images[test][0], target).savefig(args.output, dpi=100)


if __name__ == "__main__":
    main()
