"""SEA-NN for Xplique: one heatmap out of those of several explainers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm
from xplique.attributions import IntegratedGradients, Saliency, SmoothGrad
from xplique.wrappers import TorchWrapper

from submod_core._checks import check_flag, check_type
from submod_core._docs import documented
from submod_core.sea_nn import THRESHOLDS, Ensemble, Learning
from submod_core.sea_nn.host import HeatmapMethods, MeanEnsemble, SubmodularEnsemble
from submod_core.sea_nn.options import OPTIONS
from xplique_submod._checks import check_batch, check_model, check_operator, numbers_of
from xplique_submod._compat import (
    TENSORFLOW_MODELS,
    BlackBoxExplainer,
    get_inference_function,
    no_gradients_available,
    predictions_operator,
)
from xplique_submod._datasets import examples_of
from xplique_submod._maps import heatmaps


class HeatmapEnsemble(HeatmapMethods, BlackBoxExplainer):
    """An explainer that makes one map out of those of several explainers."""

    def __init__(
        self,
        model: Any,
        methods: Sequence[Any] | None = None,
        batch_size: int | None = 32,
        operator: Any = None,
        *,
        verbose: bool = False,
    ) -> None:
        check_model(model)
        check_operator(operator)
        check_batch(batch_size)
        check_flag("verbose", verbose)
        # Not the constructor of the base: its cache of models fails on subclassed Keras 3 models.
        self.model, self.batch_size, self.operator = model, batch_size, operator
        self.verbose = verbose
        functions = get_inference_function(model, operator)
        self.inference_function, self.batch_inference_function = functions
        self.gradient = self.batch_gradient = no_gradients_available

        def default() -> list[Any]:
            kinds = (Saliency, IntegratedGradients, SmoothGrad)
            shown, g = _differentiable(model, operator)
            return [kind(shown, batch_size=batch_size, operator=g) for kind in kinds]

        self._take(methods, default, callable)

    def explain(self, inputs: Any, targets: Any = None) -> tf.Tensor:
        """One map for each image.

        Parameters
        ----------
        inputs : array, tf.Tensor or tf.data.Dataset
            Images (N, H, W, C); a dataset holds the targets too.
        targets : array or tf.Tensor
            Given to each explainer.

        Returns
        -------
        tf.Tensor of float32, (N, H, W, 1)
            At least 0. A constant map is left out, with a warning; where all are, it is 0.

        Raises
        ------
        ValueError
            If the inputs are no images, or an explainer gives no map for each, or one that is
            not finite: the message names it.
        """
        maps = self._maps(inputs, targets)
        name = type(self).__name__
        rows = tqdm(maps, desc=f"{name} attribution", unit="image", disable=not self.verbose)
        return tf.constant(self._combine_examples(rows)[..., None], tf.float32)

    @documented(OPTIONS, array="array_like", returned="ndarray of float64")
    def attribute_maps(self, maps: Sequence[Any]) -> np.ndarray:
        """One map for each example, of maps computed elsewhere.

        Parameters
        ----------
        {maps}
        """
        check_type("maps", maps, Sequence | np.ndarray, "a sequence of arrays")
        return self._combine_given(maps)

    def _maps(self, inputs: Any, targets: Any) -> list[Any]:
        """For each example the maps of all methods, (M, H, W)."""
        given = zip(("inputs", "targets"), examples_of(inputs, targets), strict=True)
        images, labels = (numbers_of(name, value) for name, value in given)
        if len(images.shape) != 4:
            raise ValueError(
                f"`inputs` (of shape {tuple(images.shape)}) must be images (N, H, W, C)"
            )
        if not len(images) or not np.isfinite(images.numpy()).all():
            raise ValueError("`inputs` must hold at least one image, of finite numbers")
        columns = [
            np.broadcast_to(self._map(method, images, labels, name), tuple(images.shape[:3]))
            for method, name in zip(self.methods, self._names(), strict=True)
        ]
        return list(np.stack(columns, axis=1))

    def _map(self, method: Any, images: tf.Tensor, labels: tf.Tensor, name: str) -> np.ndarray:
        try:
            return heatmaps(method, images, labels, name, absolute=True)
        except Exception as error:
            if self._defaults and not isinstance(self.model, TENSORFLOW_MODELS):
                raise TypeError(
                    f"`methods` must be given for `model` (a {type(self.model).__name__}): the "
                    "default methods are gradients, which a model outside of TensorFlow has not"
                ) from error
            raise


def _differentiable(model: Any, operator: Any) -> tuple[Any, Any]:
    """The model and the operator in a form from which Xplique's methods make gradients."""
    # Their constructors look into Keras models, which subclassed ones do not allow, and know of
    # gradients of other models only by an operator.
    if isinstance(model, tf.keras.Model) and (
        hasattr(model, "inputs") or isinstance(model, TorchWrapper)
    ):
        return model, operator

    def answer(inputs: tf.Tensor) -> Any:
        return model(inputs)

    return answer, predictions_operator if operator is None else operator


@documented(OPTIONS, source="Eq. 1–2, Algorithm 1")
class SEANN(SubmodularEnsemble, HeatmapEnsemble):
    """Submodular ensembling of attributions: more specific than each of the maps it learns from.

    A deep submodular function learns to saturate at the given heatmaps; a feature's attribution is
    its gain in the context of the features chosen before it, so that repetitions are left out. From
    the same heatmaps it makes the map of `captum_submod.SEANN`.

    Parameters
    ----------
    model : callable
    methods : sequence of explainers or functions of (inputs, targets), optional
        By default Xplique's Saliency, IntegratedGradients and SmoothGrad, which need a model with
        gradients. Maps of another size are interpolated.
    batch_size, operator
        Of the default explainers.
    {learning}
    verbose : bool
        Show a progress bar, counting images.

    {errors}

    Examples
    --------
    >>> from submod_core.sea_nn import Learning
    >>> layers = tf.keras.layers
    >>> model = tf.keras.Sequential(
    ...     [tf.keras.Input((16, 16, 3)), layers.Flatten(), layers.Dense(10)]
    ... )
    >>> images, targets = tf.random.uniform((2, 16, 16, 3)), tf.one_hot([3, 1], 10)
    >>> methods = [Saliency(model), IntegratedGradients(model)]
    >>> sea = SEANN(model, methods, settings=Learning(widths=(16,), epochs=3), side=8)
    >>> SEANN(model, side=8)
    SEANN(<Sequential>, side=8)
    >>> sea(images, targets).shape
    TensorShape([2, 16, 16, 1])
    """

    def __init__(
        self,
        model: Any,
        methods: Sequence[Any] | None = None,
        batch_size: int | None = 32,
        operator: Any = None,
        *,
        settings: Learning | None = None,
        side: int = 28,
        thresholds: Sequence[int] = THRESHOLDS,
        verbose: bool = False,
    ) -> None:
        super().__init__(model, methods, batch_size, operator, verbose=verbose)
        self.settings, self.side, self.thresholds = settings, side, thresholds
        self._check()

    def explain_ensemble(self, inputs: Any, targets: Any = None) -> list[Ensemble]:
        """The map of each image with the function that it comes from.

        Arguments and errors are those of `explain`. Captum's form of it is `SEANN.explain`.
        """
        return self._learn_examples(self._maps(inputs, targets))

    def explain_class(self, inputs: Any, targets: Any = None) -> Ensemble:
        """The map of a class: one function of the maps of all its images (SEA-NN, §3).

        Arguments and errors are those of `explain`.
        """
        return self._learn_class(self._maps(inputs, targets))


@documented(OPTIONS, source="the baseline Agg-Mean")
class AggMean(MeanEnsemble, HeatmapEnsemble):
    """The linear ensemble to compare with: the mean of the maps, each scaled to [0, 1].

    Parameters
    ----------
    model : callable
    methods : sequence of explainers or functions of (inputs, targets), optional
    batch_size, operator, verbose
        As in `SEANN`.

    {errors}

    Examples
    --------
    >>> layers = tf.keras.layers
    >>> model = tf.keras.Sequential(
    ...     [tf.keras.Input((16, 16, 3)), layers.Flatten(), layers.Dense(10)]
    ... )
    >>> AggMean(model)(tf.random.uniform((2, 16, 16, 3)), tf.one_hot([3, 1], 10)).shape
    TensorShape([2, 16, 16, 1])
    """
