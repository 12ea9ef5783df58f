"""Cost of a run over a dataset beside a plain loop, time of its first row, and its memory.

    SUBMOD_DATA=FOLDER python benchmarks/datasets/overhead.py --images 32

Loop and run explain the same batches of photographs in turns; the ratios, of wall time and of the
process' own time on all cores, are of one run of this script. Memory is that of 2,000 small
examples, in the first and in the second half.
"""

import argparse
import gc
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from photographs import torch_network, torch_photographs
from torch import nn

from captum_submod import LiMA, attribute_dataset

SHARD = 8


def loop(method: LiMA, data: list[tuple[torch.Tensor, int]]) -> np.ndarray:
    """Seconds of a plain loop over batches, and of the processor."""
    start = seconds()
    for i in range(0, len(data), SHARD):
        some = data[i : i + SHARD]
        images, targets = torch.stack([x for x, _ in some]), [y for _, y in some]
        method.explain(images, target=targets, perturbations_per_eval=4)
    return seconds() - start


def run(method: LiMA, data: list[tuple[torch.Tensor, int]]) -> tuple[np.ndarray, float]:
    """Seconds of a run and of the processor, and those until its first shard is there."""
    with tempfile.TemporaryDirectory() as folder:
        start = seconds()
        attribute_dataset(method, data, folder, shard_size=SHARD, perturbations_per_eval=4)
        spent = seconds() - start
        first = min(file.stat().st_mtime for file in Path(folder, "shards").iterdir())
        return spent, first - start[0]


def seconds() -> np.ndarray:
    """The time of day, and the time of this process on all cores."""
    return np.array([time.time(), time.process_time()])


def resident() -> float:
    """Resident memory of this process, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def memory(n: int) -> tuple[float, float]:
    """Growth of the resident memory in the first and the second half of n examples, in MB."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 5))
    seen = []

    class Data:
        def __len__(self) -> int:
            return n

        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            if index in (n // 10, n // 2, n - 1):
                gc.collect()
                seen.append(resident())
            generator = torch.Generator().manual_seed(index)
            return torch.rand(3, 8, 8, generator=generator), index % 5

    with tempfile.TemporaryDirectory() as folder:
        method = LiMA(net, regions=(2, 2), search="greedy")
        attribute_dataset(method, Data(), folder, shard_size=20, perturbations_per_eval=8)
    return seen[1] - seen[0], seen[2] - seen[1]


def main() -> None:
    """Print the ratio, the time of the first row, and the memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    photographs = torch_photographs()
    data = [photographs[i] for i in range(given.images)]
    method = LiMA(torch_network())
    loop(method, data[:SHARD])  # warm
    ratios = []
    for _ in range(given.rounds):
        plain, (whole, _) = loop(method, data), run(method, data)
        ratios.append(whole / plain)
        wall, processor = ratios[-1]
        print(
            f"loop {plain[0]:.1f} s, run {whole[0]:.1f} s: {wall:.3f}, of the processor's time "
            f"{processor:.3f}",
            flush=True,
        )
    wall, processor = np.median(ratios, axis=0)
    print(f"ratio, median: {wall:.3f}, of the processor's time {processor:.3f}")
    small = LiMA(nn.Sequential(nn.Flatten(), nn.Linear(48, 3)), regions=(2, 2))
    tiny = [(torch.rand(3, 4, 4), 1)] * 4
    run(small, tiny)
    print(f"from the call to the first rows of a tiny model: {run(small, tiny)[1]:.2f} s")
    first, second = memory(2000)
    print(f"2,000 examples: {first:+.1f} MB from the 200th to the 1,000th, {second:+.1f} MB after")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"peak: {peak:.0f} MB")


if __name__ == "__main__":
    main()
