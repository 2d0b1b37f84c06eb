import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yaynay.data import parsing
from yaynay.data.containers import Source
from yaynay.data.reading import read_file
from yaynay.errors import DataError, OptionError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str | bytes, name: str = "prices.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short file is read in several blocks."""
    monkeypatch.setattr(parsing, "BLOCK_BYTES", 1 << 10)


def refusal(path: Path, target: str = "y", **options: object) -> str:
    """The one line that reading ends with, without the folder."""
    with pytest.raises(DataError) as caught:
        read_file(path, target, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.count(";") >= 1, "what is wrong; what is allowed or what to do"
    assert "\n" not in message
    return message.removeprefix(f"{path.parent}/")


def rows(header: str, *lines: str) -> str:
    return "\n".join([header, *lines]) + "\n"


def test_a_plain_file_is_read() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "house prices (2).csv"
        path.write_text(
            'size, city ,y\r\n1.5,Oslo,1\r\n"2e1", Oslo,-2\r\n\r\n+.5,"Bø, north",3.\r\n4,"Bø, north",1\r\n',
            "utf-8",
        )
        table = read_file(path, "y")
    assert table.name == "house-prices-2"
    assert table.source == "file house prices (2).csv"
    assert table.frame.columns.tolist() == ["size", "city", "y"]
    assert table.frame["size"].tolist() == [1.5, 20, 0.5, 4]
    assert table.frame["city"].tolist() == ["Oslo", "Oslo", "Bø, north", "Bø, north"]
    assert table.y.tolist() == [1, -2, 3, 1]


def test_true_and_false_are_one_and_zero(write: Write) -> None:
    table = read_file(write(rows("a,y", "true,1", "FALSE,2", "True,3")), "y")
    assert table.x[:, 0].tolist() == [1, 0, 1]


class TestD1MissingCells:
    def test_are_refused_with_column_count_and_first_three_lines(self, write: Write) -> None:
        message = refusal(
            write(rows("a,b,y", "1,1,1", ",2,2", "3,3,3", "NA,4,4", "nan,5,5", "Null,6,6")), missing="refuse"
        )
        assert message.startswith("prices.csv, column 'a': 4 missing cells (lines 3, 5, 6, ...); ")
        assert "dataset.missing" in message

    def test_are_dropped_and_counted_if_asked(self, write: Write) -> None:
        table = read_file(write(rows("a,b,y", "1,1,1", ",2,2", "3,,3", "4,4,4", "5,5,5")), "y", missing="drop")
        assert table.n_dropped == 2
        assert table.y.tolist() == [1, 4, 5]
        assert table.remarks == ("2 of 5 rows were dropped: a cell was missing",)

    def test_are_kept_for_the_folds_to_fill(self, write: Write) -> None:
        table = read_file(write(rows("a,c,y", "1,u,1", ",u,2", "3,,3", "4,v,4")), "y")
        assert table.features == ("a", "a is missing", "c=v", "c is missing")
        assert table.n_dropped == 0

    def test_in_the_target_are_not_made_up(self, write: Write) -> None:
        table = read_file(write(rows("a,y", "1,1", "2,", "3,3", "4,4")), "y")
        assert table.y.tolist() == [1, 3, 4]
        assert table.remarks == ("1 of 4 rows were dropped: the target was missing",)

    def test_lines_count_past_blank_lines_and_quoted_line_ends(self, write: Write) -> None:
        message = refusal(write('a,b,y\n"x\nx",1,1\n\n"x\nx",,2\nz,3,3\n'), missing="refuse")
        assert "(line 5)" in message


class TestD2InfiniteCells:
    @pytest.mark.parametrize("text", ["inf", "-Inf", "Infinity", "1e400", "-1e999"])
    def test_are_refused_whatever_missing_is(self, write: Write, text: str) -> None:
        path = write(rows("a,y", "1,1", f"{text},2", "3,3", "4,4"))
        for missing in ("refuse", "drop", "impute"):
            message = refusal(path, missing=missing)
            assert message.startswith("prices.csv, column 'a': 1 infinite cell (line 3); numbers must be finite")

    def test_are_told_apart_from_missing_ones(self, write: Write) -> None:
        message = refusal(write(rows("a,y", "1,1", "inf,2", ",3", "NA,4")), missing="drop")
        assert "2 missing cells (lines 4, 5) and 1 infinite cell (line 3)" in message


class TestD3MixedCells:
    @pytest.mark.parametrize(
        ("cell", "shown"),
        [
            ("abc", "'abc'"),
            ('"1,5"', "'1,5'"),
            ("0x10", "'0x10'"),
            ("1_000", "'1_000'"),
            ("12 %", "'12 %'"),
            ("Bø", "'Bø'"),
            ("\u0661\u0662", r"'\u0661\u0662'"),
        ],
    )
    def test_name_column_first_bad_line_and_text(self, write: Write, cell: str, shown: str) -> None:
        lines = ["1,1", "2.5,2", f"{cell},3", "4,4", f"{cell},5", "6,6"]
        message = refusal(write(rows("a,y", *lines)))
        assert message.startswith(f"prices.csv:4, column 'a': {shown} is not a plain number")

    def test_a_bad_cell_past_the_first_block_is_found(self, write: Write, small_blocks: None) -> None:
        lines = [f"{row},{row}" for row in range(9000)]
        lines[8500] = "oops,8500"
        assert refusal(write(rows("a,y", *lines))).startswith("prices.csv:8502, column 'a': 'oops'")

    def test_few_numbers_among_texts_are_levels_as_they_are_spelt(self, write: Write, small_blocks: None) -> None:
        # the numbers fill the first block of the reader, so their spelling has to be read again
        lines = [f"01,{row}" for row in range(4000)] + [f"{'uv'[row % 2]},{row}" for row in range(4100)]
        table = read_file(write(rows("c,y", *lines)), "y")
        assert table.features == ("c=u", "c=v")

    def test_a_text_target_is_refused(self, write: Write) -> None:
        message = refusal(write(rows("a,y", "1,yes", "2,no", "3,no", "4,maybe")))
        assert "column 'y': the target is text ('maybe', 'no', 'yes'); it must be a number" in message


class TestIdentifiers:
    def test_are_left_out_with_all_that_is_wrong_in_them(self, write: Write) -> None:
        path = write(rows("id,when,a,y", *[f"k{row},{'x' * (row == 7)},{row},{row}" for row in range(19)]))
        table = read_file(path, "y", leave_out=["when"])
        assert table.features == ("a",)
        assert table.remarks[0].startswith("left out: 'id' (an identifier or free text: 19 different texts in 19 rows)")

    def test_a_category_keeps_a_hundred_levels_and_pools_the_others(self, write: Write) -> None:
        lines = [f"k{row % 101:03},{row}" for row in range(1000)]
        table = read_file(write(rows("c,y", *lines)), "y")
        assert table.n_features == 100  # of 101 levels one is the base, and of the pool there would be one alone
        table = read_file(write(rows("c,y", *lines, *[f"l{row % 50},{row}" for row in range(250)])), "y")
        assert table.n_features == 100
        assert (table.frame["c"] == "(rare)").sum() == 250 + 9

    def test_are_told_by_their_texts_alone_and_not_by_the_order_of_rows(self, write: Write) -> None:
        lines = [f"{'abcdefghijklmnopqrstuvwxyz'[row % 26]}{row % 5},{row}" for row in range(700)]
        found = [read_file(write(rows("c,y", *some)), "y") for some in (lines, lines[::-1])]
        assert found[0].frame.iloc[::-1].reset_index(drop=True).equals(found[1].frame)


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolon"), ("\t", "tab"), ("|", "pipe"), (" ", "space")])
def test_d4_a_separator_is_found_or_taken_as_given(write: Write, separator: str, name: str) -> None:
    path = write(rows("x,y", "1,2", "2,3", "3,5").replace(",", separator))
    for given_as in (None, separator, name):
        assert read_file(path, "y", separator=given_as).y.tolist() == [2, 3, 5]


def test_d4_one_column_without_any_separator(write: Write) -> None:
    assert "1 column found, no separator in it" in refusal(write(rows("y", "1", "2")))


def test_a_tsv_is_separated_by_tabs(write: Write) -> None:
    assert read_file(write("x\ty\n1\t2\n2\t3\n3\t5\n", "a.tsv"), "y").n_rows == 3


def test_an_unknown_separator_is_an_option_error(write: Write) -> None:
    with pytest.raises(OptionError, match="dataset.separator': '#' is not allowed; it should be 'comma', 'semicolon'"):  # noqa: RUF043
        read_file(write(rows("x,y", "1,2")), "y", separator="#")


class TestD5ConstantColumns:
    def test_a_constant_feature_is_kept_with_a_note(self, write: Write) -> None:
        table = read_file(write(rows("a,b,y", "7,1,1", "7,2,2", "7,3,4")), "y")
        assert table.notes == ("column 'a' is constant and carries no information",)

    def test_a_constant_target_is_refused(self, write: Write) -> None:
        assert "column 'y': the target is constant" in refusal(write(rows("a,y", "1,5", "2,5", "3,5.0")))


@pytest.mark.parametrize("header", ["x,x,y", "x, x,y", "x,\u00a0x,y", "\u00e9,e\u0301,y", ",,y", "x,y,y"])
def test_d6_names_given_twice_are_refused(write: Write, header: str) -> None:
    assert "have the same name" in refusal(write(rows(header, "1,2,3", "2,3,4", "3,4,6")))


class TestD7TooFewRows:
    def test_an_empty_file(self, write: Write) -> None:
        assert "0 rows, the file is empty" in refusal(write(""))
        assert "0 rows, the file is empty" in refusal(write("\n\n"))

    def test_a_header_alone(self, write: Write) -> None:
        assert "0 rows; at least 3 are needed" in refusal(write("a,y\n"))
        assert "0 rows; at least 3 are needed" in refusal(write("a,y"))

    def test_one_row_names_the_minimum(self, write: Write) -> None:
        assert "1 rows; at least 3 are needed" in refusal(write(rows("a,y", "1,2")))

    def test_too_few_rows_left_after_dropping(self, write: Write) -> None:
        message = refusal(write(rows("a,y", "1,2", ",3", ",5", "2,3")), missing="drop")
        assert "2 rows; at least 3 are needed" in message


def test_d10_extreme_scales_are_read_exactly(write: Write) -> None:
    table = read_file(write(rows("a,b,y", "1e300,1e-300,1", "-2e300,5e-324,2", "1.7976931348623157e308,0,3")), "y")
    assert table.frame["a"].tolist() == [1e300, -2e300, 1.7976931348623157e308]
    assert table.frame["b"].tolist() == [1e-300, 5e-324, 0]


ODD_NAMES = [
    "<img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    r"$\frac{1}{$",
    "n" * 300,
    "",
    "../x",
    "a,b",
    "two\nlines",
    "日本",
]


def test_d11_odd_names_are_read_as_they_are(write: Write) -> None:
    frame = pd.DataFrame({name: np.arange(4.0) + place for place, name in enumerate([*ODD_NAMES, "y"])})
    table = read_file(write(frame.to_csv(index=False)), "y", features=ODD_NAMES)
    assert table.frame.columns.tolist() == [*ODD_NAMES, "y"]
    assert read_file(write(frame.to_csv(index=False)), "two\nlines").target == "two\nlines"


class TestD12Names:
    def test_a_missing_target_lists_the_columns_and_the_nearest(self, write: Write) -> None:
        message = refusal(write(rows("size,price", "1,2", "2,3", "3,4")), "prise")
        assert message.endswith(
            "no column 'prise'; columns: 'size', 'price'; did you mean 'price'? set dataset.target=price"
        )

    def test_a_missing_group_or_left_out_column_too(self, write: Write) -> None:
        path = write(rows("shop,price", "1,2", "2,3", "3,4"))
        assert "no column 'shp'; columns: 'shop', 'price'; did you mean 'shop'? set dataset.groups=shop" in refusal(
            path, "price", groups="shp"
        )
        assert "choose one of them (dataset.leave_out)" in refusal(path, "price", leave_out=["a"])

    @pytest.mark.parametrize("options", [{"groups": "y"}, {"leave_out": ["y"]}, {"groups": "a", "leave_out": ["a"]}])
    def test_two_roles_for_a_column_are_an_option_error(self, write: Write, options: dict) -> None:
        with pytest.raises(OptionError, match="has another role already"):
            read_file(write(rows("a,y", "1,2", "2,3", "3,4")), "y", **options)


class TestD13RaggedRows:
    @pytest.mark.parametrize(("line", "n_fields"), [("1", 1), ("1,2,3", 3), ("1,2,", 3)])
    def test_are_refused_with_their_line(self, write: Write, line: str, n_fields: int) -> None:
        message = refusal(write(rows("a,y", "1,1", "2,2", line, "4,4")))
        assert message.startswith(f"prices.csv:4: {n_fields} fields where the header has 2; ")

    def test_all_rows_one_field_too_long_shift_nothing(self, write: Write) -> None:
        message = refusal(write(rows("a,y", "0,1,1", "1,2,2", "2,3,3")))
        assert message.startswith("prices.csv:2: 3 fields where the header has 2; ")

    def test_a_row_that_swallowed_lines_says_so(self, write: Write) -> None:
        message = refusal(write('a,b,y\n1,"2,2\n2,3,3\n3"\n5,5,5\n'))
        assert message.startswith("prices.csv:2: 2 fields where the header has 3; a quoted cell in it spans lines")


class TestD14Encodings:
    TEXT = rows("größe,y", "1,2", "2,3", "3,5")

    def test_a_mark_in_front_is_accepted(self, write: Write) -> None:
        assert read_file(write(self.TEXT.encode("utf-8-sig")), "y").features == ("größe",)
        assert read_file(write('\ufeff"größe",y\n1,2\n2,3\n3,5\n'), "y").features == ("größe",)

    def test_a_nul_is_named_with_line_and_byte(self, write: Write) -> None:
        assert refusal(write(b"a,y\n1,2\n\0,3\n3,5\n")).startswith("prices.csv:3: not text: NUL at byte 9; ")

    @pytest.mark.parametrize("content", ['a,y\n1,2\n"2,3\n3,5\n', 'a,y\n1,2\n"2"x,3\n3,5\n'])
    def test_an_unbalanced_quote_is_named_with_the_line_where_it_opens(self, write: Write, content: str) -> None:
        assert refusal(write(content)).startswith("prices.csv:3: unbalanced quote (")

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_every_line_end_is_read(self, write: Write, end: str) -> None:
        assert read_file(write(self.TEXT.replace("\n", end)), "y").y.tolist() == [2, 3, 5]


def test_d15_whole_numbers_that_no_float_holds_are_noted(write: Write) -> None:
    big = 2**53
    table = read_file(write(rows("a,y", f"{big + 1},1", f"{big + 2},2", f"{big},3", f"-{big + 3},4")), "y")
    assert table.remarks == ("column 'a': 2 whole numbers beyond 2**53 were rounded",)


PEAK = """
import sys, tracemalloc
import pyarrow
from yaynay.data.reading import read_file
tracemalloc.start()
table = read_file(sys.argv[1], "y")
print(table.sha256, tracemalloc.get_traced_memory()[1] + pyarrow.default_memory_pool().max_memory())
"""


def test_d16_many_rows_are_read_in_little_memory(write: Write) -> None:
    x = np.random.default_rng(0).normal(size=(200_000, 4))
    path = write("a,b,c,y\n" + "\n".join(",".join(map(repr, row)) for row in x.tolist()) + "\n")
    done = subprocess.run([sys.executable, "-c", PEAK, path], check=True, capture_output=True, text=True)
    sha256, peak = done.stdout.split()
    table = read_file(path, "y")
    assert np.array_equal(table.frame.to_numpy(), x)
    assert table.sha256 == sha256
    assert int(peak) < 3 * x.nbytes, int(peak) / x.nbytes  # of NumPy and of Arrow, whenever each was highest


def test_a_row_without_quotes_may_have_any_length(write: Write) -> None:
    header = ",".join([*(f"x{column}" for column in range(60_000)), "y"])
    lines = [",".join([f"{value + 0.123456}"] * 60_001) for value in (1, 2, 4)]
    assert len(lines[0]) > 1.5 * parsing.BLOCK_BYTES
    content = parsing.read_text(Source(write(rows(header, *lines))), lambda _: [60_000], target="y")
    assert content.columns["y"].numbers is not None
    assert content.columns["y"].numbers.tolist() == [1.123456, 2.123456, 4.123456]


def test_a_quoted_row_may_be_longer_than_a_block(write: Write) -> None:
    text = '"' + "word\n" * 25_000 + '"'
    lines = [f"{text},{text},{text},{value},{value}" for value in (1, 2, 4)]
    assert len(lines[0]) > parsing.BLOCK_BYTES
    path = write(rows("a,b,c,x,y", *lines))
    assert read_file(path, "y", leave_out=["a", "b", "c"]).x[:, 0].tolist() == [1, 2, 4]


def test_a_quoted_row_beyond_sixteen_blocks_is_refused_in_one_line(write: Write) -> None:
    header = ",".join([*(f"x{column}" for column in range(100)), "y"])
    line = ",".join(['"' + "word\n" * 25_000 + '"'] * 100 + ["1"])
    assert len(line) > 16 * parsing.BLOCK_BYTES
    assert refusal(write(rows(header, line, line, line))).startswith("prices.csv: not a readable CSV file (")


def test_d17_a_changed_file_has_another_digest(write: Write) -> None:
    before = read_file(write(rows("a,y", "1,1", "2,2", "3,4")), "y").sha256
    assert read_file(write(rows("a,y", "1,1", "2,2", "3,4.0")), "y").sha256 == before
    assert read_file(write(rows("a,y", "1,1", "2,2", "3,5")), "y").sha256 != before


def test_groups_are_codes_and_no_feature(write: Write) -> None:
    path = write(rows("when,a,y", "2020-01-01,1,1", "2020-01-02,2,2", "2020-01-01,3,4"))
    table = read_file(path, "y", groups="when")
    assert table.features == ("a",)
    assert table.groups is not None
    assert table.groups.tolist() == [0, 1, 0]
    message = refusal(write(rows("g,a,y", "u,1,1", ",2,2", "u,3,4")), groups="g", missing="impute")
    assert "column 'g': 1 missing cell (line 3)" in message


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "nowhere.csv")
    assert "is a folder" in refusal(tmp_path)


class TestParquet:
    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "i": [1, 2, 3],
                "f": [0.5, 1.5, 2.5],
                "b": [True, False, True],
                "s": ["u", "v", "u"],
                "t": ["1", "2", "4"],
            }
        )

    def test_reads_numbers_booleans_and_texts(self, tmp_path: Path) -> None:
        path = tmp_path / "k=1" / "a.parquet"
        path.parent.mkdir()
        self.frame().to_parquet(path, index=False)
        table = read_file(path, "t")
        assert table.features == ("i", "f", "b", "s=v")
        assert table.y.tolist() == [1, 2, 4]

    def test_gives_the_table_that_the_same_csv_gives(self, tmp_path: Path) -> None:
        self.frame().to_parquet(tmp_path / "a.parquet", index=False)
        self.frame().to_csv(tmp_path / "a.csv", index=False)
        digests = {read_file(tmp_path / name, "t").sha256 for name in ("a.parquet", "a.csv")}
        assert len(digests) == 1

    def test_leaves_out_row_labels_of_pandas(self, tmp_path: Path) -> None:
        frame = self.frame()
        frame.index = pd.Index([10, 20, 40])
        frame.to_parquet(tmp_path / "a.parquet")
        assert "__index_level_0__" in pq.read_schema(tmp_path / "a.parquet").names
        assert read_file(tmp_path / "a.parquet", "t").features == ("i", "f", "b", "s=v")

    def test_counts_rows_where_cells_are_missing_or_infinite(self, tmp_path: Path) -> None:
        columns = {"a": pa.array([1, None, 3, 4]), "b": [1.0, 2, np.inf, 4], "y": [1, 2, 3, 4]}
        pq.write_table(pa.table(columns), tmp_path / "a.parquet")
        assert "a.parquet, column 'a': 1 missing cell (row 2)" in refusal(tmp_path / "a.parquet", missing="refuse")
        assert "column 'b': 1 infinite cell (row 3)" in refusal(tmp_path / "a.parquet", missing="drop")

    def test_refuses_a_text_among_numbers(self, tmp_path: Path) -> None:
        pq.write_table(pa.table({"a": ["1", "2", "x"], "y": [1, 2, 4]}), tmp_path / "a.parquet")
        assert ", row 3, column 'a': 'x' is not a plain number" in refusal(tmp_path / "a.parquet")

    def test_notes_rounded_whole_numbers(self, tmp_path: Path) -> None:
        pq.write_table(pa.table({"a": [2**53 + 1, 1, None, 5], "y": [1, 2, 4, 5]}), tmp_path / "a.parquet")
        table = read_file(tmp_path / "a.parquet", "y", missing="drop")
        assert "column 'a': 1 whole numbers beyond 2**53 were rounded" in table.remarks

    def test_refuses_a_file_that_is_none(self, write: Write) -> None:
        assert "not a readable Parquet file" in refusal(write("a,y\n1,2\n", "a.parquet"))

    def test_refuses_names_given_twice(self, tmp_path: Path) -> None:
        content = pa.table([pa.array([1, 2, 3])] * 3, names=["a", "a", "y"])
        pq.write_table(content, tmp_path / "a.parquet")
        assert "have the same name" in refusal(tmp_path / "a.parquet")


cells = st.one_of(
    st.text(max_size=6),
    st.sampled_from(["", "NA", "inf", "1", "2.5", "-1e3", "1e999", "\u0661", "true", '"', "a,b", "2020-01-01", "0x1"]),
)


@given(
    st.lists(st.lists(cells, min_size=2, max_size=2), max_size=6),
    st.sampled_from(["refuse", "drop", "impute"]),
)
def test_any_cells_give_a_table_or_one_clear_line(lines: list[list[str]], missing: str) -> None:
    content = pd.DataFrame(lines, columns=["a", "b"]).assign(y=[float(row) for row in range(len(lines))])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_text(content.to_csv(index=False), encoding="utf-8", newline="")
        try:
            table = read_file(path, "y", missing=missing)  # type: ignore[arg-type]
        except DataError as error:
            assert re.fullmatch(r"[^\n]*a\.csv[^\n]*: [^\n]+; [^\n]+", str(error))  # noqa: PT017 - either outcome is right
            return
    assert table.n_rows + table.n_dropped == len(lines)
    assert np.isfinite(table.x).all() or missing == "impute"


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=20, unique=True))
def test_every_number_is_read_to_its_last_bit(numbers: list[float]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_text("x,y\n" + "".join(f"{number!r},{row}\n" for row, number in enumerate(numbers)))
        assert read_file(path, "y").x[:, 0].tolist() == numbers


@given(st.binary(max_size=60))
def test_any_bytes_give_a_table_or_one_clear_line(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(b"x,y\n1,2\n2,3\n3,5\n" + content)
        try:
            assert read_file(path, "y").n_rows >= 3
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either outcome is right


def test_a_file_may_be_given_a_name(write: Write) -> None:
    path = write("x,y\n1,2\n2,3\n4,4\n5,7\n")
    assert read_file(path, "y").name == "prices"
    assert read_file(path, "y", table="homes").name == "homes"


def test_options_of_a_file_may_be_whatever_python_has_for_several_values(write: Write) -> None:
    path = write("x,z,w,y\n1,2,1,2\n2,-9,2,3\n4,1,2,4\n5,5,1,7\n")
    table = read_file(path, "y", features=("x", "z"), na_values=np.array([-9]))
    assert table.features == ("x", "z", "z is missing")
