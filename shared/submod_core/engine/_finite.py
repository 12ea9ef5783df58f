"""Check of a model's answers: NaN and infinity never become a result."""

from collections.abc import Mapping

import numpy as np

from submod_core._types import BoolArray, IntArray
from submod_core.engine.protocol import NonFiniteOutputError, Responses


def check_finite(
    examples: IntArray, keep: BoolArray, responses: Responses, sources: Mapping[str, str]
) -> None:
    """Raise NonFiniteOutputError that names the example, its subset and the argument at fault."""
    for name in responses.names():
        array = getattr(responses, name)
        if array is None or np.isfinite(array).all():
            continue
        # Report the first row, and the argument that its value comes from.
        row = int(np.isfinite(array).reshape(len(keep), -1).all(1).argmin())
        kept = np.flatnonzero(keep[row]).tolist()
        named = str(kept) if len(kept) <= 8 else f"{str(kept[:8])[:-1]}, …] ({len(kept)} in all)"
        raise NonFiniteOutputError(
            f"the output of `{sources.get(name, 'model')}` for example {examples[row]} with only "
            f"the regions {named} kept is not finite ({name} {np.ravel(array[row])[:4]}); it must "
            "be, also for inputs that are mostly baseline"
        )
