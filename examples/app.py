"""Web page on which an image is dropped and its explanation touched. Needs gradio and pillow.

    pip install gradio pillow
    python examples/app.py
    python examples/app.py --model module:factory

Models are the small network that reads digits in scenes, two of torchvision where it is installed,
and those that the command line names, `torchvision:NAME` or `module:factory` as of `demo.py`; the
page itself loads no others. The page shows the classes that the model
finds, and for one of them the regions in their order with a slider over the prefixes.
"""

import argparse
import functools
import html
from typing import Any

import numpy as np
import torch
from demo import load_network
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from captum_submod import LiMA
from captum_submod.visualization import explanation_html
from digits_model import load_model
from digits_scenes import make_scenes

DIGITS = "digits"
EFFORTS = {"a look": 400, "usual": 1200, "thorough": None}
"""Most images through the model for one explanation."""


@functools.lru_cache(maxsize=2)
def network(name: str) -> tuple[nn.Module, int, list[str]]:
    """The network of a name, its input size, and the names of its classes; ValueError if none.

    Examples
    --------
    >>> network("digits")[1:]
    (64, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    """
    if name == DIGITS:
        return load_model(), 64, [str(digit) for digit in range(10)]
    if ":" not in name:
        raise ValueError(f"model {name!r} must be {DIGITS}, torchvision:NAME or module:factory")
    try:
        model, size, classes = load_network(name, 224)
        with torch.no_grad():
            n_classes = model(torch.zeros(1, 3, size, size)).shape[1]
    except (ImportError, AttributeError, KeyError, ValueError, SystemExit) as error:
        raise ValueError(f"model {name!r} cannot be loaded: {error}") from error
    return model, size, classes or [f"class {i}" for i in range(n_classes)]


def as_input(image: Any, size: int) -> Tensor:
    """The centre square of a picture, (1, 3, size, size) in [0, 1].

    Examples
    --------
    >>> as_input(np.zeros((80, 100, 3), np.uint8), 64).shape
    torch.Size([1, 3, 64, 64])
    """
    picture = Image.fromarray(np.asarray(image)).convert("RGB")
    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    square = picture.crop((left, top, left + side, top + side))
    pixels = np.asarray(square.resize((size, size), Image.Resampling.BILINEAR), np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()


def classify(image: Any, name: str, n: int = 5) -> dict[str, float]:
    """Probabilities of the n likeliest classes, the likeliest first; none without an image."""
    if image is None:
        return {}
    model, size, classes = network(name)
    with torch.no_grad():
        probabilities = torch.softmax(model(as_input(image, size)), 1)[0]
    likeliest = probabilities.argsort(descending=True)[:n].tolist()
    return {classes[i]: float(probabilities[i]) for i in likeliest}


def explain(image: Any, name: str, target: str | None, effort: str) -> str:
    """HTML of an explanation: the regions that speak for a class, by default the likeliest."""
    if image is None:
        return "<p>Drop an image first.</p>"
    model, size, classes = network(name)
    inputs = as_input(image, size)
    named = target if target in classes else next(iter(classify(image, name)))
    method = LiMA(model, max_model_inputs=EFFORTS[effort])
    (explanation,) = method.explain(inputs, target=classes.index(named), perturbations_per_eval=32)
    title = f"{named}: {explanation.curves.insertion[-1]:.0%} with all of the image"
    return framed(explanation_html(explanation, inputs[0], title=title))


def framed(page: str) -> str:
    """HTML in a frame of its own: elsewhere gradio would not run its script."""
    style = "width: 100%; height: 46rem; border: 0"
    return f'<iframe sandbox="allow-scripts" style="{style}" srcdoc="{html.escape(page)}"></iframe>'


def example_images() -> list[NDArray[np.uint8]]:
    """Three scenes with a digit each, (64, 64, 3)."""
    scenes = make_scenes(3, seed=2).images
    return list((np.moveaxis(scenes, 1, -1) * 255).round().astype(np.uint8))


def models() -> list[str]:
    """Models to choose from: those of torchvision only where it is installed and works."""
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError, OSError):
        return [DIGITS]
    return [DIGITS, "torchvision:resnet50", "torchvision:mobilenet_v3_large"]


def page(named: list[str]) -> Any:
    """The page, made of the functions above, with further models by name."""
    import gradio

    with gradio.Blocks(title="Which few regions made the model decide?") as blocks:
        gradio.Markdown("# Which few regions made the model decide?")
        with gradio.Row():
            with gradio.Column():
                # PNG: by default gradio compresses pictures with loss, which moves the scores.
                image = gradio.Image(label="Image", type="numpy", height=260, format="png")
                model = gradio.Dropdown([*models(), *named], value=DIGITS, label="Model")
                effort = gradio.Radio(list(EFFORTS), value="a look", label="Effort")
                scores = gradio.Label(label="Classes")
                target = gradio.Textbox(label="Class to explain", placeholder="the likeliest")
                button = gradio.Button("Explain", variant="primary")
                gradio.Examples([[one] for one in example_images()], [image], label="Scenes")
            with gradio.Column(scale=2):
                shown = gradio.HTML(label="Explanation")
        asked = [image, model]
        for changed in asked:
            changed.change(told(classify), asked, scores)
        button.click(told(explain), [image, model, target, effort], shown)
    return blocks


def told(function: Any) -> Any:
    """A function whose ValueErrors the page shows in its own words."""
    import gradio

    @functools.wraps(function)
    def shown(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except ValueError as error:
            raise gradio.Error(str(error)) from error

    return shown


def main() -> None:
    """Serve the page on this machine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=7860)
    parser.add_argument("--model", action="append", default=[], help="a further model, by name")
    arguments = parser.parse_args()
    for name in arguments.model:
        network(name)
    page(arguments.model).launch(server_name="127.0.0.1", server_port=arguments.port)


if __name__ == "__main__":
    main()
