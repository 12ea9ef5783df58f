"""Engine: the procedures of many inputs, run with one model in batches."""

from submod_core.engine.batching import BatchSize, check_batch_size, rounded_up
from submod_core.engine.progress import progress_bar
from submod_core.engine.protocol import (
    NonFiniteOutputError,
    Oracle,
    Outcome,
    OutOfMemoryError,
    Overlap,
    Procedure,
    Query,
    Responses,
    about,
)
from submod_core.engine.scheduler import drive
from submod_core.engine.whole import UnstableModelError

__all__ = [
    "BatchSize",
    "NonFiniteOutputError",
    "Oracle",
    "OutOfMemoryError",
    "Outcome",
    "Overlap",
    "Procedure",
    "Query",
    "Responses",
    "UnstableModelError",
    "about",
    "check_batch_size",
    "drive",
    "progress_bar",
    "rounded_up",
]
