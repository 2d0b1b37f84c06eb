"""The column that orders the rows of a table in time."""

import numpy as np

from yaynay.config.datasets import Own
from yaynay.data.cells import Floats, RawTable
from yaynay.data.columns import quote
from yaynay.data.dependence import Seen
from yaynay.data.quantities import Reading
from yaynay.errors import DataError

_ORDERED = ("boolean", "stored date", "number", "numeral", "date")
"""Rules whose readings are numbers, so that they have an order."""


def take_time(raw: RawTable, readings: dict[str, Reading], options: Own) -> Floats | None:
    """Times of the rows, NaN where missing, (n_rows,); None where no column orders them.

    The column leaves the table, unless it is a feature too because it is listed in `dataset.features`.

    Raises:
        DataError: Its cells have no order.
    """
    name = options.time
    if name is None:
        return None
    reading = readings[name]
    if reading.rule not in _ORDERED:
        texts = raw.columns[name].texts
        seen = f" ({quote(texts.levels[0])})" if texts is not None and texts.levels else ""
        raise DataError(
            f"{options.where}, column {quote(name)}: texts{seen} do not say what comes first; dataset.time must be a "
            "column of numbers, dates or times; write it so, or number the rows in a new column"
        )
    if name not in options.features:
        del raw.columns[name], readings[name]
    return np.asarray(next(iter(reading.columns.values())), dtype=np.float64)


def say_time(times: Floats, options: Own, seen: Seen) -> Seen:
    """What was seen, with a note on what the time column is used for and a remark on what the verdict is about.

    Args:
        times: Of the rows that are kept, (n_rows,).
        options: With a column of time.
        seen: What was seen besides.
    """
    name, n_times = str(options.time), len(np.unique(times))
    use = (
        "orders the rows and is a feature too, because dataset.features lists it"
        if name in options.features
        else "orders the rows and is no feature, for a model of later rows would have to go beyond all times that it "
        "learnt from; to use it as one too, list all features in dataset.features, and this one with them"
    )
    shared = "" if n_times == len(times) else f"; {len(times)} rows have {n_times} times, and rows of one stay together"
    remark = (
        f"rows are ordered by {quote(name)}: every test row comes after all rows that trained for it, so the verdict "
        "is about the future; the first half of the rows is never tested"
    )
    return Seen(seen.doubts, (*seen.remarks, remark), (*seen.notes, f"column {quote(name)} {use}{shared}"))
