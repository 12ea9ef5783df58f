"""Region attribution on prompts of language models: words, sentences or placeholders."""

from typing import Any

from captum.attr import LLMAttribution as CaptumLLMAttribution
from torch import Tensor

from captum_submod._attribution import RegionAttribution


class LLMAttribution(CaptumLLMAttribution):
    """Captum's `LLMAttribution` that also accepts `LiMA` and `SMDL`.

    The consistency is the (log-)probability of the whole answer. Give the method weights without
    confidence and effectiveness, which need class probabilities and features. Everything else is as
    in Captum.

    Parameters
    ----------
    attr_method : LiMA, SMDL or any method that Captum's own class supports
    *args, **kwargs
        As in `captum.attr.LLMAttribution`: tokenizer, attr_target.

    Examples
    --------
    >>> RegionAttribution in LLMAttribution.SUPPORTED_METHODS
    True
    """

    SUPPORTED_METHODS = (*CaptumLLMAttribution.SUPPORTED_METHODS, RegionAttribution)

    def __init__(self, attr_method: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(attr_method, self.SUPPORTED_METHODS):
            raise TypeError(
                f"`attr_method` (a {type(attr_method).__name__}) must be a LiMA, a SMDL, or a "
                "method that Captum's class supports"
            )
        super().__init__(attr_method, *args, **kwargs)
        if isinstance(attr_method, RegionAttribution):
            self.attr_method.forward_func = self._one_row

    def _one_row(self, *args: Any) -> Tensor:
        # Captum's forward function takes one prompt; its value has no batch dimension.
        output: Tensor = self._forward_func(*args)
        return output.reshape(1)
