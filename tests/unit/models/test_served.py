"""Raw rows of pandas are read by the descriptions of their columns, and what was not in the table is told."""

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from yaynay.data.columns import Column, encode
from yaynay.data.descriptions import Description
from yaynay.errors import DataError
from yaynay.models.served import convert

CODES = Description("c", "category", levels=("1", "2"))
SPELT = Description("c", "category", levels=("01", "1.0"))
TOWNS = Description("c", "category", levels=("Oslo", "Rome"), pooled=("Bern", "Pisa"))
PERCENT = Description("c", "numeral", is_percent=True)
AMOUNT = Description("c", "numeral", currency="$")
THOUSANDS = Description("c", "numeral", decimal="comma", is_whole=True)
DATES = Description("c", "date")
DAYS_FIRST = Description("c", "date", day_first=True)
CLOCK = Description("c", "date", unit="hours")
NUMBERS, TRUTHS = Description("c", "number"), Description("c", "boolean")
NONE_MISSING = [Column("c", ("Oslo", "Rome"), False)]


def read(description: Description, cells: Any) -> list:
    """The cells of the first column that some become, NaN as None."""
    name = f"c ({description.unit})" if description.rule == "date" else "c"
    levels = (*description.levels, "(rare)") if description.rule == "category" else None
    found = convert(pd.DataFrame({"c": cells}), [description], [Column(name, levels, True)])[name]
    return [None if pd.isna(cell) else cell for cell in found]


@pytest.mark.parametrize(
    ("description", "cells", "wanted"),
    [
        (NUMBERS, pd.array([1, 2, None], dtype="Int64"), [1, 2, None]),
        (NUMBERS, pd.Categorical([1, 2, None]), [1, 2, None]),
        (NUMBERS, pd.Categorical(["1", " 2", "NA"]), [1, 2, None]),
        (NUMBERS, [Decimal("1.5"), None, 2], [1.5, None, 2]),
        (NUMBERS, [True, False, None], [1, 0, None]),
        (NUMBERS, ["1", " -2.5e3", "+4", "?", None], [1, -2500, 4, None, None]),
        (NUMBERS, pd.to_timedelta(["1 day", "12:00:00", None]), [1, 0.5, None]),
        (Description("c", "number", ("-9", "x")), [1, -9.0], [1, None]),
        (Description("c", "number", ("-9", "x")), ["1", "x"], [1, None]),
        (TRUTHS, pd.array([True, None, False], dtype="boolean"), [1, None, 0]),
        (TRUTHS, [True, "false", " TRUE", np.nan], [1, 0, 1, None]),
        (TRUTHS, [0, 1, None], [0, 1, None]),
        (PERCENT, ["12 %", "0.5%", ""], [12, 0.5, None]),
        (PERCENT, [12, 0.5], [12, 0.5]),
        (AMOUNT, ["$1,200", "$ 3", "-$4", "5"], [1200, 3, -4, 5]),
        (THOUSANDS, ["1.234", "12"], [1234, 12]),
        (THOUSANDS, [1234.0, 12.0], [1234, 12]),
        (DATES, ["1970-01-02", " 1970-01-01T12:00Z", "-"], [1, 0.5, None]),
        (DATES, pd.to_datetime(["1970-01-02 00:00", "1970-01-01 12:00", None]), [1, 0.5, None]),
        (DATES, pd.to_datetime(["1970-01-02T01:00+01:00"]), [1]),
        (DATES, [datetime.date(1970, 1, 2), None], [1, None]),
        (DATES, [np.nan, np.nan], [None, None]),
        (DAYS_FIRST, ["1/2/1970"], [31]),
        (CLOCK, ["12:30", "1:15 pm", "."], [12.5, 13.25, None]),
        (CLOCK, [datetime.time(12, 30), None], [12.5, None]),
        (CODES, pd.Categorical([1, 2, None]), ["1", "2", None]),
        (CODES, [1.0, 2.0, np.nan], ["1", "2", None]),
        (CODES, pd.Categorical([1.0, 2.0, np.nan]), ["1", "2", None]),
        (CODES, [1.0, "2", np.nan], ["1", "2", None]),
        (Description("c", "category", levels=("1.0", "2.5")), pd.Categorical([1, 1]), ["1.0", "1.0"]),
        (CODES, pd.array(["1", " 2", "n/a"], dtype="string"), ["1", "2", None]),
        (Description("c", "category", levels=("007", "08.0")), [7, 8], ["007", "08.0"]),
        (Description("c", "category", levels=("TRUE", "f")), [True, True], ["TRUE", "TRUE"]),
        (Description("c", "category", levels=("NA", " u")), ["NA", " u", "?"], ["NA", " u", None]),
        (TOWNS, ["Oslo", " Rome ", "Pisa", "(rare)"], ["Oslo", "Rome", "(rare)", "(rare)"]),
    ],
)
def test_cells_of_any_type_are_what_they_mean(description: Description, cells: Any, wanted: list) -> None:
    assert read(description, cells) == wanted


@pytest.mark.parametrize(
    ("description", "cells", "said"),
    [
        (NUMBERS, ["1", "Oslo"], r"'Oslo' is none of what the column held \(numbers\); write it so"),
        (NUMBERS, ["1_000"], "'1_000' is none of what the column held"),
        (NUMBERS, ["1,5"], "'1,5' is none of what the column held"),
        (NUMBERS, pd.to_datetime(["1970-01-02"]), r"a date or time is none of what .* \(numbers\); give numbers"),
        (NUMBERS, [1.0, np.inf], "infinite cells; numbers must be finite; correct them"),
        (NUMBERS, [1j], "holds complex; numbers, texts or dates are needed; convert it"),
        (NUMBERS, [[1], [2]], "holds lists or other nested cells; .* convert them"),
        (TRUTHS, ["yes"], r"'yes' is none of what .* \(true or false\); write it so"),
        (TRUTHS, [2.0], r"2 is none of what .* \(true or false\); give true or false, or 1 or 0"),
        (PERCENT, ["12 %", "13"], r"'13' is none of what .* \(numbers with a percent sign\); write it so"),
        (AMOUNT, ["\u20ac3"], r"'\u20ac3' is none of what .* \(numbers with the sign \$\); write it so"),
        (AMOUNT, ["$3", "\u20ac3"], r"'\u20ac3' is none of what"),
        (AMOUNT, ["1,5"], "'1,5' is none of what"),
        (THOUSANDS, [1.234], r"1.234 is none of .* points between thousands\); read the cells as texts \(dtype=str\)"),
        (DATES, ["1/2/1970"], "'1/2/1970' may begin with the day or with the month, .* write dates as 2024-01-31"),
        (DATES, ["31/1/1970", "1970-01-01"], "dates are written in several forms .* write all in one form"),
        (DATES, ["1970-02-30"], r"'1970-02-30' is none of what the column held \(dates\)"),
        (DATES, ["12:30"], r"'12:30' is none of what the column held \(dates\)"),
        (DATES, [19_000], r"19000 is none of what the column held \(dates\); give dates or texts"),
        (CLOCK, pd.to_datetime(["1970-01-02"]), r"a date is none of what .* \(times of a day\); give dates or texts"),
        (SPELT, [1], r"'01' and '1.0' are different levels of one number; read the cells as texts \(dtype=str\)"),
        (CODES, pd.to_datetime(["1970-01-02"]), r"a date or time is none of .* \(texts: '1', '2'\); give texts"),
    ],
)
def test_what_the_column_did_not_hold_is_one_sentence(description: Description, cells: Any, said: str) -> None:
    with pytest.raises(DataError, match=f"^model: column 'c': {said}") as raised:
        read(description, cells)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["m"], "no column 'size'; every feature of the table is needed; add it$"),
        (["Size"], "no column 'size'; .*; did you mean 'Size'\\?"),
        (["size ", " size"], "2 columns are called 'size'; names must differ; rename one"),
    ],
)
def test_a_column_that_is_missing_is_one_sentence(names: list[str], said: str) -> None:
    with pytest.raises(DataError, match=f"^model: {said}"):
        convert(pd.DataFrame([[1] * len(names)], columns=names), [Description("size", "number")], [])


def test_names_are_found_without_blanks_and_as_numbers() -> None:
    wanted = [Description("size", "number"), Description("2024", "number")]
    found = convert(
        pd.DataFrame({2024: [1], "other": ["x"], " size ": [2]}),
        wanted,
        [Column("size", None, False), Column("2024", None, False)],
    )
    assert found.to_dict("list") == {"size": [2], "2024": [1]}


def test_an_unknown_level_is_told_and_joins_the_rare_ones() -> None:
    columns = [Column("c", ("(rare)", "Oslo", "Rome"), False)]
    with pytest.warns(UserWarning, match=r"^column 'c': 'Wien' was not among .* it is taken for '\(rare\)'$"):
        found = convert(pd.DataFrame({"c": ["Wien", "Rome", "Pisa"]}), [TOWNS], columns)
    assert encode(found, columns).tolist() == [[0, 0], [0, 1], [0, 0]]


@pytest.mark.parametrize(
    ("description", "columns", "cells", "said"),
    [
        (TOWNS, NONE_MISSING, ["Oslo", "Wien"], "'Wien' was not among the levels .* it is taken for 'Oslo'"),
        (TOWNS, NONE_MISSING, ["Oslo", 7], "'7' was not among the levels"),
        (TOWNS, NONE_MISSING, ["Oslo", None], "1 missing cell, where the table had none; it is taken for 'Oslo'"),
        (NUMBERS, [Column("c", None, False)], [1, None], "1 missing cell, .* taken for the mean of the training rows"),
        (
            Description("c", "date", has_parts=True),
            [Column("c (month)", ("01", "02"), False)],
            ["2020-03-01"],
            "'03' was not among the levels",
        ),
    ],
)
def test_what_the_table_never_had_is_told(
    description: Description, columns: list[Column], cells: list, said: str
) -> None:
    with pytest.warns(UserWarning, match=f"^column '{columns[0].name[:1]}.*: {said}"):
        convert(pd.DataFrame({"c": cells}), [description], columns)


def test_no_rows_give_no_predictions() -> None:
    found = convert(pd.DataFrame({"c": []}), [PERCENT], [Column("c", None, False)])
    assert len(found) == 0


@pytest.mark.parametrize(
    "description", [PERCENT, THOUSANDS, DAYS_FIRST, CLOCK, TOWNS, Description("c", "number", ("x",))]
)
def test_a_description_is_kept_in_json(description: Description) -> None:
    assert Description.of(description.as_json()) == description
