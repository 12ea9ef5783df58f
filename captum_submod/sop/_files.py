"""Files of sums of parts, checked before a model is made of them."""

import inspect
import json
import os
from typing import Any

import torch
from torch import Tensor

from submod_core._archives import blamed, check_names
from submod_core._files import path_of, whole_file
from submod_core.sop import SOPSettings
from submod_core.sop.baselines import check_stored

_WHAT = "a saved `SumOfParts`"
_TEXT = (str, type(None))
_OPTIONS: dict[str, Any] = {
    "features": (int, list, type(None)),
    "layer": _TEXT,
    "finetune": bool,
    "classifier": _TEXT,
    "baseline": (int, float, str, list),
    "batch_size": int,
}


def write_model(
    file: str | os.PathLike[str], arrays: dict[str, Tensor], options: dict[str, Any]
) -> None:
    """Write arrays and options, whole or not at all; OSError where the disk is full."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    with whole_file(file) as unfinished:
        try:
            save_file(arrays, unfinished, metadata={"options": json.dumps(options)})
        except SafetensorError as error:
            raise OSError(f"`file` (={path_of(file)!r}) cannot be written: {error}") from error


def read_model(file: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The arrays and the options of a saved model.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be opened.
    ValueError
        If it is no such file, or has NaN in it.
    """
    from safetensors import SafetensorError, safe_open

    path = path_of(file)
    with open(path, "rb"):  # names the file where it is missing, as safetensors does not
        pass
    with blamed(file, _WHAT):
        try:
            with safe_open(path, framework="pt") as opened:
                options = _options(opened.metadata())
                arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        except SafetensorError as error:
            raise ValueError(f"no safetensors file, or a damaged one ({error})") from error
        check_names(arrays, ("class_weights", "query"), optional=arrays)
        for name, array in arrays.items():
            # The buffers of a backbone may be infinite, as those that mask attention are.
            wrong = array.isnan() if "." in name else ~array.isfinite()
            if bool(wrong.any()):
                raise ValueError(f"`{name}` must be finite")
    return arrays, options


def _options(metadata: dict[str, str] | None) -> dict[str, Any]:
    """The options among the metadata of a file: all of the constructor's, and no others."""
    try:
        options = json.loads((metadata or {})["options"])
    except (KeyError, ValueError, RecursionError):
        options = None
    settings = inspect.signature(SOPSettings).parameters
    if not isinstance(options, dict) or set(options) != {*_OPTIONS, *settings}:
        raise ValueError("its metadata has not the options of such a model")
    for name, kinds in _OPTIONS.items():
        if not isinstance(options[name], kinds):
            raise ValueError(f"its option `{name}` (={options[name]!r}) is of the wrong type")
    check_stored(options["baseline"])
    try:
        SOPSettings(**{name: options[name] for name in settings})
    except TypeError as error:
        raise ValueError(f"its options are of the wrong type ({error})") from error
    return options


def check_arrays(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """Raise ValueError unless arrays are of the names, dtypes, shapes and ranges of a model's.

    Parameters
    ----------
    found, wanted : dict of Tensor
        The arrays of the file, and those of a model of its options.
    """
    check_names(found, wanted)
    for name, tensor in wanted.items():
        # Floats may be of another precision: `Module.to` converts buffers that were made in one.
        both = found[name].is_floating_point() and tensor.is_floating_point()
        same = both or found[name].dtype == tensor.dtype
        if not same or found[name].shape != tensor.shape:
            raise ValueError(
                f"`{name}` ({found[name].dtype} of shape {tuple(found[name].shape)}) must be "
                f"{tensor.dtype} of shape {tuple(tensor.shape)}"
            )
    if not torch.equal(found["masking.labels"].cpu(), wanted["masking.labels"].cpu()):
        raise ValueError("`masking.labels` are not those of its `features`")
    colour = found.get("masking.colour")
    if colour is not None and not bool(colour.isfinite().all()):
        raise ValueError("`masking.colour` must be finite")
    # The rows of the attention that groups are taken from lie inside of it.
    numerators, denominators = found["numerators"], found["denominators"]
    if not bool(((numerators >= 0) & (numerators < denominators)).all()):
        raise ValueError("`numerators` must be at least 0 and below `denominators`")
