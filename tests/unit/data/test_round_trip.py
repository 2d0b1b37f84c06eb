"""A table written in any dialect is read back equal, whatever the order of its rows."""

import csv
import gzip
import io
import lzma
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyarrow import feather

from yaynay.data.reading import read_file
from yaynay.data.table import Table

LEVELS = ["Oslo", "Bø, north", 'say "hi"', "a;b", "x|y", "New  York", "two words", "it's", "Zürich", "k=1", "#7"]
NAMES = ["size", "größe", "a b", "x,y", "p;q", "2024", "k=1", "Lot [m]", "it's"]
PACKERS: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}


@dataclass(frozen=True)
class Written:
    """How a table is written."""

    separator: str
    is_comma: bool
    quoting: int
    end: str
    encoding: str
    packed: str
    n_comments: int
    is_trailing: bool
    na: str


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Numbers and categories, some cells missing, beside a target that shows its decimal point."""
    n_rows = draw(st.integers(6, 12))
    numbers = st.one_of(
        st.integers(-(10**7), 10**7).map(float),
        st.floats(-1e6, 1e6, width=32).map(lambda number: float(f"{number:.3f}")),
    )
    columns: dict[str, list] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)):
        if draw(st.booleans()):
            levels = draw(st.lists(st.sampled_from(LEVELS), min_size=2, max_size=2, unique=True))
            cells: list = [*levels, *levels, *draw(st.lists(st.sampled_from([*levels, None]), min_size=n_rows - 4))]
        else:
            cells = [1.5, *draw(st.lists(st.one_of(numbers, st.just(np.nan)), min_size=n_rows - 1))]
        columns[name] = cells[:n_rows]
    return pd.DataFrame(
        {**columns, "y": [0.5, *draw(st.lists(numbers, min_size=n_rows - 2, max_size=n_rows - 2)), -7.25]}
    )


WAYS = st.builds(
    Written,
    separator=st.sampled_from([",", ";", "\t", "|", " "]),
    is_comma=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    packed=st.sampled_from(sorted(PACKERS)),
    n_comments=st.integers(0, 2),
    is_trailing=st.booleans(),
    na=st.sampled_from(["NA", "?", "", "None", "-"]),
)


def write(frame: pd.DataFrame, way: Written) -> bytes:
    """The bytes of a table."""
    target = io.StringIO()
    target.write("".join(f"# written by a station, {number}{way.end}" for number in range(way.n_comments)))
    is_aligned = way.separator == " "
    writer = csv.writer(target, delimiter=way.separator, quoting=way.quoting, lineterminator=way.end)  # type: ignore[arg-type]
    na = way.na or ("NA" if is_aligned else "")
    rows = [[_spell(cell, na, way.is_comma) for cell in row] for row in frame.itertuples(index=False)]
    for row in [list(frame.columns), *rows]:
        writer.writerow(row + [""] * (way.is_trailing and not is_aligned))
    return PACKERS[way.packed](target.getvalue().encode(way.encoding))


def _spell(cell: object, na: str, is_comma: bool) -> str:
    if cell is None or cell != cell:
        return na
    text = repr(cell) if isinstance(cell, float) else str(cell)
    return text.replace(".", ",") if is_comma and isinstance(cell, float) else text


def assert_same(table: Table, frame: pd.DataFrame) -> None:
    assert table.frame.columns.tolist() == frame.columns.tolist()
    for name in frame:
        wanted = frame[name].to_numpy()
        if wanted.dtype != np.float64:
            wanted = np.array([None if pd.isna(cell) else cell for cell in wanted], dtype=object)
        np.testing.assert_array_equal(table.frame[name].to_numpy(), wanted, str(name))


@settings(max_examples=300, deadline=None)
@given(frames(), WAYS)
def test_a_text_is_read_back_equal(frame: pd.DataFrame, way: Written) -> None:
    # a header "x,y z" above rows "Oslo 0,5" has two fields in every line either way
    assume(not (way.is_comma and way.separator == " " and way.quoting == csv.QUOTE_MINIMAL and "x,y" in frame))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a.csv{way.packed}"
        path.write_bytes(write(frame, way))
        assert_same(read_file(path, "y"), frame)


@settings(max_examples=30, deadline=None)
@given(frames(), st.sampled_from(["parquet", "feather", "json", "jsonl"]))
def test_a_file_with_types_is_read_back_equal(frame: pd.DataFrame, kind: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{kind}"
        content = pa.Table.from_pandas(frame, preserve_index=False)
        if kind == "parquet":
            pq.write_table(content, path)
        elif kind == "feather":
            feather.write_feather(content, path)
        else:
            frame.to_json(path, orient="records", lines=kind == "jsonl", double_precision=15)
        assert_same(read_file(path, "y"), frame)


ABOUT_ORDER = ("rows are sorted by", "neighbouring rows")
"""Remarks that speak of the order of the rows."""


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(40)), st.sampled_from(["Unnamed: 0", "", "index", "n", "user_id"]))
def test_the_order_and_number_of_rows_change_nothing(order: list[int], index: str) -> None:
    rows = np.arange(40)
    levels = np.array([f"k{row % 13}" for row in rows], dtype=object)
    frame = pd.DataFrame(
        {"x": rows**2 % 17 / 2, "c": levels, "s": [-999.0] * 5 + [row / 2 for row in range(35)], "y": rows % 7}
    )
    tables = []
    for number, frame_in_order in enumerate((frame, frame.iloc[order].reset_index(drop=True))):
        with TemporaryDirectory() as folder:
            numbered = frame_in_order.copy()
            numbered.insert(0, index, rows if number or index != "user_id" else 7 * rows + 100)
            numbered.to_csv(Path(folder) / "a.csv", index=False)
            tables.append(read_file(Path(folder) / "a.csv", "y"))
    plain, shuffled = tables
    assert [table.remarks[0].startswith(f"left out: '{index}' (") for table in tables] == [True, True]
    said = [[remark for remark in table.remarks[1:] if not remark.startswith(ABOUT_ORDER)] for table in tables]
    assert said[0] == said[1]
    assert len(said[0]) == 1  # the sentinel
    assert plain.features == shuffled.features
    np.testing.assert_array_equal(shuffled.x, plain.x[order])


def test_a_table_and_its_copy_with_row_numbers_have_one_digest(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(30) ** 2 % 17 / 2, "y": np.arange(30.0)})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "b.csv")
    assert read_file(tmp_path / "a.csv", "y").sha256 == read_file(tmp_path / "b.csv", "y").sha256


@pytest.mark.parametrize("n_rows", [5000, 100_000])
def test_what_comes_far_down_is_read_as_what_comes_first(tmp_path: Path, n_rows: int) -> None:
    cells = [f"{row}.5" for row in range(n_rows)]
    cells[-2] = "1,234,567.5"
    path = tmp_path / "a.csv"
    path.write_text("x\ty\n" + "".join(f"{cell}\t{row % 7}\n" for row, cell in enumerate(cells)))
    table = read_file(path, "y")
    assert table.frame["x"].iloc[-2] == 1_234_567.5
    assert table.frame["x"].iloc[0] == 0.5
