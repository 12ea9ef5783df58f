"""ImageNet photographs and networks for the benchmarks, from a folder outside of this project."""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

MODELS = ("mobilenet_v1_025", "mobilenet_v2", "squeezenet")
NAMED = "torchvision:NAME"


def arguments(
    description: str | None, images: int, torchvision: bool = False
) -> argparse.ArgumentParser:
    """A parser with the arguments of most benchmarks: folder, network, number of photographs.

    With `torchvision`, a network of torchvision and a list of photographs may take their place.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=not torchvision,
        help="folder with imagenet_sample/ and weights/",
    )
    if torchvision:
        parser.add_argument("--model", default=MODELS[0], help=f"{', '.join(MODELS)}, or {NAMED}")
        parser.add_argument("--list", type=Path, help=f'lines "file label", for {NAMED}')
        parser.add_argument("--photographs", type=Path, help="folder of the files in --list")
    else:
        parser.add_argument("--model", choices=MODELS, default=MODELS[0])
    parser.add_argument("--images", type=int, default=images, help="photographs to explain")
    return parser


def full_precision() -> None:
    """Convolve in float32 on GPUs too, where torch otherwise rounds factors to ten bits (TF32)."""
    torch.backends.cudnn.allow_tf32 = False


class Compiled(nn.Module):
    """A network compiled for batches of one size.

    Smaller batches are filled up: another size would be compiled anew.
    """

    def __init__(self, model: nn.Module, size: int):
        super().__init__()
        self.model, self.size = torch.compile(model.requires_grad_(False), dynamic=False), size

    @torch.inference_mode()
    def forward(self, x: Tensor) -> Tensor:
        """The network's answers to at most `size` images."""
        full = pad(x, (0, 0) * 3 + (0, self.size - len(x))).contiguous(
            memory_format=torch.channels_last
        )
        found: Tensor = self.model(full)
        return found[: len(x)]


class OpenVino(nn.Module):
    """A network in OpenVINO, on one CPU thread."""

    def __init__(self, model: nn.Module, side: int):
        super().__init__()
        import openvino

        shape = (3, side, side)
        converted = openvino.convert_model(
            model, example_input=torch.zeros(1, *shape), input=[-1, *shape]
        )
        # By default OpenVINO multiplies in bfloat16 where the CPU can, and pins all processes to
        # the same core.
        config = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": 1,
            "ENABLE_CPU_PINNING": False,
        }
        self.model = openvino.compile_model(converted, "CPU", config)

    def forward(self, x: Tensor) -> Tensor:
        """The network's answers."""
        return torch.from_numpy(self.model(x.numpy())[0])


def networks(data: Path) -> Any:
    """Import the module that builds the networks, `imagenet_nets.py` in `tools` beside `data`."""
    tools = data.resolve().parent / "tools"
    needed = [
        data / "imagenet_sample" / "labels.json",
        data / "weights",
        tools / "imagenet_nets.py",
    ]
    if missing := [str(path) for path in needed if not path.exists()]:
        raise SystemExit(f"--data (={data}) lacks {', '.join(missing)}")
    sys.path.insert(0, str(tools))
    return importlib.import_module("imagenet_nets")


def network(module: Any, name: str) -> nn.Module:
    """One of `MODELS`, or for "torchvision:NAME" a network of torchvision with random weights.

    Random weights are enough to measure time.
    """
    if not name.startswith("torchvision:"):
        model: nn.Module = getattr(module, name)()
        return model
    from torchvision import models

    torch.manual_seed(0)
    model = models.get_model(name.partition(":")[2]).eval().requires_grad_(False)
    # A transformer's last layer is initialised to 0, and would give all inputs the same answer.
    for weights in model.parameters():
        if weights.dim() > 1 and not weights.any():
            nn.init.normal_(weights, std=0.02)
    model.size = 224
    return model


HALVES = ("even", "odd")


def classified(
    data: Path, model_name: str, n: int, *, correctly: bool = True, half: str | None = None
) -> tuple[nn.Module, Tensor, list[int], list[str]]:
    """A network, and the first n photographs that it classifies correctly, or wrongly.

    Returns model, images, true classes and names. For a network with random weights, the first n
    photographs. A half is of the photographs of classes with an odd or an even number: options are
    chosen on one, and reported on the other.
    """
    module = networks(data)
    model = network(module, model_name)
    any_of_them = model_name not in MODELS
    files = sorted((data / "imagenet_sample").glob("*.jpg"))
    truth = [_label(data, file) for file in files]
    images: list[Tensor] = []
    labels: list[int] = []
    names: list[str] = []
    for file, label in zip(files, truth, strict=True):
        if len(images) == n:
            break
        if half and label % 2 != HALVES.index(half):
            continue
        image = module.load_images([file], model.size)
        with torch.no_grad():
            correct = int(model(image).argmax()) == label
        if any_of_them or correct == correctly:
            images.append(image)
            labels.append(label)
            names.append(file.stem)
    if len(images) < n:
        raise SystemExit(
            f"--images (={n}) is more than the {len(images)} photographs that {model_name} "
            f"classifies {'correctly' if correctly else 'wrongly'}"
        )
    return model, torch.cat(images), labels, names


def photographs(data: Path, model_name: str, n: int) -> tuple[nn.Module, Tensor, Tensor]:
    """A network, and the first n photographs: model, images, true classes."""
    module = networks(data)
    model = getattr(module, model_name)()
    files = sorted((data / "imagenet_sample").glob("*.jpg"))[:n]
    return (
        model,
        module.load_images(files, model.size),
        torch.tensor([_label(data, file) for file in files]),
    )


def masked(image: Tensor, mask: Tensor, at_least: int) -> Tensor:
    """Copies of an image (1, C, H, W) with random halves of its regions, to time the bare model on.

    Several hundred: few images would stay in the CPU's caches, unlike the images of a search.
    """
    n = max(at_least, min(1024, (256 << 20) // image.nbytes))
    keep = torch.rand(n, int(mask.max()) + 1, generator=torch.Generator().manual_seed(0)) < 0.5
    last = image.is_contiguous(memory_format=torch.channels_last)
    layout = torch.channels_last if last else torch.contiguous_format
    return (image * keep[:, mask[0, 0]][:, None]).contiguous(memory_format=layout)


def region_means(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Maps (N, H, W) with every pixel at its region's mean, by label maps of the same shape."""

    def means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.bincount(labels.ravel(), values.ravel()) / np.bincount(labels.ravel())

    return np.stack(
        [means(values, labels)[labels] for values, labels in zip(maps, masks, strict=True)]
    )


def _label(data: Path, file: Path) -> int:
    labels = json.loads((data / "imagenet_sample" / "labels.json").read_text())
    return int(labels[file.name])
