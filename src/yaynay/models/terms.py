"""`backend=terms`: the line with a few terms that a person can read, chosen on inner folds and fitted in closed form.

Where the target is positive, a model of its logarithm is tried too, and judged in the target's own unit.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.models import least_squares, ols
from yaynay.models.formula import Design, Floats, Formula, Term
from yaynay.models.scores import FoldScores
from yaynay.models.terms_candidates import find_candidates
from yaynay.models.terms_grams import PENALTIES
from yaynay.models.terms_search import Search, standard_error

Folds = Sequence[NDArray[np.intp]]

_MOST_ROWS = 10_000
"""Rows that choose terms; all rows fit them."""
_LOG_CHANCE = 2.0
"""A model of the logarithm has to be better by so many standard errors; with fewer terms, by none."""
_LOG_RANGE = 2.0
"""Over a smaller ratio of the largest target to the smallest, the logarithm is a line."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """Terms chosen and fitted on some rows.

    Attributes:
        formula: The model.
        penalty: Shrinkage of its terms, of `PENALTIES`.
        held_out: Prediction for each row when its inner fold is held out; NaN without folds, (n_rows,) [unit of y].
    """

    formula: Formula
    penalty: float
    held_out: Floats


@dataclass(frozen=True, eq=False)
class OnPlan:
    """Terms chosen on every outer training set of a plan, each anew.

    Attributes:
        folds: Predictions and errors on the plan's folds.
        whole: Chosen and fitted on all rows.
        seconds: Time that all took [s].
    """

    folds: FoldScores
    whole: Fitted
    seconds: float


def fit_by_plan(table: Table, plan: Plan) -> OnPlan:
    """Choose and fit terms on the folds of a plan; missing cells are imputed as for the line."""
    clock = time.perf_counter()
    y = table.y
    predictions = np.full((plan.n_repeats, len(y)), np.nan)
    train_mse, inner_mse, fold_mse = np.empty((3, plan.n_splits))
    for number, split in enumerate(plan.splits()):
        x, train = least_squares.impute(table.x, split.train), split.train
        fitted = fit(x[train], y[train], split.inner[train])
        if number == plan.n_splits:
            break
        predictions[number // plan.n_folds, split.test] = test = fitted.formula.predict(x[split.test])
        train_mse[number] = np.mean((fitted.formula.predict(x[train]) - y[train]) ** 2)
        inner_mse[number] = np.mean((fitted.held_out - y[train]) ** 2)
        fold_mse[number] = np.mean((test - y[split.test]) ** 2)
    whole = fitted.formula.predict(x)
    folds = FoldScores(predictions, train_mse, inner_mse, fold_mse, whole, plan.tested)
    return OnPlan(folds, fitted, time.perf_counter() - clock)


def fit(x: Floats, y: Floats, inner: NDArray[np.integer]) -> Fitted:
    """Choose terms on inner folds, and fit them on all rows.

    Args:
        x: Features, finite, (n_rows, n_features).
        y: Target, finite, (n_rows,).
        inner: Inner fold of each row, counted from 0; with a single fold there are no terms, (n_rows,).

    Source:
        Duan (1983), Smearing Estimate, for predictions from a model of the logarithm.

    Example:
        >>> x = np.linspace(-1, 1, 60)[:, None]
        >>> noise = np.random.default_rng(0).normal(scale=0.1, size=60)
        >>> fit(x, x[:, 0] ** 2 + noise, np.arange(60) % 4).formula.terms
        (Term(kind='square', features=(0,), knots=()),)
    """
    folds = [np.flatnonzero(inner == fold) for fold in range(int(inner.max()) + 1)]
    found = _fit(x, y, folds)
    if len(folds) == 1 or not 0 < y.min() < y.max() / _LOG_RANGE:
        return found
    of_log = _fit_log(x, y, folds)
    exponent = np.frexp(y.max())[1]
    ours, theirs = (np.ldexp(fitted.held_out - y, -exponent) ** 2 for fitted in (found, of_log))
    saved = ours - theirs
    is_plainer = len(of_log.formula.terms) < len(found.formula.terms)
    return of_log if saved.mean() > (0.0 if is_plainer else _LOG_CHANCE) * standard_error(saved) else found


def _fit(x: Floats, y: Floats, folds: Folds) -> Fitted:
    exponent = int(np.frexp(np.abs(y).max())[1])
    scaled = np.ldexp(y, -exponent)  # so that no square overflows
    terms, penalty = _choose(x, scaled, folds)
    design = Design.of(x, terms)
    rows = np.column_stack([design.columns(x), scaled])
    shrinkage = np.diag(np.where(np.arange(rows.shape[1]) < design.n_line, 0.0, math.sqrt(penalty)))
    shrinkage = shrinkage[design.n_line : -1]
    triangles = [ols.triangle(rows[own]) for own in folds]
    held_out = np.full(len(y), np.nan)
    if len(folds) > 1:
        for fold, own in enumerate(folds):
            others = ols.fit_triangles([*triangles[:fold], *triangles[fold + 1 :], shrinkage])
            held_out[own] = rows[own, :-1] @ others
    weights = ols.fit_triangles([*triangles, shrinkage])
    return Fitted(Formula(design, np.ldexp(weights, exponent)), penalty, np.ldexp(held_out, exponent))


def _choose(x: Floats, y: Floats, folds: Folds) -> tuple[list[Term], float]:
    """Terms and their penalty, on at most `_MOST_ROWS` rows."""
    if len(folds) == 1:
        return [], PENALTIES[0]
    if len(y) > _MOST_ROWS:
        step = -(-len(y) // _MOST_ROWS)
        rows = np.sort(np.concatenate([own[::step] for own in folds]))
        folds = [np.flatnonzero(np.isin(rows, own)) for own in folds]
        x, y = x[rows], y[rows]
    line = Design.of(x, ())
    rows = np.column_stack([line.columns(x), y])
    residuals = y - rows[:, :-1] @ ols.fit_triangles([ols.triangle(rows.copy())])
    design = Design.of(x, find_candidates(x, residuals))
    choice = Search.of(design, x, y, folds).run()
    return [design.terms[term] for term in choice.terms], choice.penalty


def _fit_log(x: Floats, y: Floats, folds: Folds) -> Fitted:
    """As `_fit`, of the target's logarithm, which goes at most a standard deviation beyond what the rows have."""
    logs = np.log(y)
    fitted = _fit(x, logs, folds)
    low, high = logs.min() - logs.std(), logs.max() + logs.std()
    inside = np.clip(fitted.held_out, low, high)
    factors = np.exp(logs - inside)
    held_out = np.exp(inside)
    for own in folds:
        others = np.ones(len(y), dtype=bool)
        others[own] = False
        held_out[own] *= np.mean(factors[others])
    formula = replace(fitted.formula, log=(float(np.mean(factors)), float(low), float(high)))
    return Fitted(formula, fitted.penalty, held_out)
