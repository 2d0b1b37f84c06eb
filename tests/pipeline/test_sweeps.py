"""Real sweeps: Hydra multirun, Lightning, and MLflow's SQLite store."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pipeline.project import QUICK, Run, clean_environment, runs
from safetensors.numpy import load

SWEEP = ["yaynay.train", "-m", "dataset=engel", "model.depth=0,1", "optimizer.lr=0.001,0.01", *QUICK]


def test_a_sweep_leaves_one_parent_and_a_child_a_configuration_and_no_more_when_run_again(
    project: Path, run: Run
) -> None:
    first = run(*SWEEP)
    found = runs(project)
    assert sum(is_parent for *_, is_parent in found) == 1
    assert len(found) == 5
    assert {status for _, status, _ in found} == {"FINISHED"}
    assert "4 configurations trained: 96 fits" in first.stdout  # 5 folds x 4 inner folds, and 4 on the whole table
    second = run(*SWEEP)
    assert runs(project) == found
    assert "0 configurations trained, 4 had a record" in second.stdout


def test_deleting_the_store_and_syncing_brings_every_run_back(project: Path, run: Run) -> None:
    run(*SWEEP)
    found = runs(project)
    (project / "mlflow.db").unlink()
    run("yaynay", "sync")
    assert runs(project) == found
    run("yaynay", "sync")
    assert runs(project) == found


def test_children_carry_what_others_rely_on(project: Path, run: Run) -> None:
    run("yaynay.train", "dataset=engel", "model.depth=0", *QUICK)
    with sqlite3.connect(project / "mlflow.db") as store:
        child = "run_uuid in (select run_uuid from tags where key = 'mlflow.parentRunId')"
        params = dict(store.execute(f"select key, value from params where {child}").fetchall())  # noqa: S608 - fixed words
        tags = dict(store.execute(f"select key, value from tags where {child}").fetchall())  # noqa: S608 - fixed words
        metrics = {key for (key,) in store.execute(f"select key from metrics where {child}")}  # noqa: S608 - fixed words
        parent = dict(store.execute(f"select key, value from tags where not {child}").fetchall())  # noqa: S608 - fixed words
        inputs = store.execute("select count(*) from inputs where source_type = 'DATASET'").fetchone()[0]
    assert (params["dataset"], params["backend"], params["model.depth"]) == ("engel", "torch", "0")
    assert {"optimizer.lr", "optimizer.weight_decay", "trainer.batch_size", "plan.n_folds", "seed"} <= set(params)
    assert (tags["dataset"], tags["backend"]) == ("engel", "torch")
    assert {
        "train/rmse", "val/rmse", "test/rmse", "test/r2", "fit_seconds", "n_members", "n_parameters",
        "slope", "intercept", "cost", "train/loss", "val/loss",
    } <= metrics  # fmt: skip
    assert parent["verdict"] in {"yay", "nay", "undecided"}
    assert inputs == 2


def test_the_parent_s_model_predicts_and_holds_no_pickle(project: Path, run: Run) -> None:
    run("yaynay.train", "dataset=engel", "model.depth=1", *QUICK)
    (model,) = (project / "mlartifacts").rglob("MLmodel")
    assert not [path for path in model.parent.rglob("*") if path.suffix in (".pkl", ".pickle", ".pt", ".joblib")]
    script = (
        "import mlflow, pandas as pd, sys;"
        f"m = mlflow.pyfunc.load_model({str(model.parent)!r});"
        "print(m.predict(pd.DataFrame({'income': [500.0, 1000.0]})).shape)"
    )
    assert "(2,)" in run("-c", script).stdout


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_a_fused_job_equals_the_same_job_alone(project: Path, run: Run, launcher: str) -> None:
    run(*SWEEP)
    keys = sorted(path.name for path in (project / "records" / "runs").iterdir())
    fused = {key: load(_predictions(project, key))["predictions"] for key in keys}
    subprocess.run(["rm", "-rf", str(project / "records"), str(project / "mlflow.db")], check=True)
    run(*SWEEP, f"hydra/launcher={launcher}")
    assert sorted(path.name for path in (project / "records" / "runs").iterdir()) == keys
    for key in keys:
        np.testing.assert_allclose(load(_predictions(project, key))["predictions"], fused[key], rtol=1e-4)
    assert len(runs(project)) == 5


def test_the_same_seed_gives_the_same_bits(project: Path, run: Run) -> None:
    command = ["yaynay.train", "dataset=engel", "model.depth=2", *QUICK]
    run(*command)
    (key,) = (path.name for path in (project / "records" / "runs").iterdir())
    first = _predictions(project, key)
    subprocess.run(["rm", "-rf", str(project / "records")], check=True)
    run(*command)
    assert _predictions(project, key) == first


def test_two_sweeps_started_at_once_do_not_collide(project: Path) -> None:
    commands = [["yaynay.train", "-m", f"dataset={name}", "model.depth=0,1", *QUICK] for name in ("engel", "iris")]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=project,
            env=clean_environment(project),
            stderr=subprocess.PIPE,
            text=True,
        )
        for words in commands
    ]
    for process in started:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    found = runs(project)
    assert len(found) == 6
    assert sum(is_parent for *_, is_parent in found) == 2
    assert len(list((project / "multirun").iterdir())) == 2


def test_a_run_that_diverges_is_failed_without_scores_and_the_others_go_on(project: Path, run: Run) -> None:
    done = run("yaynay.train", "-m", "dataset=engel", "model.depth=1", "optimizer.lr=0.01,1e25", *QUICK, code=1)
    assert "diverged" in done.stderr
    assert sorted(status for _, status, is_parent in runs(project) if not is_parent) == ["FAILED", "FINISHED"]
    with sqlite3.connect(project / "mlflow.db") as store:
        (diverged,) = store.execute("select run_uuid from tags where key = 'diverged'").fetchone()
        assert store.execute("select count(*) from metrics where run_uuid = ?", [diverged]).fetchone() == (0,)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["model.depth=-1"], 2, "option 'model.depth': -1"),
        (["dept=2"], 2, "dept"),
        (["dataset=engle"], 2, "engel"),
        (["trainer.accelerator=gpu"], 4, "GPU"),
        (["dataset=csv", "dataset.path=none.csv", "dataset.target=y"], 3, "none.csv"),
    ],
)
def test_a_mistake_is_one_line_and_a_code(run: Run, project: Path, words: list[str], code: int, message: str) -> None:
    if "gpu" in words[0]:
        import torch

        if torch.cuda.is_available():
            pytest.skip("this machine has a GPU")
    done = run("yaynay.train", *words, code=code)
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert message in lines[0]
    assert not (project / "mlflow.db").exists()


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
