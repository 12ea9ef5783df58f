r"""The protocol of the newest published tables, on networks of one's own.

    python benchmarks/published.py --data DIR --model mobilenet_v1_025 --half even --images 30 \
        --output FILE
    python benchmarks/published.py --model torchvision:resnet101 --list FILE --photographs FOLDER

As the code released with PhaseWin (arXiv 2606.18008, Qihuai27/phasewin-va) measures:

- F is consistency + collaboration, p(image of S) + 1 − p(image without S), with softmax
  probabilities on a black baseline; confidence and effectiveness have no weight.
- Insertion and deletion are region by region over the area, by the trapezoid rule.
- The highest confidence is that of the prefixes within 30 and 50 % of the image.
- A forward is one image through the model, whatever the batch. Each subset evaluated counts 2, its
  image and the image without it, also where these were seen before; the curves along the finished
  order are not counted. Greedy search of n regions then takes n (n + 1) forwards. Guided search
  evaluates one of the two images of a subset, where that is enough, and counts 1 for it.

So the published 1,744 forwards of greedy search are neither of 49 regions (2,450) nor of a search
that ends early. They are of about 41: the released results count 81.8 forwards for the curves, 2 n,
and n (n + 1) has a mean of 1,744 where n has a mean of 40.9 and a standard deviation of 5.4.
OpenCV's SLICO, asked for 50 regions of 224 x 224 pixels, gives 48 or 49. Where OpenCV has no
superpixels the released code takes scikit-image's SLIC (n_segments=50, compactness=20); on 50
photographs of ours this gives 42.3 with a deviation of 4.9. So the published tables were most
likely made with that.

The column *images* counts what our runs really cost: each image once, the curves along the order
included, and it is what `max_model_inputs` bounds.

Regions are scikit-image's SLICO, about 49 and connected; OpenCV's with `--division opencv_slico`
(extra `opencv`). With `--list` the photographs are resized
and cropped as belongs to the weights; the released code resizes them to 224 x 224 without a crop.
"""

from typing import Any

import torch
from imagenet import arguments
from listed import check
from runs import Plan, measure, options, parsed
from tables import PUBLISHED, published

from submod_core import Explanation
from submod_core.search import Greedy, Guided, PhaseWindow, Search

SEARCHES: dict[str, Search] = {
    "greedy": Greedy(),
    "phase window": PhaseWindow(),
    "guided": Guided(),
    "guided, 900 images": Guided(),
    "guided, 500 images": Guided(),
}
BUDGETS = {"guided, 900 images": 900, "guided, 500 images": 500}
WEIGHTS = {"consistency": 1.0, "collaboration": 1.0}


def scored(
    model: Any, image: torch.Tensor, label: int, one: Explanation, search: Search, size: int
) -> tuple[float, ...]:
    """The scores `PUBLISHED` of a photograph, from the curves of its explanation."""
    curves = one.curves
    # Where the first region is larger than the area, the released code takes its confidence.
    within = [
        curves.insertion[1] if best is None else best.value
        for best in map(curves.highest_confidence, (0.3, 0.5))
    ]
    return (
        curves.insertion_auc,
        curves.deletion_auc,
        *within,
        one.evaluations * (1 if isinstance(search, Guided) else 2),
        one.model_inputs,
    )


def main() -> None:
    parser = arguments(__doc__, images=30, torchvision=True)
    plan = Plan(scored, PUBLISHED, SEARCHES, BUDGETS, WEIGHTS)
    options(parser, plan, SEARCHES)
    args = parsed(parser)
    check(args)
    scores = measure(args, plan)
    n = len(next(iter(scores.values())))
    print(f"\n{published(scores, f'{args.model}, {n} photographs, {args.regions} regions')}")


if __name__ == "__main__":
    main()
