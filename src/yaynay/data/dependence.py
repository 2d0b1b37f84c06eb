"""Signs that rows are not independent: residuals of the line that are alike in neighbouring rows, or in one subject's.

Up to 5,000 rows, only the test of neighbours depends on the order of the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.special import ndtr

from yaynay.config.quoting import override
from yaynay.data.columns import describe, encode, quote
from yaynay.data.raw import Floats, RawColumn
from yaynay.data.subjects import find_fixed, find_levels

FEWEST_ROWS = 20
"""Fewer rows may look like anything."""
ALPHA = 0.005
"""Level of each kind of test: an alarm takes the word from a verdict, so it must be rare on independent rows."""
_MOST_ROWS, _MOST_WORK = 5000, 4e9
"""Rows, and rows times squared columns, of the line that is fitted; of more rows the first ones are looked at."""
_MOST_COMPARED = 20_000
"""Of a longer table every k-th row is compared with the others."""
_FEW_LEVELS = 20
_DAYS = " (days)"


@dataclass(frozen=True)
class Seen:
    """What was seen.

    Attributes:
        doubts: Why the rows may not be independent, each with the option that says how they hang together.
        remarks: What else a verdict should repeat of their order.
        notes: What else a reader should know of it.
    """

    doubts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_dependence(
    frame: pd.DataFrame, target: str, columns: Mapping[str, RawColumn], kept: NDArray[np.bool_], *, is_ordered: bool
) -> Seen:
    """Look for rows that hang together, on a table without groups.

    Args:
        frame: Features and target, (n_rows, n_columns).
        target: Name of the target's column.
        columns: All columns of the file, those that are no features too.
        kept: Which rows of the file are in the frame.
        is_ordered: Whether a column of time orders the rows, so that their order is accounted for.
    """
    if len(frame) < FEWEST_ROWS:
        return Seen()
    fixed = find_fixed(frame.iloc[:: -(-len(frame) // _MOST_COMPARED)].drop(columns=target))
    if is_ordered:
        return Seen(doubts=fixed[1:])
    x = _design(frame.iloc[:_MOST_ROWS], target)
    n_rows = int(min(len(x), _MOST_WORK / x.shape[1] ** 2))
    some, rows = frame.iloc[:n_rows], np.flatnonzero(kept)[:n_rows]
    found = {name: values for name, column in columns.items() if (values := _cells(column, rows)) is not None}
    found |= {str(name).removesuffix(_DAYS): values.to_numpy() for name, values in some.items() if _is_date(str(name))}
    left = _residuals(x[:n_rows], some[target].to_numpy())
    doubts, subject = list(fixed[1:]), fixed[0] if fixed else ""
    if left is not None and not subject:
        levels = find_levels(left, {name: codes for name, codes in found.items() if name != target}, x.shape[1], ALPHA)
        doubts, subject = list(levels[1:]), levels[0] if levels else ""
    sorting = [name for name, values in found.items() if _is_sorted(values) and name not in ("", subject)]
    if left is not None:
        doubts += _say_neighbours(left, some, [name for name in sorting if name != target])
    features = [name for name in sorting if name in some or f"{name}{_DAYS}" in some]
    return Seen(tuple(doubts), tuple(_say_sorted(features, target, has_doubt=bool(doubts))))


def _cells(column: RawColumn, rows: NDArray[np.intp]) -> Floats | None:
    """Cells as numbers: numbers as they are, texts by the number of their level, NaN where missing."""
    if column.numbers is not None:
        return column.numbers[rows]
    if column.texts is None:
        return None
    return np.where(column.texts.codes[rows] < 0, np.nan, column.texts.codes[rows])


def _is_date(name: str) -> bool:
    return name.endswith(_DAYS)


def _design(frame: pd.DataFrame, target: str) -> Floats:
    """Intercept and features, each column with a largest value of 1, missing cells filled with the mean."""
    features = frame.drop(columns=target)
    x = encode(features, describe(features))
    x = x / np.maximum(np.max(np.abs(np.nan_to_num(x)), axis=0), 1e-300)
    mean = np.nansum(x, axis=0) / np.maximum((~np.isnan(x)).sum(axis=0), 1)
    return np.column_stack([np.ones(len(x)), np.where(np.isnan(x), mean, x) - mean])


def _residuals(x: Floats, y: Floats) -> Floats | None:
    """What the line leaves of y [standard deviations]; None where it leaves nothing, or too few rows to say."""
    if len(y) < 2 * x.shape[1]:
        return None
    y = y / max(float(np.max(np.abs(y))), 1e-300)
    spread = (y - y.mean()) / max(float(y.std()), 1e-300)
    basis = _basis(x)
    left = spread - basis @ (basis.T @ spread)
    return left if left @ left > 1e-8 * (spread @ spread) else None


def _basis(x: Floats) -> Floats:
    """Orthonormal basis of the columns' span, (n_rows, rank)."""
    basis, triangle, _ = qr(x / np.maximum(np.linalg.norm(x, axis=0), 1e-300), mode="economic", pivoting=True)
    pivots = np.abs(np.diag(triangle))
    return basis[:, pivots > 1e-10 * pivots[0]]


def _is_sorted(values: Floats) -> bool:
    here, after = values[:-1], values[1:]
    return bool((here <= after).all() or (here >= after).all()) and len(np.unique(values)) >= 5


def _say_neighbours(left: Floats, frame: pd.DataFrame, sorting: list[str]) -> list[str]:
    """A doubt where neighbours are alike, in the file's order or in that of a column of dates."""
    orders = {"": np.arange(len(left))}
    for name, values in frame.items():
        if _is_date(str(name)) and not _is_sorted(values.to_numpy()):
            orders[str(name).removesuffix(_DAYS)] = np.argsort(values.to_numpy(), kind="stable")
    for date, order in orders.items():
        is_date = bool(date) or any(f"{name}{_DAYS}" in frame for name in sorting)  # along dates, a wave is no curve
        drift = _pieces(len(left)) if sorting and not is_date else _smooth(len(left))
        correlation, p_value = measure_neighbours(left[order], np.column_stack([drift, _runs(frame.iloc[order])]))
        if p_value > ALPHA / len(orders):
            continue
        times = [date] if date else sorting
        order_said = f" in the order of {quote(date)}" if date else ""
        advice = (
            "name that column in dataset.time=COLUMN or dataset.groups=COLUMN (where only their order says it, number "
            "the rows in a new one for dataset.time)"
        )
        if times:
            advice = (
                f"if {quote(times[0])} says when each was observed, set {override('dataset.time', times[0])}; if not, "
                "name the subject's column in dataset.groups=COLUMN"
            )
        return [
            f"neighbouring rows{order_said} lie on the same side of the line too often (correlation {correlation:.2f}"
            f"), as rows do that follow each other in time or belong to one subject, place or batch: {advice}"
        ]
    return []


def measure_neighbours(left: Floats, drift: Floats) -> tuple[float, float]:
    """Correlation of neighbouring residuals, and the p value of the rank von Neumann ratio against a positive one.

    A file may be sorted by its target or by a feature. Then residuals drift along the file because of a curve, though
    rows are independent given what they are sorted by. So a drift is taken out first.

    Args:
        left: Residuals of the line, in order, (n_rows,).
        drift: What is taken out of their ranks, (n_rows, n_columns).

    Source:
        Bartels (1982), The Rank Version of von Neumann's Ratio Test for Randomness; Durbin & Watson (1950), Testing for
        Serial Correlation in Least Squares Regression I, for its mean and variance after what was taken out.
    """
    n_rows = len(left)
    basis = _basis(drift)
    ranks = pd.Series(left).rank().to_numpy()
    rest = ranks - basis @ (basis.T @ ranks)
    if rest @ rest <= 1e-12 * (ranks @ ranks):  # the drift is all there is
        return 0.0, 1.0
    ratio = np.sum(np.diff(rest) ** 2) / np.sum(rest**2)
    once = _differences(basis)
    inner, freedom = basis.T @ once, n_rows - basis.shape[1]
    first = 2 * (n_rows - 1) - np.trace(inner)
    second = 6 * n_rows - 8 - 2 * np.sum(once**2) + np.sum(inner**2)
    mean = first / freedom
    variance = 2 * (second - first * mean) / (freedom * (freedom + 2))
    correlation = left[1:] @ left[:-1] / (left @ left)
    return float(correlation), float(ndtr((ratio - mean) / np.sqrt(variance)))


def _differences(columns: Floats) -> Floats:
    """The matrix of von Neumann's sum of squared differences times columns, (n_rows, n_columns)."""
    steps = np.diff(columns, axis=0)
    return np.vstack([-steps[:1], steps[:-1] - steps[1:], steps[-1:]])


def _smooth(n_rows: int) -> Floats:
    """A cubic spline along the file, with about the cube root of the number of rows as knots."""
    place, knots = np.arange(n_rows) / n_rows, np.linspace(0, 1, round(n_rows ** (1 / 3)) + 2)[1:-1]
    powers = [place**power for power in range(4)]
    return np.column_stack([*powers, *(np.maximum(place - knot, 0) ** 3 for knot in knots)])


def _pieces(n_rows: int) -> Floats:
    """A line for every ten rows, or for every hundredth part of many: along a feature, any curve looks like that."""
    length = max(10, -(-n_rows // 100))
    piece, place = np.divmod(np.arange(n_rows), length)
    level = (piece[:, None] == np.arange(piece[-1] + 1)).astype(np.float64)
    return np.hstack([level, level * (place - (length - 1) / 2)[:, None]])


def _runs(frame: pd.DataFrame) -> Floats:
    """Indicators of the levels of columns with few levels, where each level is one stretch of the file."""
    found = [np.zeros((len(frame), 0))]
    for _, values in frame.items():
        codes = pd.factorize(values.to_numpy(), use_na_sentinel=False)[0]
        n_levels = int(codes.max()) + 1
        if 1 < n_levels <= _FEW_LEVELS and np.count_nonzero(np.diff(codes)) == n_levels - 1:
            found.append((codes[:, None] == np.arange(n_levels)).astype(np.float64))
    return np.column_stack(found)


def _say_sorted(names: list[str], target: str, *, has_doubt: bool) -> list[str]:
    """A remark on what the file is sorted by."""
    if not names:
        return []
    if names[0] == target:
        return [f"rows are sorted by the target, {quote(target)}: whether they followed each other in time is not seen"]
    if has_doubt:
        return []
    return [
        f"rows are sorted by {quote(names[0])}: if that is the order in which they were observed, set "
        f"{override('dataset.time', names[0])}, and tests are about the future"
    ]
