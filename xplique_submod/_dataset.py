"""Methods, metrics and batches of Xplique, for runs over whole datasets."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._types import AnyArray, FloatArray
from submod_core.dataset import Example
from submod_core.dataset.host import Host, plain_target
from submod_core.dataset.judging import JUDGING
from xplique_submod import metrics
from xplique_submod._calls import single
from xplique_submod._compat import TENSORFLOW_MODELS, BlackBoxExplainer
from xplique_submod._explainer import RegionExplainer
from xplique_submod.mistakes import explain_mistakes
from xplique_submod.sop import SelfAttributing, SumOfParts


class XpliqueHost(Host):
    """Xplique's conventions; see `Host`."""

    packages = ("xplique", "tensorflow", "keras")
    model_argument = "model"
    method_kind = "an explainer of Xplique"
    metrics = MappingProxyType(
        {name: getattr(metrics, name) for name in (one.__name__ for one in JUDGING)}
    )
    metric_kind = "a class"

    def kind(self, method: Any) -> str | None:
        """See `Host`."""
        if isinstance(method, RegionExplainer):
            return "explanations"
        if isinstance(method, SumOfParts | SelfAttributing):
            return "groups"
        return "maps" if isinstance(method, BlackBoxExplainer) else None

    def is_model(self, value: Any) -> bool:
        """See `Host`."""
        known = isinstance(value, (*TENSORFLOW_MODELS, tf.lite.Interpreter))
        return known or hasattr(value, "predict_proba")

    def stacked(self, examples: Sequence[Example], model: Any) -> AnyArray:
        """See `Host`."""
        if isinstance(examples[0].input, Mapping):
            raise TypeError(
                f"`dataset` has mappings as inputs, with the keys {list(examples[0].input)}: "
                "`transform` must make (input, target) of them"
            )
        return np.stack([np.asarray(one.input) for one in examples])

    def class_scores(self, model: Any, inputs: AnyArray) -> FloatArray | None:
        """See `Host`."""
        found = single(model, tf.constant(inputs))
        classes = found is not None and len(found.shape) == 2 and found.shape[1] > 1
        return np.asarray(found, np.float64) if classes else None

    def targets(self, targets: Sequence[Any], n_classes: int | None) -> Any:
        """See `Host`: rows, of which a number makes a one-hot one."""
        if any(target is None for target in targets):
            return None
        if all(np.ndim(target) == 0 for target in targets):
            if n_classes is None:
                raise ValueError(
                    "`dataset` has whole numbers as targets, and the model's outputs are no "
                    "classes: `transform` must make the targets that the operator expects"
                )
            classes = np.array([plain_target(target) for target in targets])
            # TensorFlow has a row of zeros for a class that there is not.
            outside = classes[(classes < 0) | (classes >= n_classes)]
            if len(outside):
                raise ValueError(
                    f"`dataset` has the target {outside[0]}, of a model with {n_classes} classes"
                )
            return np.asarray(tf.one_hot(classes, n_classes))
        return np.stack([np.asarray(target, np.float32) for target in targets])

    @contextmanager
    def seeded(self, inputs: AnyArray, seed: int) -> Iterator[None]:
        """See `Host`; TensorFlow's own seed cannot be read, and so not be put back."""
        state = np.random.get_state()
        np.random.seed(seed % 2**32)
        tf.random.set_seed(seed)
        try:
            yield
        finally:
            np.random.set_state(state)

    def explained(
        self, kind: str, method: Any, inputs: AnyArray, targets: Any, arguments: Mapping[str, Any]
    ) -> Sequence[Any]:
        """See `Host`."""
        if kind == "mistakes":
            return explain_mistakes(method, inputs, targets)
        if kind == "explanations":
            found: list[Any] = method.explain_regions(inputs, targets)
            return found
        if kind == "groups":
            groups: list[Any] = method.explain(inputs)
            return groups
        # Some explainers of Xplique keep what they chose for the first inputs, as Lime its regions.
        maps = np.asarray(copy(method)(inputs, targets), np.float64)
        # Channels are summed, as metrics do.
        return list(maps.sum(-1) if maps.ndim >= 4 else maps)

    def judged(
        self, metric: Any, model: Any, inputs: AnyArray, given: Any, targets: Any, arguments: Any
    ) -> Sequence[float]:
        """See `Host`."""
        return _numbers(metric(model, inputs, targets, **arguments), given)

    def judged_alone(self, metric: Any, given: Any, arguments: Any) -> Sequence[float]:
        """See `Host`."""
        return _numbers(metric(**arguments), given)


def _numbers(metric: Any, given: Any) -> list[float]:
    found: list[float] = np.asarray(metric.per_example(given), np.float64).tolist()
    return found
