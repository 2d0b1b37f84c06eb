"""Predictions and errors of a trained fleet, fold by fold, in the target's own unit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yaynay.data.plan import Plan
from yaynay.models.network import STANDARDISATION, Forward, Weights, predict_members
from yaynay.models.units import WHOLE, Units


@dataclass(frozen=True, eq=False)
class FoldScores:
    """Predictions and errors on the outer folds and the whole table.

    Attributes:
        predictions: Out of fold, NaN where a row is never tested, (n_repeats, n_rows) [unit of y].
        train_mse, inner_mse, fold_mse: Mean squared error on training, inner held-out and test rows of each
            outer split, (n_splits,) [unit of y squared].
        whole: Fitted values of the networks trained on the whole table, (n_rows,).
        tested: Rows that are ever tested, (n_tested,).
    """

    predictions: NDArray[np.float64]
    train_mse: NDArray[np.float64]
    inner_mse: NDArray[np.float64]
    fold_mse: NDArray[np.float64]
    whole: NDArray[np.float64]
    tested: NDArray[np.intp]

    def metrics(self, y: NDArray[np.float64]) -> dict[str, float]:
        """Aggregates as `split/metric`; a table that is not cross-validated has only train/rmse."""
        if len(self.predictions) == 0:
            return {"train/rmse": rmse(self.whole - y)}
        test_mse = float(np.mean((self.predictions - y).take(self.tested, axis=1) ** 2))
        return {
            "train/rmse": float(np.sqrt(np.mean(self.train_mse))),
            "val/rmse": float(np.sqrt(np.mean(self.inner_mse))),
            "test/rmse": float(np.sqrt(test_mse)),
            "test/r2": 1 - test_mse / float(np.var(y)),
        }

    def arrays(self, y: NDArray[np.float64]) -> dict[str, NDArray]:
        """What a record keeps."""
        return {
            "predictions": self.predictions,
            "inner_mse": self.inner_mse,
            "fold_mse": self.fold_mse,
            "fold_r2": 1 - self.fold_mse / np.var(y),
            "whole": self.whole,
        }


def rmse(errors: NDArray[np.float64]) -> float:
    """Root of the mean square [unit of the errors].

    >>> rmse(np.array([3.0, -4.0]))
    3.5355339059327378
    """
    return float(np.sqrt(np.mean(errors**2)))


def relative_difference(ours: NDArray, theirs: NDArray) -> float:
    """Largest difference over the largest absolute value of `ours`; curves compare as far as both go.

    Cells that are NaN in both count as equal.

    >>> relative_difference(np.array([1.0, 2.0]), np.array([1.0, 2.2]))
    0.10000000000000009
    """
    if ours.ndim == 1:
        length = min(len(ours), len(theirs))
        ours, theirs = ours[:length], theirs[:length]
    is_there = ~(np.isnan(ours) & np.isnan(theirs))  # of a row that is never tested neither has a prediction
    ours, theirs = ours[is_there], theirs[is_there]
    scale = float(np.max(np.abs(ours)))
    return float(np.max(np.abs(ours - theirs))) / scale if scale > 0 else float(np.max(np.abs(theirs)))


def bag(
    units: Units,
    members: NDArray[np.intp],
    weights: Weights,
    x: NDArray[np.float64],
    forward: Forward,
    width: int,
) -> NDArray[np.float64]:
    """Each member's predictions in the unit of y, (n_members, n_rows).

    Args:
        units: Their standardisation.
        members: The members' positions in `weights`; position and unit agree for one configuration.
        weights: Stacked weights of one configuration, one member per unit.
        x: Raw features, (n_rows, n_features).
        forward: The backend's forward pass.
        width: Widest layer, which bounds the memory of a pass.
    """
    chosen = {name: array[members] for name, array in weights.items()}
    chosen |= {name: getattr(units, name)[members] for name in STANDARDISATION}
    return predict_members(chosen, x, forward, width)


def score(
    units: Units,
    weights: Weights,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    plan: Plan,
    forward: Forward,
    width: int,
) -> FoldScores:
    """Score one configuration's members; a fold predicts with the mean of its members (bagging).

    Args:
        units: The members' data and standardisation.
        weights: Stacked weights, one member per unit.
        x: Raw features, (n_rows, n_features).
        y: Target, (n_rows,).
        plan: The folds.
        forward: The backend's forward pass.
        width: Widest layer, which bounds the memory of a pass.

    Raises:
        AssertionError: The plan does not end with the whole-table split.
    """
    predictions = np.full((plan.n_repeats, len(y)), np.nan)
    train_mse, inner_mse, fold_mse = np.empty((3, plan.n_splits))
    for number, split in enumerate(plan.splits()):
        is_whole = number == plan.n_splits
        members = np.flatnonzero(units.split == (WHOLE if is_whole else number))
        outputs = bag(units, members, weights, x, forward, width)
        mean = outputs.mean(axis=0)
        if is_whole:
            return FoldScores(predictions, train_mse, inner_mse, fold_mse, mean, plan.tested)
        held_out = [
            (outputs[position, rows] - y[rows]) ** 2
            for position, unit in enumerate(members)
            for rows in [units.validation_rows[unit, : units.n_validation[unit]]]
        ]
        train_mse[number] = np.mean((mean[split.train] - y[split.train]) ** 2)
        inner_mse[number] = np.mean(np.concatenate(held_out))
        fold_mse[number] = np.mean((mean[split.test] - y[split.test]) ** 2)
        predictions[number // plan.n_folds, split.test] = mean[split.test]
    raise AssertionError("a plan ends with the whole-table split")
