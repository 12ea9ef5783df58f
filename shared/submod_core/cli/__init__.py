"""Command line: `submod explain`, `run`, `status`, `verify` and `report`."""

from submod_core.cli.main import main

__all__ = ["main"]
