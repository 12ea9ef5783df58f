"""Batch sizes: the number of images in one call of the model."""

from typing import Any

from submod_core._checks import check_count

# "auto": first and last size, batches timed per size, and the gain in speed that is worth doubling.
_SMALLEST, _LARGEST = 8, 512
_TIMED = 3
_FASTER = 1.05


def check_batch_size(name: str, value: Any) -> None:
    """Raise ValueError unless `value` is a whole number of at least 1 or "auto"."""
    if isinstance(value, str) and value != "auto":
        raise ValueError(f"`{name}` (={value!r}) must be a whole number of at least 1 or 'auto'")
    if not isinstance(value, str):
        check_count(name, value)


def even(n_images: int, most: int) -> int:
    """Size of equal batches for `n_images` images: as few batches as hold at most `most` each.

    A batch of few images takes almost as long as a larger one: two batches of nine are better than
    one of sixteen and one of two.

    Examples
    --------
    >>> even(18, 16)
    9
    """
    return -(-n_images // -(-n_images // most))


def rounded_up(n: int) -> int:
    """Round up to one of few sizes, four for each doubling.

    Graph tracers and accelerators compile for each shape: few sizes mean few compilations.

    Examples
    --------
    >>> [rounded_up(n) for n in (5, 9, 16, 17, 30, 33)]
    [5, 10, 16, 20, 32, 40]
    """
    check_count("n", n, least=0)
    n = int(n)
    step = 1 << max(0, n.bit_length() - 3)
    return -(-n // step) * step


class BatchSize:
    """Batch size: a fixed number of images, or with "auto" the fastest one.

    The largest batch is not the fastest: on a CPU its activations leave the cache. "auto" begins
    with 8 images and doubles for as long as images per second rise by a twentieth. It times batches
    that are needed anyway, so that no image is evaluated for the timing.

    Parameters
    ----------
    size : int or "auto"

    Attributes
    ----------
    size : int
        Images of the next batch.
    searching : bool
        Whether the size may still change.

    Examples
    --------
    >>> size = BatchSize("auto")
    >>> for seconds in (9, 1, 1, 1.5, 1.5, 1.5, 4, 4, 4):  # the first is slow: caches, tracing
    ...     size.timed(size.size, seconds)
    >>> size.size
    16
    """

    def __init__(self, size: int | str) -> None:
        check_batch_size("size", size)
        self.searching = isinstance(size, str)
        self.size = _SMALLEST if isinstance(size, str) else int(size)
        self._best, self._rate = self.size, 0.0
        self._seconds: list[float] = []

    def share(self, n_images: int) -> int:
        """Images of the next batch, where `n_images` are shared out evenly: see `even`.

        Examples
        --------
        >>> BatchSize(16).share(24)
        12
        """
        return self.size if self.searching else even(n_images, self.size)

    def rounded(self, n_images: int) -> int:
        """Size for `n_images`, one of a few and no more than `size`: see `rounded_up`.

        Examples
        --------
        >>> BatchSize(16).rounded(9)
        10
        """
        return min(self.size, rounded_up(n_images))

    def timed(self, n_images: int, seconds: float) -> None:
        """Take in the time of one batch; double the size while that is faster."""
        if not self.searching or n_images != self.size:
            return
        self._seconds.append(seconds)
        if len(self._seconds) < _TIMED:
            return
        # The first batch of a size includes tracing and cold caches. Of the others the fastest
        # counts: a busy machine can only slow a batch down.
        rate = n_images / max(min(self._seconds[1:]), 1e-9)
        self._seconds = []
        faster = rate > _FASTER * self._rate
        if faster:
            self._best, self._rate, self.size = n_images, rate, 2 * n_images
        self.searching = faster and self.size <= _LARGEST
        if not self.searching:
            self.size = self._best

    def too_large(self, n_images: int) -> None:
        """Stay at half of a batch that did not fit into memory."""
        self.size, self.searching = n_images // 2, False
