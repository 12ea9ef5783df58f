"""Outputs of models that return more than one array."""

from collections.abc import Mapping
from typing import Any


def logits_of(output: Any) -> Any:
    """The class scores of a model that returns them among other things, as Hugging Face's do.

    Parameters
    ----------
    output
        An array, which is returned as it is; an object or mapping with `logits`; or a tuple or list
        of one array.

    Returns
    -------
    array, or the output itself where it has no such part

    Examples
    --------
    >>> logits_of({"loss": 1.0, "logits": [[0.0, 1.0]]})
    [[0.0, 1.0]]
    """
    if isinstance(output, Mapping):
        return output.get("logits", output)
    if isinstance(output, tuple | list) and not hasattr(output, "logits"):
        return output[0] if len(output) == 1 else output
    return getattr(output, "logits", output)
