"""A model that sums groups, with other values in place of what is outside of them."""

from typing import Any

from submod_core.sop.baselines import Baseline
from xplique_submod.sop.model import SumOfParts
from xplique_submod.sop.self_attributing import SelfAttributing


def with_baseline(model: Any, baseline: Baseline) -> Any:
    """Make a model with another baseline, for metrics under several occlusions.

    The papers repeat grown insertion and deletion with a random colour in place of black (SOP v2,
    App. C.4.4, Table 10).

    Parameters
    ----------
    model : SumOfParts or SelfAttributing
        It stays as it is. A `SumOfParts` is copied, with its weights as they are now.
    baseline : float, array_like of float, (C,), or str
        As in `SumOfParts`: "channel_mean", "blur" and "random_colour" of images by name.

    Returns
    -------
    SumOfParts or SelfAttributing

    Raises
    ------
    TypeError, ValueError
        If the model is none, or the baseline does not fit its inputs.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from xplique_submod import metrics
    >>> layers = tf.keras.layers
    >>> backbone = tf.keras.Sequential([
    ...     tf.keras.Input((16, 16, 3)), layers.Conv2D(8, 3), layers.GlobalMaxPool2D(),
    ...     layers.Dense(10),
    ... ])
    >>> images = tf.random.uniform((2, 16, 16, 3))
    >>> sop = SumOfParts(backbone, images[:1], features=4, groups=6)
    >>> metrics.grown_insertion(with_baseline(sop, "blur"), images).shape
    (2,)
    """
    names = ("features", "batch_size")
    options: dict[str, Any] = {name: getattr(model, name, None) for name in names}
    options["baseline"] = baseline
    if isinstance(model, SelfAttributing):
        parts = model.backbone, model.attribution, model.example_inputs
        return SelfAttributing(*parts, top=model.top, **options)
    if not isinstance(model, SumOfParts):
        raise TypeError(f"`model` (a {type(model).__name__}) must sum groups, as SumOfParts does")
    settings: dict[str, Any] = vars(model.settings)
    made = SumOfParts(
        model.backbone.model,
        model.example_inputs,
        layer=model._embedding_layer if model.given_encoder is None else None,
        encoder=model.given_encoder,
        finetune=model.finetune,
        classifier=model.backbone.classifier,
        class_weights=model.class_weights.numpy(),
        dtype=model.dtype_policy,
        **options,
        **settings,
    )
    for name in ("query", "key", "class_query", "group_key", "rows"):
        getattr(made, name).assign(getattr(model, name))
    if model.finetune and model.given_encoder is None:
        made.encoder.set_weights(model.encoder.get_weights())
    return made
