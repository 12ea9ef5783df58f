"""Selection of rows of data: few that stand for all, by a submodular function."""

from submod_core.selection.selector import SubmodularSelector

__all__ = ["SubmodularSelector"]
