"""What every region attribution shares under Captum: its arguments, the run, the painted result."""

from collections.abc import Callable
from typing import Any

import torch
from captum.attr import PerturbationAttribution
from torch import Tensor
from tqdm.auto import tqdm

from captum_submod._compat import BaselineType, TargetType, TensorOrTupleOfTensorsGeneric, log_usage
from captum_submod._inputs import Batch, prepare, target_indices
from captum_submod._oracle import TorchOracle, evaluating
from submod_core import Explanation, LiMASettings, Readout, explain
from submod_core._progress import counting
from submod_core.batching import check_batch_size
from submod_core.ground_set import Regions


class RegionAttribution(PerturbationAttribution):
    """Orders the regions of an input by a search over a set function."""

    autocast: torch.dtype | None = None

    def __init__(
        self, forward_func: Callable[..., Any], regions: Regions, settings: LiMASettings, readout: Readout
    ) -> None:
        if not callable(forward_func):
            raise TypeError(f"`forward_func` (={forward_func!r}) must be callable")
        super().__init__(forward_func)
        self.regions, self.settings, self.readout = regions, settings, readout

    def divide(self, inputs: Any, target: Any, additional_forward_args: Any) -> Tensor | None:
        """A feature mask for inputs that came without one; None to divide them as `regions` says."""
        return None

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
        perturbations_per_eval: int | str = 1,
        show_progress: bool = False,
    ) -> TensorOrTupleOfTensorsGeneric:
        """Score every element by the importance of its region.

        Parameters
        ----------
        inputs : Tensor or tuple of Tensor, each (N, …)
            Any dtype and value range that `forward_func` accepts.
        baselines : number, Tensor, str, callable or tuple of them, optional
            What replaces a removed region, in the model's own input space: a number, or a tensor with a first dimension
            of 1 or N that broadcasts to its input; for images also a name of `submod_core.BASELINES` ("blur",
            "channel_mean", "random_colour", "noise") or a function of an image (H, W, C). Default 0.
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
        perturbations_per_eval : int or "auto"
            Each call of `forward_func` gets at most perturbations_per_eval · N masked inputs; with "auto" as many as a
            few timed calls found fastest. The result does not depend on it; the time does.
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
        raise NotImplementedError(f"attribute_future is not implemented for {self.get_name()}")

    def explain(
        self,
        inputs: Tensor | tuple[Tensor, ...],
        baselines: BaselineType = None,
        target: TargetType = None,
        additional_forward_args: object = None,
        feature_mask: Tensor | tuple[Tensor, ...] | None = None,
        perturbations_per_eval: int | str = 1,
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
        perturbations_per_eval: int | str,
        show_progress: bool,
    ) -> tuple[Batch, list[Explanation]]:
        check_batch_size("perturbations_per_eval", perturbations_per_eval)
        oracle = self.oracle(inputs, baselines, target, additional, feature_mask)
        return oracle.batch, self.ask(oracle, batch_size(perturbations_per_eval, len(oracle.batch)), show_progress)

    def oracle(self, inputs: Any, baselines: Any, target: Any, additional: Any, feature_mask: Any) -> TorchOracle:
        """The model, ready to be asked about the arguments of one call."""
        if self.readout.feature_target and target is not None:
            raise ValueError(f"`target` (={target!r}) must be None: the features of the whole input are the target")
        if feature_mask is None:
            with evaluating(self.forward_func):
                feature_mask = self.divide(inputs, target, additional)
        batch = prepare(inputs, baselines, feature_mask, additional, self.regions)
        wants_confidence = "confidence" in self.settings.weights.used
        targets = target_indices(target, len(batch))
        return TorchOracle(self.forward_func, batch, targets, self.readout, wants_confidence, self.autocast)

    def ask(self, oracle: TorchOracle, size: int | str, show_progress: bool) -> list[Explanation]:
        """Run the search for every example of the oracle's batch."""
        sets = oracle.batch.sets
        total = self.settings.expected_model_inputs(sets) if show_progress else None
        with (
            evaluating(self.forward_func, self.readout.features, self.readout.confidence_model),
            oracle.precision(),
            tqdm(total=total, desc=f"{self.get_name()} attribution", unit="image", disable=not show_progress) as bar,
        ):
            explanations = explain(
                oracle,
                sets,
                self.settings,
                batch_size=size,
                overlap=oracle.overlap,
                on_batch=counting(bar),
                model_name="forward_func",
            )
            bar.total = bar.n
        return explanations


def batch_size(perturbations_per_eval: int | str, n_examples: int) -> int | str:
    """Images per call, which Captum counts per example."""
    return perturbations_per_eval if isinstance(perturbations_per_eval, str) else perturbations_per_eval * n_examples


def _paint(batch: Batch, k: int, explanations: list[Explanation]) -> Tensor:
    tensor, labels = batch.inputs[k], batch.labels[k]
    dtype = tensor.dtype if tensor.is_floating_point() else torch.get_default_dtype()
    rows = [
        # The cast comes before the move: some devices have no float64.
        torch.from_numpy(explanation.importance).to(dtype).to(tensor.device)[labels[i if len(labels) > 1 else 0]]
        for i, explanation in enumerate(explanations)
    ]
    return torch.stack(rows).expand(tensor.shape).contiguous()
