"""What the cells of a file say: numbers, categories, or something that must not be guessed at."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from yaynay.data.columns import quote
from yaynay.errors import DataError

MISSING = ("", "na", "nan", "null", "none")
"""Spellings of a missing cell, in lower case."""

MAX_LEVELS = 50
"""A category with more levels is an identifier or free text."""

Floats = NDArray[np.float64]
Texts = NDArray[np.object_]

_NUMBER = r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:inf(?:inity)?))"
_PLAIN = re.compile(_NUMBER)
_WHOLE = re.compile(r"[+-]?[0-9]{1,400}")
_TIME = r"\d{1,2}:\d{2}(:\d{2})?.*"
_DATE = re.compile(
    rf"(\d{{4}}[-/.]\d{{1,2}}([-/.]\d{{1,2}})?|\d{{1,2}}[-/.]\d{{1,2}}[-/.](\d{{4}}|\d{{2}}))([T ]+{_TIME})?"
    rf"|{_TIME}|[A-Za-z]{{3,9}}\.? \d{{1,2}},? \d{{4}}|\d{{1,2}}[ -][A-Za-z]{{3,9}}[ -]\d{{2,4}}"
)
_DECORATION = re.compile(r"[\s,_'\u2019$\u20ac\u00a3%]")
_HEXADECIMAL = re.compile(r"[+-]?0x[0-9a-f]+", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class RawColumns:
    """Columns of a file as they are in it.

    Attributes:
        columns: Cells of each column: numbers, NaN where missing, or texts, None where missing.
        n_rounded: How many whole numbers of each column no float64 can hold.
        unit: What a message counts in that file: "line" or "row".
        find: Numbers of rows (from 0) in that unit.
    """

    columns: dict[str, Floats | Texts]
    n_rounded: dict[str, int]
    unit: Literal["line", "row"]
    find: Callable[[Sequence[int]], list[int]]

    def locate(self, row: int) -> str:
        """Where a row is, to put after the file's name."""
        number = self.find([row])[0]
        return f":{number}" if self.unit == "line" else f", row {number}"

    def locate_all(self, rows: Sequence[int]) -> str:
        """Where rows are, for use in a sentence."""
        return f"{self.unit}{'s' * (len(rows) > 1)} {', '.join(map(str, self.find(rows)))}"


def parse_cells(cells: pa.ChunkedArray) -> tuple[Floats | Texts, int]:
    """Texts of a column as numbers, or as they are spelt if any of them is not a number.

    Args:
        cells: The texts; null or one of `MISSING` where missing.

    Returns:
        The cells, NaN or None where missing, (n_rows,), and how many whole numbers were rounded.

    Example:
        >>> parse_cells(pa.chunked_array([["1", " -2.5e3", "NA", "9007199254740993"]]))
        (array([ 1.00000000e+00, -2.50000000e+03,             nan,  9.00719925e+15]), 1)
        >>> parse_cells(pa.chunked_array([["1", "1,5", "N/A", ""]]))
        (array(['1', '1,5', 'N/A', None], dtype=object), 0)
    """
    values = _parse_numbers(cells)
    if values is not None:
        return values, count_rounded(cells, values)
    codes = _clean(cells).dictionary_encode(null_encoding="encode").unify_dictionaries().combine_chunks()
    levels = np.array(codes.dictionary.to_pylist(), dtype=object)
    return levels[codes.indices.to_numpy()], 0


def _clean(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts without ordinary blanks around them, null where missing."""
    texts = pc.utf8_trim(cells, " \t")
    return pc.if_else(pc.is_in(pc.ascii_lower(texts), pa.array(MISSING)), pa.scalar(None, pa.string()), texts)


def _parse_numbers(cells: pa.ChunkedArray) -> Floats | None:
    """Plain numbers, which are what a programmer would type: ASCII digits, a point, an exponent."""
    try:
        values = cells.cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:  # nearly always a missing cell, a blank, a plus or a text
        values = None
    if values is not None and not np.isnan(values).any():  # "-nan" and "nan(1)" are texts here
        return values
    texts = _clean(cells)
    if not pc.all(pc.match_substring_regex(texts, rf"^(?:{_NUMBER})$"), min_count=0).as_py():
        return None
    return pc.replace_substring_regex(texts, r"^\+", "").cast(pa.float64()).to_numpy()


def count_rounded(cells: pa.ChunkedArray, values: Floats) -> int:
    """How many cells are whole numbers that changed in conversion.

    >>> count_rounded(pa.chunked_array([["9007199254740993", "9007199254740992"]]), np.array([2.0**53, 2.0**53]))
    1
    """
    is_large = (np.abs(values) > 2**53 - 1) & np.isfinite(values)
    texts = zip(_clean(cells.filter(pa.array(is_large))).to_pylist(), values[is_large].tolist(), strict=True)
    return sum(bool(_WHOLE.fullmatch(text)) and int(text) != int(value) for text, value in texts)


def infer_column(texts: NDArray, name: str, locate: Callable[[int], str]) -> Floats | Texts:
    """A column that is not all plain numbers: a category, or true/false as 1/0.

    Args:
        texts: The cells, None where missing, (n_rows,).
        name: The column.
        locate: The file and where a row is in it.

    Raises:
        DataError: At least half of the cells are dates, or numbers in some spelling, which is not guessed.
    """
    counts = Counter(text for text in texts if text is not None)
    if {text.lower() for text in counts} <= {"true", "false"}:
        return np.array([np.nan if text is None else float(text.lower() == "true") for text in texts])
    half = counts.total() / 2
    dates = {text for text in counts if _DATE.fullmatch(text)}
    if sum(counts[text] for text in dates) >= half:
        row, text = _first(texts, dates.__contains__)
        raise DataError(
            f"{locate(row)}, column {quote(name)}: {quote(text)} is a date or time; allowed: numbers and "
            "categories; write it as a number, such as days since the first, or leave the column out"
        )
    plain = {text for text in counts if _PLAIN.fullmatch(text)}
    if sum(counts[text] for text in counts if text in plain or _is_meant_as_number(text)) >= half:
        row, text = _first(texts, lambda text: text not in plain)
        cell = quote(text) if text.isprintable() and _is_text(text) else ascii(text)
        raise DataError(
            f"{locate(row)}, column {quote(name)}: {cell} is not a plain number, but most of the column's cells "
            "are numbers; allowed: digits 0-9, a point, an exponent (12, -3.5, 1e-3), or a missing cell (empty, "
            "NA, NaN, null, None); correct it"
        )
    return texts


def check_levels(texts: Texts, name: str, path: str) -> None:
    """Check that a category is one.

    Raises:
        DataError: It has more than `MAX_LEVELS` levels, or nearly one per row.
    """
    n_levels = len({text for text in texts if text is not None})
    if n_levels > MAX_LEVELS or n_levels > max(2, 0.5 * len(texts)):
        raise DataError(
            f"{path}, column {quote(name)}: {n_levels} different texts in {len(texts)} rows, an identifier "
            f"or free text; a category has at most {MAX_LEVELS}, and not more than half as many as there are "
            "rows; leave the column out (dataset.leave_out)"
        )


def _first(texts: Texts, is_meant: Callable[[str], bool]) -> tuple[int, str]:
    return next((row, text) for row, text in enumerate(texts) if text is not None and is_meant(text))


def _is_text(text: str) -> bool:
    """Whether a cell shows what it is; a foreign digit or minus only looks like the ASCII one."""
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
