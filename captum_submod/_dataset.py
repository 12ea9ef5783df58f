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
from captum_submod.keywords import stacked_mappings
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

    def stacked(self, examples: Sequence[Example], model: Any) -> Tensor | Mapping[str, Any]:
        """See `Host`; a mapping where the examples' inputs are mappings."""
        parameters = (p for module in modules_of(model) for p in module.parameters())
        first = next(parameters, None)
        device = None if first is None else first.device
        given = [one.input for one in examples]
        if isinstance(given[0], Mapping):
            return stacked_mappings(given, device)
        return torch.stack([torch.as_tensor(one) for one in given]).to(device)

    def class_scores(self, model: Any, inputs: Tensor | Mapping[str, Any]) -> FloatArray | None:
        """See `Host`."""
        with torch.no_grad(), evaluating(model):
            outputs = model(**inputs) if isinstance(inputs, Mapping) else model(inputs.clone())
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
    def seeded(self, inputs: Tensor | Mapping[str, Any], seed: int) -> Iterator[None]:
        """See `Host`."""
        entries = inputs.values() if isinstance(inputs, Mapping) else (inputs,)
        devices = {one.device for one in entries if isinstance(one, Tensor) and one.is_cuda}
        with torch.random.fork_rng(list(devices)):
            torch.manual_seed(seed)
            yield

    def explained(
        self, kind: str, method: Any, inputs: Any, targets: Any, arguments: Mapping[str, Any]
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
            if isinstance(inputs, Mapping):
                raise TypeError(
                    f"`dataset` has mappings as inputs, which `method` (a {type(method).__name__}) "
                    "does not take: LiMA, SMDL and SumOfParts do"
                )
            leaf = inputs.requires_grad_(inputs.is_floating_point())
            scores = method.attribute(leaf, target=targets, **arguments)
        maps = scores.detach().cpu().double().numpy()
        # Channels are summed, as metrics do.
        return list(maps.sum(1) if maps.ndim >= 4 else maps)

    def judged(
        self, metric: Any, model: Any, inputs: Any, given: Any, targets: Any, arguments: Any
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
