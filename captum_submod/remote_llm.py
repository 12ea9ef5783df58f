"""Region attribution on prompts of language models behind an API."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import numpy as np
from captum.attr import RemoteLLMAttribution as CaptumRemoteLLMAttribution
from torch import Tensor

from captum_submod._prompts import PromptOracle, Prompts
from captum_submod.llm import LLMAttribution
from submod_core._types import FloatArray


class RemoteLLMAttribution(LLMAttribution, CaptumRemoteLLMAttribution):
    """Captum's `RemoteLLMAttribution`, for models behind an API, that also accepts `LiMA`, `SMDL`.

    Parameters
    ----------
    attr_method : LiMA, SMDL or any method that Captum's own class supports
        Made of `RemoteLLMAttribution.placeholder_model`.
    tokenizer, provider
        As in `captum.attr.RemoteLLMAttribution`.
    attr_target
        As in `LLMAttribution`.

    Raises
    ------
    TypeError, ValueError
        As in `LLMAttribution`, or if the provider gives no log-probabilities.

    Notes
    -----
    `attribute(perturbations_per_eval=…)` is the number of requests at a time, in threads; by
    default 1.

    Examples
    --------
    >>> from captum_submod import LiMA
    >>> LiMA(RemoteLLMAttribution.placeholder_model).get_name()
    'LiMA'
    """

    _together: ClassVar[int] = 1

    def __init__(
        self, attr_method: Any, tokenizer: Any, provider: Any, attr_target: str = "log_prob"
    ) -> None:
        if not callable(getattr(provider, "get_logprobs", None)):
            raise TypeError(f"`provider` (a {type(provider).__name__}) must have `get_logprobs`")
        super().__init__(attr_method, tokenizer, attr_target, provider=provider)

    def _ask(self, answer: Tensor) -> Callable[[Prompts], FloatArray]:
        text: str = self.tokenizer.decode(answer)

        def one(prompt: Any) -> Sequence[float]:
            given = self._format_remote_model_input(prompt)
            row: Sequence[float] = self.provider.get_logprobs(
                input_prompt=given, target_str=text, tokenizer=self.tokenizer
            )
            if len(row) != len(answer):
                raise ValueError(
                    f"`provider` gave {len(row)} log-probabilities for an answer of "
                    f"{len(answer)} tokens"
                )
            return row

        def ask(prompts: Prompts) -> FloatArray:
            if len(prompts) == 1:
                return np.array([one(prompts[0])], dtype=np.float64)
            with ThreadPoolExecutor(len(prompts)) as pool:
                return np.array(list(pool.map(one, prompts)), dtype=np.float64)

        return ask

    def _check_padding(self, oracle: PromptOracle, n: int) -> None:
        """Nothing is padded."""
