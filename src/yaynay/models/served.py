"""Raw rows in, predictions out: what a saved model does, wherever it is loaded.

This module goes with each saved model, so it imports nothing of yaynay but such modules.
"""

import difflib
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.data.columns import POOL, Column, clean_name, encode, frame_of, quote
from yaynay.data.descriptions import Description, apply
from yaynay.data.raw import of_series
from yaynay.errors import DataError
from yaynay.models.network import Shape, predict


def predict_raw(
    about: Mapping[str, Any], weights: Mapping[str, NDArray[np.floating]], frame: pd.DataFrame
) -> NDArray[np.float64]:
    """Predictions for raw rows.

    Args:
        about: What `records.serving.describe_model` says of the model.
        weights: The record's weights.
        frame: The columns that the table was read from, as `convert` takes them.

    Returns:
        (n_rows,) [unit of the target]

    Raises:
        DataError: As `convert`.
    """
    columns = [
        Column(entry["name"], entry["levels"] and tuple(entry["levels"]), entry["has_missing"])
        for entry in about["columns"]
    ]
    rows = convert(frame, [Description.of(entry) for entry in about["reading"]], columns)
    return predict(about["shape"] and Shape(**about["shape"]), weights, encode(rows, columns))


def convert(frame: pd.DataFrame, descriptions: Sequence[Description], columns: Sequence[Column]) -> pd.DataFrame:
    """Raw columns as `encode` takes them, read as the table's were.

    Warns of what the table did not have: a level that is unknown, a missing cell in a column without any.

    Args:
        frame: The raw columns in any order, others besides; in any of pandas' types, or as texts.
        descriptions: How each is read.
        columns: What they become.

    Raises:
        DataError: A column is not there, or a cell is not what the column held.
    """
    names: dict[str, list[Any]] = {}
    for name in frame.columns:
        names.setdefault(clean_name(name), []).append(name)
    made: dict[str, NDArray] = {}
    for description in descriptions:
        cells = frame[_find(clean_name(description.column), names)]
        try:
            raw = of_series(cells, description.missing, {*description.levels, *description.pooled})
            made |= apply(description, raw)
        except DataError as error:
            raise DataError(f"model: column {quote(description.column)}: {error}") from None
    return frame_of({column.name: _check(column, made[column.name]) for column in columns})


def _find(name: str, names: Mapping[str, Sequence[Any]]) -> Any:
    found = names.get(name, [])
    if len(found) > 1:
        raise DataError(f"model: {len(found)} columns are called {quote(name)}; names must differ; rename one")
    if found:
        return found[0]
    nearest = difflib.get_close_matches(name.casefold(), {known.casefold(): known for known in names}, n=1)
    meant = [known for known in names if nearest and known.casefold() == nearest[0]]
    hint = f"; did you mean {quote(meant[0])}?" if meant else ""
    raise DataError(f"model: no column {quote(name)}; every feature of the table is needed; add it{hint}")


def _check(column: Column, cells: NDArray) -> NDArray:
    """The cells, after a warning of those that the table had not; unknown levels join the rare ones."""
    is_missing = pd.isna(cells)
    if column.levels is None and np.isinf(cells).any():
        raise DataError(f"model: column {quote(column.name)}: infinite cells; numbers must be finite; correct them")
    if is_missing.any() and not column.has_missing:
        taken = "the mean of the training rows" if column.levels is None else quote(_stand_in(column))
        count = int(is_missing.sum())
        cells_are = (
            "1 missing cell, where the table had none; it is"
            if count == 1
            else (f"{count} missing cells, where the table had none; they are")
        )
        _warn(column, f"{cells_are} taken for {taken}")
    if column.levels is None:
        return cells
    is_unknown = (pd.Index(column.levels, dtype=object).get_indexer(pd.Index(cells, dtype=object)) < 0) & ~is_missing
    if not is_unknown.any():
        return cells
    unknown = sorted(set(cells[is_unknown]))
    listed = ", ".join(map(quote, unknown[:3])) + ", ..." * (len(unknown) > 3)
    _warn(
        column,
        f"{listed} was not among the levels that the model learnt from; it is taken for {quote(_stand_in(column))}",
    )
    return np.where(is_unknown, _stand_in(column), cells)


def _stand_in(column: Column) -> str:
    """The level that others are taken for: the rare ones, or the first, which the intercept stands for."""
    return POOL if POOL in column.levels else column.levels[0]  # type: ignore[operator,index]  # a category has levels


def _warn(column: Column, said: str) -> None:
    warnings.warn(f"column {quote(column.name)}: {said}", stacklevel=_count_own_frames())


def _count_own_frames() -> int:
    """The stack level of the line that asked for predictions, outside of this package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "yaynay":
        level, frame = level + 1, frame.f_back
    return level
