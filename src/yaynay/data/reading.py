"""Tables of your own, from a file or from memory, with one clear line for what cannot be read.

A file goes one way: `locations` finds it, `containers` unpacks it, `encoding` makes it UTF-8, `dialect` finds how it is
written, `parsing` (or `formats`, where columns have types) takes it apart. A DataFrame is taken apart by `frames`. Then
`assembling` makes a table of either: `rules` says what each column is.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from yaynay.config.datasets import File, Frame, Own, parse
from yaynay.config.quoting import LISTS
from yaynay.data.arrays import to_frame
from yaynay.data.assembling import assemble
from yaynay.data.cells import RawTable
from yaynay.data.checks import check_names, unknown_name
from yaynay.data.columns import quote
from yaynay.data.containers import READABLE, recognise, unpack
from yaynay.data.formats import read_typed
from yaynay.data.frames import take_columns
from yaynay.data.locations import check_file
from yaynay.data.names import stem_name
from yaynay.data.parsing import read_text
from yaynay.data.spreadsheets import read_sheet
from yaynay.data.table import Table
from yaynay.errors import DataError, OptionError


def read_file(path: str | Path, target: str, **options: Any) -> Table:
    """Read a table from a file.

    Args:
        path: The file; its stem becomes the table's name, unless the options have `table`.
        target: Column to predict.
        options: Any of the other keys of `config.datasets.File`.

    Raises:
        DataError: The file cannot be used as it is.
        OptionError: The options are wrong or contradict each other.
        MachineError: The package that reads this kind of file is not installed.
    """
    return read(cast(File, check_options("csv", {"target": target, **options, "path": str(path)})))


def read(options: File) -> Table:
    """Read the table that the options describe; errors as in `read_file`."""
    raw = take_apart(options, partial(_choose_columns, options, _roles(options)))
    return assemble(raw, options, options.table or stem_name(options.path), f"file {Path(options.path).name}")


def take_apart(options: File, keep: Callable[[Sequence[str]], list[int]]) -> RawTable:
    """The columns of a file as they are in it.

    Args:
        options: How it is read.
        keep: Checks the names and gives the columns to read, by number.

    Raises:
        DataError: The file cannot be read.
        OptionError: The options do not fit it.
        MachineError: The package that reads this kind of file is not installed.
    """
    path = check_file(options.path)
    try:
        return _take_apart(path, options, keep)
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise DataError(f"{path}: cannot be read ({reason}); {READABLE} are read") from error


def _take_apart(path: Path, options: File, keep: Callable[[Sequence[str]], list[int]]) -> RawTable:
    source = unpack(path)
    form = recognise(source)
    na_values = [str(value) for value in options.na_values]
    if options.sheet is not None and form != "excel":
        raise OptionError(f"option 'dataset.sheet': {path} has no sheets; allowed: for Excel files; leave it out")
    if form == "excel":
        return read_sheet(source, keep, options.sheet, na_values=na_values)
    if form != "text":
        return read_typed(source, form, keep, na_values=na_values)
    return read_text(
        source,
        keep,
        target=options.target,
        separator=options.separator,
        has_header=options.header,
        encoding=options.encoding,
        na_values=na_values,
    )


def read_frame(frame: Any, target: str, **options: Any) -> Table:
    """Read a table from a DataFrame, as it would be read from a Parquet file.

    Args:
        frame: Of pandas, Polars or Arrow, or anything else with `__arrow_c_stream__` or `__dataframe__`. Row labels of
            pandas are left out, unless they are only counted or listed in `features`.
        target: Column to predict; a number names the column that is called so.
        options: Any of the other keys of `config.datasets.Frame`; `table` names the table, which is `frame` otherwise.

    Raises:
        DataError: It is no DataFrame, or cannot be used as it is.
        OptionError: The options are wrong or contradict each other.

    Example:
        >>> import pandas as pd
        >>> table = read_frame(pd.DataFrame({"size": [1, 2, 3, 4], "price": [2.5, 3.5, 6, 8]}), "price")
        >>> table.features, table.y.tolist()
        (('size',), [2.5, 3.5, 6.0, 8.0])
    """
    return take_frame(frame, cast(Frame, check_options("frame", {"target": target, **options})))


def take_frame(frame: Any, options: Frame) -> Table:
    """Read a table from a DataFrame as checked options say; errors as in `read_frame`."""
    keep = partial(_choose_columns, options, _roles(options))
    raw = take_columns(frame, keep, na_values=[str(value) for value in options.na_values])
    return assemble(raw, options, options.table or options.name, "a DataFrame in memory")


def read_arrays(x: Any, y: Any, names: Sequence[str] | None = None, **options: Any) -> Table:
    """Read a table from arrays, or lists, of numbers, or from a DataFrame of features and a target beside it.

    Every column of an array is used; of a DataFrame those that `read_frame` would use.

    Args:
        x: Features, (n_rows, n_features) or (n_rows,); NaN where a cell is missing.
        y: Target, (n_rows,); rows in which it is missing are left out.
        names: Of the features; None is what a DataFrame calls them, or x0, x1, ... The target is called as a Series
            calls it, or y.
        options: As in `read_frame`.

    Raises:
        DataError: They are no numbers, of another shape, or cannot be used as they are.
        OptionError: The options are wrong.

    Example:
        >>> read_arrays([[1, 2], [3, 5], [4, 4]], [1, 2, 4]).features
        ('x0', 'x1')
    """
    frame, features, target = to_frame(x, y, names)
    return read_frame(frame, target, **{"features": features, **options})


def check_options(name: str, options: Mapping[str, Any]) -> Own:
    """The checked options of one kind of table, "csv" or "frame", from whatever Python has for several values.

    Raises:
        OptionError: One is unknown, missing or wrong.

    Example:
        >>> check_options("frame", {"target": "y", "features": ("x", "z"), "na_values": np.array([-9])}).features
        ['x', 'z']
    """
    return cast(Own, parse({"name": name, **{key: _plain(key, value) for key, value in options.items()}}))


def _plain(key: str, value: Any) -> Any:
    """A value of an option as JSON has it; one text is a list of one where a list is meant."""
    value = value.tolist() if hasattr(value, "tolist") else value
    value = value.to_list() if hasattr(value, "to_list") else value
    value = sorted(value, key=str) if isinstance(value, Set) else value
    if key not in LISTS:
        return value
    if isinstance(value, list | tuple | range):
        return [item.item() if isinstance(item, np.generic) else item for item in value]
    return [value] if isinstance(value, str | int | float) else value


def _roles(options: Own) -> dict[str, str]:
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


def _choose_columns(options: Own, roles: Mapping[str, str], names: Sequence[str]) -> list[int]:
    """Numbers of the columns to read, once the names are known to be usable."""
    check_names(names, options.target, options.where)
    for name, role in [*roles.items(), *((name, "categories") for name in options.categories)]:
        if name not in names:
            raise DataError(f"{options.where}: {unknown_name(name, names, f'dataset.{role}')}")
    unnamed = "leave_out" if options.features else ""
    return [column for column, name in enumerate(names) if roles.get(name, unnamed) != "leave_out"]
