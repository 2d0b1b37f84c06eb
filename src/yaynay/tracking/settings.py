"""How MLflow behaves in this process; set before anything imports it, because it reads some of it only then."""

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
_LEVELS = {"mlflow": logging.INFO, "alembic": logging.WARNING}
"""Loggers, with the levels that MLflow gives them when it is imported."""
PRELOADING = "yaynay-preload"
"""Name of the thread that imports MLflow."""


def set_up() -> None:
    """Environment variables that the user has not set, and silence: MLflow and Alembic narrate every step."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    os.environ.pop("MLFLOW_RUN_ID", None)  # a parent process's run is not ours
    for name in _LEVELS:
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def restoring() -> Iterator[None]:
    """At the end of the block the user's MLflow is as it was: its store, the environment and what it logs."""
    environment = {name: os.environ.get(name) for name in (*_SETTINGS, "MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID")}
    levels = {name: logging.getLogger(name).level for name in _LEVELS}
    uri = getattr(_uris(), "_tracking_uri", None)
    try:
        yield
    finally:
        for thread in threading.enumerate():
            if thread.name == PRELOADING:  # what it imports reads the environment
                thread.join()
        if getattr(_uris(), "_tracking_uri", None) != uri:
            _uris().set_tracking_uri(uri)
        for name, value in environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level or _LEVELS[name])


def _uris() -> Any:
    """The module of MLflow that knows whether a store was set, which no function says; None before it is imported."""
    return cast(Any, sys.modules.get("mlflow.tracking._tracking_service.utils"))
