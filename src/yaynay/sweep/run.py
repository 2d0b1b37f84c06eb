"""Jobs -> fleets -> records; each job gets its own record, value or exception."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Protocol

from yaynay.config.schema import Configuration, parse
from yaynay.data import prepare
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.errors import YaynayError, redact
from yaynay.models.backends import base
from yaynay.processes import usable_cpus
from yaynay.records import job_notes
from yaynay.records.record import Record, record_key, run_name
from yaynay.records.store import Store
from yaynay.sweep import SWEEP, fit, workers
from yaynay.sweep.partition import FleetSpec, cut
from yaynay.sweep.progress import Progress, SweepProgress
from yaynay.tracking.live import Writer
from yaynay.tracking.sync import check_sweeps
from yaynay.verdict.selection import selection_score

Train = Callable[[Sequence[FleetSpec], Store], Iterator[workers.Outcome]]


_ONE = ("alone", "here")
"""Engines for one job, in this process."""


class Watcher(Protocol):
    """Receives records as they come."""

    def add(self, records: list[Record], /) -> None: ...


Training = tuple[Train, int, Sequence[Watcher]]
"""What trains fleets, how many of them at once, and the watchers."""


@dataclass(eq=False)
class Job:
    """One composed configuration and its overrides; then its data and its record's key, or why it cannot run."""

    values: dict[str, Any]
    overrides: list[str]
    table: Table | None = None
    plan: Plan | None = None
    key: str = ""
    error: Exception | None = None

    @cached_property
    def configuration(self) -> Configuration:
        return parse(self.values)


def check_jobs(jobs: Iterable[Job]) -> None:
    """Check every job of a grid, before anything is written.

    Raises:
        MachineError: A backend is not installed, or a GPU is asked for and there is none.
        OptionError: In any of the jobs a value is out of range or a key is unknown.
    """
    for backend, accelerator in {
        (job.configuration.backend.name, job.configuration.trainer.accelerator) for job in jobs
    }:
        base.check(backend, accelerator)


def run_jobs(
    jobs: Sequence[Job], engine: str = "alone", n_jobs: int = 1, address: str | None = None
) -> list[float | Exception]:
    """Train what has no record yet.

    Args:
        jobs: A grid, or a part of it.
        engine: "alone" for the one job of a command, in this process, "here" for one of several that another launcher
            runs: both are written to MLflow when the command ends; "processes" on this machine or "ray", for a whole
            grid, which is written to MLflow as it runs.
        n_jobs: Processes at once; -1 is one per processor.
        address: Of a Ray cluster.

    Returns:
        Each job's objective or exception.

    Raises:
        MachineError: The cluster or MLflow's server does not answer.
        OSError: Nothing more can be written.
    """
    store = Store.default()
    for job in jobs:
        _find_data(job, store)
    job_notes.put(store, os.environ[SWEEP], [_entry(job) for job in jobs])
    ready = [job for job in jobs if job.error is None]
    waiting = {job.key: job for job in ready if not store.has(job.key)}
    if waiting:
        if engine == "alone":
            sweeps = store.write_sweeps([_entry(job) for job in ready], {"started_at": time.time()})
            check_sweeps(sweeps, ready[0].configuration.tracking.experiment)
        training = _here(*waiting.values()) if engine in _ONE else _sweep(ready, store, engine, n_jobs, address)
        with training as (train, n_workers, watchers):
            errors = _train(waiting, store, train, n_workers, watchers)
        for job in ready:
            job.error = errors.get(job.key)
    elif ready and engine not in _ONE:
        print(f"0 configurations trained, {len(ready)} had a record")
    return [job.error or selection_score(store.read_scores(job.key)) for job in jobs]


def _find_data(job: Job, store: Store) -> None:
    try:
        job.table, job.plan = prepare.load_or_make(job.configuration.dataset, job.configuration.plan)
        fit.check_fit(job.configuration, job.table)
        store.write_table(job.table, job.plan)
        job.key = record_key(job.configuration, job.table, job.plan)
    except YaynayError as error:
        job.error = error


def _entry(job: Job) -> dict[str, Any]:
    """What the end of the command needs to know about a job."""
    if isinstance(job.error, YaynayError):
        return {"error": redact(str(job.error)), "exit_code": job.error.exit_code, "overrides": job.overrides}
    assert job.table is not None
    assert job.plan is not None
    return job_notes.make_note(job.key, job.table, job.plan, {"configuration": job.values, "overrides": job.overrides})


@contextmanager
def _here(job: Job) -> Iterator[Training]:
    assert job.table is not None
    with Progress(f"{job.table.name}: {run_name(job.configuration)}", job.configuration.trainer.max_epochs) as progress:
        yield partial(workers.run_here, on_epoch=progress.on_epoch), 1, [progress]


@contextmanager
def _sweep(ready: list[Job], store: Store, engine: str, n_jobs: int, address: str | None) -> Iterator[Training]:
    with _engine(engine, n_jobs, address) as (train, n_workers):  # before MLflow says that a sweep runs
        sweeps = store.write_sweeps([_entry(job) for job in ready], {"started_at": time.time()})
        done = {job.key for job in ready if store.has(job.key)}
        n_waiting = len({job.key for job in ready} - done)
        with (
            Writer(sweeps, ready[0].configuration.tracking.experiment) as writer,
            SweepProgress(n_waiting, n_done=len(ready) - n_waiting) as progress,
        ):
            writer.add(store.read_scores(key) for key in done)
            yield train, n_workers, [writer, progress]


@contextmanager
def _engine(engine: str, n_jobs: int, address: str | None) -> Iterator[tuple[Train, int]]:
    """What trains fleets, and how many of them at once."""
    if engine == "ray":
        from yaynay.sweep import ray_cluster

        with ray_cluster.connect(address, n_jobs) as cluster:
            yield cluster.run, cluster.n_workers
        return
    n_workers = usable_cpus() if n_jobs < 1 else n_jobs
    yield partial(workers.run, n_workers=n_workers), n_workers


def _train(
    waiting: dict[str, Job], store: Store, train: Train, n_workers: int, watchers: Sequence[Watcher]
) -> dict[str, Exception]:
    """Exceptions by record key; every other job has a record afterwards."""
    specs = cut([(job.configuration, job.table, job.plan) for job in waiting.values()], n_workers)  # type: ignore[misc]  # both are there without an error
    errors: dict[str, Exception] = {}
    for records, failures in train(specs, store):
        failed = [_write_failure(waiting[key], error, store) for key, error in failures.items()]
        errors |= failures
        for watcher in watchers:
            watcher.add([*records, *failed])
    return errors


def _write_failure(job: Job, error: Exception, store: Store) -> Record:
    assert job.table is not None
    assert job.plan is not None
    record = Record.of(job.configuration, job.table, job.plan, error)
    store.write_failure(record)
    return record
