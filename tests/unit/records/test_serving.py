"""A record predicts from the file's raw rows, however pandas reads them, what it predicts from its table's own."""

import csv
import io
import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.invented import make_record

from yaynay.data.blocks import equal_row_blocks
from yaynay.data.plan import Plan, make_plan
from yaynay.data.reading import read_file
from yaynay.data.table import Table
from yaynay.data.table_files import load_table, write_table
from yaynay.models import network
from yaynay.models.formula import Design, Formula, Term
from yaynay.models.network import Shape, initial_weights
from yaynay.records import serving
from yaynay.records.record import Record

KINDS: dict[str, tuple[list[str], list[str]]] = {
    "whole": (["1", "2"], ["3", " 4", "-5", "NA", "?", ""]),
    "number": (["1.5", "-2.25"], ["1e3", "+4", " 0.5 ", "n/a", "unknown", "-99"]),
    "truth": (["true", "false"], ["True", " FALSE", "nan"]),
    "level": (["Oslo", "Rome"], [" Oslo", "Rome ", "none", "-"]),
    "code": (["01", "02"], ["01", " 02", ""]),
    "percent": (["12 %", "7%"], ["0.5 %", "-"]),
    "amount": (["$1,200.50", "$3"], ["$7", "2.5", "($4)", ""]),
    "thousands": (["1,234,567", "2,000,000"], ["3,400,000", "\u22125"]),
    "date": (["2020-01-31", "2021-2-3"], ["1969-12-31T10:30:07.25", "2020-01-31 23:59:59.999+01:00", "NA"]),
    "day": (["31/1/2020", "1/2/2020"], ["3/4/21 5:30 pm", ""]),
    "clock": (["12:30", "1:15 pm"], ["23:59:59.5", "."]),
}
"""Cells that show what a column is, and others that may follow."""


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, str]]:
    """Rows of every kind of cell, by column."""
    names = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=6, unique=True))
    n_more = draw(st.integers(0, 8))
    columns = {}
    for name in names:
        known, more = KINDS[name]
        columns[name] = known * 6 + draw(st.lists(st.sampled_from(known + more), min_size=n_more, max_size=n_more))
    columns["y"] = [str(row % 7) for row in range(12 + n_more)]
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def write(path: Path, cells: list[dict[str, str]], separator: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(cells[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(cells)
    return path


def plan_of(table: Table) -> Plan:
    options = {"n_folds": 5, "n_repeats": 1, "n_inner": 4, "n_seeds": 1, "seed": 0}
    return make_plan(equal_row_blocks(table), table.sha256, table.n_features, **options)


def line_of(table: Table) -> Record:
    """A record of a line with any coefficients."""
    slopes = np.random.default_rng(0).normal(size=table.n_features)
    weights = {"intercept": np.array([0.3]), "slopes": slopes, "mean": np.nanmean(table.x, axis=0)}
    return replace(make_record(table, plan_of(table), "least_squares", 0, 0.1), weights=weights)


def formula_of(table: Table) -> Record:
    """A record of a line with terms and any coefficients."""
    mean = np.nanmean(table.x, axis=0)
    x = np.where(np.isnan(table.x), mean, table.x)
    knots = tuple(x[:, 0].min() + np.arange(4.0))
    terms = [Term("square", (0,)), Term("product", (0, table.n_features - 1)), Term("spline", (0,), knots)]
    design = Design.of(x, terms)
    formula = Formula(design, np.random.default_rng(0).normal(size=1 + len(design.mean)))
    weights = {"mean": mean, **formula.arrays()}
    return replace(make_record(table, plan_of(table), "terms", 0, 0.1), weights=weights)


def network_of(table: Table) -> Record:
    """A record of two networks with their initial weights."""
    shape = Shape(table.n_features, 1, 4, "relu")
    scale = {"x_mean": np.nanmean(table.x, axis=0), "x_factor": np.ones(table.n_features)}
    weights = {name: np.stack([array, array]) for name, array in scale.items()}
    weights |= {"y_mean": np.ones(2), "y_scale": np.full(2, 2.0)}
    return replace(
        make_record(table, plan_of(table), "torch", 1, 0.1), weights=initial_weights(shape, 2, seed=0) | weights
    )


def own(table: Table, record: Record) -> np.ndarray:
    """Predictions for the table's own rows."""
    configuration = record.parsed
    shape = None if configuration.is_closed_form else Shape.of(configuration.model, table.n_features)
    return network.predict(shape, record.weights, table.x)


def assert_served(table: Table, *frames: pd.DataFrame) -> None:
    for record in (line_of(table), formula_of(table), network_of(table)):
        for frame in frames:
            np.testing.assert_array_equal(serving.predict(table, record, frame), own(table, record))


READERS: list[Callable[[Path], pd.DataFrame]] = [
    pd.read_csv,
    lambda path: pd.read_csv(path, dtype=str),
    lambda path: pd.read_csv(path, dtype=str, keep_default_na=False),
    lambda path: pd.read_csv(path).convert_dtypes(),
    lambda path: pd.read_csv(path, dtype_backend="pyarrow"),
    lambda path: pd.read_csv(path).astype("category"),
    lambda path: pd.DataFrame(json.loads(pd.read_csv(path).to_json(orient="records"))),
]


@settings(max_examples=20)
@given(rows())
def test_the_rows_of_a_file_predict_what_its_table_predicts(cells: list[dict[str, str]]) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "a.csv", cells)
        categories = [name for name in ("code",) if name in cells[0]]
        table = read_file(path, "y", categories=categories, na_values=["unknown", -99])
        assert_served(table, *(read(path) for read in READERS))
        write_table(table, Path(folder) / "kept")
        loaded = load_table(Path(folder) / "kept")
        assert loaded.reading == table.reading
        assert_served(loaded, pd.read_csv(path))


@settings(max_examples=10)
@given(rows(), st.randoms())
def test_the_order_of_rows_and_columns_and_what_is_beside_them_change_nothing(
    cells: list[dict[str, str]], random: Any
) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "a.csv", cells)
        table = read_file(path, "y", dates="parts", na_values=["unknown"])
        frame = pd.read_csv(path).assign(more="x")
        order = random.sample(range(len(frame)), len(frame))
        names = random.sample(list(frame), frame.shape[1])
        frame = frame.iloc[order][names].rename(columns=lambda name: f" {name} ")
        for record in (line_of(table), network_of(table)):
            np.testing.assert_allclose(
                serving.predict(table, record, frame), own(table, record)[order], rtol=1e-12, atol=1e-9
            )


def test_decimal_commas_are_read_as_the_table_read_them(tmp_path: Path) -> None:
    cells = [
        {"kg": f"{row},5", "people": f"{row + 1}.{row:03}", "share": f"{row} %", "y": str(row % 7)} for row in range(30)
    ]
    path = write(tmp_path / "a.csv", cells, ";")
    table = read_file(path, "y")
    assert table.frame["people"].iloc[1] == 2001
    assert_served(table, pd.read_csv(path, sep=";", dtype=str), pd.read_csv(path, sep=";", decimal=",", thousands="."))
    with pytest.raises(Exception, match=r"model: column 'people': 2.001 is none of what the column held"):
        serving.predict(table, line_of(table), pd.read_csv(path, sep=";"))


def test_rare_levels_of_the_table_are_pooled_and_not_told(tmp_path: Path) -> None:
    cells = [{"town": f"k{row if row > 80 else row % 10}", "y": str(row % 7)} for row in range(100)]
    path = write(tmp_path / "a.csv", cells)
    table = read_file(path, "y")
    assert "(rare)" in set(table.frame["town"])
    assert_served(table, pd.read_csv(path))
    with pytest.warns(UserWarning, match=r"'k999' was not among the levels .* taken for '\(rare\)'"):
        serving.predict(table, line_of(table), pd.DataFrame({"town": ["k999"]}))


def test_the_rows_of_a_file_with_types_predict_what_its_table_predicts(tmp_path: Path) -> None:
    n_rows = 30
    numbers = list(range(n_rows))
    stamps = pd.to_datetime([f"2021-01-{row % 28 + 1:02}T{row % 24:02}:00:07.123456" for row in numbers])
    frame = pd.DataFrame(
        {
            "whole": pd.array([None, *numbers[1:]], dtype="Int64"),
            "small": np.array(numbers, dtype=np.int8) % 3,
            "truth": pd.array([row % 2 == 0 if row else None for row in numbers], dtype="boolean"),
            "plain": [row % 3 == 0 for row in numbers],
            "text": pd.array([f" k{row % 3}" for row in numbers], dtype="string"),
            "level": pd.Categorical([["u", " v", "NA"][row % 3] for row in numbers]),
            "code": pd.Categorical([row % 3 for row in numbers]),
            "size": pd.Categorical([row % 3 / 2 for row in numbers]),
            "stamp": stamps,
            "zoned": stamps.tz_localize("Europe/Oslo"),
            "length": pd.to_timedelta(numbers, unit="h"),
            "date": [stamp.date() for stamp in stamps],
            "time": [stamp.time() for stamp in stamps],
            "y": [float(row % 7) for row in numbers],
        }
    )
    path = tmp_path / "a.parquet"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pandas 3.1's, of a step of PyArrow 25
        content = pa.Table.from_pandas(frame, preserve_index=False)
    cents = pa.array([Decimal(row) / 4 for row in numbers], pa.decimal128(12, 2))
    pq.write_table(content.append_column("price", cents), path)
    table = read_file(path, "y", dates="parts")
    assert len([entry for entry in table.reading if entry["becomes"]]) == frame.shape[1] + 1
    assert_served(table, pd.read_parquet(path))
    assert_served(table, *(pd.read_parquet(path, dtype_backend=types) for types in ("numpy_nullable", "pyarrow")))


def test_a_table_without_a_file_has_plain_descriptions() -> None:
    frame = pd.DataFrame({"c": ["u", "v", None] * 8, "n": [1.5, None, 3] * 8, "y": np.arange(24.0)})
    table = Table("toy", frame, "y", "made here")
    assert [(found.column, found.rule) for found in serving.descriptions(table)] == [("c", "category"), ("n", "number")]
    assert_served(table, pd.read_csv(io.StringIO(frame.to_csv(index=False))))
