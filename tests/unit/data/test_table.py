import json
import string
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from yaynay.data.blocks import equal_row_blocks
from yaynay.data.table import Table
from yaynay.data.table_files import card, load_table, write_table
from yaynay.data.truth import Truth
from yaynay.errors import DataError


def _table(**changes: object) -> Table:
    frame = pd.DataFrame({"age": [1.0, 2.0, 3.0, 4.0], "city": ["Oslo", "Bergen", "Oslo", "Tromsø"], "y": [1, 2, 3, 5]})
    return Table(**({"name": "t", "frame": frame, "target": "y", "source": "a test"} | changes))  # type: ignore[arg-type]


def _with(**columns: list) -> Table:
    return _table(frame=pd.DataFrame(columns))


def test_categories_become_one_column_a_level_but_the_first() -> None:
    table = _table()
    assert table.features == ("age", "city=Oslo", "city=Tromsø")
    assert table.x.tolist() == [[1, 1, 0], [2, 0, 0], [3, 1, 0], [4, 0, 1]]
    assert table.x.dtype == np.float64
    assert table.y.tolist() == [1, 2, 3, 5]
    assert (table.n_rows, table.n_features) == (4, 3)
    assert table.kinds == {"age": "number", "city": "category", "y": "number"}


def test_missing_cells_are_marked_and_noted() -> None:
    table = _with(age=[1, None, 3, 4], city=["a", "b", None, "a"], y=[1, 2, 3, 4])
    assert table.features == ("age", "age is missing", "city=b", "city is missing")
    assert np.isnan(table.x[1, 0])
    assert table.x[1, 1:].tolist() == [1, 1, 0]
    assert table.x[2].tolist() == [3, 0, 0, 1]
    assert table.remarks == (
        "missing cells are filled in from the training rows, and marked in a column of 0 and 1: 'age' (1), 'city' (1)",
    )


def test_a_level_beside_missing_cells_is_not_marked_twice() -> None:
    table = _with(fence=["wood", None, None, "wood"], side=["east"] * 4, y=[1, 2, 3, 4])
    assert table.features == ("fence is missing", "side=east")
    assert table.x.tolist() == [[0, 1], [1, 1], [1, 1], [0, 1]]


def test_columns_are_plain_whatever_their_pandas_type() -> None:
    frame = pd.DataFrame(
        {
            "i": pd.array([1, None, 3], dtype="Int64"),
            "b": [True, False, True],
            "c": pd.Categorical(["u", "v", "u"]),
            "s": pd.array(["u", "v", "w"], dtype="string"),
            "y": np.array([1, 2, 4], dtype=np.float32),
        }
    )
    table = _table(frame=frame)
    assert [dtype.name for dtype in table.frame.dtypes] == [
        "float64",
        "float64",
        "object",
        "object",
        "float64",
    ]
    assert {type(text) for text in table.frame["c"]} == {str}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [], "y": []}, "0 rows; at least 3"),
        ({"a": [1], "y": [1]}, "1 rows; at least 3"),
        ({"a": [1, 2, 3], "y": [4, 4, 4]}, "column 'y': the target is constant"),
        ({"a": [1, 2, 3], "y": ["u", "v", "w"]}, "column 'y': the target is text"),
        ({"a": [1, 2, 3], "y": [1, None, 2]}, "column 'y': 1 missing cells"),
        ({"a": [1, np.inf, 3], "y": [1, 2, 3]}, "column 'a': infinite"),
        ({"a": [None, None, None], "y": [1, 2, 3]}, "column 'a': every cell is missing"),
        ({"a": [1, "x", 3], "y": [1, 2, 3]}, "column 'a': holds int"),
        ({"a": pd.to_datetime(["2020-01-01"] * 3), "y": [1, 2, 3]}, "column 'a': holds Timestamp"),
        ({"a": [1j, 2, 3], "y": [1, 2, 3]}, "column 'a': holds complex"),
        ({"y": [1, 2, 3]}, "no column beside the target"),
        ({"a": [1, 2, 3], "b": [1, 2, 3]}, "no column 'y'; columns: 'a', 'b'"),
        (
            {"c=d": ["e", "e", "f"], "c": ["d=e", "d=f", "d=e"], "y": [1, 2, 3]},
            "two features are called 'c=d=f'",
        ),
        ({"é": [1, 2, 3], "e\u0301": [1, 2, 3], "y": [1, 2, 3]}, "have the same name"),
        ({"a": [1, 2, 3], "a ": [1, 2, 3], "y": [1, 2, 3]}, "'a' and 'a ' have the same name"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(columns: dict, words: str) -> None:
    with pytest.raises(DataError) as caught:
        _with(**columns)
    assert words in str(caught.value)
    assert str(caught.value).startswith("table 't'")
    assert "\n" not in str(caught.value)


def test_names_given_twice_are_refused() -> None:
    frame = pd.DataFrame([[1, 2, 3], [2, 3, 4], [3, 4, 6]], columns=["a", "a", "y"])
    with pytest.raises(DataError, match="'a' and 'a' have the same name"):
        _table(frame=frame)


def test_truth_and_groups_need_a_value_for_each_row() -> None:
    with pytest.raises(DataError, match="truth of 2 rows"):
        _table(truth=Truth(np.ones(2), np.ones(2)))
    with pytest.raises(DataError, match="groups of 3 rows"):
        _table(groups=np.arange(3))


def test_a_constant_feature_is_kept_and_noted() -> None:
    table = _with(a=[7, 7, 7], b=[1, 2, 3], y=[1, 2, 4])
    assert table.notes == ("column 'a' is constant and carries no information",)
    assert table.n_features == 2


def test_errors_name_the_file_where_there_is_one() -> None:
    with pytest.raises(DataError, match=r"prices\.csv, column 'y'"):
        _table(frame=pd.DataFrame({"a": [1, 2, 3], "y": [1, 1, 1]}), where="prices.csv")


def test_the_digest_is_of_the_content_alone() -> None:
    base = _table().sha256
    assert _table(name="other", source="elsewhere", notes=("a note",)).sha256 == base
    frame = _table().frame
    changed = {
        "value": _table(frame=frame.assign(age=[1.0, 2, 3, 4.000001])),
        "order": _table(frame=frame[["city", "age", "y"]]),
        "name": _table(frame=frame.rename(columns={"age": "years"})),
        "target": _table(target="age"),
        "level": _table(frame=frame.assign(city=["Oslo", "Bergen", "Oslo", "Bodø"])),
        "rows": _table(frame=frame.iloc[::-1]),
        "groups": _table(groups=np.zeros(4)),
        "kind": _table(frame=frame.assign(age=["1.0", "2.0", "3.0", "4.0"])),
    }
    assert len({table.sha256 for table in changed.values()} | {base}) == len(changed) + 1


def test_equal_cells_give_equal_digests() -> None:
    minus, plus = (_with(a=[zero, 1.0, nan], y=[1, 2, 3]) for zero, nan in ((-0.0, -np.nan), (0.0, np.nan)))
    assert minus.sha256 == plus.sha256


def test_equal_rows_share_a_block() -> None:
    table = _with(a=[1, 1, 1, 2, None, None], c=["u", "u", "v", "u", None, None], y=[3, 3, 3, 3, 4, 4])
    blocks = equal_row_blocks(table)
    assert blocks[0] == blocks[1]
    assert blocks[4] == blocks[5]
    assert len(set(blocks)) == 4
    assert card(table)["n_equal_rows"] == 4


def test_groups_that_share_equal_rows_are_one_block() -> None:
    table = _table(
        frame=pd.DataFrame({"a": [1, 2, 2, 3, 4, 5], "y": [1, 2, 2, 3, 4, 5]}),
        groups=np.array([7, 7, 8, 8, 9, 9]),
    )
    blocks = equal_row_blocks(table)
    assert len(set(blocks[:4])) == 1
    assert len(set(blocks[4:])) == 1
    assert blocks[0] != blocks[4]
    assert card(table)["n_groups"] == 3


def test_a_card_says_what_is_in_the_table() -> None:
    entries = card(_table(truth=Truth(np.arange(4.0), np.full(4, 0.5)), n_dropped=3, notes=("note",)))
    assert entries["columns"][1] == {"name": "city", "kind": "category"}
    assert entries["noise_sd"] == 0.5
    assert (entries["n_rows"], entries["n_features"], entries["n_dropped"]) == (4, 3, 3)
    assert json.loads(json.dumps(entries)) == entries
    assert "noise_sd" not in card(_table(truth=Truth(np.arange(4.0), np.arange(4.0))))


def test_writing_twice_gives_the_same_bytes_and_leaves_nothing_else(tmp_path: Path) -> None:
    table = _table(truth=Truth(np.arange(4.0), np.ones(4)), groups=np.array([1, 1, 2, 2]))
    for folder in ("one", "two"):
        write_table(table, tmp_path / folder, plan_sha256="abc")
    write_table(table, tmp_path / "two", plan_sha256="abc")
    names = sorted(path.name for path in (tmp_path / "two").iterdir())
    assert names == ["card.json", "groups.parquet", "table.parquet", "truth.parquet"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert json.loads((tmp_path / "one" / "card.json").read_text("utf-8"))["plan_sha256"] == "abc"


def test_a_table_comes_back_whole_from_an_odd_folder(tmp_path: Path) -> None:
    folder = tmp_path / "sweep=1" / "tables ü"
    table = _table(truth=Truth(np.arange(4.0), np.ones(4)), groups=np.array([5, 5, 9, 9]), notes=("n",), n_dropped=2)
    table = replace(table, remarks=("r",), reading=({"column": "age", "rule": "number"},))
    write_table(table, folder)
    loaded = load_table(folder)
    assert loaded.truth is not None
    assert loaded.truth.mean.tolist() == [0, 1, 2, 3]
    assert loaded.groups is not None
    assert loaded.groups.tolist() == [0, 0, 1, 1]
    assert (loaded.name, loaded.source, loaded.notes, loaded.n_dropped) == ("t", "a test", ("n",), 2)
    assert (loaded.remarks, loaded.reading) == (table.remarks, table.reading)
    assert loaded.frame.equals(table.frame)


def test_an_older_truth_does_not_survive_a_table_without_one(tmp_path: Path) -> None:
    write_table(_table(truth=Truth(np.arange(4.0), np.ones(4))), tmp_path)
    write_table(_table(), tmp_path)
    assert load_table(tmp_path).truth is None
    assert not (tmp_path / "truth.parquet").exists()


def test_a_flipped_byte_is_found_or_changes_nothing(tmp_path: Path) -> None:
    table = _table(truth=Truth(np.arange(4.0), np.ones(4)))
    write_table(table, tmp_path)
    n_found = 0
    for name in ("table.parquet", "truth.parquet"):
        content = (tmp_path / name).read_bytes()
        for place in range(0, len(content), 23):
            flipped = bytes([content[place] ^ 0xFF])
            (tmp_path / name).write_bytes(content[:place] + flipped + content[place + 1 :])
            try:
                assert load_table(tmp_path).frame.equals(table.frame)
            except DataError as error:
                n_found += 1
                assert str(tmp_path) in str(error)  # noqa: PT017 - either outcome is right
        (tmp_path / name).write_bytes(content)
    assert n_found > 10


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"truth_sha256": null}'])
def test_a_broken_card_is_refused(tmp_path: Path, content: str) -> None:
    write_table(_table(), tmp_path)
    (tmp_path / "card.json").write_text(content)
    with pytest.raises(DataError, match="not a readable table"):
        load_table(tmp_path)


def test_a_changed_table_or_truth_is_refused(tmp_path: Path) -> None:
    write_table(_table(truth=Truth(np.arange(4.0), np.ones(4))), tmp_path / "a")
    write_table(_table(truth=Truth(np.arange(4.0), np.full(4, 2.0))), tmp_path / "b")
    (tmp_path / "b" / "truth.parquet").replace(tmp_path / "a" / "truth.parquet")
    with pytest.raises(DataError, match="does not match its SHA-256"):
        load_table(tmp_path / "a")


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="make it again with"):
        load_table(tmp_path / "nowhere")


ODD_NAMES = [
    "",
    "<img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "$\\frac{1}{$",
    "../x",
    "a,b",
    "two\nlines",
    "n" * 300,
    "\0",
]
names = st.one_of(st.sampled_from(ODD_NAMES), st.text(max_size=8))
numbers = st.floats(allow_nan=False, allow_infinity=False)
texts = st.one_of(st.sampled_from(ODD_NAMES), st.text(alphabet=string.printable + "äπ\u2028", max_size=4), st.none())


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    n_rows = draw(st.integers(3, 6))
    columns: dict[str, list] = {}
    for name in draw(st.lists(names, min_size=2, max_size=4)):
        cells = numbers if not columns or draw(st.booleans()) else texts
        columns[name] = draw(st.lists(cells, min_size=n_rows, max_size=n_rows))
    return pd.DataFrame({name: pd.Series(cells, dtype=None) for name, cells in columns.items()})


@given(frames())
def test_any_table_comes_back_as_it_was(frame: pd.DataFrame) -> None:
    try:
        table = Table("t", frame, str(frame.columns[0]), "drawn")
    except DataError:
        assume(False)
    with TemporaryDirectory() as folder:
        write_table(table, Path(folder))
        loaded = load_table(Path(folder))
    assert loaded.features == table.features
    assert loaded.frame.equals(table.frame)
    assert np.array_equal(loaded.x, table.x, equal_nan=True)
    assert card(loaded) == card(table)
