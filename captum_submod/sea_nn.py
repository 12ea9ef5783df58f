"""SEA-NN for Captum: one heatmap out of those of several methods."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np
import torch
from captum.attr import Attribution, IntegratedGradients, NoiseTunnel, Saliency
from torch import Tensor
from tqdm.auto import tqdm

from captum_submod._compat import TargetType, log_usage
from captum_submod._maps import heatmaps
from captum_submod._masking import expanded
from captum_submod._targets import target_indices
from submod_core._checks import check_flag, check_type
from submod_core._docs import documented
from submod_core.sea_nn import THRESHOLDS, Ensemble, Learning
from submod_core.sea_nn.host import HeatmapMethods, MeanEnsemble, SubmodularEnsemble
from submod_core.sea_nn.options import OPTIONS

_DRAWING = Lock()


class SmoothGrad(NoiseTunnel):
    """The mean over noisy inputs, with noise of 15 % of each input's range.

    Captum's own default is a standard deviation of 1 for every range: on images in [0, 1] such
    noise leaves nothing of the image. The noise comes from a seed, the same for each input, and
    leaves torch's generator as it is.
    """

    def attribute(self, inputs: Tensor, **kwargs: Any) -> Tensor:
        """Attribute as `NoiseTunnel.attribute` does."""
        n, devices = len(inputs), [inputs.device] if inputs.is_cuda else []
        targets = target_indices(kwargs.get("target"), n)
        maps = []
        # One by one: the range and the noise of an input must not depend on its company.
        for i in range(n):
            one = {name: expanded(given, torch.tensor([i]), n) for name, given in kwargs.items()}
            if targets is not None:
                one["target"] = tuple(targets[i].tolist())
            values = inputs[i : i + 1].detach()
            spread = float(values.max() - values.min())
            options = {"stdevs": 0.15 * spread or 1.0} | one
            # Captum draws from torch's one generator, which other threads share.
            with _DRAWING, torch.random.fork_rng(devices):
                torch.manual_seed(0)
                maps.append(super().attribute(inputs[i : i + 1], **options))
        return torch.cat(maps)


class HeatmapEnsemble(HeatmapMethods, Attribution):
    """A method that makes one map out of those of several methods."""

    def __init__(
        self, forward_func: Callable[..., Any], methods: Sequence[Any] | None = None
    ) -> None:
        if not callable(forward_func):
            raise TypeError(f"`forward_func` (={forward_func!r}) must be callable")
        super().__init__(forward_func)

        def default() -> list[Any]:
            gradients = IntegratedGradients(forward_func)
            return [Saliency(forward_func), gradients, SmoothGrad(gradients)]

        self._take(methods, default, lambda m: isinstance(m, Attribution) or callable(m))

    @classmethod
    def get_name(cls) -> str:
        """Name shown in progress bars and plots."""
        return cls.__name__

    def has_convergence_delta(self) -> bool:
        """False: the map does not sum to a difference of outputs."""
        return False

    @log_usage
    def attribute(
        self,
        inputs: Tensor,
        target: TargetType = None,
        additional_forward_args: object = None,
        show_progress: bool = False,
    ) -> Tensor:
        """One map for each image.

        Parameters
        ----------
        inputs : Tensor, (N, C, H, W)
        target, additional_forward_args
            Given to each method's `attribute`.
        show_progress : bool
            Show a progress bar, counting images.

        Returns
        -------
        Tensor
            Shaped like the inputs, the same in all channels, on their device and in their floating
            dtype; at least 0. A constant map is left out, with a warning; where all are, it is 0.

        Raises
        ------
        TypeError, ValueError
            If the inputs are no images, or a method gives no map for each, or one that is not
            finite: the message names the method.
        """
        check_flag("show_progress", show_progress)
        maps = self._maps(inputs, target, additional_forward_args)
        with tqdm(
            maps, desc=f"{self.get_name()} attribution", unit="image", disable=not show_progress
        ) as rows:
            made = torch.from_numpy(self._combine_examples(rows))
        dtype = inputs.dtype if inputs.is_floating_point() else torch.get_default_dtype()
        return made.to(dtype).to(inputs.device)[:, None].expand(inputs.shape).contiguous()

    @documented(OPTIONS, array="Tensor", returned="Tensor of float64 on the CPU")
    def attribute_maps(self, maps: Sequence[Tensor]) -> Tensor:
        """One map for each example, of maps computed elsewhere.

        Parameters
        ----------
        {maps}
        """
        check_type("maps", maps, Sequence, "a sequence of tensors")
        for each in maps:
            check_type("maps", each, Tensor, "tensors, each")
        arrays = [each.detach().cpu().double() for each in maps]
        return torch.from_numpy(self._combine_given(arrays))

    def _maps(self, inputs: Any, target: Any, additional: Any) -> list[Any]:
        """For each example the maps of all methods, (M, H, W)."""
        if not isinstance(inputs, Tensor) or inputs.dim() != 4:
            raise TypeError("`inputs` must be one tensor of images (N, C, H, W)")
        if inputs.is_complex() or not inputs.numel() or not inputs.isfinite().all():
            raise ValueError("`inputs` must hold at least one image, of finite real numbers")
        columns = [
            heatmaps(method, inputs, target, additional, name, absolute=True)
            .expand(len(inputs), -1, -1)
            .numpy()
            for method, name in zip(self.methods, self._names(), strict=True)
        ]
        return list(np.stack(columns, axis=1))


@documented(OPTIONS, source="Eq. 1–2, Algorithm 1")
class SEANN(SubmodularEnsemble, HeatmapEnsemble):
    """Submodular ensembling of attributions: more specific than each of the maps it learns from.

    A deep submodular function learns to saturate at the given heatmaps; a feature's attribution is
    its gain in the context of the features chosen before it, so that repetitions are left out.

    Parameters
    ----------
    forward_func : callable
        The model.
    methods : sequence of Captum methods or functions of (inputs, target), optional
        By default Saliency, IntegratedGradients and its SmoothGrad version, with noise of 15 % of
        the inputs' range. Maps of another size, such as Grad-CAM's, are interpolated.
    {learning}

    {errors}

    Examples
    --------
    >>> from submod_core.sea_nn import Learning
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 10))
    >>> methods = [Saliency(model), IntegratedGradients(model)]
    >>> sea = SEANN(model, methods, settings=Learning(widths=(16,), epochs=3), side=8)
    >>> SEANN(model, side=8)
    SEANN(<Sequential>, side=8)
    >>> sea.attribute(torch.rand(2, 3, 16, 16), target=3).shape
    torch.Size([2, 3, 16, 16])
    """

    def __init__(
        self,
        forward_func: Callable[..., Any],
        methods: Sequence[Any] | None = None,
        *,
        settings: Learning | None = None,
        side: int = 28,
        thresholds: Sequence[int] = THRESHOLDS,
    ) -> None:
        super().__init__(forward_func, methods)
        self.settings, self.side, self.thresholds = settings, side, thresholds
        self._check()

    def explain(
        self, inputs: Tensor, target: TargetType = None, additional_forward_args: object = None
    ) -> list[Ensemble]:
        """The map of each image with the function that it comes from.

        Arguments and errors are those of `attribute`.
        """
        return self._learn_examples(self._maps(inputs, target, additional_forward_args))

    def attribute_class(
        self, inputs: Tensor, target: TargetType = None, additional_forward_args: object = None
    ) -> Ensemble:
        """The map of a class: one function of the maps of all its images (SEA-NN, §3).

        Arguments and errors are those of `attribute`.
        """
        return self._learn_class(self._maps(inputs, target, additional_forward_args))


@documented(OPTIONS, source="the baseline Agg-Mean")
class AggMean(MeanEnsemble, HeatmapEnsemble):
    """The linear ensemble to compare with: the mean of the maps, each scaled to [0, 1].

    Parameters
    ----------
    forward_func : callable
        The model.
    methods : sequence of Captum methods or functions of (inputs, target), optional
        As in `SEANN`.

    {errors}

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 10))
    >>> AggMean(model).attribute(torch.rand(2, 3, 16, 16), target=3).shape
    torch.Size([2, 3, 16, 16])
    """
