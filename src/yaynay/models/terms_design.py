"""The terms that may join a line: squares, logarithms, natural cubic splines and products of features."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

Floats = NDArray[np.float64]

KNOTS = 4
"""Knots of a spline, at quantiles of the training rows: near the ends, and two between."""
MOST_PRODUCTS = 60
"""Pairs that are tried as products: those that go best with what the line leaves."""
_CONSTANT = 1e-12
"""A column whose standard deviation is a smaller share of its mean is constant but for rounding."""
_FEWEST_VALUES = 6
"""A feature with fewer values has no curve to speak of."""


@dataclass(frozen=True)
class Term:
    """One term of the formula.

    Attributes:
        kind: What is made of the features.
        features: Numbers of the columns of x; two for a product.
        knots: Of a spline [standard deviations from the feature's mean].
    """

    kind: Literal["square", "log", "spline", "product"]
    features: tuple[int, ...]
    knots: tuple[float, ...] = ()

    def columns(self, x: Floats, z: Floats, floor: Floats) -> Floats:
        """The term's columns, (n_rows, n_columns); with the line's they span the same as those of x itself.

        Args:
            x: Features, finite, (n_rows, n_features).
            z: The same, less the training rows' mean, in their standard deviations.
            floor: Smallest training value of each feature, which a logarithm takes for smaller ones, (n_features,).
        """
        first = self.features[0]
        if self.kind == "square":
            return (z[:, first] ** 2)[:, None]
        if self.kind == "log":
            return np.log(np.maximum(x[:, first], floor[first]))[:, None]
        if self.kind == "product":
            return (z[:, first] * z[:, self.features[1]])[:, None]
        return natural_spline(z[:, first], np.array(self.knots))

    def formula(self, names: Sequence[str]) -> str:
        """As code: "age^2", "log(age)", "spline(age, 4)", "area:rooms"."""
        first = names[self.features[0]]
        shown = {"square": f"{first}^2", "log": f"log({first})", "spline": f"spline({first}, {len(self.knots)})"}
        return shown.get(self.kind) or f"{first}:{names[self.features[-1]]}"


def natural_spline(column: Floats, knots: Floats) -> Floats:
    """What a natural cubic spline adds to a straight line, (n_rows, n_knots - 2); straight beyond the outer knots.

    Example:
        >>> natural_spline(np.array([-1.0, 0.0, 1.0, 3.0]), np.array([0.0, 1.0, 2.0])).round(2).tolist()
        [[-1.5], [0.0], [1.0], [-1.5]]
    """
    inside = np.clip(column, knots[0], knots[-1])
    basis = CubicSpline(knots, np.eye(len(knots))[:, 1:-1], bc_type="natural")
    return basis(inside) + (column - inside)[:, None] * basis(inside, 1)


@dataclass(frozen=True, eq=False)
class Design:
    """Columns of the line and of its terms, standardised on the training rows.

    Attributes:
        terms: Candidates, or those that were chosen.
        mean, scale: Of each column, (n_columns,); the scale of a constant one is infinite, so that it is 0.
        shift, spread: Mean and standard deviation of each feature, (n_features,).
        floor: Smallest training value of each feature, (n_features,).
        of_term: Numbers of each term's columns, counted with the intercept's.
    """

    terms: tuple[Term, ...]
    shift: Floats
    spread: Floats
    floor: Floats
    mean: Floats
    scale: Floats
    of_term: tuple[NDArray[np.intp], ...]

    @classmethod
    def make(cls, x: Floats, residuals: Floats) -> "Design":
        """The design of all candidates for training rows x (n_rows, n_features), given what the line leaves."""
        return cls.of(x, find_candidates(x, residuals))

    @classmethod
    def of(cls, x: Floats, terms: Sequence[Term]) -> "Design":
        """The design of these terms for training rows x (n_rows, n_features)."""
        shift, spread, floor = x.mean(axis=0), x.std(axis=0), x.min(axis=0)
        spread = np.where(spread > _CONSTANT * np.abs(shift), spread, np.inf)
        parts = _parts(x, terms, shift, spread, floor)
        columns = np.column_stack(parts)
        ends = np.cumsum([part.shape[1] for part in parts])
        mean, scale = columns.mean(axis=0), columns.std(axis=0)
        of_term = tuple(1 + np.arange(start, end) for start, end in pairwise(ends))
        scale = np.where(scale > _CONSTANT * np.abs(mean), scale, np.inf)
        return cls(tuple(terms), shift, spread, floor, mean, scale, of_term)

    @property
    def n_line(self) -> int:
        """Columns of the line, intercept included."""
        return 1 + len(self.floor)

    def columns(self, x: Floats) -> Floats:
        """Intercept, features and terms for rows x, (n_rows, 1 + n_columns)."""
        parts = _parts(x, self.terms, self.shift, self.spread, self.floor)
        return np.column_stack([np.ones(len(x)), (np.column_stack(parts) - self.mean) / self.scale])


def _parts(x: Floats, terms: Sequence[Term], shift: Floats, spread: Floats, floor: Floats) -> list[Floats]:
    z = (x - shift) / spread
    return [z, *(term.columns(x, z, floor) for term in terms)]


def find_candidates(x: Floats, residuals: Floats) -> list[Term]:
    """Terms to try on training rows.

    Args:
        x: Features, (n_rows, n_features).
        residuals: What the line leaves, which says which of many pairs are tried, (n_rows,).
    """
    shift, spread = x.mean(axis=0), x.std(axis=0)
    z = (x - shift) / np.where(spread > _CONSTANT * np.abs(shift), spread, np.inf)
    found: list[Term] = []
    for feature in range(x.shape[1]):
        if len(np.unique(x[:, feature])) < _FEWEST_VALUES:
            continue
        found.append(Term("square", (feature,)))
        low, high = x[:, feature].min(), x[:, feature].max()
        if low > 0 and high > 2 * low:
            found.append(Term("log", (feature,)))
        knots = np.unique(np.quantile(z[:, feature], np.linspace(0.05, 0.95, KNOTS)))
        if len(knots) == KNOTS:
            found.append(Term("spline", (feature,), tuple(knots.tolist())))
    pairs = list(combinations(np.flatnonzero(z.any(axis=0)).tolist(), 2))
    if len(pairs) > MOST_PRODUCTS:
        strength = np.abs((z * residuals[:, None]).T @ z)
        pairs = sorted(sorted(pairs, key=lambda pair: -strength[pair])[:MOST_PRODUCTS])
    return found + [Term("product", pair) for pair in pairs]
