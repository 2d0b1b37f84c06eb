"""Arrays of numbers as a frame with named columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.errors import DataError

TARGET = "y"
"""What the target's column is called."""


def to_frame(x: Any, y: Any, names: Sequence[str] | None) -> pd.DataFrame:
    """Features and target side by side.

    Args:
        x: Features, (n_rows, n_features) or (n_rows,).
        y: Target, (n_rows,); every cell is needed.
        names: Of the features; None is x0, x1, ...

    Raises:
        DataError: They are no numbers, or of another shape.

    Example:
        >>> to_frame([[1, 2], [3, 4]], [5, 6], None).columns.tolist()
        ['x0', 'x1', 'y']
    """
    features, target = _numbers(x, "x"), _numbers(y, TARGET)
    if features.ndim == 1:
        features = features[:, np.newaxis]
    if features.ndim != 2 or features.shape[1] == 0:
        raise DataError(
            f"x: an array of shape {np.shape(x)}; allowed: (rows, features), with one feature or more, or (rows,); "
            "reshape it"
        )
    if target.ndim != 1:
        raise DataError(
            f"y: an array of shape {target.shape}; allowed: (rows,), one target; use y.ravel() or one column"
        )
    if len(target) != len(features):
        raise DataError(
            f"y: {len(target)} cells, where x has {len(features)} rows; one for each row is needed; mend it"
        )
    if n_missing := int(np.isnan(target).sum() if target.dtype.kind == "f" else 0):
        raise DataError(f"y: {n_missing} of {len(target)} cells are NaN; none may be; take those rows out of x and y")
    labels = [f"x{number}" for number in range(features.shape[1])] if names is None else [str(name) for name in names]
    if len(labels) != features.shape[1]:
        raise DataError(f"names: {len(labels)}, where x has {features.shape[1]} columns; give one for each")
    if twice := sorted({name for name in labels if labels.count(name) > 1 or name == TARGET}):
        raise DataError(
            f"names: {twice[0]!r} is there twice, as the target is called 'y'; names must differ; rename one"
        )
    return pd.DataFrame({**{name: features[:, number] for number, name in enumerate(labels)}, TARGET: target})


def _numbers(values: Any, what: str) -> NDArray:
    """An array of booleans, whole numbers or floats; NaN where a masked array has no value."""
    kinds = "numbers in an array or in lists of one length"
    try:
        array = np.asarray(values)
        if array.dtype == object and array.ndim:  # such as None among numbers, or Decimal
            is_number = all(cell is None or isinstance(cell, int | float | np.number) for cell in array.flat)
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
