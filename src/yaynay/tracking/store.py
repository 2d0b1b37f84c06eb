"""MLflow's store: made where it is missing, checked before training, opened to write runs."""

import errno
import re
import shlex
import shutil
import sqlite3
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from yaynay.errors import MachineError, redact
from yaynay.storage import find_root
from yaynay.tracking import settings, sqlite_store
from yaynay.tracking.address import check_address, explain, sqlite_path, tracking_uri
from yaynay.tracking.new_store import ensure_store
from yaynay.tracking.owner import OWNER, is_dead
from yaynay.tracking.runs import DELETED
from yaynay.tracking.sqlite_store import ARTIFACTS

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from yaynay.tracking.runs import Runs

_EXPERIMENT = {
    "mlflow.experimentKind": "custom_model_development",  # the UI opens on training runs
    "mlflow.note.content": "Is a neural network worth it over a straight line? One parent run per sweep and "
    "table; its tag `verdict` says yay, nay or undecided.",
}
_DAMAGED = re.compile(r"not a database|malformed|no such (?:table|column)|schema|revision", re.IGNORECASE)
"""What is said of a file that is no store of this MLflow's: only then is it to be moved away."""


class DeletedError(MachineError):
    """The user deleted an experiment or a sweep's own run, and can restore it."""


def check_store(experiment: str) -> None:
    """Check, before anything is trained, that MLflow's store will take the runs of an experiment.

    A SQLite store is asked without importing MLflow; where it moved with its project, it is told where its files are.

    Raises:
        MachineError: It will not.
    """
    uri = tracking_uri()
    check_address(uri)
    path = sqlite_path(uri)
    if path is None:
        with connect(experiment):
            return
    if path.is_file():
        with _lock():
            _prepare(path, uri, experiment)


def _lock() -> FileLock:
    """Held while a store is made or changed: two first calls at once ruin a fresh store."""
    folder = find_root() / "records"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / ".tracking.lock")


def _prepare(path: Path, uri: str, experiment: str) -> None:
    root = find_root()
    try:
        for location in sqlite_store.relocate(path, root):
            print(f"MLflow store {path}: its files in {location} are now those in {root / ARTIFACTS}", file=sys.stderr)
        found = sqlite_store.find_experiment(path, experiment)
    except sqlite3.OperationalError as error:
        if "no such" in str(error):  # of another version of MLflow, which is to say so
            return
        raise _cannot_write(uri, error) or error from error
    except (sqlite3.Error, OSError) as error:
        raise _cannot_write(uri, error) or error from error
    if found and found.is_deleted:
        raise deleted_experiment(experiment, found.id)
    if found and found.folder and not found.folder.parent.is_dir():
        raise MachineError(
            f"MLflow store {path}: experiment '{experiment}' keeps files in {found.folder}, and {found.folder.parent} "
            "is not there; make or mount that folder, or choose another experiment (tracking.experiment=NAME; sync "
            "--experiment NAME); records are kept"
        )


def deleted_experiment(name: str, experiment_id: str) -> DeletedError:
    """The error for an experiment that the user deleted."""
    return _deleted(f"experiment '{name}'", f"mlflow experiments restore --experiment-id {experiment_id}")


def deleted_run(table: str, run_id: str) -> DeletedError:
    """The error for a sweep's own run that the user deleted."""
    return _deleted(f"the run of this sweep of {table}", f"mlflow runs restore --run-id {run_id}")


def _deleted(what: str, command: str) -> DeletedError:
    uri = tracking_uri()
    if sqlite_path(uri) is not None:  # the address of a server is in the user's environment, with its password
        command = f"MLFLOW_TRACKING_URI={shlex.quote(uri)} {command}"
    return DeletedError(
        f"MLflow store {sqlite_path(uri) or redact(uri)}: {what} was deleted; records are kept; restore it with: "
        f"{command}; or choose another experiment (tracking.experiment=NAME; sync --experiment NAME)"
    )


@contextmanager
def connect(experiment: str, n_runs: int = 0) -> Iterator["Runs"]:
    """The runs of an experiment, made where it is missing; runs of processes that died are closed.

    Args:
        experiment: Its name.
        n_runs: About how many will be written, which decides how.

    Raises:
        MachineError: The store does not answer; records are kept, and a later sync writes them.
    """
    settings.set_up()
    uri, root = tracking_uri(), find_root()
    check_address(uri)
    import mlflow

    from yaynay.tracking.database import open_runs

    try:
        with _lock():
            ensure_store(uri)
            if path := sqlite_path(uri):
                _prepare(path, uri, experiment)
            mlflow.set_tracking_uri(uri)
            client = mlflow.MlflowClient(tracking_uri=uri)
            found = client.get_experiment_by_name(experiment)
            if found and found.lifecycle_stage == DELETED:
                raise deleted_experiment(experiment, found.experiment_id)
            # a server knows where files go; of a database MLflow would say "below the working folder"
            artifacts = None if uri.startswith("http") else (root / ARTIFACTS).as_uri()
            experiment_id = (
                found.experiment_id if found else client.create_experiment(experiment, artifacts, tags=_EXPERIMENT)
            )
        runs = open_runs(client, experiment_id, n_runs)
        close_dead(client, experiment_id)
        yield runs
    except Exception as error:
        if not is_of_store(error):
            raise  # a bug in yaynay says nothing of the store
        raise _cannot_write(uri, error) or explain(uri, error) from error


def is_of_store(error: BaseException) -> bool:
    """Whether an exception is the system's or came out of MLflow, whose libraries each raise their own."""
    if isinstance(error, OSError):
        return True
    frames = traceback.walk_tb(error.__traceback__)
    return any(str(frame.f_globals.get("__name__")).startswith("mlflow") for frame, _ in frames)


def _cannot_write(uri: str, error: Exception) -> MachineError | None:
    """The error for a SQLite store, which always answers but may be unwritable; None for another store."""
    path, message = sqlite_path(uri), str(error)
    if path is None:
        return None
    if "is full" in message or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(path.parent).free
        what = f"the disk is full ({free / 2**20:.0f} MiB free); free some"
    elif "readonly" in message or "unable to open" in message or isinstance(error, PermissionError):
        what = "it cannot be written; change its permissions or choose another with MLFLOW_TRACKING_URI"
    elif "'active' state" in message or "deleted experiment" in message:  # since the command started
        what = "a run or the experiment in it was just deleted"
    else:
        what = f"MLflow cannot use it ({' '.join(message.split())[:300]})"
        if not _DAMAGED.search(message):
            return MachineError(f"MLflow store {path}: {what}; run the same command again; records are kept")
        what += "; move it away, and a new one is made"
    return MachineError(f"MLflow store {path}: {what}; then run the same command again; records are kept")


def close_dead(client: "MlflowClient", experiment_id: str) -> int:
    """Close the runs of sweeps whose process died, as KILLED.

    Returns:
        How many.
    """
    running = client.search_runs(
        [experiment_id], "attributes.status = 'RUNNING' and tags.`yaynay.run` = 'parent'", max_results=1000
    )
    dead = [run.info.run_id for run in running if is_dead(run.data.tags.get(OWNER, ""))]
    for run_id in dead:
        client.set_terminated(run_id, "KILLED")
    return len(dead)
