"""Budget of the images that go through the model for one input."""

import numpy as np

from submod_core._checks import as_masks, check_count, check_flag
from submod_core._types import BoolArray


class ImageBudget:
    """Count of the images of one input, with enough kept back for the curves of any order.

    The model is asked for the whole input twice, and with nothing kept, to check that it answers
    alike, and for every prefix of the order and what it leaves, 2n images for n regions. No image
    is asked for twice: the engine has to remember as many answers as there may be images.

    Parameters
    ----------
    n : int
        Number of regions.
    most : int
        Most images; at least 2n + 1.
    planned : bool
        Whether the search keeps enough for the curves by itself: see `Search.plans`.
    known : ndarray of bool, (m, n), optional
        Images that were asked for already, by the regions that they keep.
    spent : int
        Images that were asked for, at first the whole input twice and nothing kept.
    features : bool
        Whether every image is asked for with features, which the check does without.
    region_features : bool
        Whether the features of single regions are asked for before the search.

    Raises
    ------
    ValueError
        If the curves, and the features, alone need more.

    Examples
    --------
    >>> budget, singles = ImageBudget(3, most=10), np.eye(3, dtype=bool)
    >>> budget.allows(singles)
    True
    >>> budget.spend(singles, features=False)
    >>> budget.allows(~singles[:1]), budget.left
    (False, 4)
    """

    def __init__(
        self,
        n: int,
        most: int,
        planned: bool = False,
        known: BoolArray | None = None,
        spent: int = 3,
        features: bool = False,
        region_features: bool = False,
    ) -> None:
        check_count("n", n)
        check_count("max_model_inputs", most)
        check_flag("planned", planned)
        check_count("spent", spent)
        check_flag("features", features)
        check_flag("region_features", region_features)
        least = least_images(n, features, region_features)
        if most < least:
            raise ValueError(
                f"`max_model_inputs` (={most}) must be at least {least} for {n} regions: the "
                "curves along the order need as many"
                + ", with the features that the weights ask for"
                * (least > 2 * n + 1)
            )
        # The whole input and nothing kept are known from the check, without features.
        self._seen = set() if features else _keys(np.array([[True] * n, [False] * n]))
        self._features, self._featured = bool(features), set[bytes]()
        if known is not None:
            self._seen |= _keys(as_masks("known", known, n))
        self.left, self._n = most - spent, n
        self._curves = 0 if planned else 2 * n - 2 + 2 * features

    @property
    def asked(self) -> BoolArray:
        """The images that were asked for, by the regions that they keep, (m, n)."""
        rows = np.frombuffer(b"".join(sorted(self._seen)), dtype=np.uint8)
        packed = rows.reshape(len(self._seen), -1)
        return np.unpackbits(packed, axis=1, count=self._n).astype(bool)

    def allows(self, keep: BoolArray) -> bool:
        """Whether the curves can still be asked for after images with the regions `keep` (B, n)."""
        return self.left - self.cost(keep) >= self._curves

    def cost(self, keep: BoolArray) -> int:
        """Number of images among the kept regions `keep` (B, n) that were not asked for before."""
        return len(self._new(keep))

    def spend(self, keep: BoolArray, features: bool) -> None:
        """Count images that are asked for; those asked before, in that way, cost nothing."""
        anew = features and not self._features
        new = _keys(keep) - self._featured if anew else self._new(keep)
        self.left -= len(new)
        self._seen |= new
        if anew:
            self._featured |= new

    def _new(self, keep: BoolArray) -> set[bytes]:
        return _keys(keep) - self._seen


def least_images(n: int, features: bool, region_features: bool) -> int:
    """Images that the check and the curves need, and the features: see `ImageBudget`."""
    return 2 * n + 1 + 2 * features + n * region_features


def _keys(keep: BoolArray) -> set[bytes]:
    return {row.tobytes() for row in np.packbits(keep, axis=1)}
