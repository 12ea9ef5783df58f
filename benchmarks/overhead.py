"""What LiMA costs beside the model itself, and beside the procedure of the authors' released code.

    python benchmarks/overhead.py --data DIR --model mobilenet_v2 --images 4
    python benchmarks/overhead.py --data DIR --model mobilenet_v1_025 --images 10 --host xplique

*Overhead* is the wall time over the time of as many images in the bare model, at the same batch size, timed before and
after in the same run; the lowest and highest are over photographs. *One call* is the overhead of all photographs in
one call, and its wall time over that of one call for each, the two in turn: the medians of as many repeats as
`--repeats` says. Under Captum, where a batch is a multiple of the photographs, their number must divide the batch size.
*Published* is bidirectional search where each masked image is composed alone on the processor, goes through PIL and
becomes a tensor, and subsets and complements are calls of their own.
"""

import argparse
import importlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from faithfulness import HOSTS, timed
from imagenet import MODELS
from PIL import Image

from submod_core import GroundSet, LiMASettings, Responses, explain

SEARCHES = ("guided", "bidirectional", "greedy")


class Published:
    """An oracle that composes as the released code does."""

    def __init__(self, host: Any, i: int) -> None:
        self.model, self.mask, self.device = host.model, host.masks[i][0, 0].numpy(), host.images.device
        self.pixels = (255 * host.images[i].movedim(0, -1).cpu().numpy()).astype(np.uint8)
        self.target = host.labels[i]

    def __call__(self, examples: np.ndarray, keep: np.ndarray, features: bool) -> Responses:
        """See `submod_core.Oracle`."""
        outputs = torch.cat([self._outputs(half) for half in np.array_split(keep, 2) if len(half)]).cpu()
        p = outputs.softmax(1)
        confidence = 1 + torch.xlogy(p, p).sum(1) / np.log(p.shape[1])
        return Responses(
            p[:, self.target].double().numpy(), confidence.double().numpy(), outputs.numpy() if features else None
        )

    def _outputs(self, keep: np.ndarray) -> torch.Tensor:
        composed = [self._tensor(Image.fromarray(self.pixels * row[self.mask][..., None])) for row in keep]
        with torch.no_grad():
            outputs: torch.Tensor = self.model(torch.stack(composed).to(self.device))
        return outputs

    @staticmethod
    def _tensor(image: Image.Image) -> torch.Tensor:
        return torch.from_numpy(np.asarray(image, dtype=np.float32) / 255).permute(2, 0, 1).contiguous()


def published(host: Any) -> Callable[[slice], Any]:
    """Bidirectional search by the published procedure, as a method of the host."""

    def run(which: slice) -> Any:
        oracle = Published(host, which.start or 0)
        sizes = np.bincount(oracle.mask.ravel()).astype(np.float64)
        ground_set = GroundSet(oracle.mask, sizes, np.zeros(len(sizes), dtype=bool))
        # A round is a call for all subsets and one for all complements.
        return explain(oracle, [ground_set], LiMASettings.of("bidirectional"), batch_size=2 * len(sizes))

    return run


def in_one_call(host: Any, search: str, repeats: int) -> tuple[float, float]:
    """The overhead of LiMA on all photographs in one call, and its time over that of one call for each."""
    method, n = f"LiMA, {search}", len(host.images)
    host.methods[method](slice(n))
    ratios = []
    for _ in range(repeats):
        cost = timed(host, method, slice(n), 1000 * n)[1]
        start = time.perf_counter()
        for i in range(n):
            host.methods[method](slice(i, i + 1))
        ratios.append((cost["seconds"] / cost["bare seconds"], cost["seconds"] / (time.perf_counter() - start)))
    overhead, against_single = np.median(ratios, axis=0)
    return float(overhead), float(against_single)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with imagenet_sample/ and weights/")
    parser.add_argument("--host", choices=HOSTS, default="captum")
    parser.add_argument("--model", choices=MODELS, default="mobilenet_v1_025")
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--regions", type=int, default=49)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--channels-last", action="store_true", help="torch's model and images in that format")
    parser.add_argument("--device", default="cpu", help="torch's, such as cuda")
    parser.add_argument("--repeats", type=int, default=3, help="calls with all photographs; 0 leaves them out")
    parser.set_defaults(samples=0, mistakes=False)
    args = parser.parse_args()
    if args.channels_last and args.host != "captum":
        parser.error("--channels-last is for torch: images under Xplique are always so")
    if args.host == "captum" and args.repeats and args.batch_size % args.images:
        parser.error(f"--images (={args.images}) must divide --batch-size (={args.batch_size}), or --repeats be 0")
    module, name = HOSTS[args.host]
    host = getattr(importlib.import_module(module), name)(args)
    methods = [f"LiMA, {search}" for search in SEARCHES]
    if args.host == "captum":
        host.methods["published"] = published(host)
        methods.append("published")
    costs: dict[str, list[dict[str, float]]] = {method: [] for method in methods}
    for method in methods:
        host.methods[method](slice(1))
    for i in range(args.images):
        for method in methods:
            costs[method].append(
                timed(host, method, slice(i, i + 1), int(costs[method][-1]["images"]) if i else 1000)[1]
            )
    print(f"{args.model}, {args.host}: {args.images} photographs, {args.regions} regions, batch {args.batch_size}\n")
    print(f"{'method':<22}{'images':>8}{'seconds':>9}{'overhead':>10}{'lowest':>8}{'highest':>9}")
    for method, found in costs.items():
        images, seconds, bare = (sum(cost[key] for cost in found) for key in ("images", "seconds", "bare seconds"))
        ratios = [cost["seconds"] / cost["bare seconds"] for cost in found]
        n = len(found)
        line = f"{method:<22}{images / n:>8.0f}{seconds / n:>9.2f}{seconds / bare:>10.2f}"
        print(f"{line}{min(ratios):>8.2f}{max(ratios):>9.2f}")
    for search in SEARCHES if args.repeats else ():
        overhead, against_single = in_one_call(host, search, args.repeats)
        print(f"{search}, one call: {overhead:.2f}, {against_single:.2f} times the time of one by one")


if __name__ == "__main__":
    main()
