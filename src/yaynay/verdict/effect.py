"""The effect: what the whole tuned-network procedure gains over least squares, out of fold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.errors import DataError
from yaynay.models import least_squares
from yaynay.models.scores import FoldScores, rmse
from yaynay.records.record import Record
from yaynay.verdict.serial import make_blocks

LINE = "line"
"""The choice of a split whose inner folds preferred least squares to every network."""


@dataclass(frozen=True, eq=False)
class Gain:
    """What predictions gain over the line's on the same test rows, as a difference of R2.

    Attributes:
        gain: Mean gain [share of the target's variance]; < 0 favours the line.
        standard_error: Over rows, groups of them or blocks in time; ignores that training sets vary, so it is used
            only for a yay, behind the gate.
        corrected_error: Over folds, corrected for shared training rows; wider.
        low, high: 90 % interval from `corrected_error`.
    """

    gain: float
    standard_error: float
    corrected_error: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Effect(Gain):
    """Nested cross-validated gain of the network over the line.

    Attributes:
        n_splits: Outer splits.
        chosen: For each outer split the key of the record that its inner folds chose, or `LINE`.
        predictions: Of the chosen networks, out of fold, (n_repeats, n_rows) [unit of y].
        rmse_linear, rmse_network: Out of fold [unit of y].
    """

    n_splits: int
    chosen: tuple[str, ...]
    predictions: NDArray[np.float64]
    rmse_linear: float
    rmse_network: float

    @property
    def share_of_line(self) -> float:
        """How often the inner folds preferred the line, 0 to 1."""
        return self.chosen.count(LINE) / len(self.chosen)


def measure(table: Table, plan: Plan, line: FoldScores, candidates: Sequence[Record]) -> Effect:
    """Let each outer split choose among the candidates and the line, and score the choice on its test rows.

    Args:
        table: The data.
        plan: The folds; at least one repeat.
        line: Least squares on the same folds.
        candidates: Finished records of networks with hidden layers, of one backend.

    Raises:
        DataError: A record belongs to another table or plan.
    """
    check_same(table, plan, candidates)
    choice = _choose(line, candidates)
    predictions = _predict(plan, line, candidates, choice)
    keys = [LINE, *(record.key for record in candidates)]
    return Effect(
        **vars(compare(table, plan, line.predictions, predictions)),
        n_splits=plan.n_splits,
        chosen=tuple(keys[chosen] for chosen in choice),
        predictions=predictions,
        rmse_linear=rmse((line.predictions - table.y).take(plan.tested, axis=1)),
        rmse_network=rmse((predictions - table.y).take(plan.tested, axis=1)),
    )


def compare(table: Table, plan: Plan, line: NDArray[np.float64], other: NDArray[np.float64]) -> Gain:
    """What other predictions gain over the line's, row by row and fold by fold.

    Args:
        table: The data.
        plan: The folds; at least one repeat.
        line: Out of fold, (n_repeats, n_rows) [unit of y].
        other: Of the same shape.
    """
    gains = ((line - table.y) ** 2 - (other - table.y) ** 2) / float(np.var(table.y))
    fold_gains = [np.mean(gains[repeat, rows]) for repeat, rows in splits(plan)]
    gains, units = gains.take(plan.tested, axis=1), _units(table, plan)
    gain = float(np.mean(gains))
    n_train, n_test = (plan.n_folds - 1, 1) if table.time is None else _mean_sizes(plan)
    corrected = corrected_standard_error(fold_gains, n_train=n_train, n_test=n_test)
    reach = float(stdtrit(plan.n_splits - 1, 0.95)) * corrected
    return Gain(gain, _standard_error(gains.mean(axis=0), units), corrected, gain - reach, gain + reach)


def _units(table: Table, plan: Plan) -> NDArray[np.integer] | None:
    """What is independent among the tested rows: groups or blocks of time, counted from 0; None for the rows."""
    units: NDArray[np.integer] | None = table.groups
    if units is None and table.time is not None:
        units = make_blocks(table.time, table.y - least_squares.fit(table, plan).folds.whole)
    return None if units is None else np.unique(units[plan.tested], return_inverse=True)[1]


def _mean_sizes(plan: Plan) -> tuple[int, int]:
    """Training rows and test rows of a split, on average over the splits."""
    splits = list(plan.splits())[:-1]
    return sum(len(split.train) for split in splits) // len(splits), len(plan.tested) // len(splits)


def _choose(line: FoldScores, candidates: Sequence[Record]) -> NDArray[np.intp]:
    """Each split's choice by its inner folds: 0 for the line, else the candidate's number from 1, (n_splits,)."""
    inner = np.vstack([line.inner_mse, *(record.arrays["inner_mse"] for record in candidates)])
    return np.argmin(inner, axis=0)  # the first of equals, so the line where nothing is better


def _predict(
    plan: Plan, line: FoldScores, candidates: Sequence[Record], choice: NDArray[np.intp]
) -> NDArray[np.float64]:
    """What each split's choice predicts for its test rows, (n_repeats, n_rows) [unit of y]."""
    out_of_fold = [line.predictions, *(record.arrays["predictions"] for record in candidates)]
    predictions = np.full_like(line.predictions, np.nan)
    for chosen, (repeat, rows) in zip(choice, splits(plan), strict=True):
        predictions[repeat, rows] = out_of_fold[chosen][repeat, rows]
    return predictions


def splits(plan: Plan) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Repeat and test rows of each outer split."""
    for split in range(plan.n_splits):
        repeat, fold = divmod(split, plan.n_folds)
        yield repeat, plan.outer[repeat] == fold


def corrected_standard_error(gains: ArrayLike, n_train: int, n_test: int) -> float:
    """Standard error of a mean gain over overlapping train/test splits.

    Args:
        gains: Gain of each split, (n_splits,) [unit of the score]; > 0 favours the network.
        n_train: Training rows of a split [rows]; with n_test only the ratio counts.
        n_test: Test rows of a split [rows].

    Returns:
        Standard error [unit of the score]; wider than the naive one, because splits share training rows.

    Raises:
        ValueError: Fewer than two gains, a non-finite one, or a row count below 1; the message shows the value.

    Source:
        Nadeau & Bengio (2003), Inference for the Generalization Error.

    Example:
        >>> round(corrected_standard_error([0.2, 0.4], n_train=80, n_test=20), 4)
        0.1225
    """
    values = np.asarray(gains, dtype=np.float64)
    if values.size < 2 or not np.isfinite(values).all():
        raise ValueError(f"gains must be at least two finite numbers, not {values.tolist()}")
    if n_train < 1 or n_test < 1:
        raise ValueError(f"row counts must be at least 1, not n_train={n_train}, n_test={n_test}")
    return float(np.std(values, ddof=1) * np.sqrt(1 / values.size + n_test / n_train))


def _standard_error(row_gains: NDArray[np.float64], groups: NDArray | None) -> float:
    """Standard error of the mean gain over rows, or over groups of rows that are not independent; infinite for one."""
    centred = row_gains - row_gains.mean()
    sums = centred if groups is None else np.bincount(groups, weights=centred)
    if (n_units := len(sums)) < 2:
        return np.inf
    return float(np.sqrt(np.sum(sums**2) * n_units / (n_units - 1)) / len(row_gains))


def check_same(table: Table, plan: Plan, records: Sequence[Record]) -> None:
    """Refuse records that were not made on this table and plan.

    Raises:
        DataError: A record was not; the message names it and both digests.
    """
    for record in records:
        for what, ours, theirs in (
            ("table", table.sha256, record.table["sha256"]),
            ("plan", plan.sha256, record.plan["sha256"]),
        ):
            if ours != theirs:
                raise DataError(
                    f"record {record.key[:12]} ({record.name}): made on {what} {theirs[:12]}, not {ours[:12]}; "
                    "only records on the same table and plan can be compared; train again"
                )
