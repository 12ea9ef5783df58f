"""Region attribution on prompts: which few words, sentences or placeholders made a language model answer so."""

from typing import Any

from captum.attr import LLMAttribution as CaptumLLMAttribution
from torch import Tensor

from captum_submod._attribution import RegionAttribution


class LLMAttribution(CaptumLLMAttribution):
    """Captum's `LLMAttribution` that also accepts `LiMA` and `SMDL`.

    The consistency is the (log-)probability of the whole answer, so give the method weights without confidence and
    effectiveness, which need class probabilities and features. Everything else is Captum's.

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
        super().__init__(attr_method, *args, **kwargs)
        if isinstance(attr_method, RegionAttribution):
            self.attr_method.forward_func = self._one_row

    def _one_row(self, *args: Any) -> Tensor:
        # Captum's forward answers one prompt at a time, with a value that has no batch dimension.
        output: Tensor = self._forward_func(*args)
        return output.reshape(1)
