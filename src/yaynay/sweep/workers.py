"""Where fleets are trained on this machine: in this process, or in worker processes.

An engine yields the outcome of each fleet as it ends. Every record that was asked for is written or has an exception,
whatever happened to the process that trained it.
"""

import errno
import functools
import logging
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yaynay.errors import MachineError, YaynayError
from yaynay.models.backends.base import OnEpoch
from yaynay.processes import end_with_starter
from yaynay.records import version
from yaynay.records.record import Record
from yaynay.records.store import Store
from yaynay.sweep import fit, server
from yaynay.sweep.partition import FleetSpec

Outcome = tuple[list[Record], dict[str, Exception]]
"""Records of a fleet, without their arrays, and exceptions by record key."""

_LOG = logging.getLogger(__name__)
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
_PAUSE = 60.0
"""Longest wait [s]. It has an end because Ctrl-C interrupts no other: Polars, which MLflow imports where it is there,
has the system go on with what a signal interrupted."""
_TRIES = 2
"""How often a fleet is started if its process dies."""


def train_fleet(spec: FleetSpec, store: Store, on_epoch: OnEpoch | None = None) -> Outcome:
    """Train a fleet and write its records.

    If it fails as a whole, each of its configurations is tried alone, so that a bad one fails alone; those that are
    halved together fail together.

    Raises:
        OSError: Nothing more can be written: the disk is full or read-only.
    """
    table, plan = store.read_table(spec.plan_sha256, spec.table_sha256)
    try:
        records = fit.train(spec.configurations, table, plan, on_epoch)
        for record in records:
            store.write(record)
    except (Exception, SystemExit) as error:  # of any library; the other fleets continue, and the sweep lists it
        if isinstance(error, OSError) and error.errno in _UNWRITABLE:
            raise  # no other fleet can be written either
        parts = spec.singles()
        if len(parts) > 1:
            return _merge(train_fleet(single, store) for single in parts)
        _LOG.debug("training failed", exc_info=True)
        return [], dict.fromkeys(spec.keys(table, plan), _portable(error))
    return [record.without_arrays() for record in records], {}


def _portable(error: BaseException) -> Exception:
    """An exception that can be sent to another process; a library's own may not be picklable."""
    if isinstance(error, YaynayError):
        return error
    if isinstance(error, SystemExit):
        return RuntimeError(f"training asked the process to exit with code {error.code}")
    return RuntimeError(f"{type(error).__name__}: {error}")


def _merge(outcomes: Iterator[Outcome]) -> Outcome:
    records: list[Record] = []
    errors: dict[str, Exception] = {}
    for some, failures in outcomes:
        records += some
        errors |= failures
    return records, errors


def run_here(specs: Sequence[FleetSpec], store: Store, on_epoch: OnEpoch | None = None) -> Iterator[Outcome]:
    """In this process, one after another."""
    for spec in specs:
        yield train_fleet(spec, store, on_epoch)


def run(specs: Sequence[FleetSpec], store: Store, n_workers: int) -> Iterator[Outcome]:
    """In worker processes, which may die; a single network in this process, as its death costs no other.

    All in this process where it may start none.
    """
    if (
        not server.is_possible()
        or sum(len(spec.configurations) for spec in specs if not spec.configurations[0].is_closed_form) <= 1
    ):
        return run_here(specs, store)
    return run_in_processes(specs, store, n_workers)


def run_in_processes(specs: Sequence[FleetSpec], store: Store, n_workers: int) -> Iterator[Outcome]:
    """In worker processes; one that dies is replaced, and its fleet is tried once more, then cut into singles."""
    waiting = deque((spec, 1) for spec in specs)
    preload = "lightning" if any(spec.configurations[0].backend.name == "torch" for spec in specs) else ""
    crew: list[_Worker] = []
    idle: list[_Worker] = []
    running: dict[Future[Outcome], tuple[_Worker, FleetSpec, int]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < n_workers:
                spec, n_tries = waiting.popleft()
                if not idle:
                    crew.append(_Worker(preload))  # known before it starts, in which it may be interrupted
                    idle.append(crew[-1])
                worker = idle.pop()
                running[worker.start(spec, store)] = worker, spec, n_tries
            for future in wait(running, _PAUSE, FIRST_COMPLETED).done:
                worker, spec, n_tries = running.pop(future)
                if not isinstance(future.exception(), BrokenProcessPool):
                    idle.append(worker)
                    yield future.result()
                elif n_tries < _TRIES:
                    waiting.append((spec, n_tries + 1))
                elif len(parts := spec.singles()) > 1:
                    waiting.extend((single, 1) for single in parts)
                else:
                    yield _died(spec, store, worker.exit_code())
    finally:
        for worker in crew:
            worker.kill()  # all, before it waits for the first
        for worker in crew:
            worker.end()


@contextmanager
def beside(function: Callable[..., object], *arguments: object) -> "Iterator[Future[object]]":
    """Call a function in a process of its own; what it has not done when the block ends is given up.

    Args:
        function: One that can be imported.
        arguments: Ones that can be sent to a process.
    """
    if not server.is_possible():
        done: Future[object] = Future()
        done.set_result(function(*arguments))
        yield done
        return
    worker = _Worker("lightning")
    try:
        yield worker.executor.submit(function, *arguments)
    finally:
        worker.end()


class _Worker:
    """An executor with one process, so that a death names its fleet; with more, all would break with the first."""

    def __init__(self, preload: str) -> None:
        self.context = server.context(preload)
        self.executor = ProcessPoolExecutor(1, self.context, initializer=_begin, initargs=(version.known(),))

    def start(self, spec: FleetSpec, store: Store) -> "Future[Outcome]":
        try:
            return self.executor.submit(_train_in_worker, spec, store.folder)
        except BrokenProcessPool as error:  # it died while it had nothing to do
            broken: Future[Outcome] = Future()
            broken.set_exception(error)
            return broken

    def exit_code(self) -> int | None:
        self.executor.shutdown()
        return next((process.exitcode for process in self.context.started), None)

    def kill(self) -> None:
        for process in self.context.started:
            if process.pid is not None:
                process.kill()

    def end(self) -> None:
        """Kill it, and wait until nothing of it is left."""
        self.kill()
        self.executor.shutdown(cancel_futures=True)


def _begin(versions: dict[Any, str]) -> None:
    """A worker's start; it trains under the versions of the code that the sweep's own process found."""
    version.adopt(versions)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all processes; the sweep's own decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_starter()  # an orphan would train what the next command trains too


def _train_in_worker(spec: FleetSpec, folder: Path) -> Outcome:
    return train_fleet(spec, _store_at(folder))


@functools.cache
def _store_at(folder: Path) -> Store:
    """A worker's store, which reads each table once."""
    return Store(folder)


def _died(spec: FleetSpec, store: Store, code: int | None) -> Outcome:
    table, plan = store.read_table(spec.plan_sha256, spec.table_sha256)
    how = f"killed by {signal.Signals(-code).name}" if code and code < 0 else f"exit code {code}"
    error = MachineError(f"the process that trained it died {_TRIES} times ({how}); run the same command to try again")
    return [], dict.fromkeys(spec.keys(table, plan), error)
