"""The heatmaps of other methods: SMDL's prior, and the maps that SEA-NN learns from."""

from typing import Any

from captum.attr import Attribution
from torch import Tensor, nn

from captum_submod._modules import evaluating
from submod_core._docs import documented
from submod_core.engine._finite import check_finite_maps
from submod_core.sea_nn.options import OPTIONS


def explained_by(method: Any) -> list[Any]:
    """The models that a Captum method, or a function, runs as far as they can be seen."""
    return [method, getattr(method, "forward_func", None), getattr(method, "model", None)]


@documented(OPTIONS)
def heatmaps(
    source: Any, inputs: Tensor, target: Any, additional: Any, name: str, *, absolute: bool
) -> Tensor:
    """One map for each example, (N, H, W), or (1, H, W) for all, in double precision on the CPU.

    Parameters
    ----------
    source : Tensor, Attribution or callable
        Maps (N, C, H, W) or (1, C, H, W); a Captum method; or a function of inputs and target. Maps
        of another height and width than the inputs are interpolated.
    {source}
    """
    maps: Any = source
    # The source gets a copy, which its model may change, and a model in evaluation mode.
    with evaluating(*explained_by(source)):
        if isinstance(source, Attribution):
            extra = {} if additional is None else {"additional_forward_args": additional}
            leaf = inputs.detach().clone().requires_grad_(inputs.is_floating_point())
            maps = source.attribute(leaf, target=target, **extra)
        elif not isinstance(source, Tensor):
            maps = source(inputs.clone(), target)
    fits = isinstance(maps, Tensor) and maps.dim() == 4 and len(maps) in (1, len(inputs))
    if not fits:
        shape = tuple(maps.shape) if isinstance(maps, Tensor) else type(maps).__name__
        raise ValueError(
            f"`{name}` ({shape}) must be maps (N, C, H, W) for the {len(inputs)} inputs, or "
            "one for all"
        )
    values = maps.detach().cpu().double()
    check_finite_maps(values.numpy(), name)
    summed = (values.abs() if absolute else values).sum(1, keepdim=True)
    size = (inputs.shape[2], inputs.shape[3])
    if summed.shape[2:] != size:
        summed = nn.functional.interpolate(summed, size=size, mode="bilinear")
    return summed[:, 0]
