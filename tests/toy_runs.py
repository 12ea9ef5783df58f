"""Runs over a dataset whose method is a toy: numbers, with a note of each call."""

import os
import sys
import time
from dataclasses import dataclass

from submod_core.dataset import KINDS, Answer, Example, OpenTask, Run, Task, describe, run_task

N, SHARD = 60, 4


class Numbers:
    """A dataset of n numbers, of which one cannot be read."""

    def __init__(self, n=N, broken=()):
        self.n, self.broken = n, set(broken)

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if index in self.broken:
            raise OSError(f"photograph {index} is truncated")
        return index


class OpenToy(OpenTask):
    """The toy in the process that runs it."""

    kind = KINDS["scores"]

    def __init__(self, toy):
        self.toy = toy
        self.dataset = Numbers(toy.n, toy.broken)
        self.settings = describe({"scale": toy.scale})

    def read(self, index, name):
        return Example(index, name, self.dataset[index], None)

    def answer(self, examples, seed):
        toy = self.toy
        if toy.calls:  # one whole line a call, whichever process writes it
            with open(toy.calls, "ab", buffering=0) as stream:
                stream.write(f"{os.getpid()} {examples[0].index}\n".encode())
        time.sleep(toy.seconds)
        if toy.fatal in [one.index for one in examples]:
            os._exit(7)
        bad = [one.index for one in examples if one.index in toy.failing]
        if bad:
            raise ValueError(f"example {bad[0]} has no map")
        return [Answer(toy.scale * one.input / 7, target=one.index % 3) for one in examples]


@dataclass(frozen=True)
class Toy(Task):
    """The recipe of the toy."""

    n: int = N
    scale: float = 1.0
    broken: tuple[int, ...] = ()
    failing: tuple[int, ...] = ()
    fatal: int = -1
    seconds: float = 0.0
    calls: str = ""

    def open(self):
        return OpenToy(self)


def run(folder, toy=None, shard_size=SHARD, **how):
    """Run the toy, or what is left of it."""
    return run_task(toy or Toy(), str(folder), None, shard_size, Run(**how))


if __name__ == "__main__":
    folder, calls, engine, seconds = sys.argv[1:]
    options = {} if engine in ("none", "torchrun") else {"engine": engine, "n_workers": 2}
    run(folder, Toy(calls=calls, seconds=float(seconds)), **options)
