"""What runs need is imported in a thread, while a command waits for its workers."""

import contextlib
import importlib
import threading

from yaynay.tracking import settings

_MODULES = (
    "mlflow.pyfunc",
    "mlflow.store.tracking.sqlalchemy_store",
    "alembic.script",
)


def preload() -> None:
    """Import MLflow in a thread of this process; returns at once.

    It takes a second of a processor, which is free until the workers have imported PyTorch. Whoever needs it
    meanwhile waits for its import, as always.
    """
    settings.set_up()
    threading.Thread(target=_import, name=settings.PRELOADING).start()


def _import() -> None:
    with contextlib.suppress(Exception):  # whoever needs it says what is wrong
        for name in _MODULES:
            importlib.import_module(name)
        requirements = importlib.import_module("mlflow.utils.requirements_utils")
        requirements.warn_dependency_requirement_mismatches(["mlflow"])  # it lists all packages, once per process
