"""What the user deleted in MLflow: said before training, and restored by the command that is given."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest
from pipeline.project import QUICK as QUICKLY
from pipeline.project import REPOSITORY, call_each, clean_environment
from unit.sweep.test_reproduce import job
from unit.tracking.conftest import Swept

from yaynay.errors import MachineError
from yaynay.records.store import Sweep
from yaynay.sweep import SWEEP as SWEEP_NAME
from yaynay.sweep import run as sweep_run
from yaynay.tracking.database import MANY_RUNS
from yaynay.tracking.store import check_store, connect, deleted_run
from yaynay.tracking.sync import check_sweeps, sync

pytestmark = pytest.mark.filterwarnings("ignore:.*An input example was not provided")
SINGLE = ["yaynay.train", "dataset=engel", "model.depth=1", *QUICKLY]
SWEEP = ["yaynay.train", "-m", "dataset=engel", "model.depth=1,2", *QUICKLY]


def restore(message: str, project: Path) -> None:
    """Run the command that a message gives, in a shell without the store's address."""
    (command,) = re.findall("restore it with: (.*); or choose", message)
    environment = clean_environment(project) | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    subprocess.run(command, shell=True, cwd="/", env=environment, check=True, capture_output=True)  # noqa: S602 - as a user


def test_a_deleted_experiment_is_restored_by_the_command_that_is_given(swept: Swept, project: Path) -> None:
    import mlflow

    (parent,) = sync([swept.result()], "yaynay").values()
    client = mlflow.MlflowClient()
    client.delete_experiment(client.get_run(parent).info.experiment_id)
    with pytest.raises(MachineError) as caught:
        check_store("yaynay")
    with pytest.raises(MachineError, match="experiment 'yaynay' was deleted; records are kept"), connect("yaynay"):
        pass
    check_store("another")
    restore(str(caught.value), project)
    check_store("yaynay")


def test_a_deleted_sweep_is_restored_by_the_command_that_is_given(swept: Swept, project: Path) -> None:
    import mlflow

    (parent,) = sync([swept.result()], "yaynay").values()
    mlflow.MlflowClient().delete_run(parent)
    check_store("yaynay")
    check_sweeps([swept.sweep], "another")
    with pytest.raises(MachineError, match="was deleted") as caught:
        check_sweeps([swept.sweep], "yaynay")
    with pytest.raises(MachineError, match="was deleted"):
        sync([swept.result()], "yaynay")
    restore(str(caught.value), project)
    check_sweeps([swept.sweep], "yaynay")
    assert sync([swept.result()], "yaynay") == {swept.sweep.key: parent}


def test_a_deleted_sweep_does_not_keep_others_from_being_written(swept: Swept) -> None:
    import mlflow

    about = swept.sweep.about
    jobs = [{"table": about["table"], **{name: about[name] for name in ("table_sha256", "plan_sha256")}, "key": key}
            for key in about["runs"][:2]]  # fmt: skip
    (other,) = swept.sweep.store.write_sweeps(jobs, {"started_at": 1.0})
    (parent,) = sync([swept.result()], "yaynay").values()
    client = mlflow.MlflowClient()
    client.delete_run(parent)
    whole = swept.result()
    with pytest.raises(MachineError, match="was deleted"):
        sync([whole, type(whole)(other, whole.verdict, whole.timings, whole.pictures, "other")], "yaynay")
    experiment = client.get_run(parent).info.experiment_id
    assert client.search_runs([experiment], f"tags.`yaynay.sweep` = '{other.key}' and tags.verdict != ''")


@pytest.mark.parametrize("n_runs", [1, MANY_RUNS])
def test_a_deleted_run_of_a_configuration_stays_deleted(swept: Swept, n_runs: int) -> None:
    import mlflow

    (parent,) = sync([swept.result()], "yaynay").values()
    client = mlflow.MlflowClient()
    experiment = client.get_run(parent).info.experiment_id
    children = client.search_runs([experiment], "tags.`yaynay.run` != 'parent'")
    for child in children:
        client.delete_run(child.info.run_id)
    with connect("yaynay", n_runs) as runs:
        found = runs.find(swept.sweep.key)
        assert {found[record.key].status for record in swept.records} == {"deleted"}
    sync([swept.result(winner=swept.network)], "yaynay")  # another verdict
    assert [run.info.run_id for run in client.search_runs([experiment])] == [parent]
    assert {client.get_run(child.info.run_id).info.lifecycle_stage for child in children} == {"deleted"}


_DELETE = """
import os, shutil, mlflow
client = mlflow.MlflowClient("sqlite:///mlflow.db")
(experiment,) = [found for found in client.search_experiments() if found.name == "yaynay"]
parents = client.search_runs([experiment.experiment_id], "tags.`yaynay.run` = 'parent'")
for run in parents:
    client.delete_run(run.info.run_id)
if not parents:
    client.delete_experiment(experiment.experiment_id)
shutil.rmtree("records/runs")
os.mkdir("records/runs")
"""
"""The runs of all sweeps, or the experiment where they are deleted; and the records, so that all would train."""


def test_nothing_is_trained_for_what_was_deleted(project: Path) -> None:
    """Neither where the sweep's run was deleted, nor where the experiment was; one process imports MLflow once."""
    (project / "delete_in_mlflow.py").write_text(_DELETE)
    single, sweep, delete = (project, SINGLE), (project, SWEEP), (project, ["delete_in_mlflow"])
    trained, _, run, _, one, many = call_each(
        sweep, delete, sweep, delete, single, sweep, PYTHONPATH=str(REPOSITORY / "src")
    )
    assert trained.code == 0, trained
    for done, what in ((run, "the run of this sweep of engel"), (one, "experiment 'yaynay'"), (many, "experiment")):
        (line,) = done.stderr.splitlines()
        assert (done.code, what in line, "was deleted; records are kept" in line) == (4, True, True), done
    assert list((project / "records" / "runs").iterdir()) == []


def test_nothing_is_trained_in_this_process_for_what_was_deleted(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a single run is."""

    def refuse(sweeps: Sequence[Sweep], experiment: str) -> NoReturn:
        raise deleted_run(sweeps[0].table_name, experiment)

    (project / "mine.csv").write_text("x,y\n" + "".join(f"{row % 7},{row * row % 11}\n" for row in range(30)))
    monkeypatch.setenv(SWEEP_NAME, "a-sweep")
    monkeypatch.setattr(sweep_run, "check_sweeps", refuse)
    with pytest.raises(MachineError, match="the run of this sweep of mine was deleted"):
        sweep_run.run_jobs([job("model.depth=1")], "alone")
    assert [*project.glob("records/runs/[!.]*")] == []
