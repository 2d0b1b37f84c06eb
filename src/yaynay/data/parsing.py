"""A text as columns, read strictly: nothing is silently shifted, renamed or made up."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from yaynay.data.cells import Builder, RawColumn, RawTable
from yaynay.data.columns import clean_name, quote
from yaynay.data.containers import Source
from yaynay.data.dialect import SEPARATORS, Dialect, sniff, squeeze
from yaynay.data.encoding import Text, decode
from yaynay.errors import DataError

BLOCK_BYTES = 1 << 18
"""Bytes read at once. Arrow needs a row to fit, and quoted rows, which may span lines, get sixteen times as much."""


def read_text(
    source: Source,
    keep: Callable[[Sequence[str]], list[int]],
    *,
    target: str,
    separator: str | None = None,
    has_header: bool | None = None,
    encoding: str | None = None,
    na_values: Sequence[str] = (),
) -> RawTable:
    """Columns of a text file.

    Args:
        source: The file.
        keep: Checks the names and gives the columns to read, by number.
        target: A first line of numbers is a header where one of them is this.
        separator: A name or character of `SEPARATORS`; None to find out.
        has_header: Whether names come first; None to find out.
        encoding: None to find out.
        na_values: Spellings of a missing cell besides the usual ones.

    Raises:
        DataError: The file is not a table; the message names the line.
    """
    text = decode(source, encoding, BLOCK_BYTES)
    try:
        return _read_table(text, sniff(text, separator, has_header, target), keep, na_values)
    except DataError:
        mended = _skip_blank_lines(text)
        if mended is None:
            raise
    return _read_table(mended, sniff(mended, separator, has_header, target), keep, na_values)


def _skip_blank_lines(text: Text) -> Text | None:
    """The text with nothing in lines that hold only blanks (or the mark that ended files once); None without such."""
    content, count = re.subn(rb"(?m)^[ \x1a]+(?=\r?$)", b"", text.read())
    notes = (*text.notes, "lines that hold only blanks were skipped")
    return Text(text.path, content, notes, text.has_quotes, text.longest) if count else None


def _read_table(
    text: Text, dialect: Dialect, keep: Callable[[Sequence[str]], list[int]], na_values: Sequence[str]
) -> RawTable:
    if dialect.is_aligned:
        content = "\n".join(map(squeeze, re.split(r"\r\n|\n|\r", text.read().decode("utf-8-sig")))).encode()
        text = Text(text.path, content, text.notes, text.has_quotes, text.longest)
    names = _names(text, dialect)
    kept = keep(names[: len(names) - dialect.n_trailing])
    if text.has_quotes:  # Arrow would take "2"x for 2x
        _check_rows(text, dialect)

    def read(columns: Sequence[int], *, as_text: bool = False) -> dict[str, RawColumn]:
        return {names[column]: cells for column, cells in _read(text, dialect, columns, na_values, as_text).items()}

    return RawTable(
        columns=read(kept),
        unit="line",
        find=partial(_find_lines, text, dialect),
        notes=(*text.notes, *dialect.notes),
        reread=lambda again: read([names.index(name) for name in again], as_text=True),
    )


def _names(text: Text, dialect: Dialect) -> list[str]:
    """Names of the columns, without blanks around them and in one Unicode form."""
    if dialect.width == 0:
        raise DataError(f"{text.path}: 0 rows, the file is empty; a header line and rows are needed; add them")
    if dialect.width == 1:
        first = (dialect.names or ("",))[0]
        found = [f"separator {quote(mark)} suspected" for mark in SEPARATORS.values() if mark in first]
        raise DataError(
            f"{text.path}:{dialect.header_line}: 1 column found, {(found or ['no separator in it'])[0]}; at least a "
            f"target and a feature are needed, separated by {quote(dialect.separator)}; set "
            f"dataset.separator=..., one of {', '.join(SEPARATORS)}"
        )
    if dialect.names is None:
        return [f"column_{number + 1}" for number in range(dialect.width)]
    return [clean_name(name) for name in dialect.names]


def _read(
    text: Text, dialect: Dialect, columns: Sequence[int], na_values: Sequence[str], as_text: bool
) -> dict[int, RawColumn]:
    """Columns of the rows; those in which a text came after numbers are read again, for the numbers' spelling."""
    builders = {column: Builder(na_values, as_text=as_text) for column in columns}
    trailing = range(dialect.width - dialect.n_trailing, dialect.width)
    for batch in _batches(text, dialect, [*columns, *trailing]):
        for place, builder in enumerate(builders.values()):
            builder.add(batch.column(place))
        for place in range(len(columns), len(columns) + len(trailing)):
            if pc.max(pc.utf8_length(pc.utf8_trim_whitespace(batch.column(place)))).as_py():
                raise DataError(
                    f"{text.path}: most lines end in a separator, but some have a cell after it; every row needs one "
                    "field per column; give that column a name in the header"
                )
    again = [column for column, builder in builders.items() if builder.must_read_again]
    found: dict[int, RawColumn] = {}
    for column in columns:
        builder = builders.pop(column)
        if not builder.must_read_again:
            found[column] = builder.finish()
    pa.default_memory_pool().release_unused()
    if again:
        found |= _read(text, dialect, again, na_values, True)
    return {column: found[column] for column in columns}


def _batches(text: Text, dialect: Dialect, columns: Sequence[int]) -> Iterator[pa.RecordBatch]:
    """Rows of some columns, each cell as the text in the file.

    Arrow knows columns as f0, f1, ..., because names may be equal; so the header is a row like the others.
    """
    labels = [f"f{column}" for column in range(dialect.width)]
    block_bytes = max(BLOCK_BYTES, text.longest) * (16 if text.has_quotes else 1)
    n_skipped = dialect.header_line if dialect.is_header_short else dialect.n_skipped
    is_first = dialect.has_header_row and not dialect.is_header_short
    try:
        with text.open() as file:
            reader = arrow_csv.open_csv(
                pa.PythonFile(file, mode="r") if text.content is None else pa.BufferReader(text.content),
                arrow_csv.ReadOptions(
                    column_names=labels, block_size=block_bytes, use_threads=False, skip_rows=n_skipped
                ),
                arrow_csv.ParseOptions(delimiter=dialect.separator, newlines_in_values=True),
                arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(labels, pa.string()),
                    include_columns=[labels[column] for column in columns],
                ),
            )
            for batch in reader:
                yield batch.slice(1) if is_first and batch.num_rows else batch
                is_first = is_first and not batch.num_rows
    except pa.ArrowException as error:
        _check_rows(text, dialect)
        reason = " ".join(str(error).split())
        raise DataError(f"{text.path}: not a readable CSV file ({reason}); write it again") from error


def _check_rows(text: Text, dialect: Dialect) -> None:
    """Find the line of the first fault, by Python's own reader: slower than Arrow's, but strict about quotes."""
    for number, (line, row) in enumerate(_records(text, dialect)):
        is_header = number == 0 and dialect.has_header_row
        if len(row) != dialect.width - (is_header and dialect.is_header_short):
            hint = "; a quoted cell in it spans lines" if any("\n" in cell for cell in row) else ""
            raise DataError(
                f"{text.path}:{line}: {len(row)} fields where the header has {dialect.width}{hint}; every row needs "
                "one field per column; add what is missing or quote a cell that holds the separator"
            )


def _find_lines(text: Text, dialect: Dialect, rows: Sequence[int]) -> list[int]:
    wanted = set(rows)
    first = -1 if dialect.has_header_row else 0
    return [line for row, (line, _) in enumerate(_records(text, dialect), first) if row in wanted]


@contextmanager
def _lines(text: Text) -> Iterator[io.TextIOWrapper]:
    with text.open() as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as lines:
        yield lines


def _records(text: Text, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line at which it starts."""
    with _lines(text) as lines:
        for _ in range(dialect.n_skipped):
            lines.readline()
        reader = csv.reader(lines, delimiter=dialect.separator, strict=True)
        line = 1
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                reason = f"unbalanced quote ({error}); quotes come in pairs; close it or take it out"
                raise DataError(f"{text.path}:{line + dialect.n_skipped}: {reason}") from None
            if row is None:
                return
            if row:
                yield line + dialect.n_skipped, row
            line = reader.line_num + 1
