"""Where MLflow keeps runs: a SQLite file beside the project, or whatever MLFLOW_TRACKING_URI names."""

import errno
import logging
import os
import shutil
import socket
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filelock import FileLock

from yaynay.errors import MachineError, redact
from yaynay.storage import find_root
from yaynay.tracking.owner import OWNER, is_dead

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from yaynay.tracking.runs import Runs

_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}

_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


_EXPERIMENT = {
    "mlflow.experimentKind": "custom_model_development",  # the UI opens on training runs
    "mlflow.note.content": "Is a neural network worth it over a straight line? One parent run per sweep and "
    "table; its tag `verdict` says yay, nay or undecided.",
}


def tracking_uri() -> str:
    """MLFLOW_TRACKING_URI where it is set, and otherwise mlflow.db in the project's folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{find_root() / 'mlflow.db'}"


def sqlite_path(uri: str) -> Path | None:
    """The file of a SQLite store; None for another store."""
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None


def check_reachable(uri: str) -> None:
    """Check that a server listens, before anything is trained and without importing MLflow.

    Raises:
        MachineError: It does not, or the address is not valid.
    """
    try:
        address = urlsplit(uri)
        port = address.port or _PORTS.get(address.scheme.split("+")[0])
    except ValueError as error:
        raise MachineError(
            f"MLFLOW_TRACKING_URI {redact(uri)}: not a valid address ({error}); allowed: sqlite:///FILE, "
            "http://HOST:PORT, postgresql://HOST:PORT/NAME; correct or unset it"
        ) from error
    if not address.hostname or port is None:
        return
    try:
        socket.create_connection((address.hostname, port), timeout=2).close()
    except OSError as error:
        raise _no_answer(uri, error) from error


def _no_answer(uri: str, error: Exception) -> MachineError:
    return MachineError(
        f"MLflow store {redact(uri)}: no answer ({type(error).__name__}); records are kept; start the store and "
        "run: python -m yaynay sync; or unset MLFLOW_TRACKING_URI to use SQLite"
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
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    os.environ.pop("MLFLOW_RUN_ID", None)  # a parent process's run is not ours
    uri, root = tracking_uri(), find_root()
    check_reachable(uri)
    import mlflow

    from yaynay.tracking.database import open_runs

    _quieten()
    (root / "records").mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(root / "records" / ".tracking.lock"):  # two first calls at once ruin a fresh store
            _ensure_store(uri)
            mlflow.set_tracking_uri(uri)
            client = mlflow.MlflowClient(tracking_uri=uri)
            found = client.get_experiment_by_name(experiment)
            # a server knows where files go; of a database MLflow would say "below the working folder"
            artifacts = None if uri.startswith("http") else (root / "mlartifacts").as_uri()
            experiment_id = (
                found.experiment_id if found else client.create_experiment(experiment, artifacts, tags=_EXPERIMENT)
            )
        runs = open_runs(client, experiment_id, n_runs)
        close_dead(client, experiment_id)
        yield runs
    except Exception as error:
        if not (isinstance(error, OSError) or _passed_mlflow(error)):
            raise  # a bug in yaynay says nothing of the store
        raise _cannot_write(uri, error) or _no_answer(uri, error) from error


def _passed_mlflow(error: BaseException) -> bool:
    """Whether an exception came out of MLflow, whose libraries each raise their own."""
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
    elif "'active' state" in message or "deleted experiment" in message:
        what = (
            "a run or the experiment in it was deleted; restore it (mlflow runs restore, mlflow experiments restore) "
            "or choose another experiment with tracking.experiment=NAME"
        )
    else:
        what = f"MLflow cannot use it ({' '.join(message.split())[:300]}); move it away, and a new one is made"
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


def _ensure_store(uri: str) -> None:
    """Build a new SQLite store aside and move it into place.

    MLflow migrates a fresh file in many steps, and a second process, or a kill in the middle, leaves a file
    that nothing can repair.
    """
    path = sqlite_path(uri)
    if path is None or path.exists():
        return
    from mlflow.db import upgrade

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"), tempfile.TemporaryDirectory(prefix=".mlflow-", dir=path.parent) as folder:
        if path.exists():
            return
        for left in path.parent.glob(".mlflow-*"):  # of a process that was killed here, as we hold the lock
            if left != Path(folder):
                shutil.rmtree(left, ignore_errors=True)
        aside = Path(folder) / path.name
        upgrade.main([f"sqlite:///{aside}"], standalone_mode=False)  # `mlflow db upgrade`, without another process
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(aside, path)


def _quieten() -> None:
    """MLflow and Alembic narrate every migration step; only what went wrong is for the user."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
