"""Outputs of a torch model: checks, and the way of small arrays to the host."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from submod_core.backends import backend_of
from submod_core.engine import Responses
from submod_core.regions import Layout
from submod_core.scores.outputs import logits_of


def copied(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments for one of several functions: it may work in place on what it gets."""
    return tuple(a.clone() if isinstance(a, Tensor) else a for a in arguments)


def fetched(tensors: list[Tensor]) -> Responses | Callable[[], Responses]:
    """Responses from scores and confidences (1 or 2, B) and features; on a GPU, a function."""
    if not tensors[0].is_cuda:
        return _responses([tensor.cpu() for tensor in tensors])
    # Enqueue the copies now; later they would queue behind the next batch.
    copies = [tensor.to("cpu", non_blocking=True) for tensor in tensors]
    copied = [
        torch.cuda.current_stream(tensor.device).record_event()
        for tensor in tensors
        if tensor.is_cuda
    ]

    def wait() -> Responses:
        for event in copied:
            event.synchronize()
        return _responses(copies)

    return wait


def _responses(tensors: list[Tensor]) -> Responses:
    """Responses from CPU tensors: numbers (1 or 2, B) and, where asked for, features (B, d)."""
    numbers, *vectors = tensors
    target, *confidence = numbers.double().numpy()
    return Responses(
        target, confidence[0] if confidence else None, vectors[0].numpy() if vectors else None
    )


def checked(output: Any, n_rows: int, name: str) -> Tensor:
    """An output in float32 or float64 with one row per example, else an error."""
    output = logits_of(output)
    if not isinstance(output, Tensor):
        raise TypeError(
            f"`{name}` returned a {type(output).__name__}; it must return one tensor, or an object "
            "or mapping with `logits`"
        )
    if output.dim() == 0 or len(output) != n_rows:
        raise ValueError(
            f"`{name}` returned shape {tuple(output.shape)} for {n_rows} examples; its first "
            "dimension must be theirs, not one value for the whole batch"
        )
    return output if output.dtype in (torch.float32, torch.float64) else output.float()


def pooled(maps: Tensor, layout: Layout | None, shape: tuple[int, ...]) -> Tensor:
    """Vectors (B, d) of a layer's output; maps are averaged over space, first or last channels.

    Maps (B, h, w, C), as of Swin transformers, have the proportions of the image on other axes
    than (B, C, h, w). `layout` and `shape` are those of one image.

    Examples
    --------
    >>> pooled(torch.ones(1, 7, 7, 5), Layout("NCHW"), (3, 224, 224)).shape
    torch.Size([1, 5])
    """
    if maps.dim() == 4 and layout is not None and layout.is_image:
        height, width = layout.places(shape)

        def misfit(h: int, w: int) -> float:
            return abs(math.log(h * width / (w * height)))

        # Where both axes fit alike, the channels are first, as torch's convention has them.
        last = misfit(*maps.shape[1:3]) < misfit(*maps.shape[2:]) - 1e-9
        maps = maps.movedim(-1, 1) if last else maps
    vectors: Tensor = backend_of(maps).pool(maps)
    return vectors


def is_layer(features: Any, forward_func: Any) -> bool:
    """Whether `features` is a layer of the model; for a plain function any module counts."""
    if not isinstance(features, nn.Module):
        return False
    return not isinstance(forward_func, nn.Module) or any(
        features is module for module in forward_func.modules()
    )


def uncompiled(forward_func: Any) -> Any:
    # A compiled module skips the hooks of its layers; the original module shares its weights.
    return getattr(forward_func, "_orig_mod", forward_func)


def ends_in_sigmoid(forward_func: Any) -> bool:
    """Whether the last module of a chain of modules is a sigmoid; False where that is unknown.

    Examples
    --------
    >>> ends_in_sigmoid(nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Sigmoid())))
    True
    """
    last = forward_func
    while isinstance(last, nn.Sequential) and len(last):
        last = last[-1]
    return isinstance(last, nn.Sigmoid)
