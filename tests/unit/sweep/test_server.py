"""The process that workers are forked from, and what a worker finds in it."""

import json
import os
import subprocess
import sys
import time
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
        worker.end()


def test_a_second_call_starts_no_second_server() -> None:
    from yaynay.sweep.forked import SERVER

    server.warm_up()
    first = SERVER._forkserver_pid
    server.warm_up("")
    assert SERVER._forkserver_pid == first
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
worker.end()
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
        "from yaynay.sweep import server; server.warm_up();"
        "from yaynay.sweep.forked import SERVER; print(SERVER._forkserver_pid)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    status = Path(f"/proc/{int(done.stdout)}/status")
    for _ in range(100):
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.1)
    pytest.fail("it is still there")


GUEST = """
import json, multiprocessing, os, sys, threading
from yaynay.sweep import server, workers

def start(into):
    into.append(workers._Worker(""))
    into[-1].executor.submit(os.getpid).result(timeout=120)

def inherit(sink):
    crew = []
    start(crew)
    os.write(sink, b"answers")
    crew[0].end()

def ask(worker, expression):
    return worker.executor.submit(eval, expression).result(timeout=120)

if __name__ == "__main__":
    main, seen = sys.modules["__main__"], {}
    server.warm_up("nothing")
    crew, n_swapped = [], 0
    threads = [threading.Thread(target=start, args=(crew,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        n_swapped += sys.modules["__main__"] is not main
    seen["swapped"] = n_swapped + (sys.modules["__main__"] is not main)
    seen["after threads"] = [ask(worker, "1 + 1") for worker in crew]
    seen["signal"] = ask(crew[0], "'find_peaks' in dir(__import__('scipy.signal', fromlist=['signal']))")
    seen["garbage"] = ask(crew[0], "__import__('gc').isenabled()")
    seen["method"] = multiprocessing.get_start_method(allow_none=True)
    source, sink = os.pipe()
    child = multiprocessing.get_context("fork").Process(target=inherit, args=(sink,))
    child.start()
    os.close(sink)
    seen["forked"] = os.read(source, 99).decode()
    child.join()
    with multiprocessing.get_context("forkserver").Pool(1) as pool:
        seen["theirs"] = pool.apply(eval, ("'yaynay.sweep._server' in __import__('sys').modules",))
        seen["blocked"] = pool.apply(eval, ("len(__import__('signal').pthread_sigmask(0, []))",))
    for worker in crew:
        worker.end()
    print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process sees of workers beside its own threads, forks and processes."""
    script = tmp_path_factory.mktemp("guest") / "script.py"
    script.write_text(GUEST)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_workers_outlive_the_threads_that_started_them_and_leave_the_main_module(seen: dict[str, Any]) -> None:
    assert seen["after threads"] == [2, 2]
    assert seen["swapped"] == 0


def test_the_users_own_processes_start_as_before(seen: dict[str, Any]) -> None:
    assert seen["method"] is None
    assert not seen["theirs"]
    assert seen["blocked"] == 0


def test_a_forked_process_has_workers_of_its_own(seen: dict[str, Any]) -> None:
    assert seen["forked"] == "answers"


def test_a_module_that_cannot_be_imported_leaves_nothing_half_done(seen: dict[str, Any]) -> None:
    assert seen["signal"]
    assert seen["garbage"]


INTERRUPTED = """
import os, signal, sys, threading, time, psutil
from yaynay.sweep import server, workers

server.warm_up("")
(own,) = [child for child in psutil.Process().children() if "resource_tracker" not in " ".join(child.cmdline())]
threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
worker = workers._Worker("")
try:
    worker.executor.submit(time.sleep, 60).result()
except KeyboardInterrupt:
    worker.end()
    del worker
again = workers._Worker("")  # the server has imported
pid = again.executor.submit(os.getpid).result()
clock = time.monotonic()
while [child.pid for child in own.children()] != [pid] and time.monotonic() < clock + 5:
    time.sleep(0.01)
print([child.pid for child in own.children()] == [pid])
again.end()
"""


def test_an_interrupt_while_a_worker_starts_leaves_none_and_says_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")
