"""Metrics with questions of their own to the model: µFidelity and the perturbation curve."""

from typing import Any

import numpy as np

from submod_core import metrics as core
from submod_core._checks import check_count
from submod_core.metrics import Correlation
from xplique_submod.metrics._model import ModelMetric, rows_of


class MuFidelity(ModelMetric):
    """The correlation of a set's importance with the fall of the score without it; higher is better.

    Unlike Xplique's, the sets have one size and come from a seed, and each example has its number.

    Parameters
    ----------
    model, inputs, targets, batch_size, baseline_mode, operator, activation
        As in `Insertion`.
    regions : array_like of int, optional
        The regions that sets are made of. By default a grid of images, and single elements of other inputs;
        explanations bring their own.
    cells : int
        Rows and columns of that grid.
    subset_size, n_samples, seed, correlation
        As in `submod_core.metrics.MuFidelitySettings`; the sets are the same for each example.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> import tensorflow as tf
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
    >>> images, targets = np.random.default_rng(0).random((2, 8, 8, 3), np.float32), np.eye(10)[:2]
    >>> MuFidelity(model, images, targets, cells=4).per_example(images).shape
    (2,)
    """

    name = "mu_fidelity"

    def __init__(
        self,
        *args: Any,
        cells: int = 9,
        subset_size: float = 0.2,
        n_samples: int = 200,
        seed: int = 0,
        correlation: Correlation = "spearman",
        **kwargs: Any,
    ) -> None:
        check_count("cells", cells)
        self.settings = core.MuFidelitySettings(subset_size, n_samples, seed, correlation).check()
        super().__init__(*args, **kwargs)
        self.cells = cells

    def per_example(self, explanations: Any) -> np.ndarray:
        """The correlation of each example, (N,) float64 in [-1, 1]; 0 where either side never moves."""
        shape, labels = self._shape(), self._labels()
        if self.regions is None:
            labels = [core.default_regions(shape, self.cells, self.inputs.ndim == 4)] * len(self.inputs)
        rows = rows_of(explanations, self.inputs)
        parts = [core.steps_of(row, shape, map_) for row, map_ in zip(rows, labels, strict=True)]
        sums = [
            core.region_sums(core.painted(row, shape, part.regions), part.regions)
            for row, part in zip(rows, parts, strict=True)
        ]
        return np.array(self._ask(lambda i, _: core.mu_fidelity(sums[i], self.settings), parts), dtype=np.float64)


class AUPC(ModelMetric):
    """Area under the curve of the score as patches of images are replaced by noise (SEA-NN, §5); lower is better.

    Parameters
    ----------
    model, inputs, targets, batch_size, operator, activation
        As in `Insertion`, for images (N, H, W, C).
    baseline_mode : as in `Insertion`
        By default "noise", between the lowest and the highest value of each channel.
    patch_size : int
        Side of a patch in pixels.
    n_patches : int
        How many patches are replaced, the highest mean score first.

    Raises
    ------
    ValueError
        If the inputs are no images or a setting is out of range.

    Examples
    --------
    >>> import tensorflow as tf
    >>> model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
    >>> images, targets = np.random.default_rng(0).random((2, 8, 8, 3), np.float32), np.eye(10)[:2]
    >>> AUPC(model, images, targets, patch_size=2, activation="softmax").per_example(images).shape
    (2,)
    """

    name = "aupc"

    def __init__(
        self,
        model: Any,
        inputs: Any,
        targets: Any = None,
        batch_size: int | None = 64,
        baseline_mode: Any = "noise",
        patch_size: int = 16,
        n_patches: int = 8,
        operator: Any = None,
        activation: str | None = None,
    ) -> None:
        super().__init__(model, inputs, targets, batch_size, baseline_mode, None, operator, activation)
        if self.inputs.ndim != 4:
            raise ValueError("`inputs` must be images (N, H, W, C), which alone have square patches")
        self.patch_size, self.n_patches = patch_size, n_patches

    def curves(self, explanations: Any) -> list[np.ndarray]:
        """The score as a share of the whole input's, (n_patches + 1,) for each example; each starts at 1."""
        shape = (self.inputs.shape[1], self.inputs.shape[2])
        rows = rows_of(explanations, self.inputs)
        parts = [core.patch_steps(row, shape, self.patch_size, self.n_patches) for row in rows]
        return self._ask(lambda i, _: core.perturbation_curve(parts[i].order, self.n_patches), parts)

    def per_example(self, explanations: Any) -> np.ndarray:
        """The area under each example's curve over the number of patches, (N,) float64."""
        return np.array([core.perturbation_auc(curve) for curve in self.curves(explanations)], dtype=np.float64)
