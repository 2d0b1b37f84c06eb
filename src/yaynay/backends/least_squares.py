"""`backend=least_squares`: the line in closed form, on the same folds as every network."""

import numpy as np
from numpy.typing import NDArray

from yaynay import ols
from yaynay.plan import Plan
from yaynay.scores import FoldScores


def impute(x: NDArray[np.float64], train: NDArray[np.intp]) -> NDArray[np.float64]:
    """Missing cells take their column's mean over the training rows, as they do in a network's unit."""
    is_missing = np.isnan(x)
    if not is_missing.any():
        return x
    n_present = np.maximum(np.sum(~is_missing[train], axis=0), 1)
    return np.where(is_missing, np.nansum(x[train], axis=0) / n_present, x)


def fit_whole(x: NDArray[np.float64], y: NDArray[np.float64]) -> ols.LeastSquares:
    """The line on all rows."""
    return ols.fit(impute(x, np.arange(len(y))), y)


def score(x: NDArray[np.float64], y: NDArray[np.float64], plan: Plan) -> FoldScores:
    """Lines on every outer training set, and on its inner folds for the score that chooses.

    Args:
        x: Features, (n_rows, n_features); NaN where a cell is missing.
        y: Target, (n_rows,).
        plan: The folds.
    """
    predictions = np.empty((plan.n_repeats, len(y)))
    train_mse, inner_mse, fold_mse = np.empty((3, plan.n_splits))
    for number, one in enumerate(plan.splits()):
        if number == plan.n_splits:
            break
        fitted = _fit_on(x, y, one.train)
        held_out = []
        for fold in range(plan.n_inner):
            rows = np.flatnonzero(one.inner == fold)
            held_out.append((_fit_on(x, y, np.setdiff1d(one.train, rows))[rows] - y[rows]) ** 2)
        train_mse[number] = np.mean((fitted[one.train] - y[one.train]) ** 2)
        inner_mse[number] = np.mean(np.concatenate(held_out))
        fold_mse[number] = np.mean((fitted[one.test] - y[one.test]) ** 2)
        predictions[number // plan.n_folds, one.test] = fitted[one.test]
    whole = _fit_on(x, y, np.arange(len(y)))
    return FoldScores(predictions, train_mse, inner_mse, fold_mse, whole)


def _fit_on(x: NDArray[np.float64], y: NDArray[np.float64], train: NDArray[np.intp]) -> NDArray[np.float64]:
    """Fit on some rows and predict all."""
    filled = impute(x, train)
    return ols.fit(filled[train], y[train]).predict(filled)
