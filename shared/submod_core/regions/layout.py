"""Layout: what the axes of an input are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from submod_core._checks import check_counts, check_type
from submod_core._types import AnyArray

# What an input is called, by the axes that are places.
_NAMES = {
    "F": "tables",
    "T": "series",
    "HW": "images",
    "TF": "spectrograms",
    "FT": "spectrograms",
    "DHW": "volumes",
    "THW": "videos",
}
# An axis as short as this may hold channels: grey, two bands, RGB, RGBA.
_FEW = 4


@dataclass(frozen=True)
class Layout:
    """Axes of an input, one letter each: ``"NCHW"``, ``"NHWC"``, ``"NTC"``, ``"NF"``.

    N is the batch and comes first. C, if there is one, holds the channels, which belong together:
    a region covers all channels of its places. All other letters are axes of places: H and W of
    images, D of volumes, T of time or tokens, F of features or frequencies.

    Parameters
    ----------
    axes : str
        N, then different capital letters, at least one of them other than C.

    Raises
    ------
    TypeError, ValueError
        If `axes` is no string of that form.

    Examples
    --------
    >>> layout = Layout("NCHW")
    >>> layout.places((3, 20, 30)), str(layout)
    ((20, 30), 'images (N, C, H, W)')
    """

    axes: str

    def __post_init__(self) -> None:
        axes = self.axes
        if not isinstance(axes, str):
            raise TypeError(f"`layout` (a {type(axes).__name__}) must be a string such as 'NCHW'")
        letters = axes.isascii() and axes.isalpha() and axes.isupper()
        if not letters or axes[0] != "N" or len(set(axes)) < len(axes) or not set(axes) - {*"NC"}:
            raise ValueError(
                f"`layout` (={axes!r}) must be N and then one capital letter for each axis, such "
                "as 'NCHW', 'NHWC', 'NCDHW', 'NCTHW', 'NTC', 'NCT' or 'NF'; C is for channels"
            )

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.axes)})"

    @property
    def name(self) -> str:
        """Plural name of such inputs, as in messages."""
        return _NAMES.get(self.axes[1:].replace("C", ""), "inputs")

    @property
    def n_axes(self) -> int:
        """Number of axes, the batch included."""
        return len(self.axes)

    @property
    def channel_axis(self) -> int | None:
        """Axis of the channels, the batch being 0; None where there are none."""
        return self.axes.index("C") if "C" in self.axes else None

    @property
    def n_places(self) -> int:
        """Number of axes of places: 2 of images, 3 of volumes, 1 of series and tables."""
        return self.n_axes - 1 - ("C" in self.axes)

    @property
    def is_image(self) -> bool:
        """Whether the places are two-dimensional."""
        return self.n_places == 2

    def places(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Lengths of the axes of places of one example of this `shape`."""
        return tuple(n for n, letter in zip(shape, self.axes[1:], strict=True) if letter != "C")

    def spread(self, labels: AnyArray) -> AnyArray:
        """A label map over the places that broadcasts to one example: one entry for all channels.

        Examples
        --------
        >>> Layout("NTC").spread(np.arange(5)).shape
        (5, 1)
        """
        axis = self.channel_axis
        return labels if axis is None else np.expand_dims(labels, axis - 1)

    def gathered(self, labels: AnyArray) -> AnyArray:
        """Undo `spread`, where all channels of a label map are equal; else return it unchanged."""
        axis = self.channel_axis
        if axis is None or labels.shape[axis - 1] != 1:
            return labels
        return labels.squeeze(axis - 1)

    def channels_last(self, examples: AnyArray) -> AnyArray:
        """Examples (N, places…, C), with one channel where the layout has none.

        Examples
        --------
        >>> Layout("NCHW").channels_last(np.zeros((1, 3, 4, 5))).shape
        (1, 4, 5, 3)
        """
        axis = self.channel_axis
        return examples[..., None] if axis is None else np.moveaxis(examples, axis, -1)

    def restored(self, examples: AnyArray) -> AnyArray:
        """Undo `channels_last`."""
        axis = self.channel_axis
        return examples[..., 0] if axis is None else np.moveaxis(examples, -1, axis)

    def fits(self, shape: Sequence[int]) -> bool:
        """Whether inputs may be of this layout: few channels on its axis, or on no other either.

        Examples
        --------
        >>> Layout("NCHW").fits((1, 3, 20, 20)), Layout("NCHW").fits((1, 20, 20, 3))
        (True, False)
        """
        axis = self.channel_axis
        if axis is None or self.n_places < 2:
            return True
        # The conventions of others: channels first, last, and after the time of a video.
        own, video = shape[axis], len(shape) == 5
        others = {1, len(shape) - 1} | ({2} if video else set())
        if own in (1, 3):  # colours, unless a short video has as many frames
            others = {2} if video and axis == 1 and own == shape[2] else set()
        common = (1, 3) if own <= _FEW else (1, 3, _FEW)
        others = {k for k in others - {axis} if shape[k] in common}
        rest = [n for k, n in enumerate(shape) if k not in {0, axis} | others]
        return not others or min(rest, default=0) <= 2 * _FEW

    @classmethod
    def of(cls, layout: "str | Layout | None", shape: Sequence[int], found: str | None) -> "Layout":
        """The layout that a user gave, checked against the inputs; else the one that was `found`.

        Parameters
        ----------
        layout : str, Layout or None
        shape : sequence of int
            Of the inputs, N included.
        found : str or None
            Axes of such inputs by the host's convention; None where it has none for them.

        Raises
        ------
        TypeError, ValueError
            If `layout` is malformed or has another number of axes than the inputs, or is needed:
            the inputs are of no known kind, or look like another one than the host's.

        Examples
        --------
        >>> Layout.of(None, (1, 3, 8, 8), "NCHW").axes
        'NCHW'
        >>> Layout.of("NTC", (1, 5, 16), None).name
        'series'
        """
        check_counts("shape", shape, least=0)
        if found is not None:
            check_type("found", found, str, "a string")
        if layout is None:
            if found is None:
                raise ValueError(_needed(shape))
            guess = cls(found)
            if not guess.fits(shape):
                raise ValueError(
                    f"`layout` is needed: inputs of shape {tuple(shape)} would be {guess} with "
                    f"{shape[guess.axes.index('C')]} channels; say so by `layout={guess.axes!r}`, "
                    "or give their axes"
                )
            return guess
        given = layout if isinstance(layout, cls) else cls(layout)  # type: ignore[arg-type]
        if given.n_axes != len(shape):
            raise ValueError(
                f"`layout` (={given.axes!r}) must have one letter for each axis of the inputs, of "
                f"shape {tuple(shape)}"
            )
        return given


def _needed(shape: Sequence[int]) -> str:
    kinds = {
        2: "'NF' of tables or 'NT' of tokens",
        3: "'NHW' of grey images, 'NCT' or 'NTC' of series and embeddings",
        4: "'NCHW' or 'NHWC' of images",
        5: "'NCDHW' of volumes, 'NCTHW' or 'NTCHW' of videos",
    }
    which = kinds.get(len(shape), "one letter for each axis")
    return (
        f"`layout` is needed: inputs of shape {tuple(shape)} may be of several kinds; it must say "
        f"what their axes are, such as {which}"
    )
