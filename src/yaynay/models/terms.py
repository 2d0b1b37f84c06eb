"""`backend=terms`: the line with a few terms that a person can read, chosen forward and fitted in closed form.

A term is a square, a logarithm or a natural cubic spline of one feature, or the product of two. Every step tries all
candidates on the inner folds and takes the best if it lowers the held-out error by more than the best of so many
useless ones would. The candidates share one Gram matrix per fold, so a step is a batch of small linear systems.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

Floats = NDArray[np.float64]

KNOTS = 4
"""Knots of a spline, at quantiles of the training rows: near the ends, and two between."""
MOST_TERMS = 5
"""A formula with more is no longer read."""
MOST_PRODUCTS = 60
"""Pairs that are tried as products: those that go best with what the line leaves."""
PENALTIES = (0.01, 1.0, 10.0, 100.0)
"""Shrinkage of the terms: as so many rows that say that a term of unit variance has no effect."""
_FEWEST_VALUES = 6
"""A feature with fewer values has no curve to speak of."""
_ROWS_PER_TERM = 10
_JITTER = 1e-9


@dataclass(frozen=True)
class Term:
    """One term of the formula.

    Attributes:
        kind: What is made of the features.
        features: Numbers of the columns of x; two for a product.
        knots: Of a spline [unit of x].
    """

    kind: Literal["square", "log", "spline", "product"]
    features: tuple[int, ...]
    knots: tuple[float, ...] = ()

    def columns(self, x: Floats, floor: Floats) -> Floats:
        """The term's columns for rows x, (n_rows, n_columns).

        Args:
            x: Features, finite, (n_rows, n_features).
            floor: Smallest training value of each feature, which a logarithm takes for smaller ones, (n_features,).
        """
        column = x[:, self.features[0]]
        if self.kind == "square":
            return (column**2)[:, None]
        if self.kind == "log":
            return np.log(np.maximum(column, floor[self.features[0]]))[:, None]
        if self.kind == "product":
            return (column * x[:, self.features[1]])[:, None]
        return natural_spline(column, np.array(self.knots))

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
    """Columns of the line and of every candidate, standardised on the training rows.

    Attributes:
        terms: Candidates.
        mean, scale: Of each column, (n_columns,).
        shift, spread: Of each feature, in whose units terms are made, (n_features,).
        floor: Smallest training value of each feature, in those units.
        of_term: Numbers of each candidate's columns.
    """

    terms: tuple[Term, ...]
    mean: Floats
    scale: Floats
    floor: Floats
    of_term: tuple[NDArray[np.intp], ...]

    @classmethod
    def make(cls, x: Floats, residuals: Floats) -> "Design":
        """Candidates for training rows x (n_rows, n_features), given what the line leaves (n_rows,)."""
        terms = tuple(_candidates(x, residuals))
        floor = x.min(axis=0)
        parts = [x, *(term.columns(x, floor) for term in terms)]
        columns = np.column_stack(parts)
        ends = np.cumsum([part.shape[1] for part in parts])
        mean, scale = columns.mean(axis=0), columns.std(axis=0)
        scale = np.where(scale > 1e-12 * np.maximum(np.abs(mean), 1e-300), scale, np.inf)
        of_term = tuple(1 + np.arange(start, end) for start, end in zip(ends[:-1], ends[1:], strict=True))
        return cls(terms, mean, scale, floor, of_term)

    def columns(self, x: Floats) -> Floats:
        """Intercept, features and candidates for rows x, (n_rows, 1 + n_columns)."""
        parts = [x, *(term.columns(x, self.floor) for term in self.terms)]
        return np.column_stack([np.ones(len(x)), (np.column_stack(parts) - self.mean) / self.scale])


def _candidates(x: Floats, residuals: Floats) -> list[Term]:
    terms: list[Term] = []
    bent = [feature for feature in range(x.shape[1]) if len(np.unique(x[:, feature])) >= _FEWEST_VALUES]
    for feature in bent:
        column = x[:, feature]
        terms.append(Term("square", (feature,)))
        if column.min() > 0 and column.max() / column.min() > 2:
            terms.append(Term("log", (feature,)))
        knots = np.unique(np.quantile(column, np.linspace(0.05, 0.95, KNOTS)))
        if len(knots) == KNOTS:
            terms.append(Term("spline", (feature,), tuple(knots.tolist())))
    z = (x - x.mean(axis=0)) / np.where((sd := x.std(axis=0)) > 0, sd, 1)
    pairs = list(combinations(range(x.shape[1]), 2))
    if len(pairs) > MOST_PRODUCTS:
        strength = np.abs((z * residuals[:, None]).T @ z)
        pairs = sorted(pairs, key=lambda pair: -strength[pair])[:MOST_PRODUCTS]
    return terms + [Term("product", pair) for pair in sorted(pairs)]


@dataclass(frozen=True, eq=False)
class Chosen:
    """Terms that were chosen, and what they give on held-out rows.

    Attributes:
        terms: Numbers of the design's terms in the order in which they were taken.
        penalty: Of `PENALTIES`.
        held_out: Predictions of rows that their inner fold held out, (n_rows,).
    """

    terms: tuple[int, ...]
    penalty: float
    held_out: Floats


def choose(columns: Floats, y: Floats, inner: NDArray[np.integer], design: Design) -> Chosen:
    """Take terms one by one while the held-out error falls by more than chance.

    Args:
        columns: Of `Design.columns`, for the training rows, (n_rows, n_columns).
        y: Target, (n_rows,).
        inner: Inner fold of each row, (n_rows,).
        design: Where the columns come from.
    """
    folds = [np.flatnonzero(inner == fold) for fold in range(int(inner.max()) + 1)]
    grams = [columns[rows].T @ columns[rows] for rows in folds]
    moments = [columns[rows].T @ y[rows] for rows in folds]
    gram, moment = sum(grams), sum(moments)
    n_line = 1 + columns.shape[1] - 1 - sum(map(len, design.of_term))
    active = np.arange(n_line)

    def predict(active: NDArray[np.intp], penalty: float) -> Floats:
        held_out = np.empty(len(y))
        for rows, own_gram, own_moment in zip(folds, grams, moments, strict=True):
            weights = _solve(gram - own_gram, moment - own_moment, active[None], n_line, penalty)[0]
            held_out[rows] = columns[np.ix_(rows, active)] @ weights
        return held_out

    taken: list[int] = []
    penalty, held_out = PENALTIES[0], predict(active, PENALTIES[0])
    most = min(MOST_TERMS, len(y) // _ROWS_PER_TERM)
    while len(taken) < most and len(taken) < len(design.terms):
        left = [term for term in range(len(design.terms)) if term not in taken]
        best = (math.inf, left[0], PENALTIES[0])
        for width in sorted({len(design.of_term[term]) for term in left}):
            same = [term for term in left if len(design.of_term[term]) == width]
            index = np.array([np.concatenate([active, design.of_term[term]]) for term in same])
            for strength in PENALTIES:
                errors = np.zeros(len(same))
                for own_gram, own_moment in zip(grams, moments, strict=True):
                    weights = _solve(gram - own_gram, moment - own_moment, index, n_line, strength)
                    part = own_gram[index[:, :, None], index[:, None, :]]
                    errors += np.einsum("mi,mij,mj->m", weights, part, weights)
                    errors -= 2 * np.einsum("mi,mi->m", weights, own_moment[index])
                found = int(np.argmin(errors))
                best = min(best, (float(errors[found]), same[found], strength))
        _, term, strength = best
        wider = np.concatenate([active, design.of_term[term]])
        predicted = predict(wider, strength)
        saved = (held_out - y) ** 2 - (predicted - y) ** 2
        spread = float(np.std(saved)) / math.sqrt(len(y))
        if saved.mean() <= math.sqrt(2 * math.log(len(left) + 1)) * spread:
            break
        taken.append(term)
        active, penalty, held_out = wider, strength, predicted
    return Chosen(tuple(taken), penalty, held_out)


def _solve(gram: Floats, moment: Floats, index: NDArray[np.intp], n_line: int, penalty: float) -> Floats:
    """Weights of several sets of columns, (n_sets, n_columns); the line's own columns are not shrunk."""
    systems = gram[index[:, :, None], index[:, None, :]].copy()
    n_columns = index.shape[1]
    ridge = np.where(np.arange(n_columns) < n_line, 0.0, penalty) + _JITTER * gram[0, 0]
    ridge = ridge + (np.diagonal(systems, axis1=1, axis2=2) == 0)  # a column that does not vary here
    systems[:, np.arange(n_columns), np.arange(n_columns)] += ridge
    return np.linalg.solve(systems, moment[index][..., None])[..., 0]
