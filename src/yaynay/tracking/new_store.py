"""A new SQLite store for MLflow, built aside and moved into place.

MLflow builds one by running each migration of its history, which takes seconds. `schemas/REVISION.sql` is what that
leaves, as `sqlite3.Connection.iterdump` writes it, for the last migration REVISION of an MLflow; the same file comes
out of it at once. For an MLflow with another last migration, MLflow itself builds the store.
"""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from filelock import FileLock

from yaynay.tracking.address import sqlite_path, sqlite_uri

SCHEMAS = Path(__file__).with_name("schemas")


def ensure_store(uri: str) -> None:
    """Make the store at an address, if it is a SQLite file that is not there.

    A second process, or a kill in the middle, would leave a file that nothing can repair if it were built in place.
    """
    path = sqlite_path(uri)
    if path is None or path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"), tempfile.TemporaryDirectory(prefix=".mlflow-", dir=path.parent) as folder:
        if path.exists():
            return
        for left in path.parent.glob(".mlflow-*"):  # of a process that was killed here, as we hold the lock
            if left != Path(folder):
                shutil.rmtree(left, ignore_errors=True)
        aside = Path(folder) / path.name
        build(aside)
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(aside, path)


def build(path: Path) -> None:
    """Build a store in a new file."""
    schema = SCHEMAS / f"{last_migration()}.sql"
    if schema.is_file():
        with closing(sqlite3.connect(path)) as store:
            store.executescript(schema.read_text(encoding="utf-8"))
    else:
        build_by_mlflow(path)


def build_by_mlflow(path: Path) -> None:
    """As `mlflow db upgrade` does, without another process."""
    from mlflow.db import upgrade

    upgrade.main([sqlite_uri(path)], standalone_mode=False)


def last_migration() -> str | None:
    """Revision of the last migration of the installed MLflow; None where it has several."""
    from alembic.script import ScriptDirectory
    from mlflow.store import db_migrations

    (folder,) = db_migrations.__path__
    heads = ScriptDirectory(folder).get_heads()
    return heads[0] if len(heads) == 1 else None
