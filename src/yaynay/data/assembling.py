"""Columns as they were found become a table: what each is, which rows stay, and what is said of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.config.datasets import Own
from yaynay.data.cells import RawTable
from yaynay.data.checks import MIN_ROWS
from yaynay.data.columns import frame_of, quote
from yaynay.data.dependence import Seen, find_dependence
from yaynay.data.inference import infer
from yaynay.data.quantities import Reading
from yaynay.data.raw import Floats, RawColumn, missing_numbers
from yaynay.data.remarks import describe_cells, say_left_out, say_missing, say_scales, say_target
from yaynay.data.suspicions import say_suspicions
from yaynay.data.table import Table
from yaynay.data.times import say_time, take_time
from yaynay.errors import DataError


def assemble(raw: RawTable, options: Own, name: str, source: str) -> Table:
    """The table that some columns make.

    Args:
        raw: The columns; changed on the way.
        options: How they are read.
        name: Of the table.
        source: Where it comes from.

    Raises:
        DataError: It cannot be used as it is.
    """
    take_out(raw, options)
    for column in options.categories:
        if column in raw.columns:
            again = raw.reread([column]) if raw.reread else raw.columns
            raw.columns[column] = again[column].as_category()
    groups = raw.columns.pop(options.groups) if options.groups is not None else None
    readings = infer(raw, options)
    times = take_time(raw, readings, options)
    return _assemble(raw, readings, (groups, times), options, name, source)


def take_out(raw: RawTable, options: Own) -> None:
    """Make missing the numbers that the options call so, however they are spelt."""
    for value, number in missing_numbers(map(str, options.na_values)).items():
        for column in raw.columns.values():
            is_meant = column.numbers == number if column.numbers is not None else np.zeros(1, dtype=bool)
            if column.numbers is not None and (count := int(is_meant.sum())):
                column.numbers[is_meant] = np.nan
                column.missing[value] += count


def _assemble(
    raw: RawTable,
    readings: dict[str, Reading],
    ties: tuple[RawColumn | None, Floats | None],
    options: Own,
    name: str,
    source: str,
) -> Table:
    """The table, with missing cells handled."""
    target, (groups, times), columns = options.target, ties, _unite(readings, options)
    codes = None if groups is None else _group_codes(groups)
    found = columns if codes is None else {**columns, str(options.groups): np.where(codes < 0, np.nan, codes)}
    found = found if times is None else {**found, str(options.time): times}
    kept, dropped = _drop_rows(raw, found, options)
    if dropped:
        columns = {column: values[kept] for column, values in columns.items()}
    frame = frame_of(columns)
    remarks = [*dropped, *_say_columns(raw.columns, readings)]
    remarks += [*say_target(columns[target]), *say_scales(frame, codes is not None)]
    seen = _say_ties(raw, frame, times, kept, options)
    remarks += [*say_suspicions(frame, target), *seen.doubts, *seen.remarks]
    notes = [*raw.notes, *seen.notes, *say_missing(raw.columns, readings)]
    notes += [
        f"column {quote(column)}: {reading.note}"
        for column, reading in readings.items()
        if reading.note and reading.columns and not reading.remark
    ]
    return Table(
        name=name,
        frame=frame,
        target=target,
        source=source,
        groups=None if codes is None else codes[kept],
        time=None if times is None else times[kept],
        n_dropped=int((~kept).sum()),
        notes=tuple(notes),
        remarks=tuple(remarks),
        doubts=seen.doubts,
        reading=tuple(_describe(column, reading, is_target=column == target) for column, reading in readings.items()),
        where=options.where,
    )


def _unite(readings: Mapping[str, Reading], options: Own) -> dict[str, NDArray]:
    """All columns that the columns of a file became."""
    columns: dict[str, NDArray] = {}
    for reading in readings.values():
        twice = [made for made in reading.columns if made in columns]
        if twice:
            raise DataError(
                f"{options.where}: two columns would be called {quote(twice[0])}; names must differ; rename one"
            )
        columns |= reading.columns
    return columns


def _describe(column: str, reading: Reading, *, is_target: bool) -> dict[str, Any]:
    """What was decided on a column, ready for JSON; of a feature also how a model reads its cells."""
    said = {"column": column, "rule": reading.rule, "note": reading.note, "becomes": list(reading.columns)}
    return said | ({"cells": reading.cells.as_json()} if reading.cells and not is_target else {})


def _say_ties(raw: RawTable, frame: pd.DataFrame, times: Floats | None, kept: NDArray[np.bool_], options: Own) -> Seen:
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


def _drop_rows(raw: RawTable, columns: Mapping[str, NDArray], options: Own) -> tuple[NDArray[np.bool_], list[str]]:
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
            raise DataError(f"{options.where}, column {quote(name)}: {describe_cells(raw, empty, infinite)}")
        if options.missing == "drop" or name == options.target:
            is_missing |= empty
    count = int(is_missing.sum())
    what = "a cell" if options.missing == "drop" else "the target"
    if count and n_rows - count < MIN_ROWS:
        advice = "set dataset.missing=impute" if options.missing == "drop" else "choose another target"
        raise DataError(
            f"{options.where}: {n_rows - count} rows; at least {MIN_ROWS} are needed; {what} is missing in the other "
            f"{count}; {advice}"
        )
    return ~is_missing, [f"{count} of {n_rows} rows were dropped: {what} was missing"] if count else []
