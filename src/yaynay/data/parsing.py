"""CSV and Parquet files as columns, read strictly: nothing is silently shifted, renamed or made up."""

import csv
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from yaynay.data.cells import Floats, RawColumns, Texts, count_rounded, parse_cells
from yaynay.data.columns import quote
from yaynay.data.utf8 import check_utf8
from yaynay.errors import DataError

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
"""What may stand between two fields, by name."""

_BLOCK_BYTES = 1 << 18
"""Bytes read at once. Arrow needs a row to fit, and quoted rows, which may span lines, get sixteen times as much."""


def read_csv(path: Path, separator: str, keep: Callable[[Sequence[str]], list[int]]) -> RawColumns:
    """Columns of a CSV file in UTF-8 with a header line.

    Args:
        path: The file.
        separator: One of the values of `SEPARATORS`.
        keep: Checks the names in the header and gives the columns to read, by number.

    Raises:
        DataError: It is not a valid CSV file; the message names the line.
    """
    has_quotes, block_bytes = check_utf8(path, _BLOCK_BYTES)
    names = _read_names(path, separator)
    kept = keep(names)
    if has_quotes:  # Arrow would take "2"x for 2x
        _check_rows(path, separator, len(names))
        block_bytes *= 16
    texts = _read_texts(path, separator, len(names), kept, block_bytes)
    columns: dict[str, Floats | Texts] = {}
    n_rounded: dict[str, int] = {}
    for column in kept:
        columns[names[column]], n_rounded[names[column]] = parse_cells(texts.pop(column))
    pa.default_memory_pool().release_unused()  # the texts take three times the memory of the numbers
    return RawColumns(columns, n_rounded, "line", partial(_find_lines, path, separator))


def _read_texts(
    path: Path, separator: str, width: int, columns: Sequence[int], block_bytes: int
) -> dict[int, pa.ChunkedArray]:
    """Columns below the header, each cell as the text in the file.

    Arrow knows them as f0, f1, ..., because names may be equal; so the header is a row like the others.
    """
    labels = [f"f{column}" for column in range(width)]
    try:
        content = arrow_csv.read_csv(
            path,
            arrow_csv.ReadOptions(column_names=labels, block_size=block_bytes, use_threads=False),
            arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(labels, pa.string()), include_columns=[labels[column] for column in columns]
            ),
        )
    except pa.ArrowException as error:
        _check_rows(path, separator, width)
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not a readable CSV file ({reason}); write it again") from error
    return dict(zip(columns, content.slice(1).columns, strict=True))


def _read_names(path: Path, separator: str) -> list[str]:
    """Names in the header, without blanks around them and in one Unicode form."""
    line, header = next(_records(path, separator), (1, []))
    if not header:
        raise DataError(f"{path}: 0 rows, the file is empty; a header line and rows are needed; add them")
    if len(header) == 1:
        found = [f"separator {quote(mark)} suspected" for mark in SEPARATORS.values() if mark in header[0]]
        raise DataError(
            f"{path}:{line}: 1 column found, {(found or ['no separator in it'])[0]}; at least a target and a "
            f"feature are needed, separated by {quote(separator)}; set dataset.separator to one of "
            f"{', '.join(SEPARATORS)}"
        )
    return [unicodedata.normalize("NFC", name).strip() for name in header]


def _check_rows(path: Path, separator: str, width: int) -> None:
    """Find the line of the first fault, by Python's own reader: slower than Arrow's, but strict about quotes."""
    for line, row in _records(path, separator):
        if len(row) != width:
            hint = "; a quoted cell in it spans lines" if any("\n" in cell for cell in row) else ""
            raise DataError(
                f"{path}:{line}: {len(row)} fields where the header has {width}{hint}; every row needs "
                "one field per column; add what is missing or quote a cell that holds the separator"
            )


def _find_lines(path: Path, separator: str, rows: Sequence[int]) -> list[int]:
    return [line for row, (line, _) in enumerate(_records(path, separator), -1) if row in rows]


def _records(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line at which it starts."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        line = 1
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                reason = f"unbalanced quote ({error}); quotes come in pairs; close it or take it out"
                raise DataError(f"{path}:{line}: {reason}") from None
            if row is None:
                return
            if row:
                yield line, row
            line = reader.line_num + 1


_ROW_LABELS = re.compile(r"__index_level_\d+__")
"""What pandas calls the columns in which it stores its row labels; they are not data."""


def read_parquet(path: Path, keep: Callable[[Sequence[str]], list[int]]) -> RawColumns:
    """Columns of a Parquet file.

    Args:
        path: The file.
        keep: Checks the names and gives the columns to read, by number.

    Raises:
        DataError: It is not a valid Parquet file, or a column holds neither numbers nor text.
    """
    try:
        # not read_table, which turns a folder named "a=b" into a column
        content = pq.ParquetFile(path).read()
    except (pa.ArrowException, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not a readable Parquet file ({reason}); write it again") from error
    names = content.column_names
    content = content.select([number for number, name in enumerate(names) if not _ROW_LABELS.fullmatch(name)])
    columns: dict[str, Floats | Texts] = {}
    n_rounded: dict[str, int] = {}
    for number in keep(content.column_names):
        name = content.column_names[number]
        columns[name], n_rounded[name] = _read_column(content.column(number), f"{path}, column {quote(name)}")
    return RawColumns(columns, n_rounded, "row", lambda rows: [row + 1 for row in rows])


def _read_column(column: pa.ChunkedArray, where: str) -> tuple[Floats | Texts, int]:
    """Cells of a column and how many whole numbers were rounded."""
    types = pa.types
    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return parse_cells(column.cast(pa.string()))
    if types.is_temporal(kind):
        raise DataError(
            f"{where}: holds dates or times ({kind}); allowed: numbers and categories; write them as a "
            "number, such as days since the first, or leave the column out (dataset.leave_out)"
        )
    if not (types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)):
        raise DataError(
            f"{where}: holds {kind}; allowed: numbers and text; convert it or leave the column out (dataset.leave_out)"
        )
    values = column.cast(pa.float64(), safe=False).to_numpy()
    if not types.is_integer(kind) or np.nanmax(np.abs(values), initial=0) < 2**53:
        return values, 0
    return values, count_rounded(column.cast(pa.string()), values)
