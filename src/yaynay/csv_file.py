"""A CSV file as columns, read strictly: nothing is shifted, renamed or made up without a word."""

import codecs
import csv
import unicodedata
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from yaynay.cells import Content, Floats, clean, count_rounded, parse_numbers
from yaynay.columns import shown
from yaynay.errors import DataError

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
"""What may stand between two fields, by name."""

_CHUNK_ROWS = 20_000
_FOREIGN_MARKS = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def read_csv(path: Path, separator: str, keep: Callable[[Sequence[str]], list[int]]) -> Content:
    """Columns of a CSV file in UTF-8 with a header line.

    Args:
        path: The file.
        separator: One of the values of `SEPARATORS`.
        keep: Checks the names in the header and gives the columns to read, by number.

    Raises:
        DataError: The file is no such file; the message names the line.
    """
    names, rows = _open(path, separator)
    kept = keep(names)
    chunks: dict[int, list[Floats]] = {column: [] for column in kept}
    n_rounded = dict.fromkeys(kept, 0)
    lines = array("q")
    while chunk := list(islice(rows, _CHUNK_ROWS)):
        lines.extend(line for line, _ in chunk)
        for column in list(chunks):
            cells = [row[column] for _, row in chunk]
            values = parse_numbers(cells)
            if values is None:  # a text among them: read the whole column again as texts
                del chunks[column]
                continue
            chunks[column].append(values)
            n_rounded[column] += count_rounded(cells, values)
    texts = _read_texts(path, separator, [column for column in kept if column not in chunks])
    columns: dict[str, Floats | list[str | None]] = {}
    for column in kept:
        read = np.concatenate([np.empty(0), *chunks.pop(column)]) if column in chunks else texts[column]
        if len(read) != len(lines):
            raise DataError(f"{path}: the file changed while it was read; run it again once it is complete")
        columns[names[column]] = read
    return Content(columns, {names[c]: n for c, n in n_rounded.items() if n and c not in texts}, lines)


def _read_texts(path: Path, separator: str, columns: Sequence[int]) -> dict[int, list[str | None]]:
    """Cells of some columns as texts, equal ones as one object."""
    texts: dict[int, list[str | None]] = {column: [] for column in columns}
    if texts:
        known: dict[str | None, str | None] = {}
        for _, row in _open(path, separator)[1]:
            for column, read in texts.items():
                text = clean(row[column])
                read.append(known.setdefault(text, text))
    return texts


def _open(path: Path, separator: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Names in the header, without blanks around them and in one Unicode form, and the rows below it."""
    records = _records(path, separator)
    line, header = next(records, (1, []))
    if not header:
        raise DataError(f"{path}: 0 rows, the file is empty; a header line and rows are needed; add them")
    if len(header) == 1:
        found = [f"separator {shown(mark)} suspected" for mark in SEPARATORS.values() if mark in header[0]]
        raise DataError(
            f"{path}:{line}: 1 column found, {(found or ['no separator in it'])[0]}; at least a target and a "
            f"feature are needed, separated by {shown(separator)}; set dataset.separator to one of "
            f"{', '.join(SEPARATORS)}"
        )
    names = [unicodedata.normalize("NFC", name).strip() for name in header]
    return names, _check_widths(path, records, len(header))


def _check_widths(
    path: Path, records: Iterator[tuple[int, list[str]]], width: int
) -> Iterator[tuple[int, list[str]]]:
    for line, row in records:
        if len(row) != width:
            hint = "; a quoted cell in it spans lines" if any("\n" in cell for cell in row) else ""
            raise DataError(
                f"{path}:{line}: {len(row)} fields where the header has {width}{hint}; every row needs "
                "one field a column; add what is missing or quote a cell that holds the separator"
            )
        yield line, row


def _records(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line at which it starts."""
    reader = csv.reader(_lines(path), delimiter=separator, strict=True)
    line = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            if "new-line" in str(error):
                reason = "carriage returns without line feeds; lines end in LF or CRLF; save it so"
            else:
                reason = f"unbalanced quote ({error}); quotes come in pairs; close it or take it out"
            raise DataError(f"{path}:{line}: {reason}") from None
        if row is None:
            return
        if row:
            yield line, row
        line = reader.line_num + 1


def _lines(path: Path) -> Iterator[str]:
    """Lines of a text in UTF-8, with or without its mark in front."""
    n_bytes = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if number == 1:
                foreign = [name for mark, name in _FOREIGN_MARKS.items() if line.startswith(mark)]
                if foreign:
                    raise _not_utf8(path, 1, f"byte 1 begins a mark of {foreign[0]}")
            if b"\0" in line:
                guess = "UTF-16 suspected" if line.count(0) >= len(line) // 3 else "no text"
                raise _not_utf8(path, number, f"NUL at byte {n_bytes + line.index(0) + 1}, {guess}")
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                byte = f"byte {n_bytes + error.start + 1} is {line[error.start]:#04x}"
                raise _not_utf8(path, number, f"{byte}, Latin-1 or Windows-1252 suspected") from None
            yield text.removeprefix("\ufeff") if number == 1 else text
            n_bytes += len(line)


def _not_utf8(path: Path, line: int, reason: str) -> DataError:
    return DataError(
        f"{path}:{line}: not UTF-8: {reason}; a CSV file is text in UTF-8; save it again as UTF-8"
    )
