"""Pieces of data that networks train on: the training and held-out rows of each, each standardised on its own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert

from yaynay.data.plan import Plan

Rows = NDArray[np.intp]
WHOLE = -1
"""Split number of a unit that trains on the whole table."""


@dataclass(frozen=True, eq=False)
class Units:
    """Training data of every unit, standardised inside the unit and padded to one length.

    Attributes:
        split: Outer split of each unit, or `WHOLE`, (n_units,).
        n_train: Training rows of each unit, (n_units,).
        n_validation: Held-out rows of each unit; 0 where nothing stops training early, (n_units,).
        train_rows: Row numbers in the table, padded with the unit's first row, (n_units, max n_train).
        validation_rows: The same for held-out rows, (n_units, max n_validation).
        x_mean, x_factor: A feature enters as (x - mean) * factor; factor 0 for one that is constant in the
            unit's training rows, (n_units, n_features).
        y_mean, y_scale: The target enters as (y - mean) / scale, (n_units,).
    """

    split: NDArray[np.intp]
    n_train: NDArray[np.intp]
    n_validation: NDArray[np.intp]
    train_rows: Rows
    validation_rows: Rows
    x_mean: NDArray[np.float64]
    x_factor: NDArray[np.float64]
    y_mean: NDArray[np.float64]
    y_scale: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.split)

    def standardise(self, x: NDArray[np.float64], unit: int) -> NDArray[np.float64]:
        """Features as this unit sees them; a missing value becomes the unit's mean, which is 0."""
        return np.nan_to_num((x - self.x_mean[unit]) * self.x_factor[unit])


def make_units(
    x: NDArray[np.float64], y: NDArray[np.float64], plan: Plan, *, hold_out: bool, standardise: bool = True
) -> Units:
    """Units of a plan: one per outer split, inner fold and seed, and the same for the whole table.

    Args:
        x: Features, (n_rows, n_features); NaN where a cell is missing.
        y: Target, (n_rows,).
        plan: The folds.
        hold_out: Whether the whole-table networks hold an inner fold out to stop early, as the others do;
            otherwise one unit trains on all rows.
        standardise: False leaves x and y in their own units.
    """
    numbers: list[int] = []
    train: list[Rows] = []
    validation: list[Rows] = []
    splits = list(plan.splits())
    for number, split in enumerate(splits):
        is_whole = number == len(splits) - 1
        n_inner = int(split.inner.max()) + 1
        if is_whole and (not hold_out or n_inner == 1):
            folds: list[tuple[Rows, Rows]] = [(np.arange(len(y)), np.empty(0, dtype=np.intp))]
        else:
            inner = [np.flatnonzero(split.inner == fold) for fold in range(n_inner)]
            folds = [(np.setdiff1d(split.train, held), held) for held in inner]
        for rows, held in folds:
            for _ in range(plan.n_seeds):
                numbers.append(WHOLE if is_whole else number)
                train.append(rows)
                validation.append(held)
    x_mean, x_factor = np.zeros((len(numbers), x.shape[1])), np.ones((len(numbers), x.shape[1]))
    y_mean, y_scale = np.zeros(len(numbers)), np.ones(len(numbers))
    if standardise:
        for unit, rows in enumerate(train):
            x_mean[unit], x_factor[unit] = _centre_and_factor(x[rows])
            y_mean[unit], factor = _centre_and_factor(y[rows])
            y_scale[unit] = 1 / factor if factor > 0 else 1.0
    return Units(
        split=np.array(numbers),
        n_train=np.array([len(rows) for rows in train]),
        n_validation=np.array([len(rows) for rows in validation]),
        train_rows=_pad(train),
        validation_rows=_pad(validation),
        x_mean=x_mean,
        x_factor=x_factor,
        y_mean=y_mean,
        y_scale=y_scale,
    )


def _centre_and_factor(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and 1 / standard deviation of each column's present values; factor 0 for a constant column.

    Columns are divided by their largest absolute value first, so that squares neither overflow nor vanish.
    """
    largest = np.nanmax(np.abs(values), axis=0, initial=0.0)
    largest = np.where(largest > 0, largest, 1.0)
    scaled = values / largest
    n_present = np.maximum(np.sum(~np.isnan(scaled), axis=0), 1)
    mean = np.nansum(scaled, axis=0) / n_present
    deviation = np.sqrt(np.nansum((scaled - mean) ** 2, axis=0) / n_present)
    is_constant = deviation <= 1e-12
    factor = np.where(is_constant, 0.0, 1 / np.where(is_constant, 1.0, deviation) / largest)
    return mean * largest, factor


def whiten(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix w for which the columns of x @ w are uncorrelated and have variance 1.

    Args:
        x: Centred features, (n_rows, n_features).

    Returns:
        (n_features, n_features); the columns of directions in which x does not vary are zero.

    Example:
        >>> x = np.array([[1.0, 2.0], [-1.0, -2.0], [0.0, 0.0]])
        >>> np.round(np.abs(x @ whiten(x)), 6).tolist()
        [[1.224745, 0.0], [1.224745, 0.0], [0.0, 0.0]]
    """
    lengths, directions = np.linalg.svd(np.linalg.qr(x, mode="r"), full_matrices=False)[1:]
    present = lengths > 1e-10 * lengths.max(initial=0.0)
    matrix = np.zeros((x.shape[1], x.shape[1]))
    matrix[:, np.flatnonzero(present)] = directions[present].T * (np.sqrt(len(x)) / lengths[present])
    return matrix


def condense(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A few rows with the variances and covariances of many; the mean squared error of any line is the same on both.

    Args:
        x: Centred features, (n_rows, n_features).
        y: Centred target, (n_rows,).

    Returns:
        Features (n_features + 2, n_features) and target (n_features + 2,), centred too.
    """
    n_rows, n_columns = len(x), x.shape[1] + 1
    triangle = np.linalg.qr(np.column_stack([x, y]), mode="r")
    rows = helmert(n_columns + 1)[: len(triangle)].T @ triangle * np.sqrt((n_columns + 1) / n_rows)
    return rows[:, :-1], rows[:, -1]


def _pad(groups: list[Rows]) -> Rows:
    width = max(len(rows) for rows in groups)
    padded = np.zeros((len(groups), width), dtype=np.intp)
    for unit, rows in enumerate(groups):
        padded[unit, : len(rows)] = rows
        padded[unit, len(rows) :] = rows[0] if len(rows) else 0
    return padded
