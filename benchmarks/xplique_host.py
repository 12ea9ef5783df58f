"""Methods, clock and metrics of `faithfulness.py` under Xplique, on the Keras twins."""

import argparse
import time
from collections.abc import Callable
from functools import cached_property
from itertools import cycle, islice
from typing import Any

import keras_twins
import numpy as np
import tensorflow as tf
import torch
import xplique.attributions as xplique
from budgets import options_within
from imagenet import classified, masked, region_means
from xplique.metrics import Deletion, Insertion

from submod_core.results import Explanation
from xplique_submod import SMDL, LiMA, slico


class Counted(tf.Module):
    """A model that counts the images that go through it, inside and outside of graphs."""

    def __init__(self, model: tf.keras.Model) -> None:
        super().__init__()
        self.model, self.images = model, tf.Variable(0, dtype=tf.int64)

    def __call__(self, inputs: tf.Tensor) -> tf.Tensor:
        """The model's outputs."""
        self.images.assign_add(tf.shape(inputs, out_type=tf.int64)[0])
        return self.model(inputs)


class XpliqueHost:
    """One network, its photographs, and Xplique's methods beside LiMA."""

    def __init__(self, args: argparse.Namespace) -> None:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.random.set_seed(0)
        _, images, labels, self.names = classified(
            args.data, args.model, args.images, correctly=not args.mistakes, half=args.half
        )
        self.model = keras_twins.build(args.data / "weights", args.model)
        self.counted = Counted(self.model)
        self.images, self.targets = images.movedim(1, -1).numpy(), tf.one_hot(labels, 1000)
        self.batch_size, self.samples, self.regions = args.batch_size, args.samples, args.regions
        self.coarse = args.coarse
        self._limas: dict[str, LiMA] = {}
        # The bare model counts its images too, as it does by a hook under Captum: counting is a
        # cost of the benchmark, not of LiMA.
        self._bare = tf.function(
            self.counted, input_signature=[tf.TensorSpec([None, *self.images.shape[1:]])]
        )
        settings = {"steps": 50, "batch_size": args.batch_size, "activation": "softmax"}
        self.metrics = {
            "insertion": Insertion(self.model, self.images, self.targets, **settings),
            "deletion": Deletion(self.model, self.images, self.targets, **settings),
        }

    @property
    def images_seen(self) -> int:
        """Images that went through the model so far."""
        return int(self.counted.images.numpy())

    @images_seen.setter
    def images_seen(self, value: int) -> None:
        self.counted.images.assign(value)

    def bare_seconds(self, n_batches: int, size: int | None = None) -> float:
        """Seconds per masked image of the bare model, in batches of `size`, by default full."""
        size = size or self.batch_size
        batches = [self._masked[i : i + size] for i in range(0, len(self._masked) - size + 1, size)]
        self._bare(batches[0])
        start = time.perf_counter()
        for batch in islice(cycle(batches), n_batches):
            self._bare(batch)
        return (time.perf_counter() - start) / (n_batches * size)

    @cached_property
    def _masked(self) -> tf.Tensor:
        image = torch.from_numpy(self.images[:1]).movedim(-1, 1)
        mask = torch.from_numpy(slico(self.images[0], self.regions))[None, None]
        return tf.constant(masked(image, mask, 2 * self.batch_size).movedim(1, -1).numpy())

    @cached_property
    def methods(self) -> dict[str, Callable[[slice], tf.Tensor]]:
        """Each method, as a function of the photographs to explain in one call."""
        black_box, side, method = self.counted, self.images.shape[1], self._method
        size, grid, surrogate = self.batch_size, round(self.regions**0.5), self._surrogate()
        return {
            "LiMA, guided": method(self._lima("guided")),
            "LiMA, bidirectional": method(self._lima("bidirectional")),
            "LiMA, greedy": method(self._lima("greedy")),
            "LiMA, two-sided": method(self._lima("two_sided")),
            "SMDL, patches": method(SMDL(black_box, size, prior=xplique.Saliency(self.model))),
            "Rise": method(xplique.Rise(black_box, size, grid_size=grid)),
            "HSIC": method(xplique.HsicAttributionMethod(black_box, grid, batch_size=size)),
            "Sobol": method(xplique.SobolAttributionMethod(black_box, grid, batch_size=size)),
            "Lime": method(xplique.Lime(black_box, nb_samples=self.samples, **surrogate)),
            "KernelShap": method(
                xplique.KernelShap(black_box, nb_samples=self.samples, **surrogate)
            ),
            "Occlusion": method(
                xplique.Occlusion(black_box, size, patch_size=side // 7, patch_stride=side // 14)
            ),
            "Saliency": method(xplique.Saliency(self.model)),
            "Grad-CAM": method(xplique.GradCAM(self.model)),
            "Grad-CAM++": method(xplique.GradCAMPP(self.model)),
            "FEM": method(xplique.FEM(self.model)),
            "SmoothGrad": method(xplique.SmoothGrad(self.model, size, nb_samples=50)),
            "SquareGrad": method(xplique.SquareGrad(self.model, size, nb_samples=50)),
            "VarGrad": method(xplique.VarGrad(self.model, size, nb_samples=50)),
            "GradientInput": method(xplique.GradientInput(self.model)),
            "IntegratedGradients": method(
                xplique.IntegratedGradients(self.model, batch_size=size, steps=50)
            ),
            "GuidedBackprop": method(xplique.GuidedBackprop(self.model)),
            "DeconvNet": method(xplique.DeconvNet(self.model)),
        }

    def within(self, most: int) -> dict[str, Callable[[slice], tf.Tensor]]:
        """Methods that take a number of images a photograph."""
        black_box, size, grid = self.counted, self.batch_size, round(self.regions**0.5)
        surrogate, method = self._surrogate() | {"nb_samples": most}, self._method
        n_regions = max(int(slico(image, self.regions).max()) + 1 for image in self.images)
        limas = {
            name: LiMA(black_box, size, regions=self.regions, max_model_inputs=most, **options)
            for name, options in options_within(most, n_regions, self.coarse).items()
        }
        found = {name: method(lima) for name, lima in limas.items()} | {
            "Lime": method(xplique.Lime(black_box, **surrogate)),
            "KernelShap": method(xplique.KernelShap(black_box, **surrogate)),
            "Rise": method(xplique.Rise(black_box, size, nb_samples=most, grid_size=grid)),
            "HSIC": method(
                xplique.HsicAttributionMethod(black_box, grid, nb_design=most, batch_size=size)
            ),
        }
        # Sobol's designs, a power of two, take an image for each cell and two more.
        if (most := most // (grid**2 + 2)) > 1:
            designs = 1 << (most.bit_length() - 1)
            sobol = xplique.SobolAttributionMethod(black_box, grid, designs, batch_size=size)
            found["Sobol"] = method(sobol)
        return found

    def _method(self, explainer: xplique.base.BlackBoxExplainer) -> Callable[[slice], tf.Tensor]:
        """A method of Xplique, as a function of the photographs to explain in one call."""
        return lambda which: explainer(self.images[which], self.targets[which])

    def _surrogate(self) -> dict[str, Any]:
        """Options of Lime and KernelShap: the regions that LiMA gets."""

        def superpixels(image: tf.Tensor) -> tf.Tensor:
            return tf.constant(slico(image.numpy(), self.regions), tf.int32)

        return {"batch_size": self.batch_size, "map_to_interpret_space": superpixels}

    def _lima(self, search: str) -> LiMA:
        if search not in self._limas:
            self._limas[search] = LiMA(
                self.counted, self.batch_size, regions=self.regions, search=search
            )
        return self._limas[search]

    def explain(self, search: str, which: slice) -> list[Explanation]:
        """LiMA's explanations of photographs in one call."""
        return self._lima(search).explain_regions(self.images[which], self.targets[which])

    def pooled(self, attributions: list[tf.Tensor]) -> list[np.ndarray]:
        """Attributions with every pixel at its region's mean."""
        maps = np.concatenate(attributions).reshape(self.images.shape[:3])
        return [region_means(maps, np.stack([slico(image, self.regions) for image in self.images]))]

    def evaluate(self, attributions: list[tf.Tensor]) -> dict[str, float]:
        """Xplique's own metrics, pixel by pixel in 50 steps."""
        explanations = np.concatenate(attributions)
        return {name: float(metric.evaluate(explanations)) for name, metric in self.metrics.items()}
