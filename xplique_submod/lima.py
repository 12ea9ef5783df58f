"""LiMA for Xplique."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from submod_core import LiMASettings, Readout, Weights
from submod_core.ground_set import Regions, check_regions
from submod_core.search import Search
from xplique_submod._explainer import RegionExplainer


class LiMA(RegionExplainer):
    """Less input is more faithful for attribution: which few regions made the model decide.

    The same method, with the same answers, as `captum_submod.LiMA`: regions are ordered by a search over a set function
    of four scores. It goes wherever Xplique takes a black-box explainer.

    Parameters
    ----------
    model : callable
        A Keras model, tf.Module, TFLite interpreter, `TorchWrapper`, an estimator with ``predict_proba``, or a function
        of a numpy array.
    batch_size : int, "auto" or None
        Most masked inputs per call of the model; "auto" finds by timing where it is fastest; None for all of a round at
        once. The result does not depend on it.
    operator : str, Tasks or callable, optional
        g(f, x, y), one value per example, which then is the consistency itself: detection, segmentation, regression.
        By default, and for ``"classification"``, the consistency is the activation of the target output.
    regions : int, (int, int), array or callable
        Division of images (N, H, W, C): about that many SLICO superpixels, a grid of rows and columns, one label map
        (H, W), or a function of an image (H, W, C) that returns one. In other inputs every element is a region of its
        own unless this is a label map shaped like one input.
    search : str or callable
        How the regions are ordered: ``"guided"``, by evaluating what a regression on the subsets seen so far favours;
        ``"bidirectional"``, the paper's Algorithm 1; another key of `submod_core.SEARCHES`; or a function of the number
        of regions, such as ``functools.partial(submod_core.search.guided, window=0.15)`` or a search of your own.
    n_pending : int or float
        The bidirectional search's n_p: a number of regions, or a share of them below 1.
    weights : mapping or Weights, optional
        Weights of consistency, collaboration, confidence and effectiveness by name; those left out are 0. By default
        the paper's: 20, 5, 0.05 and 0.01.
    activation : {"softmax", "sigmoid", "identity"} or callable
        What turns the outputs into probabilities, over their last axis. A model with one output per example has no
        classes to normalise over: "softmax" then takes the value itself as the consistency.
    features : callable or keras layer, optional
        F of the effectiveness score: a function of the masked inputs, or a layer of a functional model. By default the
        output vector.
    distance : {"cosine", "angular"} or callable
        Distance between features.
    class_embeddings : array_like, (K, d), optional
        Turns the features into class scores, `scale` · cosine to each row; `targets` are then one-hot over the rows.
    scale : float
        The factor of the cosines.
    max_evaluations : int, optional
        Most subsets per example for which the search may ask.
    baseline : number, array_like, str or callable
        What replaces a removed region, in the model's own input space; an array broadcasts to one input, or to all. For
        images also a name of `submod_core.BASELINES` ("blur", "channel_mean", "random_colour", "noise") or a function
        of an image (H, W, C).
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
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
    >>> images, targets = tf.random.uniform((2, 8, 8, 3)), tf.one_hot([3, 1], 10)
    >>> lima = LiMA(model, regions=(2, 2))
    >>> lima(images, targets).shape
    TensorShape([2, 8, 8, 1])
    >>> [explanation.order.shape for explanation in lima.explain_regions(images, targets)]
    [(4,), (4,)]
    """

    def __init__(
        self,
        model: Any,
        batch_size: int | str | None = 32,
        operator: Any = None,
        *,
        regions: Regions = 49,
        search: str | Callable[..., Search] = "guided",
        n_pending: int | float = 8,
        weights: Mapping[str, float] | Weights | None = None,
        activation: str | Callable[[tf.Tensor], tf.Tensor] = "softmax",
        features: Any = None,
        distance: str | Callable[[Any], Any] = "cosine",
        class_embeddings: Any = None,
        scale: float = 100.0,
        max_evaluations: int | None = None,
        baseline: Any = 0.0,
        verbose: bool = False,
    ) -> None:
        check_regions(regions)
        settings = LiMASettings.of(search, n_pending, weights, distance, max_evaluations)
        readout = Readout(activation, features, class_embeddings, scale)
        super().__init__(model, batch_size, operator, regions, settings, readout, baseline, verbose)
