"""Files whose columns have types: Parquet, Feather, JSON and Excel."""

import importlib.util
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import feather
from pyarrow import json as arrow_json

from yaynay.data.cells import RawColumn, RawTable, Texts, build, count_rounded
from yaynay.data.columns import clean_name
from yaynay.data.containers import Source
from yaynay.errors import DataError, MachineError

_NOTES = {
    "parquet": (),
    "feather": ("read as Feather",),
    "json": ("read as JSON",),
    "excel": ("read as Excel, the first sheet",),
}


def read_typed(
    source: Source, form: str, keep: Callable[[Sequence[str]], list[int]], *, na_values: Sequence[str] = ()
) -> RawTable:
    """Columns of a file that stores types with them.

    Args:
        source: The file.
        form: One of parquet, feather, json, excel.
        keep: Checks the names and gives the columns to read, by number.
        na_values: Spellings of a missing cell besides the usual ones.

    Raises:
        DataError: It is not a valid file of its format.
        MachineError: The package that reads it is not installed.
    """
    label = {"json": "JSON"}.get(form, form.capitalize())
    try:
        content = {"parquet": _parquet, "feather": _feather, "json": _json, "excel": _excel}[form](source)
        names = [clean_name(name) for name in content.column_names]
    except (pa.ArrowException, ValueError, KeyError, TypeError, RecursionError, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{source.path}: not a readable {label} file ({reason}); write it again") from error
    index, categories = _of_pandas(content.schema)
    columns: dict[str, RawColumn] = {}
    for number in keep(names):
        stored = content.column_names[number]
        column = replace(_read_column(content.column(number), na_values), is_index=stored in index)
        columns[names[number]] = column.as_category() if stored in categories else column
    return RawTable(columns, "row", lambda rows: [row + 1 for row in rows], (*source.notes, *_NOTES[form]))


def _parquet(source: Source) -> pa.Table:
    # not read_table, which turns a folder named "a=b" into a column
    return pq.ParquetFile(source.path if source.content is None else io.BytesIO(source.content)).read()


def _feather(source: Source) -> pa.Table:
    return feather.read_table(io.BytesIO(source.read()), memory_map=False)


def _json(source: Source) -> pa.Table:
    content = source.read().removeprefix(b"\xef\xbb\xbf").strip()
    if content.startswith(b"{") and (columns := _json_columns(content)):
        return pa.table(columns)
    if content.startswith(b"["):
        rows = json.loads(content)
        if not all(isinstance(row, dict) for row in rows):
            raise ValueError("a list that holds something else than objects")
        names = list(dict.fromkeys(str(name) for row in rows for name in row))
        return pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})
    return arrow_json.read_json(io.BytesIO(content), arrow_json.ReadOptions(block_size=max(1 << 20, len(content))))


def _json_columns(content: bytes) -> dict[str, pa.Array] | None:
    """Columns of one object that holds a list, or an object by row, for each; None for anything else."""
    try:
        stored = json.loads(content)
    except ValueError:  # more than one object: JSON lines
        return None
    cells = [list(column.values()) if isinstance(column, dict) else column for column in stored.values()]
    if not all(isinstance(column, list) for column in cells) or len({len(column) for column in cells}) != 1:
        return None
    return {name: pa.array(column) for name, column in zip(stored, cells, strict=True)}


def _excel(source: Source) -> pa.Table:
    if not any(importlib.util.find_spec(name) for name in ("openpyxl", "python_calamine")):
        raise MachineError(
            f"{source.path}: is an Excel file, and no package that reads it is installed; openpyxl does; install it "
            "(pip install 'yaynay[excel]'), or save the file as CSV"
        )
    engine: Literal["openpyxl", "calamine"] = "openpyxl" if importlib.util.find_spec("openpyxl") else "calamine"
    return of_cells(pd.read_excel(io.BytesIO(source.read()), dtype=object, keep_default_na=False, engine=engine))


def of_cells(frame: pd.DataFrame) -> pa.Table:
    """Columns of a sheet, whose cells have a type each; those of several types become texts.

    >>> of_cells(pd.DataFrame({"a": [1, 2.5, ""], "b": [1, "?", "x"]}, dtype=object)).to_pydict()
    {'a': [1.0, 2.5, None], 'b': ['1', '?', 'x']}
    """
    columns: dict[str, pa.Array] = {}
    for name, cells in frame.items():
        present = [None if pd.isna(cell) or cell == "" else cell for cell in cells]
        kinds = {type(cell) for cell in present if cell is not None}
        is_mixed = len(kinds) > 1 and not kinds <= {int, float}
        columns[str(name)] = pa.array([cell if cell is None or not is_mixed else str(cell) for cell in present])
    return pa.table(columns)


def _of_pandas(schema: pa.Schema) -> tuple[set[str], set[str]]:
    """The columns in which pandas stored its row labels, and those that were categories to it."""
    try:
        stored: Mapping[str, Any] = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    except ValueError:
        return set(), set()
    labels = {label for label in stored.get("index_columns", []) if isinstance(label, str)}
    columns = [column for column in stored.get("columns", []) if column.get("pandas_type") == "categorical"]
    return labels, {str(column.get("field_name")) for column in columns}


def _read_column(column: pa.ChunkedArray, na_values: Sequence[str]) -> RawColumn:
    """Cells of a column, by the type that the file gives it."""
    types = pa.types
    kind = column.type
    if types.is_dictionary(kind):
        return _read_category(column)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return build(column.cast(pa.string()), na_values)
    n_null = Counter({"": column.null_count} if column.null_count else {})
    if types.is_null(kind):
        return RawColumn(numbers=np.full(len(column), np.nan), missing=n_null)
    if types.is_timestamp(kind) or types.is_date(kind):
        stamps = column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False).cast(pa.int64())
        return RawColumn(numbers=_floats(stamps) / 86_400e6, missing=n_null, kind="days")
    if types.is_duration(kind):
        return RawColumn(numbers=_floats(column.cast(pa.duration("us"), safe=False).cast(pa.int64())) / 86_400e6)
    if types.is_time(kind):
        of_day = column.cast(pa.time64("us"), safe=False).cast(pa.int64())
        return RawColumn(numbers=_floats(of_day) / 3_600e6, missing=n_null, kind="hours")
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        values = _floats(column)
        n_missing = int(np.isnan(values).sum())
        n_rounded = 0
        if types.is_integer(kind) and np.nanmax(np.abs(values), initial=0) >= 2**53:
            n_rounded = count_rounded(column.cast(pa.string()).combine_chunks(), values)
        return RawColumn(values, None, Counter({"": n_missing} if n_missing else {}), n_rounded)
    return RawColumn(numbers=np.full(len(column), np.nan), unusable=str(kind))


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    return np.array(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def _read_category(column: pa.ChunkedArray) -> RawColumn:
    """A category as the file stores it, whatever its levels look like."""
    if len(column) == 0:
        return RawColumn(numbers=np.empty(0))
    chunks = column.unify_dictionaries().combine_chunks()
    if isinstance(chunks, pa.ChunkedArray):
        chunks = pa.concat_arrays(chunks.chunks)
    codes = pc.fill_null(chunks.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    levels = ["" if level is None else str(level) for level in chunks.dictionary.to_pylist()]
    n_missing = int((codes < 0).sum())
    return RawColumn(
        texts=Texts(levels, codes),
        missing=Counter({"": n_missing} if n_missing else {}),
        kind="category",
    )
