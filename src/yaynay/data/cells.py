"""What the cells of a file say: numbers, categories, or something that must not be guessed at."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from yaynay.data.columns import shown
from yaynay.errors import DataError

MISSING = ("", "na", "nan", "null", "none")
"""Spellings of a missing cell, in small letters."""

MAX_LEVELS = 50
"""A category with more levels is an identifier or free text."""

Floats = NDArray[np.float64]
Texts = Sequence[str | None]

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_PLAIN_CHARACTERS = re.compile(r"[0-9+\-.eE]*")
_WHOLE = re.compile(r"[+-]?[0-9]{1,400}")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_TIME = r"\d{1,2}:\d{2}(:\d{2})?.*"
_DATE = re.compile(
    rf"(\d{{4}}[-/.]\d{{1,2}}([-/.]\d{{1,2}})?|\d{{1,2}}[-/.]\d{{1,2}}[-/.](\d{{4}}|\d{{2}}))([T ]+{_TIME})?"
    rf"|{_TIME}|[A-Za-z]{{3,9}}\.? \d{{1,2}},? \d{{4}}|\d{{1,2}}[ -][A-Za-z]{{3,9}}[ -]\d{{2,4}}"
)
_DECORATION = re.compile(r"[\s,_'\u2019$\u20ac\u00a3%]")
_HEXADECIMAL = re.compile(r"[+-]?0x[0-9a-f]+", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Content:
    """Columns of a file as they stand in it.

    Attributes:
        columns: Cells of each column: numbers, NaN where missing, or texts, None where missing.
        n_rounded: How many whole numbers of a column no float64 can hold, where there are any.
        unit: What a row is counted in, where the file stands on disk: "line" or "row".
        find: Numbers of rows (from 0) in that unit.
    """

    columns: dict[str, Floats | list[str | None]]
    n_rounded: dict[str, int]
    unit: Literal["line", "row"]
    find: Callable[[Sequence[int]], list[int]]

    def place(self, row: int) -> str:
        """Where a row stands, to put behind the file's name."""
        number = self.find([row])[0]
        return f":{number}" if self.unit == "line" else f", row {number}"

    def places(self, rows: Sequence[int]) -> str:
        """Where rows stand, to read in a sentence."""
        return f"{self.unit}{'s' * (len(rows) > 1)} {', '.join(map(str, self.find(rows)))}"


def clean(cell: str) -> str | None:
    """The cell without ordinary blanks around it, None if it is missing.

    >>> [clean(" Oslo"), clean("N/A"), clean("NaN"), clean("")]
    ['Oslo', 'N/A', None, None]
    """
    text = cell.strip(" \t")
    return None if text.lower() in MISSING else text


def parse_numbers(cells: Sequence[str]) -> Floats | None:
    """Cells as numbers, NaN where missing; None if one is neither.

    A plain number is what a programmer would type: ASCII digits, a point, an exponent.

    >>> parse_numbers(["1", " -2.5e3", "NA", "inf"]).tolist()
    [1.0, -2500.0, nan, inf]
    >>> parse_numbers(["1", "1,5"]) is None
    True
    """
    if _PLAIN_CHARACTERS.fullmatch("".join(cells)):
        try:
            return pa.array(cells, pa.string()).cast(pa.float64()).to_numpy()
        except pa.ArrowInvalid:  # an empty cell, or a text such as "1-2"
            pass
    values = np.empty(len(cells))
    for row, cell in enumerate(cells):
        text = clean(cell)
        if text is not None and not (_PLAIN.fullmatch(text) or _INFINITE.fullmatch(text)):
            return None
        values[row] = np.nan if text is None else float(text)
    return values


def count_rounded(cells: Sequence[str], values: Floats) -> int:
    """How many cells are whole numbers that became another one.

    >>> count_rounded(["9007199254740993", "9007199254740992"], np.array([2.0**53, 2.0**53]))
    1
    """
    large = np.flatnonzero((np.abs(values) > 2**53 - 1) & np.isfinite(values)).tolist()
    texts = [(cells[row].strip(" \t"), int(values[row])) for row in large]
    return sum(bool(_WHOLE.fullmatch(text)) and int(text) != value for text, value in texts)


def judge(texts: Texts, name: str, place: Callable[[int], str]) -> Floats | list[str | None]:
    """A column that is not all plain numbers: a category, or true/false as 1/0.

    Args:
        texts: The cells, None where missing.
        name: The column.
        place: The file and the place of a row in it.

    Raises:
        DataError: At least half of the cells are dates, or numbers in some spelling; which is not guessed.
    """
    counts = Counter(text for text in texts if text is not None)
    if {text.lower() for text in counts} <= {"true", "false"}:
        return np.array([np.nan if text is None else float(text.lower() == "true") for text in texts])
    half = counts.total() / 2
    dates = {text for text in counts if _DATE.fullmatch(text)}
    if sum(counts[text] for text in dates) >= half:
        row, text = _first(texts, dates.__contains__)
        raise DataError(
            f"{place(row)}, column {shown(name)}: {shown(text)} is a date or time; allowed: numbers and "
            "categories; write it as a number, such as days since the first, or leave the column out"
        )
    plain = {text for text in counts if _PLAIN.fullmatch(text) or _INFINITE.fullmatch(text)}
    if sum(counts[text] for text in counts if text in plain or _is_meant_as_number(text)) >= half:
        row, text = _first(texts, lambda text: text not in plain)
        cell = shown(text) if text.isprintable() and _is_text(text) else ascii(text)
        raise DataError(
            f"{place(row)}, column {shown(name)}: {cell} is no plain number, but most of the column are "
            "numbers; allowed: digits 0-9, a point, an exponent (12, -3.5, 1e-3), or a missing cell (empty, "
            "NA, NaN, null, None); correct it"
        )
    return list(texts)


def check_levels(texts: Texts, name: str, path: str) -> None:
    """Check that a category is one.

    Raises:
        DataError: It has more than `MAX_LEVELS` levels, or as good as one a row.
    """
    n_levels = len({text for text in texts if text is not None})
    if n_levels > MAX_LEVELS or n_levels > max(2, 0.5 * len(texts)):
        raise DataError(
            f"{path}, column {shown(name)}: {n_levels} different texts in {len(texts)} rows, an identifier "
            f"or free text; a category has at most {MAX_LEVELS}, and not more than half as many as there are "
            "rows; leave the column out (dataset.leave_out)"
        )


def _first(texts: Texts, is_meant: Callable[[str], bool]) -> tuple[int, str]:
    return next((row, text) for row, text in enumerate(texts) if text is not None and is_meant(text))


def _is_text(text: str) -> bool:
    """Whether a cell shows what it is; a foreign digit or minus only looks like the plain one."""
    return text.isascii() or not _is_meant_as_number(text)


def _is_meant_as_number(text: str) -> bool:
    """Whether a person would read it as a number.

    >>> [_is_meant_as_number(text) for text in ("1,5", "0x10", "\\u22125", "\\u0661", "12 %", "Oslo", "A1")]
    [True, True, True, True, True, False, False]
    """
    if _HEXADECIMAL.fullmatch(text):
        return True
    bare = _DECORATION.sub("", unicodedata.normalize("NFKC", text).replace("\u2212", "-"))
    try:
        float(bare)
    except ValueError:
        return False
    return any(character.isdigit() for character in bare)
