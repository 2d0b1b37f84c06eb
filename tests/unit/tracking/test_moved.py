"""A project that was moved or copied, with its store."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from pipeline.project import REPOSITORY, call
from unit.tracking.conftest import Swept
from unit.verdict.test_answers import SLOPE, sweep, train

from yaynay.cli import upkeep
from yaynay.errors import MachineError
from yaynay.records.store import Store
from yaynay.sweep.summary import bring
from yaynay.tracking.store import check_store, connect
from yaynay.tracking.sync import sync

# MLflow 3.17 wants rows of the table beside the model
pytestmark = pytest.mark.filterwarnings("ignore:.*An input example was not provided")


@pytest.fixture
def tracked(swept: Swept, project: Path) -> Swept:
    """The sweep, in MLflow too, with the model of its network."""
    sync([swept.result(winner=swept.network)], "yaynay")
    return swept


def enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder as a new process does: MLflow sets the address of its store for child processes."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def locations(store: Path) -> set[str]:
    """Every address of files that a store has for runs of the project."""
    queries = ("artifact_uri from runs", "artifact_location from logged_models", "artifact_location from experiments")
    with closing(sqlite3.connect(store)) as found:
        return {uri for query in queries for (uri,) in found.execute(f"select {query}") if "mlartifacts" in uri}


def models_predict(swept: Swept, store: Path) -> None:
    """The model loads by both of its addresses, and predicts what the record holds."""
    import mlflow

    with closing(sqlite3.connect(store)) as found:
        ((model, run),) = found.execute("select model_id, source_run_id from logged_models").fetchall()
    mlflow.set_tracking_uri(f"sqlite:///{store}")
    rows = swept.table.frame.drop(columns=swept.table.target)
    for uri in (f"models:/{model}", f"runs:/{run}/model"):
        np.testing.assert_allclose(
            mlflow.pyfunc.load_model(uri).predict(rows), swept.network.arrays["whole"], rtol=1e-12
        )


def verify() -> int:
    """The command's exit code."""
    assert upkeep.verify.callback is not None
    return upkeep.verify.callback(None)


def files(folder: Path) -> dict[str, bytes]:
    """Every file of MLflow's, by its path."""
    paths = [folder / "mlflow.db", *(folder / "mlartifacts").rglob("*")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.is_file()}


def test_a_project_that_moved_works_from_its_new_place(
    tracked: Swept, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new = project.parent / "moved & renamed"
    project.rename(new)
    enter(new, monkeypatch)
    assert verify() == 3
    assert "where the project was before; run python -m yaynay sync" in capsys.readouterr().err
    check_store("yaynay")
    (line,) = capsys.readouterr().err.splitlines()
    assert str(project) in line
    assert locations(new / "mlflow.db")
    assert all(uri.startswith((new / "mlartifacts").as_uri()) for uri in locations(new / "mlflow.db"))
    models_predict(tracked, new / "mlflow.db")
    assert verify() == 0
    sync([tracked.result(winner=tracked.line)], "yaynay")
    check_store("yaynay")
    assert capsys.readouterr().err == ""  # said once
    assert not project.exists()


@pytest.mark.parametrize("with_files", [True, False])
def test_a_copy_of_a_project_never_writes_into_the_original(
    tracked: Swept, project: Path, monkeypatch: pytest.MonkeyPatch, with_files: bool
) -> None:
    before, copy = files(project), project.parent / "copy"
    shutil.copytree(project, copy, ignore=None if with_files else shutil.ignore_patterns("mlartifacts"))
    enter(copy, monkeypatch)
    call(copy, "yaynay", "sync", PYTHONPATH=str(REPOSITORY / "src"))  # MLflow remembers a run's folder in a process
    assert verify() == 0
    assert all(uri.startswith((copy / "mlartifacts").as_uri()) for uri in locations(copy / "mlflow.db"))
    assert files(project) == before
    with closing(sqlite3.connect(copy / "mlflow.db")) as store:
        (n_models,) = store.execute("select count(*) from logged_models").fetchone()
    assert len(list((copy / "mlartifacts").rglob("MLmodel"))) == n_models


@pytest.fixture
def elsewhere(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store beside the project, that other projects may use as well."""
    path = project.parent / "shared.db"
    (project / "mlflow.db").rename(path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
    return path


def test_a_store_elsewhere_follows_a_project_that_moved_and_no_other(
    swept: Swept, project: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync([swept.result(winner=swept.network)], "yaynay")
    before = locations(elsewhere)
    other = project.parent / "other"
    other.mkdir()
    (other / "dvc.yaml").touch()
    monkeypatch.chdir(other)
    check_store("yaynay")
    assert locations(elsewhere) == before
    new = project.rename(project.parent / "new")
    with pytest.raises(MachineError, match=r"keeps files in .* is not there; make or mount that folder"):
        check_store("yaynay")
    monkeypatch.chdir(new)
    check_store("yaynay")
    assert all(uri.startswith((new / "mlartifacts").as_uri()) for uri in locations(elsewhere))
    models_predict(swept, elsewhere)


def test_a_folder_that_the_user_chose_stays(project: Path) -> None:
    import mlflow

    chosen = project.parent / "chosen" / "mlartifacts"
    chosen.mkdir(parents=True)
    mlflow.MlflowClient(f"sqlite:///{project / 'mlflow.db'}").create_experiment("yaynay", chosen.as_uri())
    check_store("yaynay")
    with connect("yaynay"):
        pass
    assert locations(project / "mlflow.db") == {chosen.as_uri()}


def test_verify_expects_the_answers_of_worked_examples(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep(Store.default(), train(), slope=SLOPE)
    bring("yaynay", Path("results"), None)
    capsys.readouterr()
    assert verify() == 0
    (path,) = (project / "mlartifacts").rglob("answers.json")
    path.unlink()
    assert verify() == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {path}: is missing")


@pytest.mark.parametrize("name", ["record.json", "verdict.json", "MLmodel"])
def test_verify_names_files_that_a_store_expects(
    tracked: Swept, project: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert verify() == 0
    (path, *_) = (project / "mlartifacts").rglob(name)
    path.unlink()
    capsys.readouterr()
    assert verify() == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {path}: is missing")
