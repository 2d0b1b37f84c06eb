"""`backend=terms`: the line with a few terms that a person can read, chosen forward and fitted in closed form.

Every step tries all candidates on the inner folds and takes the best if it lowers the held-out error by more than the
best of so many useless ones would; among those that do about as well, the plainest. The candidates share one Gram
matrix per fold, so that a step is a batch of small linear systems. Where the target is positive, a model of its
logarithm is tried too, and judged in the target's own unit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yaynay.models.terms_design import Design, Floats, Term

MOST_TERMS = 5
"""A formula with more is no longer read."""
PENALTIES = (0.01, 1.0, 10.0, 100.0)
"""Shrinkage of the terms: as so many rows that say that a term of unit variance has no effect."""
_ROWS_PER_TERM = 10
_JITTER = 1e-9
"""Added to the diagonal, as a share of the rows, so that columns that depend on each other have a solution."""
_LOG_CHANCE = 2.0
"""A model of the logarithm has to be better by so many standard errors."""
_PLAIN = {"square": 0, "log": 1, "product": 2, "spline": 3}
"""From the term that is easiest to read to the hardest."""


@dataclass(frozen=True, eq=False)
class Terms:
    """A fitted model.

    Attributes:
        design: Columns of the line and the chosen terms.
        weights: Of the design's columns, (n_columns,).
        penalty: Of `PENALTIES`.
        smear: Mean of the exponential of the residuals where the model is of the target's logarithm (Duan 1983); None
            where it is of the target.
    """

    design: Design
    weights: Floats
    penalty: float
    smear: float | None

    @property
    def terms(self) -> tuple[Term, ...]:
        """Those that were chosen, in the order in which they were taken."""
        return self.design.terms

    def predict(self, x: Floats) -> Floats:
        """Predictions for x (n_rows, n_features), (n_rows,) [unit of y]."""
        linear = self.design.columns(x) @ self.weights
        return linear if self.smear is None else np.exp(linear) * self.smear

    def formula(self, target: str, features: Sequence[str]) -> str:
        """As code: "price ~ area + age + age^2 + area:rooms"."""
        left = target if self.smear is None else f"log({target})"
        return f"{left} ~ {' + '.join([*features, *(term.formula(features) for term in self.terms)])}"


def fit(x: Floats, y: Floats, inner: NDArray[np.integer]) -> tuple[Terms, Floats]:
    """Choose terms on inner folds, and fit them on all rows.

    Args:
        x: Features, finite, (n_rows, n_features).
        y: Target, finite, (n_rows,).
        inner: Inner fold of each row, counted from 0, (n_rows,).

    Returns:
        The model, and what it predicts for each row when that is held out of its fit, (n_rows,) [unit of y].

    Source:
        Duan (1983), Smearing Estimate, for predictions from a model of the logarithm.

    Example:
        >>> x = np.linspace(-1, 1, 60)[:, None]
        >>> noise = np.random.default_rng(0).normal(scale=0.1, size=60)
        >>> fit(x, x[:, 0] ** 2 + noise, np.arange(60) % 4)[0].formula("y", ["x"])
        'y ~ x + x^2'
    """
    folds = [np.flatnonzero(inner == fold) for fold in range(int(inner.max()) + 1)]
    found = _fit(x, y, folds)
    if y.min() <= 0:
        return found
    of_log = _fit_log(x, y, folds)
    saved = (found[1] - y) ** 2 - (of_log[1] - y) ** 2
    return of_log if saved.mean() > _LOG_CHANCE * _error(saved) else found


def _fit(x: Floats, y: Floats, folds: Sequence[NDArray[np.intp]]) -> tuple[Terms, Floats]:
    line = Design.of(x, ())
    columns = line.columns(x)
    residuals = y - columns @ _solve(columns.T @ columns, columns.T @ y, line.n_line, 0.0)
    search = _Search.start(Design.make(x, residuals), x, y, folds)
    taken, penalty, held_out = search.run()
    design = Design.of(x, [search.design.terms[term] for term in taken])
    columns = design.columns(x)
    weights = _solve(columns.T @ columns, columns.T @ y, design.n_line, penalty)
    return Terms(design, weights, penalty, None), held_out


def _fit_log(x: Floats, y: Floats, folds: Sequence[NDArray[np.intp]]) -> tuple[Terms, Floats]:
    model, held_out = _fit(x, np.log(y), folds)
    residuals = np.log(y) - held_out
    smear = float(np.mean(np.exp(residuals)))
    for rows in folds:
        others = np.ones(len(y), dtype=bool)
        others[rows] = False
        held_out[rows] = np.exp(held_out[rows]) * np.mean(np.exp(residuals[others]))
    return Terms(model.design, model.weights, model.penalty, smear), held_out


@dataclass(frozen=True, eq=False)
class _Search:
    """Forward selection on the Gram matrices of the inner folds."""

    design: Design
    columns: Floats
    y: Floats
    folds: Sequence[NDArray[np.intp]]
    grams: Floats
    moments: Floats

    @classmethod
    def start(cls, design: Design, x: Floats, y: Floats, folds: Sequence[NDArray[np.intp]]) -> "_Search":
        columns = design.columns(x)
        grams = np.stack([columns[rows].T @ columns[rows] for rows in folds])
        moments = np.stack([columns[rows].T @ y[rows] for rows in folds])
        return cls(design, columns, y, folds, grams, moments)

    def run(self) -> tuple[list[int], float, Floats]:
        """Numbers of the terms in the order in which they were taken, the penalty, and held-out predictions."""
        taken: list[int] = []
        penalty = PENALTIES[0]
        held_out = self.predict(taken, penalty)
        most = min(MOST_TERMS, len(self.y) // _ROWS_PER_TERM, len(self.design.terms))
        while len(taken) < most:
            term, strength = self.find_best(taken)
            predicted = self.predict([*taken, term], strength)
            saved = (held_out - self.y) ** 2 - (predicted - self.y) ** 2
            n_left = len(self.design.terms) - len(taken)
            if saved.mean() <= math.sqrt(2 * math.log(n_left + 1)) * _error(saved):
                break
            taken.append(term)
            penalty, held_out = strength, predicted
        return taken, penalty, held_out

    def find_best(self, taken: list[int]) -> tuple[int, float]:
        """The term, and the penalty with it, of the lowest held-out error; or a plainer one that is as good.

        As good is what costs less than one standard error of the difference, of a term on the same feature.
        """
        left = [term for term in range(len(self.design.terms)) if term not in taken]
        errors = np.array([self.errors(taken, left, penalty) for penalty in PENALTIES])
        best, strength = left[int(np.argmin(errors.min(axis=0)))], PENALTIES[int(np.argmin(errors.min(axis=1)))]
        terms = self.design.terms
        predicted = self.predict([*taken, best], strength)
        for rank, term in enumerate(left):
            is_plainer = terms[term].features == terms[best].features
            is_plainer &= _PLAIN[terms[term].kind] < _PLAIN[terms[best].kind]
            if not is_plainer:
                continue
            own = PENALTIES[int(np.argmin(errors[:, rank]))]
            lost = (self.predict([*taken, term], own) - self.y) ** 2 - (predicted - self.y) ** 2
            if lost.mean() <= _error(lost):
                return term, own
        return best, strength

    def errors(self, taken: list[int], left: list[int], penalty: float) -> Floats:
        """Sum of squared held-out errors, less that of y itself, with each of the terms that are left, (n_left,)."""
        errors = np.zeros(len(left))
        widths = np.array([len(self.design.of_term[term]) for term in left])
        for width in np.unique(widths):
            same = np.flatnonzero(widths == width)
            index = np.array([self.index([*taken, left[position]]) for position in same])
            for gram, moment, weights in self.fits(index, penalty):
                explained = np.einsum("mi,mij,mj->m", weights, gram[index[:, :, None], index[:, None, :]], weights)
                errors[same] += explained - 2 * np.einsum("mi,mi->m", weights, moment[index])
        return errors

    def predict(self, taken: list[int], penalty: float) -> Floats:
        """Held-out predictions of the line with some terms, (n_rows,)."""
        held_out, index = np.empty(len(self.y)), self.index(taken)
        for rows, (_, _, weights) in zip(self.folds, self.fits(index[None], penalty), strict=True):
            held_out[rows] = self.columns[np.ix_(rows, index)] @ weights[0]
        return held_out

    def index(self, taken: list[int]) -> NDArray[np.intp]:
        """Numbers of the columns of the line with some terms."""
        return np.concatenate([np.arange(self.design.n_line), *(self.design.of_term[term] for term in taken)])

    def fits(self, index: NDArray[np.intp], penalty: float) -> "list[tuple[Floats, Floats, Floats]]":
        """For each fold its own Gram matrix and moment, and the weights of each set of columns without it."""
        gram, moment = self.grams.sum(axis=0), self.moments.sum(axis=0)
        found = []
        for own_gram, own_moment in zip(self.grams, self.moments, strict=True):
            others = gram - own_gram
            systems, sides = others[index[:, :, None], index[:, None, :]], (moment - own_moment)[index]
            found.append((own_gram, own_moment, _solve(systems, sides, self.design.n_line, penalty)))
        return found


def _solve(gram: Floats, moment: Floats, n_line: int, penalty: float) -> Floats:
    """Weights for Gram matrices (..., n, n) and moments (..., n); the line's own columns are not shrunk."""
    n_columns = gram.shape[-1]
    ridge = np.where(np.arange(n_columns) < n_line, 0.0, penalty) + _JITTER * gram[..., 0, 0][..., None]
    return np.linalg.solve(gram + ridge[..., None] * np.eye(n_columns), moment[..., None])[..., 0]


def _error(values: Floats) -> float:
    """Standard error of a mean over rows."""
    return float(np.std(values)) / math.sqrt(len(values))
