"""LiMA for Captum."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from captum.attr import PerturbationAttribution
from torch import Tensor
from tqdm.auto import tqdm

from captum_submod._compat import BaselineType, TargetType, TensorOrTupleOfTensorsGeneric, log_usage
from captum_submod._inputs import Batch, prepare, target_indices
from captum_submod._oracle import Activation, Features, TorchOracle, evaluating
from submod_core import Explanation, LiMASettings, Readout, Weights, explain
from submod_core._checks import check_count
from submod_core.ground_set import Regions, check_regions
from submod_core.search import Search


class LiMA(PerturbationAttribution):
    """Less input is more faithful for attribution: which few regions made the model decide.

    The input is cut into regions; a set function scores every subset of them by how well the model still recognises the
    target with the subset alone (consistency), how badly without it (collaboration), how certain it is (confidence) and
    how little the regions repeat each other (effectiveness); a search orders the regions by it.

    Parameters
    ----------
    forward_func : callable
        The model, or any function of the inputs that returns a tensor whose first dimension is the batch: class scores
        (N, C), deeper outputs (N, C, …) with tuple targets, or one value per example. A module is run in evaluation
        mode and left as it was.
    regions : int, (int, int), array or callable
        Division of images (N, C, H, W) where `attribute` gets no `feature_mask`: about that many SLICO superpixels, a
        grid of rows and columns, one label map (H, W) for all, or a function of an image (H, W, C) that returns a label
        map, such as ``lambda image: submod_core.from_masks(sam.generate(image))``.
    search : {"bidirectional", "greedy"} or callable
        How the regions are ordered: LiMA's Algorithm 1, plain greedy, or a search of your own.
    n_pending : int
        The bidirectional search's n_p.
    weights : mapping or Weights, optional
        Weights of the scores by name; those left out are 0. By default the paper's (Eq. 8): consistency 20,
        collaboration 5, confidence 0.05, effectiveness 0.01.
    activation : {"softmax", "sigmoid", "identity"} or callable
        What turns the outputs into probabilities, over dimension 1. ``"identity"`` says that they already are; a
        callable takes the output tensor. A model with one output per example has no classes to normalise over:
        "softmax" then takes the value itself as the consistency.
    features : callable or torch.nn.Module, optional
        F of the effectiveness score: a function of the same arguments as `forward_func`, or a layer of the model, whose
        output is averaged over space and flattened. By default the output vector. Where `forward_func` is no module, a
        module given here is taken for a layer that it runs.
    distance : {"cosine", "angular"} or callable
        Distance between features: 1 − cosine, angle / π, or a function from (n, d) to (n, n) arrays.
    class_embeddings : Tensor, (K, d), optional
        Turns the features into class scores, `scale` · cosine to each row, as in CLIP; with a single row the plain
        cosine is the consistency. `target` is then a row, and the output of `forward_func` only serves as features.
    scale : float
        The factor of the cosines, CLIP's logit scale.
    max_evaluations : int, optional
        Most subsets per example for which the search may ask. When it runs out, the rest is ordered by its last known
        value.

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
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 28 * 28, 10))
    >>> images = torch.rand(2, 3, 28, 28)
    >>> lima = LiMA(model, regions=(2, 2), search="greedy")
    >>> lima.attribute(images, target=torch.tensor([3, 1]), perturbations_per_eval=16).shape
    torch.Size([2, 3, 28, 28])
    >>> [explanation.order.shape for explanation in lima.explain(images, target=3)]
    [(4,), (4,)]
    """

    def __init__(
        self,
        forward_func: Callable[..., Any],
        *,
        regions: Regions = 49,
        search: str | Callable[..., Search] = "bidirectional",
        n_pending: int = 8,
        weights: Mapping[str, float] | Weights | None = None,
        activation: Activation = "softmax",
        features: Features = None,
        distance: str | Callable[[Any], Any] = "cosine",
        class_embeddings: Tensor | None = None,
        scale: float = 100.0,
        max_evaluations: int | None = None,
    ) -> None:
        if not callable(forward_func):
            raise TypeError(f"`forward_func` (={forward_func!r}) must be callable")
        super().__init__(forward_func)
        check_regions(regions)
        self.regions = regions
        self.settings = LiMASettings.of(search, n_pending, weights, distance, max_evaluations)
        self.readout = Readout(activation, features, class_embeddings, scale)

    @classmethod
    def get_name(cls) -> str:
        """Name shown in progress bars and plots."""
        return cls.__name__

    @property
    def multiplies_by_inputs(self) -> bool:
        """True: the scores measure what a region's presence changes, not a local sensitivity."""
        return True

    @log_usage()  # type: ignore[untyped-decorator]
    def attribute(
        self,
        inputs: TensorOrTupleOfTensorsGeneric,
        baselines: BaselineType = None,
        target: TargetType = None,
        additional_forward_args: object = None,
        feature_mask: Tensor | tuple[Tensor, ...] | None = None,
        perturbations_per_eval: int = 1,
        show_progress: bool = False,
    ) -> TensorOrTupleOfTensorsGeneric:
        """Score every element by the importance of its region.

        Parameters
        ----------
        inputs : Tensor or tuple of Tensor, each (N, …)
            Any dtype and value range that `forward_func` accepts.
        baselines : number, Tensor or tuple of them, optional
            What replaces a removed region, in the model's own input space: a number, or a tensor with a first dimension
            of 1 or N that broadcasts to its input. Default 0.
        target : int, tuple, Tensor or list, optional
            The output to explain: one index or tuple of indices for all examples, or one for each (1-D tensor, list of
            ints, list of tuples). Not needed where the model gives one value per example.
        additional_forward_args : any, optional
            Further arguments of `forward_func`. Anything but a tuple is one argument; tensors whose first dimension is
            N go along with their example.
        feature_mask : Tensor or tuple of Tensor, optional
            Region ids that broadcast to the inputs, with a first dimension of 1 or N. Ids may have gaps and are shared
            across the tensors of a tuple. By default images (N, C, H, W) are cut as `regions` says, and in other inputs
            every element is a region of its own.
        perturbations_per_eval : int
            Each call of `forward_func` gets at most perturbations_per_eval · N masked inputs. The result does not
            depend on it; the time does.
        show_progress : bool
            Show a progress bar, counting images through the model.

        Returns
        -------
        Tensor or tuple of Tensor
            Scores in [0, 1] (LiMA, Eq. 11), shaped like the inputs, on their device, in their dtype where that is a
            floating one: 1 for the region that comes first in the order, 0 for the last.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or shape, the target is missing or out of range, or the model returns
            anything but one finite row per example. The message names the argument.
        """
        batch, explanations = self._run(
            inputs, baselines, target, additional_forward_args, feature_mask, perturbations_per_eval, show_progress
        )
        painted = tuple(_paint(batch, k, explanations) for k in range(len(batch.inputs)))
        return painted if isinstance(inputs, tuple) else painted[0]

    def attribute_future(self, *args: Any, **kwargs: Any) -> None:
        """Not available, as for Captum's Lime."""
        raise NotImplementedError("attribute_future is not implemented for LiMA")

    def explain(
        self,
        inputs: Tensor | tuple[Tensor, ...],
        baselines: BaselineType = None,
        target: TargetType = None,
        additional_forward_args: object = None,
        feature_mask: Tensor | tuple[Tensor, ...] | None = None,
        perturbations_per_eval: int = 1,
        show_progress: bool = False,
    ) -> list[Explanation]:
        """The regions, their order and the evidence for it, one `Explanation` per example.

        Parameters and errors are those of `attribute`.

        Returns
        -------
        list of Explanation, N
            With the same scores that `attribute` paints, the label map, every score along the order, insertion and
            deletion curves, the highest confidence and the number of images that went through the model.
        """
        return self._run(
            inputs, baselines, target, additional_forward_args, feature_mask, perturbations_per_eval, show_progress
        )[1]

    def _run(
        self,
        inputs: Any,
        baselines: Any,
        target: Any,
        additional: Any,
        feature_mask: Any,
        perturbations_per_eval: int,
        show_progress: bool,
    ) -> tuple[Batch, list[Explanation]]:
        check_count("perturbations_per_eval", perturbations_per_eval)
        batch = prepare(inputs, baselines, feature_mask, additional, self.regions)
        oracle = TorchOracle(
            self.forward_func,
            batch,
            target_indices(target, len(batch)),
            self.readout,
            wants_confidence="confidence" in self.settings.weights.used,
        )
        total = self.settings.expected_model_inputs(batch.sets) if show_progress else None
        with (
            evaluating(self.forward_func, self.readout.features),
            tqdm(total=total, desc=f"{self.get_name()} attribution", unit="image", disable=not show_progress) as bar,
        ):
            explanations = explain(
                oracle,
                batch.sets,
                self.settings,
                batch_size=int(perturbations_per_eval) * len(batch),
                on_batch=bar.update,
                model_name="forward_func",
            )
            bar.total = bar.n
        return batch, explanations


def _paint(batch: Batch, k: int, explanations: list[Explanation]) -> Tensor:
    tensor, labels = batch.inputs[k], batch.labels[k]
    dtype = tensor.dtype if tensor.is_floating_point() else torch.get_default_dtype()
    rows = [
        # The cast comes before the move: some devices have no float64.
        torch.from_numpy(explanation.importance).to(dtype).to(tensor.device)[labels[i if len(labels) > 1 else 0]]
        for i, explanation in enumerate(explanations)
    ]
    return torch.stack(rows).expand(tensor.shape).contiguous()
