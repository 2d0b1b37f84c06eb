"""A project of its own for each test, and the commands as a user types them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline.project import REPOSITORY, Run, clean_environment


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
