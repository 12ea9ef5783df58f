"""Region attribution on prompts of language and vision-language models."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from captum.attr import LLMAttribution as CaptumLLMAttribution
from captum.attr import TextTemplateInput
from torch import Tensor

from captum_submod._attribution import RegionAttribution
from captum_submod._compat import CaptumLLMResult, pretty_tokens
from captum_submod._modules import evaluating
from captum_submod._prompts import (
    ANSWERS,
    PromptOracle,
    Prompts,
    log_probabilities,
    masked_by,
    parts_of,
)
from submod_core import Explanation, explain
from submod_core._checks import check_choice, check_count, check_flag
from submod_core._types import FloatArray
from submod_core.engine import check_batch_size, progress_bar

# The objective of regions of prompts: enough for the answer, and missed without them.
_WEIGHTS = {"consistency": 1.0, "collaboration": 1.0}


class LLMAttributionResult(CaptumLLMResult):
    """Captum's result, with the evidence.

    Attributes
    ----------
    explanation : Explanation
        Of the whole answer: order, curves, highest score, number of model inputs.
    token_explanations : list of Explanation, or None
        Of each token of the answer, where they were asked for.
    model_inputs : int
        Prompts that went through the model.
    """

    explanation: Explanation
    token_explanations: list[Explanation] | None
    model_inputs: int

    def __init__(
        self,
        *,
        explanation: Explanation,
        token_explanations: list[Explanation] | None,
        model_inputs: int,
        **plain: Any,
    ) -> None:
        super().__init__(**plain)
        self.explanation, self.token_explanations = explanation, token_explanations
        self.model_inputs = model_inputs


class LLMAttribution(CaptumLLMAttribution):
    """Captum's `LLMAttribution` that also accepts `LiMA` and `SMDL`.

    Which parts of a prompt, its words or regions of its image, made the model give this answer? The
    consistency is the answer's score with some parts alone, the collaboration one minus that
    without them; both weigh 1 where the method has no `weights`. Masked prompts are padded and go
    through the model together.

    Parameters
    ----------
    attr_method : LiMA, SMDL or any method that Captum's own class supports
        Its `forward_func` is the model, called as Hugging Face's causal models are.
    tokenizer : object
        As in `captum.attr.LLMAttribution`.
    attr_target : {"log_prob", "prob", "mean_prob"}
        Score of an answer: the log-probability, or probability, of all its tokens together; or the
        mean of their probabilities, in [0, 1], for LiMA and SMDL.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type, or the method asks for scores of class probabilities or
        features.

    Examples
    --------
    >>> RegionAttribution in LLMAttribution.SUPPORTED_METHODS
    True
    """

    SUPPORTED_METHODS = (*CaptumLLMAttribution.SUPPORTED_METHODS, RegionAttribution)
    _together: ClassVar[int] = 8

    def __init__(
        self, attr_method: Any, tokenizer: Any, attr_target: str = "log_prob", **more: Any
    ) -> None:
        if not isinstance(attr_method, self.SUPPORTED_METHODS):
            raise TypeError(
                f"`attr_method` (a {type(attr_method).__name__}) must be a LiMA, a SMDL, or a "
                "method that Captum's class supports"
            )
        regions = isinstance(attr_method, RegionAttribution)
        check_choice("attr_target", attr_target, ANSWERS if regions else ("log_prob", "prob"))
        # Captum's class knows two scores; the third is ours alone.
        plain = "prob" if attr_target == "mean_prob" else attr_target
        super().__init__(attr_method, tokenizer, attr_target=plain, **more)
        self.attr_target = attr_target
        if regions:
            if self.attr_method.weights is None:
                self.attr_method.weights = _WEIGHTS
            _check_method(self.attr_method)

    def attribute(
        self,
        inp: Any,
        target: str | Tensor | None = None,
        num_trials: int = 1,
        gen_args: dict[str, Any] | None = None,
        use_cached_outputs: bool = True,
        _inspect_forward: Callable[..., Any] | None = None,
        forward_in_tokens: bool = True,
        **kwargs: Any,
    ) -> CaptumLLMResult:
        """Attribute the answer to the parts of the prompt.

        Parameters
        ----------
        inp : TextTemplateInput, TextTokenInput or ImageMaskInput
            The prompt and its parts.
        target : str, Tensor or None
            The answer, or its tokens; None for what the model generates.
        num_trials : int
            Of Captum's methods; the searches here give one result.
        gen_args : dict, optional
            Options of `generate`, without a target.
        use_cached_outputs, forward_in_tokens
            Of Captum's methods; here the prompt and its answer go through the model at once.
        perturbations_per_eval : int
            Prompts in one forward pass; by default 8. The result does not depend on it.
        per_token : bool
            Explain each token of the answer too, by a search of its own. Prompts that were asked
            before are not asked again.
        signed : bool
            Return `Explanation.gains` instead of the importance.
        show_progress : bool
            Show a progress bar, counting prompts.
        **kwargs
            For Captum's methods further arguments of their `attribute`.

        Returns
        -------
        LLMAttributionResult
            Captum's, with `seq_attr` in [0, 1] and, with `per_token`, `token_attr`;
            `explanation` and `token_explanations` are the evidence.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong type or out of range, or the model does not give the same
            answer for a padded prompt.
        """
        if not isinstance(self.attr_method, RegionAttribution):
            found: CaptumLLMResult = super().attribute(
                inp, target, num_trials, gen_args, use_cached_outputs, _inspect_forward,
                forward_in_tokens, **kwargs,
            )  # fmt: skip
            return found
        check_count("num_trials", num_trials)
        if _inspect_forward is not None:
            raise ValueError("`_inspect_forward` must be None: prompts go through together")
        return self._explained(inp, self._answer(inp, target, gen_args), **kwargs)

    def _answer(self, inp: Any, target: Any, gen_args: Any) -> Tensor:
        """Tokens (t,) of the answer."""
        if not isinstance(inp, self.SUPPORTED_INPUTS):
            names = [one.__name__ for one in self.SUPPORTED_INPUTS]
            raise TypeError(f"`inp` (a {type(inp).__name__}) must be one of {names}")
        if target is not None and gen_args is not None:
            raise ValueError("`gen_args` must be None where a `target` is given")
        if not isinstance(target, str | Tensor | None):
            raise TypeError(f"`target` (a {type(target).__name__}) must be a text, tokens or None")
        with evaluating(self.model), torch.no_grad():
            tokens: Tensor = self._get_target_tokens(inp, target, gen_args)
        if tokens.dim() != 1 or not len(tokens) or tokens.is_floating_point():
            raise ValueError(
                f"`target` (tokens of shape {tuple(tokens.shape)}) must have one token or more"
            )
        return tokens

    def _explained(
        self,
        inp: Any,
        answer: Tensor,
        *,
        perturbations_per_eval: int | str | None = None,
        per_token: bool = False,
        signed: bool = False,
        show_progress: bool = False,
    ) -> LLMAttributionResult:
        """Search for the parts, and put the answers together."""
        size = self._together if perturbations_per_eval is None else perturbations_per_eval
        check_batch_size("perturbations_per_eval", size)
        for name, value in (("per_token", per_token), ("signed", signed)):
            check_flag(name, value)
        check_flag("show_progress", show_progress)
        settings, parts = self.attr_method._settings(), parts_of(inp)
        sets = [parts] * (1 + len(answer) * int(per_token))
        total = settings.expected_model_inputs(sets) if show_progress else None
        title = f"{self.attr_method.get_name()} attribution"
        oracle = PromptOracle(self._ask(answer), masked_by(inp, self.device), self.attr_target)
        with evaluating(self.model), progress_bar(title, total, show_progress) as on_batch:
            # Other prompts than those of a template have all the same length.
            if size != 1 and isinstance(inp, TextTemplateInput):
                self._check_padding(oracle, len(parts.sizes))
            whole, *tokens = explain(
                oracle,
                sets,
                settings,
                batch_size=size,
                on_batch=on_batch,
                sources={"target": "attr_method"},
            )
            probabilities = np.exp(oracle.log_probabilities(np.ones((1, len(parts.sizes)), bool)))
        rows = [one.gains if signed else one.importance for one in (whole, *tokens)]
        scores = inp.format_attr(torch.from_numpy(np.stack(rows)).float().to(self.device))
        return LLMAttributionResult(
            input_tokens=inp.values,
            output_tokens=pretty_tokens(answer, self.tokenizer),
            seq_attr=scores[0],
            token_attr=scores[1:] if per_token else None,
            output_probs=probabilities[0],
            inp=inp,
            explanation=whole,
            token_explanations=tokens if per_token else None,
            model_inputs=oracle.asked,
        )

    def _ask(self, answer: Tensor) -> Callable[[Prompts], FloatArray]:
        """The function that shows prompts to the model."""
        if getattr(getattr(self.model, "config", None), "is_encoder_decoder", False):
            raise ValueError(
                "`attr_method` has a model of an encoder and a decoder; it must be a causal one, "
                "which reads the prompt and its answer as one text"
            )
        cached = bool(getattr(getattr(self.model, "config", None), "use_cache", False))
        extra = {"use_cache": False} if cached else {}

        def ask(prompts: Prompts) -> FloatArray:
            given = [self._format_model_input(prompt) | extra for prompt in prompts]
            return log_probabilities(self.model, given, answer)

        return ask

    def _check_padding(self, oracle: PromptOracle, n: int) -> None:
        """Raise ValueError unless a prompt in a padded batch gets the answer that it gets alone."""
        both = np.array([[False] * n, [True] * n])
        prompts = [oracle.masked(row) for row in both]
        together = oracle.ask(prompts)
        alone = np.concatenate([oracle.ask([prompt]) for prompt in prompts])
        oracle.asked += 4
        dtype = getattr(self.model, "dtype", torch.float32)
        step = torch.finfo(dtype).eps if isinstance(dtype, torch.dtype) else 1e-7
        off = np.abs(together - alone) - max(1e-3, 16 * step) * (1 + np.abs(alone))
        if (off > 0).any():
            raise ValueError(
                "`perturbations_per_eval` must be 1: the model answers otherwise where a prompt is "
                "padded on the right and its `attention_mask` is 0 there"
            )


def _check_method(method: Any) -> None:
    """Raise ValueError where a method asks for what the probability of an answer does not give."""
    readout, needs = method._readout(), method._settings().weights.needs
    more = sorted(needs & {"confidence", "features", "region_features"})
    options = ("class_embeddings", "confidence_model", "features")
    given = [name for name in options if getattr(readout, name) is not None]
    given += ["feature_target"] * bool(readout.feature_target)
    unused = ["coarse", "layout", "class_axis", "autocast"]
    # SMDL has a number of regions anyway.
    unused += ["prior", "patches"] if hasattr(method, "prior") else ["regions"]
    for name in unused:
        if getattr(method, name, None) is not None:
            raise ValueError(
                f"`attr_method` must have no `{name}`: a prompt's parts are given, and its model "
                "runs as it is"
            )
    if more or given:
        raise ValueError(
            f"`attr_method` asks for {more or given}; of an answer there is its probability alone: "
            "`weights` of consistency and collaboration, or of scores made of these"
        )
