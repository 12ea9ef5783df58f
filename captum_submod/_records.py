"""Captum's record of an explained text, for `captum.attr.visualization.visualize_text`."""

import html
from collections.abc import Sequence

import torch
from captum.attr import visualization

from submod_core._checks import check_number, is_whole
from submod_core.figures._runs import STAYS, runs_of
from submod_core.results import Explanation


def text_record(
    explanation: Explanation,
    pieces: Sequence[str],
    *,
    target: int | str,
    predicted: int | str,
    probability: float,
    truth: int | str | None = None,
) -> visualization.VisualizationDataRecord:
    """Record of an explained text for Captum's `visualize_text`.

    Words are the regions with their gains, as shares of the largest: green for the target, red
    against it, in Captum's colours. Their sum is the attribution score: by how much consistency and
    collaboration rise from no region to all.

    Parameters
    ----------
    explanation : Explanation
        Of one text; its regions are a label map (T,).
    pieces : sequence of str, T
        As in `plot_text`.
    target : int or str
        The class that was explained.
    predicted : int or str
        The class that the model predicts.
    probability : float
        The predicted probability.
    truth : int or str, optional
        The class of the text, where it is known.

    Returns
    -------
    captum.attr.visualization.VisualizationDataRecord
        With the text escaped: Captum writes it into HTML as it is.

    Raises
    ------
    TypeError, ValueError
        If the explanation is not of one text, or an argument is of the wrong type.

    Examples
    --------
    >>> import numpy as np
    >>> from submod_core import Curves
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.8]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(np.array([0, 1]), order, order / 1.0, curves, searched, 3, 4)
    >>> record = text_record(one, ["a", " film"], target=1, predicted=1, probability=0.8)
    >>> record.raw_input_ids, round(record.attr_score, 3)
    (['a', 'film'], 0.8)
    """
    check_number("probability", probability)
    for name, value in (("target", target), ("predicted", predicted), ("truth", truth)):
        known = isinstance(value, str) or is_whole(value)
        if not known and not (name == "truth" and value is None):
            raise TypeError(f"`{name}` (={value!r}) must be a class, as a number or a name")
    runs = [run for run in runs_of(explanation, pieces) if run.region != STAYS or run.text.strip()]
    gains = torch.from_numpy(explanation.gains)
    shares = gains / max(float(gains.abs().max()), 1e-12)
    return visualization.VisualizationDataRecord(
        word_attributions=torch.stack(
            [shares.new_zeros(()) if run.region == STAYS else shares[run.region] for run in runs]
        ),
        pred_prob=float(probability),
        pred_class=predicted,
        true_class="" if truth is None else truth,
        attr_class=target,
        attr_score=float(gains.sum()),
        raw_input_ids=[html.escape(run.text) for run in runs],
        convergence_score=0.0,  # gains sum to what they share out, by their definition
    )
