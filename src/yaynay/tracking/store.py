"""Where MLflow keeps runs: a SQLite file beside the project, or whatever MLFLOW_TRACKING_URI names."""

import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from yaynay.errors import MachineError
from yaynay.records import find_root

if TYPE_CHECKING:
    from mlflow import MlflowClient

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
    "mlflow.note.content": "Is a neural network worth it over a straight line? A parent run a sweep and table; "
    "its tag `verdict` says yay, nay or undecided.",
}


def tracking_uri() -> str:
    """MLFLOW_TRACKING_URI where it is set, and otherwise mlflow.db in the project's folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{find_root() / 'mlflow.db'}"


def shown_uri(uri: str) -> str:
    """The address without user and password.

    >>> shown_uri("postgresql://ann:secret@db.example/runs")
    'postgresql://db.example/runs'
    """
    return re.sub(r"(?<=://)[^/@]*@", "", uri)


@contextmanager
def connect(experiment: str) -> Iterator[tuple["MlflowClient", str]]:
    """A client and the experiment's id, the only writer of this project while it is held.

    Raises:
        MachineError: The store does not answer; records are kept, and a later sync brings them in.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    os.environ.pop("MLFLOW_RUN_ID", None)  # a parent process's run is not ours
    uri, root = tracking_uri(), find_root()
    lock_folder = root / "records"
    lock_folder.mkdir(parents=True, exist_ok=True)
    with FileLock(lock_folder / ".tracking.lock"):
        import mlflow

        _quieten()
        try:
            _ensure_store(uri)
            mlflow.set_tracking_uri(uri)
            client = mlflow.MlflowClient(tracking_uri=uri)
            found = client.get_experiment_by_name(experiment)
            artifacts = (root / "mlartifacts").as_uri() if uri.startswith("sqlite:") else None
            experiment_id = (
                found.experiment_id if found else client.create_experiment(experiment, artifacts, tags=_EXPERIMENT)
            )
        except Exception as error:  # MLflow, SQLAlchemy and requests each raise their own
            raise MachineError(
                f"MLflow store {shown_uri(uri)}: no answer ({type(error).__name__}); records are kept; "
                "start the store and run: python -m yaynay sync"
            ) from error
        yield client, experiment_id


def _ensure_store(uri: str) -> None:
    """Build a new SQLite store aside and move it into place.

    MLflow migrates a fresh file in many steps, and a second process, or a kill in the middle, leaves a file
    that nothing mends.
    """
    if not uri.startswith("sqlite:///"):
        return
    path = Path(uri.removeprefix("sqlite:///"))
    if path.exists():
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"), tempfile.TemporaryDirectory(prefix=".mlflow-", dir=path.parent) as folder:
        if path.exists():
            return
        aside = Path(folder) / path.name
        store = SqlAlchemyStore(f"sqlite:///{aside}", (path.parent / "mlartifacts").as_uri())
        store.engine.dispose()
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(aside, path)


def _quieten() -> None:
    """MLflow and Alembic narrate every migration step; only what went wrong is for the user."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
