"""How the columns of a table become numbers.

This module goes with each logged model, so it imports nothing of yaynay but its errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.errors import DataError


@dataclass(frozen=True)
class Column:
    """What encodes a feature's column.

    Attributes:
        name: The column's name.
        levels: Levels of a category in order; None for numbers.
        has_missing: Whether cells are missing, in the table that the column was described in.
    """

    name: str
    levels: tuple[str, ...] | None
    has_missing: bool


def quote(text: str) -> str:
    """A name or cell in quotes, on one line and not too long.

    >>> print(quote("two\\nlines"))
    'two\\nlines'
    """
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def to_float_or_str(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """The frame with only float64 and str columns; -0.0 becomes 0.0, so that equal cells are equal bytes.

    Raises:
        DataError: A column holds neither numbers nor text.
    """
    columns: dict[str, NDArray] = {}
    for name, values in frame.items():
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_complex_dtype(values):
            columns[str(name)] = _canonical(values.to_numpy(dtype=np.float64, na_value=np.nan))
            continue
        texts = values.astype(object).where(values.notna(), None).to_numpy()
        odd = next((text for text in texts if text is not None and not isinstance(text, str)), None)
        if odd is not None:
            raise DataError(
                f"{where}, column {quote(str(name))}: holds {type(odd).__name__}; allowed: numbers, or "
                "text as a category; convert it"
            )
        columns[str(name)] = texts
    return frame_of(columns)


def _canonical(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same numbers with one zero and one NaN, in memory of their own unless nothing has to change."""
    is_plain = not (np.isnan(numbers) | (np.signbit(numbers) & (numbers == 0))).any()
    if is_plain and numbers.flags.c_contiguous:
        return numbers
    numbers = numbers + 0.0
    numbers[np.isnan(numbers)] = np.nan
    return numbers


def frame_of(columns: Mapping[str, NDArray]) -> pd.DataFrame:
    """A frame over these same arrays, texts left as objects; a plain DataFrame() would guess and copy."""
    series = {name: pd.Series(values, dtype=values.dtype, copy=False) for name, values in columns.items()}
    return pd.DataFrame(series, copy=False)


def factorize(values: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Number of each cell's level, -1 where missing, (n_rows,), and the levels in order."""
    codes, levels = pd.factorize(values.to_numpy(), sort=True)
    return codes.astype(np.int64), list(levels)


def describe(frame: pd.DataFrame) -> list[Column]:
    """What encodes each column of a plain frame."""
    return [
        Column(
            str(name),
            None if values.dtype == np.float64 else tuple(factorize(values)[1]),
            bool(values.isna().any()),
        )
        for name, values in frame.items()
    ]


def encode(frame: pd.DataFrame, columns: Sequence[Column]) -> NDArray[np.float64]:
    """Cells as numbers, (n_rows, n_features); NaN where a number is missing.

    A category becomes 0/1 columns (`contrasts`), and a column that had missing cells gets one 0/1 column that
    marks them. A level that is not among the column's, and a missing one, are 0 in every column of the category.
    """
    parts: list[NDArray] = []
    for column in columns:
        values = frame[column.name]
        if column.levels is None:
            parts.append(values.to_numpy(dtype=np.float64, na_value=np.nan))
        else:
            levels = list(column.levels)
            codes = pd.Index(levels, dtype=object).get_indexer(pd.Index(values, dtype=object))
            parts += [codes == levels.index(level) for level in contrasts(levels)]
        parts += [values.isna().to_numpy()] if column.has_missing else []
    return np.column_stack(parts).astype(np.float64, copy=False)


def contrasts(levels: list[str]) -> list[str]:
    """Levels that get a 0/1 column: all but the first, which the intercept stands for.

    A level that is alone keeps its column, so that every feature has one.

    >>> contrasts(["north", "south", "west"]), contrasts(["north"])
    (['south', 'west'], ['north'])
    """
    return levels[1:] or levels
