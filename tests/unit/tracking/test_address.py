"""Every form of MLFLOW_TRACKING_URI that MLflow takes, and what is said of the others before training."""

import sqlite3
from pathlib import Path

import pytest
from unit.tracking.conftest import Swept

from yaynay.errors import MachineError
from yaynay.tracking.address import check_address, sqlite_path, tracking_uri
from yaynay.tracking.store import check_store
from yaynay.tracking.sync import sync

# MLflow 3.17 wants rows of the table beside the model, warns of folders as stores, and leaves a file open there
pytestmark = pytest.mark.filterwarnings("ignore:.*An input example was not provided", "ignore::FutureWarning")


@pytest.mark.parametrize(
    ("given", "file"),
    [
        (None, "mlflow.db"),
        ("", "mlflow.db"),
        ("  ", "mlflow.db"),
        ("sqlite:///mine.db", "mine.db"),
        ("sqlite:///./mine.db", "mine.db"),
        ("sqlite:///sub/dir/mine.db", "sub/dir/mine.db"),
        ("sqlite:////{here}/mine.db", "mine.db"),
        ("sqlite:///mine.db?timeout=60", "mine.db"),
        ("sqlite+pysqlite:///mine.db", "mine.db"),
        ("sqlite:///my%20runs.db", "my runs.db"),
    ],
)
def test_runs_are_in_the_file_that_the_address_names(
    swept: Swept, project: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, file: str
) -> None:
    (project / "mlflow.db").rename(project.parent / "spare.db")
    if given is not None:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", given.replace("{here}", str(project).lstrip("/")))
    (project / file).parent.mkdir(parents=True, exist_ok=True)
    (project.parent / "spare.db").rename(project / file)  # making one takes seconds
    check_store("yaynay")
    sync([swept.result()], "yaynay")
    found = {path.relative_to(project).as_posix() for path in project.rglob("*.db")}
    assert found == {file}
    with sqlite3.connect(project / file) as store:
        assert store.execute("select count(*) from runs").fetchone() == (5,)
    store.close()
    assert not (project / "mlruns").exists()


@pytest.mark.parametrize("name", ["100 % sure?", "a#b", "ä;b"])
def test_a_project_s_folder_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    from sqlalchemy.engine import make_url

    root = tmp_path / name
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert sqlite_path(tracking_uri()) == root / "mlflow.db"
    assert make_url(tracking_uri()).database == str(root / "mlflow.db")


@pytest.mark.parametrize("given", ["mlruns", "./mlruns", "{here}/mlruns", "file:mlruns", "file://{here}/mlruns"])
def test_a_folder_is_a_store_where_mlflow_still_takes_one(
    swept: Swept, project: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given.replace("{here}", str(project)))
    with pytest.raises(MachineError, match="keeps runs in a folder only where MLFLOW_ALLOW_FILE_STORE=true"):
        check_store("yaynay")
    assert not (project / "mlruns").exists()
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    check_store("yaynay")
    sync([swept.result()], "yaynay")
    assert len(list((project / "mlruns").glob("*/*/params"))) == 5


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:mine.db", "names no file"),
        ("sqlite:///records", "folder"),
        ("sqlite:///dvc.yaml/mine.db", "no file can be made"),
        ("sqlite:////proc/nothing/mine.db", "no file can be made"),
        ("sqlite:///text.db", "file is not a database"),
        ("nothing://here", "MLflow knows no stores of the kind 'nothing'"),
        ("s3://bucket/runs", "MLflow knows no stores of the kind 's3'"),
        ("C:\\mlruns", "keeps runs in a folder only where"),
        ("databricks", "Databricks"),
        ("uc", "Unity Catalog"),
        ("http:/host", "no host"),
        ("http://[bad", "not a valid address"),
        ("http://127.0.0.1:1", "no answer"),
        ("http://127.0.0.1:99999", "not a valid address"),
        ("postgresql://ann:CANARY@127.0.0.1:1/runs", "no answer"),
        ("postgresql+psycopg://ann:CANARY@127.0.0.1:1/runs", "no answer"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_trained(
    project: Path, monkeypatch: pytest.MonkeyPatch, given: str, said: str
) -> None:
    (project / "records").mkdir()
    (project / "text.db").write_text("these words are no database, and there are enough of them to tell" * 20)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    with pytest.raises(MachineError) as caught:
        check_store("yaynay")
    message = str(caught.value)
    assert said in message
    assert "\n" not in message
    assert "CANARY" not in message


def test_a_file_that_cannot_be_written_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # whoever runs this may write anything
    with pytest.raises(MachineError, match="cannot be written"):
        check_address(tracking_uri())


def test_variables_for_other_parts_of_mlflow_change_nothing(
    swept: Swept, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"EXPERIMENT_NAME": "other", "EXPERIMENT_ID": "77", "REGISTRY_URI": "nothing://here"}.items():
        monkeypatch.setenv(f"MLFLOW_{name}", value)
    sync([swept.result(winner=swept.network)], "yaynay")
    with sqlite3.connect(project / "mlflow.db") as store:
        names = "select distinct e.name from experiments e join runs r on r.experiment_id = e.experiment_id"
        assert store.execute(names).fetchall() == [("yaynay",)]
        assert store.execute("select count(*) from logged_models").fetchone() == (1,)
    store.close()
