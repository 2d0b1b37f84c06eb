"""A line with terms: its columns and its predictions, in NumPy alone.

This module goes with each saved model, so it imports nothing of yaynay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Kind = Literal["square", "log", "product", "spline"]

KINDS: tuple[Kind, ...] = ("square", "log", "product", "spline")
"""From the term that is easiest to read to the hardest; a saved formula holds their numbers."""
KNOTS = 5
"""Knots of a spline."""
_CONSTANT = 1e-12
"""A column whose standard deviation is a smaller share of its mean is constant but for rounding."""
_MARGIN = 1.0
"""So far beyond the training rows a square, product or logarithm still grows [standard deviations]."""


@dataclass(frozen=True)
class Term:
    """One term of a formula.

    Attributes:
        kind: What is made of the features.
        features: Numbers of the columns of x; two for a product.
        knots: Of a spline, ascending [unit of x].
    """

    kind: Kind
    features: tuple[int, ...]
    knots: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """How many columns it has."""
        return max(1, len(self.knots) - 2)


@dataclass(frozen=True, eq=False)
class Design:
    """Columns of a line and its terms, standardised on training rows.

    Squares, products and logarithms stop growing one standard deviation beyond the training rows, and a logarithm
    takes the smallest training value for smaller ones, so that a new row far outside gets no absurd prediction.
    Splines and the line itself go on straight.

    Attributes:
        terms: Beside the line.
        shift, spread: Mean and standard deviation of each feature, infinite for a constant one, (n_features,).
        lowest, highest: Of each feature on the training rows, (n_features,).
        mean, scale: The same two of each column, (n_columns,).
    """

    terms: tuple[Term, ...]
    shift: Floats
    spread: Floats
    lowest: Floats
    highest: Floats
    mean: Floats
    scale: Floats

    @classmethod
    def of(cls, x: Floats, terms: Sequence[Term]) -> "Design":
        """The design of some terms for training rows x, finite, (n_rows, n_features)."""
        shift, spread = standardise(x)
        start = cls(tuple(terms), shift, spread, x.min(axis=0), x.max(axis=0), np.zeros(0), np.ones(0))
        mean, scale = standardise(start._raw_columns(x))
        return replace(start, mean=mean, scale=scale)

    @property
    def n_line(self) -> int:
        """Columns of the line, intercept included."""
        return 1 + len(self.shift)

    @property
    def of_term(self) -> list[NDArray[np.intp]]:
        """Numbers of each term's columns."""
        ends = accumulate((term.width for term in self.terms), initial=self.n_line)
        return [np.arange(*pair) for pair in pairwise(ends)]

    def columns(self, x: Floats) -> Floats:
        """Intercept, features and terms for rows x (n_rows, n_features), (n_rows, 1 + n_columns)."""
        return np.column_stack([np.ones(len(x)), (self._raw_columns(x) - self.mean) / self.scale])

    def _raw_columns(self, x: Floats) -> Floats:
        z = (x - self.shift) / self.spread
        low, high = ((end - self.shift) / self.spread for end in (self.lowest, self.highest))
        bounded = np.clip(z, low - _MARGIN, high + _MARGIN)
        return np.column_stack([z, *(self._term_columns(term, x, bounded) for term in self.terms)])

    def _term_columns(self, term: Term, x: Floats, bounded: Floats) -> Floats:
        first = term.features[0]
        if term.kind == "spline":
            return natural_spline(x[:, first], np.array(term.knots))
        if term.kind == "log":
            highest = self.highest[first] + _MARGIN * self.spread[first]
            return np.log(np.clip(x[:, first], self.lowest[first], highest))
        return bounded[:, first] * bounded[:, term.features[-1]]


@dataclass(frozen=True, eq=False)
class Formula:
    """A fitted line with terms.

    Attributes:
        design: Its columns.
        weights: Of each column, the intercept's first, (1 + n_columns,) [unit of y, or of its logarithm].
        log: Of a model of the target's logarithm: what its exponential is multiplied by (Duan 1983), and the lowest
            and highest logarithm that it predicts; None for a model of the target.
    """

    design: Design
    weights: Floats
    log: tuple[float, float, float] | None = None

    @property
    def terms(self) -> tuple[Term, ...]:
        """Those that were chosen, in the order in which they were taken."""
        return self.design.terms

    def predict(self, x: Floats) -> Floats:
        """Predictions for x, finite, (n_rows, n_features), (n_rows,) [unit of y]."""
        linear = self.design.columns(x) @ self.weights
        if self.log is None:
            return linear
        smear, low, high = self.log
        return np.exp(np.clip(linear, low, high)) * smear

    def arrays(self) -> dict[str, NDArray]:
        """All of it, as a record keeps it; `of` takes it back."""
        design = self.design
        knots = np.full((len(self.terms), KNOTS), np.nan)
        for row, term in zip(knots, self.terms, strict=True):
            row[: len(term.knots)] = term.knots
        pairs = [(term.features[0], term.features[-1]) for term in self.terms]
        parts = {
            "weights": self.weights,
            "log": np.array(self.log or ()),
            "kinds": np.array([KINDS.index(term.kind) for term in self.terms], dtype=np.int64),
            "features": np.array(pairs, dtype=np.int64).reshape(-1, 2),
            "knots": knots,
            **{name: getattr(design, name) for name in _OF_DESIGN},
        }
        return {_OURS + name: array for name, array in parts.items()}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray]) -> "Formula":
        """What `arrays` gave, among others."""
        parts = {name.removeprefix(_OURS): array for name, array in arrays.items() if name.startswith(_OURS)}
        terms = []
        for number, (first, last), knots in zip(parts["kinds"], parts["features"], parts["knots"], strict=True):
            kind = KINDS[number]
            features = (int(first), int(last)) if kind == "product" else (int(first),)
            terms.append(Term(kind, features, tuple(knots[~np.isnan(knots)].tolist())))
        design = Design(tuple(terms), **{name: parts[name] for name in _OF_DESIGN})
        log = parts["log"].tolist()
        return cls(design, parts["weights"], (log[0], log[1], log[2]) if log else None)


_OURS = "formula."
"""Before the names of a formula's arrays."""
_OF_DESIGN = ("shift", "spread", "lowest", "highest", "mean", "scale")


def standardise(columns: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of columns (n_rows, n_columns) in any unit; infinite for a constant one.

    Example:
        >>> [values.tolist() for values in standardise(np.array([[1e300, 5.0], [3e300, 5.0]]))]
        [[2e+300, 5.0], [1e+300, inf]]
    """
    exponents = np.frexp(np.max(np.abs(columns), axis=0))[1]
    scaled = np.ldexp(columns, -exponents)
    mean, deviation = scaled.mean(axis=0), scaled.std(axis=0)
    deviation = np.where(deviation > _CONSTANT * np.abs(mean), np.ldexp(deviation, exponents), np.inf)
    return np.ldexp(mean, exponents), deviation


def natural_spline(x: Floats, knots: Floats) -> Floats:
    """What a natural cubic spline adds to a straight line; it is straight beyond the outer knots.

    Args:
        x: One feature, (n_rows,).
        knots: Ascending, (n_knots,) [unit of x].

    Returns:
        For each inner knot the spline that is 1 there and 0 at all other knots, (n_rows, n_knots - 2).

    Example:
        >>> natural_spline(np.array([-1.0, 0.0, 1.0, 3.0]), np.array([0.0, 1.0, 2.0])).round(2).tolist()
        [[-1.5], [0.0], [1.0], [-1.5]]
    """
    width = knots[-1] - knots[0]
    places, u = (knots - knots[0]) / width, (x - knots[0]) / width
    gaps = np.diff(places)
    values = np.eye(len(knots))[:, 1:-1]
    bends = np.zeros_like(values)  # second derivatives at the knots
    system = np.diag((gaps[:-1] + gaps[1:]) / 3) + np.diag(gaps[1:-1] / 6, 1) + np.diag(gaps[1:-1] / 6, -1)
    bends[1:-1] = np.linalg.solve(system, np.diff(np.diff(values, axis=0) / gaps[:, None], axis=0))
    inside = np.clip(u, 0, 1)
    left = np.clip(np.searchsorted(places, inside, side="right") - 1, 0, len(gaps) - 1)
    gap = gaps[left][:, None]
    to_right, to_left = (places[left + 1] - inside)[:, None] / gap, (inside - places[left])[:, None] / gap
    bent = (to_right**3 - to_right) * bends[left] + (to_left**3 - to_left) * bends[left + 1]
    slope = (values[left + 1] - values[left]) / gap
    slope += gap / 6 * ((3 * to_left**2 - 1) * bends[left + 1] - (3 * to_right**2 - 1) * bends[left])
    return to_right * values[left] + to_left * values[left + 1] + gap**2 / 6 * bent + (u - inside)[:, None] * slope
