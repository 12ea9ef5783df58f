"""Methods, clock and metrics of `faithfulness.py` under Captum."""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import cached_property, partial
from itertools import cycle, islice
from typing import Any

import captum.attr as captum
import numpy as np
import torch
from budgets import options_within
from imagenet import classified, full_precision, masked, region_means
from torch import Tensor, nn

from captum_submod import SMDL, LiMA, slico
from captum_submod.metrics import faithfulness_curves
from submod_core.metrics import HighestConfidence
from submod_core.results import Explanation

AREAS = (0.25, 0.5, 0.75, 1.0)


class PairedKernelShap(captum.KernelShap):
    """KernelShap with paired sampling: each subset is followed by what it leaves."""

    def kernel_shap_perturb_generator(self, *arguments: Any, **options: Any) -> Iterator[Tensor]:
        """Subsets as Captum's KernelShap draws them, from the third on with their complements."""
        drawn = super().kernel_shap_perturb_generator(*arguments, **options)
        yield from islice(drawn, 2)  # all features, and none
        for subset in drawn:
            yield from (subset, 1 - subset)


class CaptumHost:
    """One network, its photographs, and Captum's methods beside LiMA."""

    def __init__(self, args: argparse.Namespace) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.model, self.images, self.labels, self.names = classified(
            args.data, args.model, args.images, correctly=not args.mistakes, half=args.half
        )
        if args.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
            self.images = self.images.to(memory_format=torch.channels_last)
        self.batch_size, self.samples, self.coarse = args.batch_size, args.samples, args.coarse
        self.images_seen = 0
        self.model.register_forward_pre_hook(self._count)
        pictures = self.images.movedim(1, -1).numpy()
        self.masks = [
            torch.from_numpy(slico(picture, args.regions))[None, None] for picture in pictures
        ]
        full_precision()
        self.autocast = getattr(torch, args.autocast) if args.autocast else None
        self.model, self.images = self.model.to(args.device), self.images.to(args.device)

    def _count(self, module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        self.images_seen += len(arguments[0])

    def bare_seconds(self, n_batches: int, size: int | None = None) -> float:
        """Seconds per masked image of the bare model, in batches of `size`, by default full."""
        size = size or self.batch_size
        batches = cycle(batch for batch in self._masked.split(size) if len(batch) == size)
        precision = (
            torch.autocast(self.images.device.type, self.autocast)
            if self.autocast
            else nullcontext()
        )
        with torch.no_grad(), precision:
            start = time.perf_counter()
            for batch in islice(batches, n_batches):
                outputs = self.model(batch)
            outputs.cpu()  # wait: an accelerator works asynchronously
        return (time.perf_counter() - start) / (n_batches * size)

    @cached_property
    def _masked(self) -> Tensor:
        return masked(self.images[:1].cpu(), self.masks[0], 2 * self.batch_size).to(
            self.images.device
        )

    def _method(
        self,
        attribution: captum.Attribution,
        regions: bool = False,
        batched: bool = True,
        **options: object,
    ) -> Callable[[slice], Tensor]:
        """A method of Captum, as a function of the photographs to explain in one call."""

        def explain(which: slice) -> Tensor:
            x = self.images[which].clone().requires_grad_(not batched)
            given = options | ({"feature_mask": torch.cat(self.masks[which])} if regions else {})
            if batched:  # Captum counts them for each photograph
                given["perturbations_per_eval"] = max(1, self.batch_size // len(x))
            return attribution.attribute(x, target=self.labels[which], **given).detach().cpu()

        return explain

    @cached_property
    def methods(self) -> dict[str, Callable[[slice], Tensor]]:
        """Each method, as a function of the photographs to explain in one call."""
        model, size, method = self.model, self.model.size, self._method
        window = {
            "sliding_window_shapes": (3, size // 7, size // 7),
            "strides": (3, size // 14, size // 14),
        }
        layer = (
            model.layers[-2]
            if isinstance(model.layers, nn.ModuleList)
            else model.layers["conv_final"]
        )

        tunnel = captum.NoiseTunnel(captum.Saliency(model))
        noise = {"nt_samples": 50, "nt_samples_batch_size": 10, "stdevs": 0.2}
        coarse = method(captum.LayerGradCam(model, layer), batched=False, relu_attributions=True)
        return {
            "LiMA, guided": method(LiMA(model, search="guided"), regions=True),
            "LiMA, bidirectional": method(LiMA(model, search="bidirectional"), regions=True),
            "LiMA, greedy": method(LiMA(model, search="greedy"), regions=True),
            "LiMA, two-sided": method(LiMA(model, search="two_sided"), regions=True),
            "LiMA, backward": method(LiMA(model, search="backward"), regions=True),
            "SMDL, superpixels": method(SMDL(model), regions=True),
            "SMDL, patches": method(SMDL(model, prior=captum.Saliency(model))),
            "FeatureAblation": method(captum.FeatureAblation(model), regions=True),
            "Occlusion": method(captum.Occlusion(model), **window),
            "Lime": method(captum.Lime(model), regions=True, n_samples=self.samples),
            "KernelShap": method(captum.KernelShap(model), regions=True, n_samples=self.samples),
            "ShapleyValueSampling": method(captum.ShapleyValueSampling(model), regions=True),
            "Saliency": method(captum.Saliency(model), batched=False),
            "SmoothGrad": method(tunnel, batched=False, nt_type="smoothgrad", **noise),
            "SquareGrad": method(tunnel, batched=False, nt_type="smoothgrad_sq", **noise),
            "VarGrad": method(tunnel, batched=False, nt_type="vargrad", **noise),
            "InputXGradient": method(captum.InputXGradient(model), batched=False),
            "GradientShap": method(
                captum.GradientShap(model),
                batched=False,
                baselines=torch.zeros_like(self.images[:1]),
                n_samples=50,
            ),
            "IntegratedGradients": method(
                captum.IntegratedGradients(model),
                batched=False,
                internal_batch_size=self.batch_size,
            ),
            "Grad-CAM": lambda which: nn.functional.interpolate(
                coarse(which), size=(size, size), mode="bilinear"
            ).cpu(),
        }

    def within(self, most: int) -> dict[str, Callable[[slice], Tensor]]:
        """Methods that take a number of images a photograph."""
        model, method = self.model, partial(self._method, regions=True)
        n_regions = max(int(mask.max()) + 1 for mask in self.masks)

        def shapley(which: slice) -> Tensor:
            n = max(int(mask.max()) + 1 for mask in self.masks[which])
            sampling = captum.ShapleyValueSampling(model)
            return method(sampling, n_samples=max(1, (most - 1) // n))(which)

        return {
            name: method(LiMA(model, max_model_inputs=most, **options))
            for name, options in options_within(most, n_regions, self.coarse).items()
        } | {
            "Lime": method(captum.Lime(model), n_samples=most),
            "KernelShap": method(captum.KernelShap(model), n_samples=most),
            "KernelShap, paired": method(PairedKernelShap(model), n_samples=most),
            "ShapleyValueSampling": shapley,
        }

    def explain(self, search: str, which: slice) -> list[Explanation]:
        """LiMA's explanations of photographs in one call."""
        x, masks = self.images[which], torch.cat(self.masks[which])
        size = max(1, self.batch_size // len(x))  # Captum counts them for each photograph
        lima = LiMA(self.model, search=search, autocast=self.autocast)
        return lima.explain(
            x, target=self.labels[which], feature_mask=masks, perturbations_per_eval=size
        )

    def pooled(self, attributions: list[Tensor]) -> list[Tensor]:
        """Attributions with every pixel at its region's mean."""
        maps, masks = torch.cat(attributions).sum(1), torch.cat(self.masks)[:, 0]
        return [torch.from_numpy(region_means(maps.numpy(), masks.numpy()))[:, None]]

    def evaluate(self, attributions: list[Tensor]) -> dict[str, float]:
        """Mean insertion, deletion and highest confidence, pixel by pixel in 50 steps."""
        curves = [
            faithfulness_curves(
                self.model, x, a, target=y, steps=50, max_examples_per_batch=self.batch_size
            )[0]
            for x, a, y in zip(
                self.images.split(1), torch.cat(attributions).split(1), self.labels, strict=True
            )
        ]
        means = {
            "insertion": float(np.mean([c.insertion_auc for c in curves])),
            "deletion": float(np.mean([c.deletion_auc for c in curves])),
        }
        metrics = [HighestConfidence(max_area=area) for area in AREAS]
        highest = np.mean([[m.number(c) for m in metrics] for c in curves], axis=0)
        return means | {
            f"highest, {100 * area:.0f} %": float(v) for area, v in zip(AREAS, highest, strict=True)
        }
