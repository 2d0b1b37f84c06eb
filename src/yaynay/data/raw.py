"""A raw column, from a file or from pandas: either numbers or texts.

This module goes with each saved model, so it imports nothing of yaynay but such modules.
"""

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.data.columns import is_missing
from yaynay.data.dates import DAY, HOUR
from yaynay.data.numerals import Floats
from yaynay.errors import DataError


@dataclass(frozen=True, eq=False)
class Texts:
    """A column that is not all plain numbers.

    Attributes:
        levels: The different texts, without blanks around them.
        codes: Number of each cell's text, (n_rows,); below 0 where missing: -1, or -2 - its number in `missing`.
        missing: Spellings of missing cells.
    """

    levels: list[str]
    codes: NDArray[np.int64]
    missing: tuple[str, ...] = ()

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each text occurs."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels))

    def first_row(self, level: int) -> int:
        """The first row that holds a text."""
        return int(np.argmax(self.codes == level))

    def spread(self, values: NDArray) -> NDArray:
        """A value of each text as one of each cell; NaN or None where missing."""
        nothing = np.array([np.nan]) if values.dtype == np.float64 else np.array([None], dtype=object)
        return np.concatenate([values, nothing])[np.maximum(self.codes, -1)]

    def keep(self, spellings: Iterable[str]) -> "Texts":
        """The same column, with some spellings of missing cells as levels."""
        kept = [number for number, spelling in enumerate(self.missing) if spelling in set(spellings)]
        codes = self.codes.copy()
        for place, number in enumerate(kept, len(self.levels)):
            codes[self.codes == -2 - number] = place
        return Texts([*self.levels, *(self.missing[number] for number in kept)], codes)


@dataclass(frozen=True, eq=False)
class RawColumn:
    """A column of a file as it is in it; either numbers or texts.

    Attributes:
        numbers: Plain numbers, NaN where missing, (n_rows,).
        texts: Anything else.
        missing: How often each spelling of a missing cell occurs; "" is an empty cell.
        n_rounded: How many whole numbers no float64 can hold.
        has_point: Whether one of the numbers may have been written with a decimal point.
        kind: What the file or an option says of the column: a category, truth values, days (since 1970),
            hours (of a day), or a duration in days.
        is_index: Whether pandas stored its row labels in it.
        unusable: What it holds, where that can be no feature.
    """

    numbers: Floats | None = None
    texts: Texts | None = None
    missing: Counter[str] = field(default_factory=Counter)
    n_rounded: int = 0
    has_point: bool = False
    kind: Literal["", "category", "truth", "days", "hours", "duration"] = ""
    is_index: bool = False
    unusable: str = ""

    @property
    def n_rows(self) -> int:
        return len(self.numbers) if self.texts is None else len(self.texts.codes)  # type: ignore[arg-type]  # one is there

    def as_category(self) -> "RawColumn":
        """Its cells as levels, whatever they look like."""
        if self.texts is not None or self.numbers is None:
            return replace(self, kind="category")
        levels, codes = np.unique(self.numbers[~np.isnan(self.numbers)], return_inverse=True)
        spread = np.full(len(self.numbers), -1)
        spread[~np.isnan(self.numbers)] = codes
        return replace(self, numbers=None, texts=Texts([f"{level:.15g}" for level in levels], spread), kind="category")


def missing_numbers(spellings: Iterable[str]) -> dict[str, float]:
    """Those spellings of a missing cell that are numbers, each with its number, which may be spelt in any way.

    >>> missing_numbers(["-999", "unknown"])
    {'-999': -999.0}
    """
    found: dict[str, float] = {}
    for spelling in spellings:
        try:
            found[spelling] = float(spelling)
        except ValueError:
            continue
    return found


def of_series(cells: pd.Series, missing: Sequence[str] = (), kept: Collection[str] = ()) -> RawColumn:
    """A column of pandas as a raw column, whatever its type.

    Args:
        cells: Numbers, truth values, texts, dates or times, in any of pandas' types or as objects.
        missing: Spellings of a missing cell besides the usual ones.
        kept: Texts that are levels of a category, whatever they look like.

    Raises:
        DataError: It holds something else.

    Example:
        >>> of_series(pd.Series([True, None], dtype="boolean")).numbers
        array([ 1., nan])
        >>> of_series(pd.Series([" u", "?", "v "])).texts.levels
        ['u', 'v']
    """
    types, dtype = pd.api.types, cells.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _spread(of_series(cells.cat.categories.to_series(), missing, kept), cells.cat.codes.to_numpy())
    if types.is_bool_dtype(dtype):
        return RawColumn(cells.to_numpy(dtype=np.float64, na_value=np.nan), kind="truth")
    if types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype):
        numbers = np.array(cells.to_numpy(dtype=np.float64, na_value=np.nan))
        numbers[np.isin(numbers, list(missing_numbers(missing).values()))] = np.nan
        return RawColumn(numbers)
    if types.is_datetime64_any_dtype(dtype):
        return RawColumn(_microseconds(cells) / DAY, kind="days")
    if types.is_timedelta64_dtype(dtype):
        return RawColumn(_microseconds(cells) / DAY)
    try:
        codes, found = pd.factorize(cells.to_numpy(dtype=object))
    except TypeError:
        raise DataError("holds lists or other nested cells; numbers, texts or dates are needed; convert them") from None
    return _spread(_of_objects(list(found), missing, kept), codes)


def _microseconds(cells: pd.Series) -> Floats:
    """Dates or lengths of time [microseconds], dates since 1970 in UTC; NaN where missing."""
    if pd.api.types.is_timedelta64_dtype(cells.dtype):
        stamps = cells.to_numpy("timedelta64[us]")
    else:
        stamps = pd.to_datetime(cells, utc=True).to_numpy("datetime64[us]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64).astype(np.float64))


def _of_objects(cells: list[object], missing: Sequence[str], kept: Collection[str]) -> RawColumn:
    """Different cells, of which none is None or NaN."""
    if cells and all(isinstance(cell, int | float | np.integer | np.floating | np.bool_ | Decimal) for cell in cells):
        is_truth = all(isinstance(cell, bool | np.bool_) for cell in cells)
        column = of_series(pd.Series(cells).astype(np.float64), missing)
        return replace(column, kind="truth" if is_truth else "")
    if cells and all(isinstance(cell, datetime.date) for cell in cells):
        return of_series(pd.to_datetime(pd.Series(cells), utc=True))
    if cells and all(isinstance(cell, datetime.timedelta) for cell in cells):
        return of_series(pd.to_timedelta(pd.Series(cells)))
    if cells and all(isinstance(cell, datetime.time) for cell in cells):
        lengths = pd.to_timedelta([cell.isoformat() for cell in cells])  # type: ignore[attr-defined]
        return RawColumn(_microseconds(lengths.to_series()) / HOUR, kind="hours")
    odd = next(
        (cell for cell in cells if not isinstance(cell, str | int | float | np.integer | np.floating | np.bool_)), None
    )
    if odd is not None:
        raise DataError(f"holds {type(odd).__name__}; numbers, texts or dates are needed; convert it")
    texts = [_text(cell, kept) for cell in cells]
    is_gone = [(is_missing(text) or text in missing) and text not in kept for text in texts]
    codes = np.where(is_gone, -1, np.arange(len(texts)) - np.cumsum(is_gone))
    return RawColumn(texts=Texts([text for text, gone in zip(texts, is_gone, strict=True) if not gone], codes))


def _text(cell: object, kept: Collection[str]) -> str:
    """A cell as a text without blanks around it; a whole number has no point."""
    text = f"{cell:.15g}" if isinstance(cell, float | np.floating) else str(cell)
    return text if text in kept else text.strip()


def _spread(column: RawColumn, codes: NDArray[np.integer]) -> RawColumn:
    """A column of different cells as one of all cells; a code below 0 is a missing one."""
    if column.texts is None:
        return replace(column, numbers=np.append(column.numbers, np.nan)[codes])  # type: ignore[arg-type]
    return replace(column, texts=Texts(column.texts.levels, np.append(column.texts.codes, -1)[codes]))
