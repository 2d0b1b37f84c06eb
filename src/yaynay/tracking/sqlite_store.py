"""MLflow's SQLite store, read and repaired without importing MLflow, which takes seconds.

Where the file is not understood, MLflow is asked instead: it is of another version, or not there yet.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from yaynay.storage import replacing
from yaynay.tracking.address import sqlite_path, tracking_uri
from yaynay.tracking.owner import OWNER, is_dead
from yaynay.tracking.runs import DELETED, PARENT

ARTIFACTS = "mlartifacts"
"""Folder of a project with the files of its runs."""
_LOCATIONS = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
}
"""Columns that hold absolute addresses of files."""


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=30, uri=True)) as store, store:
        yield store


def is_held(path: Path, experiment: str, sweep: str, statuses: Mapping[str, str], stamp: tuple[str, str]) -> bool:
    """Whether a SQLite store holds a sweep as it should be; a run that the user deleted is held.

    Args:
        path: The store's file.
        experiment: The experiment's name.
        sweep: The sweep's key.
        statuses: The status of each of its runs, by record key.
        stamp: A tag of the sweep's own run, and its value.

    Returns:
        False also where the file is not understood, or holds the run of a dead process, which the next connection
        closes.
    """
    of_sweep = (
        "SELECT mine.value, runs.status, runs.lifecycle_stage, stamp.value FROM tags AS sweep "
        "JOIN runs ON runs.run_uuid = sweep.run_uuid "
        "JOIN experiments ON experiments.experiment_id = runs.experiment_id "
        "JOIN tags AS mine ON mine.run_uuid = sweep.run_uuid AND mine.key = 'yaynay.run' "
        "LEFT JOIN tags AS stamp ON stamp.run_uuid = sweep.run_uuid AND stamp.key = ? "
        "WHERE sweep.key = 'yaynay.sweep' AND sweep.value = ? AND experiments.name = ?"
    )
    running = "SELECT value FROM tags NATURAL JOIN runs WHERE tags.key = ? AND runs.status = 'RUNNING'"
    try:
        with _opened(path) as store:
            rows = store.execute(of_sweep, (stamp[0], sweep, experiment)).fetchall()
            owners = [owner for (owner,) in store.execute(running, (OWNER,))]
    except sqlite3.Error:
        return False
    held = {key: status for key, status, stage, _ in rows if stage != DELETED}
    deleted = {key for key, *_ in rows} - held.keys() - {PARENT}
    is_stamped = any(key == PARENT and stage != DELETED and value == stamp[1] for key, _, stage, value in rows)
    wanted = {key: status for key, status in statuses.items() if key not in deleted}
    return is_stamped and wanted.items() <= held.items() and not any(map(is_dead, owners))


class Experiment(NamedTuple):
    """An experiment that the store has; `folder` is that of its files, where they are files of this machine."""

    id: str
    is_deleted: bool
    folder: Path | None


def find_experiment(path: Path, name: str) -> Experiment | None:
    """An experiment by its name.

    Raises:
        sqlite3.Error: The file is not understood.
    """
    query = "SELECT experiment_id, lifecycle_stage, artifact_location FROM experiments WHERE name = ?"
    with _opened(path) as store:
        found = store.execute(query, (name,)).fetchone()
    if found is None:
        return None
    folder = _local(found[2])
    return Experiment(str(found[0]), found[1] == DELETED, folder if folder.is_absolute() else None)


def deleted_parents(path: Path, experiment: str, sweeps: Sequence[str]) -> dict[str, str]:
    """Run ids of sweeps' own runs that the user deleted, by sweep key.

    Raises:
        sqlite3.Error: The file is not understood.
    """
    query = (
        "SELECT sweep.value, runs.run_uuid, runs.lifecycle_stage FROM tags AS sweep "
        "JOIN runs ON runs.run_uuid = sweep.run_uuid "
        "JOIN experiments ON experiments.experiment_id = runs.experiment_id "
        "JOIN tags AS mine ON mine.run_uuid = sweep.run_uuid AND mine.key = 'yaynay.run' AND mine.value = ? "
        "WHERE sweep.key = 'yaynay.sweep' AND experiments.name = ?"
    )
    with _opened(path) as store:
        rows = store.execute(query, (PARENT, experiment)).fetchall()
    active = {sweep for sweep, _, stage in rows if stage != DELETED}
    return {sweep: run_id for sweep, run_id, _ in rows if sweep in sweeps and sweep not in active}


def find_tags(path: Path, run_id: str) -> dict[str, str] | None:
    """Tags of a run; None where there is no such run.

    Raises:
        sqlite3.Error: The file is not understood.
    """
    with _opened(path) as store:
        if store.execute("SELECT 1 FROM runs WHERE run_uuid = ?", (run_id,)).fetchone() is None:
            return None
        return dict(store.execute("SELECT key, value FROM tags WHERE run_uuid = ?", (run_id,)).fetchall())


def relocate(path: Path, root: Path) -> list[str]:
    """Let a store that came here with its project name the files of this project, and not those of where it was.

    Where the project was copied, the original stays as it is: files that did not come along are copied.

    Args:
        path: The store's file.
        root: The project.

    Returns:
        Addresses of folders that the store named before.

    Raises:
        OSError, sqlite3.Error: The store cannot be written, or is not understood.
    """
    here = root / ARTIFACTS
    with _opened(path) as store:
        moved = _moved(store, path, root)
        for location in moved:
            for (uri,) in store.execute(
                "SELECT artifact_uri FROM runs UNION SELECT artifact_location FROM logged_models"
            ):
                if uri and uri.startswith(f"{location}/"):
                    _bring(_local(uri), here / _local(uri).relative_to(_local(location)))
            for table, columns in _LOCATIONS.items():
                for column in columns:
                    store.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608 - fixed words
                        f"WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                        (here.as_uri(), len(location) + 1, location, len(location) + 1, f"{location}/"),
                    )
    return moved


def _moved(store: sqlite3.Connection, path: Path, root: Path) -> list[str]:
    """Addresses of another place's folder for files that were this project's."""
    rows = store.execute("SELECT DISTINCT artifact_location FROM experiments").fetchall()
    return [uri for (uri,) in rows if uri and _is_moved(_local(uri), path, root)]


def _is_moved(old: Path, path: Path, root: Path) -> bool:
    """Whether a folder for files was this project's, before the project came here."""
    here = root / ARTIFACTS
    if old.name != ARTIFACTS or old == here or (old.is_dir() and here.is_dir() and old.samefile(here)):
        return False
    if not path.resolve().is_relative_to(root.resolve()):  # the store did not come along; another project may own it
        return here.is_dir() and not old.is_dir()
    is_chosen = old.is_dir() and not here.is_dir() and not (old.parent / path.name).is_file()  # by the user, for files
    return not is_chosen


def _local(uri: str) -> Path:
    """Path of a file's address; one of another kind has no name that matters here."""
    address = urlsplit(uri)
    return Path(url2pathname(address.path)) if address.scheme in ("", "file") else Path()


def _bring(old: Path, new: Path) -> None:
    """Copy files that did not come along with the project."""
    if old.is_dir() and not new.exists():
        new.parent.mkdir(parents=True, exist_ok=True)
        with replacing(new) as aside:
            shutil.copytree(old, aside)


def verify(root: Path) -> Iterator[tuple[Path, str | None]]:
    """Check that the files which a store expects on this machine are there.

    Args:
        root: The project.

    Yields:
        A file or folder, and what is wrong with it.
    """
    path = sqlite_path(tracking_uri())
    if path is None or not path.is_file():
        return
    query = (
        "SELECT runs.run_uuid, runs.artifact_uri, CASE WHEN mine.value != ? THEN 'record.json' "
        "WHEN answers.value IS NOT NULL THEN 'answers.json' ELSE 'verdict.json' END FROM runs "
        "LEFT JOIN tags AS answers ON answers.run_uuid = runs.run_uuid AND answers.key = 'answers' "
        "LEFT JOIN tags AS diverged ON diverged.run_uuid = runs.run_uuid AND diverged.key = 'diverged' "
        "JOIN tags AS mine ON mine.run_uuid = runs.run_uuid AND mine.key = 'yaynay.run' "
        "WHERE (runs.status = 'FINISHED' OR diverged.value = 'true') AND runs.lifecycle_stage = 'active' ORDER BY 1"
    )
    models = "SELECT model_id, artifact_location FROM logged_models WHERE lifecycle_stage = 'active' ORDER BY 1"
    try:
        with _opened(path) as store:
            moved = _moved(store, path, root)
            expected = [
                (f"run {run_id}", _local(uri) / name)
                for run_id, uri, name in store.execute(query, (PARENT,)).fetchall()
                if _local(uri).is_absolute()
            ]
            rows = store.execute(models).fetchall()
            expected += [(f"model {name}", _local(uri) / "MLmodel") for name, uri in rows if _local(uri).is_absolute()]
    except sqlite3.Error as error:
        yield path, f"is not a store that MLflow can use ({error}); move it away, and run python -m yaynay sync"
        return
    for location in moved:
        yield path, f"names files in {location}, where the project was before; run python -m yaynay sync"
    folders = [_local(location) for location in moved]
    for owner, file in expected:
        if not any(file.is_relative_to(folder) for folder in folders):
            advice = f"is missing, and {owner} in {os.path.relpath(path, root)} has it; move the store away, and sync"
            yield file, None if file.is_file() else f"{advice} writes all runs into a new one"
