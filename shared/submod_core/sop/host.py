"""The part of the adapters that both hosts share: attributes, "-F" models, labels of masks."""

from abc import ABC, abstractmethod
from types import SimpleNamespace
from typing import Any, ClassVar, Generic, NoReturn, Self, TypeVar, overload

import numpy as np

from submod_core._checks import check_count
from submod_core._repr import differing
from submod_core._types import AnyArray, FloatArray, IntArray
from submod_core.backends import backend_of
from submod_core.engine.batching import BatchSize
from submod_core.sop.baselines import Baseline, Known, as_baseline, fact
from submod_core.sop.explanation import GroupExplanation
from submod_core.sop.features import Features, check_labels, feature_map
from submod_core.sop.finite import check_finite
from submod_core.sop.generator import top_masks
from submod_core.sop.settings import SOPSettings, chosen_top

T = TypeVar("T")


class Forwarded(Generic[T]):
    """A read-only attribute whose value stands in another object of its instance.

    Parameters
    ----------
    owner : str
        The attribute that holds the other object.

    Examples
    --------
    >>> class Model:
    ...     settings = SOPSettings(groups=3)
    ...     groups = Forwarded("settings")
    >>> Model().groups
    3
    """

    def __init__(self, owner: str) -> None:
        self.owner = owner

    def __set_name__(self, of: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, of: type) -> Self: ...

    @overload
    def __get__(self, instance: object, of: type) -> T: ...

    def __get__(self, instance: object | None, of: type) -> "T | Self":
        if instance is None:
            return self
        value: T = getattr(getattr(instance, self.owner), self.name)
        return value

    def __set__(self, instance: object, value: T) -> NoReturn:
        raise AttributeError(f"`{self.name}` is set when the model is made")


class MaskingBase:
    """The division of inputs into features: what both hosts know of it before they mask.

    Attributes
    ----------
    features : int, array_like of int or None
    images : bool
        Inputs have two axes of space, and one of channels.
    baseline : float, str or tuple of float
        See `submod_core.sop.baselines`.
    colour : tensor or None
        The values (C,) of "random_colour".
    batch_size : int
        Most masked inputs in one call of the backbone.
    last : bool
        Features lie along the last axis of inputs (N, D, T) rather than the one before.
    batch : BatchSize
        The size of batches now: halved where memory ran out.
    grid : tuple of int or None
        (rows, columns) of patches, (n,) elements of a row.
    labels : tensor or ndarray of int
        The feature of each element where a call brings none of its own.
    """

    labels: Any
    colour: Any
    channels_of_images: ClassVar[int]
    """The axis of channels of images, by the framework's convention."""

    def _divide(
        self, shape: tuple[int, ...], features: Features, baseline: Baseline, batch_size: int
    ) -> IntArray:
        """Take the arguments for inputs of a shape (1, …), and return the label map."""
        check_count("batch_size", batch_size)
        whole = features is None or np.ndim(features) == 0
        self.features = features if whole else np.asarray(features)
        self.images = len(shape) == 4
        self.batch_size = int(batch_size)
        self.batch = BatchSize(self.batch_size)
        # A label map (1, T) of inputs (N, D, T): features along the last axis.
        given = np.asarray(features)
        self.last = len(shape) == 3 and given.shape == (1, shape[2])
        self.baseline = as_baseline(baseline, shape, self.channels(len(shape)), self.images)
        along = given[0] if self.last else features
        divided = feature_map(along, self.shape(shape), self.images)
        self.grid = divided.grid
        return divided.labels

    def channels(self, n_axes: int) -> int | None:
        """The axis of the channels of inputs, of so many axes; None where there are none."""
        if n_axes == 4:
            return self.channels_of_images
        return None if n_axes == 2 else 1 if self.last else 2

    def baseline_fact(self) -> Any:
        """The baseline, as the facts of a run hold it."""
        return fact(self.baseline, None if self.colour is None else self._colour_values())

    def _colour_values(self) -> FloatArray:
        """The colour as an array of float64."""
        raise NotImplementedError

    @property
    def mask_token(self) -> int:
        """The id that replaces tokens."""
        return int(self.baseline) if isinstance(self.baseline, float) else 0

    def shape(self, shape: Any) -> tuple[int, ...]:
        """The axes along which features lie, (H, W), (T,) or (n,), of the shape of inputs."""
        raise NotImplementedError

    @property
    def n(self) -> int:
        """Number of features where a call brings none of its own."""
        return int(self.labels.max()) + 1

    def _as_option(self, labels: AnyArray) -> Any:
        """`features`, as JSON can hold it."""
        if isinstance(self.features, int | None):
            return self.features
        return [labels.tolist()] if self.last else labels.tolist()

    def _check_own(self, shape: tuple[int, ...], labels: tuple[int, ...]) -> None:
        """Raise ValueError unless the model's own label map broadcasts to inputs of a shape."""
        if any(a not in (1, b) for a, b in zip(labels, self.shape(shape), strict=True)):
            raise ValueError(
                f"`inputs` (of shape {shape}) must be as large as the example that the model was "
                "made with, or come with a `feature_mask`"
            )

    def _check_given(self, feature_mask: AnyArray, shape: tuple[int, ...]) -> IntArray:
        """The label maps (1 or N, …) of a feature mask for inputs of a shape (N, …)."""
        axes = self.shape(shape)
        if np.ndim(feature_mask) == 0 or len(feature_mask) not in (1, shape[0]):
            raise ValueError(
                f"`feature_mask` (of shape {np.shape(feature_mask)}) must be (1 or {shape[0]}, …) "
                f"of ids over {axes}"
            )
        rows = [check_labels("feature_mask", row, axes) for row in feature_mask]
        return np.stack([np.broadcast_to(row, axes) for row in rows])


class SumOfPartsBase(Generic[T]):
    """The arguments of `SumOfParts` as attributes, and the methods that need no framework.

    `features`, `layer`, `finetune` and `classifier` are as given; `backbone`, `encoder` and
    `class_weights` are what the model made of them.
    """

    settings: SOPSettings
    masking: Any
    layer: str | None
    finetune: bool
    classifier: str | None

    features = Forwarded[Features]("masking")
    baseline = Forwarded[Known]("masking")
    batch_size = Forwarded[int]("masking")
    groups = Forwarded[int]("settings")
    top = Forwarded[float]("settings")
    heads = Forwarded[int]("settings")
    alpha = Forwarded[float | None]("settings")
    beta = Forwarded[float]("settings")
    positions = Forwarded[float]("settings")
    continuous = Forwarded[bool]("settings")

    def _shown(self, **made: Any) -> str:
        """The arguments that differ from their defaults; `made` holds those that were remade."""
        names = ("features", "layer", "finetune", "classifier", "baseline", "batch_size")
        given = {name: getattr(self, name) for name in names} | vars(self.settings) | made
        return differing(SimpleNamespace(**given), type(self).__init__)


def check_answers(logits: Any) -> None:
    """Raise an error that names the example unless the logits (N, C) of a backbone are finite."""
    xp = backend_of(logits)
    check_finite(xp.to_numpy(xp.astype(logits, "float32"))[None], ("the answer of `backbone`",))


class SelfAttributingBase(ABC):
    """A model that predicts from the top features of an attribution alone (SOP, App. C.3).

    A host brings its masking, the attribution's maps, the shares of each feature in them, and the
    backbone's answers to masked inputs.
    """

    masking: Any
    top: float

    features = Forwarded[Features]("masking")
    baseline = Forwarded[Known]("masking")
    batch_size = Forwarded[int]("masking")

    @abstractmethod
    def _maps(self, inputs: Any) -> Any:
        """The attribution of the predicted class at each element, (N, P), in double precision."""

    @abstractmethod
    def _shares(self, labels: Any, under: IntArray, size: int) -> Any:
        """The share of each feature's elements on each place of a map, (1 or N, n, size)."""

    @abstractmethod
    def _masked(self, inputs: Any, masks: Any, labels: Any) -> Any:
        """The backbone's logits (N, C) of inputs under one mask each, (N, 1, n)."""

    def _answer(
        self, inputs: Any, feature_mask: Any, top: float | None, remove: bool = False
    ) -> tuple[Any, Any, Any]:
        """The masks (N, 1, n), the logits (N, C) and the labels (1 or N, …)."""
        top = chosen_top(top, self.top)
        if not len(inputs):
            raise ValueError("`inputs` must hold at least one example")
        labels = self.masking.labels_of(inputs, feature_mask)
        present = self.masking.present(labels, len(inputs))
        scores = self._scores(inputs, labels)
        xp = backend_of(scores)
        check_finite(xp.to_numpy(scores)[None], ("its map by `attribution`",))
        # Features rank by their scores above the lowest, as `top_masks` takes none below 0.
        scores = (scores - xp.min(scores, -1)[..., None])[:, None]
        masks = xp.asarray_like(top_masks(scores, xp.asarray_like(present, scores), top), present)
        masks = present[:, None] - masks if remove else masks
        logits = self._masked(inputs, masks, labels)
        check_answers(logits)
        return masks, logits, labels

    def _scores(self, inputs: Any, labels: Any) -> Any:
        """The mean score of each feature, (N, n)."""
        maps = self._maps(inputs)
        size = maps.shape[1]
        under = np.arange(size)
        if len(labels) == 1 and np.array_equal(backend_of(labels).to_numpy(labels).ravel(), under):
            return maps
        return (self._shares(labels, under, size) @ maps[..., None])[..., 0]

    def _explained(
        self, inputs: Any, feature_mask: Any, top: float | None
    ) -> list[GroupExplanation]:
        """One group each, with a score of 1 for every class."""
        masks, logits, labels = (
            backend_of(each).to_numpy(each) for each in self._answer(inputs, feature_mask, top)
        )
        ones = np.ones((*logits.shape, 1))
        return GroupExplanation.each(labels, masks, ones, logits[:, None], logits)
