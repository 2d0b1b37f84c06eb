"""What MLflow needs is imported in a thread, while a command waits for its workers."""

import contextlib
import threading

from yaynay.tracking import settings


def preload() -> None:
    """Import MLflow and Matplotlib in a thread of this process; returns at once.

    It takes a second of a processor, which is free until the workers have imported PyTorch. Whoever needs a module
    meanwhile waits for its import, as always.
    """
    settings.set_up()
    threading.Thread(target=_import, daemon=True).start()


def _import() -> None:
    with contextlib.suppress(Exception):  # whoever needs it says what is wrong
        import mlflow.pyfunc
        import mlflow.store.tracking.sqlalchemy_store
        from mlflow.utils.requirements_utils import warn_dependency_requirement_mismatches

        warn_dependency_requirement_mismatches([f"mlflow=={mlflow.__version__}"])  # it lists all packages, once
