"""Whole datasets, for Captum: a method over every example, a metric over every explanation."""

from collections.abc import Callable, Sequence
from typing import Any

from captum_submod._dataset import CaptumHost
from submod_core._checks import check_flag
from submod_core._docs import documented
from submod_core.dataset import (
    Run,
    Scores,
    StoredExplanations,
)
from submod_core.dataset.host import Given
from submod_core.dataset.host_tasks import AttributeTask, attributed, evaluated
from submod_core.dataset.options import OPTIONS


@documented(OPTIONS)
def attribute_dataset(
    method: Any,
    dataset: Any,
    folder: Any,
    *,
    ids: Sequence[str] | None = None,
    transform: Callable[[Any], Any] | None = None,
    mistakes: bool = False,
    seed: int = 0,
    shard_size: int = 32,
    engine: str | None = None,
    n_workers: int | None = None,
    num_gpus: float = 0,
    address: str | None = None,
    retry_failed: bool = False,
    show_progress: bool = False,
    **arguments: Any,
) -> StoredExplanations:
    """Explain every example of a dataset, losing nothing however often it is interrupted.

    The folder gets one Parquet file for each shard, whole or not at all. Called again, the function
    explains what is missing: also with another engine, or more workers.

    Parameters
    ----------
    method : Attribution, SumOfParts, SelfAttributing, callable or str
        Method with its model. `LiMA` and `SMDL` give explanations, `SumOfParts` and
        `SelfAttributing` groups, all other methods of Captum maps. Or a function that makes the
        method, itself or as "module:function", which each worker calls once.
    {dataset}
    {folder}
    {ids}
    {transform}
    mistakes : bool
        Explain the examples that the model gets wrong, as `explain_mistakes` does; the dataset's
        targets are the true classes.
    {seed}
    {shard_size}
    {run}
    **arguments
        Of the method's `attribute` for all examples alike: baselines, perturbations_per_eval, a
        feature_mask (1, …), n_steps, …

    Returns
    -------
    StoredExplanations
        An example that fails is a row with its error.

    Raises
    ------
    {raises}

    Examples
    --------
    >>> import tempfile
    >>> import torch
    >>> from torch import nn
    >>> from captum_submod import LiMA
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 10))
    >>> data = torch.rand(5, 3, 8, 8), [3, 1, 4, 1, 5]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     stored = attribute_dataset(LiMA(model, regions=(2, 2)), data, folder, shard_size=2)
    ...     stored, stored[4].order.shape, stored.row(4)["target"]
    (StoredExplanations(5 of 5 explanations), (4,), 5)
    """
    check_flag("mistakes", mistakes)
    given = Given(dataset=dataset, transform=transform, seed=seed, arguments=arguments)
    how = Run(
        engine=engine,
        n_workers=n_workers,
        num_gpus=num_gpus,
        address=address,
        retry_failed=retry_failed,
        show_progress=show_progress,
    )
    task = AttributeTask(CaptumHost(), method, given, bool(mistakes))
    return attributed(task, folder, ids, shard_size, how)


@documented(OPTIONS)
def evaluate_dataset(
    explanations: Any,
    metric: str | Callable[..., Any],
    forward_func: Any,
    dataset: Any,
    folder: Any,
    *,
    transform: Callable[[Any], Any] | None = None,
    seed: int = 0,
    shard_size: int = 32,
    engine: str | None = None,
    n_workers: int | None = None,
    num_gpus: float = 0,
    address: str | None = None,
    retry_failed: bool = False,
    show_progress: bool = False,
    **arguments: Any,
) -> Scores:
    """Judge every explanation of a dataset by a metric, one number an example.

    Parameters
    ----------
    explanations : StoredExplanations, str or PathLike
        Result of `attribute_dataset`, or its folder: any method's.
    metric : str or callable
        Function of `captum_submod.metrics`, or its name: "insertion".
    forward_func : Module, callable or str
        The model, or a function without arguments that makes it, itself or as "module:function".
    {dataset}
    {folder}
    {transform}
    {seed}
    {shard_size}
    {run}
    **arguments
        Of the metric for all examples alike: baselines, activation, steps, …

    Returns
    -------
    Scores
        With the mean and its interval, and paired differences from those of another method. NaN for
        examples that failed.

    Raises
    ------
    {raises}

    Examples
    --------
    >>> import tempfile
    >>> import torch
    >>> from torch import nn
    >>> from captum.attr import Saliency
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 10))
    >>> data = torch.rand(5, 3, 8, 8), [3, 1, 4, 1, 5]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     maps = attribute_dataset(Saliency(model), data, folder + "/maps")
    ...     len(evaluate_dataset(maps, "insertion", model, data, folder + "/insertion", steps=4))
    5
    """
    given = Given(dataset=dataset, transform=transform, seed=seed, arguments=arguments)
    how = Run(
        engine=engine,
        n_workers=n_workers,
        num_gpus=num_gpus,
        address=address,
        retry_failed=retry_failed,
        show_progress=show_progress,
    )
    asked = metric, forward_func
    return evaluated(CaptumHost(), explanations, asked, given, folder, shard_size, how)
