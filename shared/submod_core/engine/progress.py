"""Progress bar for work whose total is a guess."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from submod_core._checks import check_count, check_flag, check_type


@contextmanager
def progress_bar(
    description: str, total: int | None, show: bool
) -> Iterator[Callable[[int], None] | None]:
    """Show a bar that counts images; it needs tqdm, which both hosts bring.

    Parameters
    ----------
    description : str
    total : int or None
        Estimate of the number of images. tqdm drops a total that is exceeded, and with it the time
        left: the total is therefore corrected on the way and at the end.
    show : bool

    Yields
    ------
    callable or None
        Advances the bar by so many images; None where no bar is shown.

    Examples
    --------
    >>> with progress_bar("LiMA attribution", 100, show=False) as on_batch:
    ...     print(on_batch)
    None
    """
    check_flag("show", show)
    check_type("description", description, str, "a string")
    if total is not None:
        check_count("total", total, least=0)
    if not show:
        yield None
        return
    from tqdm.auto import tqdm

    with tqdm(total=total, desc=description, unit="image") as bar:
        yield counting(bar)
        bar.total = bar.n


def counting(bar: Any) -> Callable[[int], None]:
    """Make a function that advances a tqdm bar, and raises its total where the guess was too low.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> bar = SimpleNamespace(total=2, n=0, update=print)
    >>> counting(bar)(3), bar.total
    3
    (None, 3)
    """

    def count(n_images: int) -> None:
        if bar.total is not None:
            bar.total = max(bar.total, bar.n + n_images)
        bar.update(n_images)

    return count
