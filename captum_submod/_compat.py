"""Everything private that this package takes from Captum, in one place."""

from captum._utils.typing import BaselineType, TargetType, TensorOrTupleOfTensorsGeneric
from captum.log import log_usage

__all__ = ["BaselineType", "TargetType", "TensorOrTupleOfTensorsGeneric", "log_usage"]
