"""Files whose columns have types: Parquet, Feather and JSON."""

import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import feather
from pyarrow import json as arrow_json

from yaynay.data.cells import RawTable, build, count_rounded
from yaynay.data.columns import clean_name
from yaynay.data.containers import Source
from yaynay.data.raw import RawColumn, Texts
from yaynay.errors import DataError

_NOTES = {
    "parquet": (),
    "feather": ("read as Feather",),
    "json": ("read as JSON",),
}


def read_typed(
    source: Source, form: str, keep: Callable[[Sequence[str]], list[int]], *, na_values: Sequence[str] = ()
) -> RawTable:
    """Columns of a file that stores types with them.

    Args:
        source: The file.
        form: One of parquet, feather, json.
        keep: Checks the names and gives the columns to read, by number.
        na_values: Spellings of a missing cell besides the usual ones.

    Raises:
        DataError: It is not a valid file of its format.
    """
    label = {"json": "JSON"}.get(form, form.capitalize())
    try:
        content = {"parquet": _parquet, "feather": _feather, "json": _json}[form](source)
        names = [clean_name(name) for name in content.column_names]
    except (pa.ArrowException, ValueError, KeyError, TypeError, RecursionError, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{source.path}: not a readable {label} file ({reason}); write it again") from error
    index, categories = of_pandas(content.schema)
    columns: dict[str, RawColumn] = {}
    for number in keep(names):
        stored = content.column_names[number]
        column = replace(read_column(content.column(number), na_values), is_index=stored in index)
        columns[names[number]] = column.as_category() if stored in categories else column
    del content
    pa.default_memory_pool().release_unused()  # it would keep as much again as the columns need
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


def of_pandas(schema: pa.Schema) -> tuple[set[str], set[str]]:
    """The columns in which pandas stored its row labels, and those that were categories to it."""
    try:
        stored: Mapping[str, Any] = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    except ValueError:
        return set(), set()
    labels = {label for label in stored.get("index_columns", []) if isinstance(label, str)}
    columns = [column for column in stored.get("columns", []) if column.get("pandas_type") == "categorical"]
    return labels, {str(column.get("field_name")) for column in columns}


def read_column(column: pa.ChunkedArray, na_values: Sequence[str]) -> RawColumn:
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
        spans = column.cast(pa.duration("us"), safe=False).cast(pa.int64())
        return RawColumn(numbers=_floats(spans) / 86_400e6, missing=n_null, kind="duration")
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
    if pa.types.is_decimal(column.type):  # Arrow would scale in floating point, and make 1.5 a bit more
        column = column.cast(pa.string())
    return np.array(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def _read_category(column: pa.ChunkedArray) -> RawColumn:
    """A category as the file stores it, whatever its levels look like."""
    if len(column) == 0:
        return RawColumn(numbers=np.empty(0))
    chunks = column.unify_dictionaries().combine_chunks()
    if isinstance(chunks, pa.ChunkedArray):
        chunks = pa.concat_arrays(chunks.chunks)
    codes = pc.fill_null(chunks.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    return category(["" if level is None else str(level) for level in chunks.dictionary.to_pylist()], codes)


def category(levels: Sequence[str], codes: NDArray[np.int64]) -> RawColumn:
    """A category, without blanks around its levels.

    >>> column = category(["u", " u", "v"], np.array([0, 1, 2, -1]))
    >>> column.texts.levels, column.texts.codes, column.missing
    (['u', 'v'], array([ 0,  0,  1, -1]), Counter({'': 1}))
    """
    stripped = [level.strip() for level in levels]
    places = {level: place for place, level in enumerate(level for level in dict.fromkeys(stripped) if level)}
    known = np.array([places.get(level, -1) for level in [*stripped, ""]])[codes]
    n_missing = int((known < 0).sum())
    return RawColumn(
        texts=Texts(list(places), known), missing=Counter({"": n_missing} if n_missing else {}), kind="category"
    )
