"""Packages that only some calls need."""

import importlib
from typing import Any

_EXTRAS = {"pyarrow": "datasets", "pyarrow.parquet": "datasets", "fsspec": "datasets"}
_EXTRAS |= {"ray": "distributed"}


def needed(module: str, for_what: str) -> Any:
    """Import a module of an extra; ImportError names the extra.

    Examples
    --------
    >>> needed("fsspec", "a folder behind a URL").__name__
    'fsspec'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        extra = _EXTRAS[module]
        raise ImportError(
            f"{for_what} needs {module.partition('.')[0]}: "
            f"pip install 'captum-xplique-submod[{extra}]'"
        ) from error
