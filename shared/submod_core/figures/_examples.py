"""Fixed examples whose explanations are logged while a model is trained, in any host."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from submod_core._checks import check_callable, check_count, check_sized, check_type
from submod_core.figures.loggers import FigureLogger
from submod_core.results import Explanation
from submod_core.sop.checkpoint import random_state, restore_random_state

OPTIONS = {
    "logged": """\
method : callable
    Makes the method from the model in training: a class such as `LiMA` or `SMDL`, or
    ``functools.partial(LiMA, regions=(4, 4), max_model_inputs=400)``. It is asked for
    {explained}.
every_n_epochs : int
    Explain after each so many epochs.
name : str
    Figures are named ``name/0``, ``name/1``, … by their example.
pictures : sequence, optional
    Picture of each example, for `plot`; by default the inputs themselves. Needed where inputs
    are no images, or are normalised and should be shown as they were.
titles : sequence of str, optional
    Title of each example; the epoch is added to it.
plot : callable
    Draws a figure: ``plot(explanation, picture, title=…)``, such as `plot_explanation`."""
}
"""Documentation of the options that the callbacks of all hosts share."""


@dataclass(frozen=True)
class LoggedExamples:
    """Options of a training callback that logs explanations; each is checked by name.

    Attributes
    ----------
    n : int
        Number of examples.
    every_n_epochs, name, pictures, titles, plot
        As the callbacks' own.
    """

    n: int
    every_n_epochs: int
    name: str
    pictures: Any
    titles: Sequence[str] | None
    plot: Callable[..., Figure]

    def __post_init__(self) -> None:
        check_count("every_n_epochs", self.every_n_epochs)
        check_type("name", self.name, str, "a string")
        if not self.name:
            raise ValueError("`name` (='') must not be empty")
        check_callable("plot", self.plot)
        for option in ("pictures", "titles"):
            given = getattr(self, option)
            if given is None:
                continue
            check_sized(option, given)
            if len(given) != self.n:
                raise ValueError(
                    f"`{option}` (of length {len(given)}) must have one for each of the {self.n} "
                    "examples"
                )
        for title in self.titles or ():
            check_type("titles", title, str, "a sequence of strings")

    def due(self, epoch: int) -> bool:
        """Whether explanations are logged at the end of an epoch, counted from 0."""
        return (epoch + 1) % self.every_n_epochs == 0

    def log(
        self,
        explanations: Sequence[Explanation],
        epoch: int,
        step: int,
        loggers: Sequence[FigureLogger],
    ) -> None:
        """Draw each explanation once, and log it to each place."""
        for i, (explanation, picture) in enumerate(zip(explanations, self.pictures, strict=True)):
            said = self.titles[i] if self.titles is not None else f"example {i}"
            figure = self.plot(explanation, picture, title=f"{said}, epoch {epoch + 1}")
            for logger in loggers:
                logger(f"{self.name}/{i}", figure, step)


@contextmanager
def same_random_numbers() -> Iterator[None]:
    """Put the global generators of Python and NumPy back as they were."""
    before = random_state()
    try:
        yield
    finally:
        restore_random_state(before)
