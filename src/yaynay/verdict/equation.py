"""The line itself: intercept and largest terms, with their standard errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from yaynay.models import least_squares
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.selection import is_finished

MOST_TERMS = 3
"""Terms of the line that are shown; the others are counted."""


@dataclass(frozen=True)
class Term:
    """One term of a line.

    Attributes:
        feature: Its name, or "intercept".
        coefficient: [unit of y / unit of x]
        standard_error: Of the coefficient; None where features depend on each other, or nothing is left to tell.
        size: |coefficient| x standard deviation of the feature [unit of y]; None for the intercept.
    """

    feature: str
    coefficient: float
    standard_error: float | None
    size: float | None = None


@dataclass(frozen=True)
class Equation:
    """The least-squares line on all rows.

    Attributes:
        target: What it gives.
        intercept: Its value where all features are 0.
        terms: The largest by `Term.size`, at most `MOST_TERMS`.
        n_further: Terms that are not shown.
    """

    target: str
    intercept: Term
    terms: tuple[Term, ...]
    n_further: int


def find_equation(conclusion: Conclusion) -> Equation:
    """The line of a conclusion, its largest terms first."""
    table, line = conclusion.table, conclusion.line_fit
    errors = _standard_errors(conclusion)
    x = least_squares.impute(table.x, np.arange(table.n_rows))
    exponents = np.frexp(np.max(np.abs(x), axis=0))[1]
    with np.errstate(over="ignore", invalid="ignore"):
        deviations = np.ldexp(np.std(np.ldexp(x, -exponents), axis=0), exponents)
        sizes = np.where(line.slopes == 0, 0.0, np.minimum(np.abs(line.slopes) * deviations, np.finfo(float).max))
    largest = [int(place) for place in np.argsort(-sizes, kind="stable") if line.slopes[place] != 0]
    terms = tuple(
        Term(table.features[place], float(line.slopes[place]), errors[place + 1], float(sizes[place]))
        for place in largest[:MOST_TERMS]
    )
    intercept = Term("intercept", line.intercept, errors[0])
    return Equation(table.target, intercept, terms, len(largest) - len(terms))


def _standard_errors(conclusion: Conclusion) -> Sequence[float | None]:
    """Of intercept and slopes; as the run of least squares left them, where the sweep has one."""
    for record in conclusion.records:
        if is_finished(record) and record.parsed.backend.name == "least_squares" and record.line is not None:
            return [coefficient["standard_error"] for coefficient in record.line["coefficients"]]
    errors = conclusion.line_fit.standard_errors
    return [float(error) if np.isfinite(error) else None for error in errors]
