"""Whole datasets: explained in shards that can be killed and resumed, stored, judged, reported."""

from submod_core.dataset.data import (
    Arrays,
    Example,
    ImageFolder,
    Unbatched,
    alike,
    dataset_of,
    reading,
)
from submod_core.dataset.fingerprint import describe, differences, digest
from submod_core.dataset.folder import Folder, LocalFolder, RemoteFolder, folder_of
from submod_core.dataset.kinds import KINDS, Kind
from submod_core.dataset.manifest import Manifest, OtherRunError, manifest_of
from submod_core.dataset.plan import Plan
from submod_core.dataset.report import write_report
from submod_core.dataset.run import Run, run_task
from submod_core.dataset.shards import read_shard, schema_of, shard_name, write_shard
from submod_core.dataset.sources import named, needs_arguments, resolved
from submod_core.dataset.statistics import Estimate, Scores, bootstrap_mean
from submod_core.dataset.stored import (
    NotExplainedError,
    StoredExplanations,
    Verification,
    open_explanations,
)
from submod_core.dataset.tasks import Answer, OpenTask, Task
from submod_core.dataset.worker import AllFailedError, Done, Worker

__all__ = [
    "KINDS",
    "AllFailedError",
    "Answer",
    "Arrays",
    "Done",
    "Estimate",
    "Example",
    "Folder",
    "ImageFolder",
    "Kind",
    "LocalFolder",
    "Manifest",
    "NotExplainedError",
    "OpenTask",
    "OtherRunError",
    "Plan",
    "RemoteFolder",
    "Run",
    "Scores",
    "StoredExplanations",
    "Task",
    "Unbatched",
    "Verification",
    "Worker",
    "alike",
    "bootstrap_mean",
    "dataset_of",
    "describe",
    "differences",
    "digest",
    "folder_of",
    "manifest_of",
    "named",
    "needs_arguments",
    "open_explanations",
    "read_shard",
    "reading",
    "resolved",
    "run_task",
    "schema_of",
    "shard_name",
    "write_report",
    "write_shard",
]
