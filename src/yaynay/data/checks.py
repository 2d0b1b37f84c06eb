"""What the columns of a table may be, and how an error names them."""

import difflib
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.config.quoting import override
from yaynay.data.columns import clean_name, quote
from yaynay.errors import DataError

MIN_ROWS = 3
"""A line through two points fits them whatever they are."""


MOST_TARGET, LEAST_SPREAD = 1e100, 1e-100
"""Sums of squares of a target beyond these would leave float64."""


def check_names(names: Sequence[str], target: str, where: str) -> None:
    """Check that column names are unique and that the target is one of them, with a feature beside it.

    Raises:
        DataError: They are not; names that differ in blanks around them or in Unicode form count as equal.
    """
    seen: dict[str, str] = {}
    for name in names:
        key = clean_name(name)
        if key in seen:
            raise DataError(
                f"{where}: columns {quote(seen[key])} and {quote(name)} have the same name; names must "
                "differ by more than blanks around them and Unicode form; rename one"
            )
        seen[key] = name
    if target not in names:
        raise DataError(f"{where}: {unknown_name(target, names, 'dataset.target')}")
    if len(names) < 2:
        raise DataError(f"{where}: no column beside the target; at least one feature is needed; add one")


def unknown_name(name: str, names: Sequence[str], option: str) -> str:
    """What to say of a column that is not there.

    >>> print(unknown_name("prise", ["price", "size"], "dataset.target"))
    no column 'prise'; columns: 'price', 'size'; did you mean 'price'? set dataset.target=price
    >>> print(unknown_name("lot area", ["Lot Area [m²]", "y"], "dataset.leave_out").partition("; did ")[2])
    you mean 'Lot Area [m²]'? name it in 'dataset.leave_out=["Lot Area [m²]"]'
    """
    listed = ", ".join(quote(known) for known in names[:20]) + (", ..." if len(names) > 20 else "")
    said = f"no column {quote(name)}; columns: {listed}"
    bare = {_bare(known): known for known in reversed(names)}
    nearest = difflib.get_close_matches(_bare(name), bare, n=1)
    if not nearest:
        return f"{said}; choose one of them ({option})"
    meant = bare[nearest[0]]
    is_list = option in ("dataset.features", "dataset.leave_out", "dataset.categories")
    way = f"name it in {override(option, [meant])}" if is_list else f"set {override(option, meant)}"
    return f"{said}; did you mean {quote(meant)}?" + f" {way}" * meant.isprintable()


def _bare(name: str) -> str:
    """A name without what is easily mistyped."""
    return re.sub(r"[\W_]+", " ", name).strip().casefold() or name


def check_values(frame: pd.DataFrame, target: str, where: str) -> tuple[list[str], list[str]]:
    """Notes on the columns of a plain frame, and remarks for a verdict.

    Raises:
        DataError: Too few rows, an infinite cell, a column without values, a target that cannot be predicted.
    """
    if len(frame) < MIN_ROWS:
        raise DataError(f"{where}: {len(frame)} rows; at least {MIN_ROWS} are needed; add rows")
    notes: list[str] = []
    filled: list[str] = []
    for label, values in frame.items():
        name = str(label)
        column = f"{where}, column {quote(name)}"
        n_missing = int(values.isna().sum())
        if n_missing == len(values):
            raise DataError(f"{column}: every cell is missing; a column needs values; leave it out")
        if values.dtype == np.float64 and np.isinf(values.to_numpy()).any():
            raise DataError(f"{column}: infinite cells; numbers must be finite; correct them")
        if name == target:
            if values.dtype != np.float64:
                raise DataError(f"{column}: the target is text; it must be a number; choose another target")
            if n_missing:
                raise DataError(f"{column}: {n_missing} missing cells; none is allowed in the target; drop them")
            _check_scale(values.to_numpy(), column)
        present = values.dropna()
        is_constant = bool((present == present.iloc[0]).all())
        if name == target and is_constant:
            raise DataError(f"{column}: the target is constant; it must vary; choose another target")
        if n_missing:
            filled.append(f"{quote(name)} ({n_missing})")
        elif is_constant:
            notes.append(f"column {quote(name)} is constant and carries no information")
    if not filled:
        return notes, []
    listed = ", ".join(filled[:10]) + f" and {len(filled) - 10} more columns" * (len(filled) > 10)
    return notes, [f"missing cells are filled in from the training rows, and marked in a column of 0 and 1: {listed}"]


def _check_scale(target: NDArray[np.float64], column: str) -> None:
    largest, spread = float(np.max(np.abs(target))), float(np.max(target) / 2 - np.min(target) / 2)
    if largest > MOST_TARGET or 0 < spread < LEAST_SPREAD:
        raise DataError(
            f"{column}: the target reaches {largest:.1e}; squares of numbers beyond {MOST_TARGET:.0e}, or that "
            f"differ by less than {LEAST_SPREAD:.0e}, leave the range of floating point; give it in another unit"
        )
