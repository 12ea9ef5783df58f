r"""Cost of LiMA beside the bare model, and beside the procedure of the authors' released code.

    python benchmarks/overhead.py --data DIR --model mobilenet_v2 --images 4
    python benchmarks/overhead.py --data DIR --model mobilenet_v1_025 --images 10 --host xplique
    python benchmarks/overhead.py --data DIR --model torchvision:vit_b_16 --images 32 \
        --batch-size 256 --device cuda --methods guided bidirectional --autocast bfloat16

*Images* is the number asked for, without the rows that fill up a GPU's batches. *Overhead* is the
wall time over the time of as many images in the bare model, at the same batch size, timed before
and after in the same run; the lowest and highest are over photographs. *One call* is the overhead
of all photographs in one call, and its wall time over the time of one call for each, the two in
turn: the medians of `--repeats` repeats. Under Captum, where a batch is a multiple of the
photographs, their number must divide the batch size. *Published* is bidirectional search where each
masked image is composed alone on the CPU, goes through PIL and becomes a tensor, and subsets and
complements are calls of their own. *Share* is the images a second over the rate of the bare model
at the best of several batch sizes. Networks of torchvision have random weights.
"""

import argparse
import importlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from faithfulness import HOSTS, timed
from imagenet import MODELS
from PIL import Image

from submod_core.engine import Responses
from submod_core.methods import LiMASettings, explain
from submod_core.regions import GroundSet
from submod_core.results import Explanation

SEARCHES = ("guided", "bidirectional", "greedy")
Run = Callable[[slice], list[Explanation]]


class Published:
    """Oracle that composes masked images as the released code does."""

    def __init__(self, host: Any, i: int) -> None:
        self.model, self.mask, self.device = (
            host.model,
            host.masks[i][0, 0].numpy(),
            host.images.device,
        )
        self.pixels = (255 * host.images[i].movedim(0, -1).cpu().numpy()).astype(np.uint8)
        self.target = host.labels[i]

    def __call__(self, examples: np.ndarray, keep: np.ndarray, features: bool) -> Responses:
        """See `submod_core.Oracle`."""
        outputs = torch.cat(
            [self._outputs(half) for half in np.array_split(keep, 2) if len(half)]
        ).cpu()
        p = outputs.softmax(1)
        confidence = 1 + torch.xlogy(p, p).sum(1) / np.log(p.shape[1])
        return Responses(
            p[:, self.target].double().numpy(),
            confidence.double().numpy(),
            outputs.numpy() if features else None,
        )

    def _outputs(self, keep: np.ndarray) -> torch.Tensor:
        composed = [
            self._tensor(Image.fromarray(self.pixels * row[self.mask][..., None])) for row in keep
        ]
        with torch.no_grad():
            outputs: torch.Tensor = self.model(torch.stack(composed).to(self.device))
        return outputs

    @staticmethod
    def _tensor(image: Image.Image) -> torch.Tensor:
        return (
            torch.from_numpy(np.asarray(image, dtype=np.float32) / 255)
            .permute(2, 0, 1)
            .contiguous()
        )


def published(host: Any, which: slice) -> list[Explanation]:
    """Bidirectional search by the published procedure."""
    oracle = Published(host, which.start or 0)
    sizes = np.bincount(oracle.mask.ravel()).astype(np.float64)
    ground_set = GroundSet(oracle.mask, sizes, np.zeros(len(sizes), dtype=bool))
    # A round is a call for all subsets and one for all complements.
    return explain(
        oracle, [ground_set], LiMASettings.of("bidirectional"), batch_size=2 * len(sizes)
    )


def cost(host: Any, run: Run, which: slice, n_before: int) -> tuple[float, float, float]:
    """Images asked for, seconds, and the bare model's seconds for as many images."""
    found, spent = timed(host, partial(run, which), n_before)
    images = sum(one.model_inputs for one in found)
    return images, spent["seconds"], images * spent["bare"]


def peak(host: Any, batch_size: int) -> float:
    """Images a second of the bare model at the best of several batch sizes; print all rates."""
    rates = {}
    for size in (max(1, batch_size // 2), batch_size, 2 * batch_size):
        host.bare_seconds(2, size)
        rates[size] = 1 / host.bare_seconds(10, size)
    text = ", ".join(f"{rate:.0f} at {size}" for size, rate in rates.items())
    print(f"bare model, images a second by batch size: {text}\n", flush=True)
    return max(rates.values())


def one_by_one(host: Any, runs: dict[str, Run], n: int, most: float) -> None:
    """Print the cost of each method for n photographs, each in a call of its own."""
    costs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in runs}
    for run in runs.values():
        run(slice(1))
    for i in range(n):
        for name, run in runs.items():
            n_before = int(costs[name][-1][0]) if i else 1000
            costs[name].append(cost(host, run, slice(i, i + 1), n_before))
    header = f"{'method':<22}{'images':>8}{'seconds':>9}{'a second':>10}{'share':>7}"
    print(f"{header}{'overhead':>10}{'lowest':>8}{'highest':>9}")
    for name, found in costs.items():
        images, seconds, bare = np.sum(found, axis=0)
        ratios = [one[1] / one[2] for one in found]
        rate = images / seconds
        line = f"{name:<22}{images / n:>8.0f}{seconds / n:>9.2f}{rate:>10.0f}{rate / most:>7.2f}"
        print(f"{line}{seconds / bare:>10.2f}{min(ratios):>8.2f}{max(ratios):>9.2f}", flush=True)


def in_one_call(host: Any, name: str, run: Run, n: int, repeats: int, most: float) -> None:
    """Print the cost of n photographs in one call, over the bare model and one call for each."""
    run(slice(n))
    rows = []
    for _ in range(repeats):
        images, seconds, bare = cost(host, run, slice(n), 1000 * n)
        start = time.perf_counter()
        for i in range(n):
            run(slice(i, i + 1))
        rows.append((images / seconds, seconds / bare, seconds / (time.perf_counter() - start)))
    rate, overhead, against_single = np.median(rows, axis=0)
    text = (
        f"{name}, one call: {rate:.0f} images a second, share {rate / most:.2f}, "
        f"overhead {overhead:.2f}"
    )
    print(f"{text}, {against_single:.2f} times the time of one by one", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with imagenet_sample/ and weights/"
    )
    parser.add_argument("--host", choices=HOSTS, default="captum")
    parser.add_argument(
        "--model",
        default="mobilenet_v1_025",
        help=f"{', '.join(MODELS)} or, for torch, torchvision:NAME",
    )
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--regions", type=int, default=49)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument(
        "--channels-last", action="store_true", help="torch's model and images in that format"
    )
    parser.add_argument("--device", default="cpu", help="torch's, such as cuda")
    parser.add_argument("--methods", nargs="+", choices=[*SEARCHES, "published"], help="only these")
    parser.add_argument(
        "--autocast", choices=["bfloat16", "float16"], help="run torch's model in that precision"
    )
    parser.add_argument(
        "--repeats", type=int, default=3, help="calls with all photographs; 0 leaves them out"
    )
    parser.set_defaults(samples=0, mistakes=False)
    args = parser.parse_args()
    if args.model not in MODELS and (
        args.host != "captum" or not args.model.startswith("torchvision:")
    ):
        parser.error(
            f"--model (={args.model}) must be one of {MODELS} or, under Captum, torchvision:NAME"
        )
    if args.channels_last and args.host != "captum":
        parser.error("--channels-last is for torch: images under Xplique are always so")
    if args.autocast and args.host != "captum":
        parser.error("--autocast is for torch: a Keras model has a policy of its own")
    as_published = args.host == "captum" and not args.autocast
    if "published" in (args.methods or ()) and not as_published:
        parser.error("--methods published is for torch, without --autocast")
    if args.host == "captum" and args.repeats and args.batch_size % args.images:
        parser.error(
            f"--images (={args.images}) must divide --batch-size (={args.batch_size}), or "
            "--repeats be 0"
        )
    module, name = HOSTS[args.host]
    host = getattr(importlib.import_module(module), name)(args)
    known: dict[str, Run] = {search: partial(host.explain, search) for search in SEARCHES}
    if as_published:
        known["published"] = partial(published, host)
    runs = {name: run for name, run in known.items() if not args.methods or name in args.methods}
    print(
        f"{args.model}, {args.host}: {args.images} photographs, {args.regions} regions, "
        f"batch {args.batch_size}"
    )
    most = peak(host, args.batch_size)
    one_by_one(host, runs, args.images, most)
    for name in [name for name in SEARCHES if name in runs and args.repeats]:
        in_one_call(host, name, runs[name], args.images, args.repeats, most)


if __name__ == "__main__":
    main()
