"""`yaynay.ask` from Python: an answer for any data, and nothing left behind unless asked for."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import yaynay
from yaynay.errors import DataError, OptionError, YaynayError

RNG = np.random.default_rng(7)
AREA = RNG.uniform(20, 200, 60)
HOUSES = pd.DataFrame(
    {"area": AREA.round(1), "town": RNG.choice(["Oslo", "Bergen"], 60), "price": 3 * AREA + RNG.normal(0, 20, 60)}
)


@pytest.fixture(scope="module")
def answer() -> yaynay.Answer:
    return yaynay.ask(HOUSES, target="price")


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder in which nothing may be left."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def test_a_straight_line_is_a_nay_and_leaves_nothing(answer: yaynay.Answer, empty: Path) -> None:
    curved = yaynay.ask(HOUSES.assign(price=(HOUSES["area"] - 110) ** 2 / 50), target="price")
    assert answer.outcome == "nay"
    assert curved.outcome == "yay"
    assert list(empty.iterdir()) == []


def test_it_predicts_by_what_it_advises(answer: yaynay.Answer) -> None:
    rows = HOUSES.drop(columns="price").head(5)
    line = answer.predict(rows, "line")
    np.testing.assert_array_equal(answer.predict(rows), line)
    np.testing.assert_allclose(line, answer.conclusion.line_fit.predict(answer.conclusion.table.x[:5]), rtol=1e-12)
    assert np.abs(answer.predict(rows, "network") - line).max() < 60
    assert np.abs(answer.predict(rows, "ridge") - line).max() < 20
    with pytest.raises(DataError, match="area"):
        answer.predict(rows[["town"]])
    with pytest.raises(OptionError, match="allowed: line, ridge, network"):
        answer.predict(rows, "trees")  # type: ignore[arg-type]


def test_it_reads_well(answer: yaynay.Answer) -> None:
    lines = repr(answer).splitlines()
    assert "nay" in lines[0]
    assert len(lines) <= 15
    assert max(map(len, lines)) <= 90
    assert answer.sentence in answer._repr_html_().replace("&#39;", "'")
    frame = answer.to_frame()
    assert list(frame.index) == ["line", "ridge", "network"]
    assert frame.loc["network", "gain"] == pytest.approx(answer.conclusion.verdict.gain)
    assert answer.to_dict()["outcome"] == "nay"


def test_it_is_saved_as_a_model_that_mlflow_loads(answer: yaynay.Answer, tmp_path: Path) -> None:
    import mlflow

    path = answer.save(tmp_path / "new" / "model")
    rows = HOUSES.drop(columns="price")
    np.testing.assert_array_equal(mlflow.pyfunc.load_model(str(path)).predict(rows), answer.predict(rows))
    with pytest.raises(OptionError, match="is there already"):
        answer.save(path)


def test_arrays_have_one_answer_with_the_frame_of_the_same_numbers() -> None:
    x = np.column_stack([AREA, AREA**2])
    answer = yaynay.ask(x, HOUSES["price"].to_numpy())
    named = yaynay.ask(pd.DataFrame({"x0": x[:, 0], "x1": x[:, 1], "y": HOUSES["price"]}), target="y")
    assert answer.sentence == named.sentence
    np.testing.assert_array_equal(answer.predict(x), named.predict(pd.DataFrame(x, columns=["x0", "x1"])))
    with pytest.raises(OptionError, match=r"\(n_rows, 2\)"):
        answer.predict(x[:, :1])


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((HOUSES,), {}, "option 'target': none given"),
        ((HOUSES,), {"target": "Price"}, "price"),
        ((HOUSES,), {"target": "price", "missing": "maybe"}, "missing"),
        ((HOUSES,), {"target": "price", "nonsense": 1}, "nonsense"),
        ((np.ones((3, 2)), np.ones(4)), {}, "4"),
        ((np.ones((3, 2)), np.ones(3)), {"target": "y"}, "option 'y': given beside target; allowed: target alone"),
        ((np.ones((3, 2)), np.ones(3)), {"missing": "drop"}, "option 'missing': given beside y"),
        ((HOUSES, "price"), {}, "did you mean target='price'?"),
        ((HOUSES,), {"target": "price", "most_rows": 19}, "option 'most_rows': 19 is not allowed; allowed: a whole"),
        ((HOUSES,), {"target": "price", "most_rows": 1e4}, "option 'most_rows': 10000.0 is not allowed"),
        ((HOUSES,), {"target": "price", "most_rows": True}, "option 'most_rows': True is not allowed"),
        ((HOUSES,), {"target": "price", "track": "no"}, "option 'track': 'no' is not allowed"),
        ((HOUSES,), {"target": "price", "leave_out": ["town"]}, "day_first, decimal, table; did you mean drop?"),
        ((HOUSES,), {"target": "price", "exclude": ["town"]}, "option 'exclude': unknown; allowed: target, track"),
        ((HOUSES,), {"target": "price", "name": "x"}, "option 'name': unknown"),
        ((HOUSES,), {"target": "price", "sep": ","}, "leave it out"),
        (("nowhere.csv",), {"target": "price", "sep": ","}, "did you mean separator?"),
        ((HOUSES,), {"target": "price", "drop": ["area", "town"]}, "no column is left to predict from"),
        ((HOUSES,), {"target": ("k", "price")}, "flatten the names"),
        ((HOUSES.assign(price=1j),), {"target": "price"}, "holds complex numbers"),
        ((HOUSES.to_numpy(),), {"target": "price"}, "ndarray is none"),
        ((HOUSES["area"],), {"target": "price"}, "use its to_frame()"),
        (("nowhere.csv",), {"target": "price"}, "nowhere.csv: no such file"),
    ],
)
def test_a_mistake_is_one_sentence_in_pythons_words(arguments: tuple, options: dict, said: str) -> None:
    with pytest.raises((OptionError, DataError)) as caught:
        yaynay.ask(*arguments, **options)
    assert said in str(caught.value)
    assert "dataset." not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_frame_of_features_keeps_its_names() -> None:
    x, y = HOUSES[["town", "area"]].tail(30), HOUSES["price"].tail(30)
    answer = yaynay.ask(x, y)
    table = answer.conclusion.table
    assert (table.features, table.target) == (("town=Oslo", "area"), "price")
    predicted = answer.predict(x)
    np.testing.assert_array_equal(answer.predict(x[["area", "town"]]), predicted)
    np.testing.assert_array_equal(answer.predict(pl.DataFrame(x.to_dict("list"))), predicted)
    assert answer.conclusion.finished[0].configuration["dataset"]["target"] == "price"


def test_options_are_stored_as_they_are_read() -> None:
    frame = HOUSES.head(20).assign(id=range(20))
    answer = yaynay.ask(frame, target="price", features=HOUSES.columns[:2], na_values=np.array([-9]))
    stored = answer.conclusion.finished[0].configuration["dataset"]
    assert (stored["features"], stored["na_values"]) == (["area", "town"], [-9])


def test_a_small_table_has_numbers_or_nan_and_says_where_its_errors_are_from() -> None:
    answer = yaynay.ask(HOUSES.head(12).assign(town=["?", "Oslo", "Bergen"] * 4), target="price")
    frame = answer.to_frame()
    assert {str(kind) for kind in frame.drop(columns="what").dtypes} <= {"float64", "int64"}
    assert frame["gain"].isna().all()
    assert "on the rows that it was fitted to" in repr(answer)
    assert "on the rows that it was fitted to" in answer._repr_html_()
    table = answer.to_dict()["table"]
    said = [*table["notes"], *table["remarks"], *(column["note"] or "" for column in table["columns"])]
    assert "dataset." not in " ".join(said)
    assert "list what is a level of a category in na_levels" in " ".join(said)


@pytest.mark.parametrize("model", ["", ["ridge"], 3])
def test_a_model_that_is_none_is_refused(answer: yaynay.Answer, model: Any) -> None:
    with pytest.raises(OptionError, match=r"no .* was trained; allowed: line, ridge, network"):
        answer.predict(HOUSES, model)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"area": [1], "town": ["Oslo"]}, "dict is none"),
        ([{"area": 1, "town": "Oslo"}], "use pandas.DataFrame(...) of it"),
        (HOUSES.iloc[0], "frame.iloc[[number]] for a row"),
        (HOUSES.assign(area=1j), "complex"),
        (HOUSES.assign(area=np.array([np.complex64(1j)] * 60, dtype=object)), "complex"),
        ([[1, 2], [3]], "list cannot be read as an array"),
        ("rows.csv", "str is none"),
    ],
)
def test_rows_that_are_none_are_refused_in_a_sentence(answer: yaynay.Answer, rows: Any, said: str) -> None:
    with pytest.raises(YaynayError, match=re.escape(said)) as caught:
        answer.predict(rows)
    assert "\n" not in str(caught.value)
    assert "x and y" not in str(caught.value)


def test_a_warning_points_at_the_line_that_asked(answer: yaynay.Answer) -> None:
    rows = HOUSES.assign(area=[np.nan, *HOUSES["area"][1:]])
    with pytest.warns(UserWarning, match="1 missing cell, where the table had none; it is taken") as caught:
        answer.predict(rows)
    assert caught[0].filename == __file__


def test_its_errors_are_offered() -> None:
    assert issubclass(yaynay.OptionError, yaynay.YaynayError)
    assert {"DataError", "MachineError", "OptionError", "YaynayError"} <= set(yaynay.__all__)


def test_tracking_writes_to_its_folder_alone(empty: Path) -> None:
    few = HOUSES.head(30)
    answer = yaynay.ask(few, target="price", track=True, out="kept")
    assert [path.name for path in empty.iterdir()] == ["kept"]
    assert {"records", "mlflow.db", "frame", ".gitignore"} <= {path.name for path in (empty / "kept").iterdir()}
    assert (empty / "kept" / "frame" / "index.html").read_text().count(answer.outcome) >= 1


def test_a_script_needs_no_main_guard(empty: Path) -> None:
    script = empty / "script.py"
    script.write_text(
        "import numpy as np, yaynay\n"
        "x = np.linspace(0, 1, 40)\n"
        "print(yaynay.ask(x[:, None], x + np.sin(40 * x) / 9).outcome)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, env=os.environ)
    assert done.stderr == ""
    assert done.stdout.strip() in ("nay", "undecided", "yay")
    assert done.stdout.count("\n") == 1


def test_importing_yaynay_imports_nothing_heavy() -> None:
    code = "import sys, yaynay; print(sorted({'numpy', 'pandas', 'torch', 'mlflow', 'hydra'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_shows_the_function() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import yaynay; help(yaynay)"], capture_output=True, text=True, check=True
    )
    assert "ask(data: Any" in done.stdout
    assert "class Answer" in done.stdout
