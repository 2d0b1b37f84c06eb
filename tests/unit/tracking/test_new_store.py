"""A new store is what MLflow itself would build."""

import sqlite3
from contextlib import closing
from pathlib import Path

import mlflow
import pytest
from sqlalchemy import create_engine, inspect

from yaynay.tracking import new_store
from yaynay.tracking.address import sqlite_uri


def dump(path: Path) -> list[list[str]]:
    """Statements and their lines, sorted: MLflow makes constraints and indices in another order each time."""
    with closing(sqlite3.connect(path)) as store:
        return sorted(sorted(line.strip(" \t,") for line in sql.splitlines()) for sql in store.iterdump())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that MLflow built itself, as where none of the kept schemas is its own."""
    path = tmp_path_factory.mktemp("built") / "new" / "mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(new_store, "SCHEMAS", path.parent / "none")
        new_store.ensure_store(sqlite_uri(path))
    return path


def test_the_kept_schema_is_that_of_this_mlflow(tmp_path: Path, built: Path) -> None:
    """Where this fails on a newer MLflow, write `iterdump` of what MLflow builds into schemas/."""
    assert (new_store.SCHEMAS / f"{new_store.last_migration()}.sql").is_file()
    new_store.build(tmp_path / "kept.db")
    assert dump(tmp_path / "kept.db") == dump(built)


def test_an_mlflow_with_another_history_builds_its_own(built: Path) -> None:
    """After the test above, which compares it as it was built."""
    client = mlflow.MlflowClient(tracking_uri=sqlite_uri(built))
    assert client.get_run(client.create_run("0").info.run_id).info.status == "RUNNING"
    assert "runs" in inspect(create_engine(sqlite_uri(built))).get_table_names()
    assert sorted(file.name for file in built.parent.iterdir()) == ["mlflow.db", "mlflow.db.lock"]


def test_a_store_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("mine")
    new_store.ensure_store(sqlite_uri(tmp_path / "mlflow.db"))
    assert (tmp_path / "mlflow.db").read_text() == "mine"
