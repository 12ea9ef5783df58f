"""Zero-shot classification: texts as classes, for any host."""

from typing import Any

from submod_core._checks import check_type

OPTIONS = {
    "sides": """The image is explained by ``LiMA(zero_shot.image, **zero_shot.classes)``, with the
texts as classes: the consistency is the softmax of the scaled cosines or, with a single text, the
cosine itself (LiMA, Eq. 3). The text is explained by
``LiMA(zero_shot.text, **zero_shot.of_images(images))``, with images as classes. SMDL and the
metrics take the same options.""",
    "attributes": """Attributes
----------
image, text : callable
    From inputs to embeddings (N, d).
classes : dict
    `class_embeddings`, (K, d), of the texts, and `scale`, for methods and metrics.
scale : float
    Factor of the cosines.""",
}
"""NumPy-style entries for `submod_core._docs.documented`."""


def check_texts(texts: Any) -> list[str]:
    """The texts as a list; a single one may be given as it is.

    Raises
    ------
    TypeError, ValueError
        If they are no texts, or there is none.

    Examples
    --------
    >>> check_texts("a cat")
    ['a cat']
    """
    listed = [texts] if isinstance(texts, str) else texts
    check_type("texts", listed, list | tuple, "a text or a list of them")
    if not len(listed) or not all(isinstance(text, str) and text for text in listed):
        raise ValueError(f"`texts` (={texts!r}) must be one text or more, none of them empty")
    return list(listed)
