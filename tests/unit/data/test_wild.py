"""Small files as they are met: what each is read as and what is said of it, or why it is refused."""

import bz2
import codecs
import datetime
import decimal
import gzip
import io
import json
import lzma
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
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
from pyarrow import feather

from yaynay.data import rules
from yaynay.data.reading import read_file
from yaynay.errors import YaynayError

NAN = float("nan")


@dataclass(frozen=True)
class Case:
    """A file.

    Attributes:
        content: Its bytes.
        reads: Its columns, target included, and their cells.
        says: Parts of what is said, each at least once in a note or remark; or of the refusal.
        silent: Parts of what is not said.
        target, options: How it is read.
        name: What it is called.
    """

    content: bytes | str
    reads: dict[str, list] | None = None
    says: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    target: str = "y"
    options: dict[str, Any] = field(default_factory=dict)
    name: str = "wild.csv"


def lines(*rows: str, end: str = "\n") -> str:
    return end.join(rows) + end


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, PLAIN)
    return target.getvalue()


def parquet(write: Callable[[Any], None]) -> bytes:
    target = io.BytesIO()
    write(target)
    return target.getvalue()


def arrow(**columns: Any) -> bytes:
    return parquet(lambda target: pq.write_table(pa.table(columns), target))


def of_pandas(frame: pd.DataFrame) -> bytes:
    return parquet(lambda target: frame.to_parquet(target))


def sqlite() -> bytes:
    with sqlite3.connect(":memory:") as database:
        database.execute("create table t (x, y)")
        return database.serialize()


def zstd(content: str) -> bytes:
    return pa.compress(content.encode(), codec="zstd", asbytes=True)


PLAIN = lines("x,y", "1,2", "2.5,3", "3,5")
XY: dict[str, list] = {"x": [1, 2.5, 3], "y": [2, 3, 5]}
MANY = range(24)
SQUARES = [float(row * row % 7) for row in MANY]


def column(name: str, cells: Any, **others: Any) -> str:
    """A column beside a target of 24 rows."""
    rows = {name: list(cells), **{other: list(values) for other, values in others.items()}, "y": SQUARES}
    return pd.DataFrame(rows).to_csv(index=False)


CONTAINERS = {
    "gzip": Case(gzip.compress(PLAIN.encode()), XY, ("unpacked with gzip",), name="wild.csv.gz"),
    "gzip that is not called so": Case(gzip.compress(PLAIN.encode()), XY, ("unpacked with gzip",)),
    "bzip2": Case(bz2.compress(PLAIN.encode()), XY, ("unpacked with bzip2",), name="wild.csv.bz2"),
    "xz": Case(lzma.compress(PLAIN.encode()), XY, ("unpacked with xz",), name="wild.csv.xz"),
    "Zstandard": Case(zstd(PLAIN), XY, ("unpacked with Zstandard",), name="wild.csv.zst"),
    "ZIP": Case(zipped("a.csv", "__MACOSX/a.csv"), XY, ("unpacked with ZIP",), name="wild.zip"),
    "ZIP of two": Case(zipped("a.csv", "b.csv"), None, ("2 files ('a.csv', 'b.csv'); one is allowed",)),
    "not gzip": Case(PLAIN, XY, name="wild.csv.gz"),
    "gzip cut off": Case(gzip.compress(PLAIN.encode())[:-12], None, ("not a readable gzip file (",)),
    "Parquet in gzip": Case(gzip.compress(arrow(**XY)), XY, name="wild.parquet.gz"),
}

ENCODINGS = {
    "UTF-8 with a mark": Case(codecs.BOM_UTF8 + "größe,y\n1,2\n2,3\n3,5\n".encode(), {"größe": [1, 2, 3]}),
    "UTF-16": Case("größe,y\n1,2\n2,3\n3,5\n".encode("utf-16"), {"größe": [1, 2, 3]}, ("text in UTF-16",)),
    "UTF-32": Case(PLAIN.encode("utf-32"), XY, ("text in UTF-32",)),
    "UTF-16 without a mark": Case(PLAIN.encode("utf-16-le"), XY, ("text in UTF-16-LE, guessed",)),
    "Latin-1": Case(
        "c,y\nBø,1\nBø,3\nA,5\nA,4\n".encode("latin-1"),
        {"c": ["Bø", "Bø", "A", "A"]},
        ("text in Windows-1252, guessed: it is not UTF-8 (line 2: byte 6 is 0xf8); set dataset.encoding",),
    ),
    "Latin-1 as said": Case(
        "c,y\nBø,1\nBø,3\nA,5\nA,4\n".encode("latin-1"),
        {"c": ["Bø", "Bø", "A", "A"]},
        ("text in latin-1",),
        options={"encoding": "latin-1"},
    ),
    "Windows-1252": Case("c (€),y\n1,1\n2,3\n3,5\n".encode("cp1252"), {"c (€)": [1, 2, 3]}, ("Windows-1252",)),
    "Windows-1251 as said": Case(
        "цена,y\n1,1\n2,3\n3,5\n".encode("cp1251"), {"цена": [1, 2, 3]}, options={"encoding": "cp1251"}
    ),
    "not what was said": Case(
        "ü,y\n1,1\n".encode("latin-1"), None, ("wild.csv:1: not text: byte 1",), options={"encoding": "utf-8"}
    ),
    "no encoding": Case(PLAIN, None, ("'dataset.encoding': 'klingon' is unknown",), options={"encoding": "klingon"}),
    "no text encoding": Case(PLAIN, None, ("'dataset.encoding': 'base64' is unknown",), options={"encoding": "base64"}),
}

DIALECTS = {
    "semicolons": Case(PLAIN.replace(",", ";"), XY, ("fields are separated by a semicolon",)),
    "tabs": Case(PLAIN.replace(",", "\t"), XY, ("fields are separated by a tab",)),
    "tabs in a .tsv": Case(PLAIN.replace(",", "\t"), XY, name="wild.tsv"),
    "pipes": Case(PLAIN.replace(",", "|"), XY, ("fields are separated by a pipe",)),
    "aligned": Case(
        lines("   x    y", "   1    2", " 2.5    3", "   3    5 "), XY, ("by white space",), name="wild.txt"
    ),
    "aligned with quotes": Case(
        lines("name  y", '"New  York" 1', '"New  York" 2', "Oslo 3", "Oslo 4"),
        {"name": ["New  York"] * 2 + ["Oslo"] * 2},
    ),
    "CRLF": Case(PLAIN.replace("\n", "\r\n"), XY),
    "CR": Case(PLAIN.replace("\n", "\r"), XY),
    "line end in quotes": Case('x,c,y\n1,"a\nb",2\n2,"a\nb",3\n4,b,5\n5,b,6\n', {"c": ["a\nb", "a\nb", "b", "b"]}),
    "separators at the end": Case(lines("x,y,", "1,2,", "2.5,3,", "3,5,"), XY, ("each line ends in a separator",)),
    "two of them": Case(lines("x,y,,", "1,2,,", "2.5,3,,", "3,5,,"), XY, ("each line ends in a separator",)),
    "in the rows alone": Case(lines("x,y", "1,2,", "2.5,3,", "3,5,"), XY, ("each line ends in a separator",)),
    "a cell after it, far down": Case(
        lines("x,y,", *["1,2,", "2,3,"] * 300, "3,4,5"), None, ("most lines end in a separator, but some have a cell",)
    ),
    "comments first": Case("# made by a station\n# in m\n" + PLAIN, XY, ("2 comment lines before the table",)),
    "names in a comment": Case("# x y\n1 2\n2.5 3\n3 5\n", XY, ("1 comment lines",)),
    "blank lines first": Case("\n\n" + PLAIN, XY),
    "lines of blanks": Case("x,y\n1,2\n   \n2.5,3\n3,5\n  \n\x1a", XY, ("lines that hold only blanks were skipped",)),
    "a fault below a line of blanks": Case("x,y\n1,2\n   \n2.5\n3,5\n", None, ("wild.csv:4: 1 fields",)),
    "a declared separator": Case("sep=;\n" + PLAIN.replace(",", ";"), XY),
    "decimal commas": Case(
        lines("x;y", "1,5;2", "2,25;3", "-0,5;5"), {"x": [1.5, 2.25, -0.5]}, ("column 'x': read decimal commas",)
    ),
    "commas in comma-separated quotes": Case(lines("x,y", '"1,5",2', '"2,25",3', '"3,0",5'), {"x": [1.5, 2.25, 3]}),
    "row numbers without a name": Case(
        lines('"x" "y"', '"1" 1 2', '"2" 2.5 3', '"3" 3 5'),
        XY,
        ("each row has a field more", "left out: '' (row labels)"),
    ),
    "no header": Case(
        lines("1.5,2", "2,3", "3,5"),
        {"column_1": [1.5, 2, 3], "column_2": [2, 3, 5]},
        ("the first line holds only numbers",),
        target="column_2",
    ),
    "no header and no such target": Case(lines("1.5,2", "2,3", "3,5"), None, ("columns: 'column_1', 'column_2'",)),
    "years for names": Case(lines("2023,2024", "1,2", "2,3", "3,5"), {"2023": [1, 2, 3]}, target="2024"),
    "no header, as said": Case(
        lines("a,1", "b,2", "a,3", "b,5"), {"column_1": list("abab")}, target="column_2", options={"header": False}
    ),
    "a ragged row": Case(lines("x,y", "1,2", "2", "3,5"), None, ("wild.csv:3: 1 fields where the header has 2",)),
    "ragged after comments": Case(lines("# c", "x,y", "1,2", "2", "3,5"), None, ("wild.csv:4: 1 fields",)),
    "one column": Case("y\n1\n2\n", None, ("1 column found, no separator in it",)),
    "a separator that is not in it": Case(
        PLAIN, None, ("1 column found, separator ',' suspected",), options={"separator": "semicolon"}
    ),
}

NUMBERS = {
    "thousands, as one column shows": Case(
        lines("x;y", "1,234.5;1", "2,000;2", "900;4"), {"x": [1234.5, 2000, 900]}, ("commas between thousands",)
    ),
    "thousands, as another column shows": Case(
        lines("x,y", '"1,234",1.5', '"2,000",2.5', '"9,001",4'), {"x": [1234, 2000, 9001]}
    ),
    "millions": Case(lines("x;y", "1,234,567;1", "2,000;2", "900;4"), {"x": [1234567, 2000, 900]}),
    "two readings": Case(
        lines("x;y", "1,234;1", "2,000;2", "9,001;4"),
        None,
        (
            "wild.csv:2, column 'x': '1,234' may be 1234 (a comma between thousands) or 1.234 (a decimal comma)",
            "dataset.decimal=",
        ),
    ),
    "two readings, as said: comma": Case(
        lines("x;y", "1,234;1", "2,000;2", "9,001;4"), {"x": [1.234, 2, 9.001]}, options={"decimal": "comma"}
    ),
    "two readings, as said: point": Case(
        lines("x;y", "1,234;1", "2,000;2", "9,001;4"), {"x": [1234, 2000, 9001]}, options={"decimal": "point"}
    ),
    "points between thousands": Case(
        lines("x;z;y", "1.234;0,5;1", "2.000;1,25;2", "900;3;4"),
        {"x": [1234, 2000, 900], "z": [0.5, 1.25, 3]},
        ("column 'x': read points between thousands", "column 'z': read decimal commas"),
    ),
    "three decimals": Case(lines("x,y", "1.234,1", "2.500,2", "9.001,4"), {"x": [1.234, 2.5, 9.001]}),
    "blanks between thousands": Case(lines("x,y", "1 234,1", "2\u00a0000,2", "900,4"), {"x": [1234, 2000, 900]}),
    "apostrophes between thousands": Case(
        lines("x,y", "1'234.5,1", "2\u2019000,2", "900,4"), {"x": [1234.5, 2000, 900]}
    ),
    "percent": Case(lines("x,y", "12 %,1", "7.5%,2", "100 %,4"), {"x": [12, 7.5, 100]}, ("column 'x': read percent",)),
    "some percent": Case(
        lines("x,y", "12 %,1", "7.5,2", "1 %,4"), None, ("some of the column's cells are percentages",)
    ),
    "currency": Case(
        lines("x,y", '"$1,200.50",1', "$3,2", "-$5,4"), {"x": [1200.5, 3, -5]}, ("read amounts in $, commas between",)
    ),
    "two currencies": Case(lines("x,y", "$1,1", "€3,2", "$5,4"), None, ("'$1' is not a plain number, but most",)),
    "accounting": Case(lines("x,y", "(12),1", "7,2", "1,4"), {"x": [-12, 7, 1]}),
    "a typographic minus": Case(lines("x,y", "\u22125,1", "7,2", "1,4"), {"x": [-5, 7, 1]}),
    "blanks around": Case(lines(" x , y", " 1 , 2", "\t2.5, 3", "\u00a03 , 5"), XY),
    "a text among numbers": Case(
        lines("x,y", "1,1", "oops,2", "3,4"),
        None,
        ("wild.csv:3, column 'x': 'oops' is not a plain number", "dataset.na_values"),
    ),
    "the same, called missing": Case(
        lines("x,y", "1,1", "oops,2", "3,4"), {"x": [1, NAN, 3]}, ("'x' 'oops' 1",), options={"na_values": ["oops"]}
    ),
    "a foreign digit": Case(lines("x,y", "1,1", "\u0662,2", "3,4"), None, (r"'\u0662' is not a plain number",)),
    "codes, as said": Case(
        lines("x,y", "01,1", "02,2", "01,4", "02,5"), {"x": ["01", "02", "01", "02"]}, options={"categories": ["x"]}
    ),
}

MISSING = ["NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "?", "-", ".", "#N/A", ""]
MISSING_CELLS: dict[str, Case] = {
    f"{text!r} among numbers": Case(lines("x,z,y", "1,1,2", f"{text},2,3", "3,4,5"), {"x": [1, NAN, 3]})
    for text in MISSING
}
MISSING_CELLS |= {
    f"{text!r} among levels": Case(
        lines("c,z,y", "u,1,2", "u,1,2", f"{text},2,3", "v,4,5"), {"c": ["u", "u", None, "v"]}, ("are filled in",)
    )
    for text in MISSING
}
MISSING_CELLS |= {
    "a level that is called NA": Case(
        lines("c,y", "NA,1", "NA,2", "u,4", "u,5"), {"c": ["NA", "NA", "u", "u"]}, options={"na_levels": ["NA"]}
    ),
    "but not among numbers": Case(
        lines("x,y", "NA,1", "1,2", "2,4", "3,5"), {"x": [NAN, 1, 2, 3]}, options={"na_levels": ["NA"]}
    ),
    "a number that means missing": Case(
        lines("x,y", "-999,1", "1,2", "-999.0,4", "3,5"), {"x": [NAN, 1, NAN, 3]}, options={"na_values": [-999]}
    ),
    "in decimal commas": Case(lines("x;y", "1,5;1", "?;2", "2,5;4", ";5"), {"x": [1.5, NAN, 2.5, NAN]}),
    "in the target": Case(
        lines("x,y", "1,1", "2,", "3,4", "5,5"),
        {"x": [1, 3, 5], "y": [1, 4, 5]},
        ("1 of 4 rows were dropped: the target",),
    ),
    "dropped": Case(
        lines("x,y", "1,1", ",2", "3,4", "5,5"),
        {"x": [1, 3, 5]},
        ("1 of 4 rows were dropped",),
        options={"missing": "drop"},
    ),
    "refused": Case(
        lines("x,y", "1,1", ",2", "3,4"), None, ("column 'x': 1 missing cell (line 3)",), options={"missing": "refuse"}
    ),
    "in every row, dropped": Case(
        lines("x,z,y", "1,,1", ",2,2", "3,,4"),
        None,
        ("0 rows; at least 3", "missing=impute"),
        options={"missing": "drop"},
    ),
    "all of the target": Case(lines("x,y", "1,", "2,", "3,?"), None, ("0 rows; at least 3", "choose another target")),
    "a column of them": Case(
        lines("x,e,y", "1,,2", "2.5,,3", "3,NA,5"), XY, ("left out: 'e' (every cell is missing)",)
    ),
    "a sentinel": Case(
        column("x", [-999.0] * 3 + [10.5 + row for row in range(21)]),
        {},
        ("column 'x': -999 stands in 3 cells, far from all others (10.5 to 30.5)", "set 'dataset.na_values=[-999]'"),
    ),
}

LEFT_OUT = {
    "an unnamed first column": Case(
        lines(",x,y", "0,1,2", "1,2.5,3", "2,3,5"), XY, ("left out: '' (row labels)", "dataset.features")
    ),
    "Unnamed: 0": Case(lines("Unnamed: 0,x,y", "7,1,2", "3,2.5,3", "1,3,5"), XY, ("'Unnamed: 0' (row labels)",)),
    "a row number": Case(
        column("n", MANY, x=SQUARES[::-1]), {"x": SQUARES[::-1]}, ("'n' (numbers the rows, 0 to 23)",)
    ),
    "rows numbered in any order": Case(
        column("n", [24 - row for row in MANY], x=SQUARES[::-1]), {"x": SQUARES[::-1]}, ("numbers the rows, 1 to 24",)
    ),
    "a row number, asked for": Case(column("n", MANY, x=SQUARES[::-1]), {"n": list(MANY)}, options={"features": ["n"]}),
    "a row number that is all there is": Case(column("n", MANY), {"n": list(MANY)}, ("kept, as there is no other",)),
    "an identifier of numbers": Case(
        column("user_id", [1000 + 7 * row for row in MANY], x=SQUARES[::-1]), {"x": SQUARES[::-1]}, ("an identifier",)
    ),
    "an identifier of texts": Case(
        column("code", [f"k{row}" for row in MANY], x=SQUARES),
        {"x": SQUARES},
        ("'code' (an identifier or free text: 24",),
    ),
    "free text": Case(
        lines("t,x,y", "so it goes,1,2", "well well,2.5,3", "no,3,5"), XY, ("free text: 3 different texts in 3 rows",)
    ),
    "nothing but free text": Case(
        lines("t,y", "so it goes,2", "well well,3", "no,5"),
        None,
        ("no feature is left ('t' (an identifier or free text",),
    ),
    "free text, asked for": Case(
        lines("t,y", "so,2", "well,3", "no,5"), None, ("take it out of dataset.features",), options={"features": ["t"]}
    ),
    "years are no row numbers": Case(
        column("year", [1990 + row for row in MANY]), {"year": [1990 + row for row in MANY]}
    ),
    "all different is no identifier": Case(
        column("people", [row * row for row in MANY]), {"people": [row * row for row in MANY]}
    ),
}

STATES = [f"state {row % 51}" for row in range(400)]
CATEGORIES = {
    "true and false": Case(lines("b,y", "true,1", "FALSE,2", "True,3", ",5"), {"b": [1, 0, 1, NAN]}),
    "a level with one row": Case(lines("c,y", "u,1", "u,2", "u,3", "v,5"), {"c": ["u", "u", "u", "v"]}),
    "51 states": Case(
        pd.DataFrame({"s": STATES, "y": [float(row % 7) for row in range(400)]}).to_csv(index=False), {"s": STATES}
    ),
    "rare levels": Case(
        pd.DataFrame({"s": [*STATES, "a", "b", "a"], "y": [float(row % 7) for row in range(403)]}).to_csv(index=False),
        {"s": [*STATES, *["(rare)"] * 3]},
        ("2 rare levels of 's' are one level, '(rare)'",),
    ),
    "numbers among levels": Case(
        lines("c,y", "1,1", "u,2", "u,3", "v,5", "v,6", "v,6"), {"c": ["1", "u", "u", "v", "v", "v"]}
    ),
    "ages in brackets": Case(lines("c,y", "18-30,1", "51+,2", "18-30,3", "51+,5"), {"c": ["18-30", "51+"] * 2}),
}

DAY = [0.0, 1.0, 31.0]
DATES = {
    "ISO dates": Case(
        lines("d,y", "1970-01-01,1", "1970-01-02,2", "1970-02-01,4"),
        {"d (days)": DAY},
        ("dates are read as 'd (days)'",),
    ),
    "ISO times": Case(
        lines("d,y", "1970-01-01T06:00:00Z,1", "1970-01-02 12:00,2", "1970-01-01T02:00:00+02:00,4"),
        {"d (days)": [0.25, 1.5, 0]},
    ),
    "German dates": Case(lines("d;y", "01.01.1970;1", "2.1.1970;2", "01.02.1970;4"), {"d (days)": DAY}),
    "month first, as a cell shows": Case(
        lines("d,y", "1/1/1970,1", "1/31/1970,2", "2/1/70,4"), {"d (days)": [0, 30, 31]}
    ),
    "day first, as a cell shows": Case(lines("d,y", "1/1/1970,1", "31/1/1970,2", "2/1/70,4"), {"d (days)": [0, 30, 1]}),
    "either first": Case(
        lines("d,y", "1/1/1970,1", "2/1/1970,2", "3/1/1970,4"),
        None,
        ("may begin with the day or with the month", "dataset.day_first=true"),
    ),
    "either first, as said": Case(
        lines("d,y", "1/1/1970,1", "2/1/1970,2", "3/1/1970,4"), {"d (days)": [0, 1, 2]}, options={"day_first": True}
    ),
    "months by name": Case(lines("d,y", "1 Jan 1970,1", "2 January 1970,2", "1-feb-1970,4"), {"d (days)": DAY}),
    "months by name, first": Case(
        lines("d;y", "Jan 1, 1970;1", "January 2, 1970;2", "Feb. 1 1970;4"), {"d (days)": DAY}
    ),
    "times of a day": Case(lines("t,y", "06:00,1", "12:30:00,2", "6:00 PM,4"), {"t (hours)": [6, 12.5, 18]}),
    "parts": Case(
        lines("d,y", "1970-01-01,1", "1970-01-02,2", "1970-02-01,4"),
        {
            "d (days)": DAY,
            "d (year)": [1970] * 3,
            "d (month)": ["01", "01", "02"],
            "d (weekday)": ["4 Thursday", "5 Friday", "7 Sunday"],
        },
        options={"dates": "parts"},
    ),
    "left out": Case(
        lines("d,x,y", "1970-01-01,1,2", "1970-01-02,2.5,3", ",3,5"),
        XY,
        ("'d' (dates or times",),
        options={"dates": "leave_out"},
    ),
    "no such day": Case(
        lines("d,y", "1970-01-01,1", "1970-02-30,2", "1970-02-01,4"),
        None,
        ("wild.csv:3, column 'd': '1970-02-30' is not a date",),
    ),
    "dates in two forms": Case(
        lines("d,y", "1970-01-01,1", "1/2/1970,2", "1970-02-01,4"),
        None,
        ("column 'd': '1/2/1970' is not a date in the form",),
    ),
    "a date for a target": Case(
        lines("x,y", "1,1970-01-01", "2,1970-01-02", "3,1970-01-03"), None, ("the target is a date",)
    ),
}

TARGETS = {
    "two numbers": Case(
        lines("x,y", "1,0", "2,1", "3,1"), {"y": [0, 1, 1]}, ("the target has two values, 0 and 1", "logistic")
    ),
    "two texts": Case(
        lines("x,y", "1,no", "2,yes", "3,yes"),
        {"y": [0, 1, 1]},
        ("the target is 0 where it is 'no', and 1 where it is 'yes'", "logistic"),
    ),
    "true and false": Case(lines("x,y", "1,True", "2,False", "3,True"), {"y": [1, 0, 1]}, ("logistic",)),
    "classes": Case(lines("x,y", "1,u", "2,v", "3,w"), None, ("the target is text ('u', 'v', 'w')",)),
    "amounts": Case(lines("x;y", "1;€ 1.200,50", "2;€ 3,00", "3;€ 7,00"), {"y": [1200.5, 3, 7]}),
    "another case": Case(
        lines("x,Price", "1,2"), None, ("did you mean 'Price'?", "dataset.target=Price"), target="price"
    ),
    "quoted, as typed": Case(
        lines("x,Lot Area [=m²]", "1,2"), None, ("'dataset.target=\"Lot Area [=m²]\"'",), target="lot area [=m²]"
    ),
}

DICE = np.random.default_rng(0)
FREE = DICE.normal(size=(3, 40)).round(3)
SUBJECTS = np.repeat(range(10), 4)


def suspicious(**columns: Any) -> Case:
    """A table of 40 rows beside free features."""
    return Case(pd.DataFrame(columns).to_csv(index=False), {name: list(cells) for name, cells in columns.items()})


SUSPICIONS = {
    "a copy of the target": replace(
        suspicious(a=FREE[0], b=FREE[1], y=FREE[1]),
        says=("column 'b' puts the rows in the order of the target, without exception", "'dataset.leave_out=[b]'"),
    ),
    "a function of it": replace(
        suspicious(a=FREE[0], b=-np.exp(FREE[1]), y=FREE[1]), says=("column 'b' puts the rows",)
    ),
    "a sum": replace(suspicious(a=FREE[0], b=FREE[1], y=(FREE[0] - 2 * FREE[1]).round(6)), says=("target exactly",)),
    "a close relation is none": replace(
        suspicious(a=FREE[0], b=FREE[1], y=FREE[1] + FREE[2] / 10), silent=("exact", "exception", "far from")
    ),
    "subjects": replace(
        suspicious(who=SUBJECTS, age=FREE[0][SUBJECTS], size=FREE[1][SUBJECTS], y=FREE[2]),
        says=(
            "equal cells of 'who' always come with equal cells of 'age', 'size': its 10 values",
            "dataset.groups=who",
        ),
    ),
    "a class and what follows from it are no subjects": replace(
        suspicious(kind=SUBJECTS, weight=FREE[0][SUBJECTS], a=FREE[1], y=FREE[2]), silent=("equal cells",)
    ),
    "a long tail is no sentinel": replace(
        suspicious(a=np.exp(3 * FREE[0]).round(3), b=FREE[1], y=FREE[2]), silent=("far from",)
    ),
}

EPOCH = datetime.date(1970, 1, 1)
TYPED = {
    "Parquet": Case(arrow(**XY), XY, name="wild.parquet"),
    "Parquet that is not called so": Case(arrow(**XY), XY),
    "Feather": Case(
        parquet(lambda t: feather.write_feather(pa.table(XY), t)), XY, ("read as Feather",), name="wild.feather"
    ),
    "JSON lines": Case(
        "".join(json.dumps({"x": x, "y": y}) + "\n" for x, y in zip(XY["x"], XY["y"], strict=True)),
        XY,
        ("read as JSON",),
    ),
    "JSON": Case(pd.DataFrame(XY).to_json(orient="records"), XY, ("read as JSON",), name="wild.json"),
    "JSON by columns": Case(pd.DataFrame(XY).to_json(), XY, ("read as JSON",)),
    "JSON lists by column": Case(json.dumps(XY), XY, ("read as JSON",)),
    "JSON that is nested": Case(
        '{"x": 1, "n": {"a": 1}, "y": 2}\n{"x": 2.5, "n": {"a": 1}, "y": 3}\n{"x": 3, "y": 5}\n',
        XY,
        ("'n' (holds struct<",),
    ),
    "JSON that is broken": Case('{"x": 1, "y": 2}\n{"x": 1, "y"\n', None, ("not a readable JSON file (",)),
    "decimals": Case(
        arrow(x=[decimal.Decimal("1.5"), None, decimal.Decimal("3.25")], y=[1, 2, 4]), {"x": [1.5, NAN, 3.25]}
    ),
    "dates": Case(arrow(d=[EPOCH, None, EPOCH + datetime.timedelta(days=31)], y=[1, 2, 4]), {"d (days)": [0, NAN, 31]}),
    "timestamps": Case(
        arrow(d=pa.array([0, 21_600_000], pa.timestamp("ms")).take(pa.array([0, 1, 0])), y=[1, 2, 4]),
        {"d (days)": [0, 0.25, 0]},
    ),
    "booleans": Case(arrow(b=[True, None, False], y=[1, 2, 4]), {"b": [1, NAN, 0]}),
    "dictionaries": Case(
        arrow(c=pa.array(["u", "v", "u", None]).dictionary_encode(), y=[1, 2, 4, 5]), {"c": ["u", "v", "u", None]}
    ),
    "categories of numbers": Case(
        of_pandas(pd.DataFrame({"c": pd.Categorical([1, 2, 1, 2]), "y": [1, 2, 4, 5]})), {"c": ["1", "2", "1", "2"]}
    ),
    "ordered categories": Case(
        of_pandas(
            pd.DataFrame({"c": pd.Categorical(["lo", "hi", "lo", "hi"], ["lo", "hi"], ordered=True), "y": [1, 2, 4, 5]})
        ),
        {"c": ["lo", "hi", "lo", "hi"]},
    ),
    "lists": Case(arrow(x=XY["x"], n=[[1], [2], []], y=XY["y"]), XY, ("left out: 'n' (holds list<",)),
    "binary": Case(arrow(x=XY["x"], n=[b"1", b"2", b""], y=XY["y"]), XY, ("left out: 'n' (holds binary)",)),
    "an index of pandas": Case(
        of_pandas(pd.DataFrame(XY, index=pd.Index([7, 3, 1], name="id"))), XY, ("left out: 'id' (row labels)",)
    ),
    "an index of pandas, asked for": Case(
        of_pandas(pd.DataFrame(XY, index=pd.Index([7, 3, 1], name="when"))),
        {"when": [7, 3, 1]},
        options={"features": ["when"]},
    ),
    "texts of numbers": Case(arrow(x=["1", " 2.5", "3"], y=XY["y"]), XY),
}

FOREIGN = {
    "an HTML page": Case(
        "<!DOCTYPE html>\n<html><body>404</body></html>", None, ("is an HTML page", "download the file itself")
    ),
    "a Git LFS pointer": Case(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", None, ("is a Git LFS pointer", "git lfs pull")
    ),
    "ARFF": Case("% about\n@RELATION iris\n@ATTRIBUTE x NUMERIC\n", None, ("is an ARFF file",)),
    "SQLite": Case(sqlite(), None, ("is an SQLite database", "as CSV")),
    "PDF": Case("%PDF-1.7\n", None, ("is a PDF document",)),
    "XML": Case('<?xml version="1.0"?>\n<a/>', None, ("is XML",)),
    "a pickle": Case(b"\x80\x04\x95\x00", None, ("is a Python pickle",)),
    "NUL": Case(b"x,y\n1,2\n\0,3\n", None, ("wild.csv:3: not text: NUL at byte 9",)),
    "bytes": Case(bytes(range(1, 256)), None, ("not text",)),
    "nothing": Case("", None, ("0 rows, the file is empty",)),
    "a Parquet name": Case(PLAIN, None, ("not a readable Parquet file",), name="wild.parquet"),
}

CASES = {
    f"{kind}: {name}": case
    for kind, cases in {
        "container": CONTAINERS,
        "encoding": ENCODINGS,
        "dialect": DIALECTS,
        "number": NUMBERS,
        "missing": MISSING_CELLS,
        "left out": LEFT_OUT,
        "category": CATEGORIES,
        "date": DATES,
        "target": TARGETS,
        "suspicion": SUSPICIONS,
        "typed": TYPED,
        "foreign": FOREIGN,
    }.items()
    for name, case in cases.items()
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_read_with_a_remark_or_refused_in_one_line(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    path = tmp_path / case.name
    path.write_bytes(case.content.encode() if isinstance(case.content, str) else case.content)
    if case.reads is None:
        with pytest.raises(YaynayError) as caught:
            read_file(path, case.target, **case.options)
        said = str(caught.value)
        assert "\n" not in said
        assert said.count(";") >= 1, "what is wrong; what is allowed or what to do"
    else:
        table = read_file(path, case.target, **case.options)
        for label, cells in case.reads.items():
            np.testing.assert_array_equal(
                table.frame[label].to_numpy(), np.array(cells, dtype=table.frame[label].dtype), label
            )
        known = {*case.reads, case.target} if set(case.reads) - {case.target} else set(table.frame)
        assert set(table.frame) <= known or name.startswith(("dialect", "missing", "number")), table.frame.columns
        said = "\n".join((*table.notes, *table.remarks))
    for part in case.says:
        assert part in said
    for part in case.silent:
        assert part not in said


def test_every_rule_is_met(tmp_path: Path) -> None:
    met = set()
    for case in CASES.values():
        if case.reads is not None:
            path = tmp_path / case.name
            path.write_bytes(case.content.encode() if isinstance(case.content, str) else case.content)
            met |= {entry["rule"] for entry in read_file(path, case.target, **case.options).reading}
    assert met == set(rules.RULES) - {"mixed"}  # which only refuses


SCRAPS = [
    b",",
    b";",
    b'"',
    b"\n",
    b"\r",
    b"\0",
    b"1",
    b".",
    b"-",
    b"\t",
    b" ",
    b"\xff",
    b"#",
    b"%",
    b"$",
    b"e",
    b"{",
    b"[",
]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(CASES)),
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 12), st.sampled_from([b"", *SCRAPS])), min_size=1, max_size=4
    ),
)
def test_whatever_happens_to_a_file_it_is_read_or_refused_in_one_line(
    name: str, damages: list[tuple[int, int, bytes]]
) -> None:
    case = CASES[name]
    content = bytearray(case.content.encode() if isinstance(case.content, str) else case.content)
    for place, n_lost, scrap in damages:
        place = place % (len(content) + 1)
        content[place : place + n_lost] = scrap
    with TemporaryDirectory() as folder:
        path = Path(folder) / case.name
        path.write_bytes(bytes(content))
        try:
            assert read_file(path, case.target, **case.options).n_rows >= 3
        except YaynayError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either outcome is right
