"""Zero-shot classification by models of images and texts, such as CLIP."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from captum_submod._modules import evaluating
from submod_core._checks import check_type
from submod_core._docs import documented
from submod_core.methods.zero_shot import OPTIONS, check_texts

_METHODS = (("get_image_features", "get_text_features"), ("encode_image", "encode_text"))


class _Side(nn.Module):
    """One side of the model: from its inputs to embeddings (N, d)."""

    def __init__(self, model: nn.Module, name: str) -> None:
        super().__init__()
        self.model, self.name = model, name

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        found: Any = getattr(self.model, self.name)(*args, **kwargs)
        vectors = getattr(found, "pooler_output", found)
        if not isinstance(vectors, Tensor) or vectors.dim() != 2:
            raise TypeError(
                f"`model.{self.name}` returned a {type(vectors).__name__}; it must return "
                "embeddings (N, d), or an object with `pooler_output`"
            )
        return vectors


class _Text(_Side):
    """The side of texts, which refuses tokens without their end: they would be read elsewhere."""

    def __init__(self, model: nn.Module, name: str, end: int | None) -> None:
        super().__init__(model, name)
        self.end = end

    def forward(self, input_ids: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if self.end is not None:
            # The first end of text is where the embedding is read; only further ends follow it.
            ended = (input_ids == self.end).cumsum(1) > 0
            mask = kwargs.get("attention_mask", args[0] if args else None)
            after = ended & (input_ids != self.end)
            after = after & (mask != 0) if mask is not None else after
            if not bool(ended.any(1).all()) or bool(after.any()):
                raise ValueError(
                    f"`input_ids` must keep the end of text, token {self.end}, at their end: give "
                    "the `feature_mask` of `ZeroShot.tokens`, and `baselines` other than that token"
                )
        return super().forward(input_ids, *args, **kwargs)


class _Scores(nn.Module):
    """Class scores (N, K) of images: scaled cosines, with the model's bias."""

    embeddings: Tensor

    def __init__(self, image: nn.Module, embeddings: Tensor, scale: float, bias: float) -> None:
        super().__init__()
        self.image, self.scale, self.bias = image, scale, bias
        self.register_buffer("embeddings", nn.functional.normalize(embeddings, dim=-1))

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        # Texts may have been embedded in another precision than images are.
        features = self.image(*args, **kwargs).to(self.embeddings.dtype)
        vectors = nn.functional.normalize(features, dim=-1)
        found: Tensor = self.scale * vectors @ self.embeddings.T + self.bias
        return found


@documented(OPTIONS)
class ZeroShot:
    """Zero-shot classification of images by texts, with both sides to explain.

    {sides}

    Parameters
    ----------
    model : Module
        With `get_image_features` and `get_text_features`, as CLIP and SigLIP of Hugging Face, or
        `encode_image` and `encode_text`, as those of OpenCLIP; and `logit_scale`, its logarithm.
    processor : callable
        The model's processor, or tokenizer: of `text=`, `return_tensors=` and `padding=`; for
        OpenCLIP of a list of texts.
    texts : str or list of str
        The classes, such as "a photo of a cat".
    padding : bool or str, optional
        Of the processor. By default "max_length" for SigLIP, which was trained so, else True.

    {attributes}
    scores : Module
        From the inputs of `image` to class scores (N, K), with the model's bias: for
        ``activation="sigmoid"`` of SigLIP, and for Captum's own methods.

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
    >>> class Model(nn.Module):
    ...     logit_scale = torch.tensor(3.0)
    ...     def encode_image(self, images):
    ...         return images.mean((2, 3))
    ...     def encode_text(self, ids):
    ...         return nn.functional.one_hot(ids[:, 0], 3).float()
    >>> def tokenizer(texts):
    ...     return torch.tensor([[["red", "green", "blue"].index(text)] for text in texts])
    >>> from captum_submod import LiMA
    >>> zero_shot = ZeroShot(Model(), tokenizer, ["red", "blue"])
    >>> lima = LiMA(zero_shot.image, regions=(2, 2), **zero_shot.classes)
    >>> lima.attribute(torch.rand(1, 3, 8, 8), target=1).shape
    torch.Size([1, 3, 8, 8])
    """

    def __init__(
        self,
        model: nn.Module,
        processor: Any,
        texts: str | Sequence[str],
        *,
        padding: bool | str | None = None,
    ) -> None:
        check_type("model", model, nn.Module, "a torch module")
        names = next((pair for pair in _METHODS if hasattr(model, pair[0])), None)
        if names is None or not hasattr(model, names[1]) or not hasattr(model, "logit_scale"):
            raise TypeError(
                f"`model` (a {type(model).__name__}) must have `get_image_features`, "
                "`get_text_features` and `logit_scale`, or `encode_image`, `encode_text`"
            )
        if not callable(processor):
            raise TypeError(f"`processor` (a {type(processor).__name__}) must be callable")
        check_type("padding", padding, bool | str | None, "True, False or a name")
        kind = str(getattr(getattr(model, "config", None), "model_type", ""))
        self.texts, self.processor, self._plain = check_texts(texts), processor, names[0][0] == "e"
        self.padding = ("max_length" if "siglip" in kind else True) if padding is None else padding
        self._tokenizer = getattr(processor, "tokenizer", processor)
        end = getattr(self._tokenizer, "eos_token_id", None) if kind.startswith("clip") else None
        self.image, self.text = _Side(model, names[0]), _Text(model, names[1], end)
        self._device = next((p.device for p in model.parameters()), torch.device("cpu"))
        self.scale = float(torch.as_tensor(model.logit_scale).detach().exp())
        bias = getattr(model, "logit_bias", None)
        given = self._tokens(self.texts)
        self.classes = self._options(self._embedded(self.text, given, "texts", len(self.texts)))
        self.scores = _Scores(
            self.image,
            self.classes["class_embeddings"],
            self.scale,
            0.0 if bias is None else float(torch.as_tensor(bias).detach()),
        )

    def __repr__(self) -> str:
        return f"ZeroShot(<{type(self.image.model).__name__}>, {self.texts})"

    def of_images(self, images: Any) -> dict[str, Any]:
        """Options by which a text is explained, with images as its classes.

        Parameters
        ----------
        images : Tensor, (K, C, H, W), or mapping
            As the model takes them, or a processor's output. The target is an image; with a single
            one the cosine to it is explained.

        Returns
        -------
        dict
            `class_embeddings`, (K, d), and `scale`.
        """
        given = images if isinstance(images, Mapping) else {"": images}
        first = next(iter(given.values()), None)
        if not isinstance(first, Tensor) or not first.dim():
            raise TypeError(f"`images` (a {type(images).__name__}) must be a tensor or a mapping")
        return self._options(self._embedded(self.image, images, "images", len(first)))

    def tokens(self, texts: str | Sequence[str]) -> tuple[dict[str, Any], Tensor]:
        """Tokens of texts, and their regions: special tokens and padding always stay.

        Without them CLIP would read its embedding at another place.

        Parameters
        ----------
        texts : str or list of str

        Returns
        -------
        inputs : dict
            `input_ids`, (N, T), and what else the processor gives.
        feature_mask : Tensor of int64, (N, T)
            A region for each token, −1 for special tokens and padding.

        Raises
        ------
        ValueError
            If the processor does not say which tokens are special.
        """
        special = getattr(self._tokenizer, "all_special_ids", None)
        given = self._tokens(check_texts(texts))
        if special is None or not isinstance(given, Mapping):
            raise ValueError(
                "`processor` must have a tokenizer with `all_special_ids`; else give a "
                "`feature_mask` with −1 for special tokens"
            )
        inputs = dict(given)
        ids = inputs["input_ids"]
        places = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        stays = torch.isin(ids, torch.tensor(list(special), device=ids.device))
        return inputs, places.masked_fill(stays, -1)

    def _tokens(self, texts: list[str]) -> Any:
        """Inputs of the text side, on the model's device."""
        if self._plain:
            return self.processor(texts).to(self._device)
        made = self.processor(text=texts, return_tensors="pt", padding=self.padding)
        return {
            name: value.to(self._device) if isinstance(value, Tensor) else value
            for name, value in made.items()
        }

    def _embedded(self, side: nn.Module, given: Any, name: str, n: int) -> Tensor:
        """Embeddings (n, d) of inputs."""
        with torch.no_grad(), evaluating(side):
            found: Tensor = side(**given) if isinstance(given, Mapping) else side(given)
        if len(found) != n or not bool(found.isfinite().all()):
            raise ValueError(
                f"`{name}` give embeddings of shape {tuple(found.shape)}; there must be a finite "
                f"one for each of {n}"
            )
        return found.float()

    def _options(self, embeddings: Tensor) -> dict[str, Any]:
        return {"class_embeddings": embeddings, "scale": self.scale}
