"""Checkpoints: the state of a run in a file that knows what the run is of."""

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from submod_core._archives import blamed, check_array, check_names, read_arrays, write_arrays
from submod_core._files import path_of
from submod_core._types import AnyArray

Arrays = dict[str, AnyArray]
Facts = dict[str, Any]
"""Identity of a run, as JSON can hold it: a resumed run must have the same."""

_FORMAT = 2
# Entries of the archive; the space keeps them apart from the names of the state.
_FACTS, _LOSSES = "facts ", "losses "
_SHOWN = 5


def write_checkpoint(file: Any, facts: Facts, losses: Sequence[float], state: Arrays) -> None:
    """Write a run so far, whole or not at all.

    Parameters
    ----------
    file : path
    facts : dict
        What the run is of.
    losses : sequence of float
        Of the steps taken.
    state : dict of ndarray
        All that a step changes.

    Raises
    ------
    ValueError
        If a weight is not a number any more.
    """
    for name, array in state.items():
        if _has_nan(array):
            raise ValueError(
                f"{name!r} holds NaN after step {len(losses)} of the run, and is not written to "
                "`checkpoint`: a lower `lr` may help"
            )
    texts = {_FACTS: np.array(json.dumps(facts)), _LOSSES: np.array(losses, np.float64)}
    stored = {name: _storable(array) for name, array in state.items()}
    # Weights hardly shrink: deflating them would cost time and gain nothing.
    write_arrays(file, stored | texts, compress=False)


def read_checkpoint(file: Any, facts: Facts, expected: Arrays) -> tuple[list[float], Arrays]:
    """The losses and the state of a run, if it is the run that is to be resumed.

    Parameters
    ----------
    file : path
    facts : dict
        What the run to be resumed is of.
    expected : dict of ndarray
        Arrays of the names, dtypes and shapes of its state.

    Raises
    ------
    ValueError
        If the file is no checkpoint, or one of another run: it says what differs.
    """
    what = "a checkpoint of `fit`"
    arrays = read_arrays(file, what, "checkpoint")
    with blamed(file, what, "checkpoint"):
        check_names(arrays, [_FACTS, _LOSSES], optional=arrays)
        before = _facts(str(arrays.pop(_FACTS)))
        losses = arrays.pop(_LOSSES)
        check_array("losses", losses, "f", (losses.size,))
    if found := differences(before, facts):
        more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise ValueError(
            f"`checkpoint` (={path_of(file)!r}) is of another run: "
            + "; ".join(found[:_SHOWN])
            + more
        )
    with blamed(file, what, "checkpoint"):
        check_names(arrays, expected)
        state = {name: _restored(name, arrays[name], wanted) for name, wanted in expected.items()}
    return losses.tolist(), state


def _facts(text: str) -> Facts:
    try:
        facts = json.loads(text)
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise ValueError("it does not say what it is of")
    return facts


def plain(facts: Facts) -> Facts:
    """Facts as they come back from a file: tuples as lists, numpy's numbers as Python's.

    Examples
    --------
    >>> plain({"shape": (1, 2), "groups": np.int64(3)})
    {'shape': [1, 2], 'groups': 3}
    """
    made: Facts = json.loads(json.dumps(facts, default=lambda value: value.item()))
    return made


def versions(**libraries: str) -> Facts:
    """The versions whose change may change the numbers of a run."""
    return {"format": _FORMAT, "numpy": np.__version__, **libraries}


def differences(before: Any, now: Any, where: str = "") -> list[str]:
    """Every fact that was another, in words.

    Examples
    --------
    >>> differences({"optimiser": {"lr": 0.1}, "n": 3}, {"optimiser": {"lr": 0.2}, "n": 3})
    ['optimiser: lr was 0.1 and is 0.2']
    """
    if isinstance(before, dict) and isinstance(now, dict):
        found = []
        for name in {**before, **now}:
            below = f"{where}: {name}" if where else str(name)
            found += differences(before.get(name, "absent"), now.get(name, "absent"), below)
        return found
    return [] if before == now else [f"{where} was {before!s} and is {now!s}"]


def digest(arrays: Iterable[tuple[str, AnyArray]]) -> str:
    """A hash of named arrays: of their names, dtypes, shapes and contents.

    Examples
    --------
    >>> digest([("a", np.zeros(2))]) == digest([("a", np.zeros(2))])
    True
    >>> digest([("a", np.zeros(2))]) == digest([("a", np.zeros((2, 1)))])
    False
    """
    made = hashlib.blake2b(digest_size=8)
    for name, array in arrays:
        made.update(f"{name} {array.dtype} {array.shape} ".encode())
        made.update(np.ascontiguousarray(array).tobytes())
    return f"#{made.hexdigest()}"


def digest_of_text(text: str) -> str:
    """A hash of a description, without the addresses that Python's `repr` may have in it.

    Examples
    --------
    >>> digest_of_text("Layer(<f at 0x7f01>)") == digest_of_text("Layer(<f at 0x7f02>)")
    True
    """
    return digest([(re.sub(r"0x[0-9a-fA-F]+", "", text), np.zeros(0))])


def shapes(arrays: Mapping[str, Any]) -> dict[str, str]:
    """Dtype and shape of each array or tensor, for errors that say what differs."""
    return {name: f"{array.dtype} {tuple(array.shape)}" for name, array in arrays.items()}


def data_facts(n: int, example: Callable[[int], Sequence[Any]]) -> Facts:
    """Facts of the data: their number, and the first, the middle and the last example.

    Where the first example differs from one reading to the next, as with random augmentation, only
    its dtypes and shapes are.

    Parameters
    ----------
    n : int
    example : callable
        From an index to the arrays of the example.
    """

    def columns(i: int) -> list[tuple[str, AnyArray]]:
        return [(str(k), np.asarray(array)) for k, array in enumerate(example(i))]

    first = columns(0)
    facts: Facts = {"examples": n, "an example": list(shapes(dict(first)).values())}
    if digest(first) != digest(columns(0)):
        return facts
    places = {"first": 0, "middle": n // 2, "last": n - 1}
    return facts | {f"the {name} example": digest(columns(i)) for name, i in places.items()}


def random_state() -> Arrays:
    """The state of Python's and NumPy's global generators, which augmentation may use."""
    version, words, gauss = random.getstate()
    arrays = {
        "random python": np.array(words, np.uint32),
        "random python gauss": np.array([version, gauss is not None, gauss or 0.0]),
    }
    state: Any = np.random.get_state(legacy=False)
    if state["bit_generator"] == "MT19937":
        arrays["random numpy"] = np.asarray(state["state"]["key"])
        rest = state["state"]["pos"], state["has_gauss"], state["gauss"]
        arrays["random numpy gauss"] = np.array(rest, np.float64)
    return arrays


def restore_random_state(arrays: Mapping[str, AnyArray]) -> None:
    """Put back what `random_state` gave."""
    version, has_gauss, gauss = arrays["random python gauss"].tolist()
    words = tuple(arrays["random python"].tolist())
    random.setstate((int(version), words, gauss if has_gauss else None))
    if "random numpy" in arrays:
        pos, has, gauss = arrays["random numpy gauss"].tolist()
        np.random.set_state(("MT19937", arrays["random numpy"], int(pos), int(has), gauss))


def _has_nan(array: AnyArray) -> bool:
    return array.dtype.kind == "f" and bool(np.isnan(array).any())


def _storable(array: AnyArray) -> AnyArray:
    """The array, or its bits where NumPy's format does not know the dtype, such as bfloat16."""
    array = np.asarray(array)
    return array.view(f"u{array.dtype.itemsize}") if array.dtype.kind == "V" else array


def _restored(name: str, array: AnyArray, wanted: AnyArray) -> AnyArray:
    wanted = np.asarray(wanted)
    stored = _storable(wanted)
    if (array.dtype, array.shape) != (stored.dtype, stored.shape) or _has_nan(array):
        raise ValueError(
            f"`{name}` ({array.dtype} of shape {array.shape}) must be {stored.dtype} of shape "
            f"{stored.shape}, without NaN"
        )
    return array.view(wanted.dtype)
