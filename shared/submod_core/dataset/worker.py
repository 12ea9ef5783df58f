"""Worker: builds a task once, and runs shard after shard of it."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from submod_core.dataset.data import Example
from submod_core.dataset.folder import Folder
from submod_core.dataset.kinds import Row
from submod_core.dataset.manifest import Manifest, OtherRunError
from submod_core.dataset.plan import Plan
from submod_core.dataset.shards import SHARDS, read_shard, shard_name, write_shard
from submod_core.dataset.tasks import Answer, Task


class Done(NamedTuple):
    """A shard that was written.

    Attributes
    ----------
    shard : int
    n_examples, n_failed : int
    n_images : int
        Images that went through the model, where the results say so.
    """

    shard: int
    n_examples: int
    n_failed: int
    n_images: int = 0


class AllFailedError(RuntimeError):
    """Every example of a run's first shard failed, so that nothing was written."""


class Worker:
    """A task in one process, with the folder that its shards go to.

    Parameters
    ----------
    task : Task
    folder : Folder
    ids : sequence of str or None
    shard_size : int
    """

    def __init__(
        self, task: Task, folder: Folder, ids: Sequence[str] | None, shard_size: int
    ) -> None:
        self.task, self.folder = task.open(), folder
        plan = Plan.of(self.task.dataset, ids, shard_size)
        self.manifest = Manifest(self.task.kind, plan, self.task.settings)
        # One thread reads the next shard while the model works on this one.
        self._reader = ThreadPoolExecutor(1, "submod-reader")
        self._ahead: tuple[int, Future[list[Any]]] | None = None

    def agree(self, fingerprint: str) -> None:
        """Raise OtherRunError unless this process has the settings of the run."""
        if self.manifest.fingerprint != fingerprint:
            raise OtherRunError(
                "a worker has another model, settings or versions than the process that started "
                f"the run: {self.manifest.fingerprint}, and not {fingerprint}"
            )

    def manifest_(self) -> Manifest:
        """The manifest, by a call: of an object elsewhere nothing else can be had."""
        return self.manifest

    def agreed_run(self, fingerprint: str, k: int, **options: Any) -> Done:
        """Run a shard, once it is sure that this process has the settings of the run."""
        self.agree(fingerprint)
        return self.run(k, **options)

    def run(
        self, k: int, ahead: int | None = None, retry: bool = False, strict: bool = False
    ) -> Done:
        """Run a shard and write it.

        Parameters
        ----------
        k : int
        ahead : int, optional
            The shard after this one, whose examples are read meanwhile.
        retry : bool
            Keep the rows of a shard that was written before, and ask again for those that failed.
        strict : bool
            Raise AllFailedError, and write nothing, where every example failed.
        """
        kept = self._kept(k) if retry else {}
        read = self._read(k, ahead, kept)
        fresh = {row["index"]: row for row in self._rows(read, self.manifest.plan.shard(k).start)}
        errors = [row["error"] for row in fresh.values() if row["error"] is not None]
        if strict and len(errors) == len(fresh) > 1:
            raise AllFailedError(
                f"every example of the first shard failed, so that nothing was written: {errors[0]}"
            )
        merged = kept | fresh
        rows = [merged[i] for i in self.manifest.plan.shard(k)]
        fingerprint = self.manifest.fingerprint
        write_shard(self.folder, k, self.manifest.kind, rows, fingerprint)
        n_images = sum(row.get("model_inputs") or 0 for row in fresh.values())
        return Done(k, len(rows), len(errors), n_images)

    def close(self) -> None:
        """End the reading thread."""
        self._reader.shutdown(cancel_futures=True)

    def _kept(self, k: int) -> dict[int, Row]:
        table, _, _ = read_shard(self.folder, shard_name(k).removeprefix(f"{SHARDS}/"))
        return {row["index"]: row for row in table.to_pylist() if row["error"] is None}

    def _read(self, k: int, ahead: int | None, kept: dict[int, Row]) -> list[Any]:
        """Examples of a shard, or the errors of reading them; and begin to read the next."""
        plan = self.manifest.plan
        if self._ahead is not None and self._ahead[0] == k:
            found = self._ahead[1].result()
        else:
            found = self._reader.submit(
                self._examples, [i for i in plan.shard(k) if i not in kept]
            ).result()
        self._ahead = None
        if ahead is not None:
            self._ahead = ahead, self._reader.submit(self._examples, plan.shard(ahead))
        return found

    def _examples(self, places: Sequence[int]) -> list[Any]:
        return [self._example(i) for i in places]

    def _example(self, index: int) -> Example | Row:
        name = self.manifest.plan.ids[index]
        try:
            return self.task.read(index, name)
        except Exception as error:
            return _failed(index, name, error)

    def _rows(self, read: Sequence[Any], seed: int) -> Iterator[Row]:
        examples = [one for one in read if isinstance(one, Example)]
        yield from (row for row in read if not isinstance(row, Example))
        started = time.perf_counter()
        answers = list(self._answers(examples, seed)) if examples else []
        seconds = (time.perf_counter() - started) / max(len(examples), 1)
        for one, (drawn, answer) in zip(examples, answers, strict=True):
            if isinstance(answer, Answer):
                yield self._row(one, answer) | {"seed": drawn, "seconds": seconds}
            else:
                yield answer

    def _row(self, one: Example, answer: Answer) -> Row:
        target = answer.target
        return {
            "index": one.index,
            "id": one.id,
            "target": target if isinstance(target, int) else None,
            "target_values": target if isinstance(target, list) else None,
            "prediction": answer.prediction,
            "error": None,
            **self.manifest.kind.row(answer.result),
        }

    def _answers(
        self, examples: Sequence[Example], seed: int
    ) -> Iterator[tuple[int, Answer | Row]]:
        """Answers, and the seeds that they are drawn from.

        Of a batch that fails, each half is asked by itself down to the one at fault.
        """
        try:
            yield from [(seed, answer) for answer in self.task.answer(examples, seed)]
        except Exception as error:
            if len(examples) == 1:
                yield seed, _failed(examples[0].index, examples[0].id, error)
                return
            middle = len(examples) // 2
            for half in (examples[:middle], examples[middle:]):
                yield from self._answers(half, half[0].index)


def _failed(index: int, name: str, error: Exception) -> Row:
    """Row of an example that failed; its other columns are null."""
    return {"index": index, "id": name, "error": f"{type(error).__name__}: {error}"[:1000]}
