"""Cells as texts: which of them are missing, which are plain numbers, and how often each text occurs."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from yaynay.data.columns import MISSING
from yaynay.data.numerals import NUMBER, Floats
from yaynay.data.raw import RawColumn, Texts

_WHOLE = re.compile(r"[+-]?[0-9]{1,400}")


@dataclass(frozen=True, eq=False)
class RawTable:
    """Columns of a file.

    Attributes:
        columns: By name.
        unit: What a message counts in that file: "line" or "row".
        find: Numbers of rows (from 0) in that unit.
        notes: What was recognised.
        reread: Reads columns again as texts; None where the file stores numbers as such.
    """

    columns: dict[str, RawColumn]
    unit: Literal["line", "row"]
    find: Callable[[Sequence[int]], list[int]]
    notes: tuple[str, ...] = ()
    reread: Callable[[Sequence[str]], dict[str, RawColumn]] | None = None

    def locate(self, row: int) -> str:
        """Where a row is, to put after the file's name."""
        number = self.find([row])[0]
        return f":{number}" if self.unit == "line" else f", row {number}"

    def locate_all(self, rows: Sequence[int]) -> str:
        """Where rows are, for use in a sentence."""
        return f"{self.unit}{'s' * (len(rows) > 1)} {', '.join(map(str, self.find(rows)))}"


class Builder:
    """Cells of one column, batch by batch: numbers for as long as all of them are plain numbers, else texts.

    Args:
        na_values: Spellings of a missing cell besides `MISSING`.
        as_text: Keep texts even of plain numbers.
    """

    def __init__(self, na_values: Iterable[str] = (), *, as_text: bool = False) -> None:
        self._missing = pa.array(MISSING)
        self._na_values = pa.array(list(na_values), pa.string())
        self._numbers: Floats = np.empty(0)
        self._n_numbers = 0
        self._texts: list[pa.Array] = []
        self._counts: Counter[str] = Counter()
        self._n_rounded = 0
        self._has_point = False
        self.is_number = not as_text
        self.must_read_again = False

    def add(self, cells: pa.Array) -> None:
        """Take the next cells, as texts; null where missing."""
        if self.must_read_again:
            return
        values = self._parse(cells) if self.is_number else None
        if values is not None:
            self._take(values)
            self._has_point = self._has_point or bool((np.isfinite(values) & (values != np.floor(values))).any())
            return
        self.must_read_again = self._n_numbers > 0
        self.is_number = False
        if not self.must_read_again:
            self._texts.append(pc.utf8_trim_whitespace(cells).dictionary_encode())

    def _take(self, values: Floats) -> None:
        """Append numbers in place: many small arrays between the texts' memory would keep all of it in use."""
        end = self._n_numbers + len(values)
        if end > len(self._numbers):
            self._numbers.resize(max(end, len(self._numbers) * 5 // 4), refcheck=False)
        self._numbers[self._n_numbers : end] = values
        self._n_numbers = end

    def finish(self) -> RawColumn:
        """The column."""
        if self.is_number:
            self._numbers.resize(self._n_numbers, refcheck=False)
            return RawColumn(self._numbers, None, self._counts, self._n_rounded, self._has_point)
        chunks = pa.chunked_array(self._texts).unify_dictionaries().combine_chunks()
        self._texts.clear()
        levels = chunks.dictionary
        codes = pc.fill_null(chunks.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        return self._without_missing(levels, codes)

    def _without_missing(self, levels: pa.Array, codes: NDArray[np.int64]) -> RawColumn:
        is_missing = self._is_missing(levels).to_numpy(zero_copy_only=False)
        texts = levels.to_pylist()
        counts = Texts(texts, codes).counts
        missing = Counter({texts[level]: int(counts[level]) for level in np.flatnonzero(is_missing)})
        if n_null := int((codes < 0).sum()):
            missing[""] += n_null
        places = np.append(np.where(is_missing, -1 - np.cumsum(is_missing), np.cumsum(~is_missing) - 1), -1)
        kept = [text for text, is_gone in zip(texts, is_missing, strict=True) if not is_gone]
        gone = tuple(text for text, is_gone in zip(texts, is_missing, strict=True) if is_gone)
        return RawColumn(texts=Texts(kept, places[codes], gone), missing=missing)

    def _is_missing(self, texts: pa.Array) -> pa.Array:
        is_missing = pc.is_in(pc.ascii_lower(texts), self._missing)
        return pc.or_(is_missing, pc.is_in(texts, self._na_values)) if len(self._na_values) else is_missing

    def _parse(self, cells: pa.Array) -> Floats | None:
        """Plain numbers, which are what a programmer would type: ASCII digits, a point, an exponent."""
        try:
            values = cells.cast(pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:  # nearly always a missing cell, a blank, a plus or a text
            values = None
        if values is not None and not np.isnan(values).any():  # "-nan" and "nan(1)" are texts here
            self._n_rounded += count_rounded(cells, values)
            return values
        texts = pc.utf8_trim_whitespace(cells)
        is_missing = pc.or_(self._is_missing(texts), texts.is_null())
        present = pc.if_else(is_missing, pa.scalar(None, pa.string()), texts)
        if not pc.all(pc.match_substring_regex(present, rf"^(?:{NUMBER})$"), min_count=0).as_py():
            return None
        values = pc.replace_substring_regex(present, r"^\+", "").cast(pa.float64()).to_numpy(zero_copy_only=False)
        for found in pc.value_counts(pc.fill_null(texts.filter(is_missing), "")).to_pylist():
            self._counts[found["values"]] += found["counts"]
        self._n_rounded += count_rounded(present, values)
        return values


def build(cells: pa.Array | pa.ChunkedArray, na_values: Iterable[str] = (), *, as_text: bool = False) -> RawColumn:
    """A column of texts.

    >>> build(pa.array(["1", " -2.5e3", "NA", "9007199254740993"])).numbers
    array([ 1.00000000e+00, -2.50000000e+03,             nan,  9.00719925e+15])
    >>> column = build(pa.array(["u", " v", "n/a", "u"]))
    >>> column.texts.levels, column.texts.codes, column.missing
    (['u', 'v'], array([ 0,  1, -2,  0]), Counter({'n/a': 1}))
    """
    builder = Builder(na_values, as_text=as_text)
    builder.add(cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells)
    return builder.finish()


def count_rounded(cells: pa.Array, values: Floats) -> int:
    """How many cells are whole numbers that changed in conversion.

    >>> count_rounded(pa.array(["9007199254740993", "9007199254740992"]), np.array([2.0**53, 2.0**53]))
    1
    """
    is_large = (np.abs(values) > 2**53 - 1) & np.isfinite(values)
    if not is_large.any():
        return 0
    texts = pc.utf8_trim_whitespace(cells.filter(pa.array(is_large))).to_pylist()
    return sum(
        bool(_WHOLE.fullmatch(text)) and int(text) != int(value)
        for text, value in zip(texts, values[is_large].tolist(), strict=True)
    )
