"""What a table's columns suggest: values that mean "missing", features made from the target.

Each suspicion is a remark. None changes the table, and up to 20,000 rows none depends on their order.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.config.quoting import override
from yaynay.data.columns import quote

Floats = NDArray[np.float64]

FEWEST_ROWS = 20
"""Fewer rows may look like anything."""

_MOST_ROWS = 20_000
"""Of a longer table every k-th row is looked at, where rows are sorted or fitted."""


def say_suspicions(frame: pd.DataFrame, target: str) -> list[str]:
    """Remarks on a table, (n_rows, n_columns), with its target among the columns."""
    if len(frame) < FEWEST_ROWS:
        return []
    numbers = {str(name): cells.to_numpy() for name, cells in frame.items() if cells.dtype == np.float64}
    said = _say_sentinels(numbers)
    return [*said, *_say_giveaways(frame.iloc[:: -(-len(frame) // _MOST_ROWS)], target)]


def _say_sentinels(columns: Mapping[str, Floats]) -> list[str]:
    said = []
    for name, cells in columns.items():
        if (found := find_sentinel(cells)) is not None:
            value, count, low, high = found
            said.append(
                f"column {quote(name)}: {value:.15g} stands in {count} cells, far from all others ({low:g} to "
                f"{high:g}); if it means that a cell is missing, set 'dataset.na_values=[{value:.15g}]'"
            )
    return said


def find_sentinel(cells: Floats) -> tuple[float, int, float, float] | None:
    """A value that is repeated and stands alone, further from the others than they are from each other.

    Returns:
        The value, its number of cells, and the range of the others; None where there is none. It has three cells or
        more, and at most as many as the others, of which five differ.

    Example:
        >>> find_sentinel(np.array([-999.0] * 3 + list(range(40))))
        (-999.0, 3, 0.0, 39.0)
        >>> find_sentinel(np.array([0.0, 1.0] * 40))
    """
    present = cells[~np.isnan(cells)] if np.isnan(cells).any() else cells
    if len(present) < FEWEST_ROWS:
        return None
    for value in (present.min(), present.max()):
        is_it = present == value
        count = int(is_it.sum())
        if not 3 <= count <= len(present) / 2:
            continue
        others = present[~is_it]
        low, high = others.min(), others.max()
        gap = min(abs(low / 2 - value / 2), abs(high / 2 - value / 2))
        if gap > high / 2 - low / 2 and len(np.unique(others)) >= 5:
            return float(value), count, float(low), float(high)
    return None


def _say_giveaways(frame: pd.DataFrame, target: str) -> list[str]:
    """Features that give the target away: alone, or together in a line."""
    y = frame[target].to_numpy()
    said, numbers = [], []
    for name, values in frame.drop(columns=target).items():
        x = values.to_numpy()
        if x.dtype != np.float64:
            continue
        is_there = ~np.isnan(x)
        if is_there.all():
            numbers.append(x)
        if is_monotone(x[is_there], y[is_there]):
            way = override("dataset.leave_out", [str(name)])
            said.append(
                f"column {quote(str(name))} puts the rows in the order of the target, without exception: it may be "
                f"made from the target; if it is, leave it out: {way}"
            )
    if said or len(numbers) < 2 or len(y) < 3 * len(numbers) + 10 or len(numbers) > 100:
        return said
    design = np.column_stack([x / max(float(np.abs(x).max()), 1e-300) for x in numbers])  # whose squares are finite
    scale = np.std(design, axis=0)
    design = np.column_stack([(design - np.mean(design, axis=0)) / np.where(scale > 0, scale, 1), np.ones(len(y))])
    spread = y - y.mean()
    left = spread - design @ np.linalg.lstsq(design, spread, rcond=None)[0]
    if left @ left > 1e-8 * (spread @ spread):
        return []
    return ["a line through the features gives the target exactly: it may be their sum, or one of them made from it"]


def is_monotone(x: Floats, y: Floats) -> bool:
    """Whether y never falls as x rises, or never rises, over 20 rows or more with five values or more in each.

    >>> x = np.arange(30.0)
    >>> is_monotone(x, np.exp(x)), is_monotone(-x, np.floor(x / 3)), is_monotone(x, x % 7)
    (True, True, False)
    """
    if len(x) < FEWEST_ROWS or min(len(np.unique(x)), len(np.unique(y))) < 5:
        return False
    return any((np.diff(y[np.lexsort((y, signed))]) >= 0).all() for signed in (x, -x))
