"""Methods, metrics and batches of Captum, for runs over whole datasets."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from captum.attr import Attribution
from torch import Tensor, nn

from captum_submod import metrics
from captum_submod._attribution import RegionAttribution
from captum_submod._maps import explained_by
from captum_submod._modules import evaluating, modules_of
from captum_submod.mistakes import explain_mistakes
from submod_core._types import FloatArray
from submod_core.dataset import Example
from submod_core.dataset.host import Host, plain_target
from submod_core.dataset.judging import JUDGING


class CaptumHost(Host):
    """Captum's conventions; see `Host`."""

    packages = ("captum", "torch")
    model_argument = "forward_func"
    method_kind = "a method of Captum"
    metrics = MappingProxyType(
        {name: getattr(metrics, name) for name in (one.name for one in JUDGING)}
    )
    metric_kind = "a function"

    def kind(self, method: Any) -> str | None:
        """See `Host`."""
        if isinstance(method, RegionAttribution):
            return "explanations"
        if isinstance(method, nn.Module) and callable(getattr(method, "explain", None)):
            return "groups"
        return "maps" if isinstance(method, Attribution) else None

    def is_model(self, value: Any) -> bool:
        """See `Host`."""
        return isinstance(value, nn.Module)

    def stacked(self, examples: Sequence[Example], model: Any) -> Tensor:
        """See `Host`."""
        batch = torch.stack([torch.as_tensor(one.input) for one in examples])
        parameters = (p for module in modules_of(model) for p in module.parameters())
        first = next(parameters, None)
        return batch if first is None else batch.to(first.device)

    def class_scores(self, model: Any, inputs: Tensor) -> FloatArray | None:
        """See `Host`."""
        with torch.no_grad(), evaluating(model):
            outputs = model(inputs.clone())
        outputs = getattr(outputs, "logits", outputs)
        classes = isinstance(outputs, Tensor) and outputs.dim() == 2 and outputs.shape[1] > 1
        return outputs.detach().cpu().double().numpy() if classes else None

    def targets(self, targets: Sequence[Any], n_classes: int | None) -> Any:
        """See `Host`: ints, or tuples of ints."""
        if all(target is None for target in targets):
            return None
        plain = [plain_target(target) for target in targets]
        return [tuple(map(int, one)) if isinstance(one, list) else one for one in plain]

    @contextmanager
    def seeded(self, inputs: Tensor, seed: int) -> Iterator[None]:
        """See `Host`."""
        with torch.random.fork_rng([inputs.device] if inputs.is_cuda else []):
            torch.manual_seed(seed)
            yield

    def explained(
        self, kind: str, method: Any, inputs: Tensor, targets: Any, arguments: Mapping[str, Any]
    ) -> Sequence[Any]:
        """See `Host`."""
        with evaluating(*explained_by(method)):
            if kind == "mistakes":
                return explain_mistakes(method, inputs, targets, **arguments)
            if kind == "explanations":
                found: list[Any] = method.explain(inputs, target=targets, **arguments)
                return found
            if kind == "groups":
                groups: list[Any] = method.explain(inputs, **arguments)
                return groups
            leaf = inputs.requires_grad_(inputs.is_floating_point())
            scores = method.attribute(leaf, target=targets, **arguments)
        maps = scores.detach().cpu().double().numpy()
        # Channels are summed, as metrics do.
        return list(maps.sum(1) if maps.ndim >= 4 else maps)

    def judged(
        self, metric: Any, model: Any, inputs: Tensor, given: Any, targets: Any, arguments: Any
    ) -> Sequence[float]:
        """See `Host`."""
        return _numbers(metric(model, inputs, _tensor(given), target=targets, **arguments))

    def judged_alone(self, metric: Any, given: Any, arguments: Any) -> Sequence[float]:
        """See `Host`."""
        return _numbers(metric(_tensor(given), **arguments))


def _tensor(given: Any) -> Any:
    return torch.from_numpy(given) if isinstance(given, np.ndarray) else given


def _numbers(values: Any) -> list[float]:
    found: list[float] = torch.as_tensor(values).double().tolist()
    return found
