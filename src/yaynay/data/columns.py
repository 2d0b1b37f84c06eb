"""What the columns of a table may be, how they become numbers, and how an error names them.

This module goes with each logged model, so it imports nothing of yaynay but its errors.
"""

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.errors import DataError

MIN_ROWS = 3
"""A line through two points fits them whatever they are."""


MOST_TARGET, LEAST_SPREAD = 1e100, 1e-100
"""Sums of squares of a target beyond these would leave float64."""


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


def check_names(names: Sequence[str], target: str, where: str) -> None:
    """Check that column names are unique and that the target is one of them, with a feature beside it.

    Raises:
        DataError: They are not; names that differ in blanks around them or in Unicode form count as equal.
    """
    seen: dict[str, str] = {}
    for name in names:
        key = unicodedata.normalize("NFC", name).strip()
        if key in seen:
            raise DataError(
                f"{where}: columns {quote(seen[key])} and {quote(name)} have the same name; names must "
                "differ by more than blanks around them and Unicode form; rename one"
            )
        seen[key] = name
    if target not in names:
        raise DataError(f"{where}: {unknown_name(target, names)}")
    if len(names) < 2:
        raise DataError(f"{where}: no column beside the target; at least one feature is needed; add one")


def unknown_name(name: str, names: Sequence[str]) -> str:
    """What to say of a column that is not there.

    >>> unknown_name("prise", ["price", "size"])
    "no column 'prise'; columns: 'price', 'size'; did you mean 'price'?"
    """
    nearest = difflib.get_close_matches(name, names, n=1)
    listed = ", ".join(quote(known) for known in names[:20]) + (", ..." if len(names) > 20 else "")
    advice = f"did you mean {quote(nearest[0])}?" if nearest else "choose one of them"
    return f"no column {quote(name)}; columns: {listed}; {advice}"


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
            numbers = values.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0
            numbers[np.isnan(numbers)] = np.nan
            columns[str(name)] = numbers
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


def frame_of(columns: Mapping[str, NDArray]) -> pd.DataFrame:
    """A frame over these same arrays, texts left as objects; a plain DataFrame() would guess and copy."""
    series = {name: pd.Series(values, dtype=values.dtype, copy=False) for name, values in columns.items()}
    return pd.DataFrame(series, copy=False)


def check_values(frame: pd.DataFrame, target: str, where: str) -> tuple[list[str], list[str]]:
    """Notes on the columns of a plain frame, and remarks for a verdict.

    Raises:
        DataError: Too few rows, an infinite cell, a column without values, a target that cannot be predicted.
    """
    if len(frame) < MIN_ROWS:
        raise DataError(f"{where}: {len(frame)} rows; at least {MIN_ROWS} are needed; add rows")
    notes: list[str] = []
    filled: list[str] = []
    for label, values in frame.items():
        name = str(label)
        column = f"{where}, column {quote(name)}"
        n_missing = int(values.isna().sum())
        if n_missing == len(values):
            raise DataError(f"{column}: every cell is missing; a column needs values; leave it out")
        if values.dtype == np.float64 and np.isinf(values.to_numpy()).any():
            raise DataError(f"{column}: infinite cells; numbers must be finite; correct them")
        if name == target:
            if values.dtype != np.float64:
                raise DataError(f"{column}: the target is text; it must be a number; choose another target")
            if n_missing:
                raise DataError(f"{column}: {n_missing} missing cells; none is allowed in the target; drop them")
            _check_scale(values.to_numpy(), column)
        present = values.dropna()
        is_constant = bool((present == present.iloc[0]).all())
        if name == target and is_constant:
            raise DataError(f"{column}: the target is constant; it must vary; choose another target")
        if n_missing:
            filled.append(f"{quote(name)} ({n_missing})")
        elif is_constant:
            notes.append(f"column {quote(name)} is constant and carries no information")
    if not filled:
        return notes, []
    listed = ", ".join(filled[:10]) + f" and {len(filled) - 10} more columns" * (len(filled) > 10)
    return notes, [f"missing cells are filled in from the training rows, and marked in a column of 0 and 1: {listed}"]


def _check_scale(target: NDArray[np.float64], column: str) -> None:
    largest, spread = float(np.max(np.abs(target))), float(np.max(target) / 2 - np.min(target) / 2)
    if largest > MOST_TARGET or 0 < spread < LEAST_SPREAD:
        raise DataError(
            f"{column}: the target reaches {largest:.1e}; squares of numbers beyond {MOST_TARGET:.0e}, or that "
            f"differ by less than {LEAST_SPREAD:.0e}, leave the range of floating point; give it in another unit"
        )


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
