"""Tables from your own files: CSV and Parquet, with one clear line for anything wrong with them."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.data.cells import RawColumns, check_levels, infer_column
from yaynay.data.columns import check_names, frame_of, quote, unknown_name
from yaynay.data.parsing import SEPARATORS, read_csv, read_parquet
from yaynay.data.table import Table
from yaynay.errors import DataError, OptionError

Missing = Literal["refuse", "drop", "impute"]


def read_file(
    path: str | Path,
    target: str,
    *,
    missing: Missing = "refuse",
    groups: str | None = None,
    separator: str | None = None,
    leave_out: Sequence[str] = (),
) -> Table:
    """Read a table from a CSV or Parquet file.

    Args:
        path: The file; its stem becomes the table's name.
        target: Column to predict.
        missing: What to do where cells are missing: refuse the file, drop the rows, or impute features (in
            each fold, by the mean of its training rows).
        groups: Column whose equal cells mark rows that belong together; it is not a feature.
        separator: Name or character from `SEPARATORS`; None is a tab for .tsv and a comma otherwise.
        leave_out: Columns that are neither read nor checked.

    Raises:
        DataError: The file cannot be used as it is.
        OptionError: The options contradict each other.
    """
    path = Path(path)
    roles = dict.fromkeys(leave_out, "leave_out") | ({} if groups is None else {groups: "groups"})
    if target in roles or groups in leave_out:
        twice = target if target in roles else str(groups)
        raise OptionError(
            f"option 'dataset.{roles[twice]}': {quote(twice)} has another role already; a column is target, "
            "groups or left out; name it once"
        )
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the path of a CSV or Parquet file (dataset.path)")

    keep = partial(_choose_columns, path, target, roles)
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            content = read_parquet(path, keep)
        else:
            content = read_csv(path, _separator(separator, path), keep)
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise DataError(f"{path}: cannot be read ({reason}); a CSV or Parquet file is needed") from error
    return _assemble(path, content, target, missing, groups)


def _choose_columns(path: Path, target: str, roles: Mapping[str, str], names: Sequence[str]) -> list[int]:
    """Numbers of the columns to read, once the names are known to be usable."""
    check_names(names, target, str(path))
    for name, role in roles.items():
        if name not in names:
            raise DataError(f"{path}: {unknown_name(name, names)} (dataset.{role})")
    return [column for column, name in enumerate(names) if roles.get(name) != "leave_out"]


def table_name(path: str | Path) -> str:
    """The file's stem, without the characters that a folder's name should not hold.

    >>> table_name("../house prices.csv")
    'house-prices'
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "-", Path(path).stem)[:80].strip("-") or "table"


def _separator(option: str | None, path: Path) -> str:
    if option is None:
        return "\t" if path.suffix.lower() == ".tsv" else ","
    separator = SEPARATORS.get(option, option)
    if separator not in SEPARATORS.values():
        raise OptionError(f"option 'dataset.separator': {quote(option)} is unknown; allowed: {', '.join(SEPARATORS)}")
    return separator


def _assemble(path: Path, content: RawColumns, target: str, missing: Missing, groups: str | None) -> Table:
    """The table that a file holds, with missing cells handled."""
    columns: dict[str, NDArray] = {}
    for name, cells in content.columns.items():
        is_text = cells.dtype == object and name != groups
        columns[name] = infer_column(cells, name, lambda row: f"{path}{content.locate(row)}") if is_text else cells
    n_rows = len(columns[target])
    is_missing = np.zeros(n_rows, dtype=bool)
    for name, values in columns.items():
        empty = pd.isna(values)
        infinite = np.isinf(values) if values.dtype == np.float64 else np.zeros(n_rows, dtype=bool)
        must_be_there = missing == "refuse" or (missing == "impute" and name in (target, groups))
        if infinite.any() or (empty.any() and must_be_there):
            raise DataError(f"{path}, column {quote(name)}: {_describe(content, empty, infinite)}")
        is_missing |= empty
    n_dropped = int(is_missing.sum()) if missing == "drop" else 0
    if n_dropped:
        columns = {name: values[~is_missing] for name, values in columns.items()}
    notes = [f"{n_dropped} of {n_rows} rows were dropped: a cell was missing"] if n_dropped else []
    notes += [
        f"column {quote(name)}: {count} whole numbers beyond 2**53 were rounded"
        for name, count in content.n_rounded.items()
        if count
    ]
    codes = None if groups is None else pd.factorize(columns.pop(groups))[0]
    for name, values in columns.items():
        if values.dtype == object and name != target:
            check_levels(values, name, str(path))
    return Table(
        name=table_name(path),
        frame=frame_of(columns),
        target=target,
        source=f"file {path.name}",
        groups=codes,
        n_dropped=n_dropped,
        notes=tuple(notes),
        where=str(path),
    )


def _describe(content: RawColumns, empty: NDArray[np.bool_], infinite: NDArray[np.bool_]) -> str:
    """Missing and infinite cells of a column, told apart, and what may be done."""
    parts = [
        f"{count} {kind} cell{'s' * (count > 1)} ({content.locate_all(np.flatnonzero(rows)[:3].tolist())}"
        f"{', ...' * (count > 3)})"
        for kind, rows in (("missing", empty), ("infinite", infinite))
        if (count := int(rows.sum()))
    ]
    if infinite.any():
        return f"{' and '.join(parts)}; numbers must be finite, whatever dataset.missing is; correct them"
    return (
        f"{parts[0]}; none is allowed in a target or groups, nor where dataset.missing=refuse; fill them in, "
        "or set dataset.missing to drop (the rows) or impute (a feature's cells)"
    )
