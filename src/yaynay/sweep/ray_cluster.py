"""Fleets trained on a Ray cluster, which places them and tries those of a lost node again.

Tables are sent to the nodes and records come back, so that no shared folder is needed.
"""

import logging
import os
import socket
import subprocess
import sys
import sysconfig
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from yaynay import extras
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.errors import MachineError
from yaynay.processes import interruptible
from yaynay.records.record import Record
from yaynay.records.store import Store
from yaynay.sweep import fit
from yaynay.sweep.partition import FleetSpec
from yaynay.sweep.workers import Outcome

_ADDRESS = "option 'hydra.launcher.address'"
_RETRIES = 5
"""How often Ray restarts a fleet whose node or process is lost."""
_PATIENCE = 10
"""How long a cluster may take to answer [s]."""
_OBJECT_BYTES = 256 * 2**20
"""Memory of our own cluster for results in transit [bytes]; Ray's default is a third of the memory."""


class Cluster:
    """A connection to a Ray cluster.

    Args:
        ray: The module.
        most: Fleets that may run at once; 0 is as many as fit.

    Attributes:
        n_workers: Fleets that run at once on the nodes that are there.
    """

    def __init__(self, ray: Any, most: int) -> None:
        self.ray, self.most, self.is_stuck = ray, most, False
        n_cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))
        self.n_workers = min(most, n_cpus) if most else n_cpus

    def run(self, specs: Sequence[FleetSpec], store: Store) -> Iterator[Outcome]:
        """Train fleets and write their records on this machine; the outcome of each as it ends."""
        waiting, running = deque(specs), dict[Any, FleetSpec]()
        data: dict[tuple[str, str], Any] = {}
        train = self.ray.remote(num_cpus=1, max_retries=_RETRIES)(_train_far)
        while waiting or running:
            while waiting and (not self.most or len(running) < self.most):
                spec = waiting.popleft()
                key = (spec.plan_sha256, spec.table_sha256)
                if key not in data:
                    data[key] = self.ray.put(store.read_table(*key))
                keys = spec.keys(*store.read_table(*key))
                running[train.options(num_gpus=int(_wants_gpu(spec))).remote(spec, data[key], keys)] = spec
            ended, _ = self.ray.wait(list(running), num_returns=1, timeout=_PATIENCE)
            if not ended:
                self._say_if_stuck(running.values())
                continue
            spec = running.pop(ended[0])
            try:
                records = self.ray.get(ended[0])
            except Exception as error:  # Ray's own, or whatever the fleet raised
                if len(parts := spec.singles()) > 1:
                    waiting.extend(parts)
                    continue
                table, plan = store.read_table(spec.plan_sha256, spec.table_sha256)
                yield [], dict.fromkeys(spec.keys(table, plan), _explain(error))
                continue
            for record in records:
                store.write(record)
            yield [record.without_arrays() for record in records], {}

    def _say_if_stuck(self, specs: Iterable[FleetSpec]) -> None:
        """Ray waits silently, and forever, for a node that could take a fleet."""
        there = self.ray.cluster_resources()
        lacking = "GPU" if any(map(_wants_gpu, specs)) and there.get("GPU", 0) < 1 else "CPU"
        if there.get(lacking, 0) < 1 and not self.is_stuck:
            self.is_stuck = True
            print(f"waiting for a Ray node with a {lacking}; Ctrl-C ends the sweep", file=sys.stderr, flush=True)


@contextmanager
def connect(address: str | None, n_jobs: int) -> Iterator[Cluster]:
    """A cluster for as long as the context lasts.

    Args:
        address: Where it is; None is the address in RAY_ADDRESS, or else a new cluster on this machine.
        n_jobs: Fleets that may run at once; -1 is as many as fit.

    Raises:
        MachineError: Ray is not installed, or no cluster answers.
    """
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    own: dict[str, Any] = {}
    if address == "local":
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # Ray's only way to listen on loopback alone
        own = {"include_dashboard": False, "object_store_memory": _OBJECT_BYTES}
        own |= {"num_cpus": n_jobs} if n_jobs > 0 else {}
    extras.check("ray", "option 'hydra.launcher.engine': 'ray'")
    import ray

    if address != "local":
        _check_answer(address)
    with interruptible() as listen:
        try:
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, **own)
        except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
            raise _no_answer(address, _first_line(error)) from error
        listen()  # Ray listens itself by now
        # private: when a node is lost Ray prints pages to standard output, and no public option prevents that
        ray._private.worker._worker_logs_enabled = False
        try:
            yield Cluster(ray, max(0, n_jobs))
        finally:
            ray.shutdown()


def _check_answer(address: str) -> None:
    """Check that a cluster answers: Ray itself would keep asking for minutes, and narrate it.

    Raises:
        MachineError: It does not answer, or asks for a token.
    """
    url = urlsplit(address if "://" in address else f"//{address}")
    try:
        if url.hostname and url.port:
            socket.create_connection((url.hostname, url.port), timeout=_PATIENCE).close()
    except (OSError, ValueError) as error:
        raise _no_answer(address, _first_line(error)) from error
    if address == "auto" or address.startswith("ray://"):  # here Ray gives up by itself
        return
    command = [str(Path(sysconfig.get_path("scripts"), "ray")), "health-check", "--address", address]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE)  # noqa: S603 - no shell
    except subprocess.TimeoutExpired as error:
        said = f"{error.stderr or b''!r}"
    else:
        if done.returncode == 0:
            return
        said = done.stderr + done.stdout
    if "InvalidAuthToken" in said:
        raise MachineError(
            f"{_ADDRESS}: the Ray cluster at {address} asks for its token; set RAY_AUTH_MODE=token, and "
            "RAY_AUTH_TOKEN where ~/.ray/auth_token is not the cluster's"
        )
    raise _no_answer(address, "no cluster of this version")


def _no_answer(address: str, reason: str) -> MachineError:
    where = "this machine" if address in ("local", "auto") else address
    todo = "see `ray status`" if address == "local" else "start one with: ray start --head"
    return MachineError(f"{_ADDRESS}: no Ray cluster answers at {where} ({reason}); {todo}")


def _first_line(error: BaseException) -> str:
    """What an error says, without the pages that Ray adds to it."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _explain(error: Exception) -> Exception:
    """The reason shown for a configuration that Ray could not train."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, Exception):
        return RuntimeError(f"{type(cause).__name__}: {_first_line(cause)}")
    return MachineError(f"{type(error).__name__}: {_first_line(error)}; run the same command to try again")


def _wants_gpu(spec: FleetSpec) -> bool:
    return spec.configurations[0].trainer.accelerator == "gpu"


def _train_far(spec: FleetSpec, data: tuple[Table, Plan], keys: list[str]) -> list[Record]:
    """A fleet on a node of a cluster.

    Raises:
        MachineError: The node would train something other than what was asked for.
    """
    if spec.keys(*data) != keys:
        raise MachineError(
            f"node {socket.gethostname()} has another version of yaynay; install the same one on all nodes"
        )
    return fit.train(spec.configurations, *data)
