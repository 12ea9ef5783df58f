"""Documentation of options that several classes share, written in one place."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T", bound=Callable[..., object])


def documented(options: Mapping[str, str], **words: str) -> Callable[[T], T]:
    """Put the shared documentation of options into a docstring.

    A line of the docstring that is ``{name}`` alone is replaced by the text of that option, with
    the line's indentation. A text may hold ``{word}``, for what differs between the hosts.

    Parameters
    ----------
    options : mapping of str to str
        From names to NumPy-style entries: a first line ``name : type``, and indented lines.
    **words : str
        The text that stands for each word.

    Raises
    ------
    KeyError
        If the docstring names an option that is not there, or a word is missing.

    Examples
    --------
    >>> options = {"seed": "seed : int" + chr(10) + "    Of the {host}."}
    >>> @documented(options, host="example")
    ... def draw(seed):
    ...     '''Draw.
    ...
    ...     Parameters
    ...     ----------
    ...     {seed}
    ...     '''
    >>> print(draw.__doc__.splitlines()[-2].strip())
    Of the example.
    """

    def fill(documented: T) -> T:
        def entry(match: re.Match[str]) -> str:
            lines = options[match[2]].format(**words).splitlines()
            return "\n".join((match[1] + line).rstrip() for line in lines)

        text = documented.__doc__
        if text is not None:  # python -OO strips docstrings
            documented.__doc__ = re.sub(r"^( *)\{(\w+)\}$", entry, text, flags=re.MULTILINE)
        return documented

    return fill


def summary(documented: object) -> str:
    """Text of a NumPy-style docstring before its first section.

    Examples
    --------
    >>> summary(summary).splitlines()[0]
    'Text of a NumPy-style docstring before its first section.'
    """
    return re.split(_SECTION, inspect.getdoc(documented) or "", maxsplit=1)[0].strip()


def section(documented: object, name: str) -> str:
    """The body of a section of a NumPy-style docstring; empty where there is none.

    Examples
    --------
    >>> section(section, "Examples").splitlines()[0][:20]
    '>>> section(section,'
    """
    parts = re.split(_SECTION, inspect.getdoc(documented) or "")
    return dict(zip(parts[1::2], parts[2::2], strict=True)).get(name, "").strip()


def composed(declared: object, **sections: str) -> str:
    """A docstring: the summary of a declaration, and sections with its own settings among them.

    Parameters
    ----------
    declared : object
        Its `summary` comes first; its section of parameters follows that of `sections`.
    **sections : str
        Bodies by the names of the sections, in their order.

    Examples
    --------
    >>> composed(summary, Returns="str").splitlines()[2:]
    ['Returns', '-------', 'str']
    """
    if "Parameters" in sections:
        own = section(declared, "Parameters")
        sections["Parameters"] = "\n".join(part for part in (sections["Parameters"], own) if part)
    parts = [f"{name}\n{'-' * len(name)}\n{body}" for name, body in sections.items() if body]
    return "\n\n".join([summary(declared), *parts]) + "\n"


_SECTION = re.compile(r"^(\w+)\n-+\n", flags=re.MULTILINE)
