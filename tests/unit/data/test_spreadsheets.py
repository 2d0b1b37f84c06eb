"""Excel files as they are made by openpyxl, which spreadsheets and pandas write alike."""

import datetime
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook

from yaynay.data.reading import read_file
from yaynay.errors import DataError, MachineError, OptionError

ROWS = [["x", "y"], [1, 2], [2.5, 3], [3, 5]]


def write(path: Path, **sheets: Sequence[Sequence[Any]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def test_the_first_sheet_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", first=ROWS, second=[["a", "b"], [1, 2]], third=[])
    table = read_file(path, "y")
    assert table.frame.to_dict("list") == {"x": [1, 2.5, 3], "y": [2, 3, 5]}
    assert table.notes == (
        "read as Excel, sheet 'first'; to read another ('second', 'third'), use dataset.sheet=second",
    )


def test_a_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", **{"2023": ROWS, "2024": [["x", "y"], [7, 1], [8, 2], [9, 4]]})
    assert read_file(path, "y", sheet=2024).x.tolist() == [[7], [8], [9]]
    with pytest.raises(DataError, match=r"no sheet '2025'; sheets: '2023', '2024'; .*'dataset.sheet=\"2023\"'"):
        read_file(path, "y", sheet="2025")
    (tmp_path / "a.csv").write_text("x,y\n1,2\n2,3\n3,5\n")
    with pytest.raises(OptionError, match=r"option 'dataset.sheet': .*a.csv has no sheets"):
        read_file(tmp_path / "a.csv", "y", sheet="2023")


def test_cells_are_read_by_the_rules_of_text(tmp_path: Path) -> None:
    noon = datetime.datetime(1970, 1, 2, 12)
    columns = {
        "n": [1, 2.5, None, 4], "t": ["1", " 2.5", "NA", "4"], "b": [True, False, True, None],
        "c": ["u", "v", "u", "?"], "d": [noon] * 4, "m": [1, "2", "n/a", 4.5], "y": [1, 2, 4, 5],
    }  # fmt: skip
    path = write(tmp_path / "a.xlsx", a=[list(columns), *zip(*columns.values(), strict=True)])
    frame = read_file(path, "y").frame
    assert list(frame) == ["n", "t", "b", "c", "d (days)", "m", "y"]
    for name, cells in {"n": [1, 2.5, np.nan, 4], "t": [1, 2.5, np.nan, 4], "b": [1, 0, 1, np.nan]}.items():
        np.testing.assert_array_equal(frame[name], cells)
    assert frame["c"].tolist() == ["u", "v", "u", None]
    assert frame["d (days)"].tolist() == [1.5] * 4
    np.testing.assert_array_equal(frame["m"], [1, 2, np.nan, 4.5])


def test_a_title_and_empty_rows_and_columns_are_no_part_of_the_table(tmp_path: Path) -> None:
    rows = [["Prices of 2024"], [], *[[None, *row] for row in ROWS]]
    table = read_file(write(tmp_path / "a.xlsx", a=rows), "y")
    assert table.x.tolist() == [[1], [2.5], [3]]
    assert "rows above the table that were skipped: 1" in table.notes


def test_a_message_counts_rows_as_the_sheet_does(tmp_path: Path) -> None:
    rows = [["Prices"], [], ["x", "y"], [1, 1], [2, 2], ["oops", 4], [4, 5]]
    with pytest.raises(DataError, match=r"a\.xlsx, row 6, column 'x': 'oops' is not a plain number"):
        read_file(write(tmp_path / "a.xlsx", a=rows), "y")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no table in the sheet"),
        ([["a"], [1]], "no table in the sheet"),
        ([["y", "y"], [1, 2], [2, 3]], "columns 'y' and 'y' have the same name"),
    ],
)
def test_a_sheet_without_a_table_is_refused(tmp_path: Path, rows: list, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_file(write(tmp_path / "a.xlsx", a=rows), "y")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", a=ROWS)
    content = path.read_bytes().replace(b"xl/worksheets/sheet1.xml", b"xl/worksheets/sheet9.xml")
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a readable Excel file"):
        read_file(path, "y")


def test_the_table_is_that_of_the_csv(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"x": [1.5, 2, None, 4], "c": ["u", None, "u", "v"], "d": ["2024-01-31"] * 4, "y": [1, 2, 4, 5]}
    )
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert read_file(tmp_path / "a.xlsx", "y").sha256 == read_file(tmp_path / "a.csv", "y").sha256


def test_without_its_package_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.xlsx", a=ROWS)
    for name in ("openpyxl", "python_calamine"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(
        MachineError, match=r"is an Excel file, .*install it \(pip install 'yaynay\[excel\]'\), or save .* as CSV"
    ):
        read_file(path, "y")
