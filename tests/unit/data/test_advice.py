"""What a refusal tells to do gets further: each is done, and the file is read."""

import ast
import gzip
import io
import re
import shlex
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yaynay.cli.own_table import parse_words
from yaynay.data.reading import read_file
from yaynay.errors import YaynayError

DATA = Path(__file__).parents[3] / "src" / "yaynay" / "data"
PLAIN = "x,y\n1,2\n2.5,3\n3,5\n"
TYPED = re.compile(r"'dataset\.\w+=[^']*'|dataset\.\w+=(?:\[[^\]]*\]|[\w-]+)")


@dataclass(frozen=True)
class Refusal:
    """A file that is refused, and what its owner does.

    Attributes:
        content: The file.
        says: Part of the refusal.
        advice: What it tells to do. Options in it are typed as they stand, one after the other.
        mended: The file, once the advice was followed; None where options do it.
        options: How it is read at first.
        with_options: What the advice names without a value.
        target, new_target: The column to predict.
        name, new_name: Of the file.
    """

    content: str | bytes
    says: str
    advice: str
    mended: str | bytes | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    with_options: Mapping[str, Any] = field(default_factory=dict)
    target: str = "y"
    new_target: str = ""
    name: str = "a.csv"
    new_name: str = ""


def excel(rows: list[list], **others: list[list]) -> bytes:
    target = io.BytesIO()
    with pd.ExcelWriter(target) as book:
        for name, cells in {"first": rows, **others}.items():
            pd.DataFrame(cells).to_excel(book, sheet_name=name, index=False, header=False)
    return target.getvalue()


def parquet(**columns: Any) -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.table(columns), target)
    return target.getvalue()


def zipped(**members: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return target.getvalue()


ROWS = [["x", "y"], [1, 2], [2.5, 3], [3, 5]]
DATES = "d,x,y\n1/1/1970,1,1\n2/1/1970,3,2\n3/1/1970,2,4\n"
TEXTS = "t,x,y\nso,1,2\nwell,2,3\nno,4,5\n"
FOREIGN = {
    "an HTML page": "<!doctype html><html></html>", "a Git LFS pointer": "version https://git-lfs.github.com",
    "an SQLite database": b"SQLite format 3\0", "a Stata file": "<stata_dta>", "XML": "<?xml version='1.0'?><a/>",
    "a MATLAB file": "MATLAB 5.0",
    "a SAS file": b"\0" * 12 + b"\xc2\xea\x81\x60", "an SPSS file": "$FL2@(#) SPSS",
    "a DuckDB database": b"\0" * 8 + b"DUCK", "an ARFF file": "@relation a\n", "a PDF document": "%PDF-1.7",
    "an Excel file of the old": b"\xd0\xcf\x11\xe0", "an HDF5 file": b"\x89HDF\r\n", "a NumPy array": b"\x93NUMPY",
    "a Python pickle": b"\x80\x05\x95", "a Python pickle, which could": "ccopy_reg\n_reconstructor\n",
    "an R data file": "RDX3\n", "an ORC or Avro file": "ORC", "an archive": b"7z\xbc\xaf", "a picture": b"\x89PNG",
    "a Stata file; ": b"\x72\x02\x01\0", "an OpenDocument file": zipped(mimetype="application", content_xml="<a/>"),
    "an Excel file of the binary": zipped(xl__workbook_bin="a"), "a document of Word": zipped(word__document_xml="a"),
    "a NumPy archive": zipped(x_npy="a", y_npy="a"),
}  # fmt: skip
ALLOWED = "CSV, Parquet, Feather, JSON and Excel are read; "

REFUSALS = [
    # columns and options
    Refusal(PLAIN, "no column 'Y'; columns: 'x', 'y'; did you mean 'y'?", "set dataset.target=y", target="Y"),
    Refusal(PLAIN, "no column 'q'", "choose one of them (dataset.target)", target="q", new_target="y"),
    Refusal(
        "a b,y\n1,2\n2,3\n3,5\n",
        "no column 'A b'; ",
        "name it in 'dataset.features=[\"a b\"]'",
        options={"features": ["A b"]},
    ),
    Refusal(
        "a,x,y\n1,1,2\n2,4,3\n3,2,5\n",
        "'x' has another role already",
        "name it once",
        options={"groups": "x", "features": ["x", "a"]},
        with_options={"features": ["a"]},
    ),
    Refusal(
        "y\n1\n",
        "1 column found, no separator in it; at least a target and a feature are needed",
        "set dataset.separator=",
        PLAIN,
    ),
    Refusal(
        PLAIN,
        "1 column found, separator ',' suspected",
        "set dataset.separator=..., one of comma, semicolon",
        options={"separator": "semicolon"},
        with_options={"separator": "comma"},
    ),
    Refusal(
        PLAIN,
        "option 'dataset.encoding': 'klingon' is unknown",
        "allowed: utf-8, utf-16, latin-1, cp1252",
        options={"encoding": "klingon"},
        with_options={"encoding": "utf-8"},
    ),
    Refusal(
        PLAIN,
        "a.csv has no sheets; allowed: for Excel files",
        "leave it out",
        options={"sheet": "a"},
        with_options={"sheet": None},
    ),
    Refusal(parquet(y=[1, 2, 4]), "no column beside the target", "add one", parquet(x=[3, 1, 2], y=[1, 2, 4])),
    Refusal(
        "a,a,y\n1,2,3\n2,1,4\n3,3,6\n",
        "columns 'a' and 'a' have the same name",
        "rename one",
        "a,b,y\n1,2,3\n2,1,4\n3,3,6\n",
    ),
    Refusal(
        "d,d (days),y\n1970-01-01,1,3\n1970-01-02,2,4\n1970-01-03,4,6\n",
        "two columns would be called 'd (days)'",
        "rename one",
        "d,e,y\n1970-01-01,1,3\n1970-01-02,2,4\n1970-01-03,4,6\n",
    ),
    Refusal(
        "c,c=v,y\nu,1,1\nv,2,2\nu,3,4\nv,1,5\n",
        "two features are called 'c=v'",
        "rename a column",
        "c,d,y\nu,1,1\nv,2,2\nu,3,4\nv,1,5\n",
    ),
    # rows
    Refusal("x,y\n1,2\n", "1 rows; at least 3 are needed", "add rows", PLAIN),
    Refusal("", "the file is empty; a header line and rows are needed", "add them", PLAIN),
    Refusal("x,y\n1,2\n2\n3,5\n", "a.csv:3: 1 fields where the header has 2", "add what is missing", PLAIN),
    Refusal(
        "x,y,\n" + "1,2,\n2,3,\n" * 300 + "3,4,5\n",
        "some have a cell after it",
        "give that column a name in the header",
        "x,y,z\n" + "1,2,\n2,3,\n" * 300 + "3,4,5\n",
    ),
    Refusal('x,y\n1,2\n"2,3\n3,5\n', "a.csv:3: unbalanced quote", "close it or take it out", PLAIN),
    Refusal(
        "x,z,y\n1,,1\n,2,2\n3,,4\n",
        "0 rows; at least 3 are needed; a cell is missing",
        "set dataset.missing=impute",
        options={"missing": "drop"},
    ),
    Refusal(
        "x,z,y\n1,3,\n2,5,\n3,7,1\n",
        "1 rows; at least 3 are needed; the target is missing",
        "choose another target",
        new_target="z",
    ),
    # cells
    Refusal(
        "x,y\n1,1\n,2\n3,4\n5,5\n",
        "1 missing cell (line 3)",
        "fill them in, or set dataset.missing=drop (for the rows) or",
        options={"missing": "refuse"},
    ),
    Refusal(
        "g,x,y\nu,3,1\n,1,2\nv,2,4\nv,1,5\n",
        "column 'g': 1 missing cell (line 3)",
        "fill them in, or set dataset.missing=drop (for",
        "g,x,y\nu,3,1\nu,1,2\nv,2,4\nv,1,5\n",
        options={"groups": "g"},
    ),
    Refusal(
        "x,y\n1,1\ninf,2\n3,4\n5,5\n",
        "1 infinite cell (line 3); numbers must be finite",
        "list their spelling in dataset.na_values",
        with_options={"na_values": ["inf"]},
    ),
    Refusal(
        "x;y\n1,234;1\n2,000;2\n9,001;4\n", "'1,234' may be 1234", "set dataset.decimal=point or dataset.decimal=comma"
    ),
    Refusal(
        DATES,
        "'1/1/1970' may begin with the day or with the month",
        "set dataset.day_first=true or dataset.day_first=false, or dataset.dates=leave_out",
    ),
    Refusal("x,y\n1,1\noops,2\n3,4\n5,5\n", "'oops' is not a plain number", "correct it;", PLAIN),
    Refusal(
        "x,y\n1,1\noops,2\n3,4\n5,5\n",
        "'oops' is not a plain number",
        "set 'dataset.na_values=[oops]'",
        with_options={"na_values": ["oops"]},
    ),
    Refusal(
        "x,y\n1,1\noops,2\n1,4\noops,5\n",
        "'oops' is not a plain number",
        "set 'dataset.categories=[x]'",
        with_options={"categories": ["x"]},
    ),
    Refusal(
        "x,y\n12 %,1\n7.5,2\n1 %,4\n",
        "some of the column's cells are percentages",
        "write all of them in one way",
        "x,y\n12,1\n7.5,2\n1,4\n",
    ),
    Refusal(
        "d,y\n1970-01-01,1\n1970-02-30,2\n1970-02-01,4\n",
        "'1970-02-30' is not a date",
        "correct it",
        "d,y\n1970-01-01,1\n1970-02-03,2\n1970-02-01,4\n",
    ),
    # features and target
    Refusal(
        PLAIN,
        "no column is left to predict from",
        "leave out fewer (dataset.leave_out), or add a column",
        options={"leave_out": ["x"]},
        with_options={"leave_out": []},
    ),
    Refusal("t,y\nso,2\nwell,3\nno,5\n", "no feature is left ('t' (an identifier", "add a column of numbers", TEXTS),
    Refusal(
        "id,y\n" + "".join(f"{7 * n + 50},{n % 5}\n" for n in range(25)),
        "no feature is left ('id' (an identifier, different",
        "to use one, list all features in dataset.features",
        with_options={"features": ["id"]},
    ),
    Refusal(
        TEXTS,
        "an identifier or free text: 3 different texts",
        "take it out of dataset.features",
        options={"features": ["t", "x"]},
        with_options={"features": ["x"]},
    ),
    Refusal(
        "c,x,y\nu,1,u\nu,2,v\nv,4,w\nv,1,u\n",
        "the target is text ('u', 'v', 'w')",
        "choose another target",
        new_target="x",
    ),
    Refusal(
        "x,d,y\n1,1970-01-01,1\n2,1970-01-02,2\n4,1970-01-03,3\n",
        "the target is a date",
        "choose another target, or",
        target="d",
        new_target="y",
    ),
    Refusal(
        parquet(x=[3, 1, 2], y=[[1], [2], [4]]),
        "column 'y': holds list<",
        "convert it or choose another column",
        parquet(x=[3, 1, 2], y=[1, 2, 4]),
    ),
    Refusal("x,z,y\n1,2,5\n2,3,5\n3,1,5\n", "the target is constant", "choose another target", new_target="z"),
    Refusal(
        "x,z,y\n1,2,1e200\n2,3,5\n3,1,5\n",
        "the target reaches 1.0e+200",
        "give it in another unit",
        "x,z,y\n1,2,1e20\n2,3,5\n3,1,5\n",
    ),
    Refusal(
        "x,z,y\n1,,1\n3,,2\n2,,4\n",
        "column 'z': every cell is missing",
        "leave it out",
        options={"features": ["x", "z"]},
        with_options={"features": ["x"]},
    ),
    # what kind of file it is
    Refusal(b"x,y\n1,2\n\0,3\n", "a.csv:3: not text: NUL", ALLOWED + "save it again as one of them", PLAIN),
    Refusal(
        gzip.compress(PLAIN.encode())[:-12],
        "not a readable gzip file",
        "compress it again",
        gzip.compress(PLAIN.encode()),
    ),
    Refusal(
        zipped(a_csv=PLAIN, b_csv=PLAIN),
        "a ZIP archive of 2 files",
        "unpack it, and give one of them",
        PLAIN,
        name="a.zip",
        new_name="a.csv",
    ),
    Refusal(PLAIN, "does not begin with PAR1", "write it again", parquet(x=[3, 1, 2], y=[1, 2, 4]), name="a.parquet"),
    Refusal(
        parquet(x=[3, 1, 2], y=[1, 2, 4])[:-9],
        "not a readable Parquet file (",
        "write it again",
        parquet(x=[3, 1, 2], y=[1, 2, 4]),
    ),
    Refusal(
        '{"x": 1, "y": 2}\n{"x"\n', "not a readable JSON file (", "write it again", '{"x": [1, 2, 3], "y": [1, 2, 4]}'
    ),
    Refusal(
        excel([["x"], [1]], second=ROWS),
        "no table in the sheet",
        "choose another (dataset.sheet)",
        name="a.xlsx",
        with_options={"sheet": "second"},
    ),
    Refusal(
        excel(ROWS),
        "no sheet 'second'; sheets: 'first'",
        "use one of them, as dataset.sheet=first",
        name="a.xlsx",
        options={"sheet": "second"},
    ),
    Refusal(
        excel(ROWS).replace(b"xl/worksheets/", b"xl/worksheetz/"),
        "not a readable Excel file (",
        "write it again",
        excel(ROWS),
        name="a.xlsx",
    ),
    *(Refusal(content, f"is {what}", ALLOWED, PLAIN) for what, content in FOREIGN.items()),
]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(refusal: Refusal, folder: Path) -> str:
    path = write(folder, refusal.name, refusal.content)
    with pytest.raises(YaynayError) as caught:
        read_file(path, refusal.target, **refusal.options)
    return str(caught.value)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal.says[:30]} - {refusal.advice[:30]}")
def test_what_a_refusal_tells_to_do_gets_further(tmp_path: Path, refusal: Refusal) -> None:
    said = refused(refusal, tmp_path)
    assert refusal.says in said
    assert refusal.advice in said
    mended = refusal.content if refusal.mended is None else refusal.mended
    path = write(tmp_path, refusal.new_name or refusal.name, mended)
    typed = [
        parse_words(shlex.split(found)) for found in TYPED.findall(refusal.advice if refusal.mended is None else "")
    ]
    for options in typed or [{}]:
        target = options.pop("target", refusal.new_target or refusal.target)
        tried = {"path": path, "target": target, **refusal.options, **options, **refusal.with_options}
        assert read_file(**tried).n_rows >= 3


OF_CODE = (
    "infinite cells; numbers",
    "the target is text; it must",
    "missing cells; none is allowed in the target",
    "give one for each of",
    "allowed: numbers, or text as a category",
    "model: ",
    "with yaynay.generate",
    "content does not match",
    "not a readable table",
)
"""Parts of refusals that no file of one's own gives: tables made in code, kept tables and models."""
RARE = (
    "holds more than",
    "not a readable CSV file",
    "cannot be read (",
    "cannot be reached",
    "is unknown; allowed: 7",
    "{context.locate(0)}",
)
"""More than 4 GiB, what Arrow alone refuses, and what the system does."""
ELSEWHERE = (
    *("arrays", "frames", "listing", "locations", "sources", "plan", "prepare", "table", "table_files", "columns"),
    *("descriptions", "raw", "times"),
)
"""Modules whose refusals other tests meet."""


def test_every_refusal_of_a_file_is_met(tmp_path: Path) -> None:
    met = [refused(refusal, tmp_path) for refusal in REFUSALS]
    unmet = []
    for path in sorted(DATA.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_refusal = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("DataError", "OptionError")
            if path.stem in ELSEWHERE or not is_refusal:
                continue
            parts = node.args[0].values if isinstance(node.args[0], ast.JoinedStr) else [node.args[0]]  # type: ignore[attr-defined]
            pattern = "".join(re.escape(part.value) if isinstance(part, ast.Constant) else ".*" for part in parts)
            text = "".join(part.value if isinstance(part, ast.Constant) else "7" for part in parts)
            if not any(re.fullmatch(pattern, said, re.DOTALL) for said in met) and not any(
                part in text for part in (*OF_CODE, *RARE)
            ):
                unmet.append(f"{path.name}:{node.lineno}: {text}")
    assert not unmet


def test_infinite_numbers_in_memory_can_be_called_missing_too() -> None:
    from yaynay.data.reading import read_frame

    table = read_frame(pd.DataFrame({"x": [1, np.inf, 3, 4], "y": [1, 2, 4, 5]}), "y", na_values=["inf"])
    assert np.isnan(table.x[1, 0])
