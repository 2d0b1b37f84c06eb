"""The model takes raw cells as the reader does."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yaynay.data.columns import Column, describe, encode, tidy
from yaynay.data.reading import read_file
from yaynay.errors import DataError

NUMBERS = st.sampled_from(["1", " 2.5", "-3 ", "1e3", "+4", "", "NA", "?"])
TRUTHS = st.sampled_from(["true", "False", " TRUE", "nan"])
LEVELS = st.sampled_from(["Oslo", " Oslo", "Rome ", "2", "n/a", "-"])


@given(st.lists(st.tuples(NUMBERS, TRUTHS, LEVELS), min_size=12, max_size=30))
def test_raw_cells_are_to_the_model_what_they_are_to_the_reader(rows: list[tuple[str, str, str]]) -> None:
    known = [("1", "true", "Oslo"), ("2", "false", "Oslo"), ("3", "true", "Rome"), ("4", "true", "Rome")] * 8
    rows = [*known, ("5", "true", "2"), *rows]
    content = "size , new,town,y\n" + "".join(f"{','.join(row)},{number % 7}\n" for number, row in enumerate(rows))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_text(content)
        table = read_file(path, "y")
    features = table.frame.drop(columns="y")
    columns = describe(features)
    kinds: list[dict[str, Any]] = [{"dtype": str, "keep_default_na": False}, {}]
    for options in kinds:  # all as text, and as pandas guesses
        frame = pd.read_csv(io.StringIO(content), **options)
        np.testing.assert_array_equal(encode(tidy(frame, columns), columns), table.x)


def test_types_of_pandas_are_what_they_mean() -> None:
    columns = [Column("n", None, False), Column("c", ("1", "2"), True), Column("b", None, False)]
    frame = pd.DataFrame(
        {
            "c": pd.Categorical([1, 2, None]),
            "b": pd.array([True, None, False], dtype="boolean"),
            "n": pd.array([1, 2, None], dtype="Int64"),
            "other": ["x", "y", "z"],
        }
    )
    np.testing.assert_array_equal(
        encode(tidy(frame, columns), columns), [[1, 0, 0, 1], [2, 1, 0, np.nan], [np.nan, 0, 1, 0]]
    )
    floats = frame.assign(c=[1.0, 2.0, np.nan])
    np.testing.assert_array_equal(encode(tidy(floats, columns), columns), encode(tidy(frame, columns), columns))


def test_an_unknown_level_is_told_and_joins_the_rare_ones() -> None:
    columns = [Column("c", ("(rare)", "u", "v"), False)]
    with pytest.warns(UserWarning, match=r"column 'c': 'w' was not among .* it is taken for '\(rare\)'"):
        assert encode(tidy(pd.DataFrame({"c": ["w", "u"]}), columns), columns).tolist() == [[0, 0], [1, 0]]


@pytest.mark.parametrize(
    ("columns", "said"), [({"n": ["x"]}, "could not convert string to float: 'x'"), ({"m": [1]}, "no column 'n'")]
)
def test_what_it_cannot_take_is_one_sentence(columns: dict[str, list], said: str) -> None:
    with pytest.raises(DataError, match=said):
        tidy(pd.DataFrame(columns), [Column("n", None, False)])
