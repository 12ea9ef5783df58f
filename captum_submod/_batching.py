"""Images per call of the model, as Captum counts them."""

from typing import Any

from submod_core._checks import check_flag
from submod_core.engine import check_batch_size


def check_call(perturbations_per_eval: Any, show_progress: Any) -> None:
    """Raise TypeError or ValueError unless a call's plain arguments are good."""
    check_batch_size("perturbations_per_eval", perturbations_per_eval)
    check_flag("show_progress", show_progress)


def batch_size(perturbations_per_eval: int | str, n_examples: int) -> int | str:
    """Images per call of the model; Captum counts them per example."""
    return (
        perturbations_per_eval
        if isinstance(perturbations_per_eval, str)
        else int(perturbations_per_eval) * n_examples
    )
