"""Real sweeps: Hydra multirun, Lightning, and MLflow's SQLite store."""

import json
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from pipeline.conftest import checkout
from pipeline.project import QUICK, STORE, Run, call, runs
from safetensors.numpy import load

SWEEP = ["yaynay.train", "-m", "dataset=engel", "model.depth=0,1", "optimizer.lr=0.001,0.01", *QUICK]


@dataclass(frozen=True)
class Swept:
    """A project after SWEEP, and what the command printed."""

    project: Path
    printed: str


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, store: Path) -> Swept:
    project = checkout(tmp_path_factory.mktemp("swept") / "a project", store)
    return Swept(project, call(project, *SWEEP).stdout)


def test_a_sweep_leaves_one_parent_and_a_child_a_configuration_and_no_more_when_run_again(swept: Swept) -> None:
    found = runs(swept.project)
    assert sum(is_parent for *_, is_parent in found) == 1
    assert len(found) == 5
    assert {status for _, status, _ in found} == {"FINISHED"}
    assert "4 configurations trained: 96 fits" in swept.printed  # 5 folds x 4 inner folds, and 4 on the whole table
    second = call(swept.project, *SWEEP)
    assert runs(swept.project) == found
    assert "0 configurations trained, 4 had a record" in second.stdout


def test_deleting_the_store_and_syncing_brings_every_run_back(swept: Swept) -> None:
    found = runs(swept.project)
    shutil.copy(swept.project.parent / STORE, swept.project / "mlflow.db")
    call(swept.project, "yaynay", "sync")
    assert runs(swept.project) == found
    call(swept.project, "yaynay", "sync")
    assert runs(swept.project) == found


def test_children_carry_what_others_rely_on(swept: Swept) -> None:
    with sqlite3.connect(swept.project / "mlflow.db") as store:
        (line,) = store.execute(
            "select run_uuid from params where key = 'model.depth' and value = '0' limit 1"
        ).fetchone()
        one = "run_uuid = ?"
        params = dict(store.execute(f"select key, value from params where {one}", [line]).fetchall())  # noqa: S608 - fixed words
        tags = dict(store.execute(f"select key, value from tags where {one}", [line]).fetchall())  # noqa: S608 - fixed words
        metrics = {key for (key,) in store.execute(f"select key from metrics where {one}", [line])}  # noqa: S608 - fixed words
        parent = dict(
            store.execute("select key, value from tags where run_uuid = ?", [tags["mlflow.parentRunId"]]).fetchall()
        )
        inputs = store.execute("select count(*) from inputs where source_type = 'DATASET'").fetchone()[0]
    assert (params["dataset"], params["backend"], params["model.depth"]) == ("engel", "torch", "0")
    assert {"optimizer.lr", "optimizer.weight_decay", "trainer.batch_size", "plan.n_folds", "seed"} <= set(params)
    assert (tags["dataset"], tags["backend"]) == ("engel", "torch")
    assert {
        "train/rmse", "val/rmse", "test/rmse", "test/r2", "fit_seconds", "n_members", "n_parameters",
        "slope", "intercept", "cost", "train/loss", "val/loss",
    } <= metrics  # fmt: skip
    assert parent["verdict"] in {"yay", "nay", "undecided"}
    assert inputs == 5


def test_the_parent_s_model_predicts_and_holds_no_pickle(swept: Swept) -> None:
    (model, *_) = (swept.project / "mlartifacts").rglob("MLmodel")
    assert not [path for path in model.parent.rglob("*") if path.suffix in (".pkl", ".pickle", ".pt", ".joblib")]
    script = (
        "import mlflow, pandas as pd, sys;"
        f"m = mlflow.pyfunc.load_model({str(model.parent)!r});"
        "print(m.predict(pd.DataFrame({'income': [500.0, 1000.0]})).shape)"
    )
    assert "(2,)" in call(swept.project, "-c", script).stdout


def test_a_fused_job_equals_the_same_job_alone(swept: Swept, project: Path, run: Run) -> None:
    """Alone, it trains under Lightning in the command's own process; done again, it gives the same bits."""
    command = ["yaynay.train", "dataset=engel", "model.depth=1", "optimizer.lr=0.01", *QUICK]
    run(*command)
    (key,) = (path.name for path in (project / "records" / "runs").iterdir())
    alone = _predictions(project, key)
    np.testing.assert_allclose(
        load(alone)["predictions"], load(_predictions(swept.project, key))["predictions"], rtol=1e-4
    )
    shutil.rmtree(project / "records")
    run(*command)
    assert _predictions(project, key) == alone


def test_another_launcher_gives_the_same_runs(swept: Swept, project: Path, run: Run) -> None:
    run(*SWEEP, "hydra/launcher=joblib")
    keys = sorted(path.name for path in (swept.project / "records" / "runs").iterdir())
    assert sorted(path.name for path in (project / "records" / "runs").iterdir()) == keys
    for key in keys:
        expected = load(_predictions(swept.project, key))["predictions"]
        np.testing.assert_allclose(load(_predictions(project, key))["predictions"], expected, rtol=1e-4)
    assert [run[1:] for run in runs(project)] == [run[1:] for run in runs(swept.project)]


def test_a_run_that_diverges_is_failed_without_scores_and_the_others_go_on(project: Path, run: Run) -> None:
    done = run("yaynay.train", "-m", "dataset=engel", "model.depth=1", "optimizer.lr=0.01,1e25", *QUICK, code=1)
    assert "diverged" in done.stderr
    assert sorted(status for _, status, is_parent in runs(project) if not is_parent) == ["FAILED", "FINISHED"]
    with sqlite3.connect(project / "mlflow.db") as store:
        (diverged,) = store.execute("select run_uuid from tags where key = 'diverged'").fetchone()
        assert store.execute("select count(*) from metrics where run_uuid = ?", [diverged]).fetchone() == (0,)


def test_a_mistake_is_one_line_and_a_code_and_leaves_nothing(project: Path, run: Run) -> None:
    before = sorted(project.rglob("[!_]*"))
    done = run("yaynay.train", "dept=2", code=2)
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: option 'dept'")
    assert sorted(project.rglob("[!_]*")) == before


def test_a_csv_of_one_s_own_with_categories_and_missing_cells(project: Path, run: Run) -> None:
    rows = [f"{i % 7},{'ab'[i % 2]},{'' if i % 9 == 0 else i},{3 * (i % 7) + i % 2}" for i in range(60)]
    (project / "my prices.csv").write_text("size,kind,age,price\n" + "\n".join(rows) + "\n")
    own = ["dataset=csv", "dataset.path='my prices.csv'", "dataset.target=price"]
    refused = run("yaynay.train", *own, *QUICK, code=3)
    assert "age" in refused.stderr
    for missing in ("drop", "impute"):
        run("yaynay.train", *own, f"dataset.missing={missing}", *QUICK)
    names = [name for name, _, is_parent in runs(project) if is_parent]
    assert len(names) == 2
    assert all(name.startswith("my-prices: ") for name in names)


def test_a_table_of_three_rows_is_trained_and_says_what_it_cannot_show(project: Path, run: Run) -> None:
    done = run("yaynay.train", "dataset=pytorch_line", "model.depth=1", *QUICK)
    assert "3 rows cannot show" in done.stdout
    assert len(runs(project)) == 2


def _predictions(project: Path, key: str) -> bytes:
    content = json.loads((project / "records" / "runs" / key / "record.json").read_text())
    assert content["status"] == "finished"
    return (project / "records" / "runs" / key / "arrays.safetensors").read_bytes()
