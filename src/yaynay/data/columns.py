"""How the columns of a table become numbers.

This module goes with each saved model, so it imports nothing of yaynay but its errors.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.errors import DataError

MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-", ".", "#n/a", "#na", "<na>")
"""Spellings of a missing cell, in lower case; upper and lower case count as equal."""

POOL = "(rare)"
"""The level that stands for all rare ones."""


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


def clean_name(name: object) -> str:
    """A column's name without blanks around it, in one Unicode form.

    >>> clean_name(" pay"), clean_name("e\u0301") == "\u00e9", clean_name(2024)
    ('pay', True, '2024')
    """
    return unicodedata.normalize("NFC", str(name)).strip()


def is_missing(text: str) -> bool:
    """Whether a cell's text says that nothing is known.

    >>> [is_missing(text) for text in ("", "n/a", "NA", "none", "?", "0")]
    [True, True, True, True, True, False]
    """
    return text.lower() in MISSING


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


def feature_names(columns: Sequence[Column]) -> tuple[str, ...]:
    """Names of the columns that `encode` makes."""
    names: list[str] = []
    for column in columns:
        levels = None if column.levels is None else contrasts(list(column.levels), column.has_missing)
        names += [column.name] if levels is None else [f"{column.name}={level}" for level in levels]
        names += [f"{column.name} is missing"] if column.has_missing else []
    return tuple(names)


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
            parts += [codes == levels.index(level) for level in contrasts(levels, column.has_missing)]
        parts += [values.isna().to_numpy()] if column.has_missing else []
    return np.column_stack(parts).astype(np.float64, copy=False)


def contrasts(levels: list[str], has_missing: bool) -> list[str]:
    """Levels that get a 0/1 column: all but the first, which the intercept stands for.

    A level that is alone keeps its column, so that every feature has one, unless missing cells are marked in one.

    >>> contrasts(["north", "south", "west"], False), contrasts(["north"], False), contrasts(["north"], True)
    (['south', 'west'], ['north'], [])
    """
    return levels[1:] or ([] if has_missing else levels)
