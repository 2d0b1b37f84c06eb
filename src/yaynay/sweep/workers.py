"""Where slices are trained on this machine: in this process, or in worker processes.

An engine yields what became of each slice as it ends. A record that was asked for is written or has an exception,
whatever happened to the process that trained it.
"""

import errno
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

from yaynay.errors import MachineError
from yaynay.processes import end_with_starter
from yaynay.records.record import Record
from yaynay.records.store import Store
from yaynay.sweep import fit
from yaynay.sweep.slices import Slice

Outcome = tuple[list[Record], dict[str, Exception]]
"""Records of a slice, without their arrays, and exceptions by record key."""

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
_TRIES = 2
"""How often a slice is started whose process dies."""


def train_slice(part: Slice, store: Store) -> Outcome:
    """Train a slice and write its records.

    If it fails as a whole, each of its configurations is tried alone, so that one fails for itself only.
    """
    table, plan = store.read_table(part.plan_sha256, part.table_sha256)
    try:
        records = fit.train(part.configurations, table, plan)
        for record in records:
            store.write(record)
    except (Exception, SystemExit) as error:  # any of a library's; the other slices go on, and the sweep lists it
        if isinstance(error, OSError) and error.errno in _UNWRITABLE:
            raise  # no other slice can be written either
        if isinstance(error, SystemExit):
            error = RuntimeError(f"training asked the process to exit with code {error.code}")
        if len(part.configurations) > 1:
            return _merge(train_slice(one, store) for one in singles(part))
        return [], {fit.record_key(part.configurations[0], table, plan): error}
    return [record.without_arrays() for record in records], {}


def singles(part: Slice) -> list[Slice]:
    """A slice cut into one a configuration."""
    return [replace(part, configurations=(one,)) for one in part.configurations]


def _merge(outcomes: Iterator[Outcome]) -> Outcome:
    records: list[Record] = []
    errors: dict[str, Exception] = {}
    for some, failures in outcomes:
        records += some
        errors |= failures
    return records, errors


def run_here(slices: Sequence[Slice], store: Store) -> Iterator[Outcome]:
    """In this process, one after another."""
    for part in slices:
        yield train_slice(part, store)


def _context(slices: Sequence[Slice]) -> Any:
    """How workers start: forked, on Linux, from a process that has imported PyTorch and has not used it.

    Importing it takes seconds, which each worker would need, also one that replaces another. Other systems' libraries
    do not outlive a fork.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    has_torch = any(part.configurations[0].backend.name == "torch" for part in slices)
    server = "yaynay.sweep._server"
    context.set_forkserver_preload([server, __name__, *(["yaynay.models.backends.lightning"] if has_torch else [])])
    os.environ["YAYNAY_STARTER"] = str(os.getpid())
    resource_tracker.ensure_running()  # the server would start it, and unblock what follows
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited: Ctrl-C is for the sweep's own process
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    return context


class _Worker:
    """A process that trains the slices it is sent, and what it is at."""

    def __init__(self, context: Any, folder: str) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, folder), daemon=True)
        self.process.start()
        theirs.close()
        self.part: Slice | None = None
        self.tries = 0

    def send(self, part: Slice, tries: int) -> None:
        self.part, self.tries = part, tries
        self.pipe.send(part)

    def stop(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


def run(slices: Sequence[Slice], store: Store, n_workers: int) -> Iterator[Outcome]:
    """In worker processes, which may die; one configuration alone in this process, for it takes no other with it."""
    if sum(len(part.configurations) for part in slices) <= 1:
        return run_here(slices, store)
    return run_in_processes(slices, store, n_workers)


def run_in_processes(slices: Sequence[Slice], store: Store, n_workers: int) -> Iterator[Outcome]:
    """In worker processes; one that dies is replaced, and what it was at is tried once more, then alone."""
    waiting, context = deque((part, 1) for part in slices), _context(slices)
    workers = [_Worker(context, str(store.folder)) for _ in range(min(n_workers, len(slices)))]
    try:
        while waiting or any(worker.part for worker in workers):
            for place, worker in enumerate(workers):
                if worker.part is None and waiting:
                    if not worker.process.is_alive():
                        worker.stop()
                        workers[place] = worker = _Worker(context, str(store.folder))
                    worker.send(*waiting.popleft())
            busy = {worker.pipe: worker for worker in workers if worker.part}
            for pipe in wait(list(busy)):
                worker = busy[pipe]
                part, tries = worker.part, worker.tries
                assert part is not None
                worker.part = None
                try:
                    outcome = worker.pipe.recv()
                except (EOFError, OSError):  # it died
                    worker.process.join()
                    if tries < _TRIES:
                        waiting.append((part, tries + 1))
                    elif len(part.configurations) > 1:
                        waiting.extend((one, 1) for one in singles(part))
                    else:
                        yield _died(part, store, worker.process.exitcode)
                    continue
                if isinstance(outcome, OSError):  # nothing can be written any more
                    raise outcome
                yield outcome
    finally:
        for worker in workers:
            worker.stop()


def _died(part: Slice, store: Store, code: int | None) -> Outcome:
    table, plan = store.read_table(part.plan_sha256, part.table_sha256)
    how = f"killed by {signal.Signals(-code).name}" if code and code < 0 else f"exit code {code}"
    error = MachineError(f"the process that trained it died {_TRIES} times ({how}); run the same command to try again")
    return [], {fit.record_key(part.configurations[0], table, plan): error}


def _serve(pipe: Connection, folder: str) -> None:
    """A worker's life: slices in, outcomes out, until nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the sweep's own process decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_starter()  # an orphan would train what the next command trains too
    store = Store.at(folder)
    while True:
        try:
            part = pipe.recv()
        except EOFError:
            return
        try:
            outcome = train_slice(part, store)
        except OSError as error:
            pipe.send(error)
            continue
        try:
            pipe.send(outcome)
        except (TypeError, AttributeError, ValueError):  # an exception that cannot be pickled
            records, errors = outcome
            pipe.send(
                (records, {key: RuntimeError(f"{type(error).__name__}: {error}") for key, error in errors.items()})
            )
