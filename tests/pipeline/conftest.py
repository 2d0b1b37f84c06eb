"""A separate project for each test, and the commands as a user types them."""

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline.project import REPOSITORY, STORE, Run, call


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new MLflow store. Making one takes seconds; the tests of that are tests/faults/test_store.py."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    words = f"from yaynay.tracking.new_store import ensure_store; ensure_store('sqlite:///{path}')"
    subprocess.run([sys.executable, "-c", words], check=True, timeout=100)
    return path


def checkout(root: Path, store: Path) -> Path:
    """A checkout without data, records or runs, and a new store."""
    root.mkdir()
    for name in ("conf", "src"):
        shutil.copytree(REPOSITORY / name, root / name)
    shutil.copy(REPOSITORY / "dvc.yaml", root)
    (root / "data" / "own").mkdir(parents=True)
    shutil.copy(store, root / "mlflow.db")
    shutil.copy(store, root.parent / STORE)
    return root


@pytest.fixture
def project(tmp_path: Path, store: Path) -> Path:
    """A project for this test alone."""
    return checkout(tmp_path / "a project", store)


@pytest.fixture
def run(project: Path) -> Run:
    """Run `python -m MODULE ...` in the project and return what it printed."""
    return functools.partial(call, project)
