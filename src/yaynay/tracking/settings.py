"""How MLflow behaves in this process; set before anything imports it, because it reads some of it only then."""

import logging
import os

_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


def set_up() -> None:
    """Environment variables that the user has not set, and silence: MLflow and Alembic narrate every step."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    os.environ.pop("MLFLOW_RUN_ID", None)  # a parent process's run is not ours
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
