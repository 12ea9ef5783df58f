"""Models that are sums of groups of patches."""

import numpy as np
from matplotlib.figure import Figure
from other_models import sum_of_parts
from panels import beside

from captum_submod import LiMA, SumOfPartsAttribution
from captum_submod.visualization import plot_groups


def groups() -> Figure:
    """The prediction is the sum

    The network was trained on single digits, the choice of groups on scenes with pieces of others.
    What the groups contribute sums to the logit.
    """
    sop, images, digits = sum_of_parts()
    right = np.flatnonzero((sop(images).argmax(1) == digits).numpy())
    assert len(right) > 0.6 * len(images)
    (parts,) = sop.explain(images[right[:1]])
    digit = int(digits[right[0]])
    assert abs(parts.contributions[:, digit].sum() - parts.logits[digit]) < 1e-4
    return plot_groups(parts, images[right[0]], digit, title=f"Why is it a {digit}?")


def maps() -> Figure:
    """The sum as a map, and LiMA of the same model

    `SumOfPartsAttribution` paints each patch with the contributions of its groups.
    """
    sop, images, digits = sum_of_parts()
    right = np.flatnonzero((sop(images).argmax(1) == digits).numpy())[1:2]
    given = images[right], int(digits[right])
    own = SumOfPartsAttribution(sop).attribute(given[0], target=given[1])[0, 0].detach()
    (one,) = LiMA(sop, regions=(8, 8), max_model_inputs=300).explain(
        given[0], target=given[1], perturbations_per_eval=64
    )
    assert own.shape == one.regions.shape
    return beside({"sum of parts": own, "LiMA": one.paint()}, given[0][0].expand(3, -1, -1))
