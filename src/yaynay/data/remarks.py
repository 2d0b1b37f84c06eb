"""What a reader is told about a file: missing cells, columns left out, equal rows."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.data.blocks import has_short_scales
from yaynay.data.cells import Floats, RawColumn, RawTable
from yaynay.data.columns import quote
from yaynay.data.quantities import Reading


def say_left_out(left_out: Mapping[str, Reading]) -> tuple[str, str]:
    """Columns that are no features, and why; and what to do to use them, where that is possible.

    >>> say_left_out({"id": Reading(note="row labels", rule="index"), "tag": Reading(note="row labels", rule="index")})
    ("'id', 'tag' (row labels)", 'to use one, list all features in dataset.features')
    """
    by_reason: dict[str, list[str]] = {}
    for name, reading in left_out.items():
        by_reason.setdefault(reading.note, []).append(quote(name))
    said = ", ".join(f"{_list(names)} ({reason})" for reason, names in by_reason.items())
    can_be_used = any(reading.rule in _USABLE for reading in left_out.values())
    return said, "to use one, list all features in dataset.features" if can_be_used else ""


_USABLE = ("index", "row number", "identifier", "date", "stored date")
"""Rules that leave out what could be a feature."""


def _list(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def say_missing(columns: Mapping[str, RawColumn], readings: Mapping[str, Reading]) -> list[str]:
    """How missing cells are spelt, where they are not just empty."""
    spelt = [
        f"{quote(name)} {', '.join(f'{quote(text)} {count}' for text, count in column.missing.most_common())}"
        for name, column in columns.items()
        if readings[name].columns and any(column.missing)
    ]
    if not spelt:
        return []
    return [
        f"read as missing: {'; '.join(spelt)}; list what is a level of a category in dataset.na_levels, and further "
        "spellings in dataset.na_values"
    ]


def say_target(target: Floats) -> list[str]:
    """What a target of two values means for the verdict."""
    values = np.unique(target[~np.isnan(target)][:1000])
    if len(values) > 2 or len(values := np.unique(target[~np.isnan(target)])) != 2:
        return []
    return [
        f"the target has two values, {values[0]:g} and {values[1]:g}: both models are judged by squared error, where "
        "a logistic line would be the fair rival"
    ]


def say_scales(frame: pd.DataFrame, has_groups: bool) -> list[str]:
    """How equal rows are taken, where they must occur."""
    if has_groups or not has_short_scales(frame):
        return []
    return [
        "rows must repeat on scales as short as these, so equal rows count as different ones; where they are copies, "
        "take the copies out, or name what they are copies of in dataset.groups"
    ]


def describe_cells(raw: RawTable, empty: NDArray[np.bool_], infinite: NDArray[np.bool_]) -> str:
    """Missing and infinite cells of a column, told apart, and what may be done."""
    parts = [
        f"{count} {kind} cell{'s' * (count > 1)} ({raw.locate_all(np.flatnonzero(rows)[:3].tolist())}"
        f"{', ...' * (count > 3)})"
        for kind, rows in (("missing", empty), ("infinite", infinite))
        if (count := int(rows.sum()))
    ]
    if infinite.any():
        return (
            f"{' and '.join(parts)}; numbers must be finite; correct them, or list their spelling in dataset.na_values"
        )
    return (
        f"{parts[0]}; none is allowed where dataset.missing=refuse, nor in a column of groups or of time; fill them "
        "in, or set dataset.missing=drop (for the rows) or, for a feature, dataset.missing=impute"
    )
