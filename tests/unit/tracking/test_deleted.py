"""What the user deleted in MLflow: said before training, and restored by the command that is given."""

import re
import subprocess
from pathlib import Path

import pytest
from pipeline.project import QUICK as QUICKLY
from pipeline.project import REPOSITORY, call_each, clean_environment
from unit.tracking.conftest import Swept

from yaynay.errors import MachineError
from yaynay.tracking.database import MANY_RUNS
from yaynay.tracking.store import check_store, connect
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


@pytest.mark.parametrize("words", [SINGLE, SWEEP])
def test_nothing_is_trained_for_what_was_deleted(project: Path, words: list[str]) -> None:
    """Neither where the sweep's run was deleted, nor where the experiment was."""
    delete = (
        "import mlflow, sys; c = mlflow.MlflowClient('sqlite:///mlflow.db'); e = c.get_experiment_by_name('yaynay')\n"
        "r = c.search_runs([e.experiment_id], \"tags.`yaynay.run` = 'parent'\")\n"
        "[c.delete_run(run.info.run_id) for run in r] if r else c.delete_experiment(e.experiment_id)"
    )
    source = {"PYTHONPATH": str(REPOSITORY / "src")}
    (first,) = call_each((project, list(words)), **source)
    assert first.code == 0, first
    for what in ("the run of this sweep of engel", "experiment 'yaynay'"):
        subprocess.run(["python", "-c", delete], cwd=project, env=clean_environment(project), check=True)
        for record in (project / "records" / "runs").iterdir():
            record.rename(project.parent / record.name)
        (ended,) = call_each((project, list(words)), **source)
        (line,) = ended.stderr.splitlines()
        assert (ended.code, f"{what} was deleted; records are kept" in line) == (4, True), ended
        assert list((project / "records" / "runs").iterdir()) == []
        for record in project.parent.glob("[0-9a-f]*"):
            record.rename(project / "records" / "runs" / record.name)
