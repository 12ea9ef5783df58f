"""The loss of a deep submodular function on heatmaps, and its subgradient (SEA-NN, Eq. 1–2)."""

from dataclasses import dataclass, field

import numpy as np

from submod_core._types import AnyArray, BoolArray, FloatArray
from submod_core.sea_nn.function import DeepSubmodularFunction
from submod_core.sea_nn.maximise import Chain, grow
from submod_core.sea_nn.settings import Learning


@dataclass
class Objective:
    """The loss as a signed sum of f over points: its terms, and the coefficient of each point.

    Every term of Eq. 1 and 2 is linear in values of f where it is active. The subgradient by the
    parameters is thus one backward pass over all points, each with its coefficient.
    """

    real: FloatArray
    binary: BoolArray
    settings: Learning
    lazy: bool
    evaluations: int = 0
    _sizes: AnyArray = field(init=False)
    _places: AnyArray = field(init=False)

    def __post_init__(self) -> None:
        self._sizes, self._places = np.unique(self.binary.sum(axis=1), return_inverse=True)

    def points(self, f: DeepSubmodularFunction) -> AnyArray:
        """The points of the loss, in the order that `terms` reads them.

        All ones; the maps; the binary maps; the best set of each of their sizes; all ones but one
        important feature.
        """
        n = f.n
        parts: list[AnyArray] = [np.ones((1, n)), self.real]
        if self.settings.equation == 2 and len(self.binary):
            parts += [self.binary, self._best_sets(f)]
        if len(self.settings.important):
            parts.append(1.0 - np.eye(n)[list(self.settings.important)])
        return np.concatenate(parts)

    def _best_sets(self, f: DeepSubmodularFunction) -> AnyArray:
        # One greedy run serves all thresholds: its prefixes are the best sets of smaller sizes.
        chain = Chain(f, self.lazy)
        order = grow(chain, int(self._sizes[-1]))
        self.evaluations += chain.evaluations
        sets = np.zeros((len(self._sizes), f.n))
        for row, size in zip(sets, self._sizes, strict=True):
            row[order[:size]] = 1
        return sets

    def terms(
        self, f: DeepSubmodularFunction, values: AnyArray
    ) -> tuple[dict[str, float], AnyArray]:
        """Each term of the loss, and the coefficient of every point's value in the subgradient."""
        # `at` is the first point of a block: real maps, binary maps, best sets, important features.
        # A hinge counts a point only while it is active; f(1), point 0, collects from all terms.
        s, m = self.settings, len(self.real)
        coefficients = np.zeros(len(values))
        whole, real = values[0], values[1 : 1 + m]
        weight = s.lambda_real if s.equation == 2 else 1.0
        terms = {
            "real": float(weight * (whole - real).sum()),
            "binary": 0.0,
            "nonzero": 0.0,
            "sensitivity": 0.0,
        }
        coefficients[0], coefficients[1 : 1 + m] = weight * m, -weight
        at = 1 + m
        if s.equation == 1:
            terms["nonzero"] = float(max(0.0, 1 - whole))
            coefficients[0] -= float(whole < 1)
        elif len(self.binary):
            r, k = len(self.binary), len(self._sizes)
            gaps = s.delta + values[at + r : at + r + k][self._places] - values[at : at + r]
            active = gaps > 0
            terms["binary"] = float(s.lambda_binary * gaps[active].sum())
            coefficients[at : at + r] = -s.lambda_binary * active
            coefficients[at + r : at + r + k] = s.lambda_binary * np.bincount(
                self._places, active, minlength=k
            )
            at += r + k
        if len(s.important):
            short = s.sensitivity - (whole - values[at:])
            terms["sensitivity"] = float(s.lambda_sensitivity * short[short > 0].sum())
            coefficients[at:] = s.lambda_sensitivity * (short > 0)
            coefficients[0] -= s.lambda_sensitivity * (short > 0).sum()
        squares = sum(float((p**2).sum()) for p in (*f.weights, *f.biases))
        return {"decay": s.weight_decay / 2 * squares} | terms, coefficients
