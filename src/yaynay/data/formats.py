"""CSV and Parquet files as columns, read strictly: nothing is shifted, renamed or made up without a word."""

import codecs
import csv
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from yaynay.data.cells import Content, Floats, clean, count_rounded, parse_numbers
from yaynay.data.columns import shown
from yaynay.errors import DataError

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
"""What may stand between two fields, by name."""

_CHUNK_ROWS = 4000
_FOREIGN_MARKS = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
_BLOCK_BYTES = 1 << 20
_PLAIN_BYTES = b"0123456789+-.eE"
_CHANGED = "the file changed while it was read; run it again once it is complete"


def read_csv(path: Path, separator: str, keep: Callable[[Sequence[str]], list[int]]) -> Content:
    """Columns of a CSV file in UTF-8 with a header line.

    Args:
        path: The file.
        separator: One of the values of `SEPARATORS`.
        keep: Checks the names in the header and gives the columns to read, by number.

    Raises:
        DataError: The file is no such file; the message names the line.
    """
    _check_encoding(path)
    names = _read_names(path, separator)
    kept = keep(names)

    def find(rows: Sequence[int]) -> list[int]:
        wanted = set(rows)
        return [line for row, (line, _) in enumerate(_records(path, separator), -1) if row in wanted]

    plain = _read_plain(path, separator, len(names), kept)
    if plain is not None:
        return Content({names[column]: values for column, values in plain.items()}, {}, "line", find)
    parts: dict[int, list[Floats]] = {column: [np.empty(0)] for column in kept}
    n_rounded = dict.fromkeys(kept, 0)
    n_rows = 0
    for rows in _chunks(path, separator, len(names)):
        n_rows += len(rows)
        for column in list(parts):
            cells = [row[column] for row in rows]
            values = parse_numbers(cells)
            if values is None:  # a text among them: read the whole column again as texts
                del parts[column]
                continue
            parts[column].append(values)
            n_rounded[column] += count_rounded(cells, values)
    texts = _read_texts(path, separator, len(names), [column for column in kept if column not in parts])
    columns: dict[str, Floats | list[str | None]] = {}
    for column in kept:
        columns[names[column]] = np.concatenate(parts.pop(column)) if column in parts else texts[column]
    if {len(cells) for cells in columns.values()} != {n_rows}:
        raise DataError(f"{path}: {_CHANGED}")
    rounded = {names[column]: count for column, count in n_rounded.items() if count and column not in texts}
    return Content(columns, rounded, "line", find)


def _read_plain(path: Path, separator: str, width: int, columns: Sequence[int]) -> dict[int, Floats] | None:
    """All columns at once, of a file with nothing but plain numbers below its header; None for every other file."""
    if not _is_plain(path, separator):
        return None
    numbers = [str(column) for column in range(width)]
    try:
        read = arrow_csv.read_csv(
            path,
            arrow_csv.ReadOptions(column_names=numbers, skip_rows=1, use_threads=False),
            arrow_csv.ParseOptions(delimiter=separator, quote_char=False),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(numbers, pa.float64()), include_columns=[numbers[one] for one in columns]
            ),
        )
    except pa.ArrowInvalid:  # a fault, or "1-2"
        return None
    values = {column: read.column(numbers[column]).to_numpy() for column in columns}
    is_exact = all(np.max(np.abs(one), initial=0.0) < 2**53 for one in values.values())
    return values if is_exact and not any(read.column(numbers[column]).null_count for column in columns) else None


def _is_plain(path: Path, separator: str) -> bool:
    """Whether the header is one line and only characters of plain numbers follow."""
    plain = _PLAIN_BYTES + separator.encode() + b"\r\n"
    with path.open("rb") as file:
        header = file.readline()
        is_line = bool(header.strip()) and header.count(b'"') % 2 == 0 and b"\r" not in header.rstrip(b"\r\n")
        return is_line and not any(block.translate(None, plain) for block in iter(lambda: file.read(_BLOCK_BYTES), b""))


def _read_texts(path: Path, separator: str, width: int, columns: Sequence[int]) -> dict[int, list[str | None]]:
    """Cells of some columns as texts, equal ones as one object."""
    texts: dict[int, list[str | None]] = {column: [] for column in columns}
    if texts:
        known: dict[str, str | None] = {}
        for rows in _chunks(path, separator, width):
            for column, read in texts.items():
                cells = [row[column] for row in rows]
                known |= {cell: clean(cell) for cell in set(cells) - known.keys()}
                read += [known[cell] for cell in cells]
    return texts


def _read_names(path: Path, separator: str) -> list[str]:
    """Names in the header, without blanks around them and in one Unicode form."""
    line, header = next(_records(path, separator), (1, []))
    if not header:
        raise DataError(f"{path}: 0 rows, the file is empty; a header line and rows are needed; add them")
    if len(header) == 1:
        found = [f"separator {shown(mark)} suspected" for mark in SEPARATORS.values() if mark in header[0]]
        raise DataError(
            f"{path}:{line}: 1 column found, {(found or ['no separator in it'])[0]}; at least a target and a "
            f"feature are needed, separated by {shown(separator)}; set dataset.separator to one of "
            f"{', '.join(SEPARATORS)}"
        )
    return [unicodedata.normalize("NFC", name).strip() for name in header]


def _chunks(path: Path, separator: str, width: int) -> Iterator[list[list[str]]]:
    """Rows below the header, many at once; a second, slower pass finds the line of a fault."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        is_header_ahead = True
        while True:
            try:
                read = list(islice(reader, _CHUNK_ROWS))
            except csv.Error:
                raise _first_fault(path, separator, width) from None
            if not read:
                return
            rows = [row for row in read if row] if [] in read else read
            if set(map(len, rows)) - {width}:
                raise _first_fault(path, separator, width)
            yield rows[1:] if is_header_ahead else rows
            is_header_ahead = is_header_ahead and not rows


def _first_fault(path: Path, separator: str, width: int) -> DataError:
    for line, row in _records(path, separator):
        if len(row) != width:
            hint = "; a quoted cell in it spans lines" if any("\n" in cell for cell in row) else ""
            return DataError(
                f"{path}:{line}: {len(row)} fields where the header has {width}{hint}; every row needs "
                "one field a column; add what is missing or quote a cell that holds the separator"
            )
    return DataError(f"{path}: {_CHANGED}")


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


def _check_encoding(path: Path) -> None:
    """Refuse what is not text in UTF-8, with or without its mark in front."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        foreign = [name for mark, name in _FOREIGN_MARKS.items() if file.peek(4).startswith(mark)]
        if foreign:
            raise _not_utf8(path, 1, f"byte 1 begins a mark of {foreign[0]}")
        while block := file.read(_BLOCK_BYTES):
            try:
                decoder.decode(block)
                is_text = b"\0" not in block
            except UnicodeDecodeError:
                is_text = False
            if not is_text:
                raise _first_foreign_byte(path)
    if decoder.getstate()[0]:
        raise _first_foreign_byte(path)


def _first_foreign_byte(path: Path) -> DataError:
    n_bytes = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if b"\0" in line:
                guess = "UTF-16 suspected" if line.count(0) > max(1, len(line) // 3) else "no text"
                return _not_utf8(path, number, f"NUL at byte {n_bytes + line.index(0) + 1}, {guess}")
            try:
                line.decode()
            except UnicodeDecodeError as error:
                byte = f"byte {n_bytes + error.start + 1} is {line[error.start]:#04x}"
                return _not_utf8(path, number, f"{byte}, Latin-1 or Windows-1252 suspected")
            n_bytes += len(line)
    return DataError(f"{path}: {_CHANGED}")


def _not_utf8(path: Path, line: int, reason: str) -> DataError:
    return DataError(f"{path}:{line}: not UTF-8: {reason}; a CSV file is text in UTF-8; save it again as UTF-8")


_ROW_LABELS = re.compile(r"__index_level_\d+__")
"""What pandas calls the columns in which it stores its row labels; they are no data."""


def read_parquet(path: Path, keep: Callable[[Sequence[str]], list[int]]) -> Content:
    """Columns of a Parquet file.

    Args:
        path: The file.
        keep: Checks the names and gives the columns to read, by number.

    Raises:
        DataError: The file is no such file, or a column holds neither numbers nor text.
    """
    try:
        # not read_table, which turns a folder named "a=b" into a column
        content = pq.ParquetFile(path).read()
    except (pa.ArrowException, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not a readable Parquet file ({reason}); write it again") from error
    names = content.column_names
    content = content.select([number for number, name in enumerate(names) if not _ROW_LABELS.fullmatch(name)])
    columns: dict[str, Floats | list[str | None]] = {}
    n_rounded: dict[str, int] = {}
    for number in keep(content.column_names):
        name = content.column_names[number]
        columns[name], n_rounded[name] = _read_column(content.column(number), f"{path}, column {shown(name)}")
    rounded = {name: count for name, count in n_rounded.items() if count}
    return Content(columns, rounded, "row", lambda rows: [row + 1 for row in rows])


def _read_column(column: pa.ChunkedArray, where: str) -> tuple[Floats | list[str | None], int]:
    """Cells of a column and how many whole numbers were rounded."""
    types = pa.types
    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        cells = ["" if cell is None else cell for cell in column.to_pylist()]
        values = parse_numbers(cells)
        return ([clean(cell) for cell in cells], 0) if values is None else (values, count_rounded(cells, values))
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
    return values, count_rounded(list(map(str, column.to_pylist())), values)
