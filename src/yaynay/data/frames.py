"""DataFrames in memory: pandas, and whatever speaks Arrow's or the dataframe interchange protocol."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import interchange

from yaynay.data.cells import RawTable, build
from yaynay.data.columns import clean_name, quote
from yaynay.data.formats import category, of_pandas, read_column
from yaynay.data.raw import RawColumn, kind_of, plain, spell
from yaynay.errors import DataError

_Labelled = tuple[object, bool, Callable[[Sequence[str]], RawColumn]]
"""A column's label, whether it holds row labels, and what reads it."""


def take_columns(frame: Any, keep: Callable[[Sequence[str]], list[int]], *, na_values: Sequence[str] = ()) -> RawTable:
    """Columns of a DataFrame; those that are not kept are not looked at.

    Args:
        frame: Of pandas; or an object with `__arrow_c_stream__` or `__dataframe__`, such as a Polars DataFrame or an
            Arrow table.
        keep: Checks the names and gives the columns to read, by number.
        na_values: Spellings of a missing cell besides the usual ones.

    Raises:
        DataError: It is no DataFrame, cannot be converted, or a name is neither text nor number.
    """
    found = _of_pandas(frame) if isinstance(frame, pd.DataFrame) else _of_arrow(to_arrow(frame))
    names = [check_label(label) for label, _, _ in found]
    columns: dict[str, RawColumn] = {}
    for number in keep(names):
        _, is_index, read = found[number]
        columns[names[number]] = replace(read(na_values), is_index=is_index)
    return RawTable(columns, "row", lambda rows: [row + 1 for row in rows])


def to_pandas(frame: Any) -> pd.DataFrame:
    """The same columns in pandas.

    Args:
        frame: As of `take_columns`.

    Raises:
        DataError: It is no DataFrame.
    """
    return frame if isinstance(frame, pd.DataFrame) else to_arrow(frame).to_pandas()


def check_label(label: object) -> str:
    """The name of a column, as a text.

    Raises:
        DataError: It is neither text nor number.
    """
    if isinstance(label, str | int | float | np.number) and label == label:
        return clean_name(label)
    way, spelt = "rename it", "list(map(str, frame.columns))"
    if isinstance(label, tuple):
        way, spelt = "flatten the names", "['_'.join(map(str, name)) for name in frame.columns]"
    raise DataError(
        f"DataFrame: {quote(str(label))} of type {type(label).__name__} names a column; allowed: texts and numbers; "
        f"{way}, in pandas by frame.columns = {spelt}"
    )


def to_arrow(frame: Any) -> pa.Table:
    """The same columns in Arrow, from anything that exchanges them.

    Raises:
        DataError: It is no DataFrame, or cannot be converted.
    """
    try:
        if hasattr(frame, "__arrow_c_stream__") and not hasattr(frame, "to_frame"):  # a Series has the latter
            return pa.table(frame)
        if hasattr(frame, "__dataframe__"):
            return interchange.from_dataframe(frame)
    except (pa.ArrowException, ValueError, TypeError, NotImplementedError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"DataFrame: {type(frame).__name__} cannot be read as columns ({reason}); allowed: DataFrames of pandas, "
            "Polars or Arrow with columns of numbers, texts and dates; convert it, for instance by to_pandas()"
        ) from error
    raise DataError(
        f"DataFrame: {type(frame).__name__} is none; allowed: one of pandas, Polars, Arrow, or anything with "
        f"__arrow_c_stream__ or __dataframe__; {_advise(frame)}"
    )


def _advise(data: Any) -> str:
    """How to make a DataFrame of what is none."""
    if hasattr(data, "collect") or hasattr(data, "compute"):
        return "collect() or compute() it first"
    if hasattr(data, "to_frame"):
        return "use its to_frame(), or frame.iloc[[number]] for a row"
    if hasattr(data, "toarray"):
        return "use pandas.DataFrame(matrix.toarray(), columns=[...]), with a name for each column"
    if hasattr(data, "__array__"):
        return "use pandas.DataFrame(array, columns=[...]), with a name for each column"
    is_plain = isinstance(data, Mapping | Sequence) and not isinstance(data, str | bytes)
    return "use pandas.DataFrame(...) of it" if is_plain else "convert it to one"


def _of_arrow(content: pa.Table) -> list[_Labelled]:
    index, categories = of_pandas(content.schema)

    def reader(number: int, name: str) -> Callable[[Sequence[str]], RawColumn]:
        def read(na_values: Sequence[str]) -> RawColumn:
            column = read_column(content.column(number), na_values)
            return column.as_category() if name in categories else column

        return read

    return [(name, name in index, reader(number, name)) for number, name in enumerate(content.column_names)]


def _of_pandas(frame: pd.DataFrame) -> list[_Labelled]:
    """Columns, and row labels where they are not just counted, named as pandas names them in Parquet."""

    def reader(values: pd.Series) -> Callable[[Sequence[str]], RawColumn]:
        return lambda na_values: read_series(values, na_values)

    found: list[_Labelled] = [
        (label, False, reader(frame.iloc[:, number])) for number, label in enumerate(frame.columns)
    ]
    if isinstance(frame.index, pd.RangeIndex):
        return found
    for level, name in enumerate(frame.index.names):
        is_known = name is not None and name not in frame.columns
        label = str(name) if is_known else f"__index_level_{level}__"
        found.append((label, True, reader(frame.index.get_level_values(level).to_series())))
    return found


def read_series(values: pd.Series, na_values: Sequence[str] = ()) -> RawColumn:
    """Cells of a column of pandas, by its type, or by the cells' own types where it is `object`.

    >>> read_series(pd.Series([1, 2.5, None], dtype=object)).numbers
    array([1. , 2.5, nan])
    >>> read_series(pd.Series([1, "?", "x"], dtype=object)).texts.levels
    ['1', 'x']
    """
    values = plain(values)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return category(list(values.cat.categories), np.asarray(values.cat.codes, dtype=np.int64))
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert(None)
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return _read_objects(values, na_values)
    return read_column(array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array]), na_values)


def _read_objects(values: pd.Series, na_values: Sequence[str]) -> RawColumn:
    """Cells that Arrow has no type for, as the texts that a file would hold."""
    odd = [kind.__name__ for kind in set(map(type, values[values.notna()])) if not kind_of(kind)]
    if odd:
        held = "complex numbers" if set(odd) <= {"complex", "complex64", "complex128"} else f"cells of type {min(odd)}"
        return RawColumn(numbers=np.full(len(values), np.nan), unusable=held)
    try:
        texts = pa.array(spell(values), pa.string(), from_pandas=True)
    except UnicodeEncodeError:
        return RawColumn(numbers=np.full(len(values), np.nan), unusable="text that is not Unicode")
    return build(texts, na_values)
