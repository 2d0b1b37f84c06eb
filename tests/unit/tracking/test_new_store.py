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


def test_the_kept_schema_is_that_of_this_mlflow(tmp_path: Path) -> None:
    """Where this fails on a newer MLflow, write `iterdump` of what MLflow builds into schemas/."""
    assert (new_store.SCHEMAS / f"{new_store.last_migration()}.sql").is_file()
    new_store.build(tmp_path / "kept.db")
    new_store.build_by_mlflow(tmp_path / "built.db")
    assert dump(tmp_path / "kept.db") == dump(tmp_path / "built.db")


def test_an_mlflow_with_another_history_builds_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_store, "SCHEMAS", tmp_path / "none")
    path = tmp_path / "new" / "mlflow.db"
    new_store.ensure_store(sqlite_uri(path))
    client = mlflow.MlflowClient(tracking_uri=sqlite_uri(path))
    assert client.get_run(client.create_run("0").info.run_id).info.status == "RUNNING"
    assert "runs" in inspect(create_engine(sqlite_uri(path))).get_table_names()
    assert sorted(file.name for file in path.parent.iterdir()) == ["mlflow.db", "mlflow.db.lock"]


def test_a_store_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("mine")
    new_store.ensure_store(sqlite_uri(tmp_path / "mlflow.db"))
    assert (tmp_path / "mlflow.db").read_text() == "mine"
