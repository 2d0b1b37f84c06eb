"""A record as a model that takes raw rows: what it needs besides the weights, and its predictions."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.data.columns import Column, describe
from yaynay.data.descriptions import Description
from yaynay.data.table import Table
from yaynay.models.network import Shape
from yaynay.models.served import predict_raw
from yaynay.records.record import Record


def predict(table: Table, record: Record, frame: pd.DataFrame) -> NDArray[np.float64]:
    """Predictions of a record for rows of the columns that its table was read from.

    Args:
        table: The table that the record was trained on.
        record: The record, with its weights.
        frame: Raw columns, as in the file or DataFrame that the table was read from; others are ignored.

    Returns:
        (n_rows,) [unit of the target]

    Raises:
        DataError: A column is missing, or a cell is not what the column held.
    """
    return predict_raw(describe_model(table, record), record.weights, frame)


def describe_model(table: Table, record: Record) -> dict[str, Any]:
    """What a model needs besides its weights, ready for JSON: how raw columns are read, and the networks' shape."""
    configuration = record.parsed
    shape = None if configuration.is_closed_form else asdict(Shape.of(configuration.model, table.n_features))
    return {
        "shape": shape,
        "reading": [description.as_json() for description in descriptions(table)],
        "columns": [asdict(column) for column in _columns(table)],
        "target": table.target,
        "configuration": configuration.flat(),
    }


def descriptions(table: Table) -> list[Description]:
    """How each raw column of a table is read: as its card says, or as plain numbers and levels."""
    read = {entry["column"]: entry for entry in table.reading if "cells" in entry}
    made = {name for entry in read.values() for name in entry["becomes"]}
    return [
        *(Description.of(entry["cells"]) for entry in read.values()),
        *(_plain(column) for column in _columns(table) if column.name not in made),
    ]


def _plain(column: Column) -> Description:
    if column.levels is None:
        return Description(column.name, "number")
    return Description(column.name, "category", levels=column.levels)


def _columns(table: Table) -> list[Column]:
    return describe(table.frame.drop(columns=table.target))
