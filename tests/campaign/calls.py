"""Bad calls from signatures: kinds of bad values, the generator, and the judge."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import singledispatch
from typing import Any

import numpy as np

from submod_core.engine import NonFiniteOutputError

NAN, INF = float("nan"), float("inf")
Bad = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A public callable, one good call of it, and the kinds of its parameters.

    Attributes
    ----------
    function : callable
    good : callable
        Gives the arguments of a good call, made anew for every call.
    kinds : mapping of str to dict
        Bad values by parameter, beside those that the parameter's name stands for.
    named : mapping of str to str
        What a message may name instead of a parameter: the option that it belongs to, or the
        model whose answer shows the fault.
    name : str
    """

    function: Callable[..., Any]
    good: Callable[[], dict[str, Any]]
    kinds: Mapping[str, Bad] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    def __str__(self) -> str:
        return self.name or getattr(self.function, "__qualname__", repr(self.function))


def parameters(function: Callable[..., Any]) -> list[str]:
    """Names of the parameters of a callable, without *args and **kwargs."""
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    found = inspect.signature(function).parameters.values()
    return [one.name for one in found if one.kind not in kinds]


def bad_calls(case: Case, kinds: Mapping[str, Bad]) -> Iterator[tuple[str, str, Any]]:
    """Yield (parameter, what, value) for each bad call of a case.

    KeyError where a parameter of the signature has no kind, so that no new one goes untested.
    """
    for name in [*parameters(case.function), *(set(case.kinds) - {*parameters(case.function)})]:
        for what, value in (case.kinds[name] if name in case.kinds else kinds[name]).items():
            yield name, what, value


def fault(case: Case, name: str, value: Any) -> str | None:
    """The fault of a bad call; None where it is refused clearly and changes nothing."""
    arguments = case.good()
    arguments[name] = value
    before = frozen(arguments)
    wanted = "|".join(map(re.escape, (name, *filter(None, [case.named.get(name)]))))
    try:
        answer = case.function(**arguments)
    except NonFiniteOutputError as error:
        # Where a value that is not finite shows first: the example, and the part of the model.
        if "example" not in str(error):
            return f"unclear {type(error).__name__}: {str(error)[:150]}"
    except (TypeError, ValueError) as error:
        if not re.search(rf"`({wanted})\b", str(error)):
            return f"unclear {type(error).__name__}: {str(error)[:150]}"
    except Exception as error:
        return f"crash {type(error).__name__}: {str(error)[:150]}"
    else:
        return f"accepted: {str(answer)[:60]!r}"
    return None if frozen(arguments) == before else "refused, but an argument was changed"


def faults(case: Case, kinds: Mapping[str, Bad], right: Mapping[str, str]) -> list[str]:
    """One line for each bad call of a case that is not refused clearly.

    `right` names the values that are rightly accepted, with the reason, by a pattern of calls:
    "rank(n: a bool)", "*(regions: None)". One that is refused is a fault as well, unless the
    pattern is of many.
    """
    found = []
    for name, what, value in bad_calls(case, kinds):
        call, said = f"{case}({name}: {what})", fault(case, name, value)
        excused = any(fnmatchcase(call, pattern) for pattern in right)
        exact = call in right
        if said is None and exact:
            found.append(f"{call} is refused, though listed as right")
        elif said is not None and not (excused and said.startswith("accepted")):
            found.append(f"{call} {said}")
    return found


def with_numpy_scalars(case: Case) -> Iterator[dict[str, Any]]:
    """Yield the good call with all its numbers as NumPy's scalars, wide ones and narrow ones."""
    for whole, real in ((np.int64, np.float64), (np.uint8, np.float32)):
        kinds = {bool: np.bool_, int: whole, float: real}
        yield {name: kinds.get(type(v), lambda v: v)(v) for name, v in case.good().items()}


@singledispatch
def frozen(value: Any) -> Any:
    """A copy of a value that can be compared with a later one."""
    return id(value)


@frozen.register(dict)
def _dict(value: dict[Any, Any]) -> Any:
    return [(key, frozen(one)) for key, one in value.items()]


@frozen.register(list)
@frozen.register(tuple)
def _sequence(value: Any) -> Any:
    return [frozen(one) for one in value]


@frozen.register(np.ndarray)
def _array(value: Any) -> Any:
    return (str(value.dtype), value.shape, value.tobytes())


# --------------------------------------------------------------------------- kinds of bad values

SCALARS: Bad = {
    "text": "three",
    "nan": NAN,
    "infinity": INF,
    "minus infinity": -INF,
    "a bool": True,
    "a list": [3],
    "an array": np.array([3, 4]),
    "a complex number": 3j,
    "None": None,
    "an object": object(),
}


def without(bad: Bad, *names: str) -> Bad:
    return {what: value for what, value in bad.items() if what not in names}


def count(least: int = 1, optional: bool = False) -> Bad:
    """Bad values of a whole number of at least `least`."""
    bad = SCALARS | {"a fraction": least + 1.5, "too small": least - 1, "negative": -5}
    return without(bad, "None") if optional else bad


def number(least: float | None = 0.0, optional: bool = False, **others: Any) -> Bad:
    """Bad values of a finite number of at least `least`; `others` are bad ones by name."""
    bad = SCALARS | others
    if least is not None:
        bad |= {"too small": least - 0.5}
    return without(bad, "None") if optional else bad


def share(optional: bool = False) -> Bad:
    """Bad values of a share in (0, 1]."""
    bad = without(SCALARS, "None") if optional else SCALARS
    return bad | {"zero": 0, "negative": -0.5, "too large": 1.5}


def flag() -> Bad:
    """Bad values of True or False."""
    return without(SCALARS, "a bool") | {"two": 2, "an empty list": []}


def choice(optional: bool = False) -> Bad:
    """Bad values of one of several names."""
    bad = SCALARS | {"an unknown name": "nobody", "empty": "", "a number": 3}
    return without(bad, "None") if optional else bad


def text(optional: bool = False) -> Bad:
    """Bad values of a string."""
    bad = without(SCALARS, "text") | {"a number": 3, "bytes": b"a"}
    return without(bad, "None") if optional else bad


def function(optional: bool = False) -> Bad:
    """Bad values of a callable."""
    bad = {"a number": 3, "a list": [1], "None": None, "nan": NAN, "an array": np.ones(3)}
    return without(bad, "None") if optional else bad


def instance() -> Bad:
    """Bad values of an object of one class of this library."""
    return {"None": None, "a number": 3, "text": "one", "an array": np.ones(3), "a list": [1]}


def file() -> Bad:
    """Bad values of a path."""
    return {"None": None, "a number": 3, "a list": ["a"], "an object": object(), "empty": ""}


def array(good: np.ndarray, *, finite: bool = True, axes: bool = True, **others: Any) -> Bad:
    """Bad values of an array of numbers like `good`; `others` are bad ones by name."""
    bad = {
        "None": None,
        "text": "three",
        "an object": object(),
        "a mapping": {"a": 1},
        "strings": np.full(good.shape, "a"),
        "objects": np.full(good.shape, None, dtype=object),
        "complex numbers": good * 1j,
    }
    if finite:
        bad |= {"nan": good * NAN, "infinity": np.full(good.shape, INF)}
    if axes:
        bad |= {"too many axes": good[None, None, None, None, None], "a number": 0.5}
    return bad | others


def labels(good: np.ndarray, **others: Any) -> Bad:
    """Bad values of an array of whole numbers like `good`."""
    return array(good, **({"fractions": good + 0.5} | others))


def counts() -> Bad:
    """Bad values of a sequence of whole numbers of at least 1."""
    return {
        "None": None,
        "text": "ab",
        "empty": (),
        "zero": (0, 2),
        "negative": (-1, 2),
        "fractions": (1.5, 2),
        "nan": (NAN, 2),
        "bools": (True, 2),
        "names": ("a", "b"),
        "an object": object(),
    }


def sequence(**others: Any) -> Bad:
    """Bad values of a sequence of things."""
    return {
        "None": None,
        "a number": 3,
        "empty": (),
        "of numbers": [3, 4],
        "of None": [None],
        "an object": object(),
    } | others
