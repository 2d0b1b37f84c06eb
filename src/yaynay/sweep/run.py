"""Jobs -> fleets -> records; each job gets its own record, value or exception."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.processes import usable_cpus
from yaynay.records import job_notes
from yaynay.records.record import Record, run_name
from yaynay.records.store import Store, Sweep
from yaynay.sweep import SWEEP, SWEEP_OWNER, workers
from yaynay.sweep.jobs import Job, find_data, make_baselines, make_cells, make_keys, make_note
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


def run_jobs(
    jobs: Sequence[Job], engine: str = "alone", n_jobs: int = 1, address: str | None = None
) -> list[float | Exception]:
    """Train what has no record yet, and a table's lines in closed form beside it.

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
        find_data(job, store)
    asked = [job for job in jobs if job.error is None]
    make_keys(asked)
    ready = [*asked, *make_baselines(asked)]
    mistaken = [job for job in jobs if job.error is not None]
    notes = [make_note(job) for job in [*ready, *mistaken]]
    job_notes.put(store, os.environ[SWEEP], notes, os.environ.get(SWEEP_OWNER, ""))
    waiting = _find_waiting(ready, store)
    if waiting:
        where = engine, n_jobs, address
        if engine == "alone":
            sweeps = store.write_sweeps([make_note(job) for job in ready], {"started_at": time.time()})
            check_sweeps(sweeps, ready[0].configuration.tracking.experiment)
        training = _here(ready) if engine in _ONE else _sweep(ready, waiting, store, where)
        with training as (train, n_workers, watchers):
            errors = _train(waiting, store, train, n_workers, watchers)
        for job in ready:
            job.error = errors.get(job.key)
    elif asked and engine not in _ONE:
        print(f"0 configurations trained, {len(asked)} had a record")
    return [job.error or selection_score(store.read_scores(job.key)) for job in jobs]


def train_table(jobs: Sequence[Job], store: Store, *, has_bar: bool = False) -> tuple[Sweep, int]:
    """Train jobs on one table that they hold, with its lines in closed form, in processes of this machine.

    Args:
        jobs: With table and plan; what has a record is not trained again.
        store: Where the records go. Nothing is written elsewhere.
        has_bar: Show a bar, on a terminal.

    Returns:
        The sweep, whose runs have all ended, and how many of the jobs had no record.
    """
    for job in jobs:
        store.write_table(*_data(job))
    make_keys(jobs)
    ready = [*jobs, *make_baselines(jobs)]
    (sweep,) = store.write_sweeps([make_note(job) for job in ready], {"started_at": time.time()})
    waiting = _find_waiting(ready, store)
    asked = {job.key for job in jobs if job.key in waiting}
    with (
        _engine("processes", max(usable_cpus(), len(jobs)), None) as (train, n_workers),  # fleets of about one size
        SweepProgress(len(asked), 0, has_bar=has_bar, says_end=False) as progress,
    ):
        _train(waiting, store, train, n_workers, [_OnlyAsked(progress, ready)])
    return sweep, len(asked)


def _data(job: Job) -> tuple[Table, Plan]:
    assert job.table is not None
    assert job.plan is not None
    return job.table, job.plan


def _find_waiting(ready: Sequence[Job], store: Store) -> dict[str, Job]:
    """Jobs to train, by record key: without a record, or halved among others of which one has none."""
    missing = [job for job in ready if not store.has(job.key)]
    incomplete = {job.companions for job in missing if job.companions}
    return {job.key: job for job in ready if job.companions in incomplete} | {job.key: job for job in missing}


@dataclass(frozen=True)
class _OnlyAsked:
    """Hands on the records of jobs that were asked for, which are those that progress counts."""

    watcher: Watcher
    jobs: Sequence[Job]

    def add(self, records: list[Record]) -> None:
        keys = {job.key for job in self.jobs if not job.is_baseline}
        if found := [record for record in records if record.key in keys]:
            self.watcher.add(found)


@contextmanager
def _here(ready: list[Job]) -> Iterator[Training]:
    job = ready[0]
    assert job.table is not None
    with Progress(f"{job.table.name}: {run_name(job.configuration)}", job.configuration.trainer.max_epochs) as progress:
        yield partial(workers.run_here, on_epoch=progress.on_epoch), 1, [_OnlyAsked(progress, ready)]


@contextmanager
def _sweep(
    ready: list[Job], waiting: dict[str, Job], store: Store, where: tuple[str, int, str | None]
) -> Iterator[Training]:
    with _engine(*where) as (train, n_workers):  # before MLflow says that a sweep runs
        sweeps = store.write_sweeps([make_note(job) for job in ready], {"started_at": time.time()})
        done = {job.key for job in ready} - set(waiting)
        asked = {job.key for job in ready if not job.is_baseline}
        with (
            Writer(sweeps, ready[0].configuration.tracking.experiment) as writer,
            SweepProgress(len(asked - done), n_done=len(asked & done)) as progress,
        ):
            writer.add(store.read_scores(key) for key in done)
            yield train, n_workers, [writer, _OnlyAsked(progress, ready)]


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
    specs = cut(make_cells(waiting.values()), n_workers)
    errors: dict[str, Exception] = {}
    for records, failures in train(specs, store):
        failed = [_write_failure(waiting[key], error, store) for key, error in failures.items()]
        errors |= failures
        for watcher in watchers:
            watcher.add([*records, *failed])
    return errors


def _write_failure(job: Job, error: Exception, store: Store) -> Record:
    record = Record.of(job.configuration, *_data(job), error, job.companions)
    store.write_failure(record)
    return record
