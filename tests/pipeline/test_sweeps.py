"""Real sweeps: Hydra multirun, Lightning, and MLflow's SQLite store."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from pipeline.conftest import checkout
from pipeline.project import LINES, QUICK, STORE, Ended, Run, call, call_each, column, logged, runs, trained
from safetensors.numpy import load

SWEEP = ["yaynay.train", "-m", "dataset=engel", "model.depth=0,1", "optimizer.lr=0.001,0.01", *QUICK]
HERE = "hydra.launcher.n_jobs=1"
"""Trains in the sweep's own process."""
OWN = ["yaynay.train", "dataset=csv", "dataset.path='my prices.csv'", "dataset.target=price", *QUICK]
COMMANDS = {
    "alone": [["yaynay.train", "dataset=engel", "model.depth=1", "optimizer.lr=0.01", *QUICK]],
    "alone again": [["yaynay.train", "dataset=engel", "model.depth=1", "optimizer.lr=0.01", *QUICK]],
    "joblib": [[*SWEEP, "hydra/launcher=joblib", HERE]],
    "diverged": [["yaynay.train", "-m", "dataset=engel", "model.depth=1", "optimizer.lr=0.01,1e25", *QUICK, HERE]],
    "csv": [[*OWN, "dataset.missing=refuse"], [*OWN, "dataset.missing=drop"], OWN],
    "worked": [
        ["yaynay.train", "experiment=pytorch_line"],
        ["yaynay.train", "experiment=pytorch_line", "published.prediction.value=9"],
        [
            "yaynay.train",
            "-m",
            "experiment=pytorch_line,scatter_10",
            "backend=torch,pytensor",
            "results=results/w",
            HERE,
        ],
        ["yaynay.train", "experiment=pytorch_line", "published.prediction.value=9", "results=results/w"],
        ["yaynay.train", "experiment=pytorch_line", "optimizer.lr=1e25", "results=results/w"],
        ["yaynay.train", "experiment=pytorch_line", "dataset=diabetes", "predict_at=null"],
    ],
    "three rows": [["yaynay.train", "dataset=pytorch_line", "model.depth=1", *QUICK]],
}
"""Commands, each in its own project; all in one process."""


@dataclass(frozen=True)
class Swept:
    """A project after commands, and how they ended."""

    project: Path
    ended: list[Ended]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, store: Path) -> Swept:
    """A project after the same sweep twice."""
    project = checkout(tmp_path_factory.mktemp("swept") / "a project", store)
    return Swept(project, call_each((project, SWEEP), (project, SWEEP)))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory, store: Path) -> dict[str, Swept]:
    """A project for each of COMMANDS, after it ran."""
    projects = {name: checkout(tmp_path_factory.mktemp("others") / name, store) for name in COMMANDS}
    rows = [f"{i % 7},{'ab'[i % 2]},{'' if i % 9 == 0 else i},{3 * (i % 7) + i % 2}" for i in range(60)]
    (projects["csv"] / "my prices.csv").write_text("size,kind,age,price\n" + "\n".join(rows) + "\n")
    ended = iter(call_each(*((projects[name], words) for name, all_words in COMMANDS.items() for words in all_words)))
    return {name: Swept(projects[name], [next(ended) for _ in all_words]) for name, all_words in COMMANDS.items()}


def test_a_sweep_leaves_one_parent_and_a_child_a_configuration_and_no_more_when_run_again(swept: Swept) -> None:
    found = runs(swept.project)
    assert sum(is_parent for *_, is_parent in found) == 1
    assert len(found) == 1 + 4 + len(LINES)
    assert {name for name, *_ in found} > set(LINES)
    assert [name.partition("(")[2] for name, _, is_parent in found if is_parent] == ["4 configurations)"]
    assert {status for _, status, _ in found} == {"FINISHED"}
    first, second = swept.ended
    assert (first.code, second.code) == (0, 0)
    assert "4 configurations trained: 90 fits" in first.stdout  # 5 folds x 4 inner folds, and 4 on the whole table
    assert "0 configurations trained, 4 had a record" in second.stdout


def test_deleting_the_store_and_syncing_brings_every_run_back_once(swept: Swept) -> None:
    found = runs(swept.project)
    shutil.copy(swept.project.parent / STORE, swept.project / "mlflow.db")
    call_each((swept.project, ["yaynay", "sync"]), (swept.project, ["yaynay", "sync"]))
    assert runs(swept.project) == found


def test_children_carry_what_others_rely_on(swept: Swept) -> None:
    found = logged(swept.project / "mlflow.db")
    line = next(run for run in found if run.params.get("model.depth") == "0")
    for closed in (run for run in found if run.name in LINES):
        assert closed.tags["mlflow.parentRunId"] == line.tags["mlflow.parentRunId"]
        own = {"n_terms"} if closed.name == "terms formula" else {"slope", "intercept"}
        assert {"train/rmse", "val/rmse", "test/rmse", "test/r2", *own} <= set(closed.metrics)
        assert closed.tags.get("formula", "").startswith("foodexp ~ income") == (closed.name == "terms formula")
        assert not any(name.startswith(("model.", "optimizer.", "trainer.")) for name in closed.params)
    assert (line.params["dataset"], line.params["backend"]) == ("engel", "torch")
    assert {"optimizer.lr", "optimizer.weight_decay", "trainer.batch_size", "plan.n_folds", "seed"} <= set(line.params)
    assert (line.tags["dataset"], line.tags["backend"]) == ("engel", "torch")
    assert {
        "train/rmse", "val/rmse", "test/rmse", "test/r2", "fit_seconds", "n_members", "n_parameters",
        "slope", "intercept", "cost", "train/loss", "val/loss",
    } <= set(line.metrics)  # fmt: skip
    (parent,) = (run for run in found if "mlflow.parentRunId" not in run.tags)
    assert parent.tags["verdict"] in {"yay", "nay", "undecided"}
    assert len({run.tags["mlflow.parentRunId"] for run in found if run is not parent}) == 1
    assert column(swept.project, "inputs", "source_type").count("DATASET") == 1 + 4 + len(LINES)


def test_the_parent_s_model_predicts_and_holds_no_pickle(swept: Swept) -> None:
    (model, *_) = (swept.project / "mlartifacts").rglob("MLmodel")
    assert not [path for path in model.parent.rglob("*") if path.suffix in (".pkl", ".pickle", ".pt", ".joblib")]
    script = (
        "import mlflow, pandas as pd, sys;"
        f"m = mlflow.pyfunc.load_model({str(model.parent)!r});"
        "print(m.predict(pd.DataFrame({'income': [500.0, 1000.0]})).shape)"
    )
    assert "(2,)" in call(swept.project, "-c", script).stdout


def test_a_fused_job_equals_the_same_job_alone(swept: Swept, others: dict[str, Swept]) -> None:
    """Alone, it trains under Lightning in the command's own process; done again, it gives the same bits."""
    (key,) = trained(others["alone"].project)
    alone = _predictions(others["alone"].project, key)
    fused = _predictions(swept.project, key)
    np.testing.assert_allclose(load(alone)["predictions"], load(fused)["predictions"], rtol=1e-4)
    assert _predictions(others["alone again"].project, key) == alone


def test_another_launcher_gives_the_same_runs(swept: Swept, others: dict[str, Swept]) -> None:
    _assert_same_runs(others["joblib"].project, swept.project)


@pytest.mark.usefixtures("only_with_faults")
def test_another_launcher_s_processes_give_the_same_runs(swept: Swept, project: Path, run: Run) -> None:
    run(*SWEEP, "hydra/launcher=joblib")
    _assert_same_runs(project, swept.project)


def test_a_run_that_diverges_is_failed_without_scores_and_the_others_go_on(others: dict[str, Swept]) -> None:
    project, (ended,) = others["diverged"].project, others["diverged"].ended
    assert ended.code == 1
    assert "diverged" in ended.stderr
    assert sorted(status for _, status, is_parent in runs(project) if not is_parent) == ["FAILED", *["FINISHED"] * 4]
    (diverged,) = (run for run in logged(project / "mlflow.db") if "diverged" in run.tags)
    assert diverged.metrics == {}


def test_a_mistake_is_one_line_and_a_code_and_leaves_nothing(project: Path, run: Run) -> None:
    before = sorted(project.rglob("[!_]*"))
    done = run("yaynay.train", "dept=2", code=2)
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: option 'dept'")
    assert sorted(project.rglob("[!_]*")) == before


def test_a_csv_of_one_s_own_with_categories_and_missing_cells(others: dict[str, Swept]) -> None:
    refused, dropped, imputed = others["csv"].ended
    assert (refused.code, dropped.code, imputed.code) == (3, 0, 0)
    assert "age" in refused.stderr
    names = [name for name, _, is_parent in runs(others["csv"].project) if is_parent]
    assert len(names) == 2
    assert all(name.startswith("my-prices: ") for name in names)


def test_a_table_of_three_rows_is_trained_and_says_what_it_cannot_show(others: dict[str, Swept]) -> None:
    (ended,) = others["three rows"].ended
    assert ended.code == 0
    assert "3 rows cannot show" in ended.stdout
    assert len(runs(others["three rows"].project)) == 1 + 1 + len(LINES)


def test_what_each_model_predicts_is_said_at_the_end(project: Path, run: Run) -> None:
    words = ["dataset=scatter_10", "model.depth=0,1", "predict_at=10", *QUICK]
    said = run("yaynay.train", "-m", *words).stdout.splitlines()
    assert re.fullmatch(r"scatter_10: y at x 10: line 12\.933, network [-\d.e+]+ \(torch 1 x 32, .*\)", said[-1]), said
    predictions = [run.metrics["prediction"] for run in logged(project / "mlflow.db") if "prediction" in run.metrics]
    assert len(predictions) >= 2


def _keys(project: Path) -> list[str]:
    return sorted(path.name for path in (project / "records" / "runs").iterdir())


def _assert_same_runs(project: Path, wanted: Path) -> None:
    assert _keys(project) == _keys(wanted)
    for key in _keys(wanted):
        expected = load(_predictions(wanted, key))["predictions"]
        np.testing.assert_allclose(load(_predictions(project, key))["predictions"], expected, rtol=1e-4)
    assert [run[1:] for run in runs(project)] == [run[1:] for run in runs(wanted)]


def _predictions(project: Path, key: str) -> bytes:
    content = json.loads((project / "records" / "runs" / key / "record.json").read_text())
    assert content["status"] == "finished"
    return (project / "records" / "runs" / key / "arrays.safetensors").read_bytes()


def test_a_command_with_published_figures_prints_its_answers_and_fails_where_one_is_wrong(
    others: dict[str, Swept],
) -> None:
    alone, wrong, exported, wrong_export, diverged, misfit = others["worked"].ended
    assert [ended.code for ended in others["worked"].ended] == [0, 1, 0, 1, 1, 2]
    assert "1 worked example: 1 of 1 figures as published" in alone.stdout
    assert "2 worked examples: 8 of 8 figures as published" in exported.stdout
    assert not [ended for ended in others["worked"].ended if "undecided" in ended.stdout]
    for ended in (wrong, wrong_export):
        assert ended.stderr.startswith("error: pytorch_line, torch: prediction is 7.98576")
        assert "published: 9, within 0.05" in ended.stderr
    assert "error: pytorch_line, torch: prediction is missing" in diverged.stderr
    assert "option 'published" in misfit.stderr
    stores = {path.name for path in (others["worked"].project / "results" / "w").iterdir()}
    assert stores == {"pytorch_line", "scatter_10"}
