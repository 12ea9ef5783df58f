"""Declaration of a metric: name, direction, settings and formula."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np

from submod_core._checks import check_flag, check_type
from submod_core._types import AnyArray, FloatArray
from submod_core.engine import Procedure
from submod_core.results import RevealOrder

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Declared(Protocol):
    """Declaration that gives the meaning of a metric's number.

    Attributes
    ----------
    name : str
    higher_is_better : bool or None
        None where the number only describes.
    steps_by : str
        The part of the input that is revealed or removed at a time.
    """

    name: ClassVar[str]
    higher_is_better: ClassVar[bool | None]
    steps_by: ClassVar[str]


class Metric(ABC):
    """A metric of attributions, declared once for all hosts.

    A subclass is a frozen dataclass whose fields, given by keyword, are its settings. Every host
    makes its own form of the metric: a function under Captum, a class under Xplique. Settings have
    the same names in all hosts; the arguments that a host passes to all of its methods have the
    host's names.
    """

    name: ClassVar[str]
    higher_is_better: ClassVar[bool | None]
    steps_by: ClassVar[str]
    example: ClassVar[str] = ""
    """Settings for the example in a host's documentation, whose inputs are 8 × 8 images."""


@dataclass(frozen=True, kw_only=True)
class Question(ABC, Generic[T]):
    """A question to the model about masked inputs, one for each example and its attribution."""

    baseline: ClassVar[Any] = 0.0
    """Default baseline of removed parts."""
    images_only: ClassVar[bool] = False
    """Whether the question is about images only, and makes the regions itself."""
    example: ClassVar[str] = ""

    def order(
        self, attribution: Any, shape: tuple[int, ...], regions: Any, image: bool
    ) -> RevealOrder:
        """Regions of the question in the attribution's order, as a label map of the whole input.

        Parameters
        ----------
        attribution, shape, regions
            As in `submod_core.results.reveal_order`; without regions, the question's own.
        image : bool
            Whether `shape` is that of places in space: the (H, W) of an image, (D, H, W) of a
            volume.

        Returns
        -------
        RevealOrder

        Raises
        ------
        ValueError
            If the attribution does not fit, or the question is about images only and the input is
            no image or comes with regions.
        """
        image = image and (len(shape) == 2 or not self.images_only)
        if self.images_only and (not image or regions is not None):
            what = "`inputs` must be images, which alone have square patches"
            raise ValueError(
                what
                if not image
                else "`feature_mask` and `regions` are not taken: the regions are patches"
            )
        regions = self.default_regions(shape, image) if regions is None else regions
        found = self.reveal(attribution, shape, regions)
        return found._replace(regions=np.broadcast_to(found.regions, shape))

    def default_regions(self, shape: tuple[int, ...], image: bool) -> AnyArray | None:
        """Regions of an input where the user gives none; None for pixels or elements."""
        return None

    def noise_seeds(self, baseline: Any) -> list[int | None]:
        """Seeds of the noise that the question is asked with, one after the other.

        None stands for the baseline as it is given.
        """
        return [None]

    def merged(self, answers: list[T]) -> T:
        """One answer, of those with each of the `noise_seeds`."""
        return answers[0]

    @abstractmethod
    def reveal(self, attribution: Any, shape: tuple[int, ...], regions: Any) -> RevealOrder:
        """Make the reveal order; `order` checks and completes the arguments before."""

    @abstractmethod
    def ask(self, attribution: Any, order: RevealOrder, sizes: FloatArray) -> Procedure[T]:
        """Ask about one example.

        Parameters
        ----------
        attribution
            As in `order`.
        order : RevealOrder
            The result of the method `order`.
        sizes : ndarray of float64, (n,)
            Elements of the input in each region.
        """


class ModelMetric(Metric, Question[T]):
    """A metric that shows masked inputs to the model.

    Examples
    --------
    The target's score without any evidence, from the question of the insertion curve:

    >>> from submod_core.metrics import FaithfulnessCurves
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Prior(FaithfulnessCurves, ModelMetric):
    ...     name, higher_is_better, steps_by = "prior", None, "regions"
    ...     def number(self, answer):
    ...         return float(answer.insertion[0])
    >>> Prior()
    Prior(steps=50)
    """

    @abstractmethod
    def number(self, answer: T) -> float:
        """Compute the number of one example from the answer to the question."""


@dataclass(frozen=True, kw_only=True)
class MapMetric(Metric):
    """A metric of a map alone, or of a map and a mask.

    Examples
    --------
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Peak(MapMetric):
    ...     name, higher_is_better, steps_by = "peak", None, "none: looks at the map alone"
    ...     def number(self, scores, mask=None):
    ...         return float(np.max(scores))
    >>> Peak().number([0.1, 0.9])
    0.9
    """

    needs_masks: ClassVar[bool] = False

    @abstractmethod
    def number(self, scores: Any, mask: Any = None) -> float | Sequence[float]:
        """Compute the number of one map; a sequence where a setting has several values."""


def check_declared(declared: Any, base: type) -> None:
    """Raise TypeError unless a host is given the class of a metric of its kind."""
    if not (isinstance(declared, type) and issubclass(declared, base)):
        raise TypeError(
            f"`declared` (={declared!r}) must be a class that is derived from {base.__name__}"
        )


def declared(name: str, higher_is_better: bool | None, steps_by: str) -> Callable[[F], F]:
    """Declare a function as a metric that every host uses unchanged.

    Examples
    --------
    >>> @declared("zero", None, "none")
    ... def zero(map_):
    ...     return 0.0
    >>> zero.name, zero.higher_is_better
    ('zero', None)
    """
    check_type("name", name, str, "a string")
    if not name.isidentifier():
        raise ValueError(f"`name` (={name!r}) must be an identifier")
    if higher_is_better is not None:
        check_flag("higher_is_better", higher_is_better)
    check_type("steps_by", steps_by, str, "a string")

    def declare(function: F) -> F:
        vars(function).update(name=name, higher_is_better=higher_is_better, steps_by=steps_by)
        return function

    return declare
