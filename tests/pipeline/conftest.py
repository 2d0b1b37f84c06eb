"""A project of its own for each test, and the commands as a user types them."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ["plan.n_repeats=1", "trainer.max_epochs=5", "verdict.n_draws=199"]
"""Overrides that make a fit take moments."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout without data, records or runs."""
    root = tmp_path / "a project"
    root.mkdir()
    for name in ("conf", "src"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "dvc.yaml", root)
    return root


@pytest.fixture
def run(project: Path) -> Run:
    """Run `python -m MODULE ...` in the project and give what it printed."""

    def call(*words: str, code: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
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

    return call


def clean_environment(project: Path) -> dict[str, str]:
    """The environment without what would lead elsewhere, and with this project's source first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "YAYNAY_", "DVC_"))}
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return kept | {"PYTHONPATH": str(project / "src"), "PATH": binaries, "DVC_NO_ANALYTICS": "1"}


def runs(project: Path) -> list[tuple[str, str, bool]]:
    """Name, status and whether it is a parent, of every run in MLflow."""
    with sqlite3.connect(project / "mlflow.db") as store:
        return store.execute(
            "select r.name, r.status, p.value is null from runs r left join tags p "
            "on p.run_uuid = r.run_uuid and p.key = 'mlflow.parentRunId' order by 1"
        ).fetchall()
