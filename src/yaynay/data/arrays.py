"""Features and a target as a frame with named columns: of arrays of numbers, or of a DataFrame and its target."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from yaynay.data.columns import clean_name
from yaynay.data.frames import check_label, to_arrow
from yaynay.errors import DataError

TARGET = "y"
"""What the target's column is called, unless it has a name."""


def to_frame(x: Any, y: Any, names: Sequence[str] | None) -> tuple[pd.DataFrame | pa.Table, list[str], str]:
    """Features and target side by side, names of features that are used whatever they hold, and of the target.

    A DataFrame has no such features: what each of its columns is, is decided as in a table of one's own.

    Args:
        x: Features, (n_rows, n_features) or (n_rows,), or a DataFrame of them.
        y: Target, (n_rows,).
        names: Of the features; None is what a DataFrame or a Series calls them, or x0, x1, ...

    Raises:
        DataError: They are no numbers, or of another shape.

    Example:
        >>> frame, features, target = to_frame([[1, 2], [3, 4]], pd.Series([5, 6], name="price"), None)
        >>> features, target, frame.columns.tolist()
        (['x0', 'x1'], 'price', ['x0', 'x1', 'price'])
    """
    cells = _numbers(y, TARGET)
    if cells.ndim != 1:
        raise DataError(
            f"y: an array of shape {cells.shape}; allowed: (rows,), one target; use y.ravel() or one column"
        )
    if names is None and hasattr(x, "to_frame") and getattr(x, "name", None) not in (None, ""):
        x = x.to_frame()
    is_named = names is None and (hasattr(x, "columns") or hasattr(x, "__dataframe__"))
    frame = _rename(x) if is_named else _number(x, names)
    features = frame.columns.tolist() if isinstance(frame, pd.DataFrame) else frame.column_names
    if len(cells) != len(frame):
        raise DataError(f"y: {len(cells)} cells, where x has {len(frame)} rows; one for each row is needed; mend it")
    target = _call_target(y, features)
    if isinstance(frame, pd.DataFrame):
        frame = pd.concat([frame, pd.Series(cells, name=target)], axis=1)
    else:
        frame = frame.append_column(target, pa.array(cells, from_pandas=True))
    return frame, [] if is_named else features, target


def _rename(x: Any) -> pd.DataFrame | pa.Table:
    """A DataFrame with texts as names, and rows that are only counted."""
    frame = x if isinstance(x, pd.DataFrame) else to_arrow(x)
    names = [check_label(label) for label in (frame.columns if isinstance(frame, pd.DataFrame) else frame.column_names)]
    if not names:
        raise DataError("x: a DataFrame without columns; allowed: one feature or more; give them")
    if isinstance(frame, pd.DataFrame):
        return frame.set_axis(names, axis=1).reset_index(drop=True)
    return frame.rename_columns(names)


def _number(x: Any, names: Sequence[str] | None) -> pd.DataFrame:
    """An array with names, or numbers, for its columns."""
    features = _numbers(x, "x")
    if features.ndim == 1:
        features = features[:, np.newaxis]
    if features.ndim != 2 or features.shape[1] == 0:
        raise DataError(
            f"x: an array of shape {np.shape(x)}; allowed: (rows, features), with one feature or more, or (rows,); "
            "reshape it"
        )
    labels = [f"x{number}" for number in range(features.shape[1])] if names is None else [str(name) for name in names]
    if len(labels) != features.shape[1]:
        raise DataError(f"names: {len(labels)}, where x has {features.shape[1]} columns; give one for each")
    if twice := sorted({name for name in labels if labels.count(name) > 1}):
        raise DataError(f"names: {twice[0]!r} is there twice; names must differ; rename one")
    return pd.DataFrame({name: features[:, number] for number, name in enumerate(labels)})


def _call_target(y: Any, features: Sequence[str]) -> str:
    """What a Series calls itself, or y, or what no feature is called."""
    own = getattr(y, "name", None)
    named = [clean_name(own)] if isinstance(own, str | int) and own != "" else []
    numbered = (f"{TARGET}{number}" for number in range(len(features) + 1))
    return next(name for name in (*named, TARGET, "target", *numbered) if name and name not in features)


def _numbers(values: Any, what: str) -> NDArray:
    """An array of booleans, whole numbers or floats; NaN where a masked array has no value."""
    kinds = "numbers in an array or in lists of one length"
    try:
        array = np.asarray(values)
        if array.dtype == object and array.ndim:  # such as None among numbers, or Decimal
            array = array.copy()
            array[pd.isna(array)] = None
            is_number = all(
                cell is None or isinstance(cell, int | float | np.integer | np.floating) for cell in array.flat
            )
            array = array.astype(np.float64) if is_number else array
        if np.ma.isMaskedArray(values):
            array = np.ma.filled(values.astype(np.float64), np.nan)
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{what}: cannot be read as an array ({reason}); allowed: {kinds}; convert it") from error
    if array.ndim == 0:
        raise DataError(f"{what}: {type(values).__name__} is no array; allowed: {kinds}; convert it")
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"{what}: holds {array.dtype}; allowed: {kinds}; convert it, or give one DataFrame and the name of "
            "its target"
        )
    return array
