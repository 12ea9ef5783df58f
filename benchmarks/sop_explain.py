"""Cost of `SumOfParts.explain` beside its m + 1 passes of the bare network: time and memory.

    python benchmarks/sop_explain.py --data DIR --model mobilenet_v2 --host xplique

Time is the median ratio over pairs of runs, of `explain` and of as many bare passes in batches of
the same size, for one photograph and for four. Memory is the growth of a separate process to its
peak, for several numbers of photographs and batch sizes; under Xplique after a first photograph,
since tracing and compiling take memory as well.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from imagenet import MODELS, photographs
from sop import GROUPS, OPTIONS, wrap

from submod_core.sop import GroupExplanation

MEMORY = ((2, 8), (8, 8), (40, 8), (2, 32), (8, 32), (40, 32))
"""Photographs and batch size of each run that memory is measured in."""
LOADED = max(n for n, _ in MEMORY)

Bare = Callable[[int], None]
Explain = Callable[[int], list[GroupExplanation]]


def under_captum(data: Path, model_name: str, batch_size: int) -> tuple[Bare, Explain]:
    """Bare passes for the first n photographs, and their explanations, in torch."""
    torch.set_num_threads(1)
    network, images, _ = photographs(data, model_name, LOADED)
    sop = wrap(network, images, batch_size, top=0.2)

    @cache
    def batches(n: int) -> list[torch.Tensor]:
        return [
            *images[:n].split(batch_size),
            *images[:n].repeat_interleave(GROUPS, 0).split(batch_size),
        ]

    @torch.no_grad()
    def bare(n: int) -> None:
        for batch in batches(n):
            network(batch)

    return bare, lambda n: sop.explain(images[:n])


def under_xplique(data: Path, model_name: str, batch_size: int) -> tuple[Bare, Explain]:
    """Bare passes and explanations by the network's Keras twin, traced."""
    import keras_twins
    import tensorflow as tf

    from xplique_submod import SumOfParts

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    images = tf.constant(photographs(data, model_name, LOADED)[1].movedim(1, -1).numpy())
    network = keras_twins.build(data / "weights", model_name)
    sop = SumOfParts(network, images[:1], top=0.2, batch_size=batch_size, **OPTIONS)
    traced = tf.function(
        network, input_signature=[tf.TensorSpec([None, *images.shape[1:]], tf.float32)]
    )

    @cache
    def batches(n: int) -> list[tf.Tensor]:
        passes = (images[:n], tf.repeat(images[:n], GROUPS, axis=0))
        return [
            x[start : start + batch_size] for x in passes for start in range(0, len(x), batch_size)
        ]

    def bare(n: int) -> None:
        for batch in batches(n):
            traced(batch)

    sop.explain(images[:1])
    shown = cache(lambda n: images[:n])
    return bare, lambda n: sop.explain(shown(n))


HOSTS = {"captum": under_captum, "xplique": under_xplique}


def ratios(bare: Bare, explain: Explain, n: int, repeats: int) -> list[float]:
    """Time of `explain` over that of its bare passes, once for each pair of runs."""
    bare(n), explain(n)
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        bare(n)
        middle = time.perf_counter()
        explain(n)
        found.append((time.perf_counter() - middle) / (middle - start))
    return found


def grown(explain: Explain, n: int) -> float:
    """Growth of the process to its peak while it explains n photographs, in MiB."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from what is resident now
    before = resident("VmRSS")
    explain(n)
    return resident("VmHWM") - before


def resident(entry: str) -> float:
    """An entry of this process's memory status, in MiB."""
    line = next(
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith(entry)
    )
    return int(line.split()[1]) / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with imagenet_sample/ and weights/"
    )
    parser.add_argument("--model", choices=MODELS, default="mobilenet_v1_025")
    parser.add_argument("--host", choices=HOSTS, default="captum")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=15, help="pairs of runs")
    parser.add_argument(
        "--memory", type=int, metavar="N", help="print the growth with N photographs alone"
    )
    args = parser.parse_args()
    bare, explain = HOSTS[args.host](args.data, args.model, args.batch_size)
    if args.memory:
        print(f"{grown(explain, args.memory):.0f}")
        return

    for n in (1, 4):
        low, median, high = np.quantile(ratios(bare, explain, n, args.repeats), [0.25, 0.5, 0.75])
        print(f"explain over bare passes, {n} at a time: {median:.3f} ({low:.3f} to {high:.3f})")
    for n, batch_size in MEMORY:
        command: list[str | Path] = [
            sys.executable,
            __file__,
            "--data",
            args.data,
            "--model",
            args.model,
        ]
        command += ["--host", args.host, "--batch-size", str(batch_size), "--memory", str(n)]
        growth = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        print(f"peak growth, {n} photographs, batches of {batch_size}: {growth} MiB")


if __name__ == "__main__":
    main()
