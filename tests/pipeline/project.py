"""How the pipeline tests call the commands and read what they left."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
STORE = "new.db"
"""A new MLflow store, beside the project."""
Run = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ["plan.n_repeats=1", "trainer.max_epochs=5", "verdict.n_draws=199"]
"""Overrides that make a fit take moments."""


def clean_environment(project: Path) -> dict[str, str]:
    """The environment without what would lead elsewhere, and with this project's source first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "YAYNAY_", "DVC_"))}
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return kept | {"PYTHONPATH": str(project / "src"), "PATH": binaries, "DVC_NO_ANALYTICS": "1"}


def call(project: Path, *words: str, code: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m MODULE ...`, or `python -c SCRIPT`, in a project; its exit code must be `code`."""
    done = subprocess.run(
        [sys.executable, *(["-m"] if words[0] != "-c" else []), *words],
        cwd=project,
        env=clean_environment(project) | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


def runs(project: Path) -> list[tuple[str, str, bool]]:
    """Name, status and whether it is a parent, of every run in MLflow."""
    with sqlite3.connect(project / "mlflow.db") as store:
        return store.execute(
            "select r.name, r.status, p.value is null from runs r left join tags p "
            "on p.run_uuid = r.run_uuid and p.key = 'mlflow.parentRunId' order by 1"
        ).fetchall()
