"""The option `time`: which columns order rows, and what is said of it."""

from pathlib import Path

import numpy as np
import pytest

from yaynay.data.reading import read_file
from yaynay.data.table import Table
from yaynay.data.table_files import card, load_table, write_table
from yaynay.errors import DataError, OptionError


def read(folder: Path, cells: list[str], **options: object) -> Table:
    path = folder / "series.csv"
    rows = [f"{cell},{number % 7},{number**2 % 11}" for number, cell in enumerate(cells)]
    path.write_text("\n".join(["when,x,y", *rows]) + "\n")
    return read_file(path, "y", **{"time": "when", **options})


@pytest.mark.parametrize(
    "cells",
    [
        ["3", "1", "2", "2", "0"],
        ["2024-01-04", "2024-01-02", "2024-01-03", "2024-01-03", "2023-12-31"],
        ["4.1.2024", "2.1.2024", "3.1.2024", "3.1.2024", "31.12.2023"],
        ["9:30", "7:30", "8:30", "8:30", "6:00"],
    ],
    ids=["numbers", "dates", "days first", "clock"],
)
def test_rows_are_ordered_by_numbers_and_dates(tmp_path: Path, cells: list[str]) -> None:
    table = read(tmp_path, cells)
    assert table.time is not None
    assert table.time.tolist() == [3, 1, 2, 2, 0]
    assert table.features == ("x",)
    assert any("is about the future" in remark for remark in table.remarks)
    assert any("is no feature" in note for note in table.notes)


def test_time_is_a_feature_too_where_features_list_it(tmp_path: Path) -> None:
    table = read(tmp_path, ["2024-01-01", "2024-01-03", "2024-01-02"], features=["x", "when"])
    assert set(table.features) == {"x", "when (days)"}
    assert table.time is not None
    assert table.time.tolist() == [0, 2, 1]


@pytest.mark.parametrize("missing", ["impute", "refuse"])
def test_a_missing_time_is_refused(tmp_path: Path, missing: str) -> None:
    with pytest.raises(DataError, match=r"column 'when': 1 missing cell .*of time"):
        read(tmp_path, ["1", "", "3", "4", "5"], missing=missing)
    assert read(tmp_path, ["1", "", "3", "4", "5"], missing="drop").n_dropped == 1


def test_texts_have_no_order(tmp_path: Path) -> None:
    for cells in (["spring", "autumn", "spring", "autumn"], ["q one", "q two", "q three", "q four"]):
        with pytest.raises(DataError, match=r"do not say what comes first; dataset\.time must be"):
            read(tmp_path, cells)


@pytest.mark.parametrize("options", [{"time": "y"}, {"groups": "when"}, {"leave_out": ["when"]}])
def test_a_column_has_one_role(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(OptionError, match="has another role already"):
        read(tmp_path, ["1", "2", "3"], **options)


def test_the_order_survives_writing_and_reading(tmp_path: Path) -> None:
    table = read(tmp_path, ["3", "1", "2", "2", "0"])
    write_table(table, tmp_path / "table")
    again = load_table(tmp_path / "table")
    assert again.time is not None
    assert np.array_equal(again.time, table.time)  # type: ignore[arg-type]  # it has one
    assert (again.sha256, card(again)["n_times"]) == (table.sha256, 4)
