"""Tables from your own files, whatever they look like, with one clear line for what cannot be read.

A file goes one way: `containers` unpacks it, `encoding` makes it UTF-8, `dialect` finds how it is written, `parsing`
(or `formats`, where columns have types) takes it apart, `rules` says what each column is, and the result is a `Table`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.config.datasets import File, parse
from yaynay.data.cells import Floats, RawColumn, RawTable
from yaynay.data.checks import MIN_ROWS, check_names, unknown_name
from yaynay.data.columns import frame_of, quote
from yaynay.data.containers import READABLE, recognise, unpack
from yaynay.data.dependence import Seen, find_dependence
from yaynay.data.formats import read_typed
from yaynay.data.inference import infer
from yaynay.data.parsing import read_text
from yaynay.data.quantities import Reading
from yaynay.data.remarks import describe_cells, say_left_out, say_missing, say_scales, say_target
from yaynay.data.suspicions import say_suspicions
from yaynay.data.table import Table
from yaynay.data.times import say_time, take_time
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
    readings = infer(raw, options)
    times = take_time(raw, readings, options)
    return _assemble(raw, readings, groups, times, options)


def _roles(options: File) -> dict[str, str]:
    """What each named column is for.

    Raises:
        OptionError: One is named twice.
    """
    roles: dict[str, str] = {}
    single = {"target": options.target, "groups": options.groups, "time": options.time}
    named = {role: [name] for role, name in single.items() if name is not None}
    for role, names in {**named, "features": options.features, "leave_out": options.leave_out}.items():
        for name in names:
            if (roles.setdefault(name, role), role) not in [(role, role), ("time", "features")]:
                raise OptionError(
                    f"option 'dataset.{role}': {quote(name)} has another role already; a column is target, groups, "
                    "time, feature or left out, and only time may be a feature too; name it once"
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


_ENDINGS = r"\.(?:gz|bz2|xz|zst|zip)$"


def table_name(path: str | Path) -> str:
    """The file's stem, without the characters that a folder's name should not hold.

    >>> table_name("../house prices.csv"), table_name("houses.csv.gz")
    ('house-prices', 'houses')
    """
    stem = Path(re.sub(_ENDINGS, "", Path(path).name, flags=re.IGNORECASE)).stem
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem)[:80].strip("-") or "table"


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
    for value in na_values:
        try:
            number = float(value)
        except ValueError:
            continue
        for column in raw.columns.values():
            is_meant = column.numbers == number if column.numbers is not None else np.zeros(1, dtype=bool)
            if column.numbers is not None and (count := int(is_meant.sum())):
                column.numbers[is_meant] = np.nan
                column.missing[value] += count
    return raw


def _assemble(
    raw: RawTable, readings: dict[str, Reading], groups: RawColumn | None, times: Floats | None, options: File
) -> Table:
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
    found = found if times is None else {**found, str(options.time): times}
    kept, dropped = _drop_rows(raw, found, options)
    if dropped:
        columns = {name: values[kept] for name, values in columns.items()}
    frame = frame_of(columns)
    remarks = [*dropped, *_say_columns(raw.columns, readings)]
    remarks += [*say_target(columns[target]), *say_scales(frame, codes is not None)]
    seen = _say_ties(raw, frame, times, kept, options)
    remarks += [*say_suspicions(frame, target), *seen.doubts, *seen.remarks]
    notes = [*raw.notes, *seen.notes, *say_missing(raw.columns, readings)]
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
        time=None if times is None else times[kept],
        n_dropped=int((~kept).sum()),
        notes=tuple(notes),
        remarks=tuple(remarks),
        doubts=seen.doubts,
        reading=tuple(
            {"column": name, "rule": reading.rule, "note": reading.note, "becomes": list(reading.columns)}
            for name, reading in readings.items()
        ),
        where=path,
    )


def _say_ties(raw: RawTable, frame: pd.DataFrame, times: Floats | None, kept: NDArray[np.bool_], options: File) -> Seen:
    """What ties rows together: a column of time, or what seems to where no option says it."""
    if options.groups is None:
        seen = find_dependence(frame, options.target, raw.columns, kept, is_ordered=times is not None)
    else:
        seen = Seen()
    return seen if times is None else say_time(times[kept], options, seen)


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
        must_be_there = options.missing == "refuse" or (
            options.missing == "impute" and name in (options.groups, options.time)
        )
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
