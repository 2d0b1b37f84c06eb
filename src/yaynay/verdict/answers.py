"""Worked examples: what their runs gave, beside the figures that a source published for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from yaynay.config.published import Published
from yaynay.config.schema import Backend
from yaynay.errors import DataError
from yaynay.models import fitting
from yaynay.models.backends.base import MODULES
from yaynay.records.record import Record
from yaynay.records.store import Sweep
from yaynay.verdict.model import AsJson

BACKENDS = (*MODULES, "least_squares")
"""In the order of the columns."""


@dataclass(frozen=True)
class Answer(AsJson):
    """One figure of one run.

    Attributes:
        example: The table.
        backend: What the run was trained with.
        quantity: The metric.
        published, within: The figure, and how far a right answer may be from it.
        ours: What the run gave; None where it has no scores.
        least_squares: The same figure of least squares on the same rows.
        is_right: Whether ours is the published figure.
    """

    example: str
    backend: str
    quantity: str
    published: float
    within: float
    ours: float | None
    least_squares: float
    is_right: bool

    @property
    def differs_from_least_squares(self) -> bool:
        """Whether the published figure is not that of least squares: the source's fit had not converged."""
        return abs(self.published - self.least_squares) > self.within

    @property
    def mistake(self) -> str | None:
        """What is wrong, in a sentence; None for a right answer."""
        if self.is_right:
            return None
        ours = "missing, for the run has no scores" if self.ours is None else f"{self.ours:.10g}"
        return (
            f"{self.example}, {self.backend}: {self.quantity} is {ours}; published: {self.published:.10g}, within "
            f"{self.within:g}; correct the configuration, or what is published for it"
        )


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers of one sweep, and what its picture shows.

    Attributes:
        sweep: The sweep.
        answers: By backend in the order of the registry, then by quantity.
        lines: Scores of the finished runs that are lines on one feature, by backend.
        least_squares: Scores of least squares on the same table.
    """

    sweep: Sweep
    answers: tuple[Answer, ...]
    lines: dict[str, dict[str, float]]
    least_squares: dict[str, float]

    @property
    def mistakes(self) -> list[str]:
        """One sentence for each wrong answer."""
        return [mistake for answer in self.answers if (mistake := answer.mistake) is not None]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"answers": [answer.as_json() for answer in self.answers]}


def is_worked(sweep: Sweep) -> bool:
    """Whether figures were published for runs of a sweep: it has answers instead of a verdict."""
    return bool(sweep.about.get("published"))


def find_answers(sweep: Sweep) -> Answers:
    """Hold the runs of a sweep that have ended against what was published for them.

    The figures are the sweep's and not its records': a record is used again when another figure is published.

    Raises:
        DataError: The sweep or a record is damaged.
    """
    table, plan = sweep.data()
    runs = sorted(_runs(sweep), key=lambda run: BACKENDS.index(run[0].parsed.backend.name))
    answers: list[Answer] = []
    lines: dict[str, dict[str, float]] = {}
    exact: dict[str, float] = {}
    for record, published in runs:
        backend, configuration = record.parsed.backend, record.parsed
        least_squares = configuration.model_copy(update={"backend": Backend(name="least_squares")})
        exact = fitting.fit([least_squares], table, plan)[0].scores
        if "slope" in record.scores:
            lines.setdefault(backend.name, record.scores)
        for quantity, figure in published.figures().items():
            ours = record.scores.get(quantity)
            answers.append(
                Answer(
                    example=sweep.table_name,
                    backend=backend.name,
                    quantity=quantity,
                    published=figure.value,
                    within=figure.within,
                    ours=ours,
                    least_squares=exact[quantity],
                    is_right=ours is not None and abs(ours - figure.value) <= figure.within,
                )
            )
    return Answers(sweep, tuple(answers), lines, exact)


def _runs(sweep: Sweep) -> Iterator[tuple[Record, Published]]:
    """Runs that have ended and have published figures."""
    store = sweep.store
    try:
        published = {key: Published.model_validate(figures) for key, figures in sweep.about["published"].items()}
    except (ValidationError, AttributeError) as error:
        raise DataError(f"{sweep.path}: published figures are not valid; remove it, and train again") from error
    for key in sweep.about["runs"]:
        record = store.read_scores(key) if store.has(key) else store.read_ended(key)
        if record is not None and key in published:
            yield record, published[key]
