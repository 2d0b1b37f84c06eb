"""What a source published for a configuration: figures that its run has to give."""

from typing import Annotated

from pydantic import Field

from yaynay.config.datasets import Closed
from yaynay.errors import OptionError


class Figure(Closed):
    """A published figure; a right answer is at most `within` from it."""

    value: float
    within: Annotated[float, Field(gt=0)]


class Published(Closed):
    """Figures by metric of a run on a table with one feature."""

    slope: Figure | None = None
    intercept: Figure | None = None
    cost: Figure | None = None
    prediction: Figure | None = None
    correlation: Figure | None = None

    def figures(self) -> dict[str, Figure]:
        """Those that are given, by metric."""
        return {name: figure for name in Published.model_fields if (figure := getattr(self, name)) is not None}

    def check(self, predict_at: float | None, depth: int) -> None:
        """Refuse a figure that a run does not have.

        Args:
            predict_at: Where the run predicts.
            depth: Hidden layers of the run's network; 0 for any line.

        Raises:
            OptionError: There is no prediction, or no line.
        """
        figures = self.figures()
        if "prediction" in figures and predict_at is None:
            raise OptionError(
                "option 'published.prediction': needs a value to predict at; allowed: null without one; set predict_at"
            )
        of_lines = [name for name in figures if name != "prediction"]
        if of_lines and depth:
            raise OptionError(
                f"option 'published.{of_lines[0]}': a network with model.depth={depth} has none; allowed: null, or "
                "model.depth=0; leave one of them out"
            )
