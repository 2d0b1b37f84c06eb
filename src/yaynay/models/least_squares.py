"""`backend=least_squares`: the line in closed form, on the same folds as every network."""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.models import ols
from yaynay.models.scores import FoldScores

_TALL = 50_000
"""From this many rows, folds are fitted from the triangles of their parts: no row is factored twice per split."""


def impute(x: NDArray[np.float64], train: NDArray[np.intp]) -> NDArray[np.float64]:
    """Missing cells take their column's mean over the training rows, as they do in a network's unit."""
    is_missing = np.isnan(x)
    if not is_missing.any():
        return x
    n_present = np.maximum(np.sum(~is_missing[train], axis=0), 1)
    return np.where(is_missing, np.nansum(x[train], axis=0) / n_present, x)


@dataclass(frozen=True, eq=False)
class Line:
    """A table's line.

    Attributes:
        folds: Its predictions and errors on the plan's folds.
        whole: Its fit on all rows.
        seconds: Time that both took [s].
    """

    folds: FoldScores
    whole: ols.LeastSquares
    seconds: float


_last: dict[tuple[str, str], Line] = {}
"""The line fitted last, by the digests of its table and plan: a run and its verdict both need it."""


def fit(table: Table, plan: Plan) -> Line:
    """The line of a table."""
    key = (table.sha256, plan.sha256)
    if key not in _last:
        clock = time.perf_counter()
        folds = score(table.x, table.y, plan)
        whole = ols.fit(impute(table.x, np.arange(table.n_rows)), table.y)
        _last.clear()
        _last[key] = Line(folds, whole, time.perf_counter() - clock)
    return _last[key]


def score(x: NDArray[np.float64], y: NDArray[np.float64], plan: Plan) -> FoldScores:
    """Lines on every outer training set, and on its inner folds for the score that chooses a configuration.

    Args:
        x: Features, (n_rows, n_features); NaN where a cell is missing.
        y: Target, (n_rows,).
        plan: The folds.
    """
    if len(y) > _TALL and not np.isnan(x).any():
        return _score_tall(x, y, plan)
    predictions = np.empty((plan.n_repeats, len(y)))
    train_mse, inner_mse, fold_mse = np.empty((3, plan.n_splits))
    for number, split in enumerate(plan.splits()):
        if number == plan.n_splits:
            break
        fitted = _fit_on(x, y, split.train)
        held_out = []
        for fold in range(plan.n_inner):
            rows = np.flatnonzero(split.inner == fold)
            held_out.append((_fit_on(x, y, np.setdiff1d(split.train, rows))[rows] - y[rows]) ** 2)
        train_mse[number] = np.mean((fitted[split.train] - y[split.train]) ** 2)
        inner_mse[number] = np.mean(np.concatenate(held_out))
        fold_mse[number] = np.mean((fitted[split.test] - y[split.test]) ** 2)
        predictions[number // plan.n_folds, split.test] = fitted[split.test]
    whole = _fit_on(x, y, np.arange(len(y)))
    return FoldScores(predictions, train_mse, inner_mse, fold_mse, whole)


def _fit_on(x: NDArray[np.float64], y: NDArray[np.float64], train: NDArray[np.intp]) -> NDArray[np.float64]:
    """Fit on some rows and predict all."""
    filled = impute(x, train)
    return ols.fit(filled[train], y[train]).predict(filled)


def _score_tall(x: NDArray[np.float64], y: NDArray[np.float64], plan: Plan) -> FoldScores:
    """As `score`, for a table with many rows and no missing cells."""
    rows = np.column_stack([np.ones(len(y)), x, y])
    exponents = np.frexp(np.max(np.abs(rows), axis=0))[1]
    rows = np.ldexp(rows, -exponents)
    unit = int(exponents[-1])
    predictions = np.empty((plan.n_repeats, len(y)))
    train_mse, inner_mse, fold_mse = np.empty((3, plan.n_splits))
    for number, split in enumerate(plan.splits()):
        parts = [rows[split.inner == fold] for fold in range(int(split.inner.max()) + 1)]
        triangles = [ols.triangle(part.copy()) for part in parts]
        line = ols.fit_triangles(triangles)
        if number == plan.n_splits:
            square = float(np.ldexp(1.0, 2 * unit))
            whole = np.ldexp(rows[:, :-1] @ line, unit)
            return FoldScores(predictions, square * train_mse, square * inner_mse, square * fold_mse, whole)
        held_out = 0.0
        for fold, part in enumerate(parts):
            others = ols.fit_triangles(triangles[:fold] + triangles[fold + 1 :])
            held_out += _squares(part, others)
        n_train, test = sum(map(len, parts)), rows[split.test]
        train_mse[number] = sum(_squares(part, line) for part in parts) / n_train
        inner_mse[number] = held_out / n_train
        fold_mse[number] = _squares(test, line) / len(test)
        predictions[number // plan.n_folds, split.test] = np.ldexp(test[:, :-1] @ line, unit)
    raise AssertionError("a plan ends with the whole-table split")


def _squares(rows: NDArray[np.float64], line: NDArray[np.float64]) -> float:
    """Sum of squared errors of a line on rows (1, features, target), in the scaled unit."""
    return float(np.sum((rows[:, :-1] @ line - rows[:, -1]) ** 2))
