"""Xplique classes made from the declarations of the core."""

import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, cast

import numpy as np

from submod_core import metrics as core
from submod_core._checks import as_numbers, check_callable, check_choice, check_count
from submod_core._docs import composed
from submod_core._types import FloatArray
from submod_core.metrics import FaithfulnessCurves, MapMetric, PerturbationCurves
from submod_core.metrics.base import check_declared
from submod_core.regions import Layout
from submod_core.results import painted
from xplique_submod._checks import check_model, numbers_of
from xplique_submod._compat import ExplainerMetric
from xplique_submod._datasets import examples_of
from xplique_submod.metrics._model import (
    AreaMetric,
    CurveMetric,
    DeclaredMetric,
    ModelMetric,
    check_rows,
    layout_of,
    maps_of,
    rows_of,
    shape_of,
)

P = ParamSpec("P")


class ModelMetricClass(Protocol[P]):
    """A class of metrics that show masked inputs to the model; settings are given by keyword."""

    def __call__(
        self,
        model: Any,
        inputs: Any,
        targets: Any = None,
        batch_size: int | None = 64,
        baseline_mode: Any = ...,
        regions: Any = None,
        operator: Any = None,
        activation: str | None = None,
        features: Any = None,
        class_embeddings: Any = None,
        scale: float = 100.0,
        layout: str | Layout | None = None,
        *args: P.args,
        **settings: P.kwargs,
    ) -> AreaMetric:
        """See the documentation of the class."""


class MapMetricClass(Protocol[P]):
    """A class of metrics of the maps alone."""

    def __call__(self, *args: P.args, **settings: P.kwargs) -> "PlainMetric": ...


class MaskMetricClass(Protocol[P]):
    """A class of metrics of maps beside masks."""

    def __call__(self, masks: Any, *args: P.args, **settings: P.kwargs) -> "MaskMetric": ...


class PlainMetric(DeclaredMetric):
    """A metric of the maps alone."""

    def __init__(self, **settings: Any) -> None:
        self.metric = self.declared(**settings)

    def evaluate(self, explanations: Any) -> float:
        """The mean over the examples."""
        return float(np.mean(self.per_example(explanations)))

    def __call__(self, explanations: Any) -> float:
        """Evaluate."""
        return self.evaluate(explanations)

    def per_example(self, explanations: Any) -> FloatArray:
        """The number of each example, (N,) float64; the mean over several settings."""
        pairs = self._pairs(maps_of(explanations))
        return np.array([np.mean(self.metric.number(*pair)) for pair in pairs], dtype=np.float64)

    def _pairs(self, maps: list[Any]) -> list[tuple[Any, ...]]:
        return [(scores,) for scores in maps]


class MaskMetric(PlainMetric):
    """A metric of the maps, each beside its mask."""

    def __init__(self, masks: Any, **settings: Any) -> None:
        super().__init__(**settings)
        self.masks = np.asarray(masks)
        as_numbers("masks", self.masks)
        if not self.masks.ndim:
            raise ValueError("`masks` must be (N, …), one for each map")

    def _pairs(self, maps: list[Any]) -> list[tuple[Any, ...]]:
        if len(self.masks) != len(maps):
            raise ValueError(
                f"`masks` (of shape {self.masks.shape}) must be one for each of the {len(maps)} "
                "maps"
            )
        return list(zip(maps, self.masks, strict=True))


class Robustness(DeclaredMetric, ExplainerMetric):
    """Overlap of the k highest scores before and after noise on the input (SEA-NN, §5).

    Parameters
    ----------
    model, inputs, targets, batch_size, activation
        As in Xplique's metrics of explainers.
    k, radius, n_samples, seed
        As in `submod_core.metrics.Robustness`.
    layout : str, optional
        As in `LiMA`.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> from xplique_submod import LiMA
    >>> import tensorflow as tf
    >>> layers = tf.keras.layers
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(10)])
    >>> rng = np.random.default_rng(0)
    >>> images, targets = rng.random((2, 8, 8, 3), np.float32), np.eye(10)[:2]
    >>> robustness = Robustness(model, images, targets, k=16, n_samples=1)
    >>> 0 <= robustness(LiMA(model, regions=(2, 2))) <= 1
    True
    """

    declared = core.Robustness

    def __init__(
        self,
        model: Any,
        inputs: Any,
        targets: Any = None,
        batch_size: int | None = 64,
        activation: str | None = None,
        *,
        k: int,
        radius: float = 0.02,
        n_samples: int = 10,
        seed: int = 0,
        layout: str | Layout | None = None,
    ) -> None:
        self.metric = core.Robustness(k=k, radius=radius, n_samples=n_samples, seed=seed)
        check_model(model)
        if batch_size is not None:
            check_count("batch_size", batch_size)
        if activation is not None:
            check_choice("activation", activation, ("softmax", "sigmoid"))
        given = zip(("inputs", "targets"), examples_of(inputs, targets), strict=True)
        inputs, targets = (numbers_of(name, value) for name, value in given)
        check_rows(inputs, targets)
        if not np.isfinite(inputs.numpy()).all():
            raise ValueError("`inputs` holds NaN or infinite values")
        ExplainerMetric.__init__(self, model, inputs, targets, batch_size, activation)
        self.layout = layout_of(self.inputs.shape, layout)

    def per_example(self, explainer: Callable[..., Any]) -> FloatArray:
        """Mean intersection over union of each example, (N,) float64 in [0, 1]."""
        axes, shape = self.layout, shape_of(self.inputs.shape, self.layout)

        def maps(noise: FloatArray | None) -> list[Any]:
            x = self.inputs if noise is None else self.inputs + noise.astype(np.float32)
            rows = rows_of(explainer(x, self.targets), x, axes)
            return [painted(row, shape) for row in rows]

        check_callable("explainer", explainer)
        numbers: FloatArray = self.metric.numbers(maps, tuple(self.inputs.shape))
        return numbers

    def evaluate(self, explainer: Callable[..., Any]) -> float:
        """The mean over the examples."""
        return float(np.mean(self.per_example(explainer)))


_ASKED = """model, inputs, targets, batch_size, operator
    As in Xplique's metrics; the result does not depend on `batch_size`.
baseline_mode : number, array, str or callable
    What replaces a removed part: a number, an array that broadcasts to the inputs, a name of
    `submod_core.regions.BASELINES`, or a function of all inputs.
regions : array_like of int, optional
    One label map (H, W), or one for each input. Explanations bring their own regions.
activation : {None, "softmax", "sigmoid"}
    Turns the outputs into probabilities; by default nothing does, as in Xplique. With an operator
    it must be None. A single output in [0, 1] is the probability of class 1, and a target of 0
    means 1 minus it, as in `LiMA.explain`.
features, class_embeddings, scale, layout
    As in `LiMA`."""

_MASKS = """masks : array_like, (N, H, W) or (N, …)"""

_RAISES = """TypeError, ValueError
    If an argument is of the wrong type or shape, on construction or on the first use."""

_EXAMPLE = """>>> import numpy as np, tensorflow as tf
>>> layers = tf.keras.layers
>>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(10)])
>>> rng = np.random.default_rng(0)
>>> images, targets = rng.random((2, 8, 8, 3), np.float32), np.eye(10)[:2]
>>> {call}.per_example({explained}).shape
(2,)"""


def model_metric(declared: Callable[P, core.ModelMetric[Any]]) -> ModelMetricClass[P]:
    """The class of a metric that shows masked inputs to the model."""
    check_declared(declared, core.ModelMetric)
    made = cast(Any, declared)
    base: type = ModelMetric
    if issubclass(made, FaithfulnessCurves | PerturbationCurves):
        base = AreaMetric if getattr(made, "curve", None) else CurveMetric
    shared = list(inspect.signature(ModelMetric.__init__).parameters.values())[1:-1]
    shared = [p.replace(default=made.baseline) if p.name == "baseline_mode" else p for p in shared]
    return cast("ModelMetricClass[P]", _class(made, base, shared, _ASKED, "images"))


def map_metric(declared: Callable[P, MapMetric]) -> MapMetricClass[P]:
    """The class of a metric of the maps alone."""
    check_declared(declared, MapMetric)
    return cast("MapMetricClass[P]", _class(declared, PlainMetric, [], "", "images"))


def mask_metric(declared: Callable[P, MapMetric]) -> MaskMetricClass[P]:
    """The class of a metric of the maps, each beside its mask."""
    check_declared(declared, MapMetric)
    masks = [inspect.Parameter("masks", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Any)]
    made = _class(declared, MaskMetric, masks, _MASKS, "images.sum(-1)")
    return cast("MaskMetricClass[P]", made)


def _class(
    declared: Any, base: type, shared: list[inspect.Parameter], arguments: str, explained: str
) -> type:
    """A class whose constructor takes the shared arguments and the settings of the declaration."""
    signature = inspect.Signature([*shared, *list(inspect.signature(declared).parameters.values())])

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        base.__init__(self, **bound.arguments)  # type: ignore[misc]

    first = {"images": "model, images, targets"} if base is not MaskMetric else {}
    given = "images[..., 0] > 0.5" if base is MaskMetric else first["images"]
    given = "" if base is PlainMetric else given
    settings = ", ".join(part for part in (given, declared.example) if part)
    example = _EXAMPLE.format(call=f"{declared.__name__}({settings})", explained=explained)
    document = composed(declared, Parameters=arguments, Raises=_RAISES, Examples=example)
    fields = {
        "declared": declared,
        "__init__": __init__,
        "__signature__": signature,
        "__doc__": document,
        "__module__": "xplique_submod.metrics",
    }
    return type(declared.__name__, (base,), fields)
