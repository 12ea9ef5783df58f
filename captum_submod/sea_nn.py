"""SEA-NN for Captum: one heatmap out of those of several methods."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from captum.attr import Attribution, IntegratedGradients, NoiseTunnel, Saliency
from torch import Tensor
from tqdm.auto import tqdm

from captum_submod._compat import TargetType, log_usage
from captum_submod._maps import heatmaps
from submod_core.sea_nn import THRESHOLDS, Ensemble, Learning
from submod_core.sea_nn.host import HeatmapMethods, MeanEnsemble, SubmodularEnsemble


class SmoothGrad(NoiseTunnel):
    """The mean over noisy inputs, whose noise has a standard deviation of 15 % of the inputs' range.

    Captum's own default is 1, whatever the range: on images in [0, 1] nothing is left of them.
    """

    def attribute(self, inputs: Tensor, **kwargs: Any) -> Tensor:
        """As `NoiseTunnel.attribute`."""
        values = inputs.detach()
        spread = float(values.max() - values.min())
        smoothed: Tensor = super().attribute(inputs, **({"stdevs": 0.15 * spread or 1.0} | kwargs))
        return smoothed


class HeatmapEnsemble(HeatmapMethods, Attribution):
    """What makes one map out of those of several methods."""

    def __init__(self, forward_func: Callable[..., Any], methods: Sequence[Any] | None = None) -> None:
        if not callable(forward_func):
            raise TypeError(f"`forward_func` (={forward_func!r}) must be callable")
        super().__init__(forward_func)
        gradients = IntegratedGradients(forward_func)
        default = [Saliency(forward_func), gradients, SmoothGrad(gradients)]
        self.use(default if methods is None else methods, lambda m: isinstance(m, Attribution) or callable(m))

    @classmethod
    def get_name(cls) -> str:
        """Name shown in progress bars and plots."""
        return cls.__name__

    def has_convergence_delta(self) -> bool:
        """False: the map does not sum to a difference of outputs."""
        return False

    @log_usage()  # type: ignore[untyped-decorator]
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
            Shaped like the inputs, the same in all channels, on their device and in their floating dtype; at least 0.

        Raises
        ------
        TypeError, ValueError
            If the inputs are no images, or a method gives no map for each, or one that is constant or not finite: the
            message names the method.
        """
        maps = self._maps(inputs, target, additional_forward_args)
        with tqdm(maps, desc=f"{self.get_name()} attribution", unit="image", disable=not show_progress) as rows:
            made = self.combine_examples(rows)
        dtype = inputs.dtype if inputs.is_floating_point() else torch.get_default_dtype()
        return torch.from_numpy(made).to(dtype).to(inputs.device)[:, None].expand(inputs.shape).contiguous()

    def attribute_maps(self, maps: Sequence[Tensor]) -> Tensor:
        """The same of maps computed elsewhere.

        Parameters
        ----------
        maps : sequence of Tensor, each (N, H, W) or (N, n)
            One tensor for each method.

        Returns
        -------
        Tensor of float64 on the CPU, (N, H, W) or (N, n)

        Raises
        ------
        ValueError
            If the shapes differ, or a map is constant or not finite.
        """
        return torch.from_numpy(self.combine_given([each.detach().cpu().double() for each in maps]))

    def _maps(self, inputs: Any, target: Any, additional: Any) -> list[Any]:
        """For each example the maps of all methods, (M, H, W)."""
        if not isinstance(inputs, Tensor) or inputs.dim() != 4:
            raise TypeError("`inputs` must be one tensor of images (N, C, H, W)")
        columns = [
            heatmaps(method, inputs, target, additional, name, absolute=True).expand(len(inputs), -1, -1).numpy()
            for method, name in zip(self.methods, self.names(), strict=True)
        ]
        return list(np.stack(columns, axis=1))


class SEANN(SubmodularEnsemble, HeatmapEnsemble):
    """Submodular ensembling of attributions: more specific than each of the maps it learns from.

    A deep submodular function learns to saturate at the given heatmaps; a feature's attribution is its gain in the
    context of those chosen before it, so that what repeats others is left out.

    Parameters
    ----------
    forward_func : callable
        The model.
    methods : sequence of Captum methods or functions of (inputs, target), optional
        By default Saliency, IntegratedGradients and its SmoothGrad version, with noise of 15 % of the inputs' range.
        Maps of another size, such as Grad-CAM's, are interpolated.
    settings : Learning, optional
        How the function is learned.
    side : int
        Images are seen as at most side × side cells.
    thresholds : sequence of int
        How many of the highest pixels each binary map holds.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    .. [1] Submodular Ensembled Attribution for Neural Networks (SEA-NN): Eq. 1–2, Algorithm 1.

    Examples
    --------
    >>> from submod_core.sea_nn import Learning
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 10))
    >>> methods = [Saliency(model), IntegratedGradients(model)]
    >>> sea = SEANN(model, methods, settings=Learning(widths=(16,), epochs=3), side=8)
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
        self.settings, self.side, self.thresholds = settings or Learning(), side, thresholds

    def explain(
        self, inputs: Tensor, target: TargetType = None, additional_forward_args: object = None
    ) -> list[Ensemble]:
        """The map of each image with the function that it comes from; arguments and errors as in `attribute`."""
        return self.learn_examples(self._maps(inputs, target, additional_forward_args))

    def attribute_class(
        self, inputs: Tensor, target: TargetType = None, additional_forward_args: object = None
    ) -> Ensemble:
        """What matters for a class: one function of the maps of all its images (SEA-NN, §3).

        Arguments and errors as in `attribute`.
        """
        return self.learn_class(self._maps(inputs, target, additional_forward_args))


class AggMean(MeanEnsemble, HeatmapEnsemble):
    """The linear ensemble to compare with: the mean of the maps, each scaled to [0, 1].

    Parameters are those of `SEANN` that name the model and the methods.

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 10))
    >>> AggMean(model).attribute(torch.rand(2, 3, 16, 16), target=3).shape
    torch.Size([2, 3, 16, 16])
    """
