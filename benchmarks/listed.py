"""Networks of torchvision with their own weights, and photographs from a list."""

import argparse
from pathlib import Path
from typing import Any

import torch
from imagenet import MODELS, NAMED
from torch import Tensor, nn

from captum_submod import from_processor


class Normalising(nn.Module):
    """A network that takes pictures in [0, 1], where black is 0, and normalises them itself."""

    def __init__(self, network: nn.Module, mean: Any, std: Any):
        super().__init__()
        self.network = network
        for name, values in (("mean", mean), ("std", std)):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32)[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        """The network's answers."""
        found: Tensor = self.network((x - self.mean) / self.std)
        return found


def check(args: argparse.Namespace) -> None:
    """Exit unless the arguments say one network and its photographs."""
    names = [f"{NAMED[:-4]}…", *MODELS]
    if args.model.startswith(NAMED[:-4]):
        if not (args.list and args.photographs):
            raise SystemExit(f"--model (={args.model}) needs --list and --photographs")
        for path in (args.list, args.photographs):
            if not path.exists():
                raise SystemExit(f"{path} does not exist")
        if args.half:
            raise SystemExit(f"--half (={args.half}) is of the photographs of --data alone")
    elif args.model not in MODELS:
        raise SystemExit(f"--model (={args.model}) must be one of {', '.join(names)}")
    elif args.list or args.photographs:
        raise SystemExit(f"--list and --photographs are for --model {NAMED}")
    elif not args.data:
        raise SystemExit(f"--model (={args.model}) needs --data")


def listed(
    model_name: str, listing: Path, folder: Path, n: int
) -> tuple[nn.Module, Tensor, list[int], list[str]]:
    """A network of torchvision, and the first n photographs of a list.

    Weights are those of torchvision by default, and must be on this computer: nothing is fetched.
    Photographs are resized and cropped as belongs to the weights.

    Returns
    -------
    model, images (n, 3, H, W) in [0, 1], classes, names
    """
    found = [line.split() for line in listing.read_text().splitlines() if line.strip()]
    if any(len(words) != 2 or not words[1].isdecimal() for words in found):
        raise SystemExit(f'--list (={listing}) must hold lines "file label", with a number')
    if len(found) < n:
        raise SystemExit(f"--images (={n}) is more than the {len(found)} of --list (={listing})")
    files = [folder / file for file, _ in found[:n]]
    if missing := [str(file) for file in files if not file.exists()]:
        raise SystemExit(f"--photographs (={folder}) lacks {', '.join(missing[:3])}")
    network, preset, classes = _network(model_name)
    labels = [int(label) for _, label in found[:n]]
    if max(labels) >= classes:
        raise SystemExit(f"--list (={listing}) has label {max(labels)} of {classes} classes")
    from PIL import Image

    pixels = from_processor(preset)
    inputs = torch.stack([preset(Image.open(file).convert("RGB")) for file in files])
    images = torch.from_numpy(pixels.pictures(inputs)).float().movedim(-1, 1).contiguous()
    model = Normalising(network, pixels.mean, pixels.std).eval().requires_grad_(False)
    return model, images, labels, [file.stem for file in files]


def _network(model_name: str) -> tuple[nn.Module, Any, int]:
    """A network with its weights, what belongs to them as preprocessing, its number of classes."""
    try:
        from torchvision import models
    except (ImportError, RuntimeError) as error:  # RuntimeError: built for another torch
        raise SystemExit(
            f"--model (={model_name}) needs a torchvision that imports beside torch "
            f"{torch.__version__}: {error}"
        ) from error
    name = model_name.partition(":")[2]
    try:
        weights = models.get_model_weights(name).DEFAULT
    except ValueError as error:
        raise SystemExit(f"--model (={model_name}): {error}") from error
    file = Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rpartition("/")[2]
    if not file.exists():
        raise SystemExit(
            f"--model (={model_name}) has no weights here: put {weights.url} at {file}"
        )
    return (
        models.get_model(name, weights=weights),
        weights.transforms(),
        len(weights.meta["categories"]),
    )
