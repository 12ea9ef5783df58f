"""LiMA for Xplique."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

from submod_core import Explanation, Search, Weights
from submod_core._checks import check_flag
from submod_core._docs import documented
from submod_core.engine import Oracle
from submod_core.methods import LiMAOptions, LiMASettings
from submod_core.methods.anytime import improving
from submod_core.methods.options import OPTIONS
from submod_core.regions import Layout, Regions
from submod_core.scores import Distance
from xplique_submod._explainer import RegionExplainer

WORDS = {
    "over": "their last axis",
    "layer": "keras layer",
    "arguments": "the masked inputs",
    "layer_note": " A layer, or\n    its name, must be one of a functional or sequential model, or "
    "of such a model inside of it;\n    where it runs several times the first counts.",
    "tensor": "array_like",
    "target": "`targets`",
    "found": (
        'inputs of two to five axes are "NF", "NTC", "NHWC" and\n    "NDHWC"; where the '
        "channels seem to be elsewhere, it is asked for."
    ),
}


@documented(OPTIONS, **WORDS)
class LiMA(LiMAOptions, RegionExplainer):
    """Less input is more faithful for attribution: which few regions made the model decide.

    The same method, with the same answers, as `captum_submod.LiMA`: regions are ordered by a search
    over a set function of four scores. It goes wherever Xplique takes a black-box explainer.

    Parameters
    ----------
    model : callable
        A Keras model, tf.Module, TFLite interpreter, `TorchWrapper`, an estimator with
        ``predict_proba``, or a function of a numpy array.
    batch_size : int, "auto" or None
        Most masked inputs per call of the model; "auto" finds by timing where it is fastest; None
        for all of a round at once. The result does not depend on it.
    operator : str, Tasks or callable, optional
        g(f, x, y), one value per example, which then is the consistency itself: detection,
        segmentation. f is the model itself; confidence and features come from a call of the model
        of their own, where they have a weight. By default, and for ``"classification"``, the
        consistency is the activation of the target output, for ``"regression"`` the target output
        itself. `Tasks.CLASSIFICATION` and `Tasks.REGRESSION`, which are one object in Xplique, are
        read as ``"classification"`` where the outputs are probabilities or an `activation` other
        than "softmax" is given, else as ``"regression"``, with a warning.
    regions : int, tuple of int, array, callable or None
        Division of the inputs: a count (about that many SLICO superpixels of an image, supervoxels
        of a volume or video, equal segments of a series); the number of cells along each axis of
        places, (rows, columns) of an image; a label map over the places, (H, W), or one for each
        input, (N, H, W), −1 for what always stays; or a function of one example with its channels
        last, (H, W, C), that returns a label map. None stands for 49 regions of images, volumes,
        videos and series, or as many as `max_model_inputs` is best spent on, and for single
        features of tables.
    {coarse}
    {search}
    {weights}
    {activation}
    {features}
    {distance}
    {class_embeddings}
    {scale}
    {max_evaluations}
    {max_model_inputs}
    {layout}
    {signed}
    baseline : number, array_like, str or callable
        What replaces a removed region, in the model's own input space; an array broadcasts to one
        input, or to all. For images, volumes and series also a name of
        `submod_core.regions.BASELINES` ("blur", "channel_mean", "minimum", "random_colour",
        "noise") or a function of one example with its channels last.
    verbose : bool
        Show a progress bar, counting images through the model.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range.

    References
    ----------
    .. [1] Chen et al., "Less is More: Efficient Black-box Attribution via
       Minimal Interpretable Subset Selection" (LiMA): Eq. 3–8, Eq. 11, Algorithm 1.

    Examples
    --------
    >>> layers = tf.keras.layers
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(10)])
    >>> images, targets = tf.random.uniform((2, 8, 8, 3)), tf.one_hot([3, 1], 10)
    >>> lima = LiMA(model, regions=(2, 2))
    >>> lima
    LiMA(<Sequential>, regions=(2, 2))
    >>> lima(images, targets).shape
    TensorShape([2, 8, 8, 1])
    >>> explanations = lima.explain_regions(images, targets)
    >>> [explanation.order.shape for explanation in explanations]
    [(4,), (4,)]
    >>> found = lima.sufficient(images, explanations, targets, share=0.9)
    >>> [one.sets[0].value >= one.score for one in found]
    [True, True]
    """

    def __init__(
        self,
        model: Any,
        batch_size: int | str | None = 32,
        operator: Any = None,
        *,
        regions: Regions = None,
        search: str | Search = "guided",
        weights: Mapping[Any, float] | Weights | None = None,
        activation: str | Callable[[tf.Tensor], tf.Tensor] | None = "softmax",
        features: Any = None,
        distance: str | Distance = "cosine",
        class_embeddings: Any = None,
        scale: float = 100.0,
        max_evaluations: int | None = None,
        max_model_inputs: int | None = None,
        layout: str | Layout | None = None,
        coarse: Regions = None,
        signed: bool = False,
        baseline: Any = 0.0,
        verbose: bool = False,
    ) -> None:
        super().__init__(model, batch_size, operator, baseline, verbose)
        check_flag("signed", signed)
        self.regions, self.search, self.weights = regions, search, weights
        self.activation, self.features, self.distance = activation, features, distance
        self.class_embeddings, self.scale = class_embeddings, scale
        self.max_evaluations, self.max_model_inputs = max_evaluations, max_model_inputs
        self.layout, self.signed, self.coarse = layout, signed, coarse
        self._check()

    @documented(OPTIONS, method="explain")
    def explain_iter(
        self, inputs: Any, targets: Any = None, *, budgets: Sequence[int] | None = None
    ) -> Iterator[list[Explanation]]:
        """Explain better and better, until the caller stops or the search is done.

        Parameters
        ----------
        inputs, targets
            As in `explain`.
        {explain_iter}

        Examples
        --------
        >>> net = tf.keras.Sequential([tf.keras.Input((4, 4, 3)), tf.keras.layers.Flatten()])
        >>> net.add(tf.keras.layers.Dense(3))
        >>> explainer = LiMA(net, regions=(4, 4))
        >>> for (explanation,) in explainer.explain_iter(tf.ones((1, 4, 4, 3)), tf.eye(3)[:1]):
        ...     if explanation.curves.insertion_auc > 0.9:  # enough for this application
        ...         break
        """
        oracle = self._oracle(inputs, targets)

        def run(settings: LiMASettings, memory: Oracle) -> list[Explanation]:
            return self._explanations(oracle, settings=settings, ask=memory)

        return improving(oracle, oracle.batch.sets, self._settings(), run, budgets)
