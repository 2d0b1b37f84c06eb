"""`backend=least_squares` and `ridge`: a line in closed form, on the same folds as every network."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

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
    mean = np.nansum(x[train], axis=0) / n_present
    mean += np.nansum(x[train] - mean, axis=0) / n_present  # of many rows it is off by rounding
    return np.where(is_missing, mean, x)


class Fitted(Protocol):
    """A line on some rows."""

    def predict(self, x: NDArray[np.float64]) -> NDArray[np.float64]: ...


Whole = TypeVar("Whole", bound=Fitted, covariant=True)


class Method(Protocol[Whole]):
    """A module that fits lines: `ols` or `ridge`."""

    def fit(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> Whole:
        """The line of y on x."""

    def fit_triangles(self, triangles: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Intercept and slopes on all rows (1, features, target) that triangles were made of."""


@dataclass(frozen=True, eq=False)
class Line(Generic[Whole]):
    """A table's line.

    Attributes:
        folds: Its predictions and errors on the plan's folds.
        whole: Its fit on all rows.
        seconds: Time that both took [s].
    """

    folds: FoldScores
    whole: Whole
    seconds: float


_last: dict[tuple[str, str], Line[ols.LeastSquares]] = {}
"""The line fitted last, by the digests of its table and plan: a run and its verdict both need it."""


def fit(table: Table, plan: Plan) -> Line[ols.LeastSquares]:
    """The least-squares line of a table."""
    key = (table.sha256, plan.sha256)
    if key not in _last:
        fitted = fit_by(ols, table, plan)
        _last.clear()
        _last[key] = fitted
    return _last[key]


def fit_by(method: Method[Whole], table: Table, plan: Plan) -> Line[Whole]:
    """The line of a table, fitted by a method."""
    clock = time.perf_counter()
    folds = score(table.x, table.y, plan, method)
    whole = method.fit(impute(table.x, np.arange(table.n_rows)), table.y)
    return Line(folds, whole, time.perf_counter() - clock)


def score(x: NDArray[np.float64], y: NDArray[np.float64], plan: Plan, method: Method[Any] = ols) -> FoldScores:
    """Lines on every outer training set, and on its inner folds for the score that chooses a configuration.

    Args:
        x: Features, (n_rows, n_features); NaN where a cell is missing.
        y: Target, (n_rows,).
        plan: The folds.
        method: What fits them.
    """
    if len(y) > _TALL and not np.isnan(x).any():
        return _score_tall(x, y, plan, method)
    predictions = np.full((plan.n_repeats, len(y)), np.nan)
    train_mse, inner_mse, fold_mse = np.empty((3, plan.n_splits))
    for number, split in enumerate(plan.splits()):
        if number == plan.n_splits:
            break
        fitted = _fit_on(x, y, split.train, method)
        held_out = []
        for fold in range(plan.n_inner):
            rows = np.flatnonzero(split.inner == fold)
            held_out.append((_fit_on(x, y, np.setdiff1d(split.train, rows), method)[rows] - y[rows]) ** 2)
        train_mse[number] = np.mean((fitted[split.train] - y[split.train]) ** 2)
        inner_mse[number] = np.mean(np.concatenate(held_out))
        fold_mse[number] = np.mean((fitted[split.test] - y[split.test]) ** 2)
        predictions[number // plan.n_folds, split.test] = fitted[split.test]
    whole = _fit_on(x, y, np.arange(len(y)), method)
    return FoldScores(predictions, train_mse, inner_mse, fold_mse, whole, plan.tested)


def _fit_on(
    x: NDArray[np.float64], y: NDArray[np.float64], train: NDArray[np.intp], method: Method[Any]
) -> NDArray[np.float64]:
    """Fit on some rows and predict all."""
    filled = impute(x, train)
    return method.fit(filled[train], y[train]).predict(filled)


def _score_tall(x: NDArray[np.float64], y: NDArray[np.float64], plan: Plan, method: Method[Any]) -> FoldScores:
    """As `score`, for a table with many rows and no missing cells."""
    rows = np.column_stack([np.ones(len(y)), x, y])
    exponents = np.append(0, np.frexp(np.max(np.abs(rows[:, 1:]), axis=0))[1])
    rows = np.ldexp(rows, -exponents)
    unit = int(exponents[-1])
    predictions = np.full((plan.n_repeats, len(y)), np.nan)
    train_mse, inner_mse, fold_mse = np.empty((3, plan.n_splits))
    for number, split in enumerate(plan.splits()):
        parts = [rows[split.inner == fold] for fold in range(int(split.inner.max()) + 1)]
        triangles = [ols.triangle(part.copy()) for part in parts]
        line = method.fit_triangles(triangles)
        if number == plan.n_splits:
            square = float(np.ldexp(1.0, 2 * unit))
            whole = np.ldexp(rows[:, :-1] @ line, unit)
            return FoldScores(
                predictions, square * train_mse, square * inner_mse, square * fold_mse, whole, plan.tested
            )
        held_out = 0.0
        for fold, part in enumerate(parts):
            others = method.fit_triangles(triangles[:fold] + triangles[fold + 1 :])
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
