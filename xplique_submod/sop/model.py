"""Sum-of-Parts in Keras: a model that predicts by summing the contributions of feature groups."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._checks import check_flag, check_text
from submod_core._docs import documented
from submod_core.engine._memory import in_fitting_batches, keep_freed_memory
from submod_core.engine.batching import BatchSize
from submod_core.sop import GroupExplanation, Parts, SOPSettings
from submod_core.sop.baselines import Baseline, fact
from submod_core.sop.features import Features, rows_of
from submod_core.sop.finite import check_parts
from submod_core.sop.host import Forwarded, SumOfPartsBase
from submod_core.sop.options import OPTIONS
from submod_core.sop.settings import chosen_top
from xplique_submod._checks import tensor_of
from xplique_submod.sop._backbone import Backbone
from xplique_submod.sop._inputs import unpacked
from xplique_submod.sop._masking import Masking, example_of
from xplique_submod.sop._network import finite_logits
from xplique_submod.sop._training import Trainable

keras = tf.keras

WORDS = {
    "array": "array",
    "keywords": "",
    "images": "images (N, H, W, C)",
    "mask_of_a_call": "A call may bring its\n    own: ``model((inputs, feature_mask))``.",
    "model": "keras.Model",
    "source": "§3, App. B",
    "linear": "dense",
    "show_progress": "verbose",
}
_documented = documented(OPTIONS, **WORDS)


@keras.utils.register_keras_serializable("xplique_submod")
@_documented
class SumOfParts(SumOfPartsBase[tf.Tensor], Trainable):
    """Wrap a trained model into one that predicts by summing the contributions of feature groups.

    An attention over the features makes m groups of the share `top` of them; the frozen backbone
    answers each masked input; a sparse attention scores the groups for each class. With the same
    weights it is the function of `captum_submod.SumOfParts`. `compile` and `fit` train the two
    attentions alone, with the scaled losses of the paper, chosen by the targets: classes (N,) of
    whole numbers, or values. A compiled `loss` is taken of the contributions scaled as in Eq. 48,
    and takes logits: binary cross-entropy for several labels at a time, categorical cross-entropy
    for soft labels.

    Parameters
    ----------
    backbone : keras.Model
        Functional or sequential, returning logits (N, C): its copy is frozen. A subclassed model is
        taken as it is, and returns (logits, hidden states).
    {example_inputs}
    {features}
    {wrapping}
    {attentions}
    **kwargs
        Of `keras.Model`, such as its name.

    {errors}

    Examples
    --------
    >>> layers = keras.layers
    >>> backbone = keras.Sequential([
    ...     keras.Input((16, 16, 3)), layers.Conv2D(8, 3), layers.GlobalMaxPool2D(),
    ...     layers.Dense(10),
    ... ])
    >>> images = tf.random.uniform((2, 16, 16, 3))
    >>> sop = SumOfParts(backbone, images[:1], features=4, groups=6)
    >>> sop
    SumOfParts(<Sequential>, <EagerTensor of shape (1, 16, 16, 3)>, features=4, groups=6)
    >>> sop(images).shape
    TensorShape([2, 10])
    >>> one = sop.explain(images)[0]
    >>> bool(np.allclose(one.contributions.sum(0), sop(images)[0], atol=1e-5))
    True
    """

    blur = Forwarded[int | None]("settings")

    def __init__(
        self,
        backbone: Any,
        example_inputs: Any,
        *,
        features: Features = None,
        layer: str | None = None,
        encoder: Any = None,
        finetune: bool = False,
        classifier: str | None = None,
        class_weights: Any = None,
        baseline: Baseline = 0.0,
        batch_size: int = 32,
        groups: int = 20,
        top: float = 0.2,
        heads: int = 1,
        alpha: float | None = None,
        beta: float = 1.0,
        positions: float = 0.0,
        blur: int | None = None,
        continuous: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(backbone, keras.Model):
            raise TypeError(f"`backbone` (a {type(backbone).__name__}) must be a Keras model")
        example = example_of(example_inputs)
        if not (encoder is None or callable(encoder)):
            raise TypeError(f"`encoder` (a {type(encoder).__name__}) must be a Keras model")
        check_flag("finetune", finetune)
        check_text("layer", layer)
        check_text("classifier", classifier)
        keep_freed_memory()
        self.settings = SOPSettings(groups, top, heads, alpha, beta, positions, blur, continuous)
        self.masking = Masking(example, features, baseline, batch_size)
        self.example_inputs = example
        self.layer, self.finetune, self.classifier = layer, finetune, classifier
        self.backbone = Backbone(backbone, classifier)
        self.backbone.check_names(layer=layer, classifier=classifier)
        self._make(layer, encoder, finetune)
        self._make_weights(example, class_weights)
        self.built = True

    def __repr__(self) -> str:
        given = {"backbone": self.backbone.model, "example_inputs": self.example_inputs}
        return f"{type(self).__name__}({self._shown(**given, encoder=self.given_encoder)})"

    @_documented
    def call(
        self,
        inputs: Any,
        feature_mask: Any = None,
        top: float | None = None,
        training: bool = False,
    ) -> Any:
        """Logits (N, C): the sum of the groups' contributions, in training and in evaluation.

        Parameters
        ----------
        inputs : tf.Tensor, (N, …), or a pair of it and `feature_mask`
        {of_a_call}
        training : bool
            Changes nothing.

        Raises
        ------
        ValueError
            If an argument does not fit the model; so do all methods that take them.
        """
        return self._logits(inputs, feature_mask, top, checked=not training)

    def without(self, inputs: Any, feature_mask: Any = None, top: float | None = None) -> tf.Tensor:
        """Logits (N, C) where each group has lost its highest features.

        Arguments are those of `call`.
        """
        return self._logits(inputs, feature_mask, top, remove=True)

    def _logits(
        self,
        inputs: Any,
        feature_mask: Any,
        top: float | None,
        remove: bool = False,
        checked: bool = True,
    ) -> tf.Tensor:
        """Logits, by halves of the inputs where all of them do not fit into memory."""
        inputs, feature_mask = unpacked(inputs, feature_mask, self.compute_dtype)
        if tf.is_symbolic_tensor(inputs):
            parts = self.parts(inputs, feature_mask, top, remove=remove)
            return finite_logits(parts) if checked else parts.logits
        n = len(inputs)

        def run(some: slice) -> tf.Tensor:
            whole = some == slice(0, n)
            shown = (inputs, feature_mask) if whole else (inputs[some], rows_of(feature_mask, some))
            parts = self.parts(*shown, top, remove=remove)
            if checked:
                check_parts(parts, some.start)
            return parts.logits

        logits = list(in_fitting_batches(n, BatchSize(max(1, n)), run)) or [run(slice(0, n))]
        return tf.concat(logits, 0) if len(logits) > 1 else logits[0]

    @_documented
    def parts(
        self,
        inputs: Any,
        feature_mask: Any = None,
        top: float | None = None,
        *,
        remove: bool = False,
    ) -> Parts[tf.Tensor]:
        """Everything that the prediction is made of.

        Parameters
        ----------
        inputs, feature_mask, top
            As in `call`.
        {remove}
        """
        check_flag("remove", remove)
        top = chosen_top(top, self.top)
        inputs, feature_mask = unpacked(inputs, feature_mask, self.compute_dtype)
        labels = self._labels_of(inputs, feature_mask)
        return self._run(inputs, labels, feature_mask is None, top, remove)

    @_documented
    def training_loss(
        self, inputs: Any, targets: Any, feature_mask: Any = None, loss: str | None = None
    ) -> tf.Tensor:
        """The loss that trains the attentions, its mean over the batch (SOP, Eq. 48–49).

        Parameters
        ----------
        inputs : tf.Tensor, (N, …), or a pair of it and `feature_mask`
        {targets}
        {feature_mask}
        {loss}

        Raises
        ------
        ValueError
            If the targets are neither, or not finite, or no classes of the model.
        """
        wanted = tensor_of("targets", targets)
        shown = unpacked(inputs, feature_mask, self.compute_dtype)[0]
        if shown.shape[0] == 0:
            raise ValueError("`inputs` must hold at least one example")
        if len(wanted.shape) and wanted.shape[0] != shown.shape[0]:
            raise ValueError(
                f"`targets` (of shape {tuple(wanted.shape)}) must have a row for each input"
            )
        return tf.reduce_mean(self._losses_of(self.parts(inputs, feature_mask), wanted, loss))

    def _trained_parts(
        self, inputs: Any, feature_mask: Any = None, most: tf.Tensor | None = None
    ) -> Parts[tf.Tensor]:
        inputs, feature_mask = unpacked(inputs, feature_mask, self.compute_dtype)
        labels = self._labels_of(inputs, feature_mask)
        most = tf.constant(self.masking.batch.size) if most is None else most
        return self._run(inputs, labels, feature_mask is None, self.top, most=most)

    def explain(
        self, inputs: Any, feature_mask: Any = None, top: float | None = None
    ) -> list[GroupExplanation]:
        """Groups, scores, partial logits and contributions of each input, as `call` takes it."""
        top = chosen_top(top, self.top)
        inputs, feature_mask = unpacked(inputs, feature_mask, self.compute_dtype)
        labels = self._labels_of(inputs, feature_mask)

        def answer(some: slice) -> list[Any]:
            shown = inputs if some == slice(0, len(inputs)) else inputs[some]
            parts = self._run(shown, rows_of(labels, some), feature_mask is None, top)
            check_parts(parts, some.start)
            return [np.asarray(tensor) for tensor in parts.explained()]

        return GroupExplanation.in_batches(labels.numpy(), len(inputs), self.batch_size, answer)

    def get_config(self) -> dict[str, Any]:
        """The configuration that `from_config`, and so a `.keras` file, restores the model from."""
        written, encoder = keras.utils.serialize_keras_object, self.given_encoder
        return {
            "name": self.name,
            "backbone": written(self.backbone.model),
            "encoder": None if encoder is None else written(encoder),
            "example_shape": self.example_inputs.shape.as_list(),
            "example_dtype": self.example_inputs.dtype.name,
            "features": self.masking.as_option(),
            "layer": self._embedding_layer,
            "finetune": self.finetune,
            "classifier": self.backbone.classifier,
            "class_weights": self.class_weights.numpy().tolist(),
            "baseline": fact(self.baseline, None),
            "batch_size": self.batch_size,
            **vars(self.settings),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "SumOfParts":
        """The model of a configuration, before its weights."""
        config = dict(config)

        def restored(name: str) -> Any:
            made = keras.utils.deserialize_keras_object
            value = config.pop(name)
            return None if value is None else made(value, custom_objects=custom_objects)

        backbone, encoder = restored("backbone"), restored("encoder")
        example = np.zeros(config.pop("example_shape"), config.pop("example_dtype"))
        return cls(backbone, example, encoder=encoder, **config)
