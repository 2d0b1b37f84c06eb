"""Jobs -> fleets -> records; each job gets its own record, value or exception."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Protocol

from yaynay.config.schema import CLOSED_FORMS, Configuration, parse, parse_table
from yaynay.data import prepare
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.errors import YaynayError, redact
from yaynay.models.backends import base
from yaynay.processes import usable_cpus
from yaynay.records import job_notes
from yaynay.records.record import Record, record_key, run_name
from yaynay.records.store import Store
from yaynay.sweep import SWEEP, SWEEP_OWNER, fit, workers
from yaynay.sweep.partition import Cell, FleetSpec, cut, find_companions
from yaynay.sweep.progress import Progress, SweepProgress
from yaynay.tracking.live import Writer
from yaynay.verdict.selection import selection_score

Train = Callable[[Sequence[FleetSpec], Store], Iterator[workers.Outcome]]


class Watcher(Protocol):
    """Receives records as they come."""

    def add(self, records: list[Record], /) -> None: ...


Training = tuple[Train, int, Sequence[Watcher]]
"""What trains fleets, how many of them at once, and the watchers."""


@dataclass(eq=False)
class Job:
    """One composed configuration and its overrides; then its data and its record's key, or why it cannot run.

    A baseline was not asked for: it is the line in closed form that a table's other jobs are compared with.
    `companions` is the digest of the jobs that a job is halved among.
    """

    values: dict[str, Any]
    overrides: list[str]
    is_baseline: bool = False
    table: Table | None = None
    plan: Plan | None = None
    key: str = ""
    companions: str = ""
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


def check_tables(choices: Iterable[dict[str, Any]]) -> None:
    """Read your own file before anything is written, and any table where `predict_at` asks for one feature.

    The jobs of this process use what was read.

    Raises:
        DataError: A table cannot be used.
        OptionError: Tables do not fit `predict_at`.
    """
    asked = []
    for values in choices:
        predicts = values.get("predict_at") is not None
        made_of = {key: value for key, value in values.items() if key in ("dataset", "plan")}
        if predicts or made_of.get("dataset", {}).get("name") == "csv":
            table, _ = prepare.load_or_make(*parse_table(made_of))
            asked += [table] * predicts
    fit.check_one_feature("predict_at", asked)


def run_jobs(
    jobs: Sequence[Job], engine: str = "here", n_jobs: int = 1, address: str | None = None
) -> list[float | Exception]:
    """Train what has no record yet, and a table's lines in closed form beside it.

    Args:
        jobs: A grid, or a part of it.
        engine: "here" for one job in this process, which is written to MLflow when the command ends; "processes" on
            this machine or "ray", for a whole grid, which is written to MLflow as it runs.
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
    asked = [job for job in jobs if job.error is None]
    _make_keys(asked)
    ready = [*asked, *_baselines(asked)]
    mistaken = [job for job in jobs if job.error is not None]
    notes = [_entry(job) for job in [*ready, *mistaken]]
    job_notes.put(store, os.environ[SWEEP], notes, os.environ.get(SWEEP_OWNER, ""))
    waiting = _find_waiting(ready, store)
    if waiting:
        where = engine, n_jobs, address
        training = _here(ready) if engine == "here" else _sweep(ready, waiting, store, where)
        with training as (train, n_workers, watchers):
            errors = _train(waiting, store, train, n_workers, watchers)
        for job in ready:
            job.error = errors.get(job.key)
    elif asked and engine != "here":
        print(f"0 configurations trained, {len(asked)} had a record")
    return [job.error or selection_score(store.read_scores(job.key)) for job in jobs]


def _find_data(job: Job, store: Store) -> None:
    try:
        job.table, job.plan = prepare.load_or_make(job.configuration.dataset, job.configuration.plan)
        fit.check_fit(job.configuration, job.table)
        store.write_table(job.table, job.plan)
    except YaynayError as error:
        job.error = error


def _baselines(jobs: Sequence[Job]) -> list[Job]:
    """A job for each closed form on each table and plan, unless there is one.

    Its configuration is that of the table's first job with another backend; what the closed form does not use is not
    in its key, so it is trained once.
    """
    by_data: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        assert job.table is not None
        assert job.plan is not None
        by_data.setdefault((job.table.sha256, job.plan.sha256), []).append(job)
    added = []
    for same in by_data.values():
        first, present = same[0], {job.configuration.backend.name for job in same}
        for backend in (name for name in CLOSED_FORMS if name not in present):
            overrides = [word for word in first.overrides if not word.startswith("backend=")]
            values = first.values | {"backend": {"name": backend}}
            job = Job(values, [*overrides, f"backend={backend}"], True, first.table, first.plan)
            job.key = record_key(job.configuration, first.table, first.plan)  # type: ignore[arg-type]  # a job without an error has both
            added.append(job)
    return added


def _cells(jobs: Iterable[Job]) -> list[Cell]:
    return [(job.configuration, job.table, job.plan) for job in jobs]  # type: ignore[misc]  # both are there without an error


def _make_keys(ready: Sequence[Job]) -> None:
    cells = _cells(ready)
    for job, cell, companions in zip(ready, cells, find_companions(cells), strict=True):
        job.key, job.companions = record_key(*cell, companions), companions


def _find_waiting(ready: Sequence[Job], store: Store) -> dict[str, Job]:
    """Jobs to train, by record key: without a record, or halved among others of which one has none."""
    missing = [job for job in ready if not store.has(job.key)]
    incomplete = {job.companions for job in missing if job.companions}
    return {job.key: job for job in ready if job.companions in incomplete} | {job.key: job for job in missing}


def _entry(job: Job) -> dict[str, Any]:
    """What the end of the command needs to know about a job."""
    if isinstance(job.error, YaynayError):
        return {"error": redact(str(job.error)), "exit_code": job.error.exit_code, "overrides": job.overrides}
    assert job.table is not None
    assert job.plan is not None
    about = {"configuration": job.values, "overrides": job.overrides, "is_baseline": job.is_baseline}
    published = None if job.is_baseline else job.values.get("published")
    return job_notes.make_note(job.key, job.table, job.plan, about | {"published": published})


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
        sweeps = store.write_sweeps([_entry(job) for job in ready], {"started_at": time.time()})
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
    specs = cut(_cells(waiting.values()), n_workers)
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
    record = Record.of(job.configuration, job.table, job.plan, error, job.companions)
    store.write_failure(record)
    return record
