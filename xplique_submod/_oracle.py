"""TensorFlow oracle: answers queries about a batch of examples by a reader of the model."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from submod_core.engine import Responses
from xplique_submod._inputs import Batch
from xplique_submod._memory import memory_errors
from xplique_submod._reader import Reader


@dataclass(frozen=True)
class TensorFlowOracle:
    """Oracle of a batch of examples for `submod_core.engine.drive`."""

    reader: Reader
    batch: Batch

    def __call__(self, examples: np.ndarray, keep: np.ndarray, features: bool) -> Responses:
        """Answer as `submod_core.Oracle` documents."""
        with memory_errors():
            batch = self.reader.fitted(self.batch, len(examples))
            answers = self.reader.read(batch, examples, keep, features)
            score, confidence, suspicion, vectors = answers
            if features and self.reader.readout.features is not None:
                vectors = self.reader.features(batch, examples, keep)
        if suspicion is not None:
            self.reader.readout.check_probabilities(*suspicion.numpy().tolist())
        scalars = [score, confidence] if len(confidence.shape) else [score]
        for numbers in scalars:
            _check_rows(numbers, len(examples))
        target, *certainty = (numbers.numpy().astype(np.float64) for numbers in scalars)
        given = features and len(vectors) == len(examples) and not self.reader.reads_value
        if given:
            self.reader.check_length(vectors.shape[1])
        return Responses(
            target, certainty[0] if certainty else None, vectors.numpy() if given else None
        )

    def truths(self) -> list[int]:
        """The class that each example's targets name."""
        rows = self.reader.fitted(self.batch, 1).targets.numpy()
        one_hot = np.isin(rows, (0, 1)).all(axis=1) & (rows.sum(axis=1) == 1)
        if not one_hot.all():
            raise ValueError(
                f"`targets` must be one-hot, the true class of each example; the rows "
                f"{np.flatnonzero(~one_hot)[:8].tolist()} are not"
            )
        truths: list[int] = rows.argmax(-1).tolist()
        return truths

    def class_probabilities(self, example: int, keep: np.ndarray) -> np.ndarray:
        """Probabilities of all classes (C,) of an example with some regions (n,) kept.

        Raises
        ------
        ValueError
            If the model's one output is the probability of no class.
        """
        batch = self.reader.fitted(self.batch, 1)
        rows = self.reader.class_probabilities(batch, np.array([example]), keep[None])
        if rows.shape[1] < 2:
            raise ValueError(
                "`method` reads one value per example, and a mistake needs classes: with one "
                "output give it activation='sigmoid' for a logit, 'identity' for a probability"
            )
        probabilities: np.ndarray = rows[0]
        return probabilities


def _check_rows(numbers: tf.Tensor, n_rows: int) -> None:
    if tuple(numbers.shape) != (n_rows,):
        raise ValueError(
            "the model, by its `operator` if it has one, gave values of shape "
            f"{tuple(numbers.shape)} for {n_rows} inputs; there must be one for each"
        )
