"""Base of Captum's region attributions: arguments, run and painted result."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from captum.attr import PerturbationAttribution
from torch import Tensor

from captum_submod._batching import batch_size, check_call
from captum_submod._compat import (
    AnyInputs,
    BaselineType,
    MaskType,
    TargetType,
    TensorOrTuple,
    log_usage,
)
from captum_submod._explained import mask_of
from captum_submod._inputs import prepare
from captum_submod._modules import evaluating
from captum_submod._oracle import TorchOracle
from captum_submod._painting import painted, region_scores
from captum_submod._targets import target_indices
from captum_submod.keywords import unpacked
from submod_core import Explanation, explain
from submod_core._checks import check_flag
from submod_core._docs import documented
from submod_core._types import IntArray
from submod_core.engine import Oracle, about, progress_bar
from submod_core.methods import LiMASettings, RegionMethod, find_sufficient
from submod_core.methods.options import OPTIONS
from submod_core.results import Sufficient


class RegionAttribution(RegionMethod, PerturbationAttribution):
    """Base of methods that order the regions of an input by a search over a set function.

    A method defines the search and the read-out of the model by `_settings` and `_readout`, made of
    its attributes, and the division of inputs without a mask by `_division` and `_divide`.
    """

    def __init__(
        self, forward_func: Callable[..., Any], autocast: torch.dtype | None = None
    ) -> None:
        if autocast not in (None, torch.float16, torch.bfloat16):
            raise ValueError(
                f"`autocast` (={autocast!r}) must be torch.float16, torch.bfloat16 or None"
            )
        if not callable(forward_func):
            raise TypeError(f"`forward_func` (={forward_func!r}) must be callable")
        super().__init__(forward_func)
        self.autocast = autocast

    def _divide(self, inputs: Any, target: Any, additional: Any) -> Tensor | None:
        """A feature mask for inputs without one; None to divide the inputs by `_division`."""
        return None

    @classmethod
    def get_name(cls) -> str:
        """Name shown in progress bars and plots."""
        return cls.__name__

    @property
    def multiplies_by_inputs(self) -> bool:
        """True: the scores measure what a region's presence changes, not a local sensitivity."""
        return True

    @log_usage
    def attribute(
        self,
        inputs: TensorOrTuple,
        baselines: BaselineType = None,
        target: TargetType = None,
        additional_forward_args: object = None,
        feature_mask: MaskType = None,
        perturbations_per_eval: int | str = 1,
        show_progress: bool = False,
        signed: bool = False,
    ) -> TensorOrTuple:
        """Score every element by the importance of its region.

        Parameters
        ----------
        inputs : Tensor, tuple of Tensor or mapping, each (N, …)
            Any dtype and value range that `forward_func` accepts. A mapping, such as a processor's
            output, is passed by keyword; see `KeywordInputs` for which entry is explained.
        baselines : number, Tensor, str, callable or tuple of them, optional
            Values of a removed region, in the model's own input space: a number, or a tensor with a
            first dimension of 1 or N that broadcasts to its input; for images, volumes and series
            also a name of `submod_core.regions.BASELINES` ("blur", "channel_mean",
            "minimum", "random_colour", "noise") or a function of one example with its channels
            last. Default 0.
        target : int, tuple, Tensor or list, optional
            The output to explain: one index or tuple of indices for all examples, or one for each
            (1-D tensor, list of ints, list of tuples). Not needed where the model gives one value
            per example, (N,); where that is the probability of class 1 (`activation` "sigmoid" or
            "identity"), it may be the class, 0 or 1.
        additional_forward_args : any, optional
            Further arguments of `forward_func`. Anything but a tuple is one argument; rows of
            tensors whose first dimension is N follow their example. Beside a mapping, a mapping.
        feature_mask : Tensor or tuple of Tensor, optional
            Region ids that broadcast to the inputs, with a first dimension of 1 or N. Ids may have
            gaps and are shared across the tensors of a tuple; −1 is no region but what always
            stays, such as padding. By default inputs are divided by `regions`, and tokens whose
            `attention_mask` is 0 stay.
        perturbations_per_eval : int or "auto"
            Each call of `forward_func` gets at most perturbations_per_eval · N masked inputs; with
            "auto" the number that was fastest in a few timed calls. The result does not depend on
            this number; the time does.
        show_progress : bool
            Show a progress bar, counting images through the model.
        signed : bool
            Paint `Explanation.gains` instead: the evidence of each region in units of the score,
            below 0 where it speaks against the target.

        Returns
        -------
        Tensor, tuple of Tensor or dict
            Scores in [0, 1] (LiMA, Eq. 11), shaped like the inputs and keyed as they are, on their
            device, in their dtype if that is a floating one: 1 for the first region in the order, 0
            for the last, for what equals the baseline, and for what always stays.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or shape, the target is missing or out of range, or
            the model returns anything but one finite row per example. The message names the
            argument.
        """
        check_flag("signed", signed)
        check_call(perturbations_per_eval, show_progress)
        oracle = self._oracle(inputs, baselines, target, additional_forward_args, feature_mask)
        size, batch = batch_size(perturbations_per_eval, len(oracle.batch)), oracle.batch
        scores = region_scores(batch, self._explanations(oracle, size, show_progress), signed)
        maps = tuple(painted(batch, k, scores) for k in range(len(batch.inputs)))
        made: Any = maps if isinstance(inputs, tuple) else maps[0]
        if batch.keywords is not None:
            made = dict(zip(batch.keywords, maps, strict=False))
        return made

    def attribute_future(self, *args: Any, **kwargs: Any) -> None:
        """Raise NotImplementedError, as Captum's Lime does."""
        raise NotImplementedError(f"attribute_future is not implemented for {self.get_name()}")

    def explain(
        self,
        inputs: AnyInputs,
        baselines: BaselineType = None,
        target: TargetType = None,
        additional_forward_args: object = None,
        feature_mask: MaskType = None,
        perturbations_per_eval: int | str = 1,
        show_progress: bool = False,
    ) -> list[Explanation]:
        """Explain each example: its regions, their order and the evidence for the order.

        Parameters and errors are those of `attribute`.

        Returns
        -------
        list of Explanation, N
            Each with the scores that `attribute` paints, the label map, every score along the
            order, insertion and deletion curves, the highest confidence and the number of images
            that went through the model.
        """
        check_call(perturbations_per_eval, show_progress)
        oracle = self._oracle(inputs, baselines, target, additional_forward_args, feature_mask)
        size = batch_size(perturbations_per_eval, len(oracle.batch))
        return self._explanations(oracle, size, show_progress)

    @documented(OPTIONS, method="attribute")
    def sufficient(
        self,
        inputs: AnyInputs,
        explanations: Explanation | Sequence[Explanation],
        baselines: BaselineType = None,
        target: TargetType = None,
        additional_forward_args: object = None,
        perturbations_per_eval: int | str = 1,
        show_progress: bool = False,
        *,
        share: float = 0.95,
        value: float | None = None,
        n: int = 1,
    ) -> list[Sufficient]:
        """Find small sets of regions that are enough for the model's decision, by asking it.

        Parameters
        ----------
        inputs, baselines, target, additional_forward_args, perturbations_per_eval, show_progress
            As in `attribute`, and as they were explained.
        explanations : Explanation or sequence of Explanation
            What `explain` returned for the inputs, which brings the regions.
        {sufficient}
        """
        check_call(perturbations_per_eval, show_progress)
        mask = mask_of(explanations, unpacked(inputs, additional_forward_args).inputs, self.layout)
        oracle = self._oracle(inputs, baselines, target, additional_forward_args, mask, group=False)
        with self._running(oracle, None, show_progress) as on_batch:
            return find_sufficient(
                oracle,
                oracle.batch.sets,
                explanations,
                share=share,
                value=value,
                n=n,
                feature_target=oracle.readout.feature_target,
                batch_size=batch_size(perturbations_per_eval, len(oracle.batch)),
                overlap=oracle.overlap,
                on_batch=on_batch,
                sources=oracle.readout.sources("forward_func"),
            )

    def _oracle(
        self,
        inputs: Any,
        baselines: Any,
        target: Any,
        additional: Any,
        feature_mask: Any,
        group: bool = True,
    ) -> TorchOracle:
        """Oracle of the model for one call, whose regions have groups where `coarse` says so."""
        readout = self._readout()
        if readout.feature_target and target is not None:
            raise ValueError(
                f"`target` (={target!r}) must be None: the features of the whole input are the "
                "target"
            )
        given, division = unpacked(inputs, additional), self._division()
        mask = given.aligned("feature_mask", feature_mask)
        given.check_axes(self.layout)
        if mask is None:
            with evaluating(self.forward_func):
                rest = given.additional if given.keywords is None else None
                mask = self._divide(given.inputs, target, rest)
        if mask is None and division.regions is None:
            mask = given.padding()
        batch = prepare(
            given.inputs,
            given.aligned("baselines", baselines),
            mask,
            given.additional,
            division,
            self.layout,
            given.keywords,
            self.coarse if group else None,
        )
        return TorchOracle(
            self.forward_func,
            batch,
            target_indices(target, len(batch)),
            readout,
            "confidence" in self._settings().weights.needs,
            self.autocast,
        )

    def _explanations(
        self,
        oracle: TorchOracle,
        size: int | str,
        show_progress: bool,
        examples: IntArray | None = None,
        settings: LiMASettings | None = None,
        ask: Oracle | None = None,
    ) -> list[Explanation]:
        """Run the search for every example of the oracle's batch, or for some of them.

        `settings` and `ask` stand for the method's own settings, and for the oracle.
        """
        examples = np.arange(len(oracle.batch)) if examples is None else examples
        sets = [oracle.batch.sets[i] for i in examples]
        settings = settings or self._settings()
        total = settings.expected_model_inputs(sets) if show_progress else None
        with self._running(oracle, total, show_progress) as on_batch:
            return explain(
                about(ask or oracle, examples),
                sets,
                settings,
                batch_size=size,
                overlap=oracle.overlap,
                on_batch=on_batch,
                sources=oracle.readout.sources("forward_func"),
            )

    @contextmanager
    def _running(
        self, oracle: TorchOracle, total: int | None, show_progress: bool
    ) -> Iterator[Callable[[int], None] | None]:
        """Context of the model's calls; yields what advances the progress bar."""
        readout, title = oracle.readout, f"{self.get_name()} attribution"
        with (
            evaluating(self.forward_func, readout.features, readout.confidence_model),
            oracle.precision(),
            progress_bar(title, total, show_progress) as on_batch,
        ):
            yield on_batch
