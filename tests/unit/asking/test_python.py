"""`yaynay.ask` from Python: an answer for any data, and nothing left behind unless asked for."""

import html
import logging
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import polars as pl
import pytest

import yaynay
from yaynay.asking import folder
from yaynay.errors import DataError, MachineError, OptionError, YaynayError
from yaynay.tracking import new_store

STORE = "mlflow.tracking._tracking_service.utils._tracking_uri"
"""Where MLflow keeps the store that it was told of."""
RNG = np.random.default_rng(7)
AREA = RNG.uniform(20, 200, 60)
HOUSES = pd.DataFrame(
    {"area": AREA.round(1), "town": RNG.choice(["Oslo", "Bergen"], 60), "price": 3 * AREA + RNG.normal(0, 20, 60)}
)


@pytest.fixture(scope="module")
def answer() -> yaynay.Answer:
    return yaynay.ask(HOUSES, target="price", track=False)


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder in which nothing may be left."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(STORE, None)
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


@dataclass(frozen=True)
class Tracked:
    """An answer that was tracked while its user was tracking a run, and what the user had before and after."""

    folder: Path
    answer: yaynay.Answer
    run_id: str
    before: tuple[Any, ...]
    after: tuple[Any, ...]


def of_the_user() -> tuple[Any, ...]:
    active, names = mlflow.active_run(), [name for name in os.environ if name.startswith("MLFLOW_")]
    uris = mlflow.is_tracking_uri_set(), mlflow.get_tracking_uri()
    level = logging.getLogger("mlflow").level
    return active and active.info.run_id, uris, {name: os.environ[name] for name in names}, level


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Tracked:
    root = tmp_path_factory.mktemp("tracked")
    environment, level = dict(os.environ), logging.getLogger("mlflow").level
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setenv("MLFLOW_RUN_ID", "")
        patch.setattr(STORE, None)
        patch.setattr("mlflow.tracking.fluent._active_experiment_id", None)
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        new_store.build(root / "mlflow.db")
        mlflow.set_experiment("mine")
        with mlflow.start_run() as run:
            before = of_the_user()
            answer = yaynay.ask(HOUSES.head(30), target="price", track=True, out="kept")
            after = of_the_user()
    logging.getLogger("mlflow").setLevel(level)
    os.environ.clear()
    os.environ.update(environment)
    return Tracked(root, answer, run.info.run_id, before, after)


def test_tracking_writes_to_its_folder_alone(tracked: Tracked) -> None:
    assert {path.name for path in tracked.folder.iterdir()} - {"mlflow.db", "mlruns"} == {"kept"}
    kept = tracked.folder / "kept"
    assert {"records", "mlflow.db", "tables", ".gitignore"} <= {path.name for path in kept.iterdir()}
    page = (kept / "tables" / "frame" / "index.html").read_text(encoding="utf-8")
    assert tracked.answer.sentence in html.unescape(page)


def test_tracking_leaves_the_users_own_run_and_settings(tracked: Tracked) -> None:
    assert tracked.after == tracked.before
    assert tracked.before[0] == tracked.run_id


def test_the_model_is_on_the_sweeps_run_although_another_run_is_active(tracked: Tracked) -> None:
    client = mlflow.MlflowClient(f"sqlite:///{tracked.folder}/kept/mlflow.db")
    (experiment,) = [found for found in client.search_experiments() if found.name != "Default"]
    (run,) = client.search_runs([experiment.experiment_id], "tags.`yaynay.run` = 'parent'")
    (model,) = client.search_logged_models([experiment.experiment_id])
    assert (model.source_run_id, model.status) == (run.info.run_id, "READY")
    assert run.outputs.model_outputs[0].model_id == model.model_id


def test_where_tracking_fails_the_answer_comes_with_a_warning(
    tracked: Tracked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tracked.folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ann:secret@127.0.0.1:9")
    with pytest.warns(UserWarning, match="no answer") as caught:
        answer = yaynay.ask(HOUSES.head(30), target="price", out="kept", table="records")
    (said,) = [str(one.message) for one in caught if one.category is UserWarning]
    assert "secret" not in said
    assert "\n" not in said
    assert answer.sentence == tracked.answer.sentence
    assert Path("kept/tables/records/index.html").is_file()
    assert Path("kept/records/runs").is_dir()  # though the table is called so


def test_what_no_question_wrote_is_not_replaced(empty: Path) -> None:
    (empty / "out" / "tables" / "frame").mkdir(parents=True)
    own = empty / "out" / "tables" / "frame" / "thesis.txt"
    own.touch()
    with pytest.raises(OptionError, match=r"option 'out': .*frame is there"):
        yaynay.ask(HOUSES, target="price", track=True, out="out")
    assert own.exists()
    assert not (empty / "out" / ".gitignore").exists()


def test_a_folder_that_cannot_be_written_is_named(answer: yaynay.Answer, empty: Path) -> None:
    (empty / "file.py").touch()
    for out in ("file.py", "file.py/below"):
        with pytest.raises(OptionError, match=r"option 'out': file.py.* cannot be written \("):
            yaynay.ask(HOUSES, target="price", track=True, out=out)
    with pytest.raises(OptionError, match=r"option 'path': .*below cannot be written \("):
        answer.save("file.py/below")


def test_a_folder_that_is_in_use_stays_whole(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = empty / "new" / "frame", empty / "frame"
    for path in (new, old):
        path.mkdir(parents=True)
        (path / path.parent.name).touch()
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self == new:
            raise PermissionError(13, "Access is denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(MachineError, match=r"cannot be replaced \(Access is denied\)"):
        folder._exchange(new, old)
    assert [path.name for path in old.iterdir()] == [empty.name]


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
