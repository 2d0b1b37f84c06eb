"""Worked examples: what their runs gave, beside the figures that a source published for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from yaynay.config.published import Published
from yaynay.config.schema import CLOSED_FORMS, Backend
from yaynay.errors import DataError
from yaynay.models import fitting
from yaynay.models.backends.base import MODULES
from yaynay.records.store import Sweep
from yaynay.verdict.model import AsJson

BACKENDS = (*MODULES, *CLOSED_FORMS)
"""In the order of the columns."""
UNFINISHED = "unfinished"
"""Stands for the backend of a run that has not ended: only its record would say."""


@dataclass(frozen=True)
class Answer(AsJson):
    """One figure of one run.

    Attributes:
        example: The table.
        backend: What the run was trained with, or `UNFINISHED`.
        quantity: The metric.
        published, within: The figure, and how far a right answer may be from it.
        ours: What the run gave; None where it has no such figure.
        least_squares: The same figure of least squares on the same rows; None where no line has it, or the run has not
            ended.
        is_right: Whether ours is the published figure.
    """

    example: str
    backend: str
    quantity: str
    published: float
    within: float
    ours: float | None
    least_squares: float | None
    is_right: bool

    @property
    def differs_from_least_squares(self) -> bool:
        """Whether the published figure is not that of least squares: the source's fit had not converged."""
        return self.least_squares is not None and abs(self.published - self.least_squares) > self.within

    @property
    def mistake(self) -> str | None:
        """What is wrong, in a sentence; None for a right answer."""
        if self.is_right:
            return None
        ours = f"missing, for {self._why_missing()}" if self.ours is None else f"{self.ours:.10g}"
        way_out = "correct the configuration, or what is published for it"
        if self.backend == UNFINISHED:
            way_out = "run the same command again, which resumes it"
        return (
            f"{self.example}, {self.backend}: {self.quantity} is {ours}; published: {self.published:.10g}, within "
            f"{self.within:g}; {way_out}"
        )

    def _why_missing(self) -> str:
        if self.backend == UNFINISHED:
            return "the run has not ended"
        if self.least_squares is not None:
            return "the run has no scores"
        if self.quantity == "correlation":
            return "this table does not have one feature that varies"
        return f"no line on this table has a {self.quantity}"


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
    """Hold the runs of a sweep against what was published for them; one that has not ended gave nothing.

    The figures are the sweep's and not its records': a record is used again when another figure is published.

    Raises:
        DataError: The sweep or a record is damaged.
    """
    table, plan = sweep.data()
    by_key = _published(sweep)
    ended = [record for record in map(sweep.store.read_ended_scores, by_key) if record is not None]
    answers: list[Answer] = []
    lines: dict[str, dict[str, float]] = {}
    exact: dict[str, float] = {}
    for record in sorted(ended, key=lambda record: BACKENDS.index(record.parsed.backend.name)):
        backend, configuration = record.parsed.backend, record.parsed
        least_squares = configuration.model_copy(update={"backend": Backend(name="least_squares")})
        exact = fitting.fit([least_squares], table, plan)[0].scores
        if "slope" in record.scores:
            lines.setdefault(backend.name, record.scores)
        answers += _answer(sweep.table_name, backend.name, by_key.pop(record.key), record.scores, exact)
    for published in by_key.values():
        answers += _answer(sweep.table_name, UNFINISHED, published, {}, {})
    return Answers(sweep, tuple(answers), lines, exact)


def _answer(
    example: str, backend: str, published: Published, scores: Mapping[str, float], exact: Mapping[str, float]
) -> Iterator[Answer]:
    """The answers of one run, from its scores and those of least squares."""
    for quantity, figure in published.figures().items():
        ours = scores.get(quantity)
        yield Answer(
            example=example,
            backend=backend,
            quantity=quantity,
            published=figure.value,
            within=figure.within,
            ours=ours,
            least_squares=exact.get(quantity),
            is_right=ours is not None and abs(ours - figure.value) <= figure.within,
        )


def _published(sweep: Sweep) -> dict[str, Published]:
    """What was published for runs of a sweep, by record key, in the order of its runs."""
    try:
        published = {key: Published.model_validate(figures) for key, figures in sweep.about["published"].items()}
    except (ValidationError, AttributeError) as error:
        raise DataError(f"{sweep.path}: published figures are not valid; remove it, and train again") from error
    return {key: published[key] for key in sweep.about["runs"] if key in published}
