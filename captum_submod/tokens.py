"""Vision transformers that spend nothing on masked patches."""

from threading import get_ident
from typing import Any

import torch
from torch import Tensor, nn

from captum_submod._masking import expanded
from submod_core._checks import check_count, check_number


class DropTokens(nn.Module):
    """A vision transformer without the tokens of patches that show only the baseline.

    Use it as the model of any method that masks its inputs. A subset of the regions and its
    complement then cost about as much as one whole image, instead of two: LiMA's searches, which
    ask for both, take about half the operations. It is another function than the transformer
    itself, which looks at the baseline too: compare them on your model before you replace one by
    the other.

    Images are grouped by how many of their patches show something, and each group goes through the
    model at once. It pays where patches drop out as a whole and groups are large: with regions made
    of patches, such as ``LiMA(DropTokens(...), regions=(7, 7))`` for 14 × 14 patches.

    Parameters
    ----------
    model : torch.nn.Module
        Images (N, C, H, W) to outputs (N, …), read off its class token or the mean over its tokens.
        Positions must be added before the first block: within the blocks (rotary or relative ones,
        windows) they would be those of other patches.
    first_block : torch.nn.Module
        The first of its transformer blocks. It must take tokens (N, T, d): those of the patches,
        row by row, last, and before them class and register tokens, if any, which are always kept.
    patch_size : int
        Side of a patch, in pixels.
    baseline : float
        The value of masked pixels: the `baselines` of the method.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range. When called: if the images are not (N,
        C, H, W) or not made of whole patches, if the first block did not run once, or if what it
        takes is not as described.

    Notes
    -----
    An image of which nothing is shown keeps all its tokens if the model has no others. Layers of
    the model run once for each group: give LiMA's `features` as a function, not as a layer.

    Examples
    --------
    >>> from torch import nn
    >>> class Tiny(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.patches, self.head = nn.Conv2d(3, 8, 4, stride=4), nn.Linear(8, 10)
    ...         self.positions = nn.Parameter(torch.randn(1, 16, 8))
    ...         self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    ...     def forward(self, x):
    ...         tokens = self.patches(x).flatten(2).mT + self.positions
    ...         return self.head(self.block(tokens).mean(1))
    >>> model = Tiny().eval()
    >>> dropping = DropTokens(model, model.block, patch_size=4)
    >>> image = torch.rand(1, 3, 16, 16)
    >>> bool(torch.allclose(dropping(image), model(image), atol=1e-5))
    True
    >>> dropping.extra_repr()
    "first_block='block', patch_size=4"
    >>> from captum_submod import LiMA
    >>> LiMA(dropping, regions=(4, 4)).attribute(image, target=0).shape
    torch.Size([1, 3, 16, 16])
    """

    def __init__(
        self, model: nn.Module, first_block: nn.Module, patch_size: int, baseline: float = 0.0
    ) -> None:
        super().__init__()
        if not isinstance(model, nn.Module):
            raise TypeError(f"`model` (a {type(model).__name__}) must be a torch.nn.Module")
        if not any(first_block is module for module in model.modules()):
            raise ValueError(
                f"`first_block` (={first_block!r}) must be one of the modules of `model`"
            )
        check_count("patch_size", patch_size)
        check_number("baseline", baseline)
        self.model, self.patch_size, self.baseline = model, patch_size, baseline
        # In a tuple, so that it is not a submodule twice: it is one of the model's.
        self._first_block = (first_block,)

    @property
    def first_block(self) -> nn.Module:
        """The first of the model's transformer blocks."""
        return self._first_block[0]

    def extra_repr(self) -> str:
        """The name of the first block, and the arguments that differ from their defaults."""
        block = next(name for name, m in self.model.named_modules() if m is self.first_block)
        shown = f"first_block={block!r}, patch_size={self.patch_size}"
        return shown if self.baseline == 0.0 else f"{shown}, baseline={self.baseline}"

    def forward(self, images: Tensor, *args: Any) -> Tensor:
        """The model's outputs (N, …) for images (N, C, H, W)."""
        shown = self._shown(images)
        counts = shown.sum(1)
        groups = [torch.nonzero(counts == count)[:, 0] for count in counts.unique().tolist()]
        given = [[expanded(arg, rows, len(images)) for arg in args] for rows in groups]
        outputs = [
            self._on_tokens(images[rows], shown[rows], tuple(own))
            for rows, own in zip(groups, given, strict=True)
        ]
        return torch.cat(outputs)[torch.cat(groups).argsort()]

    def _shown(self, images: Tensor) -> Tensor:
        """The patches of which a pixel differs from the baseline, (N, patches)."""
        side = self.patch_size
        if not isinstance(images, Tensor) or images.is_complex():
            raise TypeError("`images` must be a tensor of real numbers")
        if images.dim() != 4 or not len(images) or any(n % side for n in images.shape[2:]):
            raise ValueError(
                f"`images` (of shape {tuple(images.shape)}) must be (N, C, H, W), with H and W "
                f"multiples of `patch_size` (={side})"
            )
        differs = (images != self.baseline).any(1)
        return differs.unflatten(2, (-1, side)).unflatten(1, (-1, side)).any(4).any(2).flatten(1)

    def _on_tokens(self, images: Tensor, shown: Tensor, args: tuple[Any, ...]) -> Tensor:
        """The outputs for images that all show as many patches."""
        runs, thread = 0, get_ident()

        def drop(block: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
            nonlocal runs
            if get_ident() != thread:  # another call of the same model
                return given
            runs += 1
            n_others = self._count_others(given, shown)
            kept = torch.cat([shown.new_ones(len(shown), n_others), shown], dim=1)
            if not kept.any():
                return given
            return given[0][kept].view(len(images), -1, given[0].shape[2]), *given[1:]

        handle = self.first_block.register_forward_pre_hook(drop)
        try:
            outputs: Tensor = self.model(images, *args)
        finally:
            handle.remove()
        if runs != 1:
            raise ValueError(
                f"`first_block` must run once in a call of `model`; it ran {runs} times"
            )
        return outputs

    def _count_others(self, given: tuple[Any, ...], shown: Tensor) -> int:
        """Number of tokens that the block was given beside those of the patches."""
        shape = tuple(given[0].shape) if given and isinstance(given[0], Tensor) else None
        if shape is None or len(shape) != 3 or shape[0] != len(shown) or shape[1] < shown.shape[1]:
            given_it = "no tensor" if shape is None else f"a tensor of shape {shape}"
            raise ValueError(
                f"`first_block` was given {given_it}; with `patch_size` (={self.patch_size}) it "
                f"must be given tokens ({len(shown)}, T, d), T at least the {shown.shape[1]} "
                "patches"
            )
        return shape[1] - shown.shape[1]
