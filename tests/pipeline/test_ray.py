"""`hydra.launcher.engine=ray`: on a cluster of two nodes, one of which dies."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from conftest import Within, lacks
from faults.processes import PATIENCE, seconds_until
from pipeline.project import LINES, clean_environment, runs, trained

from yaynay.errors import MachineError
from yaynay.records.record import Record
from yaynay.records.store import Store
from yaynay.sweep import ray_cluster, workers
from yaynay.sweep.partition import FleetSpec

if importlib.util.find_spec("ray") is None:
    lacks("ray is not installed: pip install 'yaynay[ray]'")

SWEEP = [
    "yaynay.train",
    "-m",
    "dataset=engel",
    "model.depth=0,1,2",
    "optimizer.lr=0.001,0.01",
    "plan.n_repeats=1",
    "trainer.max_epochs=25",
    "verdict.n_draws=199",
]
ON_RAY = [*SWEEP, "hydra.launcher.engine=ray"]


def _start(project: Path, words: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=project,
        env=clean_environment(project) | {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _wait(until: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    """Until something holds, or the process ends."""
    seconds_until(lambda: until() or process.poll() is not None)


def _training() -> int:
    """Processes of nodes below this one that train a fleet; Ray names them so."""
    n_found = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            n_found += "ray::_train_far" in process.cmdline()
    return n_found


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head of one processor, on loopback; take it down whatever happens."""
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # before the first import
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield made
    made.shutdown()


def test_a_node_that_dies_costs_no_run_and_doubles_none(project: Path, tmp_path: Path, cluster: Any) -> None:
    other = cluster.add_node(num_cpus=1)
    sweep = _start(project, [*ON_RAY, f"hydra.launcher.address={cluster.address}"])
    _wait(lambda: _training() == 2, sweep)
    assert sweep.poll() is None, sweep.communicate()
    assert len(trained(project)) < 6
    cluster.remove_node(other, allow_graceful=False)
    output, errors = sweep.communicate(timeout=PATIENCE)
    assert (sweep.returncode, errors) == (0, "")
    assert output.startswith("6 configurations trained: 138 fits")
    assert len(output.splitlines()) == 2, output  # and the verdict
    found = runs(project)
    assert {status for _, status, _ in found} == {"FINISHED"}
    assert sorted(is_parent for *_, is_parent in found) == [False] * (6 + len(LINES)) + [True]
    records = [Store(project / "records").read(key) for key in trained(project)]
    assert [record.status for record in records] == ["finished"] * 6
    in_processes = _train_in_processes(records, Store(project / "records"), Store(tmp_path / "processes"))
    for record in records:
        expected = in_processes.read(record.key).arrays["predictions"]
        np.testing.assert_allclose(record.arrays["predictions"], expected, rtol=1e-4)


def _train_in_processes(records: list[Record], source: Store, target: Store) -> Store:
    """What the other engine makes of the same configurations."""
    specs = [FleetSpec((record.parsed,), record.table["sha256"], record.plan["sha256"]) for record in records]
    target.write_table(*source.read_table(specs[0].plan_sha256, specs[0].table_sha256))
    for _, errors in workers.run_in_processes(specs, target, n_workers=1):
        assert errors == {}
    return target


@pytest.mark.usefixtures("only_with_faults")
def test_an_interrupt_leaves_no_process_and_closes_the_sweep(project: Path) -> None:
    sweep = _start(project, [*ON_RAY, "trainer.max_epochs=3000", "hydra.launcher.n_jobs=1"])
    _wait(lambda: (project / "mlflow.db").exists() and runs(project), sweep)
    started = psutil.Process(sweep.pid).children(recursive=True)
    assert any(process.name() == "raylet" for process in started)
    os.killpg(sweep.pid, signal.SIGINT)
    _, errors = sweep.communicate(timeout=PATIENCE)
    assert (sweep.returncode, errors) == (130, "")
    _, alive = psutil.wait_procs(started, timeout=20)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    assert [status for _, status, is_parent in runs(project) if is_parent] == ["KILLED"]


def test_a_cluster_that_does_not_answer_is_said_in_time(monkeypatch: pytest.MonkeyPatch, within: Within) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setattr(ray_cluster, "_PATIENCE", 3)
    with socket.socket() as silent:  # listens, and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        with (
            pytest.raises(MachineError, match=f"no Ray cluster answers at {address}"),
            ray_cluster.connect(address, -1),
        ):
            pass
    assert time.monotonic() - started < within(20)


def test_without_ray_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MachineError, match=r"pip install 'yaynay\[ray\]'"), ray_cluster.connect("127.0.0.1:6379", -1):
        pass
