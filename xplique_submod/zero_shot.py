"""Zero-shot classification by an encoder of images and one of texts."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._checks import check_positive
from submod_core._docs import documented
from submod_core.methods.zero_shot import OPTIONS
from xplique_submod._calls import call
from xplique_submod._checks import check_model, numbers_of


@documented(OPTIONS)
class ZeroShot:
    """Zero-shot classification of images by texts, with both sides to explain.

    {sides}

    Parameters
    ----------
    image_encoder, text_encoder : callable
        Keras models, or functions, from images, and from tokens as float32, to embeddings (N, d).
    texts : array_like, (K, …)
        The classes, as the text encoder takes them.
    scale : float
        Factor of the cosines, CLIP's logit scale; above 0.

    {attributes}

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type, or the embeddings are none.

    References
    ----------
    .. [1] Chen et al., "Less is More: Efficient Black-box Attribution via
       Minimal Interpretable Subset Selection" (LiMA): Eq. 3.

    Examples
    --------
    >>> def mean_colour(images):
    ...     return tf.reduce_mean(images, (1, 2))
    >>> def colour(tokens):
    ...     return tf.one_hot(tf.cast(tokens[:, 0], tf.int32), 3)
    >>> from xplique_submod import LiMA
    >>> zero_shot = ZeroShot(mean_colour, colour, [[0], [2]], scale=20.0)
    >>> lima = LiMA(zero_shot.image, regions=(2, 2), **zero_shot.classes)
    >>> lima(np.ones((1, 8, 8, 3)), [[0.0, 1.0]]).shape
    TensorShape([1, 8, 8, 1])
    """

    def __init__(
        self, image_encoder: Any, text_encoder: Any, texts: Any, *, scale: float = 100.0
    ) -> None:
        check_model(image_encoder)
        check_model(text_encoder)
        check_positive("scale", scale)
        self.image, self.text, self.scale = image_encoder, text_encoder, float(scale)
        self.classes = self._options(text_encoder, texts, "texts")

    def __repr__(self) -> str:
        return f"ZeroShot({len(self.classes['class_embeddings'])} texts, scale={self.scale})"

    def of_images(self, images: Any) -> dict[str, Any]:
        """Options by which a text is explained, with images as its classes.

        Parameters
        ----------
        images : array_like, (K, H, W, C)
            The target is one of them; with a single one the cosine to it is explained.

        Returns
        -------
        dict
            `class_embeddings`, (K, d), and `scale`.
        """
        return self._options(self.image, images, "images")

    def _options(self, encoder: Any, given: Any, name: str) -> dict[str, Any]:
        inputs = numbers_of(name, given)
        if not len(inputs.shape) or not len(inputs):
            raise ValueError(f"`{name}` (of shape {tuple(inputs.shape)}) must hold one or more")
        found = call(encoder, inputs)
        fits = len(found.shape) == 2 and len(found) == len(inputs)
        if not fits or not bool(tf.reduce_all(tf.math.is_finite(found))):
            raise ValueError(
                f"`{name}` give embeddings of shape {tuple(found.shape)}; there must be a finite "
                f"one for each of {len(inputs)}"
            )
        return {"class_embeddings": np.asarray(found), "scale": self.scale}
