"""Texts of warnings, each given once, where a model does not allow what is asked for."""

from submod_core.scores import NO_CLASSES

NO_FEATURES = (
    "the model's outputs are no feature vectors of one length, as those of several outputs or of "
    "as many boxes as are found: the effectiveness score is left out; give `features`"
)
"""Text of the warning, given once, where an operator's model does not allow effectiveness."""

NO_CERTAINTY = (
    "the model's outputs are no class probabilities, which an operator does not need: the "
    "confidence score is left out"
)
"""Text of the warning, given once, where an operator's model does not allow confidence."""

EITHER = (
    f"{NO_CLASSES}. (`Tasks.CLASSIFICATION` and `Tasks.REGRESSION` are one object in Xplique: "
    "operator='classification' says that such outputs are logits of classes)"
)
"""Text of the warning where one of the two is given, and the outputs are no probabilities."""
