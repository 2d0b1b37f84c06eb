"""MLflow's API and MLflow's own tables, written side by side."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from unit.tracking.conftest import Swept

from yaynay.tracking import database
from yaynay.tracking.database import MANY_RUNS, DatabaseRuns
from yaynay.tracking.dataset import dataset_input
from yaynay.tracking.runs import Run, Runs, child
from yaynay.tracking.store import connect

LINE = {
    "coefficients": [
        {"high": 2.5, "low": 0.5, "name": name, "p": None, "standard_error": 0.4, "t": 3.75, "value": 1.5}
        for name in ("intercept", "a \u00fc")
    ]
}
"""As record.json holds it, with sorted keys."""
WAYS = {"api": 0, "tables": MANY_RUNS}


def held(runs: Runs, run_id: str) -> dict[str, Any]:
    """All that MLflow's API says about a run, except its id and where its files are."""
    run, client = runs.client.get_run(run_id), runs.client
    info = {name: value for name, value in dict(run.info).items() if name not in ("run_id", "artifact_uri")}
    history = {name: client.get_metric_history(run_id, name) for name in run.data.metrics}
    return {
        "info": info,
        "tags": run.data.tags,
        "params": run.data.params,
        "latest": run.data.metrics,
        "metrics": {
            name: sorted((point.step, point.timestamp, point.value) for point in points)
            for name, points in history.items()
        },
        "inputs": [entry.to_dictionary() for entry in run.inputs.dataset_inputs],
        "artifacts": {
            artifact.path: Path(client.download_artifacts(run_id, artifact.path)).read_bytes()
            for artifact in client.list_artifacts(run_id)
        },
    }


def write(swept: Swept, way: str, experiment: str, *written: Run) -> dict[str, Any]:
    """Write a sweep's runs in one way; what MLflow then holds of each, by record key."""
    with connect(experiment, WAYS[way]) as runs:
        assert isinstance(runs, DatabaseRuns) is (way == "tables")
        dataset = dataset_input(swept.table)
        head = Run("head", "head", "RUNNING", 1, None, {"yaynay.sweep": "s", "yaynay.run": "head"})
        runs.add("s", [head], swept.sweep.store, dataset)  # as a sweep's own run, which comes first
        runs.add("s", written, swept.sweep.store, dataset)
        found = runs.find("s")
        assert set(found) == {"head", *(run.key for run in written)}
        assert len(runs.client.search_runs([runs.experiment_id])) == len(found)
        return {key: held(runs, run.run_id) for key, run in found.items()}


def test_both_ways_leave_the_same(swept: Swept) -> None:
    closed = replace(swept.line, key="c" * 64, line=LINE)
    shutil.copytree(swept.sweep.store.path(swept.line.key), swept.sweep.store.path(closed.key))
    written = [child(record, "s", "0") for record in (*swept.records, closed)]
    api, tables = (write(swept, way, way, *written) for way in WAYS)
    for runs in (api, tables):
        for run in runs.values():
            run["info"].pop("experiment_id")
    assert api == tables
    network = tables[swept.network.key]
    assert network["artifacts"].keys() == {"record.json", "weights.safetensors"}
    assert len(network["metrics"]["train/loss"]) == 3
    assert network["latest"]["train/loss"] == network["metrics"]["train/loss"][-1][2]
    assert len(network["inputs"]) == 1
    assert tables[closed.key]["artifacts"].keys() == {"record.json", "weights.safetensors", "coefficients.json"}
    assert {run["info"]["status"] for run in tables.values()} == {"RUNNING", "FINISHED", "FAILED"}


@pytest.mark.parametrize("second", WAYS)
@pytest.mark.parametrize("first", WAYS)
def test_a_run_is_there_once_however_it_is_written_again(swept: Swept, first: str, second: str) -> None:
    written = [child(record, "s", "0") for record in swept.records]
    before = write(swept, first, "yaynay", *written)
    assert write(swept, second, "yaynay", *written) == before


@pytest.mark.parametrize("way", WAYS)
def test_a_run_that_is_mended_says_nothing_of_its_failure(swept: Swept, way: str) -> None:
    (mended,) = [child(swept.network, "s", "0")]
    failed = child(swept.failed, "s", "0")
    failed = Run(mended.key, failed.name, "FAILED", 1, 2, failed.tags | {"yaynay.run": mended.key}, failed.params)
    write(swept, way, "mended", failed)
    after, fresh = write(swept, way, "mended", mended), write(swept, way, "fresh", mended)
    for run in (*after.values(), *fresh.values()):
        run["info"].pop("experiment_id")
        run["info"].pop("start_time")  # MLflow's API keeps the first attempt's
    assert after == fresh


@pytest.mark.parametrize("way", WAYS)
def test_coefficients_are_a_table_that_mlflow_knows(swept: Swept, way: str) -> None:
    """As `log_table` leaves one: MLflow's client finds it by the run's tag, and so does its UI."""
    record = replace(swept.line, line=LINE)
    with connect("yaynay", WAYS[way]) as runs:
        runs.add("s", [child(record, "s", "0")], swept.sweep.store, None)
        run_id = runs.find("s")[record.key].run_id
        table = runs.client.load_table(runs.experiment_id, "coefficients.json", run_ids=[run_id])
        assert table["name"].tolist() == ["intercept", "a \u00fc"]
        assert table["value"].tolist() == [1.5, 1.5]
        assert table["p"].isna().all()
        path = runs.client.download_artifacts(run_id, "coefficients.json")
        kept = json.loads(Path(path).read_text())
        assert kept["columns"] == ["name", "value", "standard_error", "t", "p", "low", "high"]
        plain = runs.client.create_run(runs.experiment_id).info.run_id
        runs.client.log_table(plain, table[["value"]], "coefficients.json")
        tag = "mlflow.loggedArtifacts"
        assert runs.client.get_run(run_id).data.tags[tag] == runs.client.get_run(plain).data.tags[tag]


def test_tables_of_an_untested_mlflow_are_not_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "TESTED", ("3.16",))
    with connect("yaynay", MANY_RUNS) as runs:
        assert type(runs) is Runs
