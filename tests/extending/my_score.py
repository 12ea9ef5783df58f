"""A score of your own: how unlike a subset is to what it leaves."""

from submod_core._types import FloatArray
from submod_core.scores import Answers, Need, Score


class Distinction(Score):
    """One minus the cosine of the model's features of a subset and of its complement."""

    name = "distinction"
    needs: frozenset[Need] = frozenset({"kept", "left", "features"})

    def evaluate(self, answers: Answers) -> FloatArray:
        kept, left = answers.kept.features, answers.left.features
        lengths = (kept**2).sum(1) ** 0.5 * (left**2).sum(1) ** 0.5
        return 1 - (kept * left).sum(1) / (lengths + 1e-12)
