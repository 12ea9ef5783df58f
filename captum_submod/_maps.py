"""The heatmaps of other methods, as SMDL's prior and as what SEA-NN learns from."""

from typing import Any

from captum.attr import Attribution
from torch import Tensor, nn


def heatmaps(source: Any, inputs: Tensor, target: Any, additional: Any, name: str, *, absolute: bool) -> Tensor:
    """One map for each example, (N, H, W), or (1, H, W) for all, in double precision on the CPU.

    Parameters
    ----------
    source : Tensor, Attribution or callable
        Maps (N, C, H, W) or (1, C, H, W); a Captum method; or a function of inputs and target. Maps of another height
        and width than the inputs are interpolated.
    name : str
        What errors call the source.
    absolute : bool
        Sum the channels' absolute values rather than the channels.

    Raises
    ------
    ValueError
        If the source gives anything but finite maps of such a shape.
    """
    maps: Any = source
    if isinstance(source, Attribution):
        extra = {} if additional is None else {"additional_forward_args": additional}
        leaf = inputs.detach().clone().requires_grad_(inputs.is_floating_point())
        maps = source.attribute(leaf, target=target, **extra)
    elif not isinstance(source, Tensor):
        maps = source(inputs, target)
    fits = isinstance(maps, Tensor) and maps.dim() == 4 and len(maps) in (1, len(inputs))
    if not fits or not maps.isfinite().all():
        shape = tuple(maps.shape) if isinstance(maps, Tensor) else type(maps).__name__
        raise ValueError(
            f"`{name}` ({shape}) must be finite maps (N, C, H, W) for the {len(inputs)} inputs, or one for all"
        )
    values = maps.detach().cpu().double()
    summed = (values.abs() if absolute else values).sum(1, keepdim=True)
    size = (inputs.shape[2], inputs.shape[3])
    return (summed if summed.shape[2:] == size else nn.functional.interpolate(summed, size=size, mode="bilinear"))[:, 0]
