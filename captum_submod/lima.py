"""LiMA for Captum."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from captum_submod._attribution import RegionAttribution
from captum_submod._batching import batch_size, check_call
from captum_submod._compat import AnyInputs, BaselineType, MaskType, TargetType
from captum_submod._oracle import Activation, Features
from submod_core import Explanation, Search, Weights
from submod_core._docs import documented
from submod_core.engine import Oracle
from submod_core.methods import LiMAOptions, LiMASettings
from submod_core.methods.anytime import improving
from submod_core.methods.options import OPTIONS
from submod_core.regions import Layout, Regions
from submod_core.scores import Distance

WORDS = {
    "over": "the axis of classes",
    "layer": "torch.nn.Module",
    "arguments": "the same arguments as `forward_func`",
    "layer_note": (
        " Where\n    `forward_func` is no module, a module is taken for one of its layers."
    ),
    "tensor": "Tensor",
    "target": "`target`",
    "found": (
        'inputs of two, four and five axes are "NF", "NCHW" and\n    "NCDHW"; for other '
        "inputs, and where the channels seem to be elsewhere, it is asked for."
    ),
}


@documented(OPTIONS, **WORDS)
class LiMA(LiMAOptions, RegionAttribution):
    """Less input is more faithful for attribution: which few regions made the model decide.

    The input is cut into regions; a set function scores every subset of them by how well the model
    still recognises the target with the subset alone (consistency), how badly without it
    (collaboration), how certain it is (confidence) and how little the regions repeat each other
    (effectiveness); a search orders the regions by it.

    Parameters
    ----------
    forward_func : callable
        The model, or any function of the inputs that returns a tensor whose first dimension is the
        batch: class scores (N, C), deeper outputs (N, C, …) with tuple targets, or one value per
        example. A module is run in evaluation mode and left as it was.
    regions : int, tuple of int, array, callable or None
        Division of inputs where `attribute` gets no `feature_mask`: a count (about that many SLICO
        superpixels of an image, supervoxels of a volume or video, equal segments of a series); the
        number of cells along each axis of places, (rows, columns) of an image; one label map over
        the places, (H, W), for all, −1 for what always stays; or a function of one example with its
        channels last, (H, W, C), that returns a label map. It sees the
        model's input; ``from_processor(processor).regions(…)`` shows it the picture, as superpixels
        and Segment Anything need it. None stands for 49 regions of
        images, volumes and videos, or as many as `max_model_inputs` is best spent on, and for
        single elements of tables and all inputs of unknown axes.
    {coarse}
    {search}
    {weights}
    {activation}
    {class_axis}
    {features}
    {distance}
    {class_embeddings}
    {scale}
    {max_evaluations}
    {max_model_inputs}
    {layout}
    {autocast}

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range.

    References
    ----------
    .. [1] Chen et al., "Less is More: Efficient Black-box Attribution via
       Minimal Interpretable Subset Selection" (LiMA): Eq. 3–8, Eq. 11, Algorithm 1.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 28 * 28, 10))
    >>> images = torch.rand(2, 3, 28, 28)
    >>> lima = LiMA(model, regions=(2, 2), search="greedy")
    >>> lima
    LiMA(<Sequential>, regions=(2, 2), search='greedy')
    >>> targets = torch.tensor([3, 1])
    >>> lima.attribute(images, target=targets, perturbations_per_eval=16).shape
    torch.Size([2, 3, 28, 28])
    >>> explanations = lima.explain(images, target=3)
    >>> [explanation.order.shape for explanation in explanations]
    [(4,), (4,)]
    >>> found = lima.sufficient(images, explanations, target=3, share=0.9)
    >>> [one.sets[0].value >= one.score for one in found]
    [True, True]
    """

    def __init__(
        self,
        forward_func: Callable[..., Any],
        *,
        regions: Regions = None,
        search: str | Search = "guided",
        weights: Mapping[Any, float] | Weights | None = None,
        activation: Activation = "softmax",
        class_axis: int | None = None,
        features: Features = None,
        distance: str | Distance = "cosine",
        class_embeddings: Tensor | None = None,
        scale: float = 100.0,
        max_evaluations: int | None = None,
        max_model_inputs: int | None = None,
        layout: str | Layout | None = None,
        coarse: Regions = None,
        autocast: torch.dtype | None = None,
    ) -> None:
        super().__init__(forward_func, autocast)
        self.regions, self.search, self.weights = regions, search, weights
        self.activation, self.features, self.distance = activation, features, distance
        self.class_embeddings, self.scale = class_embeddings, scale
        self.max_evaluations, self.max_model_inputs = max_evaluations, max_model_inputs
        self.layout, self.class_axis, self.coarse = layout, class_axis, coarse
        self._check()

    @documented(OPTIONS, method="attribute")
    def explain_iter(
        self,
        inputs: AnyInputs,
        baselines: BaselineType = None,
        target: TargetType = None,
        additional_forward_args: object = None,
        feature_mask: MaskType = None,
        perturbations_per_eval: int | str = 1,
        show_progress: bool = False,
        *,
        budgets: Sequence[int] | None = None,
    ) -> Iterator[list[Explanation]]:
        """Explain better and better, until the caller stops or the search is done.

        Parameters
        ----------
        inputs, baselines, target, additional_forward_args, feature_mask, perturbations_per_eval
        show_progress
            As in `attribute`.
        {explain_iter}

        Examples
        --------
        >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 3))
        >>> images = torch.rand(1, 3, 4, 4)
        >>> for (explanation,) in LiMA(net, regions=(4, 4)).explain_iter(images, target=1):
        ...     if explanation.curves.insertion_auc > 0.9:  # enough for this application
        ...         break
        """
        check_call(perturbations_per_eval, show_progress)
        oracle = self._oracle(inputs, baselines, target, additional_forward_args, feature_mask)
        size = batch_size(perturbations_per_eval, len(oracle.batch))

        def run(settings: LiMASettings, memory: Oracle) -> list[Explanation]:
            return self._explanations(oracle, size, show_progress, settings=settings, ask=memory)

        return improving(oracle, oracle.batch.sets, self._settings(), run, budgets)
