"""Tables: functions of rows, such as scikit-learn's."""

from functools import cache

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LinearRegression

from captum_submod import LiMA, column_regions
from captum_submod.visualization import columns_html, plot_columns
from submod_core import Explanation

KINDS = ["mean {}", "{} error", "worst {}"]


@cache
def _tumour() -> tuple[np.ndarray, list[str], Explanation]:
    """A row of a table of tumours, names of ten measurements, and why it is malignant."""
    table = load_breast_cancer()
    model = GradientBoostingClassifier(n_estimators=40, max_features=5, random_state=0)
    model.fit(table.data, table.target)
    measured = [name.removeprefix("mean ") for name in table.feature_names[:10]]
    groups = {each: [kind.format(each) for kind in KINDS] for each in measured}
    labels, names = column_regions(table.feature_names.tolist(), groups)
    row = table.data[:1]
    predict = lambda rows: torch.from_numpy(model.predict_proba(rows.numpy()))
    benign = torch.from_numpy(np.median(table.data[table.target == 1], 0, keepdims=True))
    lima = LiMA(predict, activation="identity")
    given = torch.from_numpy(row), benign, 0, None, torch.from_numpy(labels), 16
    return row[0], names, lima.explain(*given)[0]


def tumour() -> Figure:
    """Why malignant?

    A measurement's mean, error and worst value come and go as one. What is removed becomes the
    median of benign tumours.
    """
    row, names, one = _tumour()
    assert one.curves.insertion[-1] > 0.9 > 0.2 > one.curves.insertion[0]
    return plot_columns(one, names, values=row, title="Why malignant?")


def tumour_page() -> str:
    """A row to touch

    `columns_html` of the same row.
    """
    row, names, one = _tumour()
    assert len(names) == 10
    return columns_html(one, names, values=row)


def diabetes() -> Figure:
    """A regression

    Of a linear model the gain of a column is known: its coefficient times its distance from the
    mean, twice, as it counts when the column joins and when it leaves.
    """
    table = load_diabetes()
    model = LinearRegression().fit(table.data, table.target)
    row, mean = table.data[3:4], table.data.mean(0, keepdims=True)
    predict = lambda rows: torch.from_numpy(model.predict(rows.numpy()))
    (one,) = LiMA(predict, activation=None).explain(
        torch.from_numpy(row), torch.from_numpy(mean), perturbations_per_eval=16
    )
    assert np.allclose(one.gains, 2 * model.coef_ * (row - mean)[0])
    return plot_columns(one, table.feature_names, values=row[0], title="Progression after a year")
