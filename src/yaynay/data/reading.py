"""Tables from your own files, whatever they look like, with one clear line for what cannot be read.

A file goes one way: `containers` unpacks it, `encoding` makes it UTF-8, `dialect` finds how it is written, `parsing`
(or `formats`, where columns have types) takes it apart, `rules` says what each column is, and the result is a `Table`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.config.datasets import File, parse
from yaynay.data.cells import RawColumn, RawTable
from yaynay.data.checks import MIN_ROWS, check_names, unknown_name
from yaynay.data.columns import frame_of, quote
from yaynay.data.containers import READABLE, recognise, unpack
from yaynay.data.formats import read_typed
from yaynay.data.inference import infer
from yaynay.data.names import table_name
from yaynay.data.parsing import read_text
from yaynay.data.quantities import Reading
from yaynay.data.raw import missing_numbers
from yaynay.data.remarks import describe_cells, say_left_out, say_missing, say_scales, say_target
from yaynay.data.suspicions import say_suspicions
from yaynay.data.table import Table
from yaynay.errors import DataError, OptionError


def read_file(path: str | Path, target: str, **options: Any) -> Table:
    """Read a table from a file.

    Args:
        path: The file; its stem becomes the table's name.
        target: Column to predict.
        options: Any of the other keys of `config.datasets.File`.

    Raises:
        DataError: The file cannot be used as it is.
        OptionError: The options are wrong or contradict each other.
        MachineError: The package that reads this kind of file is not installed.
    """
    options = {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()}
    return read(cast(File, parse({"name": "csv", "path": str(path), "target": target, **options})))


def read(options: File) -> Table:
    """Read the table that the options describe; errors as in `read_file`."""
    path = Path(options.path)
    roles = _roles(options)
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the path of a table (dataset.path)")
    try:
        raw = _read(path, options, partial(_choose_columns, options, roles))
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise DataError(f"{path}: cannot be read ({reason}); {READABLE} are read") from error
    for name in options.categories:
        if name in raw.columns:
            again = raw.reread([name]) if raw.reread else raw.columns
            raw.columns[name] = again[name].as_category()
    groups = raw.columns.pop(options.groups) if options.groups is not None else None
    return _assemble(raw, infer(raw, options), groups, options)


def _roles(options: File) -> dict[str, str]:
    """What each named column is for.

    Raises:
        OptionError: One is named twice.
    """
    roles: dict[str, str] = {}
    named = {"target": [options.target], "groups": [options.groups] if options.groups is not None else []}
    for role, names in {**named, "features": options.features, "leave_out": options.leave_out}.items():
        for name in names:
            if roles.setdefault(name, role) != role:
                raise OptionError(
                    f"option 'dataset.{role}': {quote(name)} has another role already; a column is target, groups, "
                    "feature or left out; name it once"
                )
    return roles


def _choose_columns(options: File, roles: Mapping[str, str], names: Sequence[str]) -> list[int]:
    """Numbers of the columns to read, once the names are known to be usable."""
    check_names(names, options.target, options.path)
    for name, role in [*roles.items(), *((name, "categories") for name in options.categories)]:
        if name not in names:
            raise DataError(f"{options.path}: {unknown_name(name, names, f'dataset.{role}')}")
    unnamed = "leave_out" if options.features else ""
    return [column for column, name in enumerate(names) if roles.get(name, unnamed) != "leave_out"]


def _read(path: Path, options: File, keep: Callable[[Sequence[str]], list[int]]) -> RawTable:
    """The file's columns, with the numbers that the options call missing taken out."""
    source = unpack(path)
    form = recognise(source)
    na_values = [str(value) for value in options.na_values]
    if form == "text":
        raw = read_text(
            source,
            keep,
            target=options.target,
            separator=options.separator,
            has_header=options.header,
            encoding=options.encoding,
            na_values=na_values,
        )
    else:
        raw = read_typed(source, form, keep, na_values=na_values)
    for value, number in missing_numbers(na_values).items():
        for column in raw.columns.values():
            is_meant = column.numbers == number if column.numbers is not None else np.zeros(1, dtype=bool)
            if column.numbers is not None and (count := int(is_meant.sum())):
                column.numbers[is_meant] = np.nan
                column.missing[value] += count
    return raw


def _assemble(raw: RawTable, readings: dict[str, Reading], groups: RawColumn | None, options: File) -> Table:
    """The table that a file holds, with missing cells handled."""
    path, target = options.path, options.target
    columns: dict[str, NDArray] = {}
    for reading in readings.values():
        twice = [made for made in reading.columns if made in columns]
        if twice:
            raise DataError(f"{path}: two columns would be called {quote(twice[0])}; names must differ; rename one")
        columns |= reading.columns
    codes = None if groups is None else _group_codes(groups)
    found = columns if codes is None else {**columns, str(options.groups): np.where(codes < 0, np.nan, codes)}
    kept, dropped = _drop_rows(raw, found, options)
    if dropped:
        columns = {name: values[kept] for name, values in columns.items()}
    frame = frame_of(columns)
    remarks = [*dropped, *_say_columns(raw.columns, readings)]
    remarks += [*say_target(columns[target]), *say_scales(frame, codes is not None)]
    remarks += say_suspicions(frame, target, codes is not None)
    notes = [*raw.notes, *say_missing(raw.columns, readings)]
    notes += [
        f"column {quote(name)}: {reading.note}"
        for name, reading in readings.items()
        if reading.note and reading.columns and not reading.remark
    ]
    return Table(
        name=table_name(path),
        frame=frame,
        target=target,
        source=f"file {Path(path).name}",
        groups=None if codes is None else codes[kept],
        n_dropped=int((~kept).sum()),
        notes=tuple(notes),
        remarks=tuple(remarks),
        reading=tuple(
            {"column": name, "rule": reading.rule, "note": reading.note, "becomes": list(reading.columns)}
            | ({"cells": reading.cells.as_json()} if reading.cells and name != target else {})
            for name, reading in readings.items()
        ),
        where=path,
    )


def _say_columns(columns: Mapping[str, RawColumn], readings: Mapping[str, Reading]) -> list[str]:
    """Numbers that were rounded, columns that were left out, and what the rules want a verdict to repeat."""
    said = [
        f"column {quote(name)}: {column.n_rounded} whole numbers beyond 2**53 were rounded"
        for name, column in columns.items()
        if column.n_rounded and readings[name].columns
    ]
    left_out = {name: reading for name, reading in readings.items() if not reading.columns}
    if left_out:
        said.append("left out: " + "; ".join(filter(None, say_left_out(left_out))))
    return [*said, *dict.fromkeys(reading.remark for reading in readings.values() if reading.remark)]


def _group_codes(column: RawColumn) -> NDArray[np.int64]:
    """A number for each group, -1 where the cell is missing."""
    if column.texts is not None:
        return np.maximum(column.texts.codes, -1)
    return pd.factorize(np.asarray(column.numbers))[0].astype(np.int64)


def _drop_rows(raw: RawTable, columns: Mapping[str, NDArray], options: File) -> tuple[NDArray[np.bool_], list[str]]:
    """Which rows stay, and what to say of the others.

    Raises:
        DataError: A cell is infinite, or missing where none may be.
    """
    n_rows = len(columns[options.target])
    is_missing = np.zeros(n_rows, dtype=bool)
    for name, values in columns.items():
        empty = pd.isna(values)
        infinite = np.isinf(values) if values.dtype == np.float64 else np.zeros(n_rows, dtype=bool)
        must_be_there = options.missing == "refuse" or (options.missing == "impute" and name == options.groups)
        if infinite.any() or (empty.any() and must_be_there):
            raise DataError(f"{options.path}, column {quote(name)}: {describe_cells(raw, empty, infinite)}")
        if options.missing == "drop" or name == options.target:
            is_missing |= empty
    count = int(is_missing.sum())
    what = "a cell" if options.missing == "drop" else "the target"
    if count and n_rows - count < MIN_ROWS:
        advice = "set dataset.missing=impute" if options.missing == "drop" else "choose another target"
        raise DataError(
            f"{options.path}: {n_rows - count} rows; at least {MIN_ROWS} are needed; {what} is missing in the other "
            f"{count}; {advice}"
        )
    return ~is_missing, [f"{count} of {n_rows} rows were dropped: {what} was missing"] if count else []
