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
)
from submod_core.engine.scheduler import drive

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
    "check_batch_size",
    "drive",
    "progress_bar",
    "rounded_up",
]
