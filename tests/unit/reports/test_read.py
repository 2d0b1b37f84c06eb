"""The first lines of an answer say what was read, on lines that fit."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from unit.concluded import make_frame, make_table
from unit.reports.verdicts import RULE

from yaynay.data.reading import read_file
from yaynay.data.table import Table
from yaynay.reports.read import gate_step, line_step, what_was_read


def check(lines: list[str], width: int = 90) -> str:
    assert max(map(cell_len, lines)) <= width
    assert all(line.isprintable() for line in lines)
    return "\n".join(lines)


def test_a_file_is_read_aloud(tmp_path: Path) -> None:
    frame = make_frame(90, ["area", "age"], "price").round(3)
    frame["town"] = ["Oslo", "Bergen", "Hamar"] * 30
    frame["sold"] = pd.date_range("2020-01-01", periods=90).astype(str)
    frame["garden"] = [True, False] * 45
    frame["id"] = range(1, 91)
    frame.loc[[3, 8], "age"] = np.nan
    path = tmp_path / "houses.csv"
    frame.to_csv(path, index=False)
    lines = what_was_read(read_file(path, "price"))
    text = check(lines)
    assert lines[0] == "houses.csv: 90 rows, 6 columns beside the target, price"
    assert lines[1] == "  2 numbers, 1 category of 3 levels, 1 date, 1 yes/no column; 1 left out"
    assert "  left out: 'id' (numbers the rows, 1 to 90)" in text
    assert "'age' (2)" in text
    assert "'sold (days)'" in text


def test_a_table_that_is_no_file_has_its_name_and_kinds() -> None:
    frame = make_frame(30, ["a"]).assign(one=["x"] * 15 + ["y"] * 15, two=["p", "q", "r"] * 10)
    lines = what_was_read(Table("toy", frame, "y", "a DataFrame"))
    assert lines == ["toy: 30 rows, 3 columns beside the target, y", "  2 categories of 2 to 3 levels, 1 number"]


def test_two_hundred_columns_take_few_lines() -> None:
    names = [f"column_{number:03d}" for number in range(200)]
    frame = make_frame(400, names)
    frame.loc[frame.index % 7 == 0, names] = np.nan
    remarks = tuple(f"column '{name}': {'something long was decided ' * 20}" for name in names)
    lines = what_was_read(Table("toy", frame, "y", "made here", remarks=remarks))
    text = check(lines)
    assert len(lines) <= 2 + 8 * 6 + 1
    assert "\u2026" in text
    assert lines[-1] == "  and 193 more remarks, on the page"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.text(min_size=1, max_size=300), st.sampled_from([60, 80, 90, 200]))
def test_remarks_and_names_in_any_script_fit(remark: str, name: str, width: int) -> None:
    table = make_table(30, name=name, remarks=(remark, name * 9))
    check([line for line in what_was_read(table, width) if line], min(width, 90))
    check([line_step(-1e9, 1e-12, name, 10**6)])


@pytest.mark.parametrize("p_value", [0.0005, 0.0321, 0.05, 0.0501, 1.0, None])
def test_each_step_is_a_line_that_says_what_the_rule_makes_of_it(p_value: float | None) -> None:
    said = check([gate_step(p_value, RULE)])
    assert said.startswith("straight line? ")
    is_curved = p_value is not None and p_value <= RULE.alpha
    assert ("is not linear" in said) == is_curved
    assert ("p <= 0.0005" in said) == (p_value == 0.0005)
