"""A Parquet file as columns; texts in it are read as they would be from CSV."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from yaynay.cells import Content, Floats, clean, count_rounded, parse_numbers
from yaynay.columns import shown
from yaynay.errors import DataError

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
