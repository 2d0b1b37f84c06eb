"""The process that workers are forked from, and what a worker finds in it."""

import os
import subprocess
import sys
import time
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest

from yaynay.records import version
from yaynay.sweep import server, workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux alone")


def in_worker(expression: str) -> Any:
    """What an expression is in a worker."""
    worker = workers._Worker("")
    try:
        return worker.executor.submit(eval, expression).result(timeout=120)
    finally:
        worker.kill()


def test_a_second_call_starts_no_second_server() -> None:
    server.warm_up()
    first = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    server.warm_up("")
    assert forkserver._forkserver._forkserver_pid == first  # type: ignore[attr-defined]
    assert first is not None
    assert {server.STARTER, server.PRELOAD}.isdisjoint(os.environ)


def test_a_worker_collects_garbage_has_all_of_scipy_and_knows_the_versions_of_the_code() -> None:
    known = version.numerics_version("least_squares")
    assert in_worker("__import__('gc').isenabled() and __import__('gc').get_freeze_count() > 0")
    assert in_worker("hasattr(__import__('scipy.signal', fromlist=['signal']), 'find_peaks')")
    assert in_worker("__import__('yaynay.records.version', fromlist=['version']).known()") == version.known()
    assert known in version.known().values()


SCRIPT = """
import os
from yaynay.sweep import server, workers
print("script runs", flush=True)
worker = workers._Worker("")
print("worker", worker.executor.submit(os.getpid).result(timeout=120) != os.getpid(), flush=True)
worker.kill()
"""


def test_a_script_is_not_run_by_its_workers_nor_the_users_files_by_the_server(tmp_path: Path) -> None:
    """A file beside the data may have the name of a module that the server imports."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "scripts" / "ask.py").write_text(SCRIPT)
    for name in ("queue", "pandas", "numpy"):
        (tmp_path / "data" / f"{name}.py").write_text("print('mine was imported', flush=True)")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "scripts" / "ask.py")],
        cwd=tmp_path / "data",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("script runs\nworker True\n", "")


def test_a_server_that_nobody_uses_ends_silently() -> None:
    script = (
        "from multiprocessing import forkserver; from yaynay.sweep import server; server.warm_up();"
        "print(forkserver._forkserver._forkserver_pid)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    status = Path(f"/proc/{int(done.stdout)}/status")
    for _ in range(100):
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.1)
    pytest.fail("it is still there")
