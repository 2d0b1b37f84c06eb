"""DataFrames and arrays: the table is that of the file that would be written from them."""

import datetime
import decimal
import fractions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from yaynay.data.columns import describe
from yaynay.data.reading import read_arrays, read_file, read_frame
from yaynay.data.table import Table
from yaynay.errors import DataError, OptionError, YaynayError
from yaynay.models.served import convert
from yaynay.records.serving import descriptions

NAN = float("nan")
Y = [1.0, 2, 4, 5]
UTC = datetime.UTC
DAY = datetime.datetime(1970, 1, 2)


def refusal(frame: Any, target: Any = "y", **options: Any) -> str:
    with pytest.raises(YaynayError) as caught:
        read_frame(frame, target, **options)
    assert "\n" not in str(caught.value)
    assert str(caught.value).count(";") >= 1
    return str(caught.value)


def said(table: Table) -> str:
    return "\n".join((*table.notes, *table.remarks))


COLUMNS: dict[str, tuple[Any, str, list, str]] = {
    "whole numbers": ([1, 2, 3, 4], "a", [1, 2, 3, 4], ""),
    "float32": (np.array([1, 2, 3, NAN], dtype=np.float32), "a", [1, 2, 3, NAN], "filled in"),
    "long doubles": (np.array([1, 2, 3, 4.5], dtype=np.longdouble), "a", [1, 2, 3, 4.5], ""),
    "booleans": ([True, False, True, True], "a", [1, 0, 1, 1], ""),
    "nullable whole numbers": (pd.array([1, None, 3, 4], "Int64"), "a", [1, NAN, 3, 4], "filled in"),
    "nullable floats": (pd.array([1.5, None, 3, 4], "Float64"), "a", [1.5, NAN, 3, 4], "filled in"),
    "nullable booleans": (pd.array([True, None, False, True], "boolean"), "a", [1, NAN, 0, 1], "filled in"),
    "Arrow's numbers": (pd.array([1, None, 3, 4], "int64[pyarrow]"), "a", [1, NAN, 3, 4], "filled in"),
    "sparse": (pd.arrays.SparseArray([0.0, 0, 1, 2]), "a", [0, 0, 1, 2], ""),
    "texts": (["u", " v", "u", None], "a", ["u", "v", "u", None], "filled in"),
    "texts of numbers": (["1", "2,5", "-3", "NA"], "a", [1, 2.5, -3, NAN], "decimal commas"),
    "objects that are numbers": (np.array([1, 2.5, None, 4], dtype=object), "a", [1, 2.5, NAN, 4], ""),
    "numbers beyond int64": (np.array([1, 2**70, 3, 4], dtype=object), "a", [1, 2.0**70, 3, 4], ""),
    "numbers and texts": (np.array([1, "u", "u", "u"], dtype=object), "a", ["1", "u", "u", "u"], ""),
    "numbers and their texts": (np.array([1, "2", 3.5, pd.NA], dtype=object), "a", [1, 2, 3.5, NAN], ""),
    "Decimal": (np.array([decimal.Decimal("1.5"), None] * 2, dtype=object), "a", [1.5, NAN] * 2, ""),
    "Decimal and float": (np.array([decimal.Decimal("1.50"), 2.5] * 2, dtype=object), "a", [1.5, 2.5] * 2, ""),
    "categories": (pd.Categorical(["u", " v", "u", None]), "a", ["u", "v", "u", None], ""),
    "categories of numbers": (pd.Categorical([1, 2, 1, 2]), "a", ["1", "2", "1", "2"], ""),
    "ordered categories": (
        pd.Categorical(["lo", "hi", "lo", "hi"], ["lo", "hi"], ordered=True), "a", ["lo", "hi"] * 2, ""
    ),
    "categories of intervals": (pd.cut(pd.Series([1, 9, 1, 9]), [0, 5, 10]), "a", ["(0, 5]", "(5, 10]"] * 2, ""),
    "categories of two types": (pd.Categorical([1, "u", 1, "u"]), "a", ["1", "u"] * 2, ""),
    "dates": (pd.to_datetime(["1970-01-02", None] * 2), "a (days)", [1, NAN] * 2, "dates are"),
    "dates of Python": (np.array([DAY.date()] * 4, dtype=object), "a (days)", [1] * 4, "dates are"),
    "timestamps with a zone": (
        pd.to_datetime(["1970-01-02 02:00"] * 4).tz_localize("Europe/Oslo"), "a (days)", [1 + 1 / 24] * 4, "dates are"
    ),
    "timestamps of two zones": (
        np.array([DAY.replace(tzinfo=UTC), DAY.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=12)))] * 2,
                 dtype=object),
        "a (days)", [1, 0.5] * 2, "dates are",
    ),
    "times of day": (np.array([datetime.time(6, 30)] * 4, dtype=object), "a (hours)", [6.5] * 4, "time of day"),
    "periods": (pd.period_range("1970-01", periods=4, freq="M"), "a (days)", [0, 31, 59, 90], "dates are"),
    "objects that are NumPy's dates": (
        pd.Series([np.datetime64("1970-01-02"), None] * 2, dtype=object), "a (days)", [1, NAN] * 2, "dates are"
    ),
    "dates and times": (
        np.array([DAY.date(), DAY.replace(hour=6)] * 2, dtype=object), "a (days)", [1, 1.25] * 2, "dates are"
    ),
    "years of NumPy's and times with a zone": (
        pd.Series([np.datetime64("1971"), DAY.replace(tzinfo=UTC)] * 2, dtype=object), "a (days)", [365, 1] * 2, "dates"
    ),
    "dates and texts": (
        np.array([DAY.date(), "1970-01-03"] * 2, dtype=object), "a (days)", [1, 2] * 2, "dates are"
    ),
    "a date among texts": (
        np.array([DAY, "u", "u", "u"], dtype=object), "a", ["1970-01-02 00:00:00", "u", "u", "u"], ""
    ),
    "categories of dates": (
        pd.Categorical(pd.to_datetime(["1970-01-02", "1970-01-03"] * 2)), "a",
        ["1970-01-02 00:00:00", "1970-01-03 00:00:00"] * 2, "",
    ),
    "categories of floats": (pd.Categorical([1.0, 2.5] * 2), "a", ["1.0", "2.5"] * 2, ""),
    "categories of truth values": (pd.Categorical([True, False] * 2), "a", ["True", "False"] * 2, ""),
    "categories of one text": (pd.Categorical([1, "1", "u", 1]), "a", ["1", "1", "u", "1"], ""),
    "floats and texts": (np.array([1.0, "u", "u", "u"], dtype=object), "a", ["1.0", "u", "u", "u"], ""),
    "truth values and texts": (np.array([True, "u", "u", "u"], dtype=object), "a", ["True", "u", "u", "u"], ""),
    "floats of several sizes": (
        np.array([np.float32(0.1), 1, 2.5, 3], dtype=object), "a", [float(np.float32(0.1)), 1, 2.5, 3], ""
    ),
    "objects that are NumPy's durations": (
        pd.Series([np.timedelta64(36, "h"), None] * 2, dtype=object), "a", [1.5, NAN] * 2, "durations, read in days"
    ),
    "Arrow's decimals": (
        pd.Series([decimal.Decimal("1.1"), None] * 2, dtype=pd.ArrowDtype(pa.decimal128(9, 2))), "a", [1.1, NAN] * 2, ""
    ),
    "Arrow's dates": (
        pd.Series([DAY.date(), None] * 2, dtype=pd.ArrowDtype(pa.date32())), "a (days)", [1, NAN] * 2, "dates are"
    ),
    "Arrow's times of day": (
        pd.Series([datetime.time(6, 30)] * 4, dtype=pd.ArrowDtype(pa.time64("us"))), "a (hours)", [6.5] * 4, "time of"
    ),
    "Arrow's durations": (
        pd.array([datetime.timedelta(1), None] * 2, "duration[us][pyarrow]"), "a", [1, NAN] * 2, "durations"
    ),
    "Arrow's categories": (
        pd.Series(["u", " v"] * 2, dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))), "a", ["u", "v"] * 2, ""
    ),
    "durations": (pd.to_timedelta(["1D", "12h", None, "2D"]), "a", [1, 0.5, NAN, 2], "durations, read in days"),
}  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_any_type_is_read_with_a_remark_for_what_was_decided(name: str) -> None:
    cells, label, wanted, remark = COLUMNS[name]
    table = read_frame(pd.DataFrame({"a": cells, "y": Y}), "y")
    got = table.frame[label]
    np.testing.assert_array_equal(got.to_numpy(), np.array(wanted, dtype=got.dtype))
    assert remark in said(table)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_saved_model_reads_a_column_of_any_type_as_the_table_did(name: str) -> None:
    frame = pd.DataFrame({"a": COLUMNS[name][0], "y": Y})
    table = read_frame(frame, "y")
    features = table.frame.drop(columns="y")
    pd.testing.assert_frame_equal(convert(frame, descriptions(table), describe(features)), features, check_exact=True)


LEFT_OUT: dict[str, tuple[Any, str]] = {
    "lists": ([[1], [2], [], [3]], "holds list<"),
    "arrays": ([np.ones(2)] * 4, "holds list<"),
    "dictionaries": ([{"u": 1}] * 4, "holds struct<"),
    "sets": ([{1}, {"u"}, {2}, {3}], "holds cells of type set"),
    "objects": ([object()] * 4, "holds cells of type object"),
    "lists among numbers": (np.array([1, [2], 3, 4], dtype=object), "holds cells of type list"),
    "bytes": ([b"u"] * 4, "holds binary"),
    "complex numbers": (np.array([1j, 2, 3, 4]), "holds complex numbers"),
    "complex objects": (np.array([1j, "u", 3, 4], dtype=object), "holds complex numbers"),
    "fractions": ([fractions.Fraction(1, 2)] * 4, "holds cells of type Fraction"),
    "intervals": (pd.interval_range(0, 4), "holds extension<pandas.interval"),
    "text that is not Unicode": (np.array([1, "\udc80", "u", "v"], dtype=object), "not Unicode"),
    "nothing": ([None] * 4, "every cell is missing"),
    "no number": ([NAN] * 4, "every cell is missing"),
    "no text": (pd.array([None] * 4, "string"), "every cell is missing"),
    "no category": (pd.Categorical([None] * 4, ["u"]), "every cell is missing"),
    "no date": (pd.to_datetime([None] * 4), "every cell is missing"),
    "no duration": (pd.to_timedelta([None] * 4), "every cell is missing"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_can_be_no_feature_is_left_out_with_a_remark_and_refused_as_a_target(name: str) -> None:
    cells, reason = LEFT_OUT[name]
    frame = pd.DataFrame({"a": cells, "x": [3, 1, 2, 5], "y": Y})
    table = read_frame(frame, "y")
    assert table.features == ("x",)
    assert f"left out: 'a' ({reason}" in said(table) or ("'a' (" in said(table) and reason in said(table))
    refusal(frame, "a")


def test_row_labels_are_left_out_unless_they_are_counted_or_asked_for(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [3, 1, 2, 5], "y": Y})
    assert read_frame(frame.set_index(pd.RangeIndex(4, 12, 2)), "y").remarks == ()
    for index in (
        pd.Index([7, 1, 2, 3], name="id"),
        pd.Index(list("uvwz")),
        pd.MultiIndex.from_product([[1, 2], [3, 4]]),
    ):
        labelled = frame.set_index(index)
        labelled.to_parquet(tmp_path / "a.parquet")
        table, same = read_frame(labelled, "y"), read_file(tmp_path / "a.parquet", "y")
        assert "(row labels)" in table.remarks[0]
        assert (table.remarks, table.sha256) == (same.remarks, same.sha256)
    assert read_frame(frame.set_index(pd.Index([7, 1, 2, 3], name="when")), "y", features=["when"]).features == (
        "when",
    )
    assert read_frame(frame.set_index(pd.Index([7, 1, 2, 3], name="x")), "y").features == ("x",)


def test_numbers_name_columns_and_names_lose_the_blanks_around_them() -> None:
    frame = pd.DataFrame({2023: [3, 1, 2, 5], " size ": [1, 2, 2, 3], 2024: Y})
    for target in (2024, "2024", np.int64(2024)):
        assert read_frame(frame, target, features=(2023, " size ")).features == ("2023", "size")


@pytest.mark.parametrize(
    ("frame", "target", "part"),
    [
        (pd.DataFrame([[1, 2, 3]] * 4, columns=["a", "a", "y"]), "y", "columns 'a' and 'a' have the same name"),
        (pd.DataFrame([[1, 2, 3]] * 4, columns=[1, "1", "y"]), "y", "columns '1' and '1' have the same name"),
        (pd.DataFrame([[1, 2]] * 4, columns=[("a", "b"), "y"]), "y", "of type tuple names a column"),
        (pd.DataFrame([[1, 2]] * 4, columns=[None, "y"]), "y", "names a column; allowed: texts and numbers"),
        (pd.DataFrame({"x": [1, 2], "y": [1, 2]}), "Y", "no column 'Y'; columns: 'x', 'y'; did you mean 'y'?"),
        (pd.DataFrame({"x": [1, 2], "y": [1, 2]}), "y", "2 rows; at least 3 are needed"),
        (pd.DataFrame({"x": [], "y": []}), "y", "0 rows; at least 3 are needed"),
        (pd.DataFrame(), "y", "no column 'y'"),
        (pd.DataFrame({"y": Y}), "y", "no column beside the target"),
        (pd.DataFrame({"x": [1, np.inf, 2, 3], "y": Y}), "y", "DataFrame, column 'x': 1 infinite cell (row 2)"),
        (pd.DataFrame({"x": [1, "oops", 2, 3], "y": Y}), "y", "DataFrame, row 2, column 'x': 'oops' is not a plain"),
        (pd.Series([1, 2]), "y", "Series is none; allowed: one of pandas"),
        (pl.LazyFrame({"y": [1]}), "y", "LazyFrame is none; allowed: one of pandas, Polars"),
        (pl.DataFrame({"x": pl.Series([1], dtype=pl.Int128)}), "y", "DataFrame cannot be read as columns"),
        ([[1, 2]], "y", "list is none; allowed"),
        (np.ones((3, 2)), "y", "ndarray is none; allowed"),
        ("a.csv", "y", "str is none; allowed"),
        (None, "y", "NoneType is none; allowed"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_a_sentence(frame: Any, target: str, part: str) -> None:
    assert part in refusal(frame, target)


def test_the_options_are_those_of_a_file_except_how_text_is_written() -> None:
    frame = pd.DataFrame({"x": [-999, 1, 2, 3], "g": list("uvuv"), "c": [1, 2, 1, 2], "n": [1, 2, 3, 4], "y": Y})
    table = read_frame(
        frame,
        "y",
        na_values=[-999],
        groups="g",
        categories=np.array(["c"]),
        leave_out={"n"},
        missing="drop",
        table="mine",
    )
    assert (table.name, table.n_dropped, table.groups.tolist()) == ("mine", 1, [1, 0, 1])  # type: ignore[union-attr]  # it has some
    assert table.kinds == {"x": "number", "c": "category", "y": "number"}
    assert "option 'dataset.separator': unknown key" in refusal(frame, "y", separator="comma")
    assert "option 'dataset.missing': 'dorp' is not allowed" in refusal(frame, "y", missing="dorp")
    assert "has another role already" in refusal(frame, "y", features=["x", "y"])


class Foreign:
    """A DataFrame that speaks the dataframe interchange protocol alone."""

    def __init__(self, frame: pa.Table) -> None:
        self._frame = frame

    def __dataframe__(self, *args: Any, **options: Any) -> Any:
        return self._frame.__dataframe__(*args, **options)


def test_every_library_s_frame_gives_one_table() -> None:
    columns = {"x": [1.5, None, 3, 4], "n": [1, 2, 2, None], "c": ["u", "v", None, "u"], "d": [DAY] * 4, "y": Y}
    arrow = pa.table(columns)
    polars = pl.DataFrame(columns)
    tables = [
        read_frame(frame, "y")
        for frame in (
            arrow, arrow.to_batches()[0], pa.RecordBatchReader.from_batches(arrow.schema, arrow.to_batches()), polars,
            polars.with_columns(pl.col("c").cast(pl.Categorical)), arrow.to_pandas(),
            arrow.to_pandas(types_mapper=pd.ArrowDtype), pa.Table.from_pandas(arrow.to_pandas()), Foreign(arrow),
        )
    ]  # fmt: skip
    assert len({table.sha256 for table in tables}) == 1
    assert len({table.remarks for table in tables}) == 1


LEVELS = ["Oslo", "Bø, north", "it's", "k=1", "  v "]
WHEN = st.datetimes(datetime.datetime(1950, 1, 1), datetime.datetime(2040, 1, 1)).map(
    lambda at: at.replace(microsecond=0)
)


def column(n_rows: int) -> st.SearchStrategy[Any]:
    """Cells whose text says of what type they are."""

    def cells(each: st.SearchStrategy, first: Any) -> st.SearchStrategy[list]:
        some = st.lists(st.one_of(each, st.none()), min_size=n_rows - 1, max_size=n_rows - 1)
        return some.map(lambda rest: [first, *rest])

    floats = st.floats(-1e9, 1e9, width=32).map(float)
    return st.one_of(
        cells(floats, 0.5),
        cells(st.integers(-(10**9), 10**9), 3).map(lambda rest: pd.array(rest, "Int64")),
        cells(st.booleans(), True).map(lambda rest: np.array(rest, dtype=object)),
        cells(st.booleans(), False).map(lambda rest: pd.array(rest, "boolean")),
        cells(st.sampled_from(LEVELS[:2]), "Oslo"),
        cells(st.sampled_from(LEVELS), "k=1").map(pd.Categorical),
        cells(WHEN, datetime.datetime(2000, 1, 1)).map(pd.to_datetime),
        cells(floats.map(lambda number: decimal.Decimal(repr(number))), decimal.Decimal("1.5")).map(
            lambda rest: np.array(rest, dtype=object)
        ),
    )


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    n_rows = draw(st.integers(6, 10))
    names = draw(st.lists(st.sampled_from(["size", "größe", "a b", 2024, " k"]), min_size=1, max_size=3, unique=True))
    columns = {name: draw(column(n_rows)) for name in names}
    return pd.DataFrame({**columns, "y": [0.5, *range(n_rows - 1)]})


@settings(max_examples=40, deadline=None)
@given(frames())
def test_a_frame_gives_the_table_of_the_file_that_is_written_from_it(frame: pd.DataFrame) -> None:
    with TemporaryDirectory() as folder:
        text, typed = Path(folder) / "a.csv", Path(folder) / "a.parquet"
        frame.to_csv(text, index=False)
        frame.set_axis(frame.columns.map(str), axis=1).to_parquet(typed)
        outcomes = []
        for read in (lambda: read_frame(frame, "y"), lambda: read_file(text, "y"), lambda: read_file(typed, "y")):
            try:
                table = read()
                outcomes.append((table.sha256, set(table.remarks)))
            except DataError as error:  # no feature is left, for instance
                outcomes.append(str(error).partition(": ")[2])
    assert outcomes[0] == outcomes[2]
    if not isinstance(outcomes[0], str) and not any(kind == "category" for kind in map(str, frame.dtypes)):
        assert outcomes[0] == outcomes[1]


X: list[list[float]] = [[1, 2], [3, 5], [4, 4], [5, 7]]


class TestArrays:
    @pytest.mark.parametrize(
        ("x", "y"),
        [
            (X, Y),
            (np.array(X), np.array(Y)),
            (np.array(X, dtype=np.float32), tuple(Y)),
            (np.array(X, dtype=object), pd.Series(Y)),
            (pd.DataFrame(X).to_numpy(), pl.Series(Y)),
            (np.ma.array(X), Y),
        ],
    )
    def test_arrays_are_a_frame_of_x0_x1_and_y(self, x: Any, y: Any) -> None:
        table = read_arrays(x, y)
        assert (table.features, table.target, table.x.tolist()) == (("x0", "x1"), "y", X)
        assert table.sha256 == read_frame(pd.DataFrame(X, columns=["x0", "x1"]).assign(y=Y), "y").sha256

    def test_one_feature_may_be_one_dimensional_and_be_named(self) -> None:
        assert read_arrays([1, 2, 3, 5], Y, ["size"]).features == ("size",)

    def test_rows_without_a_target_are_dropped_as_in_a_frame(self) -> None:
        for y in ([1, 2, NAN, 4], [1, 2, None, 4], pd.Series([1, 2, None, 4], dtype="Int64")):
            table = read_arrays(X, y)
            same = read_frame(pd.DataFrame(X, columns=["x0", "x1"]).assign(y=[1, 2, NAN, 4]), "y")
            assert (table.sha256, table.remarks) == (same.sha256, same.remarks)
            assert "1 of 4 rows were dropped" in said(table)

    @pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
    def test_a_frame_and_a_series_keep_their_names(self, kind: Any) -> None:
        x = kind({"size": [1, 2, 3, 5], "kind": ["u", "v", "u", "v"]})
        for y, target in ((pd.Series(Y, name="price"), "price"), (pl.Series("size", Y), "y"), (Y, "y")):
            table = read_arrays(x, y)
            assert (table.features, table.target, list(table.y)) == (("size", "kind=v"), target, Y)

    def test_names_are_texts_and_labels_of_rows_are_no_feature(self) -> None:
        table = read_arrays(pd.DataFrame(X, columns=[0, " a"], index=[7, 3, 9, 1]), pd.Series(Y))
        assert table.features == ("0", "a")
        assert read_arrays(X, Y, ["a", "y"]).target == "target"
        assert read_arrays(pd.Series([1, 2, 3, 5], name="size"), Y).features == ("size",)

    def test_a_frame_of_features_is_read_as_one_with_its_target(self) -> None:
        x = pd.DataFrame({"a": [3, 1, 2, 5], "who": ["Ann Lee", "Bo Li", "Cy Oz", "Di Wu"]})
        table, same = read_arrays(x, pd.Series(Y, name="pay")), read_frame(x.assign(pay=Y), "pay")
        assert (table.sha256, said(table)) == (same.sha256, said(same))

    def test_every_column_is_used(self) -> None:
        rows = np.arange(30.0)
        assert read_arrays(np.column_stack([rows, rows**2 % 7]), rows % 5, ["id", "b"]).features == ("id", "b")

    def test_missing_features_are_filled_in(self) -> None:
        for x in (np.array([1, NAN, 3, 5]), [1, None, 3, 5], np.ma.array([1, 2, 3, 5], mask=[0, 1, 0, 0])):
            assert "filled in" in read_arrays(x, Y).remarks[0]

    @pytest.mark.parametrize(
        ("x", "y", "names", "part"),
        [
            (X, [1, 2, np.inf, 4], None, "column 'y': 1 infinite cell (row 3)"),
            (X, [1, 2, 4], None, "y: 3 cells, where x has 4 rows"),
            (X, [[1], [2], [3], [4]], None, "y: an array of shape (4, 1); allowed: (rows,)"),
            (np.ones((4, 2, 2)), Y, None, "x: an array of shape (4, 2, 2); allowed: (rows, features)"),
            (np.ones((4, 0)), Y, None, "x: an array of shape (4, 0)"),
            ([[1, 2], [3]], [1, 2], None, "x: cannot be read as an array"),
            ([["1", "2"]] * 4, Y, None, "x: holds <U1; allowed: numbers"),
            (np.array([1j, 2, 3, 4]), Y, None, "x: holds complex128"),
            (np.array([[1, "u"]] * 4, dtype=object), Y, None, "x: holds object"),
            (np.array(["2024-01-01"] * 4, dtype="M8[D]"), Y, None, "x: holds datetime64[D]"),
            (X, ["u", "v", "u", "v"], None, "y: holds <U1"),
            (X, None, None, "y: NoneType is no array"),
            ({1, 2}, Y, None, "x: set is no array"),
            (X, Y, ["a"], "names: 1, where x has 2 columns"),
            (X, Y, ["a", "a"], "names: 'a' is there twice"),
            ([], [], None, "0 rows; at least 3"),
        ],
    )
    def test_anything_else_is_refused_in_a_sentence(self, x: Any, y: Any, names: list[str] | None, part: str) -> None:
        with pytest.raises(DataError) as caught:
            read_arrays(x, y, names)
        assert part in str(caught.value)
        assert "\n" not in str(caught.value)


def test_options_may_be_whatever_python_has_for_several_values() -> None:
    frame = pd.DataFrame({"x": [1, 2, 3, 4], "z": [1, -9, 3, 1], "w": [4, 3, 1, 2], "y": Y})
    for features in (("x", "z"), frame.columns[:2], np.array(["x", "z"]), pl.Series(["x", "z"]), {"z", "x"}):
        assert read_frame(frame, "y", features=features, na_values=np.array([-9])).features[:2] == ("x", "z")
    assert read_frame(frame, "y", leave_out="w", na_values=-9).features == ("x", "z", "z is missing")


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (np.ones((3, 2)), "use pandas.DataFrame(array, columns=[...])"),
        ({"x": [1, 2]}, "use pandas.DataFrame(...) of it"),
        ([{"x": 1}], "use pandas.DataFrame(...) of it"),
        (pl.Series([1, 2]), "use its to_frame()"),
        (scipy.sparse.csr_matrix(np.ones((2, 2))), "use pandas.DataFrame(matrix.toarray(), columns=[...])"),
        (pd.DataFrame({("k", "x"): [1], ("k", "y"): [2]}), "flatten the names, in pandas by frame.columns = ['_'.join"),
    ],
)
def test_what_is_no_plain_frame_can_be_made_one(data: Any, part: str) -> None:
    assert part in refusal(data)
    assert "x and y" not in refusal(data)


def test_columns_that_are_all_left_out_are_told_from_those_that_cannot_be_used() -> None:
    frame = pd.DataFrame({"x": [1, 2, 3, 5], "y": Y})
    assert "no column is left to predict from; one at least" in refusal(frame, leave_out=["x"])


def test_an_option_of_a_frame_that_is_wrong_is_refused() -> None:
    with pytest.raises(OptionError, match=r"'dataset\.path': unknown key"):
        read_frame(pd.DataFrame({"x": [1, 2, 3], "y": [1, 2, 4]}), "y", path="a.csv")
