"""Conformance checks for whoever writes a search, an oracle or a metric."""

from submod_core.testing.metric import check_metric
from submod_core.testing.oracle import check_oracle
from submod_core.testing.search import check_search

__all__ = ["check_metric", "check_oracle", "check_search"]
